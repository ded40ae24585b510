//! RunInstances: from parameters to instances, each with its primary network interface.
//!
//! Where the instances are to be is said in one of two ways that do not mix: by `SubnetId`, `SecurityGroupId` and
//! `PrivateIpAddress`, or by the same under `NetworkInterface.1`. As many instances are made as there are addresses for,
//! up to `MaxCount`; fewer than `MinCount` are none at all.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html>

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use model::{
    Association, Attachment, AvailabilityZone, IdKind, ImageId, Instance, InstanceConnectKeys, InstanceId, InstanceState, InstanceType, LaunchKey,
    NetworkInterface, NetworkInterfaceId, Reboots, SecurityGroupId, ShutdownBehavior, Subnet, SubnetId, UserData,
};
use serde::Deserialize;

use crate::block_device_mapping::{BlockDeviceMappingRequest, root_volume_size};
use crate::credit_specification::CreditSpecificationRequest;
use crate::edit::Edit;
use crate::error::Error;
use crate::image;
use crate::metadata_options::{MetadataOptionsRequest, check_tag_keys};
use crate::operations::Change;
use crate::public_address::free_address;
use crate::quota;
use crate::reservation::{Instance as InstanceView, Reservation};
use crate::security_group;
use crate::subnet::available_addresses;
use crate::vcpu;
use crate::view::View;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RunInstances {
    image_id: ImageId,
    min_count: usize,
    max_count: usize,
    instance_type: Option<InstanceType>,
    key_name: Option<String>,
    user_data: Option<UserData>,
    #[serde(default)]
    block_device_mapping: Vec<BlockDeviceMappingRequest>,
    credit_specification: Option<CreditSpecificationRequest>,
    #[serde(default)]
    metadata_options: MetadataOptionsRequest,
    placement: Option<Placement>,
    #[serde(default)]
    disable_api_stop: bool,
    #[serde(default)]
    disable_api_termination: bool,
    #[serde(default)]
    instance_initiated_shutdown_behavior: ShutdownBehavior,
    subnet_id: Option<SubnetId>,
    #[serde(default)]
    security_group_id: Vec<SecurityGroupId>,
    #[serde(default)]
    security_group: Vec<String>,
    private_ip_address: Option<Ipv4Addr>,
    #[serde(default)]
    network_interface: Vec<InterfaceSpecification>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Placement {
    availability_zone: Option<AvailabilityZone>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InterfaceSpecification {
    device_index: Option<u16>,
    subnet_id: Option<SubnetId>,
    #[serde(default)]
    security_group_id: Vec<SecurityGroupId>,
    private_ip_address: Option<Ipv4Addr>,
    description: Option<String>,
    delete_on_termination: Option<bool>,
    associate_public_ip_address: Option<bool>,
}

impl Change for RunInstances {
    type Answer = Reservation;
    const TAGS: &'static [IdKind] = &[IdKind::InstanceId, IdKind::NetworkInterfaceId, IdKind::VolumeId];
    const IDEMPOTENT: bool = true;
    const INERT: &'static [&'static str] = &[
        "AdditionalInfo",
        "BlockDeviceMapping.N.Ebs.AvailabilityZone",
        "BlockDeviceMapping.N.Ebs.AvailabilityZoneId",
        "BlockDeviceMapping.N.Ebs.DeleteOnTermination=true",
        "BlockDeviceMapping.N.Ebs.EbsCardIndex",
        "BlockDeviceMapping.N.Ebs.Encrypted=false",
        "BlockDeviceMapping.N.Ebs.Iops=3000",
        "BlockDeviceMapping.N.Ebs.KmsKeyId",
        "BlockDeviceMapping.N.Ebs.OutpostArn",
        "BlockDeviceMapping.N.Ebs.SnapshotId",
        "BlockDeviceMapping.N.Ebs.Throughput=125",
        "BlockDeviceMapping.N.Ebs.VolumeInitializationRate",
        "BlockDeviceMapping.N.Ebs.VolumeType=gp3",
        "BlockDeviceMapping.N.NoDevice",
        "BlockDeviceMapping.N.VirtualName",
        "CapacityReservationSpecification.CapacityReservationPreference=open",
        "CapacityReservationSpecification.CapacityReservationTarget",
        "CpuOptions",
        "EbsOptimized=false",
        "ElasticGpuSpecification",
        "ElasticInferenceAccelerator",
        "EnablePrimaryIpv6=false",
        "EnclaveOptions.Enabled=false",
        "HibernationOptions.Configured=false",
        "IamInstanceProfile",
        "InstanceMarketOptions",
        "Ipv6Address",
        "Ipv6AddressCount=0",
        "KernelId",
        "LaunchTemplate",
        "LicenseSpecification",
        "MaintenanceOptions.AutoRecovery=default",
        "MetadataOptions.HttpProtocolIpv6=disabled",
        "Monitoring.Enabled=false",
        "Monitoring.MetricCategoryId",
        "NetworkInterface.N.AssociateCarrierIpAddress=false",
        "NetworkInterface.N.ConnectionTrackingSpecification",
        "NetworkInterface.N.EnaQueueCount",
        "NetworkInterface.N.EnaSrdSpecification",
        "NetworkInterface.N.InterfaceType=interface",
        "NetworkInterface.N.Ipv4Prefix",
        "NetworkInterface.N.Ipv4PrefixCount=0",
        "NetworkInterface.N.Ipv6AddressCount=0",
        "NetworkInterface.N.Ipv6Addresses",
        "NetworkInterface.N.Ipv6Prefix",
        "NetworkInterface.N.Ipv6PrefixCount=0",
        "NetworkInterface.N.NetworkCardIndex=0",
        "NetworkInterface.N.NetworkInterfaceId",
        "NetworkInterface.N.PrimaryIpv6=false",
        "NetworkInterface.N.PrivateIpAddresses",
        "NetworkInterface.N.SecondaryPrivateIpAddressCount=0",
        "NetworkPerformanceOptions.BandwidthWeighting=default",
        "Operator",
        "Placement.Affinity",
        "Placement.AvailabilityZoneId",
        "Placement.GroupId",
        "Placement.GroupName=",
        "Placement.HostId",
        "Placement.HostResourceGroupArn",
        "Placement.PartitionNumber",
        "Placement.SpreadDomain",
        "Placement.Tenancy=default",
        "PrivateDnsNameOptions.EnableResourceNameDnsAAAARecord=false",
        "PrivateDnsNameOptions.EnableResourceNameDnsARecord=false",
        "PrivateDnsNameOptions.HostnameType=ip-name",
        "RamdiskId",
        "SecondaryInterface",
    ];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        self.check_counts()?;
        let place = self.place()?;
        let key = self.key_name.as_ref().map(|name| edit.view().key_pair(name).map(LaunchKey::from)).transpose()?;
        let metadata_options = self.metadata_options.at_launch(image::requires_token(self.image_id, edit.view())?)?;
        image::check_bootable(self.image_id, edit)?;
        let unlimited_credits = self.credit_specification.as_ref().map_or(Ok(false), |credits| credits.unlimited(self.instance_type()))?;
        let volume_size = root_volume_size(&self.block_device_mapping, self.image_id, edit)?;
        check_tag_keys(metadata_options, edit.tags.of(IdKind::InstanceId).keys())?;
        let subnet = place.subnet(self.zone(), edit.view())?.clone();
        let groups = place.groups(&self.named_groups(edit.view())?, &subnet, edit.view())?;
        self.check_zone(&subnet)?;
        let addresses = self.addresses(&place, &subnet, edit)?;

        let reservation = edit.new_part_id();
        let mut instances = Vec::new();
        for (launch_index, &private_ip) in (0..).zip(&addresses) {
            let id = edit.new_id();
            let interface = place.interface(id, &subnet, groups.clone(), private_ip, edit)?;
            let instance = Instance {
                id,
                scope: edit.scope,
                reservation,
                launch_index,
                image: self.image_id,
                instance_type: self.instance_type(),
                zone: subnet.zone,
                state: InstanceState::Pending,
                since: edit.now(),
                state_reason: None,
                launch_time: edit.now(),
                client_token: edit.client_token.clone(),
                disable_api_stop: self.disable_api_stop,
                disable_api_termination: self.disable_api_termination,
                shutdown_behavior: self.instance_initiated_shutdown_behavior,
                reboots: Reboots::default(),
                interfaces: vec![interface],
                key: key.clone(),
                user_data: self.user_data.clone(),
                unlimited_credits,
                volume_size,
                metadata_options,
                instance_connect_keys: InstanceConnectKeys::default(),
                status: model::SummaryStatus::default(),
            };
            edit.create(instance.clone());
            edit.tag_as_specified(instance.root_volume());
            instances.push(instance);
        }
        let instances = instances.iter().map(|instance| InstanceView::new(instance, edit.view())).collect();
        Ok(Reservation::new(reservation, edit.scope.account, instances))
    }

    /// A launch whose instances are all gone cannot be repeated.
    fn check_repetition(token: &str, view: View<'_>) -> Result<(), Error> {
        let lives = |instance: &Instance| instance.client_token.as_deref() == Some(token) && instance.state != InstanceState::Terminated;
        if view.all::<Instance>().any(lives) { Ok(()) } else { Err(Error::InstanceTerminated) }
    }
}

