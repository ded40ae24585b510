//! The services of a VPC, as guests reach them and as services see guests.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};

use crate::conformance::wire::{Wire, frame};
use crate::lab::{Guest, Lab, PATIENCE, eventually, is_root};
use dataplane::Discard;
use model::local_service::{DHCP_SERVER, METADATA, RESOLVER, VPC_RESOLVER, client_serial};
use semantics::{Packet, Transport};

/// Two VPCs with the same addresses.
fn twins() -> Lab {
    let mut lab = Lab::new();
    for vpc in ["blue", "green"] {
        lab.change(&format!("vpc {vpc} 10.1.0.0/16\nsubnet {vpc}/a 10.1.0.0/24\ninstance {vpc}/a/1 10.1.0.10"));
    }
    lab
}

fn bound(guest: &Guest, address: Ipv4Addr, port: u16) -> UdpSocket {
    let socket = guest.run(|| UdpSocket::bind((address, port)).unwrap());
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// The serial of the interface that an instance is known by.
fn serial(lab: &Lab, instance: &str) -> u32 {
    lab.world.snapshot().resolve(lab.world.interface(instance).unwrap()).serial
}

fn known(peer: SocketAddr) -> Option<u32> {
    match peer.ip() {
        IpAddr::V4(address) => client_serial(address),
        IpAddr::V6(_) => None,
    }
}

#[test]
fn a_service_knows_who_asks() {
    if !is_root() {
        return;
    }
    let lab = twins();
    let listener = lab.services.run(|| TcpListener::bind((METADATA, 80)).unwrap());
    let mut talks = Vec::new();
    for instance in ["blue/a/1", "green/a/1"] {
        let mut client = lab.guest(instance).run(|| TcpStream::connect((METADATA, 80)).unwrap());
        assert_eq!(client.peer_addr().unwrap(), (METADATA, 80).into());
        let (mut server, peer) = listener.accept().unwrap();
        assert_eq!(known(peer), Some(serial(&lab, instance)), "{instance}");
        // More than a packet, both ways.
        let much = vec![7; 200_000];
        let sending = much.clone();
        let sender = std::thread::spawn(move || {
            client.write_all(&sending).unwrap();
            client
        });
        server.read_exact(&mut vec![0; much.len()]).unwrap();
        let mut client = sender.join().unwrap();
        let receiver = std::thread::spawn(move || {
            client.read_exact(&mut vec![0; 200_000]).unwrap();
            client
        });
        server.write_all(&much).unwrap();
        talks.push((receiver.join().unwrap(), server));
    }
    assert_eq!(lab.data_plane.statistics().unwrap().connections, 0, "no group watches over it");
}

/// From the same port, too.
#[test]
fn the_answer_comes_from_where_it_was_asked() {
    if !is_root() {
        return;
    }
    let lab = twins();
    let servers = [RESOLVER, VPC_RESOLVER].map(|at| bound(&lab.services, at, 53));
    for instance in ["blue/a/1", "green/a/1"] {
        let client = bound(lab.guest(instance), Ipv4Addr::UNSPECIFIED, 40_000);
        for (called, server) in [RESOLVER, Ipv4Addr::new(10, 1, 0, 2)].into_iter().zip(&servers) {
            client.send_to(b"?", (called, 53)).unwrap();
            let (_, peer) = server.recv_from(&mut [0; 8]).unwrap();
            assert_eq!(known(peer), Some(serial(&lab, instance)));
            server.send_to(b"!", peer).unwrap();
            assert_eq!(client.recv_from(&mut [0; 8]).unwrap(), (1, (called, 53).into()));
        }
    }
}

/// Images have a route to the link-local addresses on the card; then the guest asks who has them.
#[test]
fn services_are_neighbours_where_a_guest_thinks_so() {
    if !is_root() {
        return;
    }
    let lab = twins();
    let _listener = lab.services.run(|| TcpListener::bind((METADATA, 80)).unwrap());
    let guest = lab.guest("blue/a/1");
    guest.must("ip", &["route", "add", "169.254.0.0/16", "dev", "eth0"]);
    guest.run(|| TcpStream::connect((METADATA, 80)).unwrap());
}

#[test]
fn nobody_asks_for_another() {
    if !is_root() {
        return;
    }
    let lab = twins();
    let server = bound(&lab.services, RESOLVER, 53);
    server.set_nonblocking(true).unwrap();
    let guest = lab.guest("blue/a/1");
    guest.must("ip", &["address", "add", "10.1.0.11/32", "dev", "eth0"]);
    guest.must("ip", &["address", "add", "100.64.0.2/32", "dev", "eth0"]);
    for lie in [[10, 1, 0, 11], [100, 64, 0, 2]] {
        let before = lab.discarded(Discard::SourceAddress);
        bound(guest, Ipv4Addr::from(lie), 0).send_to(b"?", (RESOLVER, 53)).unwrap();
        eventually("the lie", || (lab.discarded(Discard::SourceAddress) > before).then_some(()));
    }
    // Not by being called either: a service's clients are no destination.
    bound(guest, Ipv4Addr::new(10, 1, 0, 10), 0).send_to(b"?", (Ipv4Addr::new(100, 64, 0, 2), 53)).unwrap();
    assert!(server.recv_from(&mut [0; 8]).is_err());
}

/// DHCP is asked by broadcast, from no address, and answered by the subnet's router. Nothing else is broadcast.
#[test]
fn the_dhcp_server_hears_those_who_have_no_address() {
    if !is_root() {
        return;
    }
    let lab = twins();
    let server = bound(&lab.services, DHCP_SERVER, 67);
    let (nobody, everybody) = (IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::BROADCAST));
    let question = |destination_port| Packet::new(nobody, everybody, Transport::Udp { source_port: 68, destination_port });
    for instance in ["blue/a/1", "green/a/1"] {
        let wire = Wire::new(lab.guest(instance));
        let mac = wire.mac();
        let ask = |port| wire.send(&frame([0xff; 6], mac, &question(port), 0, 7));
        // The second one meets the verdict on the first.
        for _ in 0..2 {
            ask(67);
            let (length, peer) = server.recv_from(&mut [0; 8]).unwrap();
            assert_eq!((length, known(peer), peer.port()), (4, Some(serial(&lab, instance)), 68), "{instance}");
            server.send_to(b"!", peer).unwrap();
            let answer = eventually("the answer", || wire.receive());
            assert_eq!((&answer[..6], &answer[26..38], answer[42]), (&mac[..], &[10, 1, 0, 1, 10, 1, 0, 10, 0, 67, 0, 68][..], b'!'));
        }
        let before = lab.discarded(Discard::Multicast);
        ask(137);
        eventually("other broadcasts", || (lab.discarded(Discard::Multicast) > before).then_some(()));
        let before = lab.discarded(Discard::SourceAddress);
        let to_resolver = Packet::new(nobody, RESOLVER.into(), Transport::Udp { source_port: 68, destination_port: 53 });
        wire.send(&frame([0x06; 6], mac, &to_resolver, 0, 7));
        eventually("other questions from nowhere", || (lab.discarded(Discard::SourceAddress) > before).then_some(()));
    }
}

/// The next daemon finds the services as they were, and who listened there is still called.
#[test]
fn services_outlive_the_daemon() {
    if !is_root() {
        return;
    }
    let mut lab = twins();
    let server = bound(&lab.services, VPC_RESOLVER, 53);
    let client = bound(lab.guest("green/a/1"), Ipv4Addr::UNSPECIFIED, 40_000);
    client.connect(("10.1.0.2", 53)).unwrap();
    let ask = |server: &UdpSocket| {
        client.send(b"?").unwrap();
        let (_, peer) = server.recv_from(&mut [0; 8]).unwrap();
        server.send_to(b"!", peer).unwrap();
        client.recv(&mut [0; 8]).unwrap();
    };
    ask(&server);
    lab.restart();
    ask(&server);
    let statistics = lab.data_plane.statistics().unwrap();
    assert_eq!((statistics.asked, statistics.connections), (0, 0));
    drop(server);
    ask(&bound(&Guest::from(lab.data_plane.services_namespace().unwrap()), VPC_RESOLVER, 53));
}
