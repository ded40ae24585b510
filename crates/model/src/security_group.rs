//! Security group: what may reach an interface and what may leave it; rules only allow.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>

use serde::{Deserialize, Serialize};

use crate::{AccountId, Cidr, Direction, Scope, SecurityGroupId, SecurityGroupRuleId, Traffic, VpcId};

/// A security group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// Its id.
    pub id: SecurityGroupId,
    /// Whose, and where.
    pub scope: Scope,
    /// The VPC it belongs to.
    pub vpc: VpcId,
    /// Its name: unique in the VPC, whatever the case.
    pub name: String,
    /// What its maker said it is for.
    pub description: String,
    /// Its rules, in the order in which they came. No two say the same.
    pub rules: Vec<SecurityGroupRule>,
}

/// One rule: a direction, some traffic and one peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityGroupRule {
    /// Its id.
    pub id: SecurityGroupRuleId,
    /// Which way.
    pub direction: Direction,
    /// What.
    pub traffic: Traffic,
    /// From whom, or to whom.
    pub peer: RulePeer,
    /// What its maker said it is for; not part of what it says.
    pub description: Option<String>,
}

/// Whom a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RulePeer {
    /// Addresses.
    Cidr(Cidr),
    /// The private addresses of the interfaces that have this group.
    SecurityGroup {
        /// The group.
        group: SecurityGroupId,
        /// Its owner.
        account: AccountId,
    },
}

impl SecurityGroup {
    /// The name of the group that every VPC has.
    pub const DEFAULT_NAME: &'static str = "default";

    /// The rules of one direction.
    pub fn rules(&self, direction: Direction) -> impl Iterator<Item = &SecurityGroupRule> {
        self.rules.iter().filter(move |rule| rule.direction == direction)
    }

    /// Whether one of its rules names that group.
    pub fn refers_to(&self, other: SecurityGroupId) -> bool {
        self.rules.iter().any(|rule| matches!(rule.peer, RulePeer::SecurityGroup { group, .. } if group == other))
    }
}

impl SecurityGroupRule {
    /// Whether both say the same, whatever their ids and descriptions.
    pub fn same_as(&self, other: &SecurityGroupRule) -> bool {
        (self.direction, self.traffic, self.peer) == (other.direction, other.traffic, other.peer)
    }
}
