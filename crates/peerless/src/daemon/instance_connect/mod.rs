//! EC2 Instance Connect, as AWS's console page is it: a key for a minute is pushed into the instance, and an SSH client
//! calls the instance's public address from the service's address range.
//!
//! The call is made in the simulated internet, by real packets. So internet gateway, route table, network ACL and
//! security group decide whether it arrives; nothing here asks them. An EC2 Instance Connect Endpoint calls the private
//! address instead, from its interface in the VPC; all else is the same. Only when it did not is the question put to
//! [`semantics::explain`] why.
//!
//! Any host key is taken: the packets go to the interface that has the public address, and to no other, so there is
//! nobody between the two who could show another one.

mod failure;
mod relay;
mod session;

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use ec2::{Call, Request};
use model::internet::instance_connect_address;
use model::{Instance, InstanceConnectEndpoint, InstanceId, InstanceState, NetworkInterface, Scope, Snapshot};
use nix::sched::{CloneFlags, setns};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, socket};
use russh::keys::PrivateKey;
use russh::keys::ssh_key::private::Ed25519Keypair;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{Instant, timeout_at};

use super::Options;
use super::control_loop::{Event, Published};
use super::endpoints::{Door, Endpoints};
use super::guests::chain;
use crate::control::{NotConnected, Terminal, Via};

pub use failure::{Failure, note};
pub use relay::relay;
pub use session::{Input, Output, Session, Shown};

/// The most sessions at a time. AWS has such a limit too, and does not tell it.
const MOST_SESSIONS: usize = 100;

/// Where instances listen.
const SSH: u16 = 22;

/// The service.
pub struct InstanceConnect {
    published: Published,
    events: Sender<Event>,
    options: Options,
    sessions: Arc<Semaphore>,
    endpoints: Arc<Endpoints>,
}

/// What a session takes up as long as it lasts.
pub struct Place {
    _session: OwnedSemaphorePermit,
    _door: Option<Door>,
}

/// What somebody wants of an instance.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The way there.
    pub via: Via,
    /// Whom to be there.
    pub user: String,
    /// What to run there; a login shell if nothing.
    pub command: Option<String>,
    /// The terminal that it is for; none if it is for a program.
    pub terminal: Option<Terminal>,
    /// How long to knock.
    pub patience: Duration,
}

/// From where and to where a session goes.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// The address of the service, or of the endpoint.
    pub from: Ipv4Addr,
    /// The instance's address that is called.
    pub to: Ipv4Addr,
}

impl InstanceConnect {
    /// The service of a daemon.
    pub fn new(published: Published, events: Sender<Event>, options: Options, endpoints: Arc<Endpoints>) -> Self {
        Self { published, events, options, sessions: Arc::new(Semaphore::new(MOST_SESSIONS)), endpoints }
    }

    /// Opens a session, or says why it cannot be.
    pub async fn open(&self, id: InstanceId, wish: &Wish) -> Result<(Session, Route), Failure> {
        if self.options.model_only {
            return Err(Failure::Unavailable("this daemon carries no packets (--model-only), so nothing can be connected to".to_owned()));
        }
        let permit = Arc::clone(&self.sessions)
            .try_acquire_owned()
            .map_err(|_| Failure::Unavailable(format!("there are {MOST_SESSIONS} sessions already; close one")))?;
        let snapshot = self.published.load_full();
        let (scope, primary) = callee(&snapshot, id)?;
        let (route, door) = match wish.via {
            Via::InstanceConnect => {
                let to = primary.public_ip().ok_or(Failure::NoPublicAddress)?;
                (Route { from: instance_connect_address(scope.region), to }, None)
            }
            Via::Endpoint => {
                let endpoint = endpoint(&snapshot, scope, primary).ok_or(Failure::NoEndpoint)?;
                let from = snapshot.resolve(endpoint.interface);
                let door = self.endpoints.door(scope, endpoint.id, primary.private_ip).map_err(|closed| Failure::Unavailable(closed.to_string()))?;
                (Route { from: from.private_ip, to: primary.private_ip }, Some(door))
            }
        };
        let key = one_time_key()?;
        self.push(scope, id, &wish.user, &key).await?;
        let deadline = Instant::now() + wish.patience;
        let stream = match &door {
            None => dial(&super::fabric(&self.options.runtime), route, deadline).await?,
            Some(door) => {
                let connected = self.endpoints.connect(door, SocketAddrV4::new(route.to, SSH), wish.patience).await;
                connected.map_err(|error| unanswered(error, "the endpoint"))?
            }
        };
        let place = Place { _session: permit, _door: door };
        session(stream, key, wish, deadline, place).await.map(|session| (session, route))
    }

    /// How many sessions there are.
    pub fn open_now(&self) -> usize {
        MOST_SESSIONS - self.sessions.available_permits()
    }

    /// Why there is no session, in words.
    pub async fn why(&self, instance: &Instance, via: Via, failure: Failure) -> NotConnected {
        let is_user = match &failure {
            Failure::NotAdmitted { user } => self.is_user(instance.id, user).await,
            _ => None,
        };
        let snapshot = self.published.load_full();
        // It may be gone by now.
        failure.tell(&snapshot, snapshot.get(instance.id).unwrap_or(instance), via, is_user)
    }

