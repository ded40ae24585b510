//! The daemon with everything: instances, packets, and nothing left when it is gone.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::crowd::Crowd;
use crate::lab::{Lab, eventually, unique};
use crate::sandbox::with_packets;
use crate::traces::traces;

/// Two peered VPCs with routes and an instance each; the groups let no ping in.
pub struct Peered {
    pub lab: Lab,
    instances: [String; 2],
    pub addresses: [String; 2],
    groups: [String; 2],
}

impl Peered {
    pub fn new(name: &str) -> Self {
        let mut lab = Lab::new(name);
        lab.up(&[]);
        let vpcs = [1, 2].map(|n| lab.must_call("CreateVpc", &format!("CidrBlock=10.{n}.0.0/16")).element("vpcId").to_owned());
        let peering = lab.must_call("CreateVpcPeeringConnection", &format!("VpcId={}&PeerVpcId={}", vpcs[0], vpcs[1]));
        let peering = peering.element("vpcPeeringConnectionId").to_owned();
        lab.must_call("AcceptVpcPeeringConnection", &format!("VpcPeeringConnectionId={peering}"));
        let mut instances = Vec::new();
        for (n, vpc) in [1, 2].into_iter().zip(&vpcs) {
            let of_vpc = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
            let table = lab.must_call("DescribeRouteTables", &of_vpc).element("routeTableId").to_owned();
            let route = format!("RouteTableId={table}&DestinationCidrBlock=10.{}.0.0/16&VpcPeeringConnectionId={peering}", 3 - n);
            lab.must_call("CreateRoute", &route);
            let subnet = lab.must_call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.{n}.0.0/24")).element("subnetId").to_owned();
            let run = format!("ImageId=ami-12345678&MinCount=1&MaxCount=1&SubnetId={subnet}&PrivateIpAddress=10.{n}.0.10");
            instances.push(lab.must_call("RunInstances", &run).element("instanceId").to_owned());
        }
        for id in &instances {
            let state = || lab.must_call("DescribeInstances", &format!("InstanceId.1={id}")).element("name").to_owned();
            eventually("the instance runs", || state() == "running");
        }
        let groups = vpcs.map(|vpc| {
            let of_vpc = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
            lab.must_call("DescribeSecurityGroups", &of_vpc).element("groupId").to_owned()
        });
        let instances = [instances.remove(0), instances.remove(0)];
        Self { lab, instances, addresses: ["10.1.0.10".to_owned(), "10.2.0.10".to_owned()], groups }
    }

    pub fn instances(&self) -> [&str; 2] {
        [&self.instances[0], &self.instances[1]]
    }

    pub fn allow(&self, group: usize, permission: &str) {
        self.lab.must_call("AuthorizeSecurityGroupIngress", &format!("GroupId={}&{permission}", self.groups[group]));
    }

    pub fn state(&self, id: &str) -> String {
        self.lab.must_call("DescribeInstances", &format!("InstanceId.1={id}")).element("name").to_owned()
    }

    fn inits(&self) -> [i32; 2] {
        [0, 1].map(|n| self.lab.init_of(&self.instances[n]).unwrap())
    }

    /// One ping, of a flow of its own, the first packet of which is answered.
    pub fn must_ping(&self) {
        let ping = self.run(0, &["ping", "-n", "-c", "1", "-W", "30", &self.addresses[1]]).output().unwrap();
        assert!(ping.status.success(), "{ping:?}");
    }

    pub fn run(&self, instance: usize, command: &[&str]) -> Command {
        let mut arguments = vec!["run", &self.instances[instance], "--"];
        arguments.extend(command);
        self.lab.peerless(&arguments)
    }
}

pub const ICMP_FROM_BLUE: &str =
    "IpPermissions.1.IpProtocol=icmp&IpPermissions.1.FromPort=-1&IpPermissions.1.ToPort=-1&IpPermissions.1.IpRanges.1.CidrIp=10.1.0.0/16";

const TCP_8000_FROM_BLUE: &str =
    "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=8000&IpPermissions.1.ToPort=8000&IpPermissions.1.IpRanges.1.CidrIp=10.1.0.0/16";

