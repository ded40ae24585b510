//! Instance type: what is on offer, and where.
//!
//! A small catalogue, the same in every zone. Whatever a guest runs on, it gets the memory and the processors of its type.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceTypeInfo.html>

use std::ops::RangeInclusive;

use model::InstanceType;
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::view::View;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeInstanceTypes {
    #[serde(default)]
    instance_type: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeInstanceTypeOfferings {
    location_type: Option<String>,
}

impl Describe for DescribeInstanceTypes {
    type Item = InstanceTypeInfo;
    const SET: &'static str = "instanceTypeSet";
    const FILTERS: &'static [FilterName<InstanceTypeInfo>] = FILTERS;
    const ABSENT: &'static [&'static str] = ABSENT;
    const TAGGED: bool = false;
    const PAGES: Option<RangeInclusive<u32>> = Some(5..=100);
    const INERT: &'static [&'static str] = &["IncludeUnsupportedInRegion=*"];

    fn items(&self, _view: View<'_>) -> Result<Vec<InstanceTypeInfo>, Error> {
        let unknown: Vec<&str> = self.instance_type.iter().map(String::as_str).filter(|name| name.parse::<InstanceType>().is_err()).collect();
        if !unknown.is_empty() {
            return Err(Error::UnknownInstanceTypes { names: unknown.join(", ") });
        }
        let named = |known: &InstanceType| self.instance_type.is_empty() || self.instance_type.iter().any(|name| name == known.name());
        Ok(InstanceType::all().filter(named).map(InstanceTypeInfo::from).collect())
    }

    fn key(info: &InstanceTypeInfo) -> String {
        info.instance_type.to_string()
    }
}

impl Describe for DescribeInstanceTypeOfferings {
    type Item = InstanceTypeOffering;
    const SET: &'static str = "instanceTypeOfferingSet";
    const FILTERS: &'static [FilterName<InstanceTypeOffering>] = OFFERING_FILTERS;
    const TAGGED: bool = false;

    fn items(&self, view: View<'_>) -> Result<Vec<InstanceTypeOffering>, Error> {
        let region = view.scope.region;
        let (location_type, locations): (_, Vec<String>) = match self.location_type.as_deref() {
            None | Some("region") => ("region", vec![region.to_string()]),
            Some("availability-zone") => ("availability-zone", region.zones().map(|zone| zone.to_string()).collect()),
            Some("availability-zone-id") => ("availability-zone-id", region.zones().map(model::AvailabilityZone::id).collect()),
            Some("outpost") => ("outpost", Vec::new()),
            Some(other) => return Err(Error::value("locationType", other, "Unknown location type.")),
        };
        let offering = |location: &String| {
            let location = location.clone();
            InstanceType::all().map(move |instance_type| InstanceTypeOffering { instance_type, location_type, location: location.clone() })
        };
        Ok(locations.iter().flat_map(offering).collect())
    }

    fn key(offering: &InstanceTypeOffering) -> String {
        format!("{}/{}", offering.instance_type, offering.location)
    }
}

const FILTERS: &[FilterName<InstanceTypeInfo>] = &[
    ("auto-recovery-supported", |info| values([info.auto_recovery_supported])),
    ("bare-metal", |info| values([info.bare_metal])),
    ("burstable-performance-supported", |info| values([info.burstable_performance_supported])),
    ("current-generation", |info| values([info.current_generation])),
    ("dedicated-hosts-supported", |info| values([info.dedicated_hosts_supported])),
    ("free-tier-eligible", |info| values([info.free_tier_eligible])),
    ("hibernation-supported", |info| values([info.hibernation_supported])),
    ("hypervisor", |info| values([info.hypervisor])),
    ("instance-storage-supported", |info| values([info.instance_storage_supported])),
    ("instance-type", |info| values([info.instance_type])),
    ("memory-info.size-in-mib", |info| values([info.memory_info.size_in_mib])),
    ("network-info.efa-supported", |info| values([info.network_info.efa_supported])),
    ("network-info.ena-support", |info| values([info.network_info.ena_support])),
    ("network-info.encryption-in-transit-supported", |info| values([info.network_info.encryption_in_transit_supported])),
    ("network-info.ipv4-addresses-per-interface", |info| values([info.network_info.ipv4_addresses_per_interface])),
    ("network-info.ipv6-addresses-per-interface", |info| values([info.network_info.ipv6_addresses_per_interface])),
    ("network-info.ipv6-supported", |info| values([info.network_info.ipv6_supported])),
    ("network-info.maximum-network-cards", |info| values([info.network_info.maximum_network_cards])),
    ("network-info.maximum-network-interfaces", |info| values([info.network_info.maximum_network_interfaces])),
    ("processor-info.supported-architecture", |info| values(&info.processor_info.supported_architectures)),
    ("supported-root-device-type", |info| values(&info.supported_root_device_types)),
    ("supported-usage-class", |info| values(&info.supported_usage_classes)),
    ("supported-virtualization-type", |info| values(&info.supported_virtualization_types)),
    ("vcpu-info.default-cores", |info| values([info.v_cpu_info.default_cores])),
    ("vcpu-info.default-threads-per-core", |info| values([info.v_cpu_info.default_threads_per_core])),
    ("vcpu-info.default-vcpus", |info| values([info.v_cpu_info.default_v_cpus])),
];

