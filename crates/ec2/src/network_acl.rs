//! Network ACL: the numbered, stateless rules at a subnet's edge. They can be read so far, not changed: every VPC has
//! its default one, which allows everything.
//!
//! The `*` rule that denies what no other rule matched is listed as number 32767.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html>

use model::{AccountId, Cidr, Direction, Ipv4Cidr, NetworkAclAssociationId, NetworkAclEntry, NetworkAclId, RuleAction, SubnetId, Traffic, VpcId};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::tag::{Tag, pairs};
use crate::traffic::{ports, protocol_number, type_and_code};
use crate::view::View;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeNetworkAcls {
    #[serde(default)]
    network_acl_id: Vec<NetworkAclId>,
}

impl Describe for DescribeNetworkAcls {
    type Item = NetworkAcl;
    const SET: &'static str = "networkAclSet";
    const FILTERS: &'static [FilterName<NetworkAcl>] = FILTERS;

    fn items(&self, view: View<'_>) -> Result<Vec<NetworkAcl>, Error> {
        Ok(view.named(&self.network_acl_id)?.into_iter().map(|acl| NetworkAcl::new(acl, view)).collect())
    }

    fn key(acl: &NetworkAcl) -> String {
        acl.network_acl_id.to_string()
    }
}

const FILTERS: &[FilterName<NetworkAcl>] = &[
    ("association.association-id", |acl| values(acl.association_set.iter().map(|association| association.network_acl_association_id))),
    ("association.network-acl-id", |acl| values(acl.association_set.iter().map(|association| association.network_acl_id))),
    ("association.subnet-id", |acl| values(acl.association_set.iter().map(|association| association.subnet_id))),
    ("default", |acl| values([acl.default])),
    ("entry.cidr", |acl| values(acl.entry_set.iter().filter_map(|entry| entry.cidr_block))),
    ("entry.egress", |acl| values(acl.entry_set.iter().map(|entry| entry.egress))),
    ("entry.icmp.code", |acl| values(acl.entry_set.iter().filter_map(|entry| Some(entry.icmp_type_code.as_ref()?.code)))),
    ("entry.icmp.type", |acl| values(acl.entry_set.iter().filter_map(|entry| Some(entry.icmp_type_code.as_ref()?.kind)))),
    ("entry.ipv6-cidr", |acl| values(acl.entry_set.iter().filter_map(|entry| entry.ipv6_cidr_block))),
    ("entry.port-range.from", |acl| values(acl.entry_set.iter().filter_map(|entry| Some(entry.port_range.as_ref()?.from)))),
    ("entry.port-range.to", |acl| values(acl.entry_set.iter().filter_map(|entry| Some(entry.port_range.as_ref()?.to)))),
    ("entry.protocol", |acl| values(acl.entry_set.iter().map(|entry| entry.protocol))),
    ("entry.rule-action", |acl| values(acl.entry_set.iter().map(|entry| entry.rule_action))),
    ("entry.rule-number", |acl| values(acl.entry_set.iter().map(|entry| entry.rule_number))),
    ("network-acl-id", |acl| values([acl.network_acl_id])),
    ("owner-id", |acl| values([acl.owner_id])),
    ("vpc-id", |acl| values([acl.vpc_id])),
];

/// A network ACL as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NetworkAcl {
    network_acl_id: NetworkAclId,
    vpc_id: VpcId,
    owner_id: AccountId,
    default: bool,
    entry_set: Vec<Entry>,
    association_set: Vec<Association>,
    tag_set: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    rule_number: u16,
    protocol: i64,
    rule_action: RuleAction,
    egress: bool,
    cidr_block: Option<Ipv4Cidr>,
    ipv6_cidr_block: Option<Cidr>,
    icmp_type_code: Option<IcmpTypeCode>,
    port_range: Option<PortRange>,
}

#[derive(Serialize)]
struct IcmpTypeCode {
    #[serde(rename = "type")]
    kind: i64,
    code: i64,
}

#[derive(Serialize)]
struct PortRange {
    from: i64,
    to: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Association {
    network_acl_association_id: NetworkAclAssociationId,
    network_acl_id: NetworkAclId,
    subnet_id: SubnetId,
}

/// The number under which the `*` rule is listed.
const LAST: u16 = 32767;

impl NetworkAcl {
    fn new(acl: &model::NetworkAcl, view: View<'_>) -> Self {
        let associated = view.snapshot.subnets_of(acl.vpc).filter(|subnet| subnet.network_acl.acl == acl.id);
        let association = |subnet: &model::Subnet| Association {
            network_acl_association_id: subnet.network_acl.association,
            network_acl_id: acl.id,
            subnet_id: subnet.id,
        };
        Self {
            network_acl_id: acl.id,
            vpc_id: acl.vpc,
            owner_id: acl.scope.account,
            default: view.snapshot.resolve(acl.vpc).default_network_acl == acl.id,
            entry_set: [Direction::Egress, Direction::Ingress].into_iter().flat_map(|direction| entries(acl, direction)).collect(),
            association_set: associated.map(association).collect(),
            tag_set: view.tags(acl.id),
        }
    }
}

impl Tagged for NetworkAcl {
    fn tags(&self) -> Vec<(&str, &str)> {
        pairs(&self.tag_set)
    }
}

impl Entry {
    fn new(rule_number: u16, entry: NetworkAclEntry, direction: Direction) -> Self {
        let numbers = ports(entry.traffic);
        let (icmp_type_code, port_range) = match entry.traffic {
            Traffic::Icmp(messages) | Traffic::Icmpv6(messages) => {
                let (kind, code) = type_and_code(messages);
                (Some(IcmpTypeCode { kind, code }), None)
            }
            _ => (None, numbers.map(|(from, to)| PortRange { from, to })),
        };
        Self {
            rule_number,
            protocol: protocol_number(entry.traffic),
            rule_action: entry.action,
            egress: direction == Direction::Egress,
            cidr_block: entry.cidr.as_ipv4(),
            ipv6_cidr_block: Some(entry.cidr).filter(Cidr::is_ipv6),
            icmp_type_code,
            port_range,
        }
    }
}

fn entries(acl: &model::NetworkAcl, direction: Direction) -> impl Iterator<Item = Entry> {
    let last = NetworkAclEntry { action: RuleAction::Deny, traffic: Traffic::All, cidr: Cidr::ALL_IPV4 };
    let numbered = acl.entries(direction).iter().map(|(&number, &entry)| (number, entry));
    numbered.chain([(LAST, last)]).map(move |(number, entry)| Entry::new(number, entry, direction))
}
