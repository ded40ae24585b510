//! The real internet, for guests with a public path, over sockets of this machine's own: what any of its programs could do.
//!
//! Nothing of the machine's is changed for it: no rule, no setting, no link; and nobody can come in by it, for nothing listens.
//! What becomes of a packet says [`services::beyond`]; here it is done. One task does it, so that nothing is shared.

mod datagrams;
mod echoes;
mod names;
mod streams;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener as StdListener};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::internet::{BEYOND, THRESHOLD};
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, bind, setsockopt, socket, sockopt};
use services::beyond::{Action, Flow, PORT, Translator};
use tokio::net::unix::pipe;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::servers::inside;
use super::world::now;
use echoes::Echoes;
pub use names::Resolver;

/// The longest packet.
const LONGEST: usize = 65_536;

/// Packets that are read before something else gets its turn.
const BATCH: usize = 64;

/// How long a guest may take to complete a connection that the other side has accepted.
const HANDSHAKE: Duration = Duration::from_secs(120);

/// Where packets are written that come from beyond.
#[derive(Clone)]
struct Device(Arc<OwnedFd>);

impl Device {
    fn write(&self, packet: Option<Vec<u8>>) {
        // It is lost, as packets are.
        if let Some(packet) = packet
            && let Err(error) = nix::unistd::write(&self.0, &packet)
        {
            tracing::debug!(%error, "a packet from beyond was lost");
        }
    }
}

/// What a task of a flow ends with.
enum Outcome {
    /// The other side has answered, or not, to a connection of that port.
    Dialled(u16, streams::Answer),
    /// A connection is over.
    Ended(u16),
    /// Nothing was said for a while.
    Silent(Flow),
}

/// The way beyond.
pub struct Beyond {
    /// Where packets are read that go there: one read is one packet, as with a pipe of them.
    source: pipe::Receiver,
    device: Device,
    listener: TcpListener,
    translator: Translator,
    flows: JoinSet<Outcome>,
    /// Connections that the other side has accepted, and the guest is about to.
    dialled: HashMap<u16, (Instant, TcpStream)>,
    datagrams: BTreeMap<Flow, mpsc::Sender<Vec<u8>>>,
    echoes: Echoes,
}

impl Beyond {
    /// By this device, in the namespace of the internet.
    pub fn new(device: OwnedFd, internet: &OwnedFd) -> io::Result<Self> {
        let listener = inside(internet, listen)?;
        Ok(Self {
            device: Device(Arc::new(device.try_clone()?)),
            source: pipe::Receiver::from_file_unchecked(device.into())?,
            listener: TcpListener::from_std(listener)?,
            translator: Translator::default(),
            flows: JoinSet::new(),
            dialled: HashMap::new(),
            datagrams: BTreeMap::new(),
            echoes: Echoes::new()?,
        })
    }

    /// Leads beyond until it is dropped; all flows end with it.
    pub async fn lead(mut self) {
        let device = self.device.clone();
        let mut buffer = vec![0; LONGEST];
        loop {
            tokio::select! {
                ready = self.source.readable() => {
                    if let Err(error) = ready.and_then(|()| self.read(&mut buffer)) {
                        return tracing::error!(%error, "the way beyond has ended");
                    }
                }
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => self.accept(stream, peer),
                    Err(error) => {
                        tracing::warn!(%error, "a connection to the internet could not be accepted");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
                Some(outcome) = self.flows.join_next() => match outcome {
                    Ok(outcome) => self.conclude(outcome),
                    Err(error) => tracing::error!(%error, "a flow to the internet has panicked"),
                },
                reply = self.echoes.receive() => device.write(reply.and_then(|reply| services::beyond::echo_reply(&reply))),
            }
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        for _ in 0..BATCH {
            match self.source.try_read(buffer) {
                Ok(length) => self.take(buffer.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn take(&mut self, packet: &[u8]) {
        match self.translator.take(packet, now()) {
            Action::Ignore => {}
            Action::Write(packet) => self.device.write(Some(packet)),
            Action::Connect(port, flow) => drop(self.flows.spawn(streams::dial(port, flow.remote))),
            Action::Send(flow, payload) => self.send(flow, payload),
            Action::Echo(echo) if is_own(echo.remote) => {}
            Action::Echo(echo) => self.echoes.send(&echo),
        }
    }

    fn accept(&mut self, stream: TcpStream, peer: SocketAddr) {
        let dialled = if peer.ip() == IpAddr::from(BEYOND) { self.dialled.remove(&peer.port()) } else { None };
        if let Some((_, remote)) = dialled {
            self.flows.spawn(streams::relay(peer.port(), stream, remote));
        }
    }

    fn conclude(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Dialled(port, streams::Answer::Accepted(stream)) => {
                let late: Vec<u16> = self.dialled.iter().filter(|(_, (since, _))| since.elapsed() > HANDSHAKE).map(|(&port, _)| port).collect();
                for port in late {
                    self.dialled.remove(&port);
                    self.translator.unanswered(port);
                }
                self.dialled.insert(port, (Instant::now(), stream));
                self.device.write(self.translator.accepted(port));
            }
            Outcome::Dialled(port, streams::Answer::Refused) => self.device.write(self.translator.refused(port)),
            Outcome::Dialled(port, streams::Answer::Silence) => self.translator.unanswered(port),
            Outcome::Ended(port) => self.translator.ended(port, now()),
            Outcome::Silent(flow) => drop(self.datagrams.remove(&flow)),
        }
    }

    fn send(&mut self, flow: Flow, payload: Vec<u8>) {
        let sender = match self.datagrams.get(&flow) {
            Some(sender) => sender,
            None if !datagrams::is_room(&self.datagrams, &flow) || is_own(*flow.remote.ip()) => return,
            None => {
                let (sender, outgoing) = mpsc::channel(datagrams::WAITING);
                self.flows.spawn(datagrams::converse(flow, outgoing, self.device.clone()));
                self.datagrams.entry(flow).or_insert(sender)
            }
        };
        // Too many wait already: it is lost.
        let _ = sender.try_send(payload);
    }
}

/// Hears what comes by the device only, whoever else may have learnt the address.
fn listen() -> io::Result<StdListener> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let listener = socket(AddressFamily::Inet, SockType::Stream, flags, None)?;
    setsockopt(&listener, sockopt::ReuseAddr, &true)?;
    setsockopt(&listener, sockopt::BindToDevice, &"beyond".into())?;
    bind(listener.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(THRESHOLD, PORT)))?;
    nix::sys::socket::listen(&listener, Backlog::new(1024)?)?;
    Ok(listener.into())
}

/// Whether this machine has the address: what listens here trusts whoever is here already, and guests are not to be among them.
fn is_own(address: Ipv4Addr) -> bool {
    match getifaddrs() {
        Ok(mut interfaces) => interfaces.any(|interface| {
            let own = interface.address.and_then(|own| own.as_sockaddr_in().map(SockaddrIn::ip));
            own == Some(address)
        }),
        Err(error) => {
            tracing::warn!(%error, "this machine's addresses are not known, and guests reach none");
            true
        }
    }
}