/// Filters about what nothing here has.
const ABSENT: &[&str] = &[
    "ebs-info.attachment-limit-type",
    "ebs-info.ebs-optimized-info.baseline-bandwidth-in-mbps",
    "ebs-info.ebs-optimized-info.baseline-iops",
    "ebs-info.ebs-optimized-info.baseline-throughput-in-mbps",
    "ebs-info.ebs-optimized-info.maximum-bandwidth-in-mbps",
    "ebs-info.ebs-optimized-info.maximum-iops",
    "ebs-info.ebs-optimized-info.maximum-throughput-in-mbps",
    "ebs-info.ebs-optimized-support",
    "ebs-info.encryption-support",
    "ebs-info.maximum-ebs-attachments",
    "ebs-info.nvme-support",
    "instance-storage-info.disk.count",
    "instance-storage-info.disk.size-in-gb",
    "instance-storage-info.disk.type",
    "instance-storage-info.encryption-support",
    "instance-storage-info.nvme-support",
    "instance-storage-info.total-size-in-gb",
    "network-info.bandwidth-weightings",
    "network-info.efa-info.maximum-efa-interfaces",
    "network-info.flexible-ena-queues-support",
    "network-info.network-performance",
    "nitro-enclaves-support",
    "nitro-tpm-info.supported-versions",
    "nitro-tpm-support",
    "processor-info.supported-features",
    "processor-info.sustained-clock-speed-in-ghz",
    "reboot-migration-support",
    "supported-boot-mode",
    "vcpu-info.valid-cores",
    "vcpu-info.valid-threads-per-core",
];

const OFFERING_FILTERS: &[FilterName<InstanceTypeOffering>] =
    &[("instance-type", |offering| values([offering.instance_type])), ("location", |offering| values([&offering.location]))];

/// An instance type as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InstanceTypeInfo {
    instance_type: InstanceType,
    current_generation: bool,
    free_tier_eligible: bool,
    supported_usage_classes: Vec<&'static str>,
    supported_root_device_types: Vec<&'static str>,
    supported_virtualization_types: Vec<&'static str>,
    bare_metal: bool,
    hypervisor: &'static str,
    processor_info: ProcessorInfo,
    v_cpu_info: VCpuInfo,
    memory_info: MemoryInfo,
    instance_storage_supported: bool,
    network_info: NetworkInfo,
    hibernation_supported: bool,
    burstable_performance_supported: bool,
    dedicated_hosts_supported: bool,
    auto_recovery_supported: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProcessorInfo {
    supported_architectures: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VCpuInfo {
    default_v_cpus: u32,
    default_cores: u32,
    default_threads_per_core: u32,
}

#[derive(Serialize)]
struct MemoryInfo {
    #[serde(rename = "sizeInMiB")]
    size_in_mib: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NetworkInfo {
    maximum_network_interfaces: u32,
    maximum_network_cards: u32,
    default_network_card_index: u32,
    ipv4_addresses_per_interface: u32,
    ipv6_addresses_per_interface: u32,
    ipv6_supported: bool,
    ena_support: &'static str,
    efa_supported: bool,
    encryption_in_transit_supported: bool,
}

/// A type in a place where it is offered.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InstanceTypeOffering {
    instance_type: InstanceType,
    location_type: &'static str,
    location: String,
}

impl From<InstanceType> for InstanceTypeInfo {
    /// Only what is so here: no IPv6, no local disks, no credits for faster network.
    fn from(instance_type: InstanceType) -> Self {
        Self {
            instance_type,
            current_generation: true,
            free_tier_eligible: matches!(instance_type.name(), "t2.micro" | "t3.micro"),
            supported_usage_classes: vec!["on-demand"],
            supported_root_device_types: vec!["ebs"],
            supported_virtualization_types: vec!["hvm"],
            bare_metal: false,
            hypervisor: if instance_type.is_nitro() { "nitro" } else { "xen" },
            processor_info: ProcessorInfo { supported_architectures: vec!["x86_64"] },
            v_cpu_info: VCpuInfo {
                default_v_cpus: instance_type.vcpus(),
                default_cores: instance_type.cores(),
                default_threads_per_core: instance_type.threads_per_core(),
            },
            memory_info: MemoryInfo { size_in_mib: instance_type.memory_mib() },
            instance_storage_supported: false,
            network_info: NetworkInfo {
                maximum_network_interfaces: instance_type.interfaces(),
                maximum_network_cards: 1,
                default_network_card_index: 0,
                ipv4_addresses_per_interface: instance_type.addresses_per_interface(),
                ipv6_addresses_per_interface: 0,
                ipv6_supported: false,
                ena_support: if instance_type.is_nitro() { "required" } else { "unsupported" },
                efa_supported: false,
                encryption_in_transit_supported: false,
            },
            hibernation_supported: false,
            burstable_performance_supported: instance_type.is_burstable(),
            dedicated_hosts_supported: false,
            auto_recovery_supported: false,
        }
    }
}

impl Tagged for InstanceTypeInfo {
    fn tags(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }
}

impl Tagged for InstanceTypeOffering {
    fn tags(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }
}
