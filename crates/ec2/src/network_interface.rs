//! Elastic network interface: an instance's place in a subnet. Instances bring their own, and so do EC2 Instance Connect
//! Endpoints, whose interfaces nobody else can change.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html>

use std::net::Ipv4Addr;

use model::{
    AccountId, AddressAssociationId, AllocationId, AttachmentId, AvailabilityZone, InstanceId, MacAddress, NetworkInterfaceId, SubnetId, VpcId,
};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::moment::Moment;
use crate::page::Page;
use crate::public_address::PublicAddress;
use crate::reservation::{PrivateIpAddress, listed_dns_name};
use crate::security_group::GroupIdentifier;
use crate::tag::{Tag, pairs};
use crate::view::View;
use crate::wire::xml::Empty;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeNetworkInterfaces {
    #[serde(default)]
    network_interface_id: Vec<NetworkInterfaceId>,
}

impl Describe for DescribeNetworkInterfaces {
    type Item = NetworkInterface;
    const SET: &'static str = "networkInterfaceSet";
    const FILTERS: &'static [FilterName<NetworkInterface>] = FILTERS;
    const ABSENT: &'static [&'static str] = ABSENT;
    const INERT: &'static [&'static str] = &["IncludeManagedResources=*"];

    fn items(&self, view: View<'_>) -> Result<Vec<NetworkInterface>, Error> {
        Ok(view.named(&self.network_interface_id)?.into_iter().map(|interface| NetworkInterface::new(interface, view)).collect())
    }

    fn key(interface: &NetworkInterface) -> String {
        interface.network_interface_id.to_string()
    }

    fn check(&self, page: &Page) -> Result<(), Error> {
        match page.is_limited() && !self.network_interface_id.is_empty() {
            true => Err(Error::combination("The parameter networkInterfaceIdSet cannot be used with the parameter maxResults")),
            false => Ok(()),
        }
    }
}

const FILTERS: &[FilterName<NetworkInterface>] = &[
    ("addresses.association.owner-id", |eni| values(eni.association.as_ref().map(|association| &association.ip_owner_id))),
    ("addresses.association.public-ip", |eni| values(eni.association.as_ref().map(|association| association.public_ip))),
    ("addresses.primary", |eni| values(eni.private_ip_addresses_set.iter().map(|address| address.primary))),
    ("addresses.private-ip-address", |eni| values(eni.private_ip_addresses_set.iter().map(|address| address.private_ip_address))),
    ("association.allocation-id", |eni| values(eni.association.as_ref().and_then(|association| association.allocation_id))),
    ("association.association-id", |eni| values(eni.association.as_ref().and_then(|association| association.association_id))),
    ("association.ip-owner-id", |eni| values(eni.association.as_ref().map(|association| &association.ip_owner_id))),
    ("association.public-dns-name", |eni| values(eni.association.as_ref().map(|association| &association.public_dns_name))),
    ("association.public-ip", |eni| values(eni.association.as_ref().map(|association| association.public_ip))),
    ("attachment.attach-time", |eni| values(eni.attachment.as_ref().map(|attachment| attachment.attach_time))),
    ("attachment.attachment-id", |eni| values(eni.attachment.as_ref().map(|attachment| attachment.attachment_id))),
    ("attachment.delete-on-termination", |eni| values(eni.attachment.as_ref().map(|attachment| attachment.delete_on_termination))),
    ("attachment.device-index", |eni| values(eni.attachment.as_ref().map(|attachment| attachment.device_index))),
    ("attachment.instance-id", |eni| values(eni.attachment.as_ref().map(|attachment| attachment.instance_id))),
    ("attachment.instance-owner-id", |eni| values(eni.attachment.as_ref().map(|attachment| attachment.instance_owner_id))),
    ("attachment.status", |eni| values(eni.attachment.as_ref().map(|attachment| attachment.status))),
    ("availability-zone", |eni| values([eni.availability_zone])),
    ("availability-zone-id", |eni| values([&eni.availability_zone_id])),
    ("description", |eni| values([&eni.description])),
    ("group-id", |eni| values(eni.group_set.iter().map(|group| group.group_id))),
    ("group-name", |eni| values(eni.group_set.iter().map(|group| &group.group_name))),
    ("interface-type", |eni| values([eni.interface_type])),
    ("mac-address", |eni| values([eni.mac_address])),
    ("network-interface-id", |eni| values([eni.network_interface_id])),
    ("owner-id", |eni| values([eni.owner_id])),
    ("private-dns-name", |eni| values(&eni.private_dns_name)),
    ("private-ip-address", |eni| values([eni.private_ip_address])),
    ("requester-managed", |eni| values([eni.requester_managed])),
    ("source-dest-check", |eni| values([eni.source_dest_check])),
    ("status", |eni| values([eni.status])),
    ("subnet-id", |eni| values([eni.subnet_id])),
    ("vpc-id", |eni| values([eni.vpc_id])),
];

