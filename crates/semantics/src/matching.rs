//! Whether a rule's traffic is a packet's, and if not, in what they differ.

use model::{IcmpMatch, Traffic};

use crate::packet::{Packet, Transport};

/// In what a rule's traffic differs from a packet's. The first thing that does is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrafficMismatch {
    /// It is for another protocol.
    Protocol,
    /// It is for other destination ports.
    Port,
    /// It is for other ICMP messages.
    Message,
}

/// Whether the packet is of that traffic. Ports are destination ports.
pub fn matches(traffic: &Traffic, packet: &Packet) -> bool {
    mismatch(traffic, packet).is_none()
}

/// In what the packet is not of that traffic; `None` if it is.
pub(crate) fn mismatch(traffic: &Traffic, packet: &Packet) -> Option<TrafficMismatch> {
    let ipv6 = packet.source.is_ipv6();
    let unless = |matches: bool, mismatch| (!matches).then_some(mismatch);
    match (traffic, packet.transport) {
        (Traffic::All, _) => None,
        (Traffic::Tcp(ports), Transport::Tcp { destination_port, .. }) | (Traffic::Udp(ports), Transport::Udp { destination_port, .. }) => {
            unless(ports.contains(destination_port), TrafficMismatch::Port)
        }
        (Traffic::Icmp(message), Transport::Icmp { kind, code, .. }) if !ipv6 => {
            unless(message_matches(message, kind, code), TrafficMismatch::Message)
        }
        (Traffic::Icmpv6(message), Transport::Icmp { kind, code, .. }) if ipv6 => {
            unless(message_matches(message, kind, code), TrafficMismatch::Message)
        }
        (Traffic::Protocol(number), _) => unless(packet.protocol() == *number, TrafficMismatch::Protocol),
        _ => Some(TrafficMismatch::Protocol),
    }
}

fn message_matches(message: &IcmpMatch, kind: u8, code: u8) -> bool {
    match *message {
        IcmpMatch::Any => true,
        IcmpMatch::Type(only) => kind == only,
        IcmpMatch::TypeAndCode(only, with) => (kind, code) == (only, with),
    }
}
