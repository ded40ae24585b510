//! Network insights analysis: what Reachability Analyzer found out about a path.
//!
//! It is of the moment at which it was started, and stays as it was found whatever becomes of the network.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInsightsAnalysis.html>

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::text::words;
use crate::{
    AccountId, Cidr, Direction, NetworkInsightsAnalysisId, NetworkInsightsPathId, PortRange, ResourceId, RouteTarget, RuleAction, RulePeer, Scope,
    Timestamp, Traffic, VpcPeeringConnectionId,
};

/// An analysis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkInsightsAnalysis {
    /// Its id.
    pub id: NetworkInsightsAnalysisId,
    /// Whose, and where.
    pub scope: Scope,
    /// Of which path.
    pub path: NetworkInsightsPathId,
    /// When it was started: it is about the network as it was then.
    pub started: Timestamp,
    /// Where it stands.
    pub status: AnalysisStatus,
    /// Under which conditions a way counts.
    pub conditions: AnalysisConditions,
    /// What it found out.
    pub findings: Findings,
}

words! {
    /// Where an analysis stands.
    AnalysisStatus {
        /// Just started: what it finds is not told yet.
        Running = "running",
        /// It has found out.
        Succeeded = "succeeded",
    }
}

/// Under which conditions a way counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnalysisConditions {
    /// Other accounts whose resources may be on the way.
    pub additional_accounts: Vec<AccountId>,
    /// What must be on the way.
    pub through: Vec<VpcPeeringConnectionId>,
    /// What must not be on the way.
    pub without: Vec<VpcPeeringConnectionId>,
}

/// What an analysis found out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// Whether packets arrive, and for TCP their replies.
    pub path_found: bool,
    /// What they pass, in order.
    pub forward: Vec<PathComponent>,
    /// What replies pass, in order.
    pub back: Vec<PathComponent>,
    /// What is in the way.
    pub explanations: Vec<Explanation>,
    /// Other accounts whose resources are on the way, and that were not named.
    pub suggested_accounts: Vec<AccountId>,
}

/// Something on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathComponent {
    /// It.
    pub component: AnalysisComponent,
    /// What it belongs to.
    pub parts: BTreeMap<Role, AnalysisComponent>,
    /// The rule by which it lets packets pass, if it is a network ACL.
    pub acl_rule: Option<AnalysisAclRule>,
    /// The rule by which it does, if it is a security group and not its state.
    pub security_group_rule: Option<AnalysisSecurityGroupRule>,
    /// The route that they take, if it is a route table.
    pub route: Option<AnalysisRoute>,
    /// The headers that come in, at the ends.
    pub inbound: Option<HeaderSet>,
    /// The headers that go out, at the beginning and where they change; what does not change is not said.
    pub outbound: Option<HeaderSet>,
}

/// Something that is in the way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// AWS's code (<https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html>).
    pub code: String,
    /// Whose thing it is, and where.
    pub scope: Option<Scope>,
    /// Which way the packet was going.
    pub direction: Option<Direction>,
    /// What it is about.
    pub parts: BTreeMap<Role, AnalysisComponent>,
    /// The security groups whose rules do not admit the packet.
    pub security_groups: Vec<AnalysisComponent>,
    /// The network ACL's rule that denies it.
    pub acl_rule: Option<AnalysisAclRule>,
    /// The route that it does not get along.
    pub route: Option<AnalysisRoute>,
    /// The address that is the trouble.
    pub address: Option<IpAddr>,
    /// The blocks that it would have to be in.
    pub cidrs: Vec<Cidr>,
    /// The state that is the trouble.
    pub state: Option<String>,
}

/// A resource as it was, by name too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnalysisComponent {
    /// Its id.
    pub id: ResourceId,
    /// Whose, and where.
    pub scope: Scope,
    /// Its `Name` tag.
    pub name: Option<String>,
}

words! {
    /// What a resource has to do with a component or an explanation: the members of AWS's shapes.
    Role {
        /// The network ACL.
        Acl = "acl",
        /// What a component is attached to.
        AttachedTo = "attachedTo",
        /// What it is about, where no other member says so.
        Component = "component",
        /// Whom packets are for.
        Destination = "destination",
        /// The VPC at the far side.
        DestinationVpc = "destinationVpc",
        /// The internet gateway.
        InternetGateway = "internetGateway",
        /// The interface.
        NetworkInterface = "networkInterface",
        /// The route table.
        RouteTable = "routeTable",
        /// The security group.
        SecurityGroup = "securityGroup",
        /// The VPC at the near side.
        SourceVpc = "sourceVpc",
        /// The subnet.
        Subnet = "subnet",
        /// The VPC.
        Vpc = "vpc",
        /// The peering connection.
        VpcPeeringConnection = "vpcPeeringConnection",
    }
}

/// A rule of a network ACL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnalysisAclRule {
    /// Its number; the last rule, `*`, has 32767.
    pub number: u16,
    /// Which way.
    pub direction: Direction,
    /// What it does.
    pub action: RuleAction,
    /// What it is for.
    pub traffic: Traffic,
    /// From or to whom.
    pub cidr: Cidr,
}

/// A rule of a security group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnalysisSecurityGroupRule {
    /// Which way.
    pub direction: Direction,
    /// What it is for.
    pub traffic: Traffic,
    /// From or to whom.
    pub peer: RulePeer,
}

/// A route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnalysisRoute {
    /// What it is for.
    pub destination: Cidr,
    /// Where it leads; `None` is the VPC itself.
    pub target: Option<RouteTarget>,
    /// Whether it leads nowhere.
    pub blackhole: bool,
}

/// Headers that packets may have: any combination of these. A list that is empty is not said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderSet {
    /// IANA's number of the protocol.
    pub protocol: Option<u8>,
    /// The sender's addresses.
    pub sources: Vec<Cidr>,
    /// The receiver's addresses.
    pub destinations: Vec<Cidr>,
    /// The sender's ports.
    pub source_ports: Vec<PortRange>,
    /// The receiver's ports.
    pub destination_ports: Vec<PortRange>,
}
