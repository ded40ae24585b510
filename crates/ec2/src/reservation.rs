//! Reservation: the instances of one launch, as answers have them.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html>

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use model::{
    AccountId, AttachmentId, AvailabilityZone, DnsName, ImageId, InstanceId, InstanceState, InstanceType, MacAddress, NetworkInterface,
    NetworkInterfaceId, ReservationId, SubnetId, VpcId,
};
use serde::Serialize;

use crate::filter::Tagged;
use crate::instance_options::{
    CapacityReservationSpecification, CpuOptions, EnclaveOptions, HibernationOptions, MaintenanceOptions, NetworkPerformanceOptions,
};
use crate::metadata_options::MetadataOptionsView;
use crate::moment::Moment;
use crate::public_address::PublicAddress;
use crate::security_group::GroupIdentifier;
use crate::subnet::PrivateDnsNameOptions;
use crate::tag::{Tag, pairs};
use crate::view::View;
use crate::volume::{BlockDeviceMapping, root_device};
use crate::wire::xml::Empty;

/// The instances of a launch.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reservation {
    pub reservation_id: ReservationId,
    pub owner_id: AccountId,
    group_set: Empty,
    pub instances_set: Vec<Instance>,
}

/// An instance.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Instance {
    pub instance_id: InstanceId,
    #[serde(skip)]
    pub reservation_id: ReservationId,
    #[serde(skip)]
    pub owner_id: AccountId,
    pub image_id: ImageId,
    pub instance_state: State,
    pub private_dns_name: String,
    pub dns_name: String,
    pub reason: String,
    pub key_name: Option<String>,
    pub ami_launch_index: u32,
    product_codes: Empty,
    pub instance_type: InstanceType,
    pub launch_time: Moment,
    pub placement: Placement,
    pub monitoring: Monitoring,
    pub subnet_id: Option<SubnetId>,
    pub vpc_id: Option<VpcId>,
    pub private_ip_address: Option<Ipv4Addr>,
    pub ip_address: Option<Ipv4Addr>,
    pub source_dest_check: Option<bool>,
    pub group_set: Vec<GroupIdentifier>,
    pub state_reason: Option<StateReason>,
    pub architecture: &'static str,
    pub root_device_type: &'static str,
    pub root_device_name: &'static str,
    pub block_device_mapping: Vec<BlockDeviceMapping>,
    pub virtualization_type: &'static str,
    pub hypervisor: &'static str,
    pub client_token: String,
    pub ebs_optimized: bool,
    pub ena_support: bool,
    pub network_interface_set: Vec<InstanceNetworkInterface>,
    pub metadata_options: MetadataOptionsView,
    pub private_dns_name_options: Option<PrivateDnsNameOptions>,
    cpu_options: CpuOptions,
    capacity_reservation_specification: CapacityReservationSpecification,
    hibernation_options: HibernationOptions,
    enclave_options: EnclaveOptions,
    maintenance_options: MaintenanceOptions,
    network_performance_options: NetworkPerformanceOptions,
    pub platform_details: &'static str,
    pub usage_operation: &'static str,
    tag_set: Vec<Tag>,
}