impl RunInstances {
    fn instance_type(&self) -> InstanceType {
        self.instance_type.unwrap_or(InstanceType::t3_micro())
    }

    fn check_counts(&self) -> Result<(), Error> {
        match () {
            () if self.min_count == 0 => Err(Error::value("minCount", self.min_count, "Must be at least 1.")),
            () if self.max_count < self.min_count => Err(Error::value("maxCount", self.max_count, "Must not be less than minCount.")),
            () => Ok(()),
        }
    }

    /// Where the instances are to be, whichever way it is said.
    fn place(&self) -> Result<InterfaceSpecification, Error> {
        let mixed =
            |what: &str| Error::combination(&format!("Network interfaces and an instance-level {what} may not be specified on the same request"));
        if let (Some(name), true) = (self.security_group.first(), self.subnet_id.is_some() || !self.network_interface.is_empty()) {
            return Err(Error::InvalidCombination { reason: format!("The parameter groupName cannot be used with the parameter subnet: {name}") });
        }
        let place = match self.network_interface.as_slice() {
            [] => InterfaceSpecification {
                subnet_id: self.subnet_id,
                security_group_id: self.security_group_id.clone(),
                private_ip_address: self.private_ip_address,
                ..Default::default()
            },
            [_, ..] if self.subnet_id.is_some() => return Err(mixed("subnet ID")),
            [_, ..] if !self.security_group_id.is_empty() => return Err(mixed("security groups")),
            [_, ..] if self.private_ip_address.is_some() => return Err(mixed("private address")),
            [primary] => primary.clone(),
            several @ [_, _, ..] if several.iter().any(|interface| interface.associate_public_ip_address.is_some()) => {
                let sentence = "The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces.";
                return Err(Error::combination(sentence));
            }
            [_, _, ..] => {
                let parameter = "NetworkInterface.2".to_owned();
                return Err(Error::UnsupportedParameter { parameter, value: "a second interface".to_owned() });
            }
        };
        match place.device_index {
            None if !self.network_interface.is_empty() => Err(Error::missing("NetworkInterface.1.DeviceIndex")),
            Some(index) if index != 0 => Err(Error::value("deviceIndex", index, "The primary network interface has the device index 0.")),
            _ if place.private_ip_address.is_some() && self.max_count > 1 => {
                Err(Error::combination("A private address may not be specified for more than one instance"))
            }
            _ => Ok(place),
        }
    }

