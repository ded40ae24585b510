//! VPC: a virtual network of one account in one region.
//!
//! A new VPC comes with a main route table, a default network ACL and a default security group; deleting it takes only
//! these along, everything else must be gone first. The sizes of its block and the ranges that AWS refuses:
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>.
//! Attributes: <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html>.

use model::{
    AccountId, Cidr, Direction, IdKind, InternetGateway, Ipv4Cidr, NetworkAcl, NetworkInterface, PeeringStatus, RouteTable, RulePeer, SecurityGroup,
    SecurityGroupRule, Subnet, Tenancy, Traffic, VpcCidrBlock, VpcCidrBlockAssociationId, VpcId, VpcPeeringConnection, VpcState,
};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::dhcp_options::{self, Associated};
use crate::edit::Edit;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::operations::{Change, Done, Read};
use crate::quota;
use crate::security_group;
use crate::tag::{Tag, pairs};
use crate::view::View;
use crate::vpc_peering_connection::end;
use crate::wire::xml::Empty;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateVpc {
    cidr_block: Ipv4Cidr,
}

#[derive(Serialize)]
pub(crate) struct CreateVpcAnswer {
    vpc: Vpc,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeVpcs {
    #[serde(default)]
    vpc_id: Vec<VpcId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyVpcAttribute {
    vpc_id: VpcId,
    enable_dns_hostnames: Option<Flag>,
    enable_dns_support: Option<Flag>,
    enable_network_address_usage_metrics: Option<Flag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeVpcAttribute {
    vpc_id: VpcId,
    attribute: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeVpcAttributeAnswer {
    vpc_id: VpcId,
    enable_dns_hostnames: Option<Value<bool>>,
    enable_dns_support: Option<Value<bool>>,
    enable_network_address_usage_metrics: Option<Value<bool>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteVpc {
    vpc_id: VpcId,
}

/// An attribute that is on or off, as requests have it.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Flag {
    pub value: bool,
}

/// An attribute's value, as answers have it.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Value<T> {
    pub value: T,
}

impl Change for CreateVpc {
    type Answer = CreateVpcAnswer;
    const TAGS: &'static [IdKind] = &[IdKind::VpcId];
    const INERT: &'static [&'static str] = &[
        "AmazonProvidedIpv6CidrBlock=false",
        "InstanceTenancy=default",
        "Ipv4IpamPoolId",
        "Ipv4NetmaskLength",
        "Ipv6CidrBlock",
        "Ipv6CidrBlockNetworkBorderGroup",
        "Ipv6IpamPoolId",
        "Ipv6NetmaskLength",
        "Ipv6Pool",
        "VpcEncryptionControl",
    ];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        check_block(self.cidr_block)?;
        quota::VPCS.admit(edit.view().all::<model::Vpc>().count() + 1)?;

        let vpc = found(self.cidr_block, VpcState::Pending, edit);
        Ok(CreateVpcAnswer { vpc: Vpc::new(&vpc, edit.view()) })
    }
}

impl Describe for DescribeVpcs {
    type Item = Vpc;
    const SET: &'static str = "vpcSet";
    const FILTERS: &'static [FilterName<Vpc>] = FILTERS;
    const ABSENT: &'static [&'static str] = ABSENT;

    fn items(&self, view: View<'_>) -> Result<Vec<Vpc>, Error> {
        Ok(view.named(&self.vpc_id)?.into_iter().map(|vpc| Vpc::new(vpc, view)).collect())
    }

    fn key(vpc: &Vpc) -> String {
        vpc.vpc_id.to_string()
    }
}

impl Change for ModifyVpcAttribute {
    type Answer = Done;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let mut vpc = edit.find(self.vpc_id)?.clone();
        match (self.enable_dns_hostnames, self.enable_dns_support, self.enable_network_address_usage_metrics) {
            (None, None, None) => return Err(Error::combination("No attributes specified.")),
            // AWS asks for support first: names are of no use without a resolver.
            (Some(Flag { value: true }), None, None) if !vpc.enable_dns_support => {
                return Err(Error::combination("enableDnsHostnames cannot be true while enableDnsSupport is false."));
            }
            (Some(flag), None, None) => vpc.enable_dns_hostnames = flag.value,
            (None, Some(flag), None) => vpc.enable_dns_support = flag.value,
            (None, None, Some(flag)) => vpc.enable_network_address_usage_metrics = flag.value,
            _ => return Err(Error::combination("Fields for multiple attribute types specified.")),
        }
        edit.draft.put(vpc);
        Ok(Done)
    }
}

impl Read for DescribeVpcAttribute {
    type Answer = DescribeVpcAttributeAnswer;

