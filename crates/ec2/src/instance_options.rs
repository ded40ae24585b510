//! Options that an instance is launched with, and that every instance here has alike: what AWS tells of one for which none of
//! them was asked. Those that are asked for otherwise are refused at launch.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html>

use model::InstanceType;
use serde::Serialize;

/// Its processors.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CpuOptions {
    core_count: u32,
    threads_per_core: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CapacityReservationSpecification {
    capacity_reservation_preference: &'static str,
}

#[derive(Serialize)]
pub(crate) struct HibernationOptions {
    configured: bool,
}

#[derive(Serialize)]
pub(crate) struct EnclaveOptions {
    enabled: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MaintenanceOptions {
    auto_recovery: &'static str,
    reboot_migration: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NetworkPerformanceOptions {
    bandwidth_weighting: &'static str,
}

impl From<InstanceType> for CpuOptions {
    fn from(instance_type: InstanceType) -> Self {
        Self { core_count: instance_type.cores(), threads_per_core: instance_type.threads_per_core() }
    }
}

impl CapacityReservationSpecification {
    pub const OPEN: Self = Self { capacity_reservation_preference: "open" };
}

impl HibernationOptions {
    pub const NONE: Self = Self { configured: false };
}

impl EnclaveOptions {
    pub const NONE: Self = Self { enabled: false };
}

impl MaintenanceOptions {
    pub const DEFAULT: Self = Self { auto_recovery: "default", reboot_migration: "default" };
}

impl NetworkPerformanceOptions {
    pub const DEFAULT: Self = Self { bandwidth_weighting: "default" };
}
