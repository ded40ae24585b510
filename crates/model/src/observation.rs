//! What a data plane reports: the way in which what happens outside enters the state.

use crate::{InstanceId, SummaryStatus};

/// Something that a data plane saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    /// The instance is up.
    InstanceRunning(InstanceId),
    /// What the status checks of the instance, which runs, say now.
    InstanceStatus(InstanceId, SummaryStatus),
    /// The instance shut itself down, or broke down.
    InstanceShutDown(InstanceId),
    /// The instance is gone, with all it was on the host.
    InstanceGone(InstanceId),
    /// The instance, which was to stop, is off; its disk is kept.
    InstanceStopped(InstanceId),
    /// The instance was rebooted as often as was asked for at that time, as this number says.
    InstanceRebooted(InstanceId, u32),
    /// The instance could not be built.
    InstanceFailed(InstanceId),
}
