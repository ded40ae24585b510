//! Instance: a machine in a VPC. How one is made is told in `run_instances`.
//!
//! A stopped one keeps its interfaces with their private addresses and Elastic IPs; an automatic public address it loses
//! when it is off, and gets another one when it is started.
//!
//! A terminated instance stays listed for about an hour, without interfaces and all that they gave it.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html>

use std::collections::BTreeSet;
use std::fmt::Display;

use model::{InstanceId, InstanceState, NetworkInterface, StateReason};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::edit::Edit;
use crate::error::Error;
use crate::filter::{FilterName, values};
use crate::image::check_bootable;
use crate::operations::{Change, Done};
use crate::page::Page;
use crate::public_address::{PublicAddress, assign_automatically};
use crate::reservation::{Attachment, Instance, InstanceNetworkInterface, Reservation, State};
use crate::vcpu;
use crate::view::View;
use crate::volume::BlockDeviceMapping;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeInstances {
    #[serde(default)]
    instance_id: Vec<InstanceId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StopInstances {
    instance_id: Vec<InstanceId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StartInstances {
    instance_id: Vec<InstanceId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RebootInstances {
    instance_id: Vec<InstanceId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TerminateInstances {
    instance_id: Vec<InstanceId>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StateChanges {
    instances_set: Vec<StateChange>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StateChange {
    instance_id: InstanceId,
    current_state: State,
    previous_state: State,
}

impl Describe for DescribeInstances {
    type Item = Instance;
    const SET: &'static str = "reservationSet";
    const FILTERS: &'static [FilterName<Instance>] = FILTERS;
    const ABSENT: &'static [&'static str] = ABSENT;
    const INERT: &'static [&'static str] = &["IncludeManagedResources=*"];

    fn items(&self, view: View<'_>) -> Result<Vec<Instance>, Error> {
        Ok(view.instances(&self.instance_id)?.into_iter().map(|instance| Instance::new(instance, view)).collect())
    }

    fn key(instance: &Instance) -> String {
        instance.instance_id.to_string()
    }

    fn check(&self, page: &Page) -> Result<(), Error> {
        match page.is_limited() && !self.instance_id.is_empty() {
            true => Err(Error::combination("The parameter instancesSet cannot be used with the parameter maxResults")),
            false => Ok(()),
        }
    }

    /// Instances are listed under the launch that made them.
    fn set(instances: Vec<Instance>) -> impl Serialize {
        Reservation::group(instances)
    }
}

impl Change for StopInstances {
    type Answer = StateChanges;
    const INERT: &'static [&'static str] = &["Force=*", "Hibernate=false", "SkipOsShutdown=*"];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let now = edit.now();
        let mut instances_set = Vec::new();
        for (id, previous) in batch(&self.instance_id, edit.view())? {
            let current = match previous {
                InstanceState::Running => InstanceState::Stopping,
                InstanceState::Stopping | InstanceState::Stopped => previous,
                InstanceState::Pending | InstanceState::ShuttingDown | InstanceState::Terminated => {
                    return Err(Error::InstanceState { instance: id, participle: "stopped" });
                }
            };
            if current != previous && edit.find(id)?.disable_api_stop {
                return Err(Error::StopDisabled { instance: id, verb: "stopped" });
            }
            if current != previous {
                edit.draft.update(id, |instance| {
                    (instance.state, instance.since) = (current, now);
                    instance.state_reason = Some(user_initiated_shutdown());
                });
            }
            instances_set.push(StateChange::new(id, previous, current));
        }
        Ok(StateChanges { instances_set })
    }
}

impl Change for StartInstances {
    type Answer = StateChanges;
    const INERT: &'static [&'static str] = &["AdditionalInfo"];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let now = edit.now();
        let mut instances_set = Vec::new();
        for (id, previous) in batch(&self.instance_id, edit.view())? {
            let current = match previous {
                InstanceState::Stopped => InstanceState::Pending,
                InstanceState::Pending | InstanceState::Running => previous,
                InstanceState::Stopping | InstanceState::ShuttingDown | InstanceState::Terminated => {
                    return Err(Error::InstanceState { instance: id, participle: "started" });
                }
            };
            if current != previous {
                check_bootable(edit.find(id)?.image, edit)?;
                vcpu::room(edit.find(id)?.instance_type, 1, edit.view())?;
                edit.draft.update(id, |instance| {
                    (instance.state, instance.since, instance.launch_time) = (current, now, now);
                    instance.state_reason = None;
                });
                for interface in edit.find(id)?.interfaces.clone() {
                    assign_automatically(interface, edit);
                }
            }
            instances_set.push(StateChange::new(id, previous, current));
        }
        Ok(StateChanges { instances_set })
    }
}

