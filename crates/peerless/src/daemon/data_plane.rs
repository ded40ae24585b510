//! What enforces a snapshot: the host's kernel, or nothing at all.

use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use model::{Instance, InstanceState, Observation, Snapshot, SummaryStatus};

use super::control_loop::Event;
use super::library::Library;

/// Snapshots in; observations come back as events.
pub trait DataPlane: Send {
    /// Makes this the state in force; returns when it is.
    fn publish(&self, snapshot: Arc<Snapshot>);
    /// Takes everything off the host.
    fn stop(&self);
}

/// The data plane of a daemon that only answers questions: instances change their states and nothing boots.
pub struct ModelOnly {
    observations: Sender<Event>,
    library: Mutex<Library>,
}

impl ModelOnly {
    /// One that reports to this loop what it pretends to see.
    pub fn new(observations: Sender<Event>, library: Library) -> Self {
        Self { observations, library: Mutex::new(library) }
    }
}

impl DataPlane for ModelOnly {
    fn publish(&self, snapshot: Arc<Snapshot>) {
        self.library.lock().unwrap_or_else(PoisonError::into_inner).follow(&snapshot);
        let seen = snapshot.all::<Instance>().filter_map(|instance| {
            Some(match instance.state {
                InstanceState::Pending => Observation::InstanceRunning(instance.id),
                InstanceState::Running if instance.status != SummaryStatus::Ok => Observation::InstanceStatus(instance.id, SummaryStatus::Ok),
                InstanceState::Stopping => Observation::InstanceStopped(instance.id),
                InstanceState::ShuttingDown => Observation::InstanceGone(instance.id),
                InstanceState::Running if instance.reboots.is_due() => Observation::InstanceRebooted(instance.id, instance.reboots.asked),
                _ => return None,
            })
        });
        let seen: Vec<Observation> = seen.collect();
        if !seen.is_empty() {
            // The loop that published may be ending; then nobody needs to know.
            let _ = self.observations.send(Event::Observations(seen));
        }
    }

    fn stop(&self) {}
}