/// The state of an instance, as a number and in words.
#[derive(Serialize)]
pub(crate) struct State {
    pub code: u16,
    pub name: InstanceState,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Placement {
    pub availability_zone: AvailabilityZone,
    pub availability_zone_id: String,
    group_name: &'static str,
    pub tenancy: model::Tenancy,
}

#[derive(Serialize)]
pub(crate) struct Monitoring {
    pub state: &'static str,
}

#[derive(Serialize)]
pub(crate) struct StateReason {
    pub code: String,
    pub message: String,
}

/// A network interface, as part of an instance.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InstanceNetworkInterface {
    pub network_interface_id: NetworkInterfaceId,
    pub subnet_id: SubnetId,
    pub vpc_id: VpcId,
    pub owner_id: AccountId,
    pub description: String,
    pub status: &'static str,
    pub mac_address: MacAddress,
    pub private_ip_address: Ipv4Addr,
    pub private_dns_name: Option<String>,
    pub source_dest_check: bool,
    interface_type: &'static str,
    pub group_set: Vec<GroupIdentifier>,
    pub attachment: Option<Attachment>,
    pub association: Option<PublicAddress>,
    private_ip_addresses_set: Vec<PrivateIpAddress<PublicAddress>>,
    ipv6_addresses_set: Empty,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attachment {
    pub attachment_id: AttachmentId,
    pub device_index: u16,
    pub network_card_index: u16,
    pub status: &'static str,
    pub attach_time: Moment,
    pub delete_on_termination: bool,
}

/// An address of an interface, with the public one that stands for it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PrivateIpAddress<A> {
    pub private_ip_address: Ipv4Addr,
    pub private_dns_name: Option<String>,
    pub primary: bool,
    pub association: Option<A>,
}

impl Reservation {
    /// The instances that one launch made.
    pub fn new(reservation_id: ReservationId, owner_id: AccountId, instances_set: Vec<Instance>) -> Self {
        Self { reservation_id, owner_id, group_set: Empty, instances_set }
    }

    /// Instances under the launches that made them, in the order of time. One that was started again tells a later time
    /// than the others of its launch, and stays among them.
    pub fn group(instances: Vec<Instance>) -> Vec<Self> {
        let mut launches: BTreeMap<ReservationId, Vec<Instance>> = BTreeMap::new();
        for instance in instances {
            launches.entry(instance.reservation_id).or_default().push(instance);
        }
        let mut reservations: Vec<(i64, Self)> = Vec::new();
        for (reservation_id, mut instances) in launches {
            instances.sort_by_key(|instance| instance.ami_launch_index);
            let Some((owner_id, time)) = instances.iter().map(|instance| (instance.owner_id, instance.launch_time.0.0)).min() else { continue };
            reservations.push((time, Self::new(reservation_id, owner_id, instances)));
        }
        reservations.sort_by_key(|(time, reservation)| (*time, reservation.reservation_id));
        reservations.into_iter().map(|(_, reservation)| reservation).collect()
    }
}

impl Instance {
    /// An instance with what its primary interface gives it.
    pub fn new(instance: &model::Instance, view: View<'_>) -> Self {
        let interfaces: Vec<&NetworkInterface> = instance.interfaces.iter().map(|&id| view.snapshot.resolve(id)).collect();
        let primary = interfaces.first();
        let public = primary.and_then(|interface| PublicAddress::of(interface, view));
        let by_user = instance.state_reason.as_ref().is_some_and(|reason| reason.code == "Client.UserInitiatedShutdown");
        let tenancy = primary.map_or(model::Tenancy::Default, |interface| view.snapshot.resolve(interface.vpc).tenancy);
        Self {
            instance_id: instance.id,
            reservation_id: instance.reservation,
            owner_id: instance.scope.account,
            image_id: instance.image,
            instance_state: instance.state.into(),
            private_dns_name: primary.map(|interface| DnsName::Private(interface.private_ip, instance.scope.region).to_string()).unwrap_or_default(),
            ip_address: public.as_ref().map(|public| public.public_ip),
            dns_name: public.map(|public| public.public_dns_name).unwrap_or_default(),
            reason: if by_user { format!("User initiated ({})", Moment(instance.since).in_words()) } else { String::new() },
            key_name: instance.key.as_ref().map(|key| key.name.clone()),
            ami_launch_index: instance.launch_index,
            product_codes: Empty,
            instance_type: instance.instance_type,
            launch_time: Moment(instance.launch_time),
            placement: Placement { availability_zone: instance.zone, availability_zone_id: instance.zone.id(), group_name: "", tenancy },
            monitoring: Monitoring { state: "disabled" },
            subnet_id: primary.map(|interface| interface.subnet),
            vpc_id: primary.map(|interface| interface.vpc),
            private_ip_address: primary.map(|interface| interface.private_ip),
            source_dest_check: primary.map(|interface| interface.source_dest_check),
            group_set: primary.map(|interface| GroupIdentifier::all(interface, view)).unwrap_or_default(),
            state_reason: instance.state_reason.as_ref().map(StateReason::from),
            architecture: "x86_64",
            root_device_type: "ebs",
            root_device_name: root_device(instance.image),
            block_device_mapping: BlockDeviceMapping::all(instance, view),
            virtualization_type: "hvm",
            hypervisor: "xen",
            client_token: instance.client_token.clone().unwrap_or_default(),
            ebs_optimized: false,
            ena_support: true,
            network_interface_set: interfaces.iter().map(|interface| InstanceNetworkInterface::new(interface, view)).collect(),
            metadata_options: instance.metadata_options.into(),
            private_dns_name_options: primary.map(|_| PrivateDnsNameOptions::IP_NAME),
            cpu_options: instance.instance_type.into(),
            capacity_reservation_specification: CapacityReservationSpecification::OPEN,
            hibernation_options: HibernationOptions::NONE,
            enclave_options: EnclaveOptions::NONE,
            maintenance_options: MaintenanceOptions::DEFAULT,
            network_performance_options: NetworkPerformanceOptions::DEFAULT,
            platform_details: "Linux/UNIX",
            usage_operation: "RunInstances",
            tag_set: view.tags(instance.id),
        }
    }
}

