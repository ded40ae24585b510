//! Network ACL: the numbered, stateless rules at a subnet's edge.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::text::words;
use crate::{Cidr, Direction, NetworkAclId, Scope, Traffic, VpcId};

/// A network ACL. The last rule of each direction, `*` deny, is not in it: it always stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkAcl {
    /// Its id.
    pub id: NetworkAclId,
    /// Whose, and where.
    pub scope: Scope,
    /// The VPC it belongs to.
    pub vpc: VpcId,
    /// Rules for packets that enter a subnet, by number.
    pub ingress: BTreeMap<u16, NetworkAclEntry>,
    /// Rules for packets that leave one, by number.
    pub egress: BTreeMap<u16, NetworkAclEntry>,
}

/// A rule of a network ACL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkAclEntry {
    /// What it does to what it matches.
    pub action: RuleAction,
    /// The traffic it is about.
    pub traffic: Traffic,
    /// Sources (ingress) or destinations (egress).
    pub cidr: Cidr,
}

words! {
    /// What a network ACL's rule does.
    RuleAction {
        /// Lets pass.
        Allow = "allow",
        /// Drops.
        Deny = "deny",
    }
}

impl NetworkAcl {
    /// The rules of a VPC's default network ACL: 100 allows everything, both ways.
    pub fn default_entries() -> BTreeMap<u16, NetworkAclEntry> {
        BTreeMap::from([(100, NetworkAclEntry { action: RuleAction::Allow, traffic: Traffic::All, cidr: Cidr::ALL_IPV4 })])
    }

    /// The rules of a direction.
    pub fn entries(&self, direction: Direction) -> &BTreeMap<u16, NetworkAclEntry> {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }

    /// The rules of a direction, to change.
    pub fn entries_mut(&mut self, direction: Direction) -> &mut BTreeMap<u16, NetworkAclEntry> {
        match direction {
            Direction::Ingress => &mut self.ingress,
            Direction::Egress => &mut self.egress,
        }
    }
}
