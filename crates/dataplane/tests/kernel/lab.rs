//! A world with packets: the data plane, and bare network namespaces as instances.
//!
//! A lab lives in namespaces of the test's own thread, so that tests neither see each other nor the machine.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dataplane::{Config, DataPlane, Discard, FlowReport};
use model::local_service::{DHCP_SERVER, EVERYWHERE, VPC_RESOLVER};
use model::{Instance, InstanceConnectEndpoint, InstanceState, NetworkInterface, NetworkInterfaceId, Subnet, Vpc};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use scenario::{Statement, World};
use semantics::Origin;

/// How long to wait for something that must come. It never costs this long unless the test fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Whether the test can run; says so if not. `PEERLESS_TEST_PACKETS` may forbid it (`no`) or insist on it (`yes`).
pub fn is_root() -> bool {
    let root = nix::unistd::geteuid().is_root();
    match std::env::var("PEERLESS_TEST_PACKETS").as_deref() {
        Ok("no") => {
            eprintln!("SKIPPED: PEERLESS_TEST_PACKETS=no");
            false
        }
        Ok("yes") => {
            assert!(root, "PEERLESS_TEST_PACKETS=yes, and this is not root");
            true
        }
        _ if root => true,
        _ => {
            eprintln!("SKIPPED: needs root");
            false
        }
    }
}

/// Gives the calling thread, and those that it starts, network and mount namespaces of their own.
pub fn isolate() {
    unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).unwrap();
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>).unwrap();
}

/// A folder that nobody else uses.
pub fn runtime_dir() -> PathBuf {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("peerless-dataplane-test-{}-{number}", std::process::id()))
}

/// An instance's network namespace.
pub struct Guest(OwnedFd);

impl From<OwnedFd> for Guest {
    fn from(namespace: OwnedFd) -> Self {
        Self(namespace)
    }
}

impl Guest {
    pub fn new() -> Self {
        let made = thread::spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET).unwrap();
            File::open("/proc/thread-self/ns/net").unwrap()
        });
        Self(made.join().unwrap().into())
    }

    pub fn at(path: &Path) -> Self {
        Self(File::open(path).unwrap().into())
    }

    /// Keeps the namespace at a path, for another process.
    pub fn keep_at(&self, path: &Path) {
        File::create(path).unwrap();
        self.run(|| mount(Some("/proc/thread-self/ns/net"), path, None::<&str>, MsFlags::MS_BIND, None::<&str>).unwrap());
    }

    pub fn fd(&self) -> OwnedFd {
        self.0.try_clone().unwrap()
    }

    /// Does something inside. Sockets that are made there stay there.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            let inside = scope.spawn(|| {
                setns(self.0.as_fd(), CloneFlags::CLONE_NEWNET).unwrap();
                work()
            });
            inside.join().unwrap()
        })
    }

    /// A command that runs inside.
    pub fn command(&self, program: &str, arguments: &[&str]) -> (bool, String) {
        self.run(|| {
            let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().unwrap();
            (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
        })
    }

    /// A command that must succeed.
    pub fn must(&self, program: &str, arguments: &[&str]) -> String {
        let (succeeded, output) = self.command(program, arguments);
        assert!(succeeded, "{program} {arguments:?}: {output}");
        output
    }
}

/// A world, its data plane and its instances.
pub struct Lab {
    pub world: World,
    pub data_plane: DataPlane,
    pub config: Config,
    /// The namespace that is the internet.
    pub internet: Guest,
    /// The namespace in which services are.
    pub services: Guest,
    guests: BTreeMap<NetworkInterfaceId, Guest>,
    endpoints: BTreeMap<NetworkInterfaceId, Guest>,
}

impl Lab {
    /// An empty world.
    pub fn new() -> Self {
        Self::with(Config { flows: 4096, ..Config::new(runtime_dir()) })
    }

    pub fn with(config: Config) -> Self {
        isolate();
        let world = World::default();
        let data_plane = DataPlane::start(&config, Arc::new(world.snapshot().clone())).unwrap();
        let internet = Guest(data_plane.internet_namespace().unwrap());
        let services = Guest(data_plane.services_namespace().unwrap());
        Self { world, data_plane, config, internet, services, guests: BTreeMap::new(), endpoints: BTreeMap::new() }
    }

    /// Makes changes, a statement a line, and has the kernel enforce them.
    pub fn change(&mut self, statements: &str) {
        apply(&mut self.world, statements);
        self.settle().unwrap();
    }

