//! Between instances and the internet: packets change their addresses on the way and nothing else, and the way carries
//! less than an instance's network card does.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddrV4, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::thread;
use std::time::{Duration, Instant};

use crate::lab::{Guest, Lab, PATIENCE, eventually, is_root};
use dataplane::Discard;
use model::internet::{LAPTOP, WEB_SERVER};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, recv, sendto, socket};
use semantics::{Denial, Verdict};

const ONE: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 10);
const PUBLIC_ONE: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 10);
const PUBLIC_TWO: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 11);

/// Two instances with public addresses in a public subnet; anybody may send them anything.
fn public_lab() -> Lab {
    let mut lab = Lab::new();
    lab.change(
        "vpc blue 10.1.0.0/16
        subnet blue/a 10.1.0.0/24
        instance blue/a/1 10.1.0.10
        instance blue/a/2 10.1.0.11
        gateway blue
        route blue/main 0.0.0.0/0 gateway
        elastic blue/a/1 198.18.0.10
        elastic blue/a/2 198.18.0.11
        allow blue/default ingress all 0.0.0.0/0",
    );
    lab
}

fn bound(guest: &Guest, address: Ipv4Addr, port: u16) -> UdpSocket {
    let socket = guest.run(|| UdpSocket::bind((address, port)).unwrap());
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// Bytes that show when one of them is missing or misplaced.
fn pattern(length: usize) -> Vec<u8> {
    (0..length as u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).take(length).collect()
}

/// Sends bytes over a fresh connection, and gets them back.
fn echo(lab: &Lab, from: &str, to: &str, length: usize) {
    let sent = pattern(length);
    let (listener, mut client) = lab.connect(from, to, 8080);
    let (mut server, _) = listener.accept().unwrap();
    for stream in [&client, &server] {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
    }
    let answer = thread::spawn(move || {
        let mut received = Vec::new();
        server.read_to_end(&mut received).unwrap();
        server.write_all(&received).unwrap();
    });
    client.write_all(&sent).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut received = Vec::new();
    client.read_to_end(&mut received).unwrap();
    answer.join().unwrap();
    assert!(received == sent, "{} of {} bytes came back, or others", received.len(), sent.len());
}

#[test]
fn megabytes_go_both_ways() {
    if !is_root() {
        return;
    }
    let lab = public_lab();
    for (from, to) in [("203.0.113.10", "198.18.0.10"), ("blue/a/1", "203.0.113.80")] {
        echo(&lab, from, to, 8 << 20);
    }
    let statistics = lab.data_plane.statistics().unwrap();
    assert!(statistics.asked <= 8, "only first packets are asked about: {statistics:?}");
}

/// Both ends would use jumbo frames, and the gateway between them carries none: TCP has to find out.
#[test]
fn tcp_finds_the_path_mtu_around_the_gateway() {
    if !is_root() {
        return;
    }
    let lab = public_lab();
    echo(&lab, "blue/a/1", "198.18.0.11", 1 << 20);
    assert!(lab.discarded(Discard::TooBig) > 0);
    let learnt = lab.guest("blue/a/1").must("ip", &["route", "get", "198.18.0.11"]);
    assert!(learnt.contains("mtu 1500"), "{learnt}");
    echo(&lab, "blue/a/2", "198.18.0.11", 1 << 20);
}

#[test]
fn a_sender_is_told_what_the_gateway_carries() {
    if !is_root() {
        return;
    }
    let lab = public_lab();
    let guest = lab.guest("blue/a/1");
    guest.must("ping", &["-c", "1", "-W", "30", "-M", "do", "-s", "1472", "203.0.113.80"]);
    let (answered, output) = guest.command("ping", &["-c", "1", "-W", "2", "-M", "do", "-s", "1473", "203.0.113.80"]);
    assert!(!answered && output.contains("From 10.1.0.1 ") && output.contains("mtu = 1500"), "{output}");
    guest.must("ping", &["-c", "1", "-W", "30", "-M", "do", "-s", "8973", "10.1.0.11"]);
}

/// Who allows fragments gets them.
#[test]
fn long_datagrams_are_cut_up() {
    if !is_root() {
        return;
    }
    let lab = public_lab();
    lab.guest("blue/a/1").run(|| std::fs::write("/proc/sys/net/ipv4/ip_no_pmtu_disc", "1").unwrap());
    let server = bound(&lab.internet, WEB_SERVER, 5000);
    let client = bound(lab.guest("blue/a/1"), ONE, 0);
    let sent = pattern(60_000);
    for length in [1472, 1473, 5000, 60_000] {
        client.send_to(&sent[..length], (WEB_SERVER, 5000)).unwrap();
        let mut buffer = vec![0; 70_000];
        let (received, from) = server.recv_from(&mut buffer).unwrap();
        assert!(buffer[..received] == sent[..length], "{received} of {length} bytes");
        server.send_to(&buffer[..received], from).unwrap();
        let received = client.recv(&mut buffer).unwrap();
        assert!(buffer[..received] == sent[..length], "{received} of {length} bytes back");
    }
    lab.guest("blue/a/1").must("ping", &["-c", "1", "-W", "30", "-M", "dont", "-s", "8000", "203.0.113.80"]);
}

/// Reads the packets that come to the internet.
struct Tap(OwnedFd);

impl Tap {
    fn new(guest: &Guest) -> Self {
        let tap = || socket(AddressFamily::Packet, SockType::Datagram, SockFlag::empty(), SockProtocol::EthAll).unwrap();
        Self(guest.run(tap))
    }

    /// The next packet of that protocol for that address.
    fn next(&self, protocol: u8, destination: Ipv4Addr) -> Vec<u8> {
        let mut buffer = [0; 2048];
        loop {
            let length = recv(self.0.as_raw_fd(), &mut buffer, MsgFlags::empty()).unwrap();
            let packet = &buffer[..length];
            if packet[0] >> 4 == 4 && packet[9] == protocol && packet[16..20] == destination.octets() {
                return packet.to_vec();
            }
        }
    }
}

fn sum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let sum: u32 = words.sum();
    let sum = (sum & 0xffff) + (sum >> 16);
    (sum + (sum >> 16)) as u16
}

