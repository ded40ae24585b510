//! What a process hands down without meaning to, and a guest must not get: from the daemon's environment, or from the shell of whoever
//! enters.

use nix::sys::{
    resource::{Resource, getrlimit, setrlimit},
    stat::{Mode, umask},
};

use crate::{
    error::{Doing, Error},
    syscall,
};

/// Open files that a process may have unless it asks for more, and when it does: what distributions give.
const OPEN_FILES: (u64, u64) = (1024, 524_288);

/// Takes on what a freshly started machine would give: an empty keyring, the usual limits and permissions.
pub(crate) fn shed() -> Result<(), Error> {
    syscall::new_session_keyring().doing("replacing the session keyring")?;
    umask(Mode::from_bits_truncate(0o022));
    limit(Resource::RLIMIT_NOFILE, OPEN_FILES)?;
    // The host's crash handler shall not look at guests: 1 is the one value that keeps the kernel from piping a core dump to it (core(5)).
    limit(Resource::RLIMIT_CORE, (1, 1))
}

/// Sets a limit, or what is left of it where this process has less itself.
fn limit(resource: Resource, (soft, hard): (u64, u64)) -> Result<(), Error> {
    let (_, most) = getrlimit(resource).doing("asking for a limit")?;
    setrlimit(resource, soft.min(most), hard.min(most)).doing("setting a limit")
}
