//! Subnet: a range of a VPC's addresses in one availability zone.
//!
//! It lies inside one block of its VPC, may be all of it, and never overlaps another subnet. AWS keeps its first four
//! addresses and the last one: <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html>. Explicit
//! associations with a route table and the network ACL's vanish with it.

use model::{AccountId, AvailabilityZone, IdKind, Ipv4Cidr, NetworkInterface, Region, SubnetId, SubnetNetworkAcl, SubnetState, VpcId};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::edit::Edit;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::operations::{Change, Done};
use crate::quota;
use crate::tag::{Tag, pairs};
use crate::view::{Arn, View};
use crate::vpc::Flag;
use crate::wire::xml::Empty;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateSubnet {
    vpc_id: VpcId,
    cidr_block: Ipv4Cidr,
    availability_zone: Option<String>,
    availability_zone_id: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct CreateSubnetAnswer {
    subnet: Subnet,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeSubnets {
    #[serde(default)]
    subnet_id: Vec<SubnetId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifySubnetAttribute {
    subnet_id: SubnetId,
    map_public_ip_on_launch: Option<Flag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteSubnet {
    subnet_id: SubnetId,
}

impl Change for CreateSubnet {
    type Answer = CreateSubnetAnswer;
    const TAGS: &'static [IdKind] = &[IdKind::SubnetId];
    const INERT: &'static [&'static str] =
        &["Ipv4IpamPoolId", "Ipv4NetmaskLength", "Ipv6CidrBlock", "Ipv6IpamPoolId", "Ipv6Native=false", "Ipv6NetmaskLength", "OutpostArn"];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let vpc = edit.find(self.vpc_id)?.clone();
        let cidr = self.cidr_block;
        if !(16..=28).contains(&cidr.prefix_length()) || !vpc.cidrs().any(|block| block.covers(&cidr)) {
            return Err(Error::SubnetRange { cidr });
        }
        // AWS reports the conflict before the missing zone.
        if edit.draft.subnets_of(vpc.id).any(|other| other.cidr.overlaps(&cidr)) {
            return Err(Error::SubnetConflict { cidr });
        }
        let zone = zone(self.availability_zone.as_ref(), self.availability_zone_id.as_ref(), edit.scope.region)?;
        quota::SUBNETS_PER_VPC.admit(edit.draft.subnets_of(vpc.id).count() + 1)?;

        let zone = zone.unwrap_or_else(|| any_zone(edit));
        let subnet = found(&vpc, zone, cidr, SubnetState::Pending, edit);
        Ok(CreateSubnetAnswer { subnet: Subnet::new(&subnet, edit.view()) })
    }
}

impl Describe for DescribeSubnets {
    type Item = Subnet;
    const SET: &'static str = "subnetSet";
    const FILTERS: &'static [FilterName<Subnet>] = FILTERS;
    const ABSENT: &'static [&'static str] = ABSENT;

    fn items(&self, view: View<'_>) -> Result<Vec<Subnet>, Error> {
        Ok(view.named(&self.subnet_id)?.into_iter().map(|subnet| Subnet::new(subnet, view)).collect())
    }

    fn key(subnet: &Subnet) -> String {
        subnet.subnet_id.to_string()
    }
}

impl Change for ModifySubnetAttribute {
    type Answer = Done;
    const INERT: &'static [&'static str] = &[
        "AssignIpv6AddressOnCreation.Value=false",
        "CustomerOwnedIpv4Pool",
        "DisableLniAtDeviceIndex.Value=false",
        "EnableDns64.Value=false",
        "EnableLniAtDeviceIndex",
        "EnableResourceNameDnsAAAARecordOnLaunch.Value=false",
        "EnableResourceNameDnsARecordOnLaunch.Value=false",
        "MapCustomerOwnedIpOnLaunch.Value=false",
        "PrivateDnsHostnameTypeOnLaunch=ip-name",
    ];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let subnet = edit.find(self.subnet_id)?.id;
        if let Some(Flag { value }) = self.map_public_ip_on_launch {
            edit.draft.update(subnet, |subnet| subnet.map_public_ip_on_launch = value);
        }
        Ok(Done)
    }
}