    /// Whether there is such a user in the instance; `None` if that cannot be found out.
    async fn is_user(&self, id: InstanceId, user: &str) -> Option<bool> {
        let guests = self.options.runtime.guests(&self.options.state);
        let mut command = guests.enter_command(&id.to_string(), "root", &["id", "-u", user].map(OsString::from));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let ended = tokio::task::spawn_blocking(move || command.status()).await;
        match ended.ok()?.ok()?.code()? {
            0 => Some(true),
            1 => Some(false),
            _ => None,
        }
    }

    /// Pushes the key as anybody would: by a call.
    async fn push(&self, scope: Scope, id: InstanceId, user: &str, key: &PrivateKey) -> Result<(), Failure> {
        let public_key = key.public_key().to_openssh().map_err(|error| Failure::Unavailable(error.to_string()))?;
        let body = serde_json::json!({ "InstanceId": id.to_string(), "InstanceOSUser": user, "SSHPublicKey": public_key }).to_string();
        let credential = format!("{}/00000000/{}/ec2-instance-connect/aws4_request", scope.account, scope.region);
        let headers = [
            ("authorization".to_owned(), format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0")),
            ("x-amz-target".to_owned(), "AWSEC2InstanceConnectService.SendSSHPublicKey".to_owned()),
        ];
        let call = Call::parse(&Request { method: "POST", query: "", headers: &headers, body: body.as_bytes() });
        let (sender, receiver) = oneshot::channel();
        let going_down = || Failure::Unavailable("the daemon is going down".to_owned());
        self.events.send(Event::Call(Box::new(call), sender)).map_err(|_| going_down())?;
        let reply = receiver.await.map_err(|_| going_down())?;
        match reply.error_code {
            None => Ok(()),
            Some(code) => {
                let body: serde_json::Value = serde_json::from_str(&reply.body).unwrap_or_default();
                Err(Failure::KeyRefused { code, message: body["Message"].as_str().unwrap_or_default().to_owned() })
            }
        }
    }
}

/// The interface to call, and whose it is, if there is somebody who could answer.
fn callee(snapshot: &Snapshot, id: InstanceId) -> Result<(Scope, &NetworkInterface), Failure> {
    let instance = snapshot.get(id).ok_or(Failure::NotRunning(InstanceState::Terminated))?;
    if instance.state != InstanceState::Running {
        return Err(Failure::NotRunning(instance.state));
    }
    let &primary = instance.interfaces.first().ok_or(Failure::NotRunning(instance.state))?;
    Ok((instance.scope, snapshot.resolve(primary)))
}

/// The owner's endpoint in the VPC of that interface. There is one at most.
fn endpoint<'a>(snapshot: &'a Snapshot, scope: Scope, called: &NetworkInterface) -> Option<&'a InstanceConnectEndpoint> {
    snapshot.in_scope::<InstanceConnectEndpoint>(scope).find(|endpoint| endpoint.vpc == called.vpc)
}

/// What it means that a call is not taken.
fn unanswered(error: std::io::Error, by: &str) -> Failure {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => Failure::Refused,
        std::io::ErrorKind::TimedOut => Failure::Silence,
        _ => Failure::Unavailable(format!("{by}: {error}")),
    }
}

/// A key that nobody has seen, and that is forgotten with the session.
fn one_time_key() -> Result<PrivateKey, Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| Failure::Unavailable(error.to_string()))?;
    Ok(PrivateKey::from(Ed25519Keypair::from_seed(&seed)))
}

/// A TCP connection, begun in the simulated internet from the service's address.
async fn dial(internet: &dataplane::Config, route: Route, deadline: Instant) -> Result<TcpStream, Failure> {
    let broken = |error| unanswered(error, "the simulated internet");
    let internet = internet.clone();
    let opened = tokio::task::spawn_blocking(move || socket_in_internet(&internet, route.from)).await;
    let opened = opened.map_err(|error| Failure::Unavailable(error.to_string()))?.map_err(Failure::Unavailable)?;
    let stream = std::net::TcpStream::from(opened);
    stream.set_nonblocking(true).map_err(broken)?;
    let target = SocketAddr::new(IpAddr::V4(route.to), SSH);
    match timeout_at(deadline, TcpSocket::from_std_stream(stream).connect(target)).await {
        Ok(connected) => connected.map_err(broken),
        Err(_) => Err(Failure::Silence),
    }
}

/// Which namespace a socket is in is decided by the thread that makes it; that thread does nothing else.
fn socket_in_internet(internet: &dataplane::Config, from: Ipv4Addr) -> Result<OwnedFd, String> {
    let internet = dataplane::open_internet(internet).map_err(|error| chain(&error))?;
    let made = std::thread::Builder::new().name("dial".to_owned()).spawn(move || -> nix::Result<OwnedFd> {
        setns(internet, CloneFlags::CLONE_NEWNET)?;
        let socket = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
        bind(socket.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(from, 0)))?;
        Ok(socket)
    });
    let made = made.map_err(|error| error.to_string())?.join().map_err(|_| "the thread that makes the socket had panicked".to_owned())?;
    made.map_err(|error| format!("the simulated internet: {error}"))
}

/// SSH on top of it.
async fn session(stream: TcpStream, key: PrivateKey, wish: &Wish, deadline: Instant, place: Place) -> Result<Session, Failure> {
    match timeout_at(deadline, Session::open(stream, key, wish, place)).await {
        Ok(opened) => opened,
        Err(_) => Err(Failure::Broken("the instance took the connection, and then kept silent".to_owned())),
    }
}
