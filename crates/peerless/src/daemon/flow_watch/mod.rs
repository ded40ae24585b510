//! What goes on in the kernel, for whoever watches.
//!
//! All who watch the same share one look at the kernel's flows, at most once a second, and less often where looking takes
//! long; nobody looks when nobody watches.

mod begun;
mod latest;
mod render;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use dataplane::{Begun, LatestFlows};
use model::{InstanceId, NetworkInterfaceId, Snapshot};
use tokio::sync::Mutex;

use super::control_loop::Published;
use crate::flow::{Flows, Wanted};
use begun::Registry;
use latest::Latest;

pub use begun::{BegunFlows, InstanceWatch};

/// The shortest time between two looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// Looking may take that part of the time: one twentieth.
const SHARE: u32 = 20;

/// How many flows are looked at: those that were heard of last.
const MOST_LOOKED_AT: usize = 16_384;

/// The most who watch what goes on everywhere.
const SEATS: usize = 16;

/// What is looked at.
pub trait Kernel: Send + Sync {
    /// The flows that were heard of last, so many at most; `None` where there are no packets.
    fn latest(&self, limit: usize) -> Option<LatestFlows>;
    /// All that were begun at these interfaces, with their answers; `None` where there are no packets.
    fn begun_at(&self, interfaces: BTreeSet<NetworkInterfaceId>) -> Option<Vec<Begun>>;
}

impl Kernel for Weak<dataplane::DataPlane> {
    fn latest(&self, limit: usize) -> Option<LatestFlows> {
        self.upgrade()?.latest_flows(limit).ok()
    }

    fn begun_at(&self, interfaces: BTreeSet<NetworkInterfaceId>) -> Option<Vec<Begun>> {
        self.upgrade()?.flows_begun_at(interfaces).ok()
    }
}

/// What goes on.
pub struct FlowWatch {
    kernel: Arc<dyn Kernel>,
    published: Published,
    latest: Shared<Latest>,
    begun: Shared<BegunFlows>,
    registry: Registry,
    seated: AtomicUsize,
}

/// A look that is shared: taken when the last one is too old.
struct Shared<L> {
    /// The shortest time between two.
    pace: Duration,
    last: Mutex<Option<(Taken, Arc<L>)>>,
}

/// When it was taken, and how long that took.
#[derive(Clone, Copy)]
struct Taken {
    at: Instant,
    took: Duration,
}

impl<L: Send + Sync + 'static> Shared<L> {
    fn paced(pace: Duration) -> Self {
        Self { pace, last: Mutex::new(None) }
    }

    /// How long to wait between two.
    async fn interval(&self) -> Duration {
        self.last.lock().await.as_ref().map_or(self.pace, |(taken, _)| self.interval_after(taken))
    }

    fn interval_after(&self, taken: &Taken) -> Duration {
        self.pace.max(taken.took * SHARE)
    }

    /// The last one if it is fresh and of use, else a new one. That knows the last one.
    async fn get(&self, is_of_use: impl Fn(&L) -> bool, look: impl FnOnce(Option<Arc<L>>) -> Option<L> + Send + 'static) -> Option<Arc<L>> {
        let mut last = self.last.lock().await;
        let is_fresh = |taken: &Taken| taken.at.elapsed() < self.interval_after(taken).mul_f64(0.9);
        if let Some((_, look)) = last.as_ref().filter(|(taken, look)| is_fresh(taken) && is_of_use(look)) {
            return Some(Arc::clone(look));
        }
        let before = last.take().map(|(_, look)| look);
        let (taken, look) = tokio::task::spawn_blocking(move || {
            let at = Instant::now();
            let look = look(before)?;
            Some((Taken { at, took: at.elapsed() }, look))
        })
        .await
        .ok()??;
        let (_, look) = last.insert((taken, Arc::new(look)));
        Some(Arc::clone(look))
    }

    /// Nobody needs it any more.
    fn forget(&self) {
        // Who is looking just now leaves a look behind, and the next one to leave takes that away.
        if let Ok(mut last) = self.last.try_lock() {
            *last = None;
        }
    }
}

/// A place among those who watch what goes on everywhere; given back when it is dropped.
pub struct Seat(Arc<FlowWatch>);

impl Drop for Seat {
    fn drop(&mut self) {
        if self.0.seated.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.latest.forget();
        }
    }
}

impl FlowWatch {
    /// What goes on there.
    pub fn new(kernel: impl Kernel + 'static, published: Published) -> Self {
        Self::paced(kernel, published, INTERVAL)
    }

    fn paced(kernel: impl Kernel + 'static, published: Published, pace: Duration) -> Self {
        let (latest, begun) = (Shared::paced(pace), Shared::paced(pace));
        Self { kernel: Arc::new(kernel), published, latest, begun, registry: Registry::default(), seated: AtomicUsize::new(0) }
    }

