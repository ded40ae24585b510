//! The host as a data plane: the fabric carries packets, and every instance that should be there is a guest.
//!
//! The reconciler is told *that* something changed, never *what*: it compares the latest snapshot with the guests that
//! there are, and closes the difference. First start and the thousandth call take the same path. Guests that a daemon
//! left that was killed are adopted first, so that they are there already.

mod links;
mod reports;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use instance::images::Images;
use instance::{Disk, Guest, Host, IDS_PER_GUEST, Spec};
use model::{Image, ImportedImage, Instance, InstanceId, InstanceState, NetworkInterface, Observation, Snapshot, Vpc};

use super::control_loop::Event;
use super::data_plane::DataPlane;
use super::library::Library;
use super::status_checks::StatusChecks;
use links::Links;
use reports::Reports;

/// How often guests that ended by themselves, or lost their interface, are looked for.
const ROUND: Duration = Duration::from_millis(500);

/// How long a guest that was rebooted from inside runs before it may be again: one that reboots at each boot leaves others their turn.
const SHORTEST_LIFE: Duration = Duration::from_secs(2);

/// How long the programs of a guest have to end by themselves.
const PATIENCE: Duration = Duration::from_secs(2);

/// Packets in the kernel, instances in namespaces.
pub struct HostDataPlane {
    packets: Arc<dataplane::DataPlane>,
    latest: Arc<ArcSwap<Snapshot>>,
    wake: Sender<Wake>,
    reconciler: std::sync::Mutex<Option<JoinHandle<()>>>,
}

enum Wake {
    Changed,
    Stop,
}

impl HostDataPlane {
    /// Adopts the guests that an earlier daemon left, and begins to boot whatever else the snapshot says is running.
    pub fn start(
        packets: Arc<dataplane::DataPlane>,
        host: Host,
        authority: String,
        snapshot: Arc<Snapshot>,
        observations: Sender<Event>,
    ) -> std::io::Result<Self> {
        place_endpoints(&packets);
        let library = Library::open(Images::of(&host.state_dir), &snapshot);
        let latest = Arc::new(ArcSwap::new(snapshot));
        let (wake, woken) = std::sync::mpsc::channel();
        let reconciler = Reconciler {
            host,
            authority,
            packets: Arc::clone(&packets),
            latest: Arc::clone(&latest),
            observations,
            reports: Reports::default(),
            guests: BTreeMap::new(),
            rebooted: BTreeMap::new(),
            restarted: BTreeMap::new(),
            given_up: BTreeSet::new(),
            checks: StatusChecks::default(),
            links: Links::default(),
            library,
            next_round: None,
        };
        let thread = std::thread::Builder::new().name("reconciler".to_owned()).spawn(move || reconciler.run(&woken))?;
        let data_plane = Self { packets, latest, wake, reconciler: std::sync::Mutex::new(Some(thread)) };
        data_plane.wake(Wake::Changed);
        Ok(data_plane)
    }

    fn wake(&self, why: Wake) {
        // A reconciler that is gone has logged why.
        let _ = self.wake.send(why);
    }
}

impl DataPlane for HostDataPlane {
    fn publish(&self, snapshot: Arc<Snapshot>) {
        if let Err(error) = self.packets.publish(Arc::clone(&snapshot)) {
            tracing::error!(error = chain(&error), "the kernel could not be brought up to date");
        }
        place_endpoints(&self.packets);
        self.latest.store(snapshot);
        self.wake(Wake::Changed);
    }

    fn stop(&self) {
        self.wake(Wake::Stop);
        let thread = self.reconciler.lock().map(|mut thread| thread.take());
        if let Ok(Some(thread)) = thread
            && thread.join().is_err()
        {
            tracing::error!("the reconciler had panicked");
        }
    }
}

struct Reconciler {
    host: Host,
    /// The certificate of the simulated internet's authority.
    authority: String,
    packets: Arc<dataplane::DataPlane>,
    latest: Arc<ArcSwap<Snapshot>>,
    observations: Sender<Event>,
    reports: Reports,
    guests: BTreeMap<InstanceId, Guest>,
    /// How often instances were to be rebooted when they last were: the report may take longer than the next look.
    rebooted: BTreeMap<InstanceId, u32>,
    /// When instances that reboot themselves last did.
    restarted: BTreeMap<InstanceId, Instant>,
    /// Instances whose end was reported; they are not built again, however long the report takes.
    given_up: BTreeSet<InstanceId>,
    checks: StatusChecks,
    links: Links,
    library: Library,
    next_round: Option<Instant>,
}

