//! What goes on in the kernel, and probes: computed and counted side by side.

use crate::api::http;
use crate::lab::eventually;
use crate::packets::Peered;
use crate::sandbox::with_packets;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_flow_that_is_dropped_is_seen_with_names_and_the_rule() {
    with_packets("flows::a_flow_that_is_dropped_is_seen_with_names_and_the_rule", || {
        let peered = Peered::new("flows");
        let [one, two] = peered.instances();
        let mut ping = peered.lab.peerless(&["run", one, "--", "ping", "-i", "0.2", &peered.addresses[1]]);
        let mut ping = ping.stdout(std::process::Stdio::null()).spawn().unwrap();
        let dropped = || json(&peered.lab.must(&["flows", "--dropped", "--from", one, "--json"]));
        eventually("the drops are counted", || dropped()["flows"][0]["packets"].as_u64() > Some(3));
        let seen = dropped();
        let flow = &seen["flows"][0];
        assert_eq!((flow["from"]["id"].as_str(), flow["to"]["id"].as_str()), (Some(one), Some(two)), "{flow}");
        assert_eq!((flow["dropped"]["stage"].as_str(), flow["dropped"]["code"].as_str()), (Some("SG in"), Some("ENI_SG_RULES_MISMATCH")), "{flow}");
        assert_eq!(flow["grave"][0].as_str(), Some(two), "it dies at the receiver: {flow}");
        assert_eq!((flow["question"]["from"].as_str(), flow["question"]["to"].as_str()), (Some(one), Some(two)), "{flow}");
        let way: Vec<_> = flow["way"].as_array().unwrap().iter().map(|stop| stop.as_str().unwrap().split('-').next().unwrap().to_owned()).collect();
        assert_eq!(way, ["vpc", "subnet", "i", "rtb", "pcx"], "{flow}");
        let group = flow["dropped"]["about"][0].as_str().unwrap();
        assert_eq!(json(&peered.lab.must(&["flows", "--rule", group, "--json"]))["matching"].as_u64(), Some(1));
        assert_eq!(json(&peered.lab.must(&["flows", "--from", two, "--dropped", "--json"]))["matching"].as_u64(), Some(0));
        // Over HTTP the same, once and as a stream.
        let reply = http(peered.lab.address, "GET", "/_peerless/flows?verdict=drop", &[], "");
        assert_eq!(json(&reply.body)["flows"][0]["id"], flow["id"]);
        assert_eq!(http(peered.lab.address, "GET", "/_peerless/flows?colour=red", &[], "").status, 400);

        peered.allow(
            1,
            "IpPermissions.1.IpProtocol=icmp&IpPermissions.1.FromPort=-1&IpPermissions.1.ToPort=-1&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0",
        );
        let accepted = || json(&peered.lab.must(&["flows", "--from", one, "--to", two, "--json"]));
        eventually("the flow is let through", || accepted()["flows"][0]["verdict"].as_str() == Some("accept"));
        eventually("its answers are seen", || {
            let replies = json(&peered.lab.must(&["flows", "--from", two, "--to", one, "--json"]));
            replies["flows"][0]["is_reply"] == true && replies["flows"][0]["question"]["from"].as_str() == Some(one)
        });
        ping.kill().unwrap();
        ping.wait().unwrap();

        // A service answers from where the instance asked it.
        let _ = peered.lab.run(&["run", one, "--", "getent", "hosts", "example.com"]);
        let answers = || json(&peered.lab.must(&["flows", "--from", "dns", "--to", one, "--json"]));
        eventually("the answer is seen", || answers()["matching"].as_u64() > Some(0));
        let answers = answers();
        let (from, to) = (&answers["flows"][0]["from"], &answers["flows"][0]["to"]);
        assert!(from["address"].as_str().is_some_and(|address| address.ends_with(".0.2") || address == "169.254.169.253"), "{answers}");
        assert_eq!(to["address"].as_str(), Some(peered.addresses[0].as_str()), "{answers}");
        let mut lab = peered.lab;
        lab.down(&[]);
    });
}

/// What was counted at each hop of an explanation's leg, with its kind.
fn hops(explanation: &serde_json::Value, leg: usize) -> Vec<(String, u64, u64)> {
    let lines = explanation["legs"][leg]["lines"].as_array().unwrap().iter();
    let number = |line: &serde_json::Value, name: &str| line["counted"][name].as_u64().unwrap_or_else(|| panic!("{name} of {line}"));
    lines.map(|line| (line["stage"].as_str().unwrap().to_owned(), number(line, "seen"), number(line, "dropped"))).collect()
}

