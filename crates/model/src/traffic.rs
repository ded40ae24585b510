//! What a rule of a security group or of a network ACL speaks about: a protocol, and its ports or ICMP types.

use serde::{Deserialize, Serialize};

/// Inclusive range of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PortRange {
    /// Lowest.
    pub from: u16,
    /// Highest.
    pub to: u16,
}

impl PortRange {
    /// Every port.
    pub const ALL: PortRange = PortRange { from: 0, to: u16::MAX };

    /// Just this one.
    pub fn only(port: u16) -> Self {
        Self { from: port, to: port }
    }

    /// Whether the port is in the range.
    pub fn contains(&self, port: u16) -> bool {
        (self.from..=self.to).contains(&port)
    }
}

/// Which ICMP messages: `None` is any (the API's -1). A code without a type cannot be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum IcmpMatch {
    /// Every message.
    Any,
    /// Every code of a type.
    Type(u8),
    /// One code of a type.
    TypeAndCode(u8, u8),
}

/// A protocol with what can be told apart within it. Ports are always the packet's destination ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Traffic {
    /// Every protocol (the API's `-1`).
    All,
    /// TCP.
    Tcp(PortRange),
    /// UDP.
    Udp(PortRange),
    /// ICMP; it does not cover ICMPv6.
    Icmp(IcmpMatch),
    /// ICMPv6; it does not cover ICMP.
    Icmpv6(IcmpMatch),
    /// Another protocol, by IANA's number.
    Protocol(u8),
}

/// Which way, as seen from the thing that has the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// Into the interface or the subnet.
    Ingress,
    /// Out of it.
    Egress,
}

impl Direction {
    /// The other one.
    pub fn opposite(self) -> Self {
        match self {
            Direction::Ingress => Direction::Egress,
            Direction::Egress => Direction::Ingress,
        }
    }

    /// `ingress` or `egress`.
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        }
    }
}