impl Reconciler {
    fn run(mut self, woken: &Receiver<Wake>) {
        self.adopt();
        while let Ok(Wake::Changed) | Err(RecvTimeoutError::Timeout) = woken.recv_timeout(ROUND) {
            // One look serves all that has changed meanwhile: with a thousand instances it takes a while.
            if woken.try_iter().any(|why| matches!(why, Wake::Stop)) {
                break;
            }
            let is_round = self.is_next_round();
            let snapshot = self.latest.load_full();
            self.begin_ends(&snapshot);
            for instance in snapshot.all::<Instance>() {
                self.reconcile(&snapshot, instance, is_round);
            }
            self.rebooted.retain(|&id, _| snapshot.get(id).is_some_and(|instance| instance.reboots.is_due()));
            self.restarted.retain(|_, last| last.elapsed() < SHORTEST_LIFE);
            self.report_all();
            place_endpoints(&self.packets);
            if is_round {
                self.restore_links(&snapshot);
                self.check_status(&snapshot);
            }
            self.report_all();
            self.library.follow(&snapshot);
            self.given_up.retain(|&id| snapshot.get(id).is_some_and(|instance| instance.state != InstanceState::Terminated));
        }
        for guest in std::mem::take(&mut self.guests).into_values() {
            self.end(&guest, Disk::Keep);
        }
    }

    /// Whether it is time to look after all guests, however well they were.
    fn is_next_round(&mut self) -> bool {
        let now = Instant::now();
        let is_due = self.next_round.is_none_or(|next| next <= now);
        if is_due {
            self.next_round = Some(now + ROUND);
        }
        is_due
    }

    /// All that are to end do so at the same time; each is waited for in its turn.
    fn begin_ends(&self, snapshot: &Snapshot) {
        let ends = |state| matches!(state, InstanceState::ShuttingDown | InstanceState::Stopping);
        for guest in self.guests.iter().filter(|(id, _)| snapshot.get(**id).is_some_and(|instance| ends(instance.state))).map(|(_, guest)| guest) {
            // If that fails, so it does when it is waited for, and is told then.
            let _ = guest.begin_power_off();
        }
    }

    /// Takes over what an earlier daemon left. A guest that has ended by then did so by itself, or its record would be
    /// gone: what becomes of it is decided as if it had ended just now.
    fn adopt(&mut self) {
        let left = match self.host.leftovers() {
            Ok(left) => left,
            Err(error) => return tracing::error!(error = chain(&error), "the guests of an earlier daemon could not be found"),
        };
        let snapshot = self.latest.load_full();
        for name in left {
            let instance = name.parse().ok().and_then(|id: InstanceId| snapshot.get(id));
            match instance.map(|instance| (instance, instance.state)) {
                Some((_, InstanceState::Stopped)) | None => self.remove(&name, Disk::Keep),
                Some((_, InstanceState::Terminated)) => self.remove(&name, Disk::Delete),
                Some((instance, _)) => self.adopt_guest(&snapshot, instance, &name),
            }
        }
    }

    fn adopt_guest(&mut self, snapshot: &Snapshot, instance: &Instance, name: &str) {
        // Without a record it never got beyond being built; building it again removes what there is of it.
        let Ok(Some(guest)) = self.host.guest(name) else { return self.remove(name, Disk::Keep) };
        if guest.is_alive() && matches!(instance.state, InstanceState::Pending | InstanceState::Running) {
            if let Err(error) = self.reconnect(snapshot, instance, &guest) {
                tracing::warn!(id = name, error, "the guest of an earlier daemon cannot go on; the instance is started again");
                return self.end(&guest, Disk::Keep);
            }
            self.report(Observation::InstanceRunning(instance.id));
        }
        self.guests.insert(instance.id, guest);
    }

    /// As long as the instance is pending, nobody knows how far its interface has come.
    fn reconnect(&self, snapshot: &Snapshot, instance: &Instance, guest: &Guest) -> Result<(), String> {
        let Some(&primary) = instance.interfaces.first() else { return Err("it has no interface".to_owned()) };
        let is_connected = instance.state == InstanceState::Running && self.packets.is_attached(primary).map_err(|error| chain(&error))?;
        if is_connected { Ok(()) } else { self.connect(guest, snapshot.resolve(primary)) }
    }

