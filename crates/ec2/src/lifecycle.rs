//! What happens without a call: states that pass, requests that expire, records that vanish, and what a data plane
//! reports.
//!
//! States pass at once: the reply to a call shows the first one, and the next [`advance`] is already beyond it. Clients
//! that wait for a state see the same sequence as on AWS, only sooner.

use model::{
    Draft, Instance, InstanceConnectEndpoint, InstanceConnectEndpointState, InstanceId, InstanceState, MetadataOptionsState, Observation,
    ShutdownBehavior, StateReason, Subnet, SubnetState, SummaryStatus, TagSetKey, Timestamp, Vpc, VpcPeeringConnection, VpcState,
};

use crate::client_token;
use crate::dhcp_options;
use crate::image;
use crate::instance::{instance_initiated_shutdown, launch_error};
use crate::network_insights_analysis;
use crate::vpc_peering_connection::{Next, next};

/// For how long a terminated instance is still listed: AWS says "about an hour".
const TERMINATED_STAYS_LISTED: i64 = 60 * 60 * 1000;

/// Does what is due, and says when there is something to do next.
pub fn advance(draft: &mut Draft, now: Timestamp) -> Option<Timestamp> {
    let vpcs: Vec<_> = draft.all::<Vpc>().filter(|vpc| vpc.state == VpcState::Pending).map(|vpc| vpc.id).collect();
    for id in vpcs {
        draft.update(id, |vpc| vpc.state = VpcState::Available);
    }
    let subnets: Vec<_> = draft.all::<Subnet>().filter(|subnet| subnet.state == SubnetState::Pending).map(|subnet| subnet.id).collect();
    for id in subnets {
        draft.update(id, |subnet| subnet.state = SubnetState::Available);
    }
    dhcp_options::give_defaults(draft);
    apply_metadata_options(draft);
    image::forget(draft);
    advance_endpoints(draft);
    let dues = [
        advance_peerings(draft, now),
        expire_instance_connect_keys(draft, now),
        purge_instances(draft, now),
        client_token::forget(draft, now),
        network_insights_analysis::advance(draft, now),
    ];
    dues.into_iter().flatten().min()
}

/// Takes in what a data plane saw. What is no news changes nothing.
pub fn observe(draft: &mut Draft, now: Timestamp, observation: Observation) {
    match observation {
        Observation::InstanceRunning(id) => {
            if draft.get(id).is_some_and(|instance| instance.state == InstanceState::Pending) {
                draft.update(id, |instance| {
                    (instance.state, instance.since, instance.status) = (InstanceState::Running, now, SummaryStatus::Initializing);
                });
            }
        }
        Observation::InstanceStatus(id, status) => {
            if draft.get(id).is_some_and(|instance| instance.state == InstanceState::Running && instance.status != status) {
                draft.update(id, |instance| instance.status = status);
            }
        }
        Observation::InstanceRebooted(id, number) => {
            if draft.get(id).is_some_and(|instance| instance.reboots.done < number) {
                draft.update(id, |instance| (instance.reboots.done, instance.status) = (number, SummaryStatus::Initializing));
            }
        }
        Observation::InstanceShutDown(id) => {
            if draft.get(id).is_some_and(|instance| matches!(instance.state, InstanceState::Pending | InstanceState::Running)) {
                draft.update(id, |instance| {
                    instance.state = match instance.shutdown_behavior {
                        ShutdownBehavior::Stop => InstanceState::Stopping,
                        ShutdownBehavior::Terminate => InstanceState::ShuttingDown,
                    };
                    (instance.since, instance.state_reason) = (now, Some(instance_initiated_shutdown()));
                });
            }
        }
        Observation::InstanceStopped(id) => stop(draft, now, id),
        Observation::InstanceGone(id) => terminate(draft, now, id, None),
        Observation::InstanceFailed(id) => terminate(draft, now, id, Some(launch_error())),
    }
}

fn advance_peerings(draft: &mut Draft, now: Timestamp) -> Option<Timestamp> {
    let snapshot = draft.clone();
    let mut due = None;
    for connection in snapshot.all::<VpcPeeringConnection>() {
        let mut step = next(connection, &snapshot, now);
        // A connection that has come into a state may already have to wait there for something.
        if let Next::Becomes(after) = step {
            step = match next(&after, &snapshot, now) {
                waits @ Next::Waits(_) => waits,
                _ => Next::Waits(Some(now)),
            };
            draft.put(*after);
        }
        match step {
            Next::Vanishes => draft.remove(connection.id),
            Next::Waits(until) => due = [due, until].into_iter().flatten().min(),
            Next::Becomes(_) => {}
        }
    }
    due
}