    /// Publishes the world and gives every running instance its namespace, and every endpoint its own.
    pub fn settle(&mut self) -> dataplane::Result<()> {
        let snapshot = Arc::new(self.world.snapshot().clone());
        self.data_plane.publish(Arc::clone(&snapshot))?;
        let running = |interface: &&NetworkInterface| {
            let instance = interface.attachment.and_then(|attachment| snapshot.get(attachment.instance));
            instance.is_some_and(|instance: &Instance| instance.state == InstanceState::Running)
        };
        let wanted: Vec<_> = snapshot.all::<NetworkInterface>().filter(running).map(|interface| interface.id).collect();
        let gone: Vec<_> = self.guests.keys().copied().filter(|id| !wanted.contains(id)).collect();
        for id in gone {
            self.data_plane.detach(id)?;
            self.guests.remove(&id);
        }
        self.data_plane.place_endpoints()?;
        let endpoints = snapshot.all::<InstanceConnectEndpoint>().map(|endpoint| endpoint.interface);
        self.endpoints = endpoints.map(|id| Ok((id, Guest(self.data_plane.endpoint_namespace(id)?.unwrap())))).collect::<dataplane::Result<_>>()?;
        for id in wanted {
            if let std::collections::btree_map::Entry::Vacant(vacant) = self.guests.entry(id) {
                let guest = vacant.insert(Guest::new());
                self.data_plane.attach(id, guest.fd())?;
            }
        }
        Ok(())
    }

    /// Ends the data plane and starts the next one, which finds what was left; how long it took to start.
    pub fn restart(&mut self) -> Duration {
        let elsewhere = Config { flows: 1, ..Config::new(runtime_dir()) };
        let snapshot = Arc::new(self.world.snapshot().clone());
        // It takes the place for a moment: the TAP is for one at a time.
        let other = DataPlane::start(&elsewhere, Arc::clone(&snapshot)).unwrap();
        drop(std::mem::replace(&mut self.data_plane, other));
        let began = Instant::now();
        let next = DataPlane::start(&self.config, snapshot).unwrap();
        let took = began.elapsed();
        drop(std::mem::replace(&mut self.data_plane, next));
        dataplane::remove_everything(&elsewhere).unwrap();
        took
    }

    /// An instance's or endpoint's namespace, or the one in which a public address is.
    pub fn guest(&self, name: &str) -> &Guest {
        self.guest_of(self.origin(name)).unwrap()
    }

    pub fn guest_of(&self, origin: Origin) -> Option<&Guest> {
        match origin {
            Origin::Interface(interface) => self.guests.get(&interface).or_else(|| self.endpoints.get(&interface)),
            Origin::Internet => Some(&self.internet),
            Origin::Services => Some(&self.services),
        }
    }

    /// What has that name or address: an instance, by its name or public address, a service, else somebody on the
    /// internet.
    pub fn origin(&self, name: &str) -> Origin {
        if self.service_at(name).is_some() {
            return Origin::Services;
        }
        match name.parse().map(|address| self.world.snapshot().interface_with_public(address)) {
            Ok(Some(interface)) => interface.id.into(),
            Ok(None) => Origin::Internet,
            Err(_) => self.world.interface(name).unwrap().into(),
        }
    }

    /// Where among the services is what has that name, or an address that a guest calls.
    pub fn service_at(&self, name: &str) -> Option<Ipv4Addr> {
        let address = self.world.address(name).ok()?;
        let is_resolver = || self.world.snapshot().all::<Vpc>().any(|vpc| address == vpc.resolver());
        let is_router = || self.world.snapshot().all::<Subnet>().any(|subnet| address == subnet.router());
        let found = EVERYWHERE.into_iter().find(|&service| address == service);
        found.or_else(|| is_resolver().then_some(VPC_RESOLVER)).or_else(|| is_router().then_some(DHCP_SERVER))
    }

    /// The flows that leave an instance, or the internet, for an address.
    pub fn flows(&self, from: &str, to: IpAddr) -> Vec<FlowReport> {
        let from = self.origin(from);
        let mut flows = self.data_plane.flows().unwrap();
        flows.retain(|flow| flow.from == from && flow.packet.destination == to);
        flows
    }

    /// A TCP connection to an instance or address, and its listener.
    pub fn connect(&self, from: &str, to: &str, port: u16) -> (TcpListener, TcpStream) {
        let address = self.world.address(to).unwrap();
        let listener = self.guest(to).run(|| TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).unwrap());
        (listener, self.guest(from).run(|| TcpStream::connect((address, port)).unwrap()))
    }

    /// How often a packet was dropped unjudged for that reason.
    pub fn discarded(&self, reason: Discard) -> u64 {
        self.data_plane.statistics().unwrap().discards.get(&reason).copied().unwrap_or_default()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let removed = dataplane::remove_everything(&self.config);
        if !thread::panicking() {
            removed.unwrap();
            assert!(!self.config.runtime_dir.exists(), "something is left in {}", self.config.runtime_dir.display());
        }
    }
}

/// Applies statements, a line each.
pub fn apply(world: &mut World, statements: &str) {
    for line in statements.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let statement: Statement = line.parse().unwrap_or_else(|error| panic!("{line}: {error}"));
        world.apply(&statement).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

/// Waits until something is there.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Two peered VPCs with routes, an instance in each: 10.1.0.10 and 10.2.0.10. No rule lets anything in across.
pub const PEERED: &str = "
    vpc blue 10.1.0.0/16
    subnet blue/a 10.1.0.0/24
    instance blue/a/1 10.1.0.10
    vpc green 10.2.0.0/16
    subnet green/a 10.2.0.0/24
    instance green/a/1 10.2.0.10
    peer blue green
    accept blue green
    route blue/main 10.2.0.0/16 peering green
    route green/main 10.1.0.0/16 peering blue
";

/// The contents of a file, or nothing.
pub fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}
