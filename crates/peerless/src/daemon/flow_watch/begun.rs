//! What watched instances begin: all of it, however much goes on besides.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dataplane::Begun;
use model::{InstanceId, NetworkInterfaceId, Snapshot};
use semantics::Origin;

use super::{FlowWatch, Kernel, interfaces};

/// Which instances are watched, and by how many.
#[derive(Default)]
pub(super) struct Registry(Mutex<BTreeMap<InstanceId, usize>>);

impl Registry {
    pub fn enter(&self, instance: InstanceId) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(instance).or_default() += 1;
    }

    /// Whether that was the last one of all.
    pub fn leave(&self, instance: InstanceId) -> bool {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = watched.get_mut(&instance) {
            *count -= 1;
            if *count == 0 {
                watched.remove(&instance);
            }
        }
        watched.is_empty()
    }

    pub fn instances(&self) -> BTreeSet<InstanceId> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    pub fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }
}

/// What all watched instances have begun, at one moment.
pub struct BegunFlows {
    /// The state of that moment.
    pub snapshot: Arc<Snapshot>,
    instances: BTreeSet<InstanceId>,
    flows: BTreeMap<NetworkInterfaceId, Vec<Begun>>,
}

impl BegunFlows {
    pub(super) fn look(kernel: &dyn Kernel, snapshot: Arc<Snapshot>, instances: BTreeSet<InstanceId>) -> Option<Self> {
        let watched = instances.iter().flat_map(|&instance| interfaces(&snapshot, instance)).copied().collect();
        let mut flows: BTreeMap<NetworkInterfaceId, Vec<Begun>> = BTreeMap::new();
        for begun in kernel.begun_at(watched)? {
            if let Origin::Interface(from) = begun.flow.from {
                flows.entry(from).or_default().push(begun);
            }
        }
        Some(Self { snapshot, instances, flows })
    }

    pub(super) fn knows(&self, instance: InstanceId) -> bool {
        self.instances.contains(&instance)
    }

    /// Those of an instance.
    pub fn of(&self, instance: InstanceId) -> impl Iterator<Item = &Begun> {
        interfaces(&self.snapshot, instance).iter().filter_map(|interface| self.flows.get(interface)).flatten()
    }
}

/// Somebody who watches what an instance begins. Dropped, it is one less.
pub struct InstanceWatch {
    pub(super) flows: Arc<FlowWatch>,
    pub(super) instance: InstanceId,
}

impl InstanceWatch {
    /// How long to wait between two looks.
    pub async fn interval(&self) -> Duration {
        self.flows.begun.interval().await
    }

    /// As it is now or was a moment ago; `None` in a network that is a model only.
    pub async fn look(&self) -> Option<Arc<BegunFlows>> {
        self.flows.begun_by(self.instance).await
    }
}

impl Drop for InstanceWatch {
    fn drop(&mut self) {
        self.flows.leave(self.instance);
    }
}
