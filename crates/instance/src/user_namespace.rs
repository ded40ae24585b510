//! The user namespace of a guest: root inside is nobody outside.

use std::{
    fs::{self, File},
    io::Read,
    os::fd::OwnedFd,
};

use nix::{
    fcntl::OFlag,
    sched::{CloneFlags, setns, unshare},
    sys::{
        prctl,
        signal::{Signal, kill},
        wait::waitpid,
    },
    unistd::{Gid, Pid, Uid, pause, pipe2, setgroups, setresgid, setresuid, write},
};

use crate::{
    error::{Doing, Error},
    process::SingleThreaded,
    spec::IDS_PER_GUEST,
};

/// Makes a user namespace whose ids from 0 on are those of the host from `first_id` on.
///
/// The namespace is needed before anything is in it, since the image is mounted with its ids. Only a process can make one, so a child does and
/// is then discarded; the descriptor keeps the namespace.
pub(crate) fn create(alone: SingleThreaded, first_id: u32) -> Result<OwnedFd, Error> {
    let (ready, tell) = pipe2(OFlag::O_CLOEXEC).doing("making a pipe")?;
    let child = alone.fork(move || match holder(&tell) {
        Ok(never) => match never {},
        Err(errno) => u8::try_from(errno as i32).unwrap_or(u8::MAX),
    })?;
    let namespace = map(child, ready, first_id);
    let _ = kill(child, Signal::SIGKILL);
    let _ = waitpid(child, None);
    namespace
}

/// Moves this process into the namespace, as its root.
pub(crate) fn enter(namespace: &OwnedFd) -> Result<(), Error> {
    setns(namespace, CloneFlags::CLONE_NEWUSER).doing("entering the user namespace")?;
    become_root()
}

/// Becomes root of the user namespace that this process is in, where it is a stranger with all capabilities.
pub(crate) fn become_root() -> Result<(), Error> {
    setgroups(&[]).doing("giving up the host's groups")?;
    let (root, group) = (Uid::from_raw(0), Gid::from_raw(0));
    setresgid(group, group, group).doing("becoming root's group inside")?;
    setresuid(root, root, root).doing("becoming root inside")?;
    // The change of ids resets this to a setting of the host's.
    prctl::set_dumpable(false).doing("closing this process to tracing")
}

fn holder(tell: &OwnedFd) -> nix::Result<std::convert::Infallible> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    unshare(CloneFlags::CLONE_NEWUSER)?;
    write(tell, b"!")?;
    loop {
        pause();
    }
}

fn map(child: Pid, ready: OwnedFd, first_id: u32) -> Result<OwnedFd, Error> {
    let mut answer = [0];
    if File::from(ready).read(&mut answer).doing("waiting for a user namespace")? == 0 {
        let status = crate::process::wait(child)?;
        return Err(nix::Error::from_raw(status)).doing("making a user namespace");
    }
    let map = format!("0 {first_id} {IDS_PER_GUEST}\n");
    for file in ["uid_map", "gid_map"] {
        fs::write(format!("/proc/{child}/{file}"), &map).doing_with(|| format!("writing {file}"))?;
    }
    let namespace = File::open(format!("/proc/{child}/ns/user")).doing("opening the user namespace")?;
    Ok(namespace.into())
}