/// What a transport checksum covers beside the packet itself.
fn pseudo_header(packet: &[u8]) -> Vec<u8> {
    let length = (packet.len() - 20) as u16;
    [&packet[12..20], &[0, packet[9]], &length.to_be_bytes()].concat()
}

/// Checksums that are left to the hardware stand as the sum of the pseudo header: with the new addresses.
#[test]
fn checksums_are_right_that_nobody_has_computed_yet() {
    if !is_root() {
        return;
    }
    let lab = public_lab();
    let tap = Tap::new(&lab.internet);
    let client = bound(lab.guest("blue/a/1"), ONE, 0);
    // The first by the slow path, the second by the kernel alone.
    for _ in 0..2 {
        client.send_to(b"data", (WEB_SERVER, 9)).unwrap();
        let packet = tap.next(17, WEB_SERVER);
        assert_eq!(packet[12..16], PUBLIC_ONE.octets());
        assert_eq!(sum(&packet[..20]), 0xffff);
        assert_eq!(u16::from_be_bytes([packet[26], packet[27]]), sum(&pseudo_header(&packet)));
    }
    lab.guest("blue/a/1").run(|| TcpStream::connect((WEB_SERVER, 9)).unwrap_err());
    let packet = tap.next(6, WEB_SERVER);
    assert_eq!(u16::from_be_bytes([packet[36], packet[37]]), sum(&pseudo_header(&packet)));
}

/// A datagram with all headers, as its sender's own kernel would not write it.
fn datagram(checksum: impl FnOnce(u16) -> u16) -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 32, 0, 1, 0, 0, 64, 17, 0, 0];
    packet.extend([ONE.octets(), WEB_SERVER.octets()].concat());
    packet.extend([0x30, 0x39, 0x13, 0x88, 0, 12, 0, 0, b'd', b'a', b't', b'a']);
    let right = !sum(&[pseudo_header(&packet), packet[20..].to_vec()].concat());
    packet[26..28].copy_from_slice(&checksum(right).to_be_bytes());
    packet
}

/// The receiver's kernel checks them. One that was wrong stays wrong, and none stays none.
#[test]
fn checksums_are_right_that_the_sender_has_computed() {
    if !is_root() {
        return;
    }
    let lab = public_lab();
    let server = bound(&lab.internet, WEB_SERVER, 5000);
    let raw = || socket(AddressFamily::Inet, SockType::Raw, SockFlag::empty(), SockProtocol::Raw).unwrap();
    let raw = lab.guest("blue/a/1").run(raw);
    let send = |packet: &[u8]| sendto(raw.as_raw_fd(), packet, &SockaddrIn::from(SocketAddrV4::new(WEB_SERVER, 0)), MsgFlags::empty()).unwrap();
    let tap = Tap::new(&lab.internet);
    for _ in 0..2 {
        send(&datagram(|right| right ^ 0x0100));
        let packet = tap.next(17, WEB_SERVER);
        assert_ne!(sum(&[pseudo_header(&packet), packet[20..].to_vec()].concat()), 0xffff);
        send(&datagram(|right| right));
        send(&datagram(|_| 0));
        for checksum in [true, false] {
            let mut buffer = [0; 16];
            let (length, from) = server.recv_from(&mut buffer).unwrap();
            assert_eq!((&buffer[..length], from.ip()), (&b"data"[..], IpAddr::V4(PUBLIC_ONE)));
            let packet = tap.next(17, WEB_SERVER);
            assert_eq!(packet[26..28] != [0, 0], checksum);
        }
    }
}