impl Change for DeleteSubnet {
    type Answer = Done;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let subnet = edit.find(self.subnet_id)?.id;
        if edit.draft.interfaces_in(subnet).next().is_some() {
            return Err(Error::dependencies(subnet));
        }
        edit.draft.remove(subnet);
        Ok(Done)
    }
}

const FILTERS: &[FilterName<Subnet>] = &[
    ("availability-zone", |subnet| values([subnet.availability_zone])),
    // The Query API has long known these four under the names that the answer uses, too.
    ("availabilityZone", |subnet| values([subnet.availability_zone])),
    ("availability-zone-id", |subnet| values([&subnet.availability_zone_id])),
    ("availabilityZoneId", |subnet| values([&subnet.availability_zone_id])),
    ("available-ip-address-count", |subnet| values([subnet.available_ip_address_count])),
    ("cidr", |subnet| values([subnet.cidr_block])),
    ("cidr-block", |subnet| values([subnet.cidr_block])),
    ("cidrBlock", |subnet| values([subnet.cidr_block])),
    ("default-for-az", |subnet| values([subnet.default_for_az])),
    ("defaultForAz", |subnet| values([subnet.default_for_az])),
    ("enable-dns64", |subnet| values([subnet.enable_dns64])),
    ("ipv6-native", |subnet| values([subnet.ipv6_native])),
    ("map-customer-owned-ip-on-launch", |subnet| values([subnet.map_customer_owned_ip_on_launch])),
    ("map-public-ip-on-launch", |subnet| values([subnet.map_public_ip_on_launch])),
    ("owner-id", |subnet| values([subnet.owner_id])),
    ("private-dns-name-options-on-launch.enable-resource-name-dns-a-record", |subnet| {
        values([subnet.private_dns_name_options_on_launch.enable_resource_name_dns_a_record])
    }),
    ("private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record", |subnet| {
        values([subnet.private_dns_name_options_on_launch.enable_resource_name_dns_aaaa_record])
    }),
    ("private-dns-name-options-on-launch.hostname-type", |subnet| values([subnet.private_dns_name_options_on_launch.hostname_type])),
    ("state", |subnet| values([subnet.state])),
    ("subnet-arn", |subnet| values([subnet.subnet_arn])),
    ("subnet-id", |subnet| values([subnet.subnet_id])),
    ("vpc-id", |subnet| values([subnet.vpc_id])),
];

/// Filters about what nothing here has.
const ABSENT: &[&str] = &[
    "customer-owned-ipv4-pool",
    "enable-lni-at-device-index",
    "ipv6-cidr-block-association.association-id",
    "ipv6-cidr-block-association.ipv6-cidr-block",
    "ipv6-cidr-block-association.state",
    "outpost-arn",
];

/// A subnet as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subnet {
    subnet_id: SubnetId,
    subnet_arn: Arn,
    owner_id: AccountId,
    vpc_id: VpcId,
    state: SubnetState,
    cidr_block: Ipv4Cidr,
    available_ip_address_count: u64,
    availability_zone: AvailabilityZone,
    availability_zone_id: String,
    default_for_az: bool,
    map_public_ip_on_launch: bool,
    map_customer_owned_ip_on_launch: bool,
    assign_ipv6_address_on_creation: bool,
    enable_dns64: bool,
    ipv6_native: bool,
    private_dns_name_options_on_launch: PrivateDnsNameOptions,
    ipv6_cidr_block_association_set: Empty,
    tag_set: Vec<Tag>,
}

