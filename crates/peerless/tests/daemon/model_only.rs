//! What needs neither root nor packets.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use crate::api::{self, Listener, http};
use crate::lab::{Lab, eventually, unique};

const MODEL_ONLY: &[&str] = &["--model-only"];

/// All VPCs but the default one, which everybody has.
const OWN: &str = "Filter.1.Name=is-default&Filter.1.Value.1=false";

#[test]
fn an_acknowledged_call_survives_kill_9() {
    let mut lab = Lab::new("durable");
    lab.up(MODEL_ONLY);
    let vpc = lab.must_call("CreateVpc", "CidrBlock=10.1.0.0/16").element("vpcId").to_owned();
    lab.kill();
    lab.up(MODEL_ONLY);
    assert_eq!(lab.must_call("DescribeVpcs", OWN).elements("vpcId"), [vpc]);
    lab.down(&[]);
}

/// An analysis stays as it was found, whatever becomes of daemon and network.
#[test]
fn an_analysis_survives_kill_9() {
    let mut lab = Lab::new("analysis");
    lab.up(MODEL_ONLY);
    let subnet = lab.must_call("DescribeSubnets", "").element("subnetId").to_owned();
    let run = lab.must_call("RunInstances", &format!("ImageId=ami-12345678&MinCount=2&MaxCount=2&SubnetId={subnet}"));
    let [one, two] = &run.elements("instanceId")[..] else { panic!("there are two") };
    let ends = format!("Source={one}&Destination={two}&Protocol=tcp&DestinationPort=22&ClientToken=a");
    let path = lab.must_call("CreateNetworkInsightsPath", &ends).element("networkInsightsPathId").to_owned();
    let start = lab.must_call("StartNetworkInsightsAnalysis", &format!("NetworkInsightsPathId={path}&ClientToken=a"));
    assert_eq!(start.element("status"), "running");
    lab.kill();
    lab.up(MODEL_ONLY);
    let found = || lab.must_call("DescribeNetworkInsightsAnalyses", &format!("NetworkInsightsPathId={path}"));
    eventually("the analysis has succeeded", || found().element("status") == "succeeded");
    assert_eq!((found().element("networkPathFound"), found().elements("sequenceNumber").len()), ("true", 12));
    lab.down(&[]);
}

#[test]
fn states_pass_through_awss_sequence() {
    let mut lab = Lab::new("sequence");
    lab.up(MODEL_ONLY);
    let vpc = lab.must_call("CreateVpc", "CidrBlock=10.1.0.0/16");
    assert_eq!(vpc.element("state"), "pending");
    let vpc = vpc.element("vpcId").to_owned();
    eventually("the VPC is available", || lab.must_call("DescribeVpcs", &format!("VpcId.1={vpc}")).element("state") == "available");
    let subnet = lab.must_call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.1.0.0/24")).element("subnetId").to_owned();
    let run = lab.must_call("RunInstances", &format!("ImageId=ami-12345678&MinCount=1&MaxCount=1&SubnetId={subnet}"));
    let (id, state) = (run.element("instanceId").to_owned(), run.element("name").to_owned());
    assert_eq!(state, "pending");
    let state = || lab.must_call("DescribeInstances", &format!("InstanceId.1={id}")).element("name").to_owned();
    eventually("the instance runs", || state() == "running");
    assert_eq!(lab.must_call("TerminateInstances", &format!("InstanceId.1={id}")).element("name"), "shutting-down");
    eventually("the instance is terminated", || state() == "terminated");
    lab.down(&[]);
}

#[test]
fn a_second_daemon_is_refused_and_told_of_the_first() {
    let mut lab = Lab::new("first");
    lab.up(MODEL_ONLY);
    let process = lab.daemon.as_ref().unwrap().id().to_string();
    for options in [&[][..], &["--name", "second"]] {
        let mut arguments = vec!["up", "--model-only"];
        arguments.extend(options);
        let refused = lab.run(&arguments);
        let complaint = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(3), "{complaint}");
        assert!(complaint.contains(&process), "{complaint}");
    }
    let elsewhere = lab.runtime().join("elsewhere");
    let refused = lab.run(&["up", "--model-only", "--name", "third", "--state", elsewhere.to_str().unwrap()]);
    assert!(String::from_utf8(refused.stderr).unwrap().contains(&lab.address.to_string()), "the port is taken");
    lab.down(&[]);
}