#[test]
fn the_same_ping_wakes_when_the_rule_is_saved() {
    with_packets("packets::the_same_ping_wakes_when_the_rule_is_saved", || {
        let mut peered = Peered::new("wakes");
        let mut ping = peered.run(0, &["ping", "-n", "-i", "0.2", "-c", "100", &peered.addresses[1]]).stdout(Stdio::piped()).spawn().unwrap();
        let explained = peered.lab.run(&["explain", &peered.instances[0], &peered.instances[1], "--icmp"]);
        assert_eq!(explained.status.code(), Some(1));
        let text = String::from_utf8(explained.stdout).unwrap();
        assert_eq!(text.matches("✗ SG in").count(), 1, "{text}");
        assert_eq!(text.matches('✗').count(), 2, "the headline and one obstacle: {text}");

        let sent = || {
            let counted = String::from_utf8(peered.run(0, &["cat", "/proc/net/snmp"]).output().unwrap().stdout).unwrap();
            let [names, values] = counted.lines().filter_map(|line| line.strip_prefix("IcmpMsg:")).collect::<Vec<_>>()[..] else { return 0 };
            let mut counts = names.split_whitespace().zip(values.split_whitespace());
            counts.find(|&(name, _)| name == "OutType8").map_or(0, |(_, count)| count.parse::<u32>().unwrap())
        };
        eventually("some were dropped", || sent() > 2);
        peered.allow(1, ICMP_FROM_BLUE);
        let mut lines = BufReader::new(ping.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.next().unwrap().starts_with("PING 10.2.0.10"));
        let answer = lines.next().unwrap();
        assert!(answer.contains("64 bytes from 10.2.0.10") && answer.contains("ttl=127"), "{answer}");
        let first: u32 = answer.split("icmp_seq=").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!(first > 2, "the first packets were dropped: {answer}");

        peered.lab.must_call("RevokeSecurityGroupIngress", &format!("GroupId={}&{ICMP_FROM_BLUE}", peered.groups[1]));
        let explained = peered.lab.run(&["explain", &peered.instances[0], &peered.instances[1], "--icmp"]);
        assert_eq!(explained.status.code(), Some(1), "a new one would not be let in");
        let text = String::from_utf8(explained.stdout).unwrap();
        assert!(text.contains("goes on, for it is tracked\n    · icmp 10.1.0.10 → 10.2.0.10   "), "{text}");
        let explained = peered.lab.run(&["explain", &peered.instances[1], &peered.instances[0], "--icmp"]);
        assert!(!String::from_utf8(explained.stdout).unwrap().contains("goes on"), "nobody pings the other way");
        ping.kill().unwrap();
        ping.wait().unwrap();
        peered.lab.down(&[]);
    });
}

#[test]
fn tcp_carries_a_megabyte_each_way_over_the_peering() {
    with_packets("packets::tcp_carries_a_megabyte_each_way_over_the_peering", || {
        let mut peered = Peered::new("tcp");
        peered.allow(1, TCP_8000_FROM_BLUE);
        let echo = "import socket; s=socket.create_server(('',8000)); print('up',flush=True); c,_=s.accept(); d=b''\n\
                    while len(d)<1<<20: d+=c.recv(1<<16)\nc.sendall(d)";
        let mut server = peered.run(1, &["python3", "-c", echo]).stdout(Stdio::piped()).spawn().unwrap();
        let mut up = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut up).unwrap();
        let send = "import os,socket; d=os.urandom(1<<20); c=socket.create_connection(('10.2.0.10',8000),5); c.sendall(d); r=b''\n\
                    while len(r)<len(d): r+=c.recv(1<<16)\nprint(r==d)";
        let client = peered.run(0, &["python3", "-c", send]).output().unwrap();
        assert_eq!(String::from_utf8(client.stdout).unwrap(), "True\n");
        assert!(server.wait().unwrap().success());
        peered.lab.down(&[]);
    });
}

