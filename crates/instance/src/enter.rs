//! Running a command inside a guest, from outside.
//!
//! Nothing of the host's goes in: no terminal (the guest gets one of its own, relayed), no descriptor but the standard streams, no variable of
//! the environment but `TERM`. Until the command is executed, the process is closed to tracing, so that root inside cannot take over what
//! still carries the host's memory; and it runs nothing of the guest's, not even its C library's name services.

mod inside;
mod relay;
mod terminal;

use std::{
    ffi::OsString,
    fs::{File, OpenOptions},
    os::{fd::OwnedFd, unix::fs::OpenOptionsExt},
};

use nix::{
    sched::{CloneFlags, setns},
    sys::prctl,
};

use crate::{
    cgroup,
    error::{Doing, Error},
    guest::Guest,
    inheritance,
    process::SingleThreaded,
    user_namespace,
};
use terminal::Terminal;

/// Runs a command in the guest as `user`, or that user's login shell if the command is empty, and returns its exit status as a shell would:
/// 128 and the signal's number if one ended it.
///
/// The calling process must have a single thread. It moves into the guest's namespaces for good, and should do nothing but exit afterwards.
pub fn enter(guest: &Guest, command: &[OsString], user: &str) -> Result<i32, Error> {
    let Inside { alone, groups, .. } = go_in(guest)?;
    let terminal = Terminal::open()?;
    relay::signals().thread_block().doing("blocking signals")?;
    let child = alone.fork(|| match inside::run(groups, terminal.as_ref(), user, command) {
        Ok(never) => match never {},
        Err(failure) => failure.report(),
    })?;
    relay::until_end(child, terminal)
}

/// A process that has entered a guest as its root, and runs nothing of it. Its children are the guest's.
pub(crate) struct Inside {
    pub(crate) alone: SingleThreaded,
    /// By which a child joins the guest's cgroups.
    pub(crate) groups: Vec<File>,
    /// Becomes readable when the guest ends.
    pub(crate) init: OwnedFd,
}

/// Moves this process into the guest's namespaces for good.
pub(crate) fn go_in(guest: &Guest) -> Result<Inside, Error> {
    let alone = SingleThreaded::check()?;
    let groups = open_groups(guest)?;
    let init = guest.pidfd()?;
    prctl::set_dumpable(false).doing("closing this process to tracing")?;
    inheritance::shed()?;
    setns(&init, namespaces()).doing_with(|| format!("entering {}", guest.id))?;
    user_namespace::become_root()?;
    Ok(Inside { alone, groups, init })
}

/// Opened with the host's rights; writing to them works from inside as well, for the kernel asks who opened them.
fn open_groups(guest: &Guest) -> Result<Vec<File>, Error> {
    let paths = guest.groups.iter().map(|group| group.join(cgroup::PROCESSES));
    let open = |path| {
        let file = OpenOptions::new().write(true).custom_flags(libc::O_CLOEXEC).open(&path);
        file.map_err(|source| Error::Cgroup { path, source })
    };
    paths.map(open).collect()
}

fn namespaces() -> CloneFlags {
    CloneFlags::CLONE_NEWUSER
        | CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWCGROUP
}
