//! The machine in the laptop's place: its own programs reach public addresses, and it is left as it was.

use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;

use crate::lab::{Lab, is_root};
use dataplane::{Error, remove_everything};
use model::internet::LAPTOP;

const PUBLIC: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 10);

/// A lab is in namespaces of the test's own: they are the machine.
fn public_lab() -> Lab {
    let mut lab = Lab::new();
    lab.change(
        "vpc blue 10.1.0.0/16
        subnet blue/a 10.1.0.0/24
        instance blue/a/1 10.1.0.10
        gateway blue
        route blue/main 0.0.0.0/0 gateway
        elastic blue/a/1 198.18.0.10
        allow blue/default ingress all 203.0.113.10/32",
    );
    lab
}

fn on_the_machine(command: &str) -> (bool, String) {
    let output = Command::new("sh").args(["-c", command]).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
}

fn state_of_the_machine() -> String {
    on_the_machine("ip address; ip route show table all; ip neighbour").1
}

#[test]
fn the_machine_is_the_laptop_while_it_is_plugged_in() {
    if !is_root() {
        return;
    }
    let lab = public_lab();
    let before = state_of_the_machine();
    lab.data_plane.uplink(true).unwrap();
    lab.data_plane.uplink(true).unwrap();
    let link = on_the_machine("ip -oneline address show dev peerless0").1;
    assert!(link.contains("203.0.113.10") && !link.contains("inet6"), "{link}");
    let listener = lab.guest("blue/a/1").run(|| TcpListener::bind((Ipv4Addr::UNSPECIFIED, 22)).unwrap());
    let _client = TcpStream::connect((PUBLIC, 22)).unwrap();
    assert_eq!(listener.accept().unwrap().1.ip(), IpAddr::from(LAPTOP));
    let (answered, output) = on_the_machine("ping -c 2 -i 0.01 -W 2 -M do -s 1472 198.18.0.10");
    assert!(answered, "{output}");
    lab.guest("blue/a/1").must("ping", &["-c", "1", "-W", "30", "203.0.113.10"]);
    lab.guest("blue/a/1").must("ping", &["-c", "1", "-W", "30", "203.0.113.80"]);
    for nobody in ["192.0.2.1", "198.18.0.99"] {
        let (answered, output) = lab.guest("blue/a/1").command("ping", &["-c", "1", "-W", "0.2", nobody]);
        assert!(!answered && !output.contains("From"), "the internet keeps silent: {output}");
    }

    lab.data_plane.uplink(false).unwrap();
    lab.data_plane.uplink(false).unwrap();
    assert_eq!(state_of_the_machine(), before);
    let _client = lab.internet.run(|| TcpStream::connect((PUBLIC, 22)).unwrap());
    assert_eq!(listener.accept().unwrap().1.ip(), IpAddr::from(LAPTOP), "the laptop is back");
    for _ in 0..2 {
        lab.data_plane.uplink(true).unwrap();
        assert!(on_the_machine("ping -c 1 -W 2 198.18.0.10").0);
        assert!(on_the_machine("ip link del peerless0").0, "somebody takes it away");
    }
}

#[test]
fn it_gets_in_the_way_of_no_route() {
    if !is_root() {
        return;
    }
    let lab = public_lab();
    assert!(on_the_machine("ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up").0);
    let world = "ip address add 192.0.2.1/24 dev v0 && ip route add default dev v0 && ip route add 128.0.0.0/1 dev v0";
    assert!(on_the_machine(world).0);
    lab.data_plane.uplink(true).unwrap();
    lab.data_plane.uplink(false).unwrap();
    for route in ["198.18.0.0/15", "198.18.7.0/24", "203.0.113.0/24"] {
        assert!(on_the_machine(&format!("ip route add {route} dev v0")).0);
        let before = state_of_the_machine();
        let Error::RouteOverlaps { route: named, .. } = lab.data_plane.uplink(true).unwrap_err() else { panic!("another error") };
        assert_eq!(named.to_string(), route);
        assert_eq!(state_of_the_machine(), before);
        assert!(on_the_machine(&format!("ip route del {route} dev v0")).0);
    }
}

#[test]
fn it_goes_with_everything_else() {
    if !is_root() {
        return;
    }
    let lab = public_lab();
    let before = state_of_the_machine();
    lab.data_plane.uplink(true).unwrap();
    assert_ne!(state_of_the_machine(), before);
    remove_everything(&lab.config).unwrap();
    assert_eq!(state_of_the_machine(), before);
}