impl Tagged for Instance {
    fn tags(&self) -> Vec<(&str, &str)> {
        pairs(&self.tag_set)
    }
}

impl From<InstanceState> for State {
    fn from(state: InstanceState) -> Self {
        Self { code: state.code(), name: state }
    }
}

impl From<&model::StateReason> for StateReason {
    fn from(reason: &model::StateReason) -> Self {
        Self { code: reason.code.clone(), message: reason.message.clone() }
    }
}

impl InstanceNetworkInterface {
    fn new(interface: &NetworkInterface, view: View<'_>) -> Self {
        let association = PublicAddress::of(interface, view);
        Self {
            network_interface_id: interface.id,
            subnet_id: interface.subnet,
            vpc_id: interface.vpc,
            owner_id: interface.scope.account,
            description: interface.description.clone(),
            status: "in-use",
            mac_address: interface.mac,
            private_ip_address: interface.private_ip,
            private_dns_name: listed_dns_name(interface, view),
            source_dest_check: interface.source_dest_check,
            interface_type: "interface",
            group_set: GroupIdentifier::all(interface, view),
            attachment: interface.attachment.as_ref().map(Attachment::from),
            private_ip_addresses_set: PrivateIpAddress::all(interface, association.clone(), view),
            association,
            ipv6_addresses_set: Empty,
        }
    }
}

impl From<&model::Attachment> for Attachment {
    fn from(attachment: &model::Attachment) -> Self {
        Self {
            attachment_id: attachment.id,
            device_index: attachment.device_index,
            network_card_index: 0,
            status: "attached",
            attach_time: Moment(attachment.attach_time),
            delete_on_termination: attachment.delete_on_termination,
        }
    }
}

impl<A> PrivateIpAddress<A> {
    /// The addresses of an interface.
    pub fn all(interface: &NetworkInterface, association: Option<A>, view: View<'_>) -> Vec<Self> {
        vec![Self { private_ip_address: interface.private_ip, private_dns_name: listed_dns_name(interface, view), primary: true, association }]
    }
}

/// The private name of an interface, which is listed where the VPC gives its instances DNS host names.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html>
pub(crate) fn listed_dns_name(interface: &NetworkInterface, view: View<'_>) -> Option<String> {
    let vpc = view.snapshot.resolve(interface.vpc);
    vpc.enable_dns_hostnames.then(|| DnsName::Private(interface.private_ip, interface.scope.region).to_string())
}
