//! Whether a rule's traffic is a packet's.

use model::{IcmpMatch, Traffic};

use crate::packet::{Packet, Transport};

/// Whether the packet is of that traffic. Ports are destination ports.
pub fn matches(traffic: &Traffic, packet: &Packet) -> bool {
    let ipv6 = packet.source.is_ipv6();
    match (traffic, packet.transport) {
        (Traffic::All, _) => true,
        (Traffic::Tcp(ports), Transport::Tcp { destination_port, .. }) | (Traffic::Udp(ports), Transport::Udp { destination_port, .. }) => {
            ports.contains(destination_port)
        }
        (Traffic::Icmp(message), Transport::Icmp { kind, code, .. }) => !ipv6 && message_matches(message, kind, code),
        (Traffic::Icmpv6(message), Transport::Icmp { kind, code, .. }) => ipv6 && message_matches(message, kind, code),
        (Traffic::Protocol(number), _) => packet.protocol() == *number,
        _ => false,
    }
}

fn message_matches(message: &IcmpMatch, kind: u8, code: u8) -> bool {
    match *message {
        IcmpMatch::Any => true,
        IcmpMatch::Type(only) => kind == only,
        IcmpMatch::TypeAndCode(only, with) => (kind, code) == (only, with),
    }
}
