//! EC2 Instance Connect Endpoints at work: they connect to private addresses, by real packets.
//!
//! A connection is made in the namespace of the endpoint's interface, so its groups, network ACL and routes decide, and
//! the target's. Nothing here asks them.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/eice-quotas.html>

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use model::internet::is_private;
use model::{InstanceConnectEndpoint, InstanceConnectEndpointId, InstanceConnectEndpointState, NetworkInterfaceId, Scope, Snapshot};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::control_loop::Published;
use super::servers::inside;

/// The ports that endpoints connect to: SSH and RDP.
pub const PORTS: [u16; 2] = [22, 3389];

/// How many connections one endpoint has at a time.
const MOST_TUNNELS: usize = 20;

/// The endpoints of a daemon.
pub struct Endpoints {
    published: Published,
    /// What carries packets, if anything does, and as long as it does.
    packets: Weak<dataplane::DataPlane>,
    open: Arc<Open>,
}

/// How many connections each has.
type Open = Mutex<BTreeMap<InstanceConnectEndpointId, usize>>;

/// An endpoint with a place for one more connection. The place is free again when this is dropped.
#[derive(Debug)]
pub struct Door {
    id: InstanceConnectEndpointId,
    interface: NetworkInterfaceId,
    open: Arc<Open>,
}

/// Why an endpoint cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The caller has none of that id.
    Unknown(InstanceConnectEndpointId),
    /// It is not complete.
    State(InstanceConnectEndpointId, InstanceConnectEndpointState),
    /// It connects to private addresses only, and to those of its VPC.
    NotPrivate(Ipv4Addr),
    /// It has as many connections as it can have.
    Busy(InstanceConnectEndpointId),
    /// There are no packets here.
    ModelOnly,
}

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Closed::Unknown(id) => write!(f, "The instanceConnectEndpoint ID '{id}' does not exist"),
            Closed::State(id, state) => write!(f, "The EC2 Instance Connect Endpoint {id} is in the state {state}."),
            Closed::NotPrivate(address) => write!(f, "The specified PrivateIpAddress {address} is not a private address."),
            Closed::Busy(id) => write!(f, "The EC2 Instance Connect Endpoint {id} has {MOST_TUNNELS} tunnels, the most that it can have."),
            Closed::ModelOnly => f.write_str("This daemon carries no packets (--model-only), so nothing can be connected to."),
        }
    }
}

impl Endpoints {
    /// Those of the daemon with this state and these packets.
    pub fn new(published: Published, packets: Weak<dataplane::DataPlane>) -> Self {
        Self { published, packets, open: Arc::default() }
    }

    /// A place for a connection of the caller's endpoint to that address.
    pub fn door(&self, scope: Scope, id: InstanceConnectEndpointId, to: Ipv4Addr) -> Result<Door, Closed> {
        let snapshot = self.published.load();
        let endpoint: &InstanceConnectEndpoint = snapshot.get(id).filter(|endpoint| endpoint.scope == scope).ok_or(Closed::Unknown(id))?;
        if endpoint.state != InstanceConnectEndpointState::CreateComplete {
            return Err(Closed::State(id, endpoint.state));
        }
        if !is_private(to.into()) && !snapshot.resolve(endpoint.vpc).cidrs().any(|block| block.contains(to)) {
            return Err(Closed::NotPrivate(to));
        }
        if self.packets.strong_count() == 0 {
            return Err(Closed::ModelOnly);
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(id).or_default();
        if *count >= MOST_TUNNELS {
            return Err(Closed::Busy(id));
        }
        *count += 1;
        Ok(Door { id, interface: endpoint.interface, open: Arc::clone(&self.open) })
    }

    /// Connects from there, which takes that long at most.
    pub async fn connect(&self, door: &Door, to: SocketAddrV4, patience: Duration) -> io::Result<TcpStream> {
        let packets = self.packets.upgrade().ok_or(io::ErrorKind::Unsupported)?;
        let namespace = packets.endpoint_namespace(door.interface).map_err(io::Error::other)?.ok_or(io::ErrorKind::NotConnected)?;
        let socket = tokio::task::spawn_blocking(move || inside(&namespace, TcpSocket::new_v4)).await.map_err(io::Error::other)??;
        // Who is at the other end may vanish without a word.
        socket.set_keepalive(true)?;
        timeout(patience, socket.connect(to.into())).await.unwrap_or(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Door {
    /// Whether the endpoint is still there.
    pub fn is_open(&self, snapshot: &Snapshot) -> bool {
        snapshot.get(self.id).is_some_and(|endpoint| endpoint.state == InstanceConnectEndpointState::CreateComplete)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.id) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.id);
            }
        }
    }
}
