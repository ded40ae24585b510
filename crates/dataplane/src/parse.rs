//! Reads the headers by which a packet is judged. It agrees with `parse` in `ebpf/fabric.bpf.c` on what a flow is.
//!
//! Guests send what they like: any bytes yield an answer, and what is read is bounded by a few headers.

use std::net::{IpAddr, Ipv4Addr};

use semantics::{Packet, Quoted, Transport};

pub(crate) const ICMP: u8 = 1;
pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;

/// TCP's flags, in the byte that they stand in.
pub(crate) mod tcp_flags {
    pub const FIN: u8 = 0x01;
    pub const SYN: u8 = 0x02;
    pub const RST: u8 = 0x04;
    pub const ACK: u8 = 0x10;
}

/// What an IPv4 packet is to the slow path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// A packet of a flow: whole, or the first of its fragments.
    Flow {
        /// Its headers.
        packet: Packet,
        /// Whether it asks for a new connection: TCP's SYN without ACK.
        opens: bool,
        /// What its later fragments will be known by, if it is a first one.
        first_of: Option<FragmentKey>,
    },
    /// A fragment without a transport header.
    LaterFragment(FragmentKey),
    /// An ICMP error about another packet.
    Error(Packet),
}

/// What ties the fragments of a packet together (RFC 791, section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FragmentKey {
    pub source: Ipv4Addr,
    pub destination: Ipv4Addr,
    pub protocol: u8,
    pub identification: u16,
}

/// Reads a packet from its IP header on; `None` if it is not well formed.
pub(crate) fn parse(bytes: &[u8]) -> Option<Parsed> {
    let ip = Ipv4::read(bytes)?;
    let key = FragmentKey { source: ip.source, destination: ip.destination, protocol: ip.protocol, identification: ip.identification };
    if ip.fragment_offset != 0 {
        return Some(Parsed::LaterFragment(key));
    }
    let transport = read_transport(ip.protocol, ip.payload)?;
    let packet = Packet::new(ip.source.into(), ip.destination.into(), transport);
    if matches!(transport, Transport::Icmp { kind, .. } if is_error(kind)) {
        return Some(Parsed::Error(Packet { about: Some(read_quoted(ip.payload.get(8..)?)?), ..packet }));
    }
    let opens = ip.protocol == TCP && ip.payload.get(13).is_some_and(|flags| flags & (tcp_flags::SYN | tcp_flags::ACK) == tcp_flags::SYN);
    Some(Parsed::Flow { packet, opens, first_of: ip.more_fragments.then_some(key) })
}

struct Ipv4<'a> {
    source: Ipv4Addr,
    destination: Ipv4Addr,
    protocol: u8,
    identification: u16,
    more_fragments: bool,
    fragment_offset: u16,
    payload: &'a [u8],
}

impl<'a> Ipv4<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let header: &[u8; 20] = bytes.first_chunk()?;
        let (version, header_length) = (header[0] >> 4, usize::from(header[0] & 0x0f) * 4);
        if version != 4 || header_length < 20 {
            return None;
        }
        let fragment = u16::from_be_bytes([header[6], header[7]]);
        Some(Self {
            source: Ipv4Addr::new(header[12], header[13], header[14], header[15]),
            destination: Ipv4Addr::new(header[16], header[17], header[18], header[19]),
            protocol: header[9],
            identification: u16::from_be_bytes([header[4], header[5]]),
            more_fragments: fragment & 0x2000 != 0,
            fragment_offset: fragment & 0x1fff,
            payload: bytes.get(header_length..)?,
        })
    }
}

fn read_transport(protocol: u8, bytes: &[u8]) -> Option<Transport> {
    let header: &[u8; 8] = match protocol {
        ICMP | TCP | UDP => bytes.first_chunk()?,
        other => return Some(Transport::Other(other)),
    };
    let (source_port, destination_port) = (u16::from_be_bytes([header[0], header[1]]), u16::from_be_bytes([header[2], header[3]]));
    Some(match protocol {
        TCP => Transport::Tcp { source_port, destination_port },
        UDP => Transport::Udp { source_port, destination_port },
        _ => {
            let identifier = if has_identifier(header[0]) { u16::from_be_bytes([header[4], header[5]]) } else { 0 };
            Transport::Icmp { kind: header[0], code: header[1], identifier }
        }
    })
}

/// The length of the IP header.
pub(crate) fn header_length(bytes: &[u8]) -> Option<usize> {
    Ipv4::read(bytes).map(|ip| bytes.len() - ip.payload.len())
}

/// The length of the headers that each segment of a packet has, IP's and the transport's.
pub(crate) fn segment_headers(bytes: &[u8]) -> usize {
    let Some(ip) = Ipv4::read(bytes) else { return 0 };
    let transport = match (ip.protocol, ip.payload.get(12)) {
        (TCP, Some(offset)) => usize::from(offset >> 4) * 4,
        (UDP, _) => 8,
        _ => 0,
    };
    bytes.len() - ip.payload.len() + transport
}