    /// A place for somebody who asks again and again, if there is one left.
    pub fn seat(self: &Arc<Self>) -> Option<Seat> {
        let taken = self.seated.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |seated| (seated < SEATS).then_some(seated + 1));
        taken.ok().map(|_| Seat(Arc::clone(self)))
    }

    /// How many watch, everything or an instance.
    pub fn watchers(&self) -> usize {
        self.seated.load(Ordering::Relaxed) + self.registry.len()
    }

    /// How long to wait between two looks at everything.
    pub async fn interval(&self) -> Duration {
        self.latest.interval().await
    }

    /// The flows that are wanted, as they are now or were a moment ago; `None` in a network that is a model only.
    pub async fn flows(&self, wanted: &Wanted) -> Option<Flows> {
        let (kernel, snapshot) = (Arc::clone(&self.kernel), self.published.load_full());
        let look = self.latest.get(|_| true, move |before| Latest::look(&*kernel, snapshot, before)).await?;
        let wanted = wanted.clone();
        tokio::task::spawn_blocking(move || look.wanted(&wanted)).await.ok()
    }

    /// Begins to watch what that instance begins.
    pub fn watch(self: &Arc<Self>, instance: InstanceId) -> InstanceWatch {
        self.registry.enter(instance);
        InstanceWatch { flows: Arc::clone(self), instance }
    }

    /// What was begun by instances that are watched, that one among them.
    async fn begun_by(&self, instance: InstanceId) -> Option<Arc<BegunFlows>> {
        let (kernel, snapshot, instances) = (Arc::clone(&self.kernel), self.published.load_full(), self.registry.instances());
        let knows = |look: &BegunFlows| look.knows(instance);
        self.begun.get(knows, move |_| BegunFlows::look(&*kernel, snapshot, instances)).await
    }

    fn leave(&self, instance: InstanceId) {
        if self.registry.leave(instance) {
            self.begun.forget();
        }
    }
}

/// The interfaces of an instance.
fn interfaces(snapshot: &Snapshot, instance: InstanceId) -> &[NetworkInterfaceId] {
    snapshot.get(instance).map_or(&[], |instance| &instance.interfaces)
}

#[cfg(test)]
mod tests {
    use arc_swap::ArcSwap;

    use super::*;

    /// A kernel that knows nothing, and how often it was asked.
    #[derive(Clone, Default)]
    struct Asked(Arc<[AtomicUsize; 2]>);

    impl Asked {
        fn counts(&self) -> [usize; 2] {
            [0, 1].map(|which| self.0[which].load(Ordering::Relaxed))
        }
    }

    impl Kernel for Asked {
        fn latest(&self, _: usize) -> Option<LatestFlows> {
            self.0[0].fetch_add(1, Ordering::Relaxed);
            Some(LatestFlows::default())
        }

        fn begun_at(&self, _: BTreeSet<NetworkInterfaceId>) -> Option<Vec<Begun>> {
            self.0[1].fetch_add(1, Ordering::Relaxed);
            Some(Vec::new())
        }
    }

    fn watch() -> (Arc<FlowWatch>, Asked) {
        let kernel = Asked::default();
        // No test takes that long.
        let pace = Duration::from_secs(24 * 3600);
        (Arc::new(FlowWatch::paced(kernel.clone(), Arc::new(ArcSwap::default()), pace)), kernel)
    }

    fn instance(number: u64) -> InstanceId {
        format!("i-{number:017x}").parse().unwrap()
    }

    #[tokio::test]
    async fn ten_terminals_cost_what_one_costs() {
        let (flows, kernel) = watch();
        let watches: Vec<_> = (0..10).map(|number| flows.watch(instance(number % 3))).collect();
        for watch in &watches {
            assert!(watch.look().await.unwrap().of(watch.instance).next().is_none());
        }
        assert_eq!((flows.watchers(), kernel.counts()), (10, [0, 1]));
        // Of an instance that nobody watched before nothing is known yet.
        let another = flows.watch(instance(7));
        another.look().await.unwrap();
        watches[0].look().await.unwrap();
        assert_eq!(kernel.counts(), [0, 2]);
    }

    #[tokio::test]
    async fn nobody_who_left_is_looked_for() {
        let (flows, kernel) = watch();
        let watches = [1, 1, 2].map(|number| flows.watch(instance(number)));
        watches[0].look().await.unwrap();
        drop(watches);
        assert_eq!((flows.watchers(), flows.registry.instances().len()), (0, 0));
        assert!(flows.begun.last.lock().await.is_none(), "what was seen last is forgotten");
        let seats: Vec<Seat> = std::iter::from_fn(|| flows.seat()).take(SEATS + 1).collect();
        flows.flows(&Wanted::default()).await.unwrap();
        assert_eq!((seats.len(), flows.watchers()), (SEATS, SEATS), "one too many has no seat");
        drop(seats);
        assert_eq!(flows.watchers(), 0);
        assert!(flows.latest.last.lock().await.is_none());
        assert_eq!(kernel.counts(), [1, 1]);
    }
}
