//! The file system in which maps are pinned, so that a later daemon finds them.
//!
//! It is mounted in the caller's mount namespace, never in one of the daemon's own: pins die with the last mount of
//! their file system.

use std::fs;
use std::path::Path;

use nix::mount::{MntFlags, MsFlags, mount, umount2};

use crate::error::{Doing, Result};

/// Mounts a file system for pins of its own, readable by root alone.
pub(crate) fn mount_at(path: &Path) -> Result<()> {
    fs::create_dir_all(path).doing(|| format!("create {}", path.display()))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("bpf"), path, Some("bpf"), flags, Some("mode=0700")).doing(|| format!("mount a BPF file system at {}", path.display()))
}

/// Unmounts it, which ends what is pinned there and used by nobody. Nothing there is fine too.
pub(crate) fn unmount(path: &Path) -> Result<()> {
    while path.exists() && umount2(path, MntFlags::MNT_DETACH).is_ok() {}
    match fs::remove_dir(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).doing(|| format!("remove {}", path.display())),
        _ => Ok(()),
    }
}