    /// What became of a guest that was well is only looked for once a round.
    fn reconcile(&mut self, snapshot: &Snapshot, instance: &Instance, is_round: bool) {
        let id = instance.id;
        if self.is_to_be_rebooted(instance) {
            self.reboot(snapshot, instance);
        }
        let mut alive = self.guests.get(&id).map(|guest| !is_round || guest.is_alive());
        if alive == Some(false) && self.asks_to_restart(instance) {
            if self.restarted.get(&id).is_some_and(|last| last.elapsed() < SHORTEST_LIFE) {
                return;
            }
            self.restarted.insert(id, Instant::now());
            self.take_down(snapshot, instance);
            alive = None;
        }
        match (instance.state, alive) {
            (InstanceState::Pending | InstanceState::Running, None) if !self.given_up.contains(&id) => match self.launch(snapshot, instance) {
                Ok(guest) => {
                    self.guests.insert(id, guest);
                    self.report(Observation::InstanceRunning(id));
                }
                Err(error) => {
                    tracing::error!(%id, error, "the instance could not be launched");
                    self.give_up(id);
                    self.report(Observation::InstanceFailed(id));
                }
            },
            // What is left of it stays until the state says what becomes of it.
            (InstanceState::Pending | InstanceState::Running, Some(false)) => self.report(Observation::InstanceShutDown(id)),
            (InstanceState::ShuttingDown, Some(_)) => {
                if let Some(guest) = self.guests.remove(&id) {
                    self.end(&guest, Disk::Delete);
                }
                self.unplug(snapshot, instance);
                self.give_up(id);
                self.report(Observation::InstanceGone(id));
            }
            (InstanceState::Stopping, _) => {
                self.take_down(snapshot, instance);
                self.report(Observation::InstanceStopped(id));
            }
            (InstanceState::ShuttingDown, None) if !self.given_up.contains(&id) => {
                self.give_up(id);
                self.report(Observation::InstanceGone(id));
            }
            _ => {}
        }
    }

    fn is_to_be_rebooted(&self, instance: &Instance) -> bool {
        let is_news = self.rebooted.get(&instance.id).is_none_or(|&done| done < instance.reboots.asked);
        instance.state == InstanceState::Running && instance.reboots.is_due() && is_news && self.guests.get(&instance.id).is_some_and(Guest::is_alive)
    }

    /// Shuts the guest down in order; an instance that runs and has no guest gets one, with the same disk and interface.
    fn reboot(&mut self, snapshot: &Snapshot, instance: &Instance) {
        let (id, number) = (instance.id, instance.reboots.asked);
        self.take_down(snapshot, instance);
        self.rebooted.insert(id, number);
        self.report(Observation::InstanceRebooted(id, number));
    }

    /// Whether one whose guest has ended was rebooted by root inside. Its state says nothing of that, and so nobody is told: it runs all the time.
    fn asks_to_restart(&self, instance: &Instance) -> bool {
        let runs = matches!(instance.state, InstanceState::Pending | InstanceState::Running);
        runs && self.guests.get(&instance.id).is_some_and(Guest::asks_to_restart)
    }

    /// Ends its guest, which keeps its disk.
    fn take_down(&mut self, snapshot: &Snapshot, instance: &Instance) {
        if let Some(guest) = self.guests.remove(&instance.id) {
            self.end(&guest, Disk::Keep);
        }
        self.unplug(snapshot, instance);
    }

    /// Reports what is news of those that run.
    fn check_status(&mut self, snapshot: &Snapshot) {
        let now = Instant::now();
        self.checks.retain(|id| self.guests.contains_key(&id));
        for (&id, guest) in &self.guests {
            let Some(instance) = snapshot.get(id).filter(|instance| instance.state == InstanceState::Running) else { continue };
            let status = self.checks.look(id, guest, instance.status, now);
            if status != instance.status {
                let due = self.reports.add(Observation::InstanceStatus(id, status), now);
                self.send(due);
            }
        }
    }

    fn give_up(&mut self, id: InstanceId) {
        self.given_up.insert(id);
    }

    fn report(&mut self, observation: Observation) {
        let due = self.reports.add(observation, Instant::now());
        self.send(due);
    }

    fn report_all(&mut self) {
        let seen = self.reports.take();
        self.send(seen);
    }

    fn send(&self, seen: Vec<Observation>) {
        if !seen.is_empty() {
            // A loop that is ending does not need to know.
            let _ = self.observations.send(Event::Observations(seen));
        }
    }

