//! Connections, remembered as the packets that began them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::{Direction, NetworkInterfaceId};
use semantics::{ConnectionKey, Packet, Tracking, Transport};

/// What of a packet says which flow it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Header {
    source: IpAddr,
    destination: IpAddr,
    transport: Transport,
}

/// A connection that was opened by a packet passing an interface's groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Where.
    pub interface: NetworkInterfaceId,
    /// Which way the first packet went.
    pub began: Direction,
    /// The first packet, as it was there.
    pub first: Header,
    /// How the connection is kept.
    pub tracking: Tracking,
}

/// What is remembered of the flow of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// It is tracked, or it is an error about one that is.
    Tracked,
    /// It answers a flow that is not tracked.
    AnswersUntracked,
    /// Nothing that matters.
    Nothing,
}

/// All connections.
#[derive(Debug, Default)]
pub struct Table(BTreeMap<(NetworkInterfaceId, Direction, Header), Tracking>);

impl Header {
    /// That of a packet.
    pub fn of(packet: &Packet) -> Self {
        Self { source: packet.source, destination: packet.destination, transport: packet.transport }
    }

    /// That of the packet that answers one of this header (6.6.1).
    fn answer(self) -> Option<Self> {
        let transport = match self.transport {
            Transport::Tcp { source_port, destination_port } => Transport::Tcp { source_port: destination_port, destination_port: source_port },
            Transport::Udp { source_port, destination_port } => Transport::Udp { source_port: destination_port, destination_port: source_port },
            Transport::Icmp { kind: 8, code, identifier } => Transport::Icmp { kind: 0, code, identifier },
            Transport::Icmp { kind: kind @ (13 | 15 | 17), code, identifier } => Transport::Icmp { kind: kind + 1, code, identifier },
            Transport::Icmp { .. } => return None,
            Transport::Other(number) => Transport::Other(number),
        };
        Some(Self { source: self.destination, destination: self.source, transport })
    }
}

impl Table {
    /// Opens connections, or keeps them otherwise from now on.
    pub fn extend(&mut self, opened: &[Opening]) {
        self.0.extend(opened.iter().map(|opening| ((opening.interface, opening.began, opening.first), opening.tracking)));
    }

    /// What is remembered at the interface about a packet that goes that way.
    pub fn recall(&self, interface: NetworkInterfaceId, direction: Direction, packet: &Packet) -> Memory {
        // A packet is of a flow if it is the first one again, or its answer going the other way. An error has no flow of
        // its own: it is of that of the packet that it quotes, which went against it.
        let (header, direction) = match packet.about {
            Some(quoted) => (Header { source: quoted.source, destination: quoted.destination, transport: quoted.transport }, direction.opposite()),
            None => (Header::of(packet), direction),
        };
        let is_again = |began: Direction, first: Header| began == direction && first == header;
        let is_answer = |began: Direction, first: Header| began != direction && first.answer() == Some(header);
        let here = || self.0.iter().filter(|((at, _, _), _)| *at == interface).map(|(&(_, began, first), &tracking)| (began, first, tracking));
        if here().any(|(began, first, tracking)| tracking == Tracking::Tracked && (is_again(began, first) || is_answer(began, first))) {
            Memory::Tracked
        } else if packet.about.is_none() && here().any(|(began, first, _)| is_answer(began, first)) {
            Memory::AnswersUntracked
        } else {
            Memory::Nothing
        }
    }
}

impl Opening {
    /// The name that `semantics` has for the connection.
    pub fn key(&self) -> ConnectionKey {
        let &Opening { interface, began: initiated, first, .. } = self;
        let (protocol, sender, receiver) = match first.transport {
            Transport::Tcp { source_port, destination_port } => (6, source_port, destination_port),
            Transport::Udp { source_port, destination_port } => (17, source_port, destination_port),
            Transport::Icmp { .. } => (if first.source.is_ipv4() { 1 } else { 58 }, 0, 0),
            Transport::Other(number) => (number, 0, 0),
        };
        let (local, remote, local_port, remote_port) = match initiated {
            Direction::Egress => (first.source, first.destination, sender, receiver),
            Direction::Ingress => (first.destination, first.source, receiver, sender),
        };
        let (local_port, remote_port) = match first.transport {
            Transport::Icmp { kind, code, identifier } => (identifier, u16::from(kind) * 256 + u16::from(code)),
            _ => (local_port, remote_port),
        };
        ConnectionKey { interface, initiated, protocol, local, remote, local_port, remote_port }
    }
}
