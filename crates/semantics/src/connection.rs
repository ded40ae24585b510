//! Connections, as security groups track them.
//!
//! A group is stateful: the reply of a flow that was let in is let out, whatever the rules say, and a tracked flow
//! outlives the rule that admitted it. Tracking happens at each interface for itself, so a flow between two instances
//! is two connections: one that its sender's interface initiated, one that its receiver's saw arrive. Who keeps them
//! is not said here: [`evaluate`](crate::evaluate) asks through [`Connections`] and answers what it [`Opened`].
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::{Direction, NetworkInterfaceId};

use crate::packet::{Packet, Quoted, Transport, request_type};

/// What names a connection: both directions of a flow at one interface, and which of them began it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionKey {
    /// Where it is tracked.
    pub interface: NetworkInterfaceId,
    /// The direction of its first packet.
    pub initiated: Direction,
    /// The protocol's number.
    pub protocol: u8,
    /// The address on this side.
    pub local: IpAddr,
    /// The address on the other side.
    pub remote: IpAddr,
    /// The port on this side; for ICMP the identifier.
    pub local_port: u16,
    /// The port on the other side; for ICMP the type and code of the first packet.
    pub remote_port: u16,
}

/// Whether the state of an open connection is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tracking {
    /// It is: its packets pass, both ways, whatever the rules have become.
    Tracked,
    /// It is not, for it was open to the world both ways when it began: each of its packets is judged by the rules.
    Untracked,
}

/// The connections that are open.
pub trait Connections {
    /// How this one is kept; `None` if it is not open.
    fn find(&self, key: &ConnectionKey) -> Option<Tracking>;
}

/// No connections: every packet is the first of its flow.
impl Connections for () {
    fn find(&self, _key: &ConnectionKey) -> Option<Tracking> {
        None
    }
}

impl Connections for BTreeMap<ConnectionKey, Tracking> {
    fn find(&self, key: &ConnectionKey) -> Option<Tracking> {
        self.get(key).copied()
    }
}

/// A connection that a packet opened by passing a security group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The connection.
    pub key: ConnectionKey,
    /// How it is to be kept.
    pub tracking: Tracking,
}

impl ConnectionKey {
    /// The connection that the packet is of if it is a packet of its initiator.
    pub fn of_initiator(interface: NetworkInterfaceId, direction: Direction, packet: &Packet) -> Self {
        let (here, there) = match packet.transport {
            Transport::Tcp { source_port, destination_port } | Transport::Udp { source_port, destination_port } => match direction {
                Direction::Egress => (source_port, destination_port),
                Direction::Ingress => (destination_port, source_port),
            },
            Transport::Icmp { kind, code, identifier } => (identifier, u16::from_be_bytes([kind, code])),
            Transport::Other(_) => (0, 0),
        };
        let (local, remote) = match direction {
            Direction::Egress => (packet.source, packet.destination),
            Direction::Ingress => (packet.destination, packet.source),
        };
        Self { interface, initiated: direction, protocol: packet.protocol(), local, remote, local_port: here, remote_port: there }
    }

    /// The connection that the packet is of if it is a packet of the one who answers; `None` if it answers nothing.
    pub fn of_responder(interface: NetworkInterfaceId, direction: Direction, packet: &Packet) -> Option<Self> {
        let request = match packet.transport {
            Transport::Icmp { kind, code, identifier } => {
                Packet { transport: Transport::Icmp { kind: request_type(kind)?, code, identifier }, ..*packet }
            }
            _ => *packet,
        };
        let as_initiator = Self::of_initiator(interface, direction, &request);
        Some(Self { initiated: direction.opposite(), ..as_initiator })
    }

    /// The connections that an ICMP error may be about: those of the packet that it quotes, which went the other way.
    pub fn of_quoted(interface: NetworkInterfaceId, direction: Direction, quoted: &Quoted) -> [Option<Self>; 2] {
        let original = Packet::new(quoted.source, quoted.destination, quoted.transport);
        let went = direction.opposite();
        [Some(Self::of_initiator(interface, went, &original)), Self::of_responder(interface, went, &original)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENI: &str = "eni-0a1b2c3d4e5f67890";

    /// Rule 6.6.1: the reply belongs to the connection of its request.
    #[test]
    fn a_reply_finds_the_connection_of_its_request() {
        let eni: NetworkInterfaceId = ENI.parse().unwrap();
        let (a, b) = ("10.1.0.10".parse().unwrap(), "10.2.0.10".parse().unwrap());
        for request in [
            Packet::echo_request(a, b, 7),
            Packet::new(a, b, Transport::Tcp { source_port: 40000, destination_port: 22 }),
            Packet::new(a, b, Transport::Udp { source_port: 53, destination_port: 53 }),
            Packet::new(a, b, Transport::Other(47)),
        ] {
            let opened = ConnectionKey::of_initiator(eni, Direction::Egress, &request);
            let reply = request.reply().unwrap();
            assert_eq!(ConnectionKey::of_responder(eni, Direction::Ingress, &reply), Some(opened), "{request:?}");
            assert_ne!(ConnectionKey::of_initiator(eni, Direction::Ingress, &reply), opened, "{request:?}");
        }
    }

    /// An echo reply that nobody asked for is a flow of its own, not the answer to a ping the other way.
    #[test]
    fn an_echo_request_answers_nothing() {
        let eni: NetworkInterfaceId = ENI.parse().unwrap();
        let request = Packet::echo_request("10.1.0.10".parse().unwrap(), "10.2.0.10".parse().unwrap(), 7);
        assert_eq!(ConnectionKey::of_responder(eni, Direction::Ingress, &request), None);
    }
}
