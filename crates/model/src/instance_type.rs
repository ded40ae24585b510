//! Instance type: how big an instance is.
//!
//! <https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html>

use std::fmt;
use std::str::FromStr;

use crate::text::serde_as_text;

/// An instance type, by its place in [`InstanceType::all`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceType(u8);

/// What a type gives.
struct Facts {
    name: &'static str,
    cores: u32,
    threads_per_core: u32,
    memory_mib: u32,
    interfaces: u32,
    addresses_per_interface: u32,
}

const fn facts(
    name: &'static str,
    (cores, threads_per_core): (u32, u32),
    memory_mib: u32,
    (interfaces, addresses_per_interface): (u32, u32),
) -> Facts {
    Facts { name, cores, threads_per_core, memory_mib, interfaces, addresses_per_interface }
}

/// Name; cores and threads of each; memory in MiB; network interfaces and IPv4 addresses of each.
const INSTANCE_TYPES: &[Facts] = &[
    facts("c5.large", (1, 2), 4096, (3, 10)),
    facts("c5.xlarge", (2, 2), 8192, (4, 15)),
    facts("m5.large", (1, 2), 8192, (3, 10)),
    facts("m5.xlarge", (2, 2), 16384, (4, 15)),
    facts("t2.large", (2, 1), 8192, (3, 12)),
    facts("t2.medium", (2, 1), 4096, (3, 6)),
    facts("t2.micro", (1, 1), 1024, (2, 2)),
    facts("t2.nano", (1, 1), 512, (2, 2)),
    facts("t2.small", (1, 1), 2048, (3, 4)),
    facts("t3.large", (1, 2), 8192, (3, 12)),
    facts("t3.medium", (1, 2), 4096, (3, 6)),
    facts("t3.micro", (1, 2), 1024, (2, 2)),
    facts("t3.nano", (1, 2), 512, (2, 2)),
    facts("t3.small", (1, 2), 2048, (3, 4)),
    facts("t3.xlarge", (2, 2), 16384, (4, 15)),
    facts("t3a.micro", (1, 2), 1024, (2, 2)),
    facts("t3a.small", (1, 2), 2048, (2, 4)),
];

impl InstanceType {
    /// Every type that is offered.
    pub fn all() -> impl Iterator<Item = InstanceType> {
        (0..INSTANCE_TYPES.len() as u8).map(InstanceType)
    }

    /// The type of instances for which none was named: the one that AWS's console preselects.
    pub fn t3_micro() -> InstanceType {
        match "t3.micro".parse() {
            Ok(known) => known,
            Err(_) => unreachable!("t3.micro is in the table"),
        }
    }

    fn facts(self) -> &'static Facts {
        &INSTANCE_TYPES[usize::from(self.0)]
    }

    /// `t3.micro`.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// What stands before the dot: `t3`.
    pub fn family(self) -> &'static str {
        self.name().split_once('.').map_or(self.name(), |(family, _)| family)
    }

    /// Whether it has credits for its processors: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-performance-instances.html>
    pub fn is_burstable(self) -> bool {
        self.family().starts_with('t')
    }

    /// Whether it runs on AWS's Nitro hypervisor, as all do that are not of the second generation.
    pub fn is_nitro(self) -> bool {
        self.family() != "t2"
    }

    /// How many cores it has.
    pub fn cores(self) -> u32 {
        self.facts().cores
    }

    /// How many threads each core has.
    pub fn threads_per_core(self) -> u32 {
        self.facts().threads_per_core
    }

    /// How many virtual processors it has.
    pub fn vcpus(self) -> u32 {
        self.cores() * self.threads_per_core()
    }

    /// Its memory in MiB.
    pub fn memory_mib(self) -> u32 {
        self.facts().memory_mib
    }

    /// How many network interfaces it may have.
    pub fn interfaces(self) -> u32 {
        self.facts().interfaces
    }

    /// How many private IPv4 addresses each of its interfaces may have.
    pub fn addresses_per_interface(self) -> u32 {
        self.facts().addresses_per_interface
    }
}

/// A word that is no instance type on offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownInstanceType(pub String);

impl fmt::Display for UnknownInstanceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invalid value '{}' for InstanceType.", self.0)
    }
}

impl FromStr for InstanceType {
    type Err = UnknownInstanceType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        InstanceType::all().find(|known| known.name() == text).ok_or_else(|| UnknownInstanceType(text.to_owned()))
    }
}

impl fmt::Display for InstanceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for InstanceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

serde_as_text!(InstanceType);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_tells_its_family() {
        let micro = InstanceType::t3_micro();
        assert_eq!((micro.family(), micro.vcpus(), micro.memory_mib()), ("t3", 2, 1024));
        assert!(micro.is_burstable() && micro.is_nitro());
        assert!(InstanceType::all().all(|known| known.name().parse() == Ok(known)), "names are there once each");
    }
}