    fn launch(&self, snapshot: &Snapshot, instance: &Instance) -> Result<Guest, String> {
        let Some(&primary) = instance.interfaces.first() else { return Err("it has no interface".to_owned()) };
        let interface = snapshot.resolve(primary);
        let vpc = snapshot.resolve(interface.vpc);
        let spec = Spec { authority: Some(self.authority.clone()), ..spec(instance, interface, vpc, snapshot, self.library.images()) };
        let guest = self.host.build(&spec).map_err(|error| chain(&error))?;
        match self.connect(&guest, interface) {
            Ok(()) => Ok(guest),
            Err(error) => {
                self.remove(&guest.id, Disk::Keep);
                Err(error)
            }
        }
    }

    fn connect(&self, guest: &Guest, interface: &NetworkInterface) -> Result<(), String> {
        let namespace = guest.network_namespace().map_err(|error| chain(&error))?;
        self.packets.attach(interface.id, namespace).map_err(|error| chain(&error))?;
        guest.boot().map_err(|error| chain(&error))
    }

    /// The guest has ended, and its end of the link with it.
    fn unplug(&self, snapshot: &Snapshot, instance: &Instance) {
        for &id in instance.interfaces.iter().filter(|&&id| snapshot.get(id).is_some()) {
            if let Err(error) = self.packets.release(id) {
                tracing::warn!(%id, error = chain(&error), "the interface could not be unplugged");
            }
        }
    }

    /// Shuts the guest down in order, and removes it.
    fn end(&self, guest: &Guest, disk: Disk) {
        if let Err(error) = guest.power_off(PATIENCE) {
            tracing::warn!(id = guest.id, error = chain(&error), "the guest could not be shut down in order");
        }
        self.remove(&guest.id, disk);
    }

    fn remove(&self, id: &str, disk: Disk) {
        if let Err(error) = self.host.destroy(id, disk) {
            tracing::error!(id, error = chain(&error), "the guest could not be removed");
        }
    }
}

/// Who hears that an endpoint is complete can use it: they are placed before anybody hears, and again if that failed.
fn place_endpoints(packets: &dataplane::DataPlane) {
    if let Err(error) = packets.place_endpoints() {
        tracing::error!(error = chain(&error), "an EC2 Instance Connect Endpoint could not be given its place, or could not be removed");
    }
}

/// Every guest has 65,536 user and group ids of its own, from 2^30 upwards: far above those of people and of their
/// containers.
fn first_id(serial: u32) -> u32 {
    const FIRST: u32 = 1 << 30;
    const SLOTS: u32 = (u32::MAX - FIRST) / IDS_PER_GUEST;
    FIRST + (serial % SLOTS) * IDS_PER_GUEST
}

/// The TTL that Linux begins with, unless a distribution has it otherwise.
const LINUX_TTL: u8 = 64;

fn spec(instance: &Instance, interface: &NetworkInterface, vpc: &Vpc, snapshot: &Snapshot, images: &Images) -> Spec {
    let options = vpc.dhcp_options.map(|id| snapshot.resolve(id));
    let image = Image::boots(instance.image);
    let imported = ImportedImage::of(snapshot, instance);
    Spec {
        id: instance.id.to_string(),
        image: imported.map(|image| images.path(&image.id.to_string())),
        hostname: model::dns_name::short_name(interface.private_ip),
        address: interface.private_ip.into(),
        domain: model::dns_name::own_domains(snapshot, vpc).into_iter().next().unwrap_or_default(),
        login: Image::login_of(snapshot, instance).to_owned(),
        ttl: if imported.is_some() { LINUX_TTL } else { image.ttl },
        memory_mib: instance.instance_type.memory_mib(),
        vcpus: instance.instance_type.vcpus(),
        disk_gib: instance.volume_size.map(model::VolumeSize::gib),
        first_id: first_id(interface.serial),
        search: options.iter().flat_map(|options| &options.domain_names).map(ToString::to_string).collect(),
        nameservers: options.iter().flat_map(|options| &options.domain_name_servers).map(|server| server.address(vpc).into()).collect(),
        motd: image.description.to_owned(),
        authorized_keys: instance.key.iter().map(|key| key.public_key.clone()).collect(),
        authority: None,
        user_data: instance.user_data.as_ref().map(|data| data.bytes().to_vec()),
    }
}

/// An error with its causes, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}
