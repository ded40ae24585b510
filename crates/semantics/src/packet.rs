//! A packet, as far as a VPC looks at it.

use std::fmt;
use std::net::IpAddr;

/// The headers by which a packet is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Packet {
    /// Who sends it.
    pub source: IpAddr,
    /// Whom it is for.
    pub destination: IpAddr,
    /// What it carries.
    pub transport: Transport,
    /// The packet that an ICMP error is about.
    pub about: Option<Quoted>,
}

/// The protocol of a packet, with what rules and flows tell apart within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// TCP.
    Tcp {
        /// The sender's port.
        source_port: u16,
        /// The receiver's port.
        destination_port: u16,
    },
    /// UDP.
    Udp {
        /// The sender's port.
        source_port: u16,
        /// The receiver's port.
        destination_port: u16,
    },
    /// ICMP or ICMPv6, as the addresses say.
    Icmp {
        /// The type.
        kind: u8,
        /// The code.
        code: u8,
        /// What ties a reply to its request; 0 where the type has none.
        identifier: u16,
    },
    /// Any other protocol, by IANA's number.
    Other(u8),
}

/// The packet that an ICMP error quotes: it went the other way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quoted {
    /// Its source.
    pub source: IpAddr,
    /// Its destination.
    pub destination: IpAddr,
    /// Its protocol.
    pub transport: Transport,
}

/// ICMP type: echo reply (RFC 792).
pub const ECHO_REPLY: u8 = 0;
/// ICMP type: echo request (RFC 792).
pub const ECHO_REQUEST: u8 = 8;
/// ICMPv6 type: echo request (RFC 4443).
pub const ECHO_REQUEST_V6: u8 = 128;
/// ICMPv6 type: echo reply (RFC 4443).
pub const ECHO_REPLY_V6: u8 = 129;

impl Packet {
    /// A packet between two addresses that is no ICMP error.
    pub fn new(source: IpAddr, destination: IpAddr, transport: Transport) -> Self {
        Self { source, destination, transport, about: None }
    }

    /// An echo request, as `ping` sends it.
    pub fn echo_request(source: IpAddr, destination: IpAddr, identifier: u16) -> Self {
        let kind = if destination.is_ipv6() { ECHO_REQUEST_V6 } else { ECHO_REQUEST };
        Self::new(source, destination, Transport::Icmp { kind, code: 0, identifier })
    }

    /// The packet that answers this one; `None` if nothing does.
    pub fn reply(&self) -> Option<Packet> {
        let transport = match self.transport {
            Transport::Tcp { source_port, destination_port } => Transport::Tcp { source_port: destination_port, destination_port: source_port },
            Transport::Udp { source_port, destination_port } => Transport::Udp { source_port: destination_port, destination_port: source_port },
            Transport::Icmp { kind, code, identifier } => Transport::Icmp { kind: reply_type(kind)?, code, identifier },
            other @ Transport::Other(_) => other,
        };
        Some(Packet::new(self.destination, self.source, transport))
    }

    /// IANA's number of its protocol.
    pub fn protocol(&self) -> u8 {
        match self.transport {
            Transport::Tcp { .. } => 6,
            Transport::Udp { .. } => 17,
            Transport::Icmp { .. } if self.source.is_ipv6() => 58,
            Transport::Icmp { .. } => 1,
            Transport::Other(number) => number,
        }
    }
}

/// The type that answers a type of request.
fn reply_type(kind: u8) -> Option<u8> {
    match kind {
        ECHO_REQUEST => Some(ECHO_REPLY),
        ECHO_REQUEST_V6 => Some(ECHO_REPLY_V6),
        13 | 15 | 17 => Some(kind + 1),
        _ => None,
    }
}

/// The type of request that a type answers.
pub(crate) fn request_type(kind: u8) -> Option<u8> {
    match kind {
        ECHO_REPLY => Some(ECHO_REQUEST),
        ECHO_REPLY_V6 => Some(ECHO_REQUEST_V6),
        14 | 16 | 18 => Some(kind - 1),
        _ => None,
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Transport::Tcp { destination_port, .. } => write!(f, "TCP {destination_port}"),
            Transport::Udp { destination_port, .. } => write!(f, "UDP {destination_port}"),
            Transport::Icmp { kind: ECHO_REQUEST | ECHO_REQUEST_V6, .. } => f.write_str("ICMP echo request"),
            Transport::Icmp { kind: ECHO_REPLY | ECHO_REPLY_V6, .. } => f.write_str("ICMP echo reply"),
            Transport::Icmp { kind, code, .. } => write!(f, "ICMP type {kind} code {code}"),
            Transport::Other(number) => write!(f, "protocol {number}"),
        }
    }
}
