//! The connections that interfaces know, in the one table that [`evaluate`](semantics::evaluate) asks.
//!
//! A connection is opened by the packet that a security group's rule let through, and lives as long as a flow that is
//! part of it: the flows hold it.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;

use model::{Direction, NetworkInterfaceId};
use semantics::{ConnectionKey, Connections, Opened, Packet, Tracking};

use crate::clock::{Nanoseconds, SECOND};
use crate::hash::HashMap;
use crate::verdict::Role;

/// How long connections last whose flow the kernel had no room for.
const LINGER: Nanoseconds = 30 * SECOND;
/// And how many.
const LINGERING: usize = 65_536;

/// Every open connection, tracked or not.
#[derive(Debug, Default)]
pub(crate) struct ConnectionTable {
    connections: HashMap<ConnectionKey, Connection>,
    lingering: VecDeque<(Nanoseconds, Membership)>,
}

#[derive(Debug)]
struct Connection {
    tracking: Tracking,
    /// How many flows hold it.
    holders: u32,
}

/// The connections that a flow is part of: at the interface that its packets leave, and at the one they arrive at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Membership {
    pub at_source: Option<ConnectionKey>,
    pub at_destination: Option<ConnectionKey>,
}

impl Connections for ConnectionTable {
    fn find(&self, key: &ConnectionKey) -> Option<Tracking> {
        self.connections.get(key).map(|connection| connection.tracking)
    }
}

impl ConnectionTable {
    /// The connection that a packet is part of at an interface: the one it answers, the one it opened, or the one it
    /// continues. What it opened is open from now on, and ends unless a flow [holds](Self::hold) it.
    pub fn join(&mut self, at: NetworkInterfaceId, direction: Direction, packet: &Packet, opened: Option<Opened>) -> Option<ConnectionKey> {
        let answered = ConnectionKey::of_responder(at, direction, packet).filter(|key| self.connections.contains_key(key));
        if answered.is_some() {
            return answered;
        }
        if let Some(Opened { key, tracking }) = opened {
            // A packet of an untracked connection opens it anew when the rules that admit it have become narrower.
            self.connections.entry(key).or_insert(Connection { tracking, holders: 0 }).tracking = tracking;
            return Some(key);
        }
        Some(ConnectionKey::of_initiator(at, direction, packet)).filter(|key| self.connections.contains_key(key))
    }

    /// A connection that was open in an earlier daemon, as one of its flows knew it: tracked if any of them says so.
    pub fn reopen(&mut self, key: ConnectionKey, tracking: Tracking) {
        let connection = self.connections.entry(key).or_insert(Connection { tracking, holders: 0 });
        if tracking == Tracking::Tracked {
            connection.tracking = tracking;
        }
    }

    /// A flow is part of these.
    pub fn hold(&mut self, membership: &Membership) {
        for key in membership.keys() {
            if let Some(connection) = self.connections.get_mut(&key) {
                connection.holders += 1;
            }
        }
    }

    /// A flow is part of these no more; those that no flow is part of end.
    pub fn release(&mut self, membership: &Membership) {
        for key in membership.keys() {
            if let Entry::Occupied(mut entry) = self.connections.entry(key) {
                let holders = &mut entry.get_mut().holders;
                *holders = holders.saturating_sub(1);
                if *holders == 0 {
                    entry.remove();
                }
            }
        }
    }

    /// Someone who held these gives them up, but not at once.
    pub fn linger(&mut self, membership: Membership, now: Nanoseconds) {
        self.lingering.push_back((now, membership));
        if self.lingering.len() > LINGERING {
            self.release_oldest();
        }
    }

    /// Ends what has lingered long enough.
    pub fn expire(&mut self, now: Nanoseconds) {
        while self.lingering.front().is_some_and(|(since, _)| now.saturating_sub(*since) >= LINGER) {
            self.release_oldest();
        }
    }

    fn release_oldest(&mut self) {
        if let Some((_, membership)) = self.lingering.pop_front() {
            self.release(&membership);
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.connections.len()
    }
}

impl Membership {
    /// Whose packets the flow's are, as the sender's interface tracks them, or else the receiver's: the internet tracks
    /// nothing.
    pub fn role(&self) -> Role {
        let answers = match (self.at_source, self.at_destination) {
            (Some(key), _) => key.initiated == Direction::Ingress,
            (None, Some(key)) => key.initiated == Direction::Egress,
            (None, None) => false,
        };
        if answers { Role::Responder } else { Role::Initiator }
    }

    fn keys(&self) -> impl Iterator<Item = ConnectionKey> {
        [self.at_source, self.at_destination].into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use semantics::Transport;

    use super::*;

    fn request() -> (NetworkInterfaceId, Packet) {
        let transport = Transport::Tcp { source_port: 40000, destination_port: 22 };
        let packet = Packet::new("10.1.0.10".parse().unwrap(), "10.2.0.10".parse().unwrap(), transport);
        ("eni-0a1b2c3d4e5f67890".parse().unwrap(), packet)
    }

    #[test]
    fn a_connection_ends_with_the_last_flow_that_holds_it() {
        let (eni, packet) = request();
        let mut table = ConnectionTable::default();
        let key = ConnectionKey::of_initiator(eni, Direction::Egress, &packet);
        let joined = table.join(eni, Direction::Egress, &packet, Some(Opened { key, tracking: Tracking::Tracked }));
        assert_eq!(joined, Some(key));
        let there = Membership { at_source: joined, at_destination: None };
        let back = Membership { at_source: None, at_destination: table.join(eni, Direction::Ingress, &packet.reply().unwrap(), None) };
        assert_eq!(back.at_destination, Some(key), "the reply is part of it");
        table.hold(&there);
        table.hold(&back);
        table.release(&there);
        assert_eq!(table.find(&key), Some(Tracking::Tracked));
        table.release(&back);
        assert_eq!(table.find(&key), None);
    }

    #[test]
    fn an_answer_opens_nothing_of_its_own() {
        let (eni, packet) = request();
        let mut table = ConnectionTable::default();
        let key = ConnectionKey::of_initiator(eni, Direction::Ingress, &packet);
        table.join(eni, Direction::Ingress, &packet, Some(Opened { key, tracking: Tracking::Untracked }));
        let reply = packet.reply().unwrap();
        let own = ConnectionKey::of_initiator(eni, Direction::Egress, &reply);
        assert_eq!(table.join(eni, Direction::Egress, &reply, Some(Opened { key: own, tracking: Tracking::Tracked })), Some(key));
        assert_eq!((table.find(&own), table.find(&key)), (None, Some(Tracking::Untracked)));
    }
}
