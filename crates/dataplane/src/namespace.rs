//! Network namespaces, and how to do something in one.
//!
//! Which namespace a system call means is a property of the calling thread. Work in another one is done by a thread
//! that enters it, does the work and ends: no thread ever has to find its way back.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::statfs::{NSFS_MAGIC, statfs};

use crate::error::{Doing, Result};
use crate::netlink::Netlink;

/// What a namespace has in which programs send and listen, whatever the machine around it has set.
const OF_A_HOST: &[(&str, &str)] = &[
    ("/proc/sys/net/ipv4/ip_forward", "0"),
    ("/proc/sys/net/ipv4/conf/all/rp_filter", "0"),
    ("/proc/sys/net/ipv4/conf/default/rp_filter", "0"),
    ("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1"),
    ("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1"),
];

/// A network namespace. It lives at least as long as this does.
#[derive(Debug)]
pub(crate) struct Namespace(OwnedFd);

impl Namespace {
    /// A new namespace, kept alive by a mount at `path`.
    pub fn create(path: &Path) -> Result<Self> {
        File::create(path).doing(|| format!("create {}", path.display()))?;
        on_own_thread(|| {
            unshare(CloneFlags::CLONE_NEWNET).doing(|| "create a network namespace".to_owned())?;
            mount(Some("/proc/thread-self/ns/net"), path, None::<&str>, MsFlags::MS_BIND, None::<&str>)
                .doing(|| format!("keep a network namespace at {}", path.display()))
        })?;
        Self::open(path)
    }

    /// The namespace that a path names.
    pub fn open(path: &Path) -> Result<Self> {
        File::open(path).map(|file| Self(file.into())).doing(|| format!("open the network namespace {}", path.display()))
    }

    /// The namespace that is mounted there, if one is. An empty file is what a crash leaves between the two steps of
    /// making it.
    pub fn kept_at(path: &Path) -> Result<Option<Self>> {
        let is_namespace = statfs(path).is_ok_and(|found| found.filesystem_type() == NSFS_MAGIC);
        is_namespace.then(|| Self::open(path)).transpose()
    }

    /// A netlink socket in the namespace.
    pub fn netlink(&self) -> Result<Netlink> {
        self.run(|| Netlink::open().doing(|| "open a netlink socket".to_owned()))
    }

    /// Makes a host of it: one that is on a network, and forwards nothing.
    pub fn make_host(&self) -> Result<()> {
        self.apply_settings(OF_A_HOST)
    }

    /// Writes files below `/proc/sys/net`; those that the kernel does not have are left out.
    pub fn apply_settings(&self, settings: &[(&str, &str)]) -> Result<()> {
        self.run(|| {
            settings.iter().try_for_each(|(path, value)| match fs::write(path, value) {
                // A kernel without IPv6.
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                result => result.doing(|| format!("write {path}")),
            })
        })
    }

    /// Does something in the namespace.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        on_own_thread(|| {
            setns(self.0.as_fd(), CloneFlags::CLONE_NEWNET).doing(|| "enter a network namespace".to_owned())?;
            work()
        })
    }
}

impl From<OwnedFd> for Namespace {
    fn from(fd: OwnedFd) -> Self {
        Self(fd)
    }
}

impl AsFd for Namespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Ends the mount that keeps a namespace; the namespace ends with its last user. Nothing there is fine too.
pub(crate) fn forget(path: &Path) -> Result<()> {
    while path.exists() && umount2(path, MntFlags::MNT_DETACH).is_ok() {}
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).doing(|| format!("remove {}", path.display())),
        _ => Ok(()),
    }
}

fn on_own_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| scope.spawn(work).join().unwrap_or_else(|panic| resume_unwind(panic)))
}
