//! Elastic IP: a public address that an account keeps until it gives it back.
//!
//! Which interface has it is told in `address_association`. Addresses that were assigned automatically are not listed.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/elastic-ip-addresses-eip.html>

use std::net::Ipv4Addr;

use model::{AccountId, AddressAssociationId, AllocationId, ElasticIp, IdKind, InstanceId, NetworkInterface, NetworkInterfaceId, Region};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::edit::Edit;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::operations::{Change, Done, Read};
use crate::public_address::{PublicIp, disassociate, free_address, wanted_address};
use crate::quota;
use crate::tag::{Tag, pairs};
use crate::view::View;
use crate::wire::xml::Empty;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AllocateAddress {
    /// An address that was had before, and is wanted again.
    address: Option<PublicIp>,
    network_border_group: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AllocateAddressAnswer {
    public_ip: Ipv4Addr,
    allocation_id: AllocationId,
    domain: &'static str,
    public_ipv4_pool: &'static str,
    network_border_group: Region,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeAddresses {
    #[serde(default)]
    allocation_id: Vec<AllocationId>,
    #[serde(default)]
    public_ip: Vec<PublicIp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeAddressesAttribute {
    #[serde(default)]
    allocation_id: Vec<AllocationId>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeAddressesAttributeAnswer {
    address_set: Empty,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ReleaseAddress {
    allocation_id: Option<AllocationId>,
    public_ip: Option<PublicIp>,
    network_border_group: Option<String>,
}

impl Change for AllocateAddress {
    type Answer = AllocateAddressAnswer;
    const TAGS: &'static [IdKind] = &[IdKind::AllocationId];
    const INERT: &'static [&'static str] = &["CustomerOwnedIpv4Pool", "Domain=vpc", "IpamPoolId", "PublicIpv4Pool=amazon"];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let region = edit.scope.region;
        if let Some(group) = self.network_border_group.as_ref().filter(|group| *group != region.name()) {
            return Err(Error::value("networkBorderGroup", group, &format!("The network border group of this region is {region}.")));
        }
        quota::ELASTIC_IPS.admit(edit.view().all::<ElasticIp>().count() + 1)?;
        let public_ip = match &self.address {
            Some(wanted) => wanted_address(edit, wanted.0)?,
            None => free_address(edit)?,
        };
        let address = ElasticIp { id: edit.new_id(), scope: edit.scope, public_ip };
        let answer = AllocateAddressAnswer {
            public_ip: address.public_ip,
            allocation_id: address.id,
            domain: DOMAIN,
            public_ipv4_pool: POOL,
            network_border_group: region,
        };
        edit.create(address);
        Ok(answer)
    }
}

impl Describe for DescribeAddresses {
    type Item = Address;
    const SET: &'static str = "addressesSet";
    const FILTERS: &'static [FilterName<Address>] = FILTERS;
    const PAGES: Option<std::ops::RangeInclusive<u32>> = None;

    fn items(&self, view: View<'_>) -> Result<Vec<Address>, Error> {
        let mut named = self.allocation_id.clone();
        for &public_ip in &self.public_ip {
            named.push(view.elastic_ip_at(public_ip)?.id);
        }
        Ok(view.named(&named)?.into_iter().map(|address| Address::new(address, view)).collect())
    }

    fn key(address: &Address) -> String {
        address.allocation_id.to_string()
    }
}

impl Read for DescribeAddressesAttribute {
    type Answer = DescribeAddressesAttributeAnswer;
    const INERT: &'static [&'static str] = &["Attribute=domain-name", "MaxResults=*", "NextToken"];

    /// The one attribute that an address can have is a name in the reverse DNS, and none has.
    fn read(&self, view: View<'_>) -> Result<Self::Answer, Error> {
        view.named(&self.allocation_id)?;
        Ok(DescribeAddressesAttributeAnswer { address_set: Empty })
    }
}

impl Change for ReleaseAddress {
    type Answer = Done;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let id = match (self.allocation_id, self.public_ip) {
            (Some(id), None) => id,
            (Some(_), Some(_)) => return Err(Error::combination("You may specify public IP or allocation id, but not both in the same call")),
            (None, Some(_)) => return Err(Error::ReleaseNeedsAllocationId),
            (None, None) => return Err(Error::missing("AllocationId")),
        };
        let address = edit.find(id)?.clone();
        if self.network_border_group.as_ref().is_some_and(|group| group != edit.scope.region.name()) {
            return Err(Error::UnknownAddress { address: address.public_ip });
        }
        let interface = edit.draft.interface_with_public(address.public_ip.into()).map(|interface| (interface.id, interface.vpc));
        match interface {
            // Only the default VPC lets go of an address by itself.
            Some((interface, vpc)) if edit.draft.resolve(vpc).is_default => disassociate(interface, edit),
            Some(_) => return Err(Error::AddressInUse { address: address.public_ip }),
            None => {}
        }
        edit.draft.remove(address.id);
        Ok(Done)
    }
}

const FILTERS: &[FilterName<Address>] = &[
    ("allocation-id", |address| values([address.allocation_id])),
    ("association-id", |address| values(address.association_id)),
    // Gone from the reference with EC2-Classic; modules still write it.
    ("domain", |address| values([address.domain])),
    ("instance-id", |address| values(address.instance_id)),
    ("network-border-group", |address| values([address.network_border_group])),
    ("network-interface-id", |address| values(address.network_interface_id)),
    ("network-interface-owner-id", |address| values(address.network_interface_owner_id)),
    ("private-ip-address", |address| values(address.private_ip_address)),
    ("public-ip", |address| values([address.public_ip])),
];

const DOMAIN: &str = "vpc";
const POOL: &str = "amazon";

/// An Elastic IP as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Address {
    public_ip: Ipv4Addr,
    allocation_id: AllocationId,
    association_id: Option<AddressAssociationId>,
    domain: &'static str,
    instance_id: Option<InstanceId>,
    network_interface_id: Option<NetworkInterfaceId>,
    network_interface_owner_id: Option<AccountId>,
    private_ip_address: Option<Ipv4Addr>,
    public_ipv4_pool: &'static str,
    network_border_group: Region,
    tag_set: Vec<Tag>,
}

impl Address {
    fn new(address: &ElasticIp, view: View<'_>) -> Self {
        let interface: Option<&NetworkInterface> = view.snapshot.interface_with_public(address.public_ip.into());
        let elastic = interface.and_then(|interface| interface.association?.elastic);
        Self {
            public_ip: address.public_ip,
            allocation_id: address.id,
            association_id: elastic.map(|elastic| elastic.id),
            domain: DOMAIN,
            instance_id: interface.and_then(|interface| Some(interface.attachment?.instance)),
            network_interface_id: interface.map(|interface| interface.id),
            network_interface_owner_id: interface.map(|interface| interface.scope.account),
            private_ip_address: interface.map(|interface| interface.private_ip),
            public_ipv4_pool: POOL,
            network_border_group: address.scope.region,
            tag_set: view.tags(address.id),
        }
    }
}

impl Tagged for Address {
    fn tags(&self) -> Vec<(&str, &str)> {
        pairs(&self.tag_set)
    }
}

impl<'a> View<'a> {
    /// The Elastic IP that is this address.
    pub fn elastic_ip_at(self, PublicIp(address): PublicIp) -> Result<&'a ElasticIp, Error> {
        self.all::<ElasticIp>().find(|elastic| elastic.public_ip == address).ok_or(Error::UnknownAddress { address })
    }
}
