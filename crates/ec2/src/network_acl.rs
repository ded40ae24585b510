//! Network ACL: the numbered, stateless rules at a subnet's edge.
//!
//! Every VPC is born with a default one, which allows everything; one that is made later has no rules and so denies
//! everything. <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html>

use model::{AccountId, Direction, IdKind, NetworkAclAssociationId, NetworkAclId, SubnetId, VpcId};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::edit::Edit;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::network_acl_entry::{Entry, entries};
use crate::operations::{Change, Done};
use crate::quota;
use crate::tag::{Tag, pairs};
use crate::view::View;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateNetworkAcl {
    vpc_id: VpcId,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateNetworkAclAnswer {
    network_acl: NetworkAcl,
    client_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeNetworkAcls {
    #[serde(default)]
    network_acl_id: Vec<NetworkAclId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteNetworkAcl {
    network_acl_id: NetworkAclId,
}

impl Change for CreateNetworkAcl {
    type Answer = CreateNetworkAclAnswer;
    const TAGS: &'static [IdKind] = &[IdKind::NetworkAclId];
    const IDEMPOTENT: bool = true;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let vpc = edit.find(self.vpc_id)?.id;
        quota::NETWORK_ACLS_PER_VPC.admit(edit.draft.all::<model::NetworkAcl>().filter(|acl| acl.vpc == vpc).count() + 1)?;
        let acl = model::NetworkAcl { id: edit.new_id(), scope: edit.scope, vpc, ingress: Default::default(), egress: Default::default() };
        edit.create(acl.clone());
        Ok(CreateNetworkAclAnswer { network_acl: NetworkAcl::new(&acl, edit.view()), client_token: edit.client_token.clone() })
    }
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

impl Change for DeleteNetworkAcl {
    type Answer = Done;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let acl = edit.find(self.network_acl_id)?.clone();
        if edit.draft.resolve(acl.vpc).default_network_acl == acl.id {
            return Err(Error::DefaultNetworkAcl { acl: acl.id });
        }
        if edit.draft.subnets_of(acl.vpc).any(|subnet| subnet.network_acl.acl == acl.id) {
            return Err(Error::dependencies(acl.id));
        }
        edit.draft.remove(acl.id);
        Ok(Done)
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
struct Association {
    network_acl_association_id: NetworkAclAssociationId,
    network_acl_id: NetworkAclId,
    subnet_id: SubnetId,
}

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
