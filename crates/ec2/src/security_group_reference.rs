//! What names a security group from across a peering connection, and which rules name what is no more.
//!
//! A rule may name a group of a peered VPC. Who owns that group can ask which VPCs do so, before a peering connection or the
//! group is deleted; who owns the rule can ask which have become stale by it. A stale rule matches nothing and stays until
//! somebody revokes it. <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html>

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use model::{Direction, PeeringStatus, RulePeer, SecurityGroup, SecurityGroupId, SecurityGroupRule, VpcId, VpcPeeringConnectionId};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::error::Error;
use crate::filter::{FilterName, Tagged};
use crate::ip_permission::{Across, IpPermission, UserIdGroupPair};
use crate::operations::Read;
use crate::view::View;
use crate::wire::xml::Empty;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeSecurityGroupReferences {
    group_id: Vec<SecurityGroupId>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeSecurityGroupReferencesAnswer {
    security_group_reference_set: Vec<SecurityGroupReference>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeStaleSecurityGroups {
    vpc_id: VpcId,
}

impl Read for DescribeSecurityGroupReferences {
    type Answer = DescribeSecurityGroupReferencesAnswer;

    fn read(&self, view: View<'_>) -> Result<Self::Answer, Error> {
        let mut references = BTreeSet::new();
        for group in &self.group_id {
            let group = view.find(*group)?;
            for other in view.snapshot.all::<SecurityGroup>().filter(|other| other.refers_to(group.id)) {
                if let Some(peering) = Across::find(group.id, other.vpc, view).and_then(|across| across.peering) {
                    references.insert((group.id, other.vpc, peering.id));
                }
            }
        }
        Ok(DescribeSecurityGroupReferencesAnswer { security_group_reference_set: references.into_iter().map(SecurityGroupReference::from).collect() })
    }
}

impl Describe for DescribeStaleSecurityGroups {
    type Item = StaleSecurityGroup;
    const SET: &'static str = "staleSecurityGroupSet";
    const FILTERS: &'static [FilterName<StaleSecurityGroup>] = &[];
    const FILTERED: bool = false;
    const PAGES: Option<RangeInclusive<u32>> = Some(5..=255);

    fn items(&self, view: View<'_>) -> Result<Vec<StaleSecurityGroup>, Error> {
        let vpc = view.find(self.vpc_id)?.id;
        let groups = view.all::<SecurityGroup>().filter(|group| group.vpc == vpc).map(|group| StaleSecurityGroup::new(group, view));
        Ok(groups.filter(|group| !group.stale_ip_permissions.is_empty() || !group.stale_ip_permissions_egress.is_empty()).collect())
    }

    fn key(group: &StaleSecurityGroup) -> String {
        group.group_id.to_string()
    }
}

/// A VPC whose groups name a group, as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SecurityGroupReference {
    group_id: SecurityGroupId,
    referencing_vpc_id: VpcId,
    vpc_peering_connection_id: VpcPeeringConnectionId,
}

/// A group with its stale rules, as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StaleSecurityGroup {
    group_id: SecurityGroupId,
    group_name: String,
    description: String,
    vpc_id: VpcId,
    stale_ip_permissions: Vec<StaleIpPermission>,
    stale_ip_permissions_egress: Vec<StaleIpPermission>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StaleIpPermission {
    ip_protocol: String,
    from_port: Option<i64>,
    to_port: Option<i64>,
    groups: Vec<UserIdGroupPair>,
    ip_ranges: Empty,
    prefix_list_ids: Empty,
}

impl From<(SecurityGroupId, VpcId, VpcPeeringConnectionId)> for SecurityGroupReference {
    fn from((group_id, referencing_vpc_id, vpc_peering_connection_id): (SecurityGroupId, VpcId, VpcPeeringConnectionId)) -> Self {
        Self { group_id, referencing_vpc_id, vpc_peering_connection_id }
    }
}

impl StaleSecurityGroup {
    fn new(group: &SecurityGroup, view: View<'_>) -> Self {
        let permissions = |direction| {
            let stale = group.rules(direction).filter(|rule| is_stale(rule, group.vpc, view));
            let stale = stale.map(|rule| (rule.traffic, rule.peer, rule.description.as_ref()));
            IpPermission::aggregate(stale, group.vpc, view).into_iter().map(StaleIpPermission::from).collect()
        };
        Self {
            group_id: group.id,
            group_name: group.name.clone(),
            description: group.description.clone(),
            vpc_id: group.vpc,
            stale_ip_permissions: permissions(Direction::Ingress),
            stale_ip_permissions_egress: permissions(Direction::Egress),
        }
    }
}

impl From<IpPermission> for StaleIpPermission {
    fn from(permission: IpPermission) -> Self {
        let IpPermission { ip_protocol, from_port, to_port, groups, .. } = permission;
        Self { ip_protocol, from_port, to_port, groups, ip_ranges: Empty, prefix_list_ids: Empty }
    }
}

impl Tagged for StaleSecurityGroup {
    fn tags(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }
}

/// Whether a rule names a group that is gone, or is across a peering connection that is not active.
fn is_stale(rule: &SecurityGroupRule, vpc: VpcId, view: View<'_>) -> bool {
    let RulePeer::SecurityGroup { group, .. } = rule.peer else { return false };
    match (view.snapshot.get(group), Across::find(group, vpc, view)) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(_), Some(across)) => across.peering.is_none_or(|pcx| pcx.status != PeeringStatus::Active),
    }
}
