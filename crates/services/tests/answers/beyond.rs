//! What becomes of packets that go beyond the simulated internet.

use std::net::{Ipv4Addr, SocketAddrV4};

use etherparse::{Ipv4Header, Ipv4HeaderSlice, PacketBuilder, TcpHeader, TcpHeaderSlice};
use model::Timestamp;
use model::internet::{BEYOND, THRESHOLD};
use proptest::prelude::*;
use services::beyond::{Action, Echo, Flow, PORT, Translator, datagram};

const GUEST: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(198, 18, 0, 9), 40_000);
const REMOTE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(9, 9, 9, 9), 443);
const FLOW: Flow = Flow { guest: GUEST, remote: REMOTE };
const NOW: Timestamp = Timestamp(1_000_000);

fn tcp(from: SocketAddrV4, to: SocketAddrV4, shape: impl Fn(&mut TcpHeader), payload: &[u8]) -> Vec<u8> {
    let mut header = TcpHeader::new(from.port(), to.port(), 7, 1000);
    shape(&mut header);
    let builder = PacketBuilder::ipv4(from.ip().octets(), to.ip().octets(), 60).tcp_header(header);
    let mut packet = Vec::new();
    builder.write(&mut packet, payload).unwrap();
    packet
}

fn syn(from: SocketAddrV4, to: SocketAddrV4) -> Vec<u8> {
    tcp(from, to, |header| header.syn = true, &[])
}

/// The ends and flags of a segment whose checksums are right.
fn read(packet: &[u8]) -> (SocketAddrV4, SocketAddrV4, TcpHeader) {
    let ip = Ipv4HeaderSlice::from_slice(packet).unwrap();
    assert_eq!(ip.to_header().calc_header_checksum(), ip.header_checksum());
    let tcp = TcpHeaderSlice::from_slice(&packet[20..]).unwrap();
    let header = tcp.to_header();
    let payload = &packet[20 + header.header_len()..usize::from(ip.total_len())];
    assert_eq!(header.calc_checksum_ipv4(&ip.to_header(), payload).unwrap(), header.checksum);
    let (from, to) = (Ipv4Addr::from(ip.source()), Ipv4Addr::from(ip.destination()));
    (SocketAddrV4::new(from, header.source_port), SocketAddrV4::new(to, header.destination_port), header)
}

