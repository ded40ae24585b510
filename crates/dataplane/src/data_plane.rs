//! The data plane as the daemon uses it: snapshots in, packets moved, reports out.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use model::{NetworkInterfaceId, Snapshot};
use semantics::{Origin, Packet};

use crate::endpoints::{self, Endpoints};
use crate::error::{Doing, Error, Result};
use crate::fabric::{self, Fabric};
use crate::flow_table::FlowTable;
use crate::hash::HashMap;
use crate::internet::{self, Internet};
use crate::ports::{Joined, Port, Ports};
use crate::report::{Begun, FlowReport, LatestFlows, Statistics};
use crate::services::{self, Services};
use crate::slow_path::SlowPath;
use crate::thread::{Order, Worker};

/// Where a data plane keeps what it makes, and how much of it there may be.
#[derive(Clone, Debug)]
pub struct Config {
    /// A folder of its own. What it holds are mounts: the namespaces of fabric, internet, services and
    /// endpoints, and the pins.
    pub runtime_dir: PathBuf,
    /// How many flows the kernel may know; a conversation is two. Beyond, the flows that matter least are forgotten,
    /// and packets still pass, one by one. Each takes 128 bytes of the kernel's memory, used or not.
    pub flows: u32,
}

/// A running data plane. Dropping it ends the thread that answers for new flows; established ones go on, until
/// [`remove_everything`].
pub struct DataPlane {
    worker: Worker,
    fabric: Fabric,
    internet: Internet,
    services: Services,
    pub(crate) endpoints: Endpoints,
    pub(crate) latest: ArcSwap<Snapshot>,
}

impl Config {
    /// That folder, and room for 131,072 conversations.
    pub fn new(runtime_dir: impl Into<PathBuf>) -> Self {
        Self { runtime_dir: runtime_dir.into(), flows: 1 << 18 }
    }
}

