//! Root in an instance may do to its network what it likes; nothing comes of it, and all of it is counted.

use crate::lab::{Lab, PEERED, is_root};
use dataplane::Discard;

#[test]
fn nobody_can_be_somebody_else() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new();
    lab.change(PEERED);
    lab.change("instance blue/a/2 10.1.0.11\nallow green/default ingress all 0.0.0.0/0\nallow blue/default ingress all 0.0.0.0/0");
    let guest = lab.guest("blue/a/1");
    let ping = |arguments: &[&str]| guest.command("ping", &[&["-c", "1", "-W", "0.1"], arguments].concat()).0;
    assert!(ping(&["10.1.0.11"]), "the neighbour answers");

    guest.must("ip", &["address", "add", "10.1.0.99/24", "dev", "eth0"]);
    assert!(!ping(&["-I", "10.1.0.99", "10.2.0.10"]));
    assert_eq!(lab.discarded(Discard::SourceAddress), 1);

    // The neighbour's address is not taken over by saying so.
    guest.must("ip", &["address", "add", "10.1.0.11/32", "dev", "lo"]);
    guest.must("ip", &["address", "del", "10.1.0.11/32", "dev", "lo"]);
    guest.must("ip", &["neighbour", "flush", "dev", "eth0"]);
    guest.must("ip", &["address", "add", "10.1.0.12/24", "dev", "eth0"]);
    let spoofed = lab.discarded(Discard::ArpSpoofed);
    assert!(!ping(&["-I", "10.1.0.12", "10.1.0.11"]));
    assert!(lab.discarded(Discard::ArpSpoofed) > spoofed);

    guest.must("ip", &["link", "set", "eth0", "address", "0a:00:00:00:00:01"]);
    assert!(!ping(&["10.2.0.10"]));
    assert!(lab.discarded(Discard::SourceMac) > 0);
}

#[test]
fn arp_answers_for_those_who_exist() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new();
    lab.change(PEERED);
    lab.change("instance blue/a/2 10.1.0.11");
    let guest = lab.guest("blue/a/1");
    assert!(!guest.command("ping", &["-c", "1", "-W", "0.1", "10.1.0.77"]).0);
    assert!(lab.discarded(Discard::ArpUnanswered) > 0);
    assert!(lab.data_plane.flows().unwrap().is_empty(), "there was no packet");

    lab.change("terminate blue/a/2");
    let guest = lab.guest("blue/a/1");
    guest.must("ip", &["neighbour", "flush", "dev", "eth0"]);
    let (_, _) = guest.command("ping", &["-c", "1", "-W", "0.1", "10.1.0.1"]);
    let router = lab.world.snapshot().all::<model::Subnet>().find(|subnet| subnet.cidr.to_string() == "10.1.0.0/24").unwrap().router_mac();
    assert!(guest.must("ip", &["neighbour", "show", "10.1.0.1"]).contains(&router.to_string()));
}

/// A guest's kernel talks IPv6 by itself as soon as a link is up.
#[test]
fn noise_is_counted_and_asked_about_never() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new();
    lab.change(PEERED);
    lab.guest("blue/a/1").command("ping", &["-c", "1", "-W", "0.1", "-b", "10.1.0.255"]);
    lab.guest("blue/a/1").command("ping", &["-c", "1", "-W", "0.1", "224.0.0.1"]);
    crate::lab::eventually("the noise", || (lab.discarded(Discard::Ipv6) > 0).then_some(()));
    assert!(lab.discarded(Discard::Multicast) >= 2);
    assert_eq!(lab.data_plane.statistics().unwrap().asked, 0);
}

/// With jumbo frames of its own a guest cannot send what a network card of AWS would not carry.
#[test]
fn a_packet_longer_than_the_mtu_goes_nowhere() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new();
    lab.change(PEERED);
    lab.change("allow green/default ingress icmp 10.1.0.0/16");
    let guest = lab.guest("blue/a/1");
    guest.must("ping", &["-c", "1", "-W", "30", "-M", "do", "-s", "8973", "10.2.0.10"]);
    guest.must("ip", &["link", "set", "eth0", "mtu", "20000"]);
    assert!(!guest.command("ping", &["-c", "1", "-W", "0.1", "-M", "do", "-s", "8974", "10.2.0.10"]).0);
    assert_eq!(lab.discarded(Discard::TooLong), 1);
}