    fn read(&self, view: View<'_>) -> Result<Self::Answer, Error> {
        let vpc = view.find(self.vpc_id)?;
        let asked = |name: &str, value: bool| (self.attribute == name).then_some(Value { value });
        let answer = DescribeVpcAttributeAnswer {
            vpc_id: vpc.id,
            enable_dns_hostnames: asked("enableDnsHostnames", vpc.enable_dns_hostnames),
            enable_dns_support: asked("enableDnsSupport", vpc.enable_dns_support),
            enable_network_address_usage_metrics: asked("enableNetworkAddressUsageMetrics", vpc.enable_network_address_usage_metrics),
        };
        match (&answer.enable_dns_hostnames, &answer.enable_dns_support, &answer.enable_network_address_usage_metrics) {
            (None, None, None) => Err(Error::value("attribute", &self.attribute, "Unknown VPC attribute.")),
            _ => Ok(answer),
        }
    }
}

impl Change for DeleteVpc {
    type Answer = Done;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let vpc = edit.find(self.vpc_id)?.clone();
        if has_dependencies(&vpc, edit.view()) {
            return Err(Error::dependencies(vpc.id));
        }
        let (scope, now) = (edit.scope, edit.now());
        let peerings: Vec<_> = edit.draft.all::<VpcPeeringConnection>().filter(|pcx| pcx.side(vpc.id).is_some()).cloned().collect();
        for pcx in peerings.into_iter().filter(|pcx| !pcx.status.is_terminal()) {
            edit.draft.put(end(pcx, PeeringStatus::Deleted, format!("Deleted by {}", scope.account), scope.account, now));
        }
        let default_group = edit.find(vpc.default_security_group)?.clone();
        security_group::remove(&default_group, edit);
        edit.draft.remove(vpc.default_network_acl);
        edit.draft.remove(vpc.main_route_table);
        edit.draft.remove(vpc.id);
        Ok(Done)
    }
}

const FILTERS: &[FilterName<Vpc>] = &[
    ("cidr", |vpc| values([vpc.cidr_block])),
    // AWS takes it, and Ansible writes it.
    ("cidr-block", |vpc| values([vpc.cidr_block])),
    ("cidr-block-association.association-id", |vpc| values(vpc.cidr_block_association_set.iter().map(|block| block.association_id))),
    ("cidr-block-association.cidr-block", |vpc| values(vpc.cidr_block_association_set.iter().map(|block| block.cidr_block))),
    ("cidr-block-association.state", |vpc| values(vpc.cidr_block_association_set.iter().map(|block| block.cidr_block_state.state))),
    ("dhcp-options-id", |vpc| values([vpc.dhcp_options_id])),
    ("is-default", |vpc| values([vpc.is_default])),
    // Older clients write the filter as the answer has it.
    ("isDefault", |vpc| values([vpc.is_default])),
    ("owner-id", |vpc| values([vpc.owner_id])),
    ("state", |vpc| values([vpc.state])),
    ("vpc-id", |vpc| values([vpc.vpc_id])),
];

/// Filters about what nothing here has.
const ABSENT: &[&str] = &[
    "ipv6-cidr-block-association.association-id",
    "ipv6-cidr-block-association.ipv6-cidr-block",
    "ipv6-cidr-block-association.ipv6-pool",
    "ipv6-cidr-block-association.state",
];

/// A VPC as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Vpc {
    vpc_id: VpcId,
    owner_id: AccountId,
    state: VpcState,
    cidr_block: Ipv4Cidr,
    cidr_block_association_set: Vec<CidrBlockAssociation>,
    ipv6_cidr_block_association_set: Empty,
    dhcp_options_id: Associated,
    instance_tenancy: Tenancy,
    is_default: bool,
    tag_set: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CidrBlockAssociation {
    association_id: VpcCidrBlockAssociationId,
    cidr_block: Ipv4Cidr,
    cidr_block_state: CidrBlockState,
}

#[derive(Serialize)]
struct CidrBlockState {
    state: &'static str,
}

impl Vpc {
    pub fn new(vpc: &model::Vpc, view: View<'_>) -> Self {
        Self {
            vpc_id: vpc.id,
            owner_id: vpc.scope.account,
            state: vpc.state,
            cidr_block: vpc.primary_cidr(),
            cidr_block_association_set: vpc.cidr_blocks.iter().map(|block| CidrBlockAssociation::new(block, "associated")).collect(),
            ipv6_cidr_block_association_set: Empty,
            dhcp_options_id: Associated(vpc.dhcp_options),
            instance_tenancy: vpc.tenancy,
            is_default: vpc.is_default,
            tag_set: view.tags(vpc.id),
        }
    }
}

impl CidrBlockAssociation {
    /// A block in a state.
    pub fn new(block: &VpcCidrBlock, state: &'static str) -> Self {
        Self { association_id: block.association, cidr_block: block.cidr, cidr_block_state: CidrBlockState { state } }
    }
}

impl Tagged for Vpc {
    fn tags(&self) -> Vec<(&str, &str)> {
        pairs(&self.tag_set)
    }
}

/// Ranges of which a VPC can have no part: this network, loopback, link local, multicast, class E.
const UNUSABLE: &[&str] = &["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"];

