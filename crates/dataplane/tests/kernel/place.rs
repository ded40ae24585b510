//! What root in an instance may do to `eth0`: it hurts nobody else, and it can be undone.

use std::os::fd::AsFd;

use crate::lab::{Lab, PEERED, eventually, is_root};
use model::NetworkInterfaceId;

const GREEN: &str = "10.2.0.10";

/// Two peered instances, each of which may be pinged by all.
fn open_lab() -> (Lab, NetworkInterfaceId) {
    let mut lab = Lab::new();
    lab.change(PEERED);
    lab.change("instance blue/a/2 10.1.0.20\nallow green/default ingress icmp 10.0.0.0/8\nallow blue/default ingress icmp 10.0.0.0/8");
    let blue = lab.world.interface("blue/a/1").unwrap();
    (lab, blue)
}

fn is_in_place(lab: &Lab, id: NetworkInterfaceId) -> bool {
    lab.data_plane.is_in_place(id, lab.guest_of(id.into()).unwrap().fd().as_fd()).unwrap()
}

/// Waits until it is noticed that the interface is gone, and gives it back.
fn must_notice(lab: &Lab, id: NetworkInterfaceId) {
    let serial = lab.world.snapshot().resolve(id).serial;
    let noticed = || lab.data_plane.disturbed().unwrap().is_none_or(|serials| serials.contains(&serial)).then_some(());
    eventually("somebody to notice", || noticed().filter(|()| !is_in_place(lab, id)));
    lab.data_plane.attach(id, lab.guest_of(id.into()).unwrap().fd()).unwrap();
    assert!(is_in_place(lab, id));
    lab.guest("blue/a/1").must("ping", &["-c", "1", "-W", "30", GREEN]);
}

#[test]
fn eth0_comes_back_when_it_was_deleted_or_moved() {
    if !is_root() {
        return;
    }
    let (lab, blue) = open_lab();
    let guest = lab.guest("blue/a/1");
    let before = guest.must("ip", &["-o", "address", "show", "eth0"]);
    assert!(is_in_place(&lab, blue));
    assert_eq!(lab.data_plane.disturbed().unwrap(), None, "what happened before is not known");
    assert_eq!(lab.data_plane.disturbed().unwrap(), Some([].into()), "and nothing has since");

    guest.must("ip", &["link", "delete", "eth0"]);
    must_notice(&lab, blue);
    assert_eq!(guest.must("ip", &["-o", "-4", "address", "show", "eth0"]).split_whitespace().nth(3), Some("10.1.0.10/24"), "{before}");

    // The namespace that it is moved to is the guest's, and known to nobody else.
    guest.must("sh", &["-c", "unshare --net sleep 20 >/dev/null 2>&1 & until ip link set eth0 netns $! && ! ip link show eth0; do sleep 0.01; done"]);
    must_notice(&lab, blue);

    // A bystander has met nothing of it.
    lab.guest("blue/a/2").must("ping", &["-c", "1", "-W", "30", GREEN]);
}

/// The host end does not show it: who asks from time to time finds out.
#[test]
fn eth0_under_another_name_is_not_in_place() {
    if !is_root() {
        return;
    }
    let (lab, blue) = open_lab();
    let guest = lab.guest("blue/a/1");
    guest.must("sh", &["-c", "ip link set eth0 down; ip link set eth0 name lan0; ip link add eth0 type veth peer name other"]);
    assert!(!is_in_place(&lab, blue), "another link has its name");
    assert!(lab.data_plane.attach(blue, guest.fd()).is_err(), "the name is taken");
    guest.must("ip", &["link", "delete", "eth0"]);
    lab.data_plane.attach(blue, guest.fd()).unwrap();
    assert!(is_in_place(&lab, blue));
    guest.must("ping", &["-c", "1", "-W", "30", GREEN]);
}

/// As on EC2, where the instance would have to ask its DHCP server again.
#[test]
fn settings_of_eth0_are_the_guest_s_own_business() {
    if !is_root() {
        return;
    }
    let (lab, blue) = open_lab();
    let guest = lab.guest("blue/a/1");
    for settings in [
        &["link", "set", "eth0", "down"][..],
        &["link", "set", "eth0", "address", "02:00:00:00:00:99"],
        &["link", "set", "eth0", "up", "mtu", "1400"],
        &["address", "flush", "dev", "eth0"],
    ] {
        guest.must("ip", settings);
        assert!(is_in_place(&lab, blue), "{settings:?}");
    }
}

/// A connection goes on, over the new link, as if the card had been unplugged for a moment.
#[test]
fn a_connection_outlives_the_loss_of_eth0() {
    if !is_root() {
        return;
    }
    let (mut lab, blue) = open_lab();
    lab.change("allow green/default ingress tcp 80 10.1.0.0/16");
    let (listener, mut client) = lab.connect("blue/a/1", "green/a/1", 80);
    let (mut server, _) = listener.accept().unwrap();
    // Its next segment finds the rule gone: it passes because the connection is tracked.
    lab.change("revoke green/default ingress tcp 80 10.1.0.0/16");
    lab.guest("blue/a/1").must("ip", &["link", "delete", "eth0"]);
    must_notice(&lab, blue);
    std::io::Write::write_all(&mut client, b"still here").unwrap();
    let mut received = [0; 10];
    server.set_read_timeout(Some(crate::lab::PATIENCE)).unwrap();
    std::io::Read::read_exact(&mut server, &mut received).unwrap();
    assert_eq!(&received, b"still here");
}