    fn zone(&self) -> Option<AvailabilityZone> {
        self.placement.as_ref().and_then(|placement| placement.availability_zone)
    }

    /// The groups that are named by their names, which are those of the default VPC.
    fn named_groups(&self, view: View<'_>) -> Result<Vec<SecurityGroupId>, Error> {
        self.security_group.iter().map(|name| Ok(view.group_named(name)?.id)).collect()
    }

    fn check_zone(&self, subnet: &Subnet) -> Result<(), Error> {
        match self.zone() {
            Some(zone) if zone != subnet.zone => {
                Err(Error::value("availabilityZone", zone, &format!("The subnet {} is in the availability zone {}.", subnet.id, subnet.zone)))
            }
            _ => Ok(()),
        }
    }

    /// The addresses of the instances, which are as many as the addresses.
    fn addresses(&self, place: &InterfaceSpecification, subnet: &Subnet, edit: &mut Edit<'_, '_>) -> Result<Vec<Ipv4Addr>, Error> {
        let room = vcpu::room(self.instance_type(), self.min_count, edit.view())?;
        let addresses = match place.private_ip_address {
            Some(address) => vec![check_address(address, subnet, edit.view())?],
            None => free_addresses(subnet, self.max_count.min(room), edit),
        };
        if addresses.len() < self.min_count {
            return Err(Error::InsufficientFreeAddresses { subnet: subnet.id, free: addresses.len() });
        }
        quota::NETWORK_INTERFACES.admit(edit.view().all::<NetworkInterface>().count() + addresses.len())?;
        Ok(addresses)
    }
}

