//! What Reachability Analyzer's answers are made of: the components of a way, and explanations.
//!
//! Protocols in headers are numbers, those in rules are names; addresses are CIDR blocks; what a component leaves as it was is
//! not there. <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_PathComponent.html>,
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Explanation.html>

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::{
    AccountId, AnalysisAclRule, AnalysisRoute, AnalysisSecurityGroupRule, Cidr, Direction, InternetGatewayId, PortRange, Region, ResourceId, Role,
    RouteTarget, RuleAction, RulePeer, SecurityGroupId, Traffic, VpcPeeringConnectionId,
};
use serde::Serialize;

use crate::traffic;
use crate::view::Arn;
use crate::wire::xml::Empty;

/// A component of a way.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PathComponent {
    sequence_number: usize,
    acl_rule: Option<AclRule>,
    attached_to: Option<Component>,
    component: Component,
    destination_vpc: Option<Component>,
    outbound_header: Option<PacketHeader>,
    inbound_header: Option<PacketHeader>,
    route_table_route: Option<RouteTableRoute>,
    security_group_rule: Option<SecurityGroupRule>,
    source_vpc: Option<Component>,
    subnet: Option<Component>,
    vpc: Option<Component>,
    additional_detail_set: Empty,
    explanation_set: Empty,
}

/// A reason why there is no way.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Explanation {
    acl: Option<Component>,
    acl_rule: Option<AclRule>,
    address: Option<IpAddr>,
    cidr_set: Option<Vec<Cidr>>,
    component: Option<Component>,
    destination_vpc: Option<Component>,
    direction: Option<&'static str>,
    explanation_code: String,
    internet_gateway: Option<Component>,
    network_interface: Option<Component>,
    vpc_peering_connection: Option<Component>,
    route_table_route: Option<RouteTableRoute>,
    route_table: Option<Component>,
    security_group: Option<Component>,
    security_group_set: Option<Vec<Component>>,
    source_vpc: Option<Component>,
    state: Option<String>,
    subnet: Option<Component>,
    vpc: Option<Component>,
    component_account: Option<AccountId>,
    component_region: Option<Region>,
}