impl Change for RebootInstances {
    type Answer = Done;

    /// It stays `running`: that there is a reboot to do is told beside its state.
    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        for (id, state) in batch(&self.instance_id, edit.view())? {
            if state != InstanceState::Running {
                return Err(Error::InstanceState { instance: id, participle: "rebooted" });
            }
            edit.draft.update(id, |instance| instance.reboots.asked = instance.reboots.asked.saturating_add(1));
        }
        Ok(Done)
    }
}

impl Change for TerminateInstances {
    type Answer = StateChanges;
    const INERT: &'static [&'static str] = &["Force=false", "SkipOsShutdown=false"];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let now = edit.now();
        let mut instances_set = Vec::new();
        for (id, previous) in batch(&self.instance_id, edit.view())? {
            let current = match previous {
                InstanceState::Pending | InstanceState::Running | InstanceState::Stopping | InstanceState::Stopped => InstanceState::ShuttingDown,
                InstanceState::ShuttingDown | InstanceState::Terminated => previous,
            };
            let instance = edit.find(id)?;
            match current != previous {
                true if instance.disable_api_termination => return Err(Error::TerminationDisabled { instance: id }),
                true if instance.disable_api_stop => return Err(Error::StopDisabled { instance: id, verb: "terminated" }),
                _ => {}
            }
            if current != previous {
                edit.draft.update(id, |instance| {
                    (instance.state, instance.since) = (current, now);
                    instance.state_reason = Some(user_initiated_shutdown());
                });
            }
            instances_set.push(StateChange::new(id, previous, current));
        }
        Ok(StateChanges { instances_set })
    }
}