/// Where in a packet the checksum is that covers its addresses too, if there is one: fragments that are not the first
/// have none, ICMP's covers none, and a UDP checksum of zero is none.
pub(crate) fn covering_checksum(bytes: &[u8]) -> Option<usize> {
    let ip = Ipv4::read(bytes).filter(|ip| ip.fragment_offset == 0)?;
    let at = match ip.protocol {
        TCP => 16,
        UDP if ip.payload.get(6..8)? != [0, 0] => 6,
        _ => return None,
    };
    (ip.payload.len() >= at + 2).then(|| bytes.len() - ip.payload.len() + at)
}

/// The packet that an error quotes: its IP header and at least 8 bytes more (RFC 792). Errors about later fragments
/// quote no transport header, and errors about errors are never sent (RFC 1122, section 3.2.2): neither is well formed.
fn read_quoted(bytes: &[u8]) -> Option<Quoted> {
    let ip = Ipv4::read(bytes)?;
    let transport = read_transport(ip.protocol, ip.payload).filter(|_| ip.fragment_offset == 0)?;
    Some(Quoted { source: IpAddr::V4(ip.source), destination: IpAddr::V4(ip.destination), transport })
}

/// Destination unreachable, source quench, redirect, time exceeded, parameter problem.
fn is_error(kind: u8) -> bool {
    matches!(kind, 3 | 4 | 5 | 11 | 12)
}

/// Echo, and the old queries: timestamp, information, address mask.
fn has_identifier(kind: u8) -> bool {
    matches!(kind, 0 | 8 | 13..=18)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: [u8; 4] = [10, 1, 0, 10];
    const B: [u8; 4] = [10, 2, 0, 10];

    /// An IPv4 packet with a header of 20 bytes.
    fn ipv4(protocol: u8, fragment: u16, payload: &[u8]) -> Vec<u8> {
        let [high, low] = fragment.to_be_bytes();
        let mut bytes = vec![0x45, 0, 0, 0, 0x12, 0x34, high, low, 64, protocol, 0, 0];
        bytes.extend(A);
        bytes.extend(B);
        bytes.extend(payload);
        bytes
    }

    fn key(protocol: u8) -> FragmentKey {
        FragmentKey { source: A.into(), destination: B.into(), protocol, identification: 0x1234 }
    }

    #[test]
    fn ports_are_read_behind_options() {
        let mut bytes = ipv4(UDP, 0, &[]);
        bytes[0] = 0x46;
        bytes.extend([1, 1, 1, 0]);
        bytes.extend([0x30, 0x39, 0, 53, 0, 8, 0, 0]);
        let packet = Packet::new(IpAddr::from(A), IpAddr::from(B), Transport::Udp { source_port: 12345, destination_port: 53 });
        assert_eq!(parse(&bytes), Some(Parsed::Flow { packet, opens: false, first_of: None }));
    }

    #[test]
    fn fragments_are_known_by_identification() {
        let first = parse(&ipv4(ICMP, 0x2000, &[8, 0, 0, 0, 0, 7, 0, 1])).unwrap();
        let packet = Packet::echo_request(A.into(), B.into(), 7);
        assert_eq!(first, Parsed::Flow { packet, opens: false, first_of: Some(key(ICMP)) });
        assert_eq!(parse(&ipv4(ICMP, 0x2001, b"data")), Some(Parsed::LaterFragment(key(ICMP))));
        assert_eq!(parse(&ipv4(ICMP, 0x0001, &[])), Some(Parsed::LaterFragment(key(ICMP))));
    }

    #[test]
    fn an_error_is_about_what_it_quotes() {
        let mut error = vec![3, 3, 0, 0, 0, 0, 0, 0];
        error.extend(ipv4(UDP, 0, &[0, 53, 0x30, 0x39, 0, 8, 0, 0]));
        let Some(Parsed::Error(packet)) = parse(&ipv4(ICMP, 0, &error)) else { panic!("no error") };
        let transport = Transport::Udp { source_port: 53, destination_port: 12345 };
        assert_eq!(packet.about, Some(Quoted { source: A.into(), destination: B.into(), transport }));
        error.truncate(8 + 20 + 7);
        assert_eq!(parse(&ipv4(ICMP, 0, &error)), None, "RFC 792 promises 8 bytes");
    }

    #[test]
    fn only_a_syn_without_ack_opens() {
        let with_flags = |flags| {
            let mut segment = [0; 20];
            segment[13] = flags;
            match parse(&ipv4(TCP, 0, &segment)) {
                Some(Parsed::Flow { opens, .. }) => opens,
                other => panic!("{other:?}"),
            }
        };
        assert!(with_flags(tcp_flags::SYN));
        assert!(!with_flags(tcp_flags::SYN | tcp_flags::ACK));
        assert!(!with_flags(tcp_flags::ACK | tcp_flags::FIN));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = parse(&bytes);
        }

        /// What begins like IPv4 gets further.
        #[test]
        fn any_payload_is_read_without_panic(
            protocol in prop_oneof![Just(ICMP), Just(TCP), Just(UDP), any::<u8>()],
            length in 4u8..16,
            fragment in prop_oneof![Just(0u16), any::<u16>()],
            payload in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            let mut bytes = ipv4(protocol, fragment, &payload);
            bytes[0] = 0x40 | length;
            if let Some(Parsed::Flow { packet, .. }) = parse(&bytes) {
                prop_assert_eq!(packet.protocol(), protocol);
                prop_assert!(crate::layout::FlowKey::of(1, &packet).is_some());
            }
        }
    }
}
