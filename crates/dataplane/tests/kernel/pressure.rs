//! When there is no room: what matters least goes, and packets pass all the same.

use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::lab::{Lab, PATIENCE, PEERED, eventually, is_root, runtime_dir};
use dataplane::{Config, Discard};

const BLUE: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 10);
const GREEN: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 10);
const FLOODER: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 20);

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
    guest.must("ping", &["-c", "1", "-W", "30", "10.2.0.10"]);
    let flood = guest.run(|| UdpSocket::bind((BLUE, 0)).unwrap());
    for port in 10_000..12_000 {
        flood.send_to(b"let me in", (GREEN, port)).unwrap();
    }
    let statistics = lab.data_plane.statistics().unwrap();
    assert!(statistics.flows <= 64 && statistics.not_installed > 0, "{statistics:?}");
    guest.must("ping", &["-c", "1", "-W", "30", "10.2.0.10"]);
}

/// Conversations beyond what the kernel can hold are carried packet by packet, in both directions.
#[test]
fn established_flows_stay_and_others_pass_beside_them() {
    if !is_root() {
        return;
    }
    let lab = small_lab();
    let server = lab.guest("green/a/1").run(|| UdpSocket::bind((GREEN, 5000)).unwrap());
    server.set_read_timeout(Some(crate::lab::PATIENCE)).unwrap();
    let clients: Vec<_> = (0..60).map(|_| lab.guest("blue/a/1").run(|| UdpSocket::bind((BLUE, 0)).unwrap())).collect();
    for _ in 0..2 {
        for client in &clients {
            client.set_read_timeout(Some(crate::lab::PATIENCE)).unwrap();
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

/// A thousand at once are nobody's flood.
#[test]
fn a_thousand_new_connections_at_once_are_all_carried() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::with(Config { flows: 8192, ..Config::new(runtime_dir()) });
    lab.change(PEERED);
    lab.change("allow green/default ingress udp 5000 10.1.0.0/16");
    let server = lab.guest("green/a/1").run(|| UdpSocket::bind((GREEN, 5000)).unwrap());
    nix::sys::socket::setsockopt(&server, nix::sys::socket::sockopt::RcvBufForce, &(4 << 20)).unwrap();
    server.set_read_timeout(Some(PATIENCE)).unwrap();
    let clients: Vec<_> = lab.guest("blue/a/1").run(|| (0..1000).map(|_| UdpSocket::bind((BLUE, 0)).unwrap()).collect());
    for client in &clients {
        client.send_to(b"new", (GREEN, 5000)).unwrap();
    }
    for _ in &clients {
        server.recv(&mut [0; 16]).unwrap();
    }
    assert_eq!(lab.discarded(Discard::Limited), 0);
}

/// One instance begins flows as fast as it can; another's connections all come about meanwhile.
#[test]
fn a_flood_of_new_flows_starves_nobody_else() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::with(Config::new(runtime_dir()));
    lab.change(PEERED);
    lab.change("instance blue/a/2 10.1.0.20\nallow green/default ingress all 10.1.0.0/16");
    let listener = lab.guest("green/a/1").run(|| TcpListener::bind((GREEN, 80)).unwrap());
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                let flood = lab.guest("blue/a/2").run(|| UdpSocket::bind((FLOODER, 0)).unwrap());
                for port in 1..10_000 {
                    // It fails when somebody says that nobody is there.
                    let _ = flood.send_to(b"new", (GREEN, port));
                }
            }
        });
        eventually("the flood", || (lab.discarded(Discard::Limited) > 0).then_some(()));
        let victim = lab.guest("blue/a/1");
        for _ in 0..200 {
            let client = victim.run(|| TcpStream::connect_timeout(&(GREEN, 80).into(), PATIENCE).unwrap());
            drop((client, listener.accept().unwrap()));
        }
        ended.store(true, Ordering::Relaxed);
    });
    let flooder = lab.origin("blue/a/2");
    assert!(lab.data_plane.flows().unwrap().iter().any(|flow| flow.from == flooder), "it is limited, not cut off");
}
