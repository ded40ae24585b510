//! The daemon: store, control loop, data plane, API and control socket, put together.

mod authority;
mod beyond;
mod captures;
mod connections;
mod control_loop;
mod control_socket;
mod data_plane;
mod edge;
mod endpoints;
mod flow_watch;
pub mod guests;
mod http;
mod instance_connect;
mod library;
mod live_flows;
mod machine;
mod private_file;
mod prober;
mod serial_console;
mod servers;
mod status_checks;
mod trust;
mod world;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use ec2::{Machine, NoMachine};
use instance::images::Images;
use model::Snapshot;
use store::{SqliteStore, Store};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, RwLock, watch};

use crate::control::Status;
use crate::runtime::Runtime;
use authority::Authority;
use captures::Captures;
use control_loop::{ControlLoop, Event, Published};
use data_plane::{DataPlane, ModelOnly};
use endpoints::Endpoints;
use flow_watch::FlowWatch;
use guests::{HostDataPlane, chain};
use instance_connect::InstanceConnect;
use library::Library;
use live_flows::LiveFlows;
use machine::HostMachine;
use prober::Prober;
use serial_console::SerialConsoles;
use servers::Servers;
use services::metadata::Secret;

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name and folder.
    pub runtime: Runtime,
    /// Where the API is to be.
    pub listen: SocketAddr,
    /// Where the state is kept.
    pub state: PathBuf,
    /// Whether to answer questions only.
    pub model_only: bool,
    /// Whether this machine is the laptop on the simulated internet.
    pub uplink: bool,
    /// What is behind internet gateways.
    pub internet: Internet,
    /// The folder with instances' ssh server, if it is not the host's.
    pub sshd: Option<PathBuf>,
}

/// Where, in the state folder, is what the simulated internet keeps.
pub const INTERNET: &str = "internet";

/// Where, in the state folder, is what the tokens of instance metadata are made with: they are as good after a daemon's end as before.
pub const METADATA: &str = "metadata";

/// The longest wait for those who asked the daemon to go to hear that it has.
const ANSWERING: Duration = Duration::from_secs(5);

/// What is behind internet gateways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Internet {
    /// The simulated internet, and nothing else
    Simulated,
    /// That, and all that this machine reaches at public addresses, by connections of its own
    Host,
}

/// Runs until told to stop; `ready` is called once, when the API answers, with its address.
///
/// When it returns `Ok`, nothing of it is left on the host but the state folder.
pub fn run(options: &Options, ready: impl FnOnce(SocketAddr)) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(serve(options, ready))
}

