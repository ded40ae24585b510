//! The services of all VPCs: sockets in the namespace where interfaces are addresses, and what is answered there.

mod metadata;

use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::OwnedFd;
use std::panic::resume_unwind;

use model::local_service::METADATA;
use nix::sched::{CloneFlags, setns};
use tokio::task::JoinSet;

use super::control_loop::Published;

/// What listens for guests. It ends when this is dropped.
pub struct GuestServices {
    _tasks: JoinSet<()>,
}

impl GuestServices {
    /// Begins to listen in that namespace. Guests may ask from then on.
    pub fn start(namespace: &OwnedFd, published: &Published) -> Result<Self, String> {
        let mut tasks = JoinSet::new();
        let listener = listen(namespace, METADATA, 80)?;
        tasks.spawn(metadata::serve(listener, Published::clone(published)));
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

/// Does something in a network namespace, on a thread that ends with it.
fn inside<T: Send>(namespace: &OwnedFd, work: impl FnOnce() -> std::io::Result<T> + Send) -> std::io::Result<T> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            setns(namespace, CloneFlags::CLONE_NEWNET)?;
            work()
        });
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}