fn apply_metadata_options(draft: &mut Draft) {
    let pending = |instance: &&Instance| instance.metadata_options.state == MetadataOptionsState::Pending;
    let ids: Vec<InstanceId> = draft.all::<Instance>().filter(pending).map(|instance| instance.id).collect();
    for id in ids {
        draft.update(id, |instance| instance.metadata_options.state = MetadataOptionsState::Applied);
    }
}

/// An endpoint's interface ends with it.
fn advance_endpoints(draft: &mut Draft) {
    let endpoints: Vec<_> = draft.all::<InstanceConnectEndpoint>().map(|endpoint| (endpoint.id, endpoint.interface, endpoint.state)).collect();
    for (id, interface, state) in endpoints {
        match state {
            InstanceConnectEndpointState::CreateInProgress => {
                draft.update(id, |endpoint| endpoint.state = InstanceConnectEndpointState::CreateComplete);
            }
            InstanceConnectEndpointState::CreateComplete => {}
            InstanceConnectEndpointState::DeleteInProgress => {
                draft.remove(id);
                draft.remove(interface);
            }
        }
    }
}

/// Forgets the keys whose minute is over.
fn expire_instance_connect_keys(draft: &mut Draft, now: Timestamp) -> Option<Timestamp> {
    let mut due = None;
    let with_keys: Vec<Instance> = draft.all::<Instance>().filter(|instance| !instance.instance_connect_keys.is_empty()).cloned().collect();
    for mut instance in with_keys {
        let before = instance.instance_connect_keys.clone();
        due = [due, instance.instance_connect_keys.expire(now)].into_iter().flatten().min();
        if instance.instance_connect_keys != before {
            draft.put(instance);
        }
    }
    due
}

fn purge_instances(draft: &mut Draft, now: Timestamp) -> Option<Timestamp> {
    let end = |instance: &Instance| instance.since.plus_millis(TERMINATED_STAYS_LISTED);
    let terminated: Vec<(InstanceId, Timestamp)> =
        draft.all::<Instance>().filter(|instance| instance.state == InstanceState::Terminated).map(|instance| (instance.id, end(instance))).collect();
    for &(id, _) in terminated.iter().filter(|(_, end)| *end <= now) {
        draft.remove(id);
    }
    terminated.into_iter().map(|(_, end)| end).filter(|end| *end > now).min()
}

/// An instance that was asked to stop is off: only now its automatic public address is released.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/how-ec2-instance-stop-start-works.html>
fn stop(draft: &mut Draft, now: Timestamp, id: InstanceId) {
    let Some(mut instance) = draft.get(id).filter(|instance| instance.state == InstanceState::Stopping).cloned() else { return };
    for &id in &instance.interfaces {
        if draft.resolve(id).association.is_some_and(|association| association.elastic.is_none()) {
            draft.update(id, |interface| interface.association = None);
        }
    }
    (instance.state, instance.since) = (InstanceState::Stopped, now);
    instance.reboots.done = instance.reboots.asked;
    draft.put(instance);
}

/// The end of an instance: interfaces that end with it go, others become available
/// and lose their public address; an Elastic IP stays allocated. One that was to go keeps the
/// reason it has.
fn terminate(draft: &mut Draft, now: Timestamp, id: InstanceId, reason: Option<StateReason>) {
    let Some(mut instance) = draft.get(id).filter(|instance| instance.state != InstanceState::Terminated).cloned() else { return };
    for id in std::mem::take(&mut instance.interfaces) {
        match draft.resolve(id).attachment.is_some_and(|attachment| attachment.delete_on_termination) {
            true => draft.remove(id),
            false => draft.update(id, |interface| (interface.attachment, interface.association) = (None, None)),
        }
    }
    if instance.state != InstanceState::ShuttingDown {
        instance.state_reason = reason;
    }
    draft.remove_tags(TagSetKey { resource: instance.root_volume().into(), scope: instance.scope });
    (instance.state, instance.since) = (InstanceState::Terminated, now);
    draft.put(instance);
}