/// Checks size and range of a block.
pub(crate) fn check_block(cidr: Ipv4Cidr) -> Result<(), Error> {
    if !(16..=28).contains(&cidr.prefix_length()) {
        return Err(Error::VpcRange { cidr });
    }
    let unusable = UNUSABLE.iter().filter_map(|range| range.parse::<Ipv4Cidr>().ok()).any(|range| range.overlaps(&cidr));
    if unusable { Err(Error::value("cidrBlock", cidr, "This range cannot be used in a VPC.")) } else { Ok(()) }
}

/// Makes a VPC with all that is born with it.
pub(crate) fn found(cidr: Ipv4Cidr, state: VpcState, edit: &mut Edit<'_, '_>) -> model::Vpc {
    let (scope, id) = (edit.scope, edit.new_id());
    let main_route_table = RouteTable { id: edit.new_id(), scope, vpc: id, routes: Default::default() };
    let entries = NetworkAcl::default_entries();
    let network_acl = NetworkAcl { id: edit.new_id(), scope, vpc: id, ingress: entries.clone(), egress: entries };
    let security_group = default_security_group(id, edit);
    let vpc = model::Vpc {
        id,
        scope,
        state,
        cidr_blocks: vec![VpcCidrBlock { association: edit.new_part_id(), cidr }],
        main_route_table: main_route_table.id,
        main_association: edit.new_part_id(),
        default_network_acl: network_acl.id,
        default_security_group: security_group.id,
        dhcp_options: Some(dhcp_options::of_new_vpc(edit)),
        tenancy: Tenancy::Default,
        is_default: false,
        enable_dns_support: true,
        enable_dns_hostnames: false,
        enable_network_address_usage_metrics: false,
    };
    edit.draft.put(main_route_table);
    edit.draft.put(network_acl);
    edit.draft.put(security_group);
    edit.create(vpc.clone());
    vpc
}

/// The group that a VPC is born with: everything from itself comes in, everything goes out.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html>
fn default_security_group(vpc: VpcId, edit: &mut Edit<'_, '_>) -> SecurityGroup {
    let (scope, group) = (edit.scope, edit.new_id());
    let itself = RulePeer::SecurityGroup { group, account: scope.account };
    let mut rule = |direction, peer| SecurityGroupRule { id: edit.new_part_id(), direction, traffic: Traffic::All, peer, description: None };
    SecurityGroup {
        id: group,
        scope,
        vpc,
        name: SecurityGroup::DEFAULT_NAME.to_owned(),
        description: "default VPC security group".to_owned(),
        rules: vec![rule(Direction::Ingress, itself), rule(Direction::Egress, RulePeer::Cidr(Cidr::ALL_IPV4))],
    }
}

/// Whether something still stands in the VPC that its owner must remove first.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html>
fn has_dependencies(vpc: &model::Vpc, view: View<'_>) -> bool {
    let inside = |other: VpcId| other == vpc.id;
    // A request from another account waits for an answer that only this VPC's owner can give.
    let asked_by_others = |pcx: &VpcPeeringConnection| {
        pcx.accepter.vpc == vpc.id && pcx.requester.scope.account != vpc.scope.account && pcx.status == PeeringStatus::PendingAcceptance
    };
    view.all::<Subnet>().any(|subnet| inside(subnet.vpc))
        || view.all::<InternetGateway>().any(|igw| igw.attachment == Some(vpc.id))
        || view.all::<NetworkInterface>().any(|eni| inside(eni.vpc))
        || view.all::<RouteTable>().any(|table| inside(table.vpc) && table.id != vpc.main_route_table)
        || view.all::<NetworkAcl>().any(|acl| inside(acl.vpc) && acl.id != vpc.default_network_acl)
        || view.all::<SecurityGroup>().any(|group| inside(group.vpc) && group.id != vpc.default_security_group)
        || view.all::<VpcPeeringConnection>().any(asked_by_others)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks are from /16 to /28, of any range that can be used, private or not (2.1.1, 2.1.3).
    #[test]
    fn blocks_have_a_size_and_a_range() {
        for (cidr, code) in [
            ("10.0.0.0/15", Some("InvalidVpc.Range")),
            ("10.0.0.0/16", None),
            ("10.0.0.0/28", None),
            ("10.0.0.0/29", Some("InvalidVpc.Range")),
            ("8.8.0.0/16", None),
            ("100.64.0.0/16", None),
            ("169.254.0.0/16", Some("InvalidParameterValue")),
            ("169.254.7.0/24", Some("InvalidParameterValue")),
            ("127.0.0.0/16", Some("InvalidParameterValue")),
            ("239.0.0.0/16", Some("InvalidParameterValue")),
            ("255.255.0.0/16", Some("InvalidParameterValue")),
        ] {
            assert_eq!(check_block(cidr.parse().unwrap()).err().map(|error| error.code()), code, "{cidr}");
        }
    }
}