impl DataPlane {
    /// Enforces the snapshot, with the fabric that an earlier data plane left in the folder: flows that go on, and the
    /// interfaces that are attached, are taken over. Where none was left, or none that can be gone on with, what is
    /// there is removed and a fabric is made.
    pub fn start(config: &Config, snapshot: Arc<Snapshot>) -> Result<Self> {
        match Self::resume(config, &snapshot) {
            Ok(Some(resumed)) => return Ok(resumed),
            Ok(None) => {}
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "the fabric is made anew"),
        }
        // Once, with four daemons starting at a time, the kernel said of the TAP that had just been brought up that there
        // was no such device. Why is not known; from the beginning it went well.
        Self::start_clean(config, &snapshot).or_else(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "the fabric could not be made, and is tried once more");
            Self::start_clean(config, &snapshot)
        })
    }

    fn start_clean(config: &Config, snapshot: &Arc<Snapshot>) -> Result<Self> {
        remove_everything(config)?;
        let started = Self::start_anew(config, Arc::clone(snapshot));
        if started.is_err() {
            // Why it could not be made is what is worth telling, not what could not be removed then.
            let _ = remove_everything(config);
        }
        started
    }

    fn resume(config: &Config, snapshot: &Arc<Snapshot>) -> Result<Option<Self>> {
        let Some((fabric, tap, maps)) = Fabric::left(&config.runtime_dir, config.flows)? else { return Ok(None) };
        let internet = Internet::left(&config.runtime_dir)?.ok_or(Error::Left { problem: "its internet is gone" })?;
        let services = Services::left(&config.runtime_dir)?.ok_or(Error::Left { problem: "its services are gone" })?;
        let (ports, stale) = Ports::left(&fabric.host_ends()?, snapshot, maps.interfaces, maps.neighbours)?;
        for serial in stale {
            fabric.detach(serial)?;
        }
        let mut slow_path = SlowPath::new(Arc::clone(snapshot), ports, FlowTable::new(maps.flows), tap);
        slow_path.resume()?;
        let worker = Worker::start(slow_path, maps.drops)?;
        endpoints::remove_strays(&config.runtime_dir, snapshot)?;
        let endpoints = Endpoints::of(&config.runtime_dir);
        Ok(Some(Self { worker, fabric, internet, services, endpoints, latest: ArcSwap::new(Arc::clone(snapshot)) }))
    }

    fn start_anew(config: &Config, snapshot: Arc<Snapshot>) -> Result<Self> {
        let (fabric, tap, maps) = Fabric::create(&config.runtime_dir, config.flows)?;
        let internet = Internet::create(&config.runtime_dir)?;
        let services = Services::create(&config.runtime_dir)?;
        let joined = Joined { internet: fabric.attach_internet(&internet)?, services: fabric.attach_services(&services)? };
        let ports = Ports::new(joined, maps.interfaces, maps.neighbours);
        let mut slow_path = SlowPath::new(Arc::clone(&snapshot), ports, FlowTable::new(maps.flows), tap);
        slow_path.publish(Arc::clone(&snapshot))?;
        let worker = Worker::start(slow_path, maps.drops)?;
        Fabric::mark_complete(&config.runtime_dir)?;
        let endpoints = Endpoints::of(&config.runtime_dir);
        Ok(Self { worker, fabric, internet, services, endpoints, latest: ArcSwap::new(snapshot) })
    }

    /// Returns when the kernel enforces the snapshot: no packet that an instance sends from then on is treated by an
    /// older one. Snapshots are published in their order, by one thread.
    pub fn publish(&self, snapshot: Arc<Snapshot>) -> Result<()> {
        self.latest.store(Arc::clone(&snapshot));
        self.worker.ask(|answer| Order::Publish(snapshot, answer))
    }

    /// Puts an interface into a guest's network namespace, as `eth0`, configured and up. If it was somewhere else, it
    /// is not there any more.
    pub fn attach(&self, id: NetworkInterfaceId, guest: OwnedFd) -> Result<()> {
        let snapshot = self.latest.load_full();
        let interface = snapshot.get(id).ok_or(Error::UnknownInterface(id))?;
        let guest = fabric::guest(guest);
        let ifindex = self.fabric.attach(interface, &guest)?;
        let port = Port { origin: id.into(), serial: interface.serial, ifindex };
        let opened = self
            .worker
            .ask(|answer| Order::Attach(port, answer))
            .and_then(|()| self.fabric.open(interface, snapshot.resolve(interface.subnet), &guest));
        if opened.is_err() {
            self.take_out(port)?;
        }
        opened
    }

    /// Whether an interface is in a guest. One whose guest has ended may still count as attached, until it is attached
    /// to another.
    pub fn is_attached(&self, id: NetworkInterfaceId) -> Result<bool> {
        self.worker.ask(|answer| Order::Port(id.into(), answer)).map(|port| port.is_some())
    }

    /// Whether an interface is where it was put: whether it is `eth0` in that network namespace, its guest's. A guest's
    /// root may have deleted, moved or renamed it; to [attach](Self::attach) it again gives it back. What else was done
    /// to the link is the guest's business.
    pub fn is_in_place(&self, id: NetworkInterfaceId, guest: BorrowedFd<'_>) -> Result<bool> {
        let snapshot = self.latest.load();
        let interface = snapshot.get(id).ok_or(Error::UnknownInterface(id))?;
        self.fabric.holds(interface.serial, guest)
    }

    /// The serials of the interfaces that something happened to since this was last asked, so that they may not be in
    /// place any more; `None` if that is not known. That one was renamed in its guest is not noticed here.
    pub fn disturbed(&self) -> Result<Option<BTreeSet<u32>>> {
        self.fabric.disturbances.take()
    }

    /// Takes an interface out of its guest. It need not be in one, or be in the snapshot still.
    pub fn detach(&self, id: NetworkInterfaceId) -> Result<()> {
        match self.worker.ask(|answer| Order::Port(id.into(), answer))? {
            Some(port) => self.take_out(port),
            None => Ok(()),
        }
    }

    /// Forgets that an interface was in a guest, which has ended: the kernel removes the link together with the guest's
    /// network namespace, in its own time and many at once. [Taking them out](Self::detach) one by one takes longer than
    /// it took to launch them.
    pub fn release(&self, id: NetworkInterfaceId) -> Result<()> {
        self.worker.ask(|answer| Order::Detach(id.into(), answer))
    }

    fn take_out(&self, port: Port) -> Result<()> {
        self.worker.ask(|answer| Order::Detach(port.origin, answer))?;
        self.fabric.detach(port.serial)
    }

    /// The network namespace that is the internet. What runs there has the addresses of [`model::internet`].
    pub fn internet_namespace(&self) -> Result<OwnedFd> {
        self.internet.namespace().as_fd().try_clone_to_owned().doing(|| "duplicate a descriptor".to_owned())
    }

    /// The network namespace in which the services of all VPCs are. Who listens there, at the addresses of
    /// [`model::local_service`], is asked by interfaces.
    pub fn services_namespace(&self) -> Result<OwnedFd> {
        self.services.namespace().as_fd().try_clone_to_owned().doing(|| "duplicate a descriptor".to_owned())
    }

    /// The way beyond the internet: a device from which come packets to addresses that nobody there has, and into which those
    /// from them are written, as IPv4. The way ends with the descriptor. The uplink is to be as wanted before.
    pub fn lead_beyond(&self) -> Result<OwnedFd> {
        self.internet.lead_beyond()
    }

    /// Lets the machine take the laptop's place on the internet, with its address and a route to the public addresses,
    /// or ends that. What has the laptop's address in [`Self::internet_namespace`] is cut off meanwhile. The machine is
    /// what the calling thread's network namespace says; it is refused where one of its routes would be in the way.
    pub fn uplink(&self, on: bool) -> Result<()> {
        self.internet.set_uplink(on)
    }

    /// Every flow that the kernel knows.
    pub fn flows(&self) -> Result<Vec<FlowReport>> {
        self.worker.ask(Order::Flows)
    }

    /// The flows that were heard of last, so many at most.
    pub fn latest_flows(&self, limit: usize) -> Result<LatestFlows> {
        self.worker.ask(|answer| Order::LatestFlows(limit, answer))
    }

    /// The flows that these packets are of, each as it leaves from there; `None` where the kernel does not know such a flow.
    pub fn flows_of(&self, packets: Vec<(Origin, Packet)>) -> Result<Vec<Option<FlowReport>>> {
        self.worker.ask(|answer| Order::FlowsOf(packets, answer))
    }

    /// Every flow that was begun at one of these interfaces, and what answers it.
    pub fn flows_begun_at(&self, interfaces: BTreeSet<NetworkInterfaceId>) -> Result<Vec<Begun>> {
        self.worker.ask(|answer| Order::FlowsBegunAt(interfaces, answer))
    }

    /// What is behind each host end, by its index.
    pub(crate) fn origins(&self) -> Result<HashMap<u32, Origin>> {
        self.worker.ask(Order::Origins)
    }

    /// Does something in the fabric's namespace.
    pub(crate) fn in_fabric<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        self.fabric.run(work)
    }

    /// Numbers about the whole.
    pub fn statistics(&self) -> Result<Statistics> {
        self.worker.ask(Order::Statistics)
    }
}

/// The internet of a data plane that runs in another process.
pub fn open_internet(config: &Config) -> Result<OwnedFd> {
    internet::open(&config.runtime_dir)
}

/// Removes all that a data plane made, also after a crash. Nothing to remove is fine too.
pub fn remove_everything(config: &Config) -> Result<()> {
    fabric::remove(&config.runtime_dir)?;
    internet::remove(&config.runtime_dir)?;
    services::remove(&config.runtime_dir)?;
    endpoints::remove(&config.runtime_dir)?;
    match fs::remove_dir(&config.runtime_dir) {
        // Others may keep things there.
        Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty) => {
            Err(error).doing(|| format!("remove {}", config.runtime_dir.display()))
        }
        _ => Ok(()),
    }
}
