//! Instance: a machine in a VPC.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html>

use serde::{Deserialize, Serialize};

use crate::text::words;
use crate::{
    AvailabilityZone, Id, ImageId, InstanceConnectKeys, InstanceId, InstanceType, KeyPair, MetadataOptions, NetworkInterfaceId, ReservationId, Scope,
    Timestamp, UserData, VolumeId, VolumeSize,
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
    /// Whether a call may neither stop nor terminate it.
    #[serde(default)]
    pub disable_api_stop: bool,
    /// Whether no call may terminate it.
    #[serde(default)]
    pub disable_api_termination: bool,
    /// What becomes of it when it shuts itself down.
    #[serde(default)]
    pub shutdown_behavior: ShutdownBehavior,
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
    /// Whether it was to go on without credits, if it is burstable. T2 has to be asked for that.
    #[serde(default)]
    pub unlimited_credits: bool,
    /// The size that was asked for its root volume. Without one its disk is not limited.
    #[serde(default)]
    pub volume_size: Option<VolumeSize>,
    /// How it may ask about itself.
    #[serde(default)]
    pub metadata_options: MetadataOptions,
    /// The keys that EC2 Instance Connect was asked to let in.
    #[serde(default)]
    pub instance_connect_keys: InstanceConnectKeys,
    /// What EC2's own checks say of it, while it runs.
    #[serde(default)]
    pub status: SummaryStatus,
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
    /// What becomes of an instance that shuts itself down.
    #[derive(Default)]
    ShutdownBehavior {
        /// It can be started again.
        #[default]
        Stop = "stop",
        /// It is gone.
        Terminate = "terminate",
    }
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

impl Instance {
    /// The volume it boots from, which comes and goes with it; they share their digits.
    pub fn root_volume(&self) -> VolumeId {
        VolumeId::from_digits(self.id.digits())
    }
}

words! {
    /// What status checks say.
    #[derive(Default)]
    SummaryStatus {
        /// Nobody knows yet.
        #[default]
        Initializing = "initializing",
        /// It is up, and its network answers.
        Ok = "ok",
        /// It was, and does not any more.
        Impaired = "impaired",
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
