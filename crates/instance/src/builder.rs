//! Building a guest: a straight line of steps, each of which needs what the one before it still had.
//!
//! This is a process of its own. A daemon with threads cannot enter user and mount namespaces, and what is mounted on the way vanishes with
//! the builder. It begins with all rights over the host and has none at the end.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Seek, SeekFrom},
    os::{
        fd::OwnedFd,
        unix::fs::{MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
};

use nix::{
    fcntl::OFlag,
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
    sys::signal::SigSet,
    unistd::{Pid, fchdir, pipe2},
};
use serde::{Deserialize, Serialize};

use crate::{
    cgroup, disk,
    error::{Doing, Error},
    image, inheritance,
    init::{self, Outlets, READY},
    process::{self, SingleThreaded},
    spec::Spec,
    user_namespace, volume,
};

/// What the builder is told: the guest's cgroups and directories have been made.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) spec: Spec,
    pub(crate) groups: Vec<PathBuf>,
    pub(crate) disk: PathBuf,
    pub(crate) volume: Option<PathBuf>,
    pub(crate) console: PathBuf,
    pub(crate) pulse: PathBuf,
    pub(crate) sshd: Option<PathBuf>,
    pub(crate) settings: Option<PathBuf>,
}

/// What the builder answers: the guest's init waits for its network.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Built {
    pub(crate) pid: i32,
    pub(crate) network_namespace: u64,
}

/// Builds a guest around a new init, and returns when that waits for its network.
pub(crate) fn build(order: &Order) -> Result<Built, Error> {
    let alone = SingleThreaded::check()?;
    // First of all: who removes the guest finds this process by its groups, and then the disk stays removed.
    join(&order.groups)?;
    let outlets = Outlets { console: open(&order.console)?, pulse: open(&order.pulse)? };
    inheritance::shed()?;

    let ids = user_namespace::create(alone, order.spec.first_id)?;
    unshare(CloneFlags::CLONE_NEWNS).doing("making a mount namespace")?;
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_PRIVATE | MsFlags::MS_REC, None::<&str>).doing("making mounts private")?;
    let volume = order.volume.as_deref().map(volume::mount).transpose()?;
    let root = disk::make_root(volume.as_ref().unwrap_or(&order.disk), order.spec.first_id)?;
    let root = image::assemble(order, &root, &ids)?;
    // The path to the disk may lead through directories that are closed to the guest's root, who starts from here.
    fchdir(&root).doing("entering the disk")?;

    user_namespace::enter(&ids)?;
    unshare(namespaces()).doing("making the guest's namespaces")?;
    let network_namespace = std::fs::metadata("/proc/self/ns/net").doing("identifying the network namespace")?.ino();
    let init = start_init(alone, &order.spec, outlets)?;
    Ok(Built { pid: init.as_raw(), network_namespace })
}

/// All that a guest has to itself besides its users.
fn namespaces() -> CloneFlags {
    CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWCGROUP
}

/// A file that the init goes on to write.
fn open(path: &Path) -> Result<File, Error> {
    let flags = OFlag::O_NOFOLLOW.bits();
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(flags).open(path);
    // Whatever writes without asking for a place does it behind what is there.
    let at_end = file.and_then(|mut file| file.seek(SeekFrom::End(0)).map(|_| file));
    at_end.doing_with(|| format!("opening {}", path.display()))
}

fn join(groups: &[PathBuf]) -> Result<(), Error> {
    groups.iter().map(|group| group.join(cgroup::PROCESSES)).try_for_each(|path| {
        // Zero is whoever writes.
        std::fs::write(&path, "0").map_err(|source| Error::Cgroup { path, source })
    })
}

/// Forks the guest's first process and waits until it has made itself at home.
fn start_init(alone: SingleThreaded, spec: &Spec, outlets: Outlets) -> Result<Pid, Error> {
    // Blocked signals are kept for the init until it asks for them, so that none comes too early.
    SigSet::all().thread_block().doing("blocking signals")?;
    let (report, reporter): (OwnedFd, OwnedFd) = pipe2(OFlag::O_CLOEXEC).doing("making a pipe")?;
    let init = alone.fork(move || init::run(alone, spec, outlets, reporter.into()))?;
    let mut text = String::new();
    File::from(report).read_to_string(&mut text).doing("waiting for the guest's init")?;
    if text == READY {
        return Ok(init);
    }
    let status = process::wait(init)?;
    let reason = if text.is_empty() { format!("without a word, status {status}") } else { text };
    Err(Error::Inside { reason })
}
