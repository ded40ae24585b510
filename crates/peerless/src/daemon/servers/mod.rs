//! What listens where guests and the internet are, beyond the API: the services of all VPCs, in the namespace where
//! interfaces are addresses, and the machines of the simulated internet that answer.

mod datagrams;
mod dhcp;
mod dns;
mod metadata;
mod pace;
mod time;
mod web;

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::panic::resume_unwind;
use std::sync::Arc;

use model::internet::{NAME_SERVER, WEB_SERVER};
use model::local_service::{DHCP_SERVER, METADATA, RESOLVER, TIME, VPC_RESOLVER};
use nix::sched::{CloneFlags, setns};
use services::dns::WEB_SITES;
use services::metadata::Secret;
use tokio::task::JoinSet;

use super::authority::Authority;
use super::beyond::{Beyond, Resolver};
use super::control_loop::Published;
use dns::{Audience, NameServer};

/// All of them. They end when this is dropped.
pub struct Servers {
    _tasks: JoinSet<()>,
}

impl Servers {
    /// Begins to listen in these namespaces. Guests may ask from then on, and by the device, if there is one, get beyond.
    pub fn start(
        services: &OwnedFd,
        internet: &OwnedFd,
        published: &Published,
        authority: &Authority,
        secret: Secret,
        beyond: Option<OwnedFd>,
    ) -> Result<Self, String> {
        let mut tasks = JoinSet::new();
        let resolver = beyond.as_ref().map(|_| Resolver::new());
        if let Some(device) = beyond {
            tasks.spawn(Beyond::new(device, internet).map_err(|error| format!("the way to the internet: {error}"))?.lead());
        }
        tasks.spawn(metadata::serve(listen(services, METADATA, 80)?, Published::clone(published), secret));
        tasks.spawn(dhcp::serve(receive(services, DHCP_SERVER, 67)?, Published::clone(published)));
        tasks.spawn(time::serve(receive(services, TIME, 123)?));
        tasks.spawn(web::serve(listen(internet, WEB_SERVER, 80)?));
        tasks.spawn(web::serve_securely(listen(internet, WEB_SERVER, 443)?, authority.server(&WEB_SITES)?));
        let [amazon, public] = [Audience::Interfaces, Audience::Strangers].map(|audience| NameServer::new(audience, published, resolver.clone()));
        for (namespace, address, server) in [(services, RESOLVER, &amazon), (services, VPC_RESOLVER, &amazon), (internet, NAME_SERVER, &public)] {
            tasks.spawn(Arc::clone(server).serve_datagrams(receive(namespace, address, 53)?));
            tasks.spawn(Arc::clone(server).serve_streams(listen(namespace, address, 53)?));
        }
        Ok(Self { _tasks: tasks })
    }
}

/// A socket that listens in a namespace. It stays there, whoever uses it.
fn listen(namespace: &OwnedFd, address: Ipv4Addr, port: u16) -> Result<tokio::net::TcpListener, String> {
    let listener = inside(namespace, || {
        let listener = TcpListener::bind((address, port))?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    listener.and_then(tokio::net::TcpListener::from_std).map_err(|error| format!("cannot listen on {address}:{port} for guests: {error}"))
}

/// The same for datagrams.
fn receive(namespace: &OwnedFd, address: Ipv4Addr, port: u16) -> Result<tokio::net::UdpSocket, String> {
    let socket = inside(namespace, || {
        let socket = UdpSocket::bind((address, port))?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    });
    socket.and_then(tokio::net::UdpSocket::from_std).map_err(|error| format!("cannot receive on {address}:{port} for guests: {error}"))
}

/// Does something in a network namespace, on a thread that ends with it.
pub(super) fn inside<T: Send>(namespace: &OwnedFd, work: impl FnOnce() -> std::io::Result<T> + Send) -> std::io::Result<T> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            setns(namespace, CloneFlags::CLONE_NEWNET)?;
            work()
        });
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}