#[test]
fn detached_it_returns_when_the_api_answers() {
    let lab = Lab::new("detached");
    let said = lab.must(&["up", "--model-only", "--detach"]);
    assert!(said.contains(&format!("http://{}", lab.address)), "{said}");
    assert_eq!(api::call(lab.address, "DescribeVpcs", "").status, 200);
    assert!(lab.must(&["env"]).contains(&format!("export AWS_ENDPOINT_URL=http://{}", lab.address)));
    assert!(lab.must(&["status", "--json"]).contains("\"schema\":\"peerless/v1\""));
    lab.must(&["down", "--wipe"]);
    assert!(!lab.runtime().exists() && !lab.state().exists());
    assert_eq!(lab.run(&["status"]).status.code(), Some(3));
}

#[test]
fn a_foreign_page_gets_nothing() {
    let mut lab = Lab::new("foreign");
    lab.up(MODEL_ONLY);
    let create = "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.1.0.0/16";
    for header in [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site"), ("Host", "evil.example")] {
        assert_eq!(http(lab.address, "POST", "/", &[header], create).status, 403, "{header:?}");
    }
    // A picture on a page, asked for by a browser that is too old to say so; it may have a password in its address.
    for method in ["GET", "HEAD"] {
        for headers in [&[][..], &[("Authorization", "Basic YTpi")]] {
            let picture = format!("/?{create}&X-Amz-Credential=1/20260101/us-east-1/ec2/aws4_request&X-Amz-Signature=0");
            assert_eq!(http(lab.address, method, &picture, headers, "").status, 403, "{method} {headers:?}");
        }
    }
    assert_eq!(http(lab.address, "POST", "/", &[], &"x".repeat(2 * 1024 * 1024)).status, 413);
    assert!(lab.must_call("DescribeVpcs", OWN).elements("vpcId").is_empty());
    let signed = [("Authorization", "AWS4-HMAC-SHA256 Credential=1/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=0")];
    assert_eq!(http(lab.address, "GET", &format!("/?{create}"), &signed, "").status, 200);
    lab.down(&[]);
}

