//! What a guest sees as its root: the mounts of its own, and the way into them.
//!
//! All of this happens inside the guest's namespaces, without any right over the host: whatever a path on the guest's disk leads to, only the
//! guest can be harmed by it.

use std::{
    fs,
    os::{
        fd::OwnedFd,
        unix::fs::{DirBuilderExt, symlink},
    },
};

use nix::{
    fcntl::{AT_FDCWD, OFlag, open},
    mount::{MntFlags, MsFlags, mount, umount2},
    sys::stat::Mode,
    unistd::{chdir, fchdir, pivot_root},
};

use crate::{
    error::{Doing, Error},
    syscall,
};

/// The host's root directory, still reachable for this process alone, with the rights of nobody.
pub(crate) struct Outside(OwnedFd);

/// Mounts what is the guest's own below the working directory, and makes that directory the root of the mount namespace.
pub(crate) fn enter(memory_mib: u32) -> Result<Outside, Error> {
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_SLAVE | MsFlags::MS_REC, None::<&str>).doing("separating the guest's mounts")?;
    mount_again()?;
    mount_all(memory_mib)?;
    make_devices()?;
    let outside = open("/", OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty()).doing("opening the host's root")?;
    // Both arguments the same: the old root is stacked upon the new one, and needs no directory to be put into.
    pivot_root(".", ".").doing("changing the root")?;
    chdir("/").doing("entering the new root")?;
    Ok(Outside(outside))
}

impl Outside {
    /// A file or directory of the host as a path that this process can use.
    pub(crate) fn path(&self, path: &str) -> std::path::PathBuf {
        format!("/proc/self/fd/{}/{path}", std::os::fd::AsRawFd::as_raw_fd(&self.0)).into()
    }

    /// Lets go of the host's files for good.
    pub(crate) fn leave(self) -> Result<(), Error> {
        fchdir(&self.0).doing("reaching for the old root")?;
        umount2(".", MntFlags::MNT_DETACH).doing("unmounting the old root")?;
        chdir("/").doing("entering the new root")
    }
}

/// Copies the mounts below the working directory once more and goes there: those that came from the host's namespace are locked in their
/// place, and `pivot_root` refuses a locked root.
fn mount_again() -> Result<(), Error> {
    let here = open(".", OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty()).doing("opening the guest's root")?;
    let copy = syscall::open_tree(&AT_FDCWD, c".", true).doing("copying the guest's mounts")?;
    syscall::move_mount(&copy, &here).doing("mounting the guest's root")?;
    fchdir(&copy).doing("entering the guest's root")
}

/// Proc and sysfs must come while the host's are still in sight: the kernel gives a user namespace no fuller view than it had.
///
/// Files in memory count as the guest's memory in any case; half of it is what distributions let them have.
fn mount_all(memory_mib: u32) -> Result<(), Error> {
    let size = format!("size={}k", u64::from(memory_mib) * 512);
    let plain = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    let inert = plain | MsFlags::MS_NOEXEC;
    new_mount("proc", "proc", inert, "")?;
    new_mount("sysfs", "sys", inert | MsFlags::MS_RDONLY, "")?;
    new_mount("tmpfs", "dev", MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC, "mode=755,size=1m")?;
    new_mount("devpts", "dev/pts", MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5")?;
    new_mount("tmpfs", "dev/shm", plain, &format!("mode=1777,{size}"))?;
    new_mount("tmpfs", "run", plain, &format!("mode=755,{size}"))?;
    new_mount("tmpfs", "tmp", plain, &format!("mode=1777,{size}"))
}

fn new_mount(kind: &str, target: &str, flags: MsFlags, options: &str) -> Result<(), Error> {
    fs::DirBuilder::new().recursive(true).mode(0o755).create(target).doing_with(|| format!("making /{target}"))?;
    mount(Some(kind), target, Some(kind), flags, Some(options)).doing_with(|| format!("mounting {kind} on /{target}"))
}

/// The harmless devices of the host. A user namespace cannot make devices, but it can be given some.
fn make_devices() -> Result<(), Error> {
    for name in ["null", "zero", "full", "random", "urandom", "tty"] {
        let (host, target) = (format!("/dev/{name}"), format!("dev/{name}"));
        fs::File::create_new(&target).doing_with(|| format!("making /{target}"))?;
        mount(Some(host.as_str()), target.as_str(), None::<&str>, MsFlags::MS_BIND, None::<&str>).doing_with(|| format!("mounting {host}"))?;
    }
    nix::unistd::mkfifo("dev/console", Mode::from_bits_truncate(0o600)).doing("making /dev/console")?;
    let links = [
        ("pts/ptmx", "dev/ptmx"),
        ("/proc/self/fd", "dev/fd"),
        ("/proc/self/fd/0", "dev/stdin"),
        ("/proc/self/fd/1", "dev/stdout"),
        ("/proc/self/fd/2", "dev/stderr"),
    ];
    links.into_iter().try_for_each(|(target, link)| symlink(target, link).doing_with(|| format!("linking /{link}")))
}
