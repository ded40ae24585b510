//! Whether this machine can boot imported images: found out by mounting one as guests do. No list of kernels and file systems knows it as well.

use std::{
    fs,
    io::Write,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
    process::Command,
};

use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
    sys::statfs::{OVERLAYFS_SUPER_MAGIC, statfs},
};

use crate::{
    disk,
    error::{Doing, Error},
    image,
    process::SingleThreaded,
    user_namespace,
};

/// Ids that are nobody's, as a guest's are.
const FIRST_ID: u32 = 1 << 30;

/// What stands for an image, and for what its guest writes.
const IMAGE: &str = "trial";
const DISK: &str = "root";

/// Refuses a state folder, which need not be there yet, below which no imported image can be booted on this machine. Takes root.
pub fn check(state_dir: &Path) -> Result<(), Error> {
    let prepare = |folder: &Path| [IMAGE, DISK].iter().try_for_each(|name| disk::make_private(&folder.join(name)));
    let above = nearest(state_dir)?;
    let on_overlay = || statfs(&above).is_ok_and(|found| found.filesystem_type() == OVERLAYFS_SUPER_MAGIC);
    attempt(&above, "try-image", prepare)?
        .map_err(|words| Error::NoImages { reason: if on_overlay() { format!("{} is on an overlay", above.display()) } else { words } })
}

/// The folder, or the one above it that is there.
pub(crate) fn nearest(state_dir: &Path) -> Result<PathBuf, Error> {
    let above = state_dir.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
    above.canonicalize().doing_with(|| format!("finding {}", above.display()))
}

/// Tries something in a folder below another that goes afterwards. Inside: why it cannot be done.
pub(crate) fn attempt(above: &Path, verb: &str, prepare: impl FnOnce(&Path) -> Result<(), Error>) -> Result<Result<(), String>, Error> {
    let folder = above.join(format!(".peerless-trial-{}", std::process::id()));
    let delete = || disk::delete(&folder).doing_with(|| format!("removing {}", folder.display()));
    delete()?;
    let outcome = disk::make_private(&folder).and_then(|()| prepare(&folder)).and_then(|()| run(verb, &folder));
    delete()?;
    outcome
}

/// In a process of its own, since what is mounted on the way vanishes with that.
fn run(verb: &str, folder: &Path) -> Result<Result<(), String>, Error> {
    // By this path even a program that was replaced on disk runs itself, not its successor.
    let output = Command::new("/proc/self/exe").args(["__guest", verb]).arg(folder).env_clear().output().doing("starting a trial")?;
    let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Ok(if output.status.success() { Ok(()) } else { Err(words) })
}

/// What that process does: mounts what is in the folder as an image, and writes.
pub(crate) fn perform(folder: &Path) -> Result<(), Error> {
    let alone = SingleThreaded::check()?;
    let ids = user_namespace::create(alone, FIRST_ID)?;
    separate_mounts()?;
    let root = image::overlay(&folder.join(IMAGE), &folder.join(DISK), &ids)?;
    let file = fs::File::create_new(format!("/proc/self/fd/{}/file", root.as_raw_fd()));
    file.and_then(|mut file| file.write_all(b"written")).doing("writing over an image")
}

/// From here on, what this process mounts is its own.
pub(crate) fn separate_mounts() -> Result<(), Error> {
    unshare(CloneFlags::CLONE_NEWNS).doing("making a mount namespace")?;
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_PRIVATE | MsFlags::MS_REC, None::<&str>).doing("making mounts private")
}