impl InterfaceSpecification {
    /// The subnet that is named, else the default one of the zone that is named, else the first default one.
    fn subnet<'a>(&self, zone: Option<AvailabilityZone>, view: View<'a>) -> Result<&'a Subnet, Error> {
        if let Some(id) = self.subnet_id {
            return view.find(id);
        }
        view.default_vpc().ok_or(Error::NoDefaultVpc)?;
        match zone {
            Some(zone) => view.default_subnets().find(|subnet| subnet.zone == zone).ok_or(Error::NoDefaultSubnetInZone { zone }),
            None => view.default_subnets().min_by_key(|subnet| subnet.zone).ok_or(Error::NoDefaultSubnet),
        }
    }

    /// The groups that are named, each once, else the VPC's default one.
    fn groups(&self, by_name: &[SecurityGroupId], subnet: &Subnet, view: View<'_>) -> Result<Vec<SecurityGroupId>, Error> {
        let of_other_vpc = |group| Error::SecurityGroupOfOtherVpc { group, subnet: subnet.id };
        let mut groups = security_group::named(&[&self.security_group_id, by_name].concat(), subnet.vpc, of_other_vpc, view)?;
        if groups.is_empty() {
            groups.push(view.snapshot.resolve(subnet.vpc).default_security_group);
        }
        Ok(groups)
    }

    /// Makes the primary interface of an instance.
    fn interface(
        &self,
        instance: InstanceId,
        subnet: &Subnet,
        groups: Vec<SecurityGroupId>,
        private_ip: Ipv4Addr,
        edit: &mut Edit<'_, '_>,
    ) -> Result<NetworkInterfaceId, Error> {
        let id: NetworkInterfaceId = edit.new_id();
        let attachment = Attachment {
            id: edit.new_part_id(),
            instance,
            device_index: 0,
            delete_on_termination: self.delete_on_termination.unwrap_or(true),
            attach_time: edit.now(),
        };
        let auto_assign_public_ip = self.associate_public_ip_address.unwrap_or(subnet.map_public_ip_on_launch);
        let public_ip = auto_assign_public_ip.then(|| free_address(edit)).transpose()?;
        let serial = edit.draft.next_interface_serial();
        edit.create(NetworkInterface {
            description: self.description.clone().unwrap_or_default(),
            attachment: Some(attachment),
            association: public_ip.map(|public_ip| Association { public_ip, elastic: None }),
            auto_assign_public_ip,
            ..NetworkInterface::new(id, serial, subnet, private_ip, groups)
        });
        Ok(id)
    }
}

fn check_address(address: Ipv4Addr, subnet: &Subnet, view: View<'_>) -> Result<Ipv4Addr, Error> {
    match () {
        () if !subnet.cidr.contains(address) => Err(Error::AddressOutsideSubnet { address }),
        () if subnet.is_reserved(address) => Err(Error::AddressReserved { address }),
        () if view.snapshot.interface_at(subnet.vpc, address.into()).is_some() => Err(Error::AddressInUse { address }),
        () => Ok(address),
    }
}

/// Free addresses, as many as are wanted and there are: AWS's seem random, so each is the first free one above a random
/// address, the lowest coming after the highest.
pub(crate) fn free_addresses(subnet: &Subnet, wanted: usize, edit: &mut Edit<'_, '_>) -> Vec<Ipv4Addr> {
    let room = available_addresses(subnet, edit.view()) as usize;
    let assignable = subnet.cidr.size() - 5;
    let mut chosen = BTreeSet::new();
    while chosen.len() < wanted.min(room) {
        let start = edit.random() % assignable;
        let upward = (0..assignable).filter_map(|step| subnet.cidr.nth(4 + (start + step) % assignable));
        let is_free = |address: &Ipv4Addr| !chosen.contains(address) && edit.draft.interface_at(subnet.vpc, (*address).into()).is_none();
        match upward.into_iter().find(is_free) {
            Some(address) => _ = chosen.insert(address),
            None => break,
        }
    }
    chosen.into_iter().collect()
}
