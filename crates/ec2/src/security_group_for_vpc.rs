//! The security groups that interfaces in a VPC may have: those of the VPC, for groups are not shared here.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetSecurityGroupsForVpc.html>

use model::{AccountId, SecurityGroup, SecurityGroupId, VpcId};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::tag::{Tag, pairs};
use crate::view::View;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetSecurityGroupsForVpc {
    vpc_id: VpcId,
}

impl Describe for GetSecurityGroupsForVpc {
    type Item = SecurityGroupForVpc;
    const SET: &'static str = "securityGroupForVpcSet";
    const FILTERS: &'static [FilterName<SecurityGroupForVpc>] = FILTERS;

    fn items(&self, view: View<'_>) -> Result<Vec<SecurityGroupForVpc>, Error> {
        let vpc = view.find(self.vpc_id)?.id;
        Ok(view.all::<SecurityGroup>().filter(|group| group.vpc == vpc).map(|group| SecurityGroupForVpc::new(group, view)).collect())
    }

    fn key(group: &SecurityGroupForVpc) -> String {
        group.group_id.to_string()
    }
}

const FILTERS: &[FilterName<SecurityGroupForVpc>] = &[
    ("description", |group| values([&group.description])),
    ("group-id", |group| values([group.group_id])),
    ("group-name", |group| values([&group.group_name])),
    ("owner-id", |group| values([group.owner_id])),
    ("primary-vpc-id", |group| values([group.primary_vpc_id])),
];

/// A security group as the answer has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecurityGroupForVpc {
    group_id: SecurityGroupId,
    group_name: String,
    description: String,
    owner_id: AccountId,
    primary_vpc_id: VpcId,
    tag_set: Vec<Tag>,
}

impl SecurityGroupForVpc {
    fn new(group: &SecurityGroup, view: View<'_>) -> Self {
        Self {
            group_id: group.id,
            group_name: group.name.clone(),
            description: group.description.clone(),
            owner_id: group.scope.account,
            primary_vpc_id: group.vpc,
            tag_set: view.tags(group.id),
        }
    }
}

impl Tagged for SecurityGroupForVpc {
    fn tags(&self) -> Vec<(&str, &str)> {
        pairs(&self.tag_set)
    }
}