#[test]
fn packets_are_counted_at_each_hop_of_an_explanation() {
    with_packets("flows::packets_are_counted_at_each_hop_of_an_explanation", || {
        let peered = Peered::new("hops");
        let [one, two] = peered.instances();
        let explain = |more: &[&str]| peered.lab.run(&[&["explain", one, two, "--icmp"], more].concat());
        let explained = || json(std::str::from_utf8(&explain(&["--json"]).stdout).unwrap());
        assert_eq!(explained()["counted"]["flows"].as_u64(), Some(0), "nobody has sent anything yet");
        let mut ping = peered.lab.peerless(&["run", one, "--", "ping", "-i", "0.2", &peered.addresses[1]]);
        let mut ping = ping.stdout(std::process::Stdio::null()).spawn().unwrap();
        eventually("the drops are counted", || explained()["counted"]["forward"]["dropped"].as_u64() > Some(3));
        let shut = explained();
        let there = hops(&shut, 0);
        let sent = there[0].1;
        assert!(sent > 3 && shut["counted"]["forward"]["seen"].as_u64() == Some(sent), "{shut}");
        for (stage, seen, dropped) in &there {
            let expected = match stage.as_str() {
                "SG in" => (sent, sent),
                "to" => (0, 0),
                _ => (sent, 0),
            };
            assert_eq!((*seen, *dropped), expected, "{stage}: {there:?}");
        }
        assert!(hops(&shut, 1).iter().all(|(_, seen, _)| *seen == 0), "{shut}");
        let text = String::from_utf8(explain(&[]).stdout).unwrap();
        assert!(text.lines().next().is_some_and(|line| line.contains(" sent, ") && line.ends_with(" UTC")), "{text}");
        assert!(text.lines().any(|line| line.contains("✗ SG in") && line.contains(" seen, ") && line.contains(" dropped ")), "{text}");

        peered.allow(
            1,
            "IpPermissions.1.IpProtocol=icmp&IpPermissions.1.FromPort=-1&IpPermissions.1.ToPort=-1&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0",
        );
        let arrived = |explanation: &serde_json::Value, leg| hops(explanation, leg).iter().all(|(_, seen, dropped)| *seen > 0 && *dropped == 0);
        eventually("both ways are seen everywhere", || {
            let open = explained();
            open["counted"]["reply"]["seen"].as_u64() > Some(0) && arrived(&open, 0) && arrived(&open, 1)
        });
        ping.kill().unwrap();
        ping.wait().unwrap();
        let mut lab = peered.lab;
        lab.down(&[]);
    });
}

#[test]
fn a_probe_and_what_is_computed_agree() {
    with_packets("flows::a_probe_and_what_is_computed_agree", || {
        let peered = Peered::new("probes");
        let [one, two] = peered.instances();
        let address = peered.lab.address;
        let probe = |question: &str| {
            let reply = http(address, "POST", "/_peerless/probe", &[("Content-Type", "application/json")], question);
            assert_eq!(reply.status, 200, "{}", reply.body);
            json(&reply.body)
        };
        let ping = format!(r#"{{"from":"{one}","to":"{two}","protocol":"icmp"}}"#);
        let shut = probe(&ping);
        assert_eq!((shut["answered"].as_bool(), shut["outcome"].as_str()), (Some(false), Some("silence")), "{shut}");
        assert_eq!((shut["computed"]["reachable"].as_bool(), shut["request"]["packets"].as_u64()), (Some(false), Some(3)), "{shut}");
        assert_eq!(shut["request"]["dropped"]["code"].as_str(), Some("ENI_SG_RULES_MISMATCH"), "{shut}");
        assert!(shut.get("disagreement").is_none() && shut.get("incomparable").is_none(), "{shut}");

        peered.allow(1, "IpPermissions.1.IpProtocol=-1&IpPermissions.1.IpRanges.1.CidrIp=10.1.0.0/16");
        let open = probe(&ping);
        assert_eq!((open["answered"].as_bool(), open["computed"]["reachable"].as_bool()), (Some(true), Some(true)), "{open}");
        assert!(open["request"]["packets"].as_u64() >= Some(1) && open["reply"]["packets"].as_u64() >= Some(1), "{open}");
        assert!(open.get("disagreement").is_none(), "{open}");
        // Nothing listens there: that is an answer, too.
        let refused = probe(&format!(r#"{{"from":"{one}","to":"{two}","protocol":"tcp","port":9}}"#));
        assert_eq!(refused["outcome"].as_str(), Some("answered: refused, for no program listens there"), "{refused}");
        assert_eq!(refused["answered"].as_bool(), Some(true), "{refused}");
        let udp = probe(&format!(r#"{{"from":"{one}","to":"dns","protocol":"udp","port":53}}"#));
        assert!(udp["request"]["packets"].as_u64() == Some(1) && udp.get("disagreement").is_none(), "{udp}");

        let said = peered.lab.run(&["explain", two, one, "--icmp", "--probe"]);
        let text = String::from_utf8(said.stdout).unwrap();
        assert_eq!(said.status.code(), Some(1), "{text}");
        assert!(text.contains("counted, of ICMP echo request") && text.contains("computed and counted agree"), "{text}");

        let refused = |question: &str, headers: &[(&str, &str)]| http(address, "POST", "/_peerless/probe", headers, question).status;
        let kind = ("Content-Type", "application/json");
        assert_eq!(refused(&ping, &[]), 415, "a form of another page has no such type");
        assert_eq!(refused(&ping, &[kind, ("Origin", "http://evil.example")]), 403);
        assert_eq!(refused("{}", &[kind]), 400);
        assert_eq!(refused(r#"{"from":"subnet-nowhere","to":"dns","protocol":"icmp"}"#, &[kind]), 400);
        let mut lab = peered.lab;
        lab.down(&[]);
    });
}
