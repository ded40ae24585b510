//! Instance: a machine in a VPC.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html>

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text::{serde_as_text, words};
use crate::{
    AvailabilityZone, ImageId, InstanceConnectKeys, InstanceId, KeyPair, MetadataOptions, NetworkInterfaceId, ReservationId, Scope, Timestamp,
    UserData,
};

/// An instance. A terminated one goes on being listed for a while, without interfaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// Whose, and where.
    pub scope: Scope,
    /// The launch it came from.
    pub reservation: ReservationId,
    /// Its place among the instances of that launch.
    pub launch_index: u32,
    /// What it was launched from.
    pub image: ImageId,
    /// How big it is.
    pub instance_type: InstanceType,
    /// Its zone.
    pub zone: AvailabilityZone,
    /// Its state.
    pub state: InstanceState,
    /// When it came into that state.
    pub since: Timestamp,
    /// Why it is in that state, when somebody or something put it there.
    pub state_reason: Option<StateReason>,
    /// When it was launched.
    pub launch_time: Timestamp,
    /// The token by which its launch can be repeated without making it twice.
    pub client_token: Option<String>,
    /// How often it was to be rebooted.
    #[serde(default)]
    pub reboots: Reboots,
    /// Its interfaces, the primary one first.
    pub interfaces: Vec<NetworkInterfaceId>,
    /// The key pair that it was launched with.
    #[serde(default)]
    pub key: Option<LaunchKey>,
    /// What it was given to run or to read.
    #[serde(default)]
    pub user_data: Option<UserData>,
    /// How it may ask about itself.
    #[serde(default)]
    pub metadata_options: MetadataOptions,
    /// The keys that EC2 Instance Connect was asked to let in.
    #[serde(default)]
    pub instance_connect_keys: InstanceConnectKeys,
}

/// A key pair as it was when the instance was launched. What becomes of the key pair later changes nothing inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchKey {
    /// The name of the key pair.
    pub name: String,
    /// The public key, as a line of OpenSSH's `authorized_keys`.
    pub public_key: String,
}

impl From<&KeyPair> for LaunchKey {
    fn from(pair: &KeyPair) -> Self {
        Self { name: pair.name.clone(), public_key: pair.public_key.clone() }
    }
}

/// Reboots of an instance. It stays `running` meanwhile, so that only these numbers tell that there is one to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reboots {
    /// How many were asked for.
    pub asked: u32,
    /// How many of these are done, or need not be any more.
    pub done: u32,
}

impl Reboots {
    /// Whether one is waiting to be done.
    pub fn is_due(self) -> bool {
        self.done < self.asked
    }
}

/// Why an instance left its former state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateReason {
    /// AWS's code.
    pub code: String,
    /// AWS's sentence.
    pub message: String,
}

words! {
    /// State of an instance.
    InstanceState {
        /// Being built.
        Pending = "pending",
        /// Up.
        Running = "running",
        /// On its way to `terminated`.
        ShuttingDown = "shutting-down",
        /// Gone.
        Terminated = "terminated",
        /// On its way to `stopped`.
        Stopping = "stopping",
        /// Off, its disk kept.
        Stopped = "stopped",
    }
}

impl InstanceState {
    /// AWS's number for it.
    pub fn code(self) -> u16 {
        match self {
            InstanceState::Pending => 0,
            InstanceState::Running => 16,
            InstanceState::ShuttingDown => 32,
            InstanceState::Terminated => 48,
            InstanceState::Stopping => 64,
            InstanceState::Stopped => 80,
        }
    }
}

/// An instance type, by its place in [`InstanceType::all`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceType(u8);

/// Name, vCPUs, memory in MiB. See <https://aws.amazon.com/ec2/instance-types/>.
const INSTANCE_TYPES: &[(&str, u32, u32)] = &[
    ("c5.large", 2, 4096),
    ("c5.xlarge", 4, 8192),
    ("m5.large", 2, 8192),
    ("m5.xlarge", 4, 16384),
    ("t2.large", 2, 8192),
    ("t2.medium", 2, 4096),
    ("t2.micro", 1, 1024),
    ("t2.nano", 1, 512),
    ("t2.small", 1, 2048),
    ("t3.large", 2, 8192),
    ("t3.medium", 2, 4096),
    ("t3.micro", 2, 1024),
    ("t3.nano", 2, 512),
    ("t3.small", 2, 2048),
    ("t3.xlarge", 4, 16384),
    ("t3a.micro", 2, 1024),
    ("t3a.small", 2, 2048),
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

    /// `t3.micro`.
    pub fn name(self) -> &'static str {
        INSTANCE_TYPES[usize::from(self.0)].0
    }

    /// How many virtual processors it has.
    pub fn vcpus(self) -> u32 {
        INSTANCE_TYPES[usize::from(self.0)].1
    }

    /// Its memory in MiB.
    pub fn memory_mib(self) -> u32 {
        INSTANCE_TYPES[usize::from(self.0)].2
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