#[test]
fn after_kill_9_pings_go_on_and_down_leaves_nothing() {
    with_packets("packets::after_kill_9_pings_go_on_and_down_leaves_nothing", || {
        let before = traces(&unique("killed"));
        let mut peered = Peered::new("killed");
        peered.allow(1, ICMP_FROM_BLUE);
        let mut ping = peered.run(0, &["ping", "-n", "-i", "0.1", "-c", "30", &peered.addresses[1]]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(ping.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.nth(1).unwrap().contains("64 bytes"));
        peered.lab.kill();
        let rest: Vec<String> = lines.collect();
        assert!(rest.iter().any(|line| line.contains("30 received")), "{rest:?}");
        ping.wait().unwrap();
        assert_ne!(traces(&unique("killed")), before, "instances outlive the daemon");
        peered.lab.down(&[]);
        assert!(!peered.lab.runtime().exists());
        eventually("nothing is left", || traces(&unique("killed")) == before);
    });
}

/// What ran ends, what was written stays, and the address is the same.
#[test]
fn a_rebooted_instance_begins_anew_with_its_disk() {
    with_packets("packets::a_rebooted_instance_begins_anew_with_its_disk", || {
        let mut peered = Peered::new("rebooted");
        peered.allow(1, ICMP_FROM_BLUE);
        let shell = |command: &str| peered.run(1, &["sh", "-c", command]).output().unwrap();
        assert!(shell("echo kept > ~/note; nohup sleep 1000 > /dev/null 2>&1 &").status.success());
        let before = peered.inits()[1];
        peered.lab.must_call("RebootInstances", &format!("InstanceId.1={}", peered.instances[1]));
        eventually("it has another init", || peered.lab.init_of(&peered.instances[1]).is_some_and(|init| init != before));
        assert_eq!(peered.state(&peered.instances[1]), "running");
        eventually("it answers", || peered.run(0, &["ping", "-n", "-c", "1", "-W", "1", &peered.addresses[1]]).output().unwrap().status.success());
        assert_eq!(String::from_utf8(shell("cat ~/note").stdout).unwrap(), "kept\n");
        assert!(!shell("pgrep sleep || grep -l sleep /proc/[0-9]*/comm").status.success(), "nothing of before is running");
        let after = peered.inits();
        std::thread::sleep(Duration::from_millis(1200));
        assert_eq!(peered.inits(), after, "it is rebooted once");
        peered.lab.down(&[]);
    });
}

/// The rule is revoked when the daemon is back: only who was let in before stays in.
#[test]
fn a_daemon_that_comes_back_adopts_what_goes_on() {
    with_packets("packets::a_daemon_that_comes_back_adopts_what_goes_on", || {
        let before = traces(&unique("adopted"));
        let mut peered = Peered::new("adopted");
        let subnet = peered.lab.must_call("DescribeSubnets", "Filter.1.Name=cidr-block&Filter.1.Value.1=10.1.0.0/24").element("subnetId").to_owned();
        let run = format!("ImageId=ami-12345678&MinCount=1&MaxCount=1&SubnetId={subnet}");
        let third = peered.lab.must_call("RunInstances", &run).element("instanceId").to_owned();
        eventually("the third runs", || peered.state(&third) == "running");
        peered.allow(1, ICMP_FROM_BLUE);
        peered.allow(1, TCP_8000_FROM_BLUE);
        let echo = "import socket; s=socket.create_server(('',8000)); print('up',flush=True)\n\
                    while True:\n c,_=s.accept()\n while d:=c.recv(99): c.sendall(d)";
        let mut server = peered.run(1, &["python3", "-c", echo]).stdout(Stdio::piped()).spawn().unwrap();
        let mut up = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut up).unwrap();
        let talk = "import socket,time; c=socket.create_connection(('10.2.0.10',8000),5); print('up',flush=True)\n\
                    for n in range(60): c.sendall(b'hello'); assert c.recv(5)==b'hello'; time.sleep(0.1)\nprint('done')";
        let mut client = peered.run(0, &["python3", "-c", talk]).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(client.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert_eq!(said.next().unwrap(), "up");
        let mut ping = peered.run(0, &["ping", "-n", "-i", "0.1", "-c", "60", &peered.addresses[1]]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(ping.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.nth(1).unwrap().contains("64 bytes"));

        let inits = peered.inits();
        let doomed = peered.lab.init_of(&third).unwrap();
        peered.lab.kill();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(doomed), nix::sys::signal::Signal::SIGKILL).unwrap();
        let begin = Instant::now();
        peered.lab.up(&[]);
        println!("the API answers {:?} after the start", begin.elapsed());
        peered.must_ping();
        println!("a new flow passes {:?} after the start", begin.elapsed());
        assert_eq!(peered.inits(), inits);
        // By itself an instance stops, unless told otherwise.
        eventually("the end of the third is noticed", || peered.state(&third) == "stopped");
        assert!(peered.instances.iter().all(|id| peered.state(id) == "running"));

        peered.lab.must_call("RevokeSecurityGroupIngress", &format!("GroupId={}&{ICMP_FROM_BLUE}", peered.groups[1]));
        let new = peered.run(0, &["ping", "-n", "-c", "1", "-W", "1", &peered.addresses[1]]).output().unwrap();
        assert!(!new.status.success(), "{new:?}");
        let rest: Vec<String> = lines.collect();
        assert!(rest.iter().any(|line| line.contains("60 received")), "{rest:?}");
        assert_eq!(said.next().as_deref(), Some("done"));
        ping.wait().unwrap();
        client.wait().unwrap();
        assert_eq!(peered.inits(), inits);
        peered.lab.down(&[]);
        server.wait().unwrap();
        assert!(!peered.lab.runtime().exists());
        eventually("nothing is left", || traces(&unique("adopted")) == before);
    });
}

#[test]
fn a_crowd_of_instances_is_reached_and_leaves_nothing() {
    with_packets("packets::a_crowd_of_instances_is_reached_and_leaves_nothing", || {
        let mut lab = Lab::new("crowd");
        lab.up(&[]);
        let before = traces(&unique("crowd"));
        let (crowd, arrival) = Crowd::arrive(&lab, 60);
        println!("called {:?}, running {:?}, pinged {:?}, connected {:?}", arrival.called, arrival.running, arrival.pinged, arrival.connected);
        assert!(traces(&unique("crowd")).len() > before.len() + 60);
        crowd.leave(&lab);
        eventually("nothing is left of them", || traces(&unique("crowd")) == before);
        lab.down(&[]);
    });
}
