//! The way of a packet, step by step, in AWS's nouns.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use model::{
    Cidr, Direction, InternetGatewayId, LocalService, NetworkAclId, NetworkInterfaceId, RouteTableId, SecurityGroupId, SecurityGroupRuleId, SubnetId,
    VpcPeeringConnectionId,
};

use crate::evidence::Evidence;
use crate::routing::Target;

/// Who is told of each step. `()` listens to nothing and costs nothing; [`Trace`] keeps them all.
pub trait Recorder {
    /// The packet passed this.
    fn passed(&mut self, step: Step);

    /// What was looked at for the step, or for the denial, that comes next.
    #[inline(always)]
    fn looked_at(&mut self, _evidence: impl FnOnce() -> Evidence) {}
}

impl Recorder for () {
    #[inline(always)]
    fn passed(&mut self, _step: Step) {}
}

/// The steps that a packet passed, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The steps.
    pub steps: Vec<Step>,
    /// What was looked at for them, by their places; what a denial looked at is for the place behind the last.
    pub evidence: BTreeMap<usize, Evidence>,
}

impl Recorder for Trace {
    fn passed(&mut self, step: Step) {
        self.steps.push(step);
    }

    fn looked_at(&mut self, evidence: impl FnOnce() -> Evidence) {
        self.evidence.insert(self.steps.len(), evidence());
    }
}

/// Something that a packet passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It left an interface.
    Leave {
        /// Which.
        interface: NetworkInterfaceId,
    },
    /// The groups of an interface let it through.
    SecurityGroup {
        /// Whose groups.
        interface: NetworkInterfaceId,
        /// Which way.
        direction: Direction,
        /// Because of what.
        by: Admission,
    },
    /// It is for its own subnet: neither network ACLs nor route tables are asked.
    SameSubnet {
        /// The subnet.
        subnet: SubnetId,
    },
    /// A rule of a network ACL allows it.
    NetworkAcl {
        /// The network ACL.
        acl: NetworkAclId,
        /// Of which subnet.
        subnet: SubnetId,
        /// Which way.
        direction: Direction,
        /// The rule's number.
        rule: u16,
    },
    /// The longest prefix of a route table that holds its destination.
    Route {
        /// The table.
        table: RouteTableId,
        /// The route.
        route: Cidr,
        /// Where it leads.
        target: Target,
        /// The next best route, if one was beaten.
        beats: Option<(Cidr, Target)>,
    },
    /// It crossed a peering connection.
    Peering {
        /// Which.
        connection: VpcPeeringConnectionId,
    },
    /// An internet gateway translated between a private and a public address.
    Translate {
        /// Which.
        gateway: InternetGatewayId,
        /// The one inside.
        private: Ipv4Addr,
        /// The one outside.
        public: Ipv4Addr,
    },
    /// It was for a public address that is one of ours: it turned round at the gateway.
    Hairpin {
        /// Which.
        gateway: InternetGatewayId,
    },
    /// It is with a service of its VPC, or comes from there: no route and no rule is asked.
    Service {
        /// Which.
        service: LocalService,
    },
    /// It arrived at an interface.
    Arrive {
        /// Which.
        interface: NetworkInterfaceId,
    },
}

/// Why a security group lets a packet through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// A rule says so.
    Rule {
        /// The group.
        group: SecurityGroupId,
        /// Its rule.
        rule: SecurityGroupRuleId,
    },
    /// It is the reply of a flow that was let through the other way.
    Reply,
    /// It is of a flow that was let through this way before, and is still tracked.
    Tracked,
    /// It is an ICMP error about a flow that is tracked.
    Related,
}