const FILTERS: &[FilterName<Instance>] = &[
    ("architecture", |instance| values([instance.architecture])),
    ("availability-zone", |instance| values([instance.placement.availability_zone])),
    ("availability-zone-id", |instance| values([&instance.placement.availability_zone_id])),
    ("block-device-mapping.attach-time", |instance| volumes(instance, |volume| volume.ebs.attach_time)),
    ("block-device-mapping.delete-on-termination", |instance| volumes(instance, |volume| volume.ebs.delete_on_termination)),
    ("block-device-mapping.device-name", |instance| volumes(instance, |volume| volume.device_name)),
    ("block-device-mapping.status", |instance| volumes(instance, |volume| volume.ebs.status)),
    ("block-device-mapping.volume-id", |instance| volumes(instance, |volume| volume.ebs.volume_id)),
    ("client-token", |instance| values([&instance.client_token])),
    ("dns-name", |instance| values([&instance.dns_name])),
    ("ebs-optimized", |instance| values([instance.ebs_optimized])),
    ("ena-support", |instance| values([instance.ena_support])),
    ("group-id", |instance| values(instance.group_set.iter().map(|group| group.group_id))),
    ("group-name", |instance| values(instance.group_set.iter().map(|group| &group.group_name))),
    ("hypervisor", |instance| values([instance.hypervisor])),
    ("image-id", |instance| values([instance.image_id])),
    ("instance-id", |instance| values([instance.instance_id])),
    ("instance-state-code", |instance| values([instance.instance_state.code])),
    ("instance-state-name", |instance| values([instance.instance_state.name])),
    ("instance-type", |instance| values([instance.instance_type])),
    ("instance.group-id", |instance| values(instance.group_set.iter().map(|group| group.group_id))),
    ("instance.group-name", |instance| values(instance.group_set.iter().map(|group| &group.group_name))),
    ("ip-address", |instance| values(instance.ip_address)),
    ("key-name", |instance| values(instance.key_name.as_ref())),
    ("launch-index", |instance| values([instance.ami_launch_index])),
    ("launch-time", |instance| values([instance.launch_time])),
    ("metadata-options.http-endpoint", |instance| values([instance.metadata_options.http_endpoint])),
    ("metadata-options.http-protocol-ipv4", |instance| values([instance.metadata_options.http_endpoint])),
    ("metadata-options.http-protocol-ipv6", |instance| values([instance.metadata_options.http_protocol_ipv6])),
    ("metadata-options.http-put-response-hop-limit", |instance| values([instance.metadata_options.http_put_response_hop_limit])),
    ("metadata-options.http-tokens", |instance| values([instance.metadata_options.http_tokens])),
    ("metadata-options.instance-metadata-tags", |instance| values([instance.metadata_options.instance_metadata_tags])),
    ("metadata-options.state", |instance| values([instance.metadata_options.state])),
    ("monitoring-state", |instance| values([instance.monitoring.state])),
    ("network-interface.addresses.association.allocation-id", |instance| public(instance, |public| values(public.allocation_id))),
    ("network-interface.addresses.association.association-id", |instance| public(instance, |public| values(public.association_id))),
    ("network-interface.addresses.association.ip-owner-id", |instance| public(instance, |public| values([&public.ip_owner_id]))),
    ("network-interface.addresses.association.public-dns-name", |instance| public(instance, |public| values([&public.public_dns_name]))),
    ("network-interface.addresses.association.public-ip", |instance| public(instance, |public| values([public.public_ip]))),
    ("network-interface.addresses.primary", |instance| values(instance.network_interface_set.iter().map(|_| true))),
    ("network-interface.addresses.private-ip-address", |instance| interfaces(instance, |eni| eni.private_ip_address)),
    ("network-interface.association.allocation-id", |instance| public(instance, |public| values(public.allocation_id))),
    ("network-interface.association.association-id", |instance| public(instance, |public| values(public.association_id))),
    ("network-interface.association.ip-owner-id", |instance| public(instance, |public| values([&public.ip_owner_id]))),
    ("network-interface.association.public-dns-name", |instance| public(instance, |public| values([&public.public_dns_name]))),
    ("network-interface.association.public-ip", |instance| public(instance, |public| values([public.public_ip]))),
    ("network-interface.attachment.attachment-id", |instance| attachments(instance, |attachment| attachment.attachment_id)),
    ("network-interface.attachment.attach-time", |instance| attachments(instance, |attachment| attachment.attach_time)),
    ("network-interface.attachment.delete-on-termination", |instance| attachments(instance, |attachment| attachment.delete_on_termination)),
    ("network-interface.attachment.device-index", |instance| attachments(instance, |attachment| attachment.device_index)),
    ("network-interface.attachment.network-card-index", |instance| attachments(instance, |attachment| attachment.network_card_index)),
    ("network-interface.attachment.status", |instance| attachments(instance, |attachment| attachment.status)),
    ("network-interface.attachment.instance-id", |instance| values([instance.instance_id])),
    ("network-interface.attachment.instance-owner-id", |instance| values([instance.owner_id])),
    ("network-interface.availability-zone", |instance| values([instance.placement.availability_zone])),
    ("network-interface.description", |instance| values(instance.network_interface_set.iter().map(|eni| &eni.description))),
    ("network-interface.group-id", |instance| {
        values(instance.network_interface_set.iter().flat_map(|eni| &eni.group_set).map(|group| group.group_id))
    }),
    ("network-interface.group-name", |instance| {
        values(instance.network_interface_set.iter().flat_map(|eni| &eni.group_set).map(|group| &group.group_name))
    }),
    ("network-interface.mac-address", |instance| interfaces(instance, |eni| eni.mac_address)),
    ("network-interface.network-interface-id", |instance| interfaces(instance, |eni| eni.network_interface_id)),
    ("network-interface.owner-id", |instance| interfaces(instance, |eni| eni.owner_id)),
    ("network-interface.private-dns-name", |instance| values(instance.network_interface_set.iter().filter_map(|eni| eni.private_dns_name.as_ref()))),
    ("network-interface.private-ip-address", |instance| interfaces(instance, |eni| eni.private_ip_address)),
    ("network-interface.public-dns-name", |instance| public(instance, |public| values([&public.public_dns_name]))),
    ("network-interface.requester-managed", |instance| interfaces(instance, |_| false)),
    ("network-interface.source-dest-check", |instance| interfaces(instance, |eni| eni.source_dest_check)),
    ("network-interface.status", |instance| interfaces(instance, |eni| eni.status)),
    ("network-interface.subnet-id", |instance| interfaces(instance, |eni| eni.subnet_id)),
    ("network-interface.vpc-id", |instance| interfaces(instance, |eni| eni.vpc_id)),
    ("owner-id", |instance| values([instance.owner_id])),
    ("platform-details", |instance| values([instance.platform_details])),
    ("private-dns-name", |instance| values([&instance.private_dns_name])),
    ("private-dns-name-options.hostname-type", |instance| values(instance.private_dns_name_options.as_ref().map(|options| options.hostname_type))),
    ("private-ip-address", |instance| values(instance.private_ip_address)),
    ("reason", |instance| values([&instance.reason])),
    ("reservation-id", |instance| values([instance.reservation_id])),
    ("root-device-name", |instance| values([instance.root_device_name])),
    ("root-device-type", |instance| values([instance.root_device_type])),
    ("source-dest-check", |instance| values(instance.source_dest_check)),
    ("state-reason-code", |instance| values(instance.state_reason.as_ref().map(|reason| &reason.code))),
    ("state-reason-message", |instance| values(instance.state_reason.as_ref().map(|reason| &reason.message))),
    ("subnet-id", |instance| values(instance.subnet_id)),
    ("tenancy", |instance| values([instance.placement.tenancy])),
    ("usage-operation", |instance| values([instance.usage_operation])),
    ("virtualization-type", |instance| values([instance.virtualization_type])),
    ("vpc-id", |instance| values(instance.vpc_id)),
];