fn begun(translator: &mut Translator) -> u16 {
    match translator.take(&syn(GUEST, REMOTE), NOW) {
        Action::Connect(port, FLOW) => port,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_connection_is_accepted_when_the_other_side_has_accepted_it() {
    let mut translator = Translator::default();
    let port = begun(&mut translator);
    assert_eq!(translator.take(&syn(GUEST, REMOTE), NOW), Action::Ignore, "it waits");
    let (from, to, header) = read(&translator.accepted(port).unwrap());
    assert_eq!((from, to, header.syn), (SocketAddrV4::new(BEYOND, port), SocketAddrV4::new(THRESHOLD, PORT), true));

    let Action::Write(answer) = translator.take(&tcp(to, from, |header| (header.syn, header.ack) = (true, true), &[]), NOW) else { panic!() };
    assert_eq!(read(&answer).0, REMOTE);
    assert_eq!(read(&answer).1, GUEST);
    let Action::Write(data) = translator.take(&tcp(GUEST, REMOTE, |header| header.ack = true, b"hello"), NOW) else { panic!() };
    assert!(data.ends_with(b"hello") && read(&data).0 == from);

    translator.ended(port, NOW);
    assert!(matches!(translator.take(&tcp(to, from, |header| header.ack = true, &[]), NOW), Action::Write(_)), "the last words");
    assert!(matches!(translator.take(&syn(GUEST, REMOTE), NOW), Action::Connect(again, FLOW) if again != port), "the same ports, once more");
}

#[test]
fn a_refusal_is_a_refusal_and_silence_is_silence() {
    let mut translator = Translator::default();
    let port = begun(&mut translator);
    let (from, to, header) = read(&translator.refused(port).unwrap());
    assert_eq!((from, to), (REMOTE, GUEST));
    assert_eq!((header.rst, header.ack, header.acknowledgment_number), (true, true, 8));
    let port = begun(&mut translator);
    translator.unanswered(port);
    assert_eq!((translator.accepted(port), translator.refused(port)), (None, None));
}

#[test]
fn what_belongs_to_no_connection_is_reset_but_for_resets() {
    let mut translator = Translator::default();
    let Action::Write(reset) = translator.take(&tcp(GUEST, REMOTE, |header| (header.ack, header.acknowledgment_number) = (true, 99), &[]), NOW)
    else {
        panic!()
    };
    assert_eq!((read(&reset).2.rst, read(&reset).2.sequence_number), (true, 99));
    assert_eq!(translator.take(&tcp(GUEST, REMOTE, |header| header.rst = true, &[]), NOW), Action::Ignore);
    assert_eq!(translator.take(&tcp(SocketAddrV4::new(THRESHOLD, PORT), SocketAddrV4::new(BEYOND, 2000), |_| (), &[]), NOW), Action::Ignore);
}

#[test]
fn guests_only_and_to_the_real_internet_only() {
    let mut translator = Translator::default();
    let at = |text: &str| SocketAddrV4::new(text.parse().unwrap(), 80);
    for (from, to) in [
        (GUEST, at("10.0.0.1")),
        (GUEST, at("127.0.0.1")),
        (GUEST, at("169.254.169.254")),
        (GUEST, at("203.0.113.80")),
        (GUEST, at("224.0.0.1")),
        (at("203.0.113.10"), REMOTE),
        (at("10.1.0.5"), REMOTE),
        (SocketAddrV4::new(BEYOND, 2000), REMOTE),
    ] {
        assert_eq!(translator.take(&syn(from, to), NOW), Action::Ignore, "{from} to {to}");
    }
}

#[test]
fn nobody_has_all_connections() {
    let mut translator = Translator::default();
    let mut ports = Vec::new();
    for guest in 1..=5 {
        let count = (1..=300u16).filter(|&port| {
            let from = SocketAddrV4::new(Ipv4Addr::new(198, 18, 0, guest), port);
            match translator.take(&syn(from, REMOTE), NOW) {
                Action::Connect(port, _) => ports.push(port),
                _ => return false,
            }
            true
        });
        assert_eq!(count.count(), if guest == 5 { 0 } else { 256 });
    }
    ports.iter().for_each(|&port| translator.ended(port, NOW));
    assert_eq!(translator.take(&syn(GUEST, REMOTE), NOW.plus_millis(60_000)), Action::Ignore, "they may have something to say yet");
    assert!(matches!(translator.take(&syn(GUEST, REMOTE), NOW.plus_millis(60_001)), Action::Connect(..)));
}

#[test]
fn datagrams_and_echo_requests_are_taken_out_of_their_packets() {
    let mut translator = Translator::default();
    let mut packet = Vec::new();
    PacketBuilder::ipv4(GUEST.ip().octets(), REMOTE.ip().octets(), 9).udp(GUEST.port(), REMOTE.port()).write(&mut packet, b"hello").unwrap();
    assert_eq!(translator.take(&packet, NOW), Action::Send(FLOW, b"hello".into()));
    // Ethernet's padding is none of it.
    packet.extend([0; 20]);
    assert_eq!(translator.take(&packet, NOW), Action::Send(FLOW, b"hello".into()));
    // The first of two fragments.
    packet[6] = 0x20;
    assert_eq!(translator.take(&packet, NOW), Action::Ignore);

    let mut packet = Vec::new();
    PacketBuilder::ipv4(GUEST.ip().octets(), REMOTE.ip().octets(), 9).icmpv4_echo_request(3, 4).write(&mut packet, b"ping").unwrap();
    let echo = Echo { guest: *GUEST.ip(), remote: *REMOTE.ip(), identifier: 3, sequence: 4, payload: b"ping".into() };
    assert_eq!(translator.take(&packet, NOW), Action::Echo(echo));

    let long = datagram(&FLOW, &[7; 4000]).unwrap();
    let (header, _) = Ipv4Header::from_slice(&long).unwrap();
    assert!(!header.dont_fragment && header.calc_header_checksum() == header.header_checksum);
}

proptest! {
    #[test]
    fn no_packet_is_too_odd(
        packets in prop::collection::vec((any::<bool>(), 6u8..18, prop::collection::vec(any::<u8>(), 0..80)), 1..20),
    ) {
        let mut translator = Translator::default();
        for (is_ours, protocol, mut bytes) in packets {
            if bytes.len() >= 20 {
                let (from, to) = if is_ours { (GUEST, REMOTE) } else { (SocketAddrV4::new(THRESHOLD, 0), SocketAddrV4::new(BEYOND, 0)) };
                bytes[0] = 0x45;
                bytes[9] = protocol;
                bytes[12..16].copy_from_slice(&from.ip().octets());
                bytes[16..20].copy_from_slice(&to.ip().octets());
            }
            if let Action::Connect(port, _) = translator.take(&bytes, NOW) {
                translator.accepted(port);
            }
        }
    }
}