/// Filters about what nothing here has.
const ABSENT: &[&str] = &["ipv6-addresses.ipv6-address", "operator.managed", "operator.principal", "requester-id"];

/// A network interface as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NetworkInterface {
    network_interface_id: NetworkInterfaceId,
    subnet_id: SubnetId,
    vpc_id: VpcId,
    availability_zone: AvailabilityZone,
    availability_zone_id: String,
    description: String,
    owner_id: AccountId,
    requester_managed: bool,
    status: &'static str,
    mac_address: MacAddress,
    private_ip_address: Ipv4Addr,
    private_dns_name: Option<String>,
    source_dest_check: bool,
    interface_type: &'static str,
    group_set: Vec<GroupIdentifier>,
    attachment: Option<Attachment>,
    association: Option<Association>,
    private_ip_addresses_set: Vec<PrivateIpAddress<Association>>,
    ipv6_addresses_set: Empty,
    tag_set: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attachment {
    attachment_id: AttachmentId,
    instance_id: InstanceId,
    instance_owner_id: AccountId,
    device_index: u16,
    network_card_index: u16,
    status: &'static str,
    attach_time: Moment,
    delete_on_termination: bool,
}

/// The public address, with the Elastic IP that it is.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Association {
    association_id: Option<AddressAssociationId>,
    allocation_id: Option<AllocationId>,
    public_ip: Ipv4Addr,
    public_dns_name: String,
    ip_owner_id: String,
}

impl NetworkInterface {
    fn new(interface: &model::NetworkInterface, view: View<'_>) -> Self {
        let association = PublicAddress::of(interface, view).map(Association::from);
        let zone = view.snapshot.resolve(interface.subnet).zone;
        Self {
            network_interface_id: interface.id,
            subnet_id: interface.subnet,
            vpc_id: interface.vpc,
            availability_zone: zone,
            availability_zone_id: zone.id(),
            description: interface.description.clone(),
            owner_id: interface.scope.account,
            requester_managed: interface.endpoint.is_some(),
            status: if interface.attachment.is_some() || interface.endpoint.is_some() { "in-use" } else { "available" },
            mac_address: interface.mac,
            private_ip_address: interface.private_ip,
            private_dns_name: listed_dns_name(interface, view),
            source_dest_check: interface.source_dest_check,
            interface_type: if interface.endpoint.is_some() { "ec2_instance_connect_endpoint" } else { "interface" },
            group_set: GroupIdentifier::all(interface, view),
            attachment: Attachment::of(interface),
            private_ip_addresses_set: PrivateIpAddress::all(interface, association.clone(), view),
            association,
            ipv6_addresses_set: Empty,
            tag_set: view.tags(interface.id),
        }
    }
}

impl<'a> View<'a> {
    /// The interface of that id, if its owner may change it.
    pub fn own_interface(self, id: NetworkInterfaceId) -> Result<&'a model::NetworkInterface, Error> {
        let interface = self.find(id)?;
        if interface.endpoint.is_some() { Err(Error::ManagedInterface) } else { Ok(interface) }
    }
}

impl Attachment {
    /// The interface's attachment.
    pub fn of(interface: &model::NetworkInterface) -> Option<Self> {
        interface.attachment.map(|attachment| Self {
            attachment_id: attachment.id,
            instance_id: attachment.instance,
            instance_owner_id: interface.scope.account,
            device_index: attachment.device_index,
            network_card_index: 0,
            status: "attached",
            attach_time: Moment(attachment.attach_time),
            delete_on_termination: attachment.delete_on_termination,
        })
    }
}

impl From<PublicAddress> for Association {
    fn from(address: PublicAddress) -> Self {
        let PublicAddress { public_ip, public_dns_name, ip_owner_id, allocation_id, association_id } = address;
        Self { association_id, allocation_id, public_ip, public_dns_name, ip_owner_id }
    }
}

impl Tagged for NetworkInterface {
    fn tags(&self) -> Vec<(&str, &str)> {
        pairs(&self.tag_set)
    }
}
