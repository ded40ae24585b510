//! vCPUs: how many of them the running instances of an account may have together, in each Region.
//!
//! AWS counts them by kinds of instance types; all types that are offered here are of one kind, "Running On-Demand Standard (A, C, D, H, I, M,
//! R, T, Z) instances". A new account has 5 there, which grows as it is used, or on request. Nobody can be asked here, and a third instance is no
//! lesson worth its trouble: the limit is that of an account that has grown. It has room for the thousand instances that one machine carries,
//! and refuses the call that would ask for ten thousand.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html#ec2-on-demand-instances-limits>

use model::{Instance, InstanceState, InstanceType};

use crate::error::Error;
use crate::view::View;

/// The limit.
pub(crate) const LIMIT: u32 = 2560;

/// For how many more instances of the type there is room. At least so many are wanted.
pub(crate) fn room(instance_type: InstanceType, at_least: usize, view: View<'_>) -> Result<usize, Error> {
    let runs = |instance: &&Instance| matches!(instance.state, InstanceState::Pending | InstanceState::Running);
    let taken: u32 = view.all::<Instance>().filter(runs).map(|instance| instance.instance_type.vcpus()).sum();
    let room = LIMIT.saturating_sub(taken) / instance_type.vcpus().max(1);
    match usize::try_from(room) {
        Ok(room) if room >= at_least => Ok(room),
        _ => Err(Error::VcpuLimitExceeded { limit: LIMIT }),
    }
}
