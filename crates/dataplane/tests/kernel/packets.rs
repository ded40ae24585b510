//! What instances send arrives as it was: big segments, fragments, errors, and ports used again.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::thread;
use std::time::Duration;

use crate::lab::{Lab, PATIENCE, PEERED, eventually, is_root};
use dataplane::Discard;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, setsockopt, socket, sockopt};
use semantics::{Transport, Verdict};

const BLUE: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 10);
const GREEN: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 10);

fn open_lab() -> Lab {
    let mut lab = Lab::new();
    lab.change(PEERED);
    lab.change("allow green/default ingress all 10.1.0.0/16");
    lab
}

/// Bytes that show when one of them is missing or misplaced.
fn pattern(length: usize) -> Vec<u8> {
    (0..length as u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).take(length).collect()
}

#[test]
fn a_first_packet_costs_one_question() {
    if !is_root() {
        return;
    }
    let lab = open_lab();
    let server = lab.guest("green/a/1").run(|| UdpSocket::bind((GREEN, 5000)).unwrap());
    let client = lab.guest("blue/a/1").run(|| UdpSocket::bind((BLUE, 0)).unwrap());
    for socket in [&server, &client] {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
    }
    for _ in 0..3 {
        client.send_to(b"word", (GREEN, 5000)).unwrap();
        let (_, from) = server.recv_from(&mut [0; 4]).unwrap();
        server.send_to(b"word", from).unwrap();
        client.recv(&mut [0; 4]).unwrap();
    }
    let statistics = lab.data_plane.statistics().unwrap();
    assert_eq!((statistics.asked, statistics.flows, statistics.connections), (1, 2, 2), "{statistics:?}");
    for flow in lab.data_plane.flows().unwrap() {
        assert_eq!((flow.packets, flow.bytes, flow.tracked), (3, 3 * 32, [true, true]), "{flow:?}");
    }
}

#[test]
fn tcp_carries_megabytes_both_ways() {
    if !is_root() {
        return;
    }
    let lab = open_lab();
    let sent = pattern(32 << 20);
    let (listener, mut client) = lab.connect("blue/a/1", "green/a/1", 80);
    let (mut server, _) = listener.accept().unwrap();
    let echo = thread::spawn(move || {
        let mut received = Vec::new();
        server.read_to_end(&mut received).unwrap();
        server.write_all(&received).unwrap();
    });
    client.write_all(&sent).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut received = Vec::new();
    client.read_to_end(&mut received).unwrap();
    echo.join().unwrap();
    assert!(received == sent, "{} of {} bytes came back, or others", received.len(), sent.len());
    let statistics = lab.data_plane.statistics().unwrap();
    assert!(statistics.asked <= 3, "only first packets are asked about: {statistics:?}");
}

/// Large datagrams are fragments; those that the sender's kernel segments share one checksum state.
#[test]
fn udp_carries_large_datagrams_and_segmented_ones() {
    if !is_root() {
        return;
    }
    let lab = open_lab();
    let server = lab.guest("green/a/1").run(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 5000)).unwrap());
    server.set_read_timeout(Some(PATIENCE)).unwrap();
    let client = lab.guest("blue/a/1").run(|| UdpSocket::bind((BLUE, 0)).unwrap());
    let sent = pattern(65_000);
    for destination in [5000, 5000] {
        client.send_to(&sent, (GREEN, destination)).unwrap();
        let mut received = vec![0; 70_000];
        let (length, _) = server.recv_from(&mut received).unwrap();
        assert!(received[..length] == sent, "{length} bytes");
    }

    let segmented = lab.guest("blue/a/1").run(|| UdpSocket::bind((BLUE, 0)).unwrap());
    set_segment_size(&segmented, 1400);
    for _ in 0..2 {
        segmented.send_to(&sent[..42_000], (GREEN, 5000)).unwrap();
        for expected in sent[..42_000].chunks(1400) {
            let mut received = [0; 2000];
            let (length, _) = server.recv_from(&mut received).unwrap();
            assert!(received[..length] == *expected, "{length} bytes");
        }
    }
}

/// `UDP_SEGMENT`: one call sends many datagrams, and the kernel cuts them as late as it can.
fn set_segment_size(socket: &UdpSocket, size: i32) {
    setsockopt(socket, sockopt::UdpGsoSegment, &size).unwrap();
}

#[test]
fn a_large_ping_is_fragments_of_one_flow() {
    if !is_root() {
        return;
    }
    let lab = open_lab();
    lab.guest("blue/a/1").must("ping", &["-c", "2", "-i", "0.01", "-W", "30", "-s", "20000", "10.2.0.10"]);
    let there = lab.flows("blue/a/1", GREEN.into());
    assert_eq!(there.len(), 1, "{there:?}");
    assert_eq!(there[0].packets, 6, "three fragments each");
}