/// A closed port says so, to both sides, and quotes what was sent there.
#[test]
fn refusals_find_their_way_back() {
    if !is_root() {
        return;
    }
    let lab = public_lab();
    for (from, own, to) in
        [("203.0.113.10", LAPTOP, PUBLIC_ONE), ("blue/a/1", ONE, WEB_SERVER), ("blue/a/1", ONE, PUBLIC_TWO), ("blue/a/1", ONE, PUBLIC_ONE)]
    {
        let client = bound(lab.guest(from), own, 0);
        client.connect((to, 9)).unwrap();
        client.send(b"anybody?").unwrap();
        assert_eq!(client.recv(&mut [0; 8]).unwrap_err().kind(), ErrorKind::ConnectionRefused, "{from} to {to}");
        let refused = lab.guest(from).run(|| TcpStream::connect((to, 9)).unwrap_err());
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused, "{from} to {to}");
    }
    assert_eq!(lab.discarded(Discard::IcmpError), 0);
}

/// Question and answer are one flow then.
#[test]
fn an_instance_calls_itself_by_its_public_address() {
    if !is_root() {
        return;
    }
    let lab = public_lab();
    lab.guest("blue/a/1").must("ping", &["-c", "2", "-i", "0.01", "-W", "30", "198.18.0.10"]);
    let socket = bound(lab.guest("blue/a/1"), ONE, 500);
    for _ in 0..2 {
        socket.send_to(b"me", (PUBLIC_ONE, 500)).unwrap();
        let (_, from) = socket.recv_from(&mut [0; 8]).unwrap();
        assert_eq!(from, (PUBLIC_ONE, 500).into());
    }
    let flows = lab.flows("blue/a/1", PUBLIC_ONE.into());
    assert!(flows.iter().any(|flow| flow.packets == 2 && flow.packet.protocol() == 17), "{flows:?}");
}

#[test]
fn an_elastic_ip_that_moves_takes_its_packets_along() {
    if !is_root() {
        return;
    }
    let mut lab = public_lab();
    let servers = ["blue/a/1", "blue/a/2"].map(|instance| bound(lab.guest(instance), Ipv4Addr::UNSPECIFIED, 5000));
    let client = bound(&lab.internet, LAPTOP, 0);
    client.connect((PUBLIC_ONE, 5000)).unwrap();
    let mut buffer = [0; 16];
    let ask = |server: &UdpSocket, buffer: &mut [u8]| {
        client.send(b"who?").unwrap();
        let (length, from) = server.recv_from(buffer).unwrap();
        server.send_to(&buffer[..length], from).unwrap();
    };
    ask(&servers[0], &mut buffer);
    client.recv(&mut buffer).unwrap();

    lab.change("release blue/a/2");
    lab.change("release blue/a/1");
    let asked = lab.data_plane.statistics().unwrap().asked;
    client.send(b"who?").unwrap();
    let cut = |lab: &Lab| lab.flows("203.0.113.10", PUBLIC_ONE.into()).into_iter().find(|flow| flow.packets == 2);
    let flow = eventually("the packet", || cut(&lab));
    assert!(matches!(flow.verdict, Verdict::Drop(Denial::NoSuchPublicAddress { .. })), "{flow:?}");
    assert_eq!(lab.data_plane.statistics().unwrap().asked, asked, "cut in place");

    lab.change("elastic blue/a/2 198.18.0.10");
    ask(&servers[1], &mut buffer);
    client.recv(&mut buffer).unwrap();
    lab.change("release blue/a/2");
    lab.change("elastic blue/a/1 198.18.0.10");
    ask(&servers[0], &mut buffer);
    client.recv(&mut buffer).unwrap();
}