#[derive(Serialize)]
struct Component {
    id: ResourceId,
    arn: Arn,
    name: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AclRule {
    cidr: Cidr,
    egress: bool,
    port_range: Option<Ports>,
    protocol: String,
    rule_action: RuleAction,
    rule_number: u16,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SecurityGroupRule {
    cidr: Option<Cidr>,
    direction: &'static str,
    security_group_id: Option<SecurityGroupId>,
    port_range: Option<Ports>,
    protocol: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RouteTableRoute {
    destination_cidr: Cidr,
    gateway_id: Option<GatewayId>,
    vpc_peering_connection_id: Option<VpcPeeringConnectionId>,
    origin: &'static str,
    state: &'static str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum GatewayId {
    Local(&'static str),
    Gateway(InternetGatewayId),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PacketHeader {
    destination_address_set: Option<Vec<Cidr>>,
    destination_port_range_set: Option<Vec<Ports>>,
    protocol: Option<u8>,
    source_address_set: Option<Vec<Cidr>>,
    source_port_range_set: Option<Vec<Ports>>,
}

#[derive(Serialize)]
struct Ports {
    from: u16,
    to: u16,
}

impl PathComponent {
    /// The components of a way.
    pub fn all(way: &[model::PathComponent]) -> Vec<Self> {
        way.iter().enumerate().map(|(at, component)| PathComponent::new(at + 1, component)).collect()
    }

    fn new(sequence_number: usize, told: &model::PathComponent) -> Self {
        let part = |role| part(&told.parts, role);
        Self {
            sequence_number,
            acl_rule: told.acl_rule.map(AclRule::from),
            attached_to: part(Role::AttachedTo),
            component: Component::from(&told.component),
            destination_vpc: part(Role::DestinationVpc),
            outbound_header: told.outbound.as_ref().map(PacketHeader::from),
            inbound_header: told.inbound.as_ref().map(PacketHeader::from),
            route_table_route: told.route.map(RouteTableRoute::from),
            security_group_rule: told.security_group_rule.as_ref().map(SecurityGroupRule::from),
            source_vpc: part(Role::SourceVpc),
            subnet: part(Role::Subnet),
            vpc: part(Role::Vpc),
            additional_detail_set: Empty,
            explanation_set: Empty,
        }
    }
}

impl From<&model::Explanation> for Explanation {
    fn from(told: &model::Explanation) -> Self {
        let part = |role| part(&told.parts, role);
        Self {
            acl: part(Role::Acl),
            acl_rule: told.acl_rule.map(AclRule::from),
            address: told.address,
            cidr_set: some(told.cidrs.clone()),
            component: part(Role::Component),
            destination_vpc: part(Role::DestinationVpc),
            direction: told.direction.map(Direction::as_str),
            explanation_code: told.code.clone(),
            internet_gateway: part(Role::InternetGateway),
            network_interface: part(Role::NetworkInterface),
            vpc_peering_connection: part(Role::VpcPeeringConnection),
            route_table_route: told.route.map(RouteTableRoute::from),
            route_table: part(Role::RouteTable),
            security_group: part(Role::SecurityGroup),
            security_group_set: some(told.security_groups.iter().map(Component::from).collect()),
            source_vpc: part(Role::SourceVpc),
            state: told.state.clone(),
            subnet: part(Role::Subnet),
            vpc: part(Role::Vpc),
            component_account: told.scope.map(|scope| scope.account),
            component_region: told.scope.map(|scope| scope.region),
        }
    }
}

fn part(parts: &BTreeMap<Role, model::AnalysisComponent>, role: Role) -> Option<Component> {
    parts.get(&role).map(Component::from)
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}

impl From<&model::AnalysisComponent> for Component {
    fn from(told: &model::AnalysisComponent) -> Self {
        Self { id: told.id, arn: Arn { scope: told.scope, id: told.id }, name: told.name.clone() }
    }
}

impl From<AnalysisAclRule> for AclRule {
    fn from(rule: AnalysisAclRule) -> Self {
        Self {
            cidr: rule.cidr,
            egress: rule.direction == Direction::Egress,
            port_range: ports(rule.traffic),
            protocol: protocol(rule.traffic),
            rule_action: rule.action,
            rule_number: rule.number,
        }
    }
}

impl From<&AnalysisSecurityGroupRule> for SecurityGroupRule {
    fn from(rule: &AnalysisSecurityGroupRule) -> Self {
        let (cidr, security_group_id) = match rule.peer {
            RulePeer::Cidr(cidr) => (Some(cidr), None),
            RulePeer::SecurityGroup { group, .. } => (None, Some(group)),
        };
        let direction = rule.direction.as_str();
        Self { cidr, direction, security_group_id, port_range: ports(rule.traffic), protocol: protocol(rule.traffic) }
    }
}

impl From<AnalysisRoute> for RouteTableRoute {
    fn from(route: AnalysisRoute) -> Self {
        let (gateway_id, vpc_peering_connection_id) = match route.target {
            None => (Some(GatewayId::Local("local")), None),
            Some(RouteTarget::InternetGateway(id)) => (Some(GatewayId::Gateway(id)), None),
            Some(RouteTarget::VpcPeeringConnection(id)) => (None, Some(id)),
        };
        Self {
            destination_cidr: route.destination,
            gateway_id,
            vpc_peering_connection_id,
            // In lower case, unlike in DescribeRouteTables.
            origin: if route.target.is_none() { "createroutetable" } else { "createroute" },
            state: if route.blackhole { "blackhole" } else { "active" },
        }
    }
}

impl From<&model::HeaderSet> for PacketHeader {
    fn from(headers: &model::HeaderSet) -> Self {
        let ports = |ranges: &[PortRange]| some(ranges.iter().map(|range| Ports { from: range.from, to: range.to }).collect());
        Self {
            destination_address_set: some(headers.destinations.clone()),
            destination_port_range_set: ports(&headers.destination_ports),
            protocol: headers.protocol,
            source_address_set: some(headers.sources.clone()),
            source_port_range_set: ports(&headers.source_ports),
        }
    }
}

/// The protocol of a rule by its name; any is `all` here.
fn protocol(of: Traffic) -> String {
    if of == Traffic::All { "all".to_owned() } else { traffic::protocol(of) }
}

/// The ports of a rule that is not about all of them.
fn ports(of: Traffic) -> Option<Ports> {
    match of {
        Traffic::Tcp(range) | Traffic::Udp(range) => Some(Ports { from: range.from, to: range.to }),
        Traffic::All | Traffic::Icmp(_) | Traffic::Icmpv6(_) | Traffic::Protocol(_) => None,
    }
}