#[test]
fn only_loopback_may_be_listened_on() {
    let lab = Lab::new("loopback");
    let refused = lab.run(&["up", "--model-only", "--listen", "0.0.0.0:4566"]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn explain_answers_by_exit_status_and_in_json() {
    let mut lab = Lab::new("explain");
    lab.up(MODEL_ONLY);
    let vpc = lab.must_call("CreateVpc", "CidrBlock=10.1.0.0/16").element("vpcId").to_owned();
    for (name, zone) in [("one", 0), ("two", 1)] {
        let tags = format!("TagSpecification.1.ResourceType=subnet&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value={name}");
        lab.must_call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.1.{zone}.0/24&{tags}"));
    }
    // Both are imagined with the VPC's default group, whose members reach each other.
    let yes = lab.run(&["explain", "one", "two", "--tcp", "22", "--json"]);
    assert_eq!(yes.status.code(), Some(0), "{yes:?}");
    assert!(String::from_utf8(yes.stdout).unwrap().contains("\"reachable\":true"));
    let no = lab.run(&["explain", "one", "10.9.9.9", "--icmp"]);
    assert_eq!(no.status.code(), Some(1), "{no:?}");
    assert!(String::from_utf8(no.stdout).unwrap().contains("NO_ROUTE_TO_DESTINATION"));
    assert_eq!(lab.run(&["explain", "one", "nowhere", "--icmp"]).status.code(), Some(2));
    for outside in ["internet", "example.com", "laptop"] {
        let no = lab.run(&["explain", "one", outside, "--tcp", "443"]);
        assert_eq!(no.status.code(), Some(1), "{outside}: {no:?}");
    }
    assert_eq!(lab.run(&["explain", "one", "two"]).status.code(), Some(2));
    lab.down(&[]);
}

#[test]
fn a_scenario_that_fails_says_where() {
    let lab = Lab::new("scenario");
    let file = lab.state().with_extension("md");
    let path = file.to_str().unwrap().to_owned();
    let world = "```vpc\nvpc blue 10.1.0.0/16\nsubnet blue/a 10.1.0.0/24\ninstance blue/a/1 10.1.0.10\ninstance blue/a/2 10.1.0.11\n```\n";
    let play = |expected: &str| {
        std::fs::write(&file, format!("# Two\n{world}```probe\nblue/a/1 -> blue/a/2 tcp 80   {expected}\n```\n")).unwrap();
        let output = lab.run(&["test", &path]);
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(play("answered").0, Some(0));
    let report = lab.state().with_extension("xml");
    let output = lab.run(&["test", "--github", "--junit", report.to_str().unwrap(), &path]);
    assert!(output.status.success() && !String::from_utf8(output.stdout).unwrap().contains("::error"));
    assert!(std::fs::read_to_string(report).unwrap().contains("failures=\"0\""));
    let (status, said) = play("request dropped at blue/default: no ingress rule");
    assert_eq!(status, Some(1));
    assert!(said.contains("line 9: expected: request dropped at blue/default: no ingress rule") && said.contains("seen: answered"), "{said}");
    assert_eq!(play("lost").0, Some(2));
}

#[test]
fn shells_complete_the_verbs() {
    let lab = Lab::new("completions");
    for shell in ["bash", "zsh", "fish"] {
        let said = lab.must(&["completions", shell]);
        assert!(said.contains("explain") && said.contains("internet"), "{shell}");
    }
}

#[test]
fn who_asks_the_daemon_to_go_hears_that_it_has_and_waits_for_its_end() {
    let mut lab = Lab::new("farewell");
    lab.up(MODEL_ONLY);
    let mut stream = UnixStream::connect(lab.runtime().join(unique("farewell")).join("control.sock")).unwrap();
    stream.write_all(b"\"Down\"\n").unwrap();
    // The daemon keeps the connection: it ends with the process.
    let mut heard = String::new();
    stream.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "\"Down\"\n");
    assert!(lab.daemon.take().unwrap().wait().unwrap().success());
}

#[test]
fn down_removes_nothing_that_is_not_its_own() {
    let mut lab = Lab::new("foreign-files");
    lab.up(MODEL_ONLY);
    let (runtime, state) = (lab.runtime().join(unique("foreign-files")), lab.state());
    for folder in [&runtime, &state] {
        std::fs::write(folder.join("thesis.txt"), "years of work").unwrap();
    }
    lab.down(&["--wipe"]);
    for folder in [&runtime, &state] {
        let left: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["thesis.txt"], "{}", folder.display());
    }
    // There is no state in it any more: whatever this folder is, it is not Peerless's.
    let refused = lab.run(&["down", "--wipe"]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(state.join("thesis.txt").exists() && runtime.join("thesis.txt").exists());
}

#[test]
fn the_console_is_a_page_that_nobody_frames() {
    let mut lab = Lab::new("console");
    lab.up(MODEL_ONLY);
    for path in ["/", "/000000000000/us-east-1/vpc/vpcs"] {
        let page = http(lab.address, "GET", path, &[], "");
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.contains("<title>Peerless"), "{path}: {}", page.body);
        for header in ["frame-ancestors 'none'", "x-frame-options: DENY", "cache-control: no-cache", "script-src 'self';"] {
            assert!(page.head.contains(header), "{header}: {}", page.head);
        }
        assert_eq!(http(lab.address, "GET", path, &[("Sec-Fetch-Site", "cross-site")], "").status, 403);
    }
    assert_eq!(http(lab.address, "GET", "/assets/none.js", &[], "").status, 404);
    assert_eq!(http(lab.address, "POST", "/000000000000", &[], "").status, 404);
    assert!(http(lab.address, "GET", "/?Action=DescribeVpcs&Version=2016-11-15", &[], "").body.contains("<DescribeVpcsResponse"));
    lab.down(&[]);
}

#[test]
fn the_console_hears_of_every_change() {
    let mut lab = Lab::new("events");
    lab.up(MODEL_ONLY);
    let mut events = Listener::new(lab.address);
    let first = events.next();
    lab.must_call("CreateVpc", "CidrBlock=10.1.0.0/16");
    assert!(events.next() > first, "a VPC is a new generation");
    assert_eq!(http(lab.address, "GET", "/_peerless/events", &[("Origin", "http://evil.example")], "").status, 403);
    // Who listens is bounded, and who leaves makes room.
    let listeners: Vec<_> = (1..64).map(|_| Listener::new(lab.address)).collect();
    assert_eq!(http(lab.address, "GET", "/_peerless/events", &[], "").status, 503);
    drop(listeners);
    lab.must_call("CreateVpc", "CidrBlock=10.2.0.0/16");
    eventually("there is room again", || Listener::try_new(lab.address).is_some());
    lab.down(&[]);
}

#[test]
fn the_console_asks_what_the_command_line_asks() {
    let mut lab = Lab::new("questions");
    lab.up(MODEL_ONLY);
    let vpc = lab.must_call("CreateVpc", "CidrBlock=10.1.0.0/16").element("vpcId").to_owned();
    let subnet = lab.must_call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.1.0.0/24")).element("subnetId").to_owned();
    let ask = |query: &str| http(lab.address, "GET", &format!("/_peerless/{query}"), &[], "");
    let printed = String::from_utf8(lab.run(&["explain", &subnet, "10.9.9.9", "--icmp", "--json"]).stdout).unwrap();
    assert_eq!(ask(&format!("explain?from={subnet}&to=10.9.9.9&icmp=true")).body, printed.trim_end());
    for wrong in
        ["from=nowhere&to=10.9.9.9&tcp=22", "from=a", "from=a&to=b", "from=a&to=b&tcp=1&udp=1", "from=a&to=b&tcp=65536", "from=a&to=b&tcp=1&x=1"]
    {
        let refused = ask(&format!("explain?{wrong}"));
        assert_eq!(refused.status, 400, "{wrong}");
        assert!(refused.body.contains("\"error\":"), "{wrong}: {}", refused.body);
    }
    assert!(ask("status").body.contains("\"vpcs\":2"), "it and the default one");
    assert_eq!(ask("nothing").status, 404);
    lab.down(&[]);
}

/// A request that never ends holds its place for so long only, and nobody waits for it.
#[test]
fn a_slow_request_is_closed() {
    use std::io::{Read, Write};

    let mut lab = Lab::new("slow");
    lab.up(MODEL_ONLY);
    let slow = |head: &str| {
        let mut stream = std::net::TcpStream::connect(lab.address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        stream
    };
    let mut head = slow("POST / HTTP/1.1\r\nHo");
    let mut silent = slow("");
    lab.must_call("DescribeRegions", "");
    for stream in [&mut head, &mut silent] {
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
    }
    lab.down(&[]);
}

/// There is nothing to connect to, and that is no failure of the network.
#[test]
fn nobody_connects_where_nothing_boots() {
    let mut lab = Lab::new("unconnected");
    lab.up(MODEL_ONLY);
    let id = lab.must_call("RunInstances", "ImageId=ami-12345678&MinCount=1&MaxCount=1").element("instanceId").to_owned();
    for (arguments, status, words) in [
        (&["connect", &id, "--", "true"][..], 3, "carries no packets"),
        (&["connect", "--via", "console", &id, "--", "true"], 3, "is not running"),
        (&["connect", "nobody", "--", "true"], 2, "'nobody' is no instance"),
    ] {
        let refused = lab.run(arguments);
        let talk = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(status), "{talk}");
        assert!(talk.contains(words), "{talk}");
    }
    lab.down(&[]);
}