/// What comes in as an answer has to be one.
#[test]
fn strangers_meet_the_rules_and_answers_pass() {
    if !is_root() {
        return;
    }
    let mut lab = public_lab();
    lab.change("revoke blue/default ingress all 0.0.0.0/0");
    let server = bound(&lab.internet, WEB_SERVER, 53);
    let client = bound(lab.guest("blue/a/1"), ONE, 40_000);
    client.connect((WEB_SERVER, 53)).unwrap();
    client.send(b"?").unwrap();
    let (_, from) = server.recv_from(&mut [0; 8]).unwrap();
    assert_eq!(from, (PUBLIC_ONE, 40_000).into());
    server.send_to(b"!", from).unwrap();
    client.recv(&mut [0; 8]).unwrap();

    let stranger = bound(&lab.internet, LAPTOP, 53);
    stranger.send_to(b"!", from).unwrap();
    let of_stranger = || lab.flows("203.0.113.10", PUBLIC_ONE.into()).into_iter().find(|flow| flow.packet.source == IpAddr::from(LAPTOP));
    let flow = eventually("the stranger", of_stranger);
    assert!(matches!(flow.verdict, Verdict::Drop(Denial::SecurityGroup { .. })), "{flow:?}");

    lab.internet.must("ip", &["address", "add", "10.9.9.9/32", "dev", "lo"]);
    let private = bound(&lab.internet, Ipv4Addr::new(10, 9, 9, 9), 53);
    private.send_to(b"!", from).unwrap();
    let dropped = || lab.flows("203.0.113.10", PUBLIC_ONE.into()).into_iter().find(|flow| flow.packet.source.to_string() == "10.9.9.9");
    let flow = eventually("the private source", dropped);
    assert!(matches!(flow.verdict, Verdict::Drop(Denial::PrivateSource { .. })), "{flow:?}");
}

/// Translated or not, tracked or not, delivered or not: nothing of it is lost with the daemon.
#[test]
fn the_next_daemon_knows_what_the_last_one_knew() {
    if !is_root() {
        return;
    }
    let mut lab = public_lab();
    let ways = [("203.0.113.10", "198.18.0.10"), ("blue/a/1", "203.0.113.80"), ("blue/a/2", "198.18.0.10"), ("blue/a/1", "blue/a/2")];
    let mut talks: Vec<_> = ways.into_iter().zip(1..).map(|((from, to), port)| talk(&lab, from, to, port)).collect();
    lab.change("revoke blue/default ingress all 0.0.0.0/0");
    for sender in ["203.0.113.0/24", "198.18.0.0/24", "10.1.0.0/24"] {
        lab.change(&format!("allow blue/default ingress tcp 0-100 {sender}"));
    }
    lab.change("allow blue/default ingress tcp 200 0.0.0.0/0");
    let _untracked = talk(&lab, "203.0.113.10", "198.18.0.11", 200);
    for (client, server) in &mut talks {
        say(client, server);
        say(server, client);
    }
    talks.extend(ways.into_iter().zip(11..).map(|((from, to), port)| talk(&lab, from, to, port)));
    let dropped = Instant::now();
    lab.guest("blue/a/1").command("ping", &["-c", "1", "-W", "0.1", "10.1.0.11"]);
    lab.guest("blue/a/1").command("ping", &["-c", "1", "-W", "0.1", "10.1.0.99"]);

    let known = |lab: &Lab| {
        let mut flows = lab.data_plane.flows().unwrap();
        for flow in &mut flows {
            flow.idle = Duration::ZERO;
            flow.age = Duration::ZERO;
        }
        flows.sort_by_key(|flow| format!("{flow:?}"));
        (flows, lab.data_plane.statistics().unwrap().connections)
    };
    let mut before = known(&lab);
    // The last acknowledgements too are there before anybody compares.
    eventually("quiet", || {
        thread::sleep(Duration::from_millis(250));
        (std::mem::replace(&mut before, known(&lab)) == before).then_some(())
    });
    assert!(before.0.len() > 16, "{before:#?}");
    for time in ["first", "second"] {
        lab.restart();
        let mut now = known(&lab);
        if dropped.elapsed() > Duration::from_secs(4) {
            // What is dropped is forgotten after five seconds, by whichever daemon.
            for (flows, connections) in [&mut now, &mut before] {
                flows.retain(|flow| !matches!(flow.verdict, Verdict::Drop(_)));
                *connections = 0;
            }
        }
        assert!(now == before, "the {time} time, {now:#?} were {before:#?}");
    }

    for sender in ["203.0.113.0/24", "198.18.0.0/24", "10.1.0.0/24"] {
        lab.change(&format!("revoke blue/default ingress tcp 0-100 {sender}"));
    }
    for (client, server) in &mut talks {
        say(client, server);
        say(server, client);
    }
    assert_eq!(lab.data_plane.statistics().unwrap().asked, 0);
}

/// A connection, a word each way.
fn talk(lab: &Lab, from: &str, to: &str, port: u16) -> (TcpStream, TcpStream) {
    let (listener, mut client) = lab.connect(from, to, port);
    let (mut server, _) = listener.accept().unwrap();
    for stream in [&client, &server] {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
    }
    say(&mut client, &mut server);
    say(&mut server, &mut client);
    (client, server)
}

fn say(from: &mut TcpStream, to: &mut TcpStream) {
    from.write_all(b"word").unwrap();
    to.read_exact(&mut [0; 4]).unwrap();
}
