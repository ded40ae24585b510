//! When there is no room: what matters least goes, and packets pass all the same.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod lab;

use std::net::{Ipv4Addr, UdpSocket};

use dataplane::Config;
use lab::{Lab, PEERED, is_root, runtime_dir};

const BLUE: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 10);
const GREEN: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 10);

fn small_lab() -> Lab {
    let mut lab = Lab::with(Config { flows: 64, ..Config::new(runtime_dir()) });
    lab.change(PEERED);
    lab.change("allow green/default ingress icmp 10.1.0.0/16\nallow green/default ingress udp 5000 10.1.0.0/16");
    lab
}

#[test]
fn a_flood_that_is_denied_displaces_nobody() {
    if !is_root() {
        return;
    }
    let lab = small_lab();
    let guest = lab.guest("blue/a/1");
    guest.must("ping", &["-c", "1", "-W", "1", "10.2.0.10"]);
    let flood = guest.run(|| UdpSocket::bind((BLUE, 0)).unwrap());
    for port in 10_000..12_000 {
        flood.send_to(b"let me in", (GREEN, port)).unwrap();
    }
    let statistics = lab.data_plane.statistics().unwrap();
    assert!(statistics.flows <= 64 && statistics.not_installed > 0, "{statistics:?}");
    guest.must("ping", &["-c", "1", "-W", "1", "10.2.0.10"]);
}

/// Conversations beyond what the kernel can hold are carried packet by packet, in both directions.
#[test]
fn established_flows_stay_and_others_pass_beside_them() {
    if !is_root() {
        return;
    }
    let lab = small_lab();
    let server = lab.guest("green/a/1").run(|| UdpSocket::bind((GREEN, 5000)).unwrap());
    server.set_read_timeout(Some(lab::PATIENCE)).unwrap();
    let clients: Vec<_> = (0..60).map(|_| lab.guest("blue/a/1").run(|| UdpSocket::bind((BLUE, 0)).unwrap())).collect();
    for _ in 0..2 {
        for client in &clients {
            client.set_read_timeout(Some(lab::PATIENCE)).unwrap();
            client.send_to(b"ping", (GREEN, 5000)).unwrap();
            let mut buffer = [0; 16];
            let (length, from) = server.recv_from(&mut buffer).unwrap();
            server.send_to(&buffer[..length], from).unwrap();
            client.recv(&mut buffer).unwrap();
        }
    }
    let statistics = lab.data_plane.statistics().unwrap();
    assert_eq!(statistics.flows, 64, "{statistics:?}");
    assert!(statistics.not_installed > 0, "{statistics:?}");
}