/// A fragment that is not the first tells nothing: alone, it goes nowhere.
#[test]
fn fragments_of_a_dropped_packet_are_dropped() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new();
    lab.change(PEERED);
    let (answered, _) = lab.guest("blue/a/1").command("ping", &["-c", "1", "-W", "0.1", "-s", "20000", "10.2.0.10"]);
    assert!(!answered);
    let there = lab.flows("blue/a/1", GREEN.into());
    assert!(matches!(there[0].verdict, Verdict::Drop(_)) && there[0].packets == 3, "{there:?}");
}

/// Rule 6.6.2: an error about a tracked flow passes the groups, though no rule allows ICMP there.
#[test]
fn a_closed_udp_port_says_so() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new();
    lab.change(PEERED);
    lab.change("allow green/default ingress udp 9 10.1.0.10/32");
    let client = lab.guest("blue/a/1").run(|| UdpSocket::bind((BLUE, 0)).unwrap());
    client.connect((GREEN, 9)).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.send(b"anybody?").unwrap();
    let refused = client.recv(&mut [0; 8]).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(lab.discarded(Discard::IcmpError), 0);
}

/// A port that is used again after its connection has ended begins a new one: it meets the rules as they are now.
#[test]
fn a_port_used_again_is_judged_again() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new();
    lab.change(PEERED);
    lab.change("allow green/default ingress tcp 80 10.1.0.10/32");
    let listener = lab.guest("green/a/1").run(|| TcpListener::bind((GREEN, 80)).unwrap());
    let connect = || lab.guest("blue/a/1").run(|| connecting_from(40_000, 80));
    for _ in 0..2 {
        // Reset, so that the port is free at once.
        let client = connect();
        let (server, _) = listener.accept().unwrap();
        reset(client.into());
        drop(server);
        let ended = || lab.flows("blue/a/1", GREEN.into()).first().filter(|flow| flow.packets >= 3).cloned();
        eventually("the reset", ended);
    }
    lab.change("revoke green/default ingress tcp 80 10.1.0.10/32");
    let _client = lab.guest("blue/a/1").run(|| connecting_from(40_000, 80));
    let denied = || lab.flows("blue/a/1", GREEN.into()).into_iter().find(|flow| matches!(flow.verdict, Verdict::Drop(_)));
    let denied = eventually("the denial", denied);
    assert_eq!(denied.packet.transport, Transport::Tcp { source_port: 40_000, destination_port: 80 });
}

/// A connection attempt from a port of our choice.
fn connecting_from(port: u16, to: u16) -> TcpStream {
    let made = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_NONBLOCK, None).unwrap();
    setsockopt(&made, sockopt::ReuseAddr, &true).unwrap();
    bind(made.as_raw_fd(), &SockaddrIn::from(std::net::SocketAddrV4::new(BLUE, port))).unwrap();
    let _ = connect(made.as_raw_fd(), &SockaddrIn::from(std::net::SocketAddrV4::new(GREEN, to)));
    TcpStream::from(made)
}

/// Ends a connection by RST.
fn reset(socket: OwnedFd) {
    setsockopt(&socket, sockopt::Linger, &nix::libc::linger { l_onoff: 1, l_linger: 0 }).unwrap();
}

/// A transfer that is cut in its middle goes on when it may again, also where the slow path carries its big segments.
#[test]
fn a_transfer_survives_an_interruption() {
    if !is_root() {
        return;
    }
    let mut lab = open_lab();
    let sent = pattern(16 << 20);
    let (listener, mut client) = lab.connect("blue/a/1", "green/a/1", 80);
    let (mut server, _) = listener.accept().unwrap();
    let receiver = thread::spawn(move || {
        let mut received = Vec::new();
        // Slow enough that the middle can be met.
        let mut buffer = vec![0; 256 << 10];
        while let Ok(length @ 1..) = server.read(&mut buffer) {
            received.extend_from_slice(&buffer[..length]);
            thread::sleep(Duration::from_millis(2));
        }
        received
    });
    let data = sent.clone();
    let sender = thread::spawn(move || client.write_all(&data));
    lab.change("acl green/strict");
    lab.change("guard green/a green/strict");
    let cut = || lab.flows("blue/a/1", GREEN.into()).into_iter().find(|flow| matches!(flow.verdict, Verdict::Drop(_)));
    eventually("the cut", cut);
    lab.change("entry green/strict ingress 100 allow all 0.0.0.0/0\nentry green/strict egress 100 allow all 0.0.0.0/0");
    sender.join().unwrap().unwrap();
    assert!(receiver.join().unwrap() == sent);
}
