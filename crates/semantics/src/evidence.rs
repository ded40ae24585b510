//! What a thing on the way looked at to decide about a packet: its rows, and why each did or did not match.
//!
//! The walk itself makes it, of the comparisons by which it decides, for whoever [records](crate::Recorder) it.

use model::{NetworkAclEntry, NetworkAclId, RouteTableId, SecurityGroupId, SecurityGroupRule};

use crate::matching::TrafficMismatch;
use crate::packet::Packet;
use crate::routing::Route;

/// What was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The packet as it was there: a gateway on its way may have translated it.
    pub packet: Packet,
    /// The rows.
    pub rows: Rows,
}

/// The rows of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rows {
    /// The rules of an interface's security groups: any that fits will do.
    SecurityGroups(Vec<(SecurityGroupId, SecurityGroupRule, Fit)>),
    /// The rules of a network ACL, by number: the first that fits decides, and those behind it are not asked.
    NetworkAcl(NetworkAclId, Vec<(u16, NetworkAclEntry, Option<Fit>)>),
    /// The routes of a table: the longest prefix that holds the destination wins.
    Routes(RouteTableId, Vec<(Route, RouteFit)>),
}

/// Whether a rule fits a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    /// In what its traffic does not.
    pub traffic: Option<TrafficMismatch>,
    /// In what its peer does not.
    pub peer: Option<PeerMismatch>,
}

/// Why a rule's peer is not who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerMismatch {
    /// The address is not in the block.
    Address,
    /// The address is not the private one of an interface that has the group.
    NotMember,
    /// The group is gone, or no active peering connection joins its VPC any more: the rule is stale.
    Stale,
}

/// What became of a route in the choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteFit {
    /// It won.
    Wins,
    /// It holds the destination, and a longer prefix does, too.
    Shorter,
    /// It does not hold the destination.
    Elsewhere,
}

impl Fit {
    /// Whether it does.
    pub fn fits(&self) -> bool {
        self.traffic.is_none() && self.peer.is_none()
    }
}