async fn serve(options: &Options, ready: impl FnOnce(SocketAddr)) -> Result<(), String> {
    // What another daemon has is found out first, before anything of this one is there to be cleaned up.
    let mut store = SqliteStore::open(&options.state).map_err(|error| chain(&error))?;
    refuse_second(options)?;
    let listener = TcpListener::bind(options.listen).await.map_err(|error| format!("cannot listen on {}: {error}", options.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let snapshot = Arc::new(store.load().map_err(|error| chain(&error))?);

    options.runtime.create().map_err(|error| format!("cannot make {}: {error}", options.runtime.folder().display()))?;
    let (events, received) = mpsc::channel();
    let published = Arc::new(ArcSwap::new(Arc::clone(&snapshot)));
    let (data_plane, servers, packets) = data_plane(options, &snapshot, &published, events.clone())?;
    let (generations, generation) = watch::channel(published.load().generation());
    let machine = machine(options);
    let (published_by, machine_of) = (Arc::clone(&published), Arc::clone(&machine));
    let writer = ControlLoop { store: Box::new(store), data_plane, machine: machine_of, published: published_by, generations, events: received };
    let writer = std::thread::Builder::new().name("control".to_owned()).spawn(|| writer.run()).map_err(|error| error.to_string())?;

    let leave = Arc::new(Notify::new());
    let (gone, left) = watch::channel(false);
    let unanswered = Arc::new(RwLock::new(()));
    let endpoints = Arc::new(Endpoints::new(Arc::clone(&published), Weak::clone(&packets)));
    let live = LiveFlows::of(Weak::clone(&packets));
    let flows = Arc::new(FlowWatch::new(Weak::clone(&packets), Arc::clone(&published)));
    let captures = Arc::new(Captures::new(options, Weak::clone(&packets), Arc::clone(&published)));
    let prober = Arc::new(Prober::new(options, packets, Arc::clone(&published)));
    let instance_connect = Arc::new(InstanceConnect::new(Arc::clone(&published), events.clone(), options.clone(), Arc::clone(&endpoints)));
    let desk = control_socket::Desk {
        published: Arc::clone(&published),
        facts: facts(options, address),
        events: events.clone(),
        live: live.clone(),
        flows: Arc::clone(&flows),
        prober: Arc::clone(&prober),
        captures: Arc::clone(&captures),
        instance_connect: Arc::clone(&instance_connect),
        leave: Arc::clone(&leave),
        left,
        unanswered: Arc::clone(&unanswered),
    };
    let control = control_socket::bind(&options.runtime.control_socket()).map_err(|error| format!("the control socket: {error}"))?;
    let conversations = tokio::spawn(control_socket::serve(control, Arc::new(desk)));
    let edge = edge::Edge {
        endpoints,
        instance_connect,
        serial_consoles: SerialConsoles::new((!options.model_only).then(|| options.runtime.guests(&options.state))),
        tickets: edge::Tickets::default(),
        published,
        events: events.clone(),
        generations: generation,
        live,
        flows,
        prober,
        captures,
        facts: facts(options, address),
        machine,
        address,
    };
    let api = tokio::spawn(edge::serve(listener, edge));

    ready(address);
    wait_to_leave(&leave).await?;

    api.abort();
    drop(servers);
    // A loop that is gone has said why.
    let _ = events.send(Event::Stop);
    let writer = tokio::task::spawn_blocking(move || writer.join());
    if !matches!(writer.await, Ok(Ok(()))) {
        tracing::error!("the control loop had panicked");
    }
    clean_up(&options.runtime, &options.state)?;
    // Whoever asked for the end hears of it before the process goes.
    let _ = gone.send(true);
    // One who does not read the answer holds up nobody.
    let _ = tokio::time::timeout(ANSWERING, unanswered.write()).await;
    conversations.abort();
    Ok(())
}

/// What enforces snapshots, what serves those who are in them, and what carries packets. Nobody is in a network that is a
/// model only.
type Enforcing = (Box<dyn DataPlane>, Option<Servers>, Weak<dataplane::DataPlane>);

fn data_plane(options: &Options, snapshot: &Arc<Snapshot>, published: &Published, events: mpsc::Sender<Event>) -> Result<Enforcing, String> {
    if options.model_only {
        let model_only = ModelOnly::new(events, Library::open(Images::of(&options.state), snapshot));
        model_only.publish(Arc::clone(snapshot));
        return Ok((Box::new(model_only), None, Weak::new()));
    }
    // A daemon that was killed left flows and instances that go on: both are taken over.
    let packets = dataplane::DataPlane::start(&fabric(&options.runtime), Arc::clone(snapshot)).map_err(|error| chain(&error))?;
    if let Err(error) = packets.uplink(options.uplink) {
        drop(packets);
        clean_up_host(&options.runtime, &options.state)?;
        return Err(format!("the uplink: {}", chain(&error)));
    }
    let packets = Arc::new(packets);
    let carrying = Arc::downgrade(&packets);
    // They are there before the first guest boots, which may ask at once.
    let (services, internet) = (packets.services_namespace(), packets.internet_namespace());
    let (services, internet) = (services.map_err(|error| chain(&error))?, internet.map_err(|error| chain(&error))?);
    let authority = Authority::of(&options.state.join(INTERNET))?;
    let settings = options.state.join(INTERNET).join("settings");
    trust::furnish(&settings, Path::new("/"), authority.certificate()).map_err(|error| format!("{}: {error}", settings.display()))?;
    let beyond = match options.internet {
        Internet::Simulated => None,
        Internet::Host => Some(packets.lead_beyond().map_err(|error| chain(&error))?),
    };
    let key = options.state.join(METADATA).join("key");
    let secret = Secret::new(private_file::key(&key).map_err(|error| format!("{}: {error}", key.display()))?);
    let servers = Servers::start(&services, &internet, published, &authority, secret, beyond)?;
    let host = instance::Host { sshd: options.sshd.clone(), settings: Some(settings), ..options.runtime.guests(&options.state) };
    let started =
        HostDataPlane::start(packets, host, authority.certificate().to_owned(), Arc::clone(snapshot), events).map_err(|error| error.to_string())?;
    Ok((Box::new(started), Some(servers), carrying))
}

fn machine(options: &Options) -> Arc<dyn Machine + Send + Sync> {
    if options.model_only { Arc::new(NoMachine) } else { Arc::new(HostMachine::new(options.runtime.guests(&options.state))) }
}

/// Where the data plane of that daemon is.
pub fn fabric(runtime: &Runtime) -> dataplane::Config {
    dataplane::Config::new(runtime.fabric())
}

fn refuse_second(options: &Options) -> Result<(), String> {
    match crate::control::ask(&options.runtime.control_socket(), &crate::control::Request::Status) {
        Ok(crate::control::Response::Status(first)) => {
            Err(format!("a daemon named '{}' is running already: process {}, {}", first.name, first.pid, first.endpoint))
        }
        _ => Ok(()),
    }
}

fn facts(options: &Options, address: SocketAddr) -> Status {
    Status {
        name: options.runtime.name.to_string(),
        pid: std::process::id(),
        endpoint: format!("http://{address}"),
        state: options.state.clone(),
        packets: !options.model_only,
        uplink: options.uplink,
        real_internet: options.internet == Internet::Host,
        generation: 0,
        vpcs: 0,
        instances: Default::default(),
        sessions: 0,
        watchers: 0,
    }
}

async fn wait_to_leave(leave: &Notify) -> Result<(), String> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    tokio::select! {
        () = leave.notified() => {}
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// Takes off the host whatever a daemon of this name has, or left: guests, fabric, folder. Needs no daemon.
pub fn clean_up(runtime: &Runtime, state: &Path) -> Result<(), String> {
    clean_up_host(runtime, state)?;
    runtime.remove().map_err(|error| format!("cannot remove {}: {error}", runtime.folder().display()))
}

fn clean_up_host(runtime: &Runtime, state: &Path) -> Result<(), String> {
    // A guest that resists does not protect the fabric.
    let guests = runtime.guests(state).destroy_all().map_err(|error| chain(&error));
    dataplane::remove_everything(&fabric(runtime)).map_err(|error| chain(&error))?;
    guests
}
