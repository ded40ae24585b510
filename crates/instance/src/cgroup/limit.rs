//! An instance type's limits in the words of either cgroup version.

use super::hierarchy::{Controller, Hierarchy, Version};
use crate::spec::Spec;

/// Processes and threads that a guest may have: far above what an instance needs, far below what would hurt the host.
const PROCESSES_PER_GUEST: u32 = 4096;

/// The period over which the scheduler accounts a share of the processors: the kernel's own default.
const PERIOD_MICROSECONDS: u64 = 100_000;

/// What a guest may use at most.
pub(crate) struct Limits {
    memory_bytes: u64,
    vcpus: u64,
}

/// A value for a file of a group.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) file: &'static str,
    pub(crate) value: String,
    /// Kernels without swap accounting lack the file.
    pub(crate) optional: bool,
}

impl From<&Spec> for Limits {
    fn from(spec: &Spec) -> Limits {
        Limits { memory_bytes: u64::from(spec.memory_mib) << 20, vcpus: spec.vcpus.into() }
    }
}

impl Limits {
    /// What to write into a group of this hierarchy, in this order.
    pub(crate) fn settings(&self, hierarchy: &Hierarchy) -> Vec<Setting> {
        hierarchy.controllers.iter().flat_map(|&controller| self.of(controller, hierarchy.version)).collect()
    }

    fn of(&self, controller: Controller, version: Version) -> Vec<Setting> {
        let must = |file, value: String| Setting { file, value, optional: false };
        let may = |file, value: String| Setting { file, value, optional: true };
        let memory = self.memory_bytes.to_string();
        let quota = self.vcpus * PERIOD_MICROSECONDS;
        match (controller, version) {
            // An instance has no swap: what exceeds its memory is killed, as on EC2. Version 1 limits the sum, and insists on this order.
            (Controller::Memory, Version::V1) => {
                vec![must("memory.limit_in_bytes", memory.clone()), may("memory.memsw.limit_in_bytes", memory)]
            }
            (Controller::Memory, Version::V2) => vec![must("memory.max", memory), may("memory.swap.max", "0".to_owned())],
            (Controller::Cpu, Version::V1) => {
                vec![must("cpu.cfs_period_us", PERIOD_MICROSECONDS.to_string()), must("cpu.cfs_quota_us", quota.to_string())]
            }
            (Controller::Cpu, Version::V2) => vec![must("cpu.max", format!("{quota} {PERIOD_MICROSECONDS}"))],
            (Controller::Pids, _) => vec![must("pids.max", PROCESSES_PER_GUEST.to_string())],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(version: Version) -> Vec<(&'static str, String)> {
        let controllers = vec![Controller::Memory, Controller::Cpu, Controller::Pids];
        let hierarchy = Hierarchy { root: "/".into(), version, controllers };
        let limits = Limits::from(&crate::spec::tests::spec());
        limits.settings(&hierarchy).into_iter().map(|setting| (setting.file, setting.value)).collect()
    }

    #[test]
    fn version_1() {
        let expected = [
            ("memory.limit_in_bytes", "1073741824"),
            ("memory.memsw.limit_in_bytes", "1073741824"),
            ("cpu.cfs_period_us", "100000"),
            ("cpu.cfs_quota_us", "200000"),
            ("pids.max", "4096"),
        ];
        assert_eq!(written(Version::V1), expected.map(|(file, value)| (file, value.to_owned())));
    }

    #[test]
    fn version_2() {
        let expected = [("memory.max", "1073741824"), ("memory.swap.max", "0"), ("cpu.max", "200000 100000"), ("pids.max", "4096")];
        assert_eq!(written(Version::V2), expected.map(|(file, value)| (file, value.to_owned())));
    }
}
