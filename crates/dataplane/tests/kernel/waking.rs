//! A change takes effect on what is running: the ping that wakes, the flow that is cut, the instance that comes later.

use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::lab::{Guest, Lab, PATIENCE, PEERED, eventually, is_root};
use semantics::{Denial, Verdict};

const GREEN: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 2, 0, 10));

/// A ping that goes on until it is dropped.
struct Ping {
    child: Child,
    lines: Receiver<String>,
}

impl Ping {
    fn start(guest: &Guest, to: IpAddr) -> Self {
        let to = to.to_string();
        // Into a pipe, ping itself would keep its first line until it has a second one.
        let mut child = guest.run(|| Command::new("stdbuf").args(["-oL", "ping", "-i", "0.1", &to]).stdout(Stdio::piped()).spawn().unwrap());
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    fn next_line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap()
    }

    fn said_nothing_more(&self) -> bool {
        self.lines.try_recv().is_err()
    }
}

impl Drop for Ping {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until so many of the ping's packets have been dropped, and returns why.
fn denied(lab: &Lab, packets: u64) -> Denial {
    eventually("the denial", || {
        lab.flows("blue/a/1", GREEN).into_iter().find_map(|flow| match flow.verdict {
            Verdict::Drop(denial) if flow.packets >= packets => Some(denial),
            _ => None,
        })
    })
}

#[test]
fn a_silent_ping_wakes() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new();
    lab.change(PEERED);
    let ping = Ping::start(lab.guest("blue/a/1"), GREEN);
    assert!(ping.next_line().starts_with("PING 10.2.0.10"));
    assert!(matches!(denied(&lab, 3), Denial::SecurityGroup { .. }));
    assert!(ping.said_nothing_more(), "nothing tells the sender");
    let asked = lab.data_plane.statistics().unwrap().asked;
    denied(&lab, 6);
    assert_eq!(lab.data_plane.statistics().unwrap().asked, asked, "the kernel drops by itself");

    lab.change("allow green/default ingress icmp 10.1.0.0/16");
    let line = ping.next_line();
    assert!(line.contains("64 bytes from 10.2.0.10") && line.contains("ttl=64"), "{line}");
}

#[test]
fn a_rule_that_goes_leaves_the_tracked_ping_and_a_network_acl_cuts_it() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new();
    lab.change(PEERED);
    lab.change("allow green/default ingress icmp 10.1.0.0/16");
    let ping = Ping::start(lab.guest("blue/a/1"), GREEN);
    ping.next_line();
    assert!(ping.next_line().contains("icmp_seq=1"));
    lab.change("revoke green/default ingress icmp 10.1.0.0/16");
    while !ping.next_line().contains("icmp_seq=5") {}

    let before = lab.flows("blue/a/1", GREEN)[0].packets;
    let asked = lab.data_plane.statistics().unwrap().asked;
    lab.change("acl green/strict");
    lab.change("guard green/a green/strict");
    assert!(matches!(denied(&lab, before + 2), Denial::NetworkAcl { rule: None, .. }));
    assert_eq!(lab.data_plane.statistics().unwrap().asked, asked, "cut in place");
}

/// An interface without an instance behind it drops; the one that comes later is reached by what is running.
#[test]
fn a_ping_finds_an_instance_that_comes_back() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new();
    lab.change(PEERED);
    lab.change("allow green/default ingress icmp 10.1.0.0/16");
    let ping = Ping::start(lab.guest("blue/a/1"), GREEN);
    ping.next_line();
    assert!(ping.next_line().contains("icmp_seq=1"));
    let green = lab.world.interface("green/a/1").unwrap();
    lab.data_plane.detach(green).unwrap();
    assert!(matches!(denied(&lab, 2), Denial::NotRunning { interface, .. } if interface == green));

    while !ping.said_nothing_more() {}
    let another = Guest::new();
    lab.data_plane.attach(green, another.fd()).unwrap();
    assert!(ping.next_line().contains("64 bytes from"));
    assert!(another.must("ip", &["-o", "address", "show", "eth0"]).contains("10.2.0.10/24"));
}

/// What was kept out passes as soon as it is an answer, though the question died on its way: the receiver's group lets
/// it out, which opens a connection there, and then there is no route.
#[test]
fn a_flow_that_becomes_an_answer_passes() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new();
    lab.change(PEERED);
    lab.change("unroute green/main 10.1.0.0/16");
    let bind = |guest: &str, address: [u8; 4], port| lab.guest(guest).run(|| UdpSocket::bind((Ipv4Addr::from(address), port)).unwrap());
    let (blue, green) = (bind("blue/a/1", [10, 1, 0, 10], 5000), bind("green/a/1", [10, 2, 0, 10], 6000));
    green.set_read_timeout(Some(PATIENCE)).unwrap();
    blue.send_to(b"let me in", (GREEN, 6000)).unwrap();
    assert!(matches!(denied(&lab, 1), Denial::SecurityGroup { .. }));
    green.send_to(b"in vain", ("10.1.0.10", 5000)).unwrap();
    let lost = || lab.flows("green/a/1", [10, 1, 0, 10].into()).pop().filter(|flow| flow.packets == 1).map(|flow| flow.verdict);
    assert!(matches!(eventually("the question", lost), Verdict::Drop(Denial::NoRoute { .. })));
    blue.send_to(b"an answer", (GREEN, 6000)).unwrap();
    let mut received = [0; 16];
    let length = green.recv(&mut received).unwrap();
    assert_eq!(&received[..length], b"an answer");
}