/// Filters about what nothing here has.
const ABSENT: &[&str] = &[
    "affinity",
    "boot-mode",
    "capacity-reservation-id",
    "capacity-reservation-specification.capacity-reservation-preference",
    "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id",
    "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn",
    "current-instance-boot-mode",
    "enclave-options.enabled",
    "hibernation-options.configured",
    "host-id",
    "iam-instance-profile.arn",
    "iam-instance-profile.id",
    "instance-lifecycle",
    "ipv6-address",
    "kernel-id",
    "maintenance-options.auto-recovery",
    "network-interface.addresses.association.carrier-ip",
    "network-interface.addresses.association.customer-owned-ip",
    "network-interface.addresses.private-dns-name",
    "network-interface.association.carrier-ip",
    "network-interface.association.customer-owned-ip",
    "network-interface.deny-all-igw-traffic",
    "network-interface.ipv4-prefixes.ipv4-prefix",
    "network-interface.ipv6-address",
    "network-interface.ipv6-addresses.ipv6-address",
    "network-interface.ipv6-addresses.is-primary-ipv6",
    "network-interface.ipv6-native",
    "network-interface.ipv6-prefixes.ipv6-prefix",
    "network-interface.operator.managed",
    "network-interface.operator.principal",
    "network-interface.outpost-arn",
    "network-interface.requester-id",
    "network-interface.tag-key",
    "network-interface.tag-value",
    "network-performance-options.bandwidth-weighting",
    "operator.managed",
    "operator.principal",
    "outpost-arn",
    "placement-group-name",
    "placement-partition-number",
    "platform",
    "private-dns-name-options.enable-resource-name-dns-a-record",
    "private-dns-name-options.enable-resource-name-dns-aaaa-record",
    "product-code",
    "product-code.type",
    "ramdisk-id",
    "requester-id",
    "spot-instance-request-id",
    "tpm-support",
    "usage-operation-update-time",
];

