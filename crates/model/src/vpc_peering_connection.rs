//! VPC peering connection: two VPCs that may route to each other, once both sides agree and have routes.
//!
//! <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html>

use serde::{Deserialize, Serialize};

use crate::text::words;
use crate::{Ipv4Cidr, Scope, Timestamp, VpcId, VpcPeeringConnectionId};

/// A peering connection. It goes on being listed for a while after its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VpcPeeringConnection {
    /// Its id.
    pub id: VpcPeeringConnectionId,
    /// Who asked.
    pub requester: PeeringVpc,
    /// Who was asked.
    pub accepter: PeeringVpc,
    /// Where it stands.
    pub status: PeeringStatus,
    /// AWS's sentence about it.
    pub status_message: String,
    /// When the state began.
    pub since: Timestamp,
    /// When an unanswered request expires; only while it is pending.
    pub expiration: Option<Timestamp>,
}

/// One side of a peering connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeeringVpc {
    /// The VPC.
    pub vpc: VpcId,
    /// Its owner and region.
    pub scope: Scope,
    /// Its blocks, as long as they can matter to the other side; it may be gone since.
    pub cidrs: Vec<Ipv4Cidr>,
    /// Whether public names of its instances mean their private addresses to the other side.
    #[serde(default)]
    pub allow_dns_resolution_from_remote_vpc: bool,
    /// When it stops being listed for this side, once it has come to its end.
    #[serde(default)]
    pub listed_until: Option<Timestamp>,
    /// Whether that moment has passed.
    #[serde(default)]
    pub is_forgotten: bool,
}

words! {
    /// Where a peering connection stands.
    PeeringStatus {
        /// Just requested.
        InitiatingRequest = "initiating-request",
        /// The accepter may accept or reject.
        PendingAcceptance = "pending-acceptance",
        /// Accepted, being set up.
        Provisioning = "provisioning",
        /// Carries packets that are routed to it.
        Active = "active",
        /// Refused by the accepter.
        Rejected = "rejected",
        /// Could not be set up.
        Failed = "failed",
        /// Nobody answered within 7 days.
        Expired = "expired",
        /// Deleted by one of the owners.
        Deleted = "deleted",
    }
}

impl PeeringStatus {
    /// Whether nothing can come after it.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Rejected | Self::Failed | Self::Expired | Self::Deleted)
    }
}

impl PeeringVpc {
    /// A side of a new connection.
    pub fn new(vpc: VpcId, scope: Scope, cidrs: Vec<Ipv4Cidr>) -> Self {
        Self { vpc, scope, cidrs, allow_dns_resolution_from_remote_vpc: false, listed_until: None, is_forgotten: false }
    }
}

impl VpcPeeringConnection {
    /// The side of that VPC; `None` if it is no party to it.
    pub fn side(&self, vpc: VpcId) -> Option<&PeeringVpc> {
        [&self.requester, &self.accepter].into_iter().find(|side| side.vpc == vpc)
    }

    /// The side across from that VPC; `None` if it is no party to it.
    pub fn peer_of(&self, vpc: VpcId) -> Option<&PeeringVpc> {
        match vpc {
            _ if vpc == self.requester.vpc => Some(&self.accepter),
            _ if vpc == self.accepter.vpc => Some(&self.requester),
            _ => None,
        }
    }

    /// Whether it is between these two, whoever asked.
    pub fn joins(&self, one: VpcId, other: VpcId) -> bool {
        self.peer_of(one).is_some_and(|peer| peer.vpc == other)
    }
}