/// How instances are named.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PrivateDnsNameOptions {
    pub hostname_type: &'static str,
    #[serde(rename = "enableResourceNameDnsARecord")]
    enable_resource_name_dns_a_record: bool,
    #[serde(rename = "enableResourceNameDnsAAAARecord")]
    enable_resource_name_dns_aaaa_record: bool,
}

impl PrivateDnsNameOptions {
    /// Named by address, which is all there is.
    pub const IP_NAME: Self =
        Self { hostname_type: "ip-name", enable_resource_name_dns_a_record: false, enable_resource_name_dns_aaaa_record: false };
}

impl Subnet {
    pub fn new(subnet: &model::Subnet, view: View<'_>) -> Self {
        Self {
            subnet_id: subnet.id,
            subnet_arn: view.arn(subnet.id),
            owner_id: subnet.scope.account,
            vpc_id: subnet.vpc,
            state: subnet.state,
            cidr_block: subnet.cidr,
            available_ip_address_count: available_addresses(subnet, view),
            availability_zone: subnet.zone,
            availability_zone_id: subnet.zone.id(),
            default_for_az: subnet.default_for_az,
            map_public_ip_on_launch: subnet.map_public_ip_on_launch,
            map_customer_owned_ip_on_launch: false,
            assign_ipv6_address_on_creation: false,
            enable_dns64: false,
            ipv6_native: false,
            ipv6_cidr_block_association_set: Empty,
            private_dns_name_options_on_launch: PrivateDnsNameOptions::IP_NAME,
            tag_set: view.tags(subnet.id),
        }
    }
}

impl Tagged for Subnet {
    fn tags(&self) -> Vec<(&str, &str)> {
        pairs(&self.tag_set)
    }
}

/// Makes a subnet. It joins the default network ACL of its VPC.
pub(crate) fn found(vpc: &model::Vpc, zone: AvailabilityZone, cidr: Ipv4Cidr, state: SubnetState, edit: &mut Edit<'_, '_>) -> model::Subnet {
    let subnet = model::Subnet {
        id: edit.new_id(),
        scope: edit.scope,
        vpc: vpc.id,
        zone,
        cidr,
        state,
        route_table: None,
        network_acl: SubnetNetworkAcl { association: edit.new_part_id(), acl: vpc.default_network_acl },
        map_public_ip_on_launch: false,
        default_for_az: false,
    };
    edit.create(subnet.clone());
    subnet
}

/// The zone that is named, by name or by id.
pub(crate) fn zone(name: Option<&String>, id: Option<&String>, region: Region) -> Result<Option<AvailabilityZone>, Error> {
    let names = region.zones().map(|zone| zone.to_string()).collect::<Vec<_>>().join(", ");
    let reason = format!("Subnets can currently only be created in the following availability zones: {names}.");
    match (name, id) {
        (None, None) => Ok(None),
        (Some(name), None) => {
            let zone = region.zones().find(|zone| zone.to_string() == *name);
            zone.map(Some).ok_or_else(|| Error::value("availabilityZone", name, &reason))
        }
        (None, Some(id)) => {
            let zone = region.zones().find(|zone| zone.id() == *id);
            zone.map(Some).ok_or_else(|| Error::value("availabilityZoneId", id, &reason))
        }
        (Some(_), Some(_)) => Err(Error::combination("availabilityZone and availabilityZoneId may not be specified on the same request")),
    }
}

fn any_zone(edit: &mut Edit<'_, '_>) -> AvailabilityZone {
    let zones: Vec<AvailabilityZone> = edit.scope.region.zones().collect();
    zones[(edit.random() % zones.len() as u64) as usize]
}

/// How many interfaces there is still room for; those of stopped instances count.
pub(crate) fn available_addresses(subnet: &model::Subnet, view: View<'_>) -> u64 {
    let taken = view.snapshot.interfaces_in(subnet.id).map(|_: &NetworkInterface| 1).sum::<u64>();
    (subnet.cidr.size() - 5).saturating_sub(taken)
}