impl StateChange {
    fn new(instance_id: InstanceId, previous: InstanceState, current: InstanceState) -> Self {
        Self { instance_id, current_state: current.into(), previous_state: previous.into() }
    }
}

fn attachments<T: Display>(instance: &Instance, value: impl Fn(&Attachment) -> T) -> Vec<String> {
    values(instance.network_interface_set.iter().filter_map(|eni| eni.attachment.as_ref()).map(value))
}

fn volumes<T: Display>(instance: &Instance, value: impl Fn(&BlockDeviceMapping) -> T) -> Vec<String> {
    values(instance.block_device_mapping.iter().map(value))
}

fn interfaces<T: Display>(instance: &Instance, value: impl Fn(&InstanceNetworkInterface) -> T) -> Vec<String> {
    values(instance.network_interface_set.iter().map(value))
}

fn public(instance: &Instance, value: impl Fn(&PublicAddress) -> Vec<String>) -> Vec<String> {
    instance.network_interface_set.iter().filter_map(|eni| eni.association.as_ref()).flat_map(value).collect()
}

impl<'a> View<'a> {
    /// The instances of these ids, each once; all there are if none is named.
    pub fn instances(self, ids: &[InstanceId]) -> Result<Vec<&'a model::Instance>, Error> {
        let distinct: BTreeSet<InstanceId> = ids.iter().copied().collect();
        let missing: Vec<_> = distinct.into_iter().filter(|&id| self.find(id).is_err()).collect();
        match missing.len() {
            0 | 1 => self.named(ids),
            _ => Err(Error::no_such_instances(&missing)),
        }
    }

    /// The interface of an instance, for what is said about an instance and meant for its interface.
    pub fn only_interface(self, id: InstanceId) -> Result<&'a NetworkInterface, Error> {
        let instance = self.find(id)?;
        match instance.interfaces.as_slice() {
            &[interface] => self.find(interface),
            [] => Err(Error::InstanceNotReady { instance: id, state: instance.state }),
            [_, _, ..] => Err(Error::SeveralInterfaces { instance: id }),
        }
    }
}

/// The instances that a call is to change, each once, with their states. One that does not exist is one too many.
fn batch(ids: &[InstanceId], view: View<'_>) -> Result<Vec<(InstanceId, InstanceState)>, Error> {
    if ids.is_empty() {
        return Err(Error::missing("InstanceId"));
    }
    Ok(view.instances(ids)?.into_iter().map(|instance| (instance.id, instance.state)).collect())
}

/// Why an instance that was asked to go went.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html>
fn user_initiated_shutdown() -> StateReason {
    reason("Client.UserInitiatedShutdown", "User initiated shutdown")
}

/// Why an instance that went by itself did.
pub(crate) fn instance_initiated_shutdown() -> StateReason {
    reason("Client.InstanceInitiatedShutdown", "Instance initiated shutdown")
}

/// Why an instance that could not be built is gone.
pub(crate) fn launch_error() -> StateReason {
    reason("Server.InternalError", "Internal error on launch")
}

fn reason(code: &str, sentence: &str) -> StateReason {
    StateReason { code: code.to_owned(), message: format!("{code}: {sentence}") }
}
