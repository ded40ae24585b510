//! A volume: the disk of a guest whose disk has a size, as a file system (ext4) in a sparse file.
//!
//! A folder has the size of the file system that it is on; a file system of its own is full when it is full, and `df` inside says so. It
//! is mounted in the guest's mount namespace alone, by way of a loop device that the kernel takes away with the last mount of it. What is in
//! the file is written by the kernel only: root inside has neither the file nor the device.

use std::{
    env,
    fs::{self, OpenOptions, TryLockError},
    io,
    os::{fd::AsRawFd, unix::fs::OpenOptionsExt},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use nix::mount::MsFlags;

use crate::{
    disk,
    error::{Doing, Error},
    images::trial,
    syscall,
};

/// The file, where it is mounted, and the guest's root directory in that; beside the last there is room for an overlay's own folders.
const FILE: &str = "volume.ext4";
const MOUNT: &str = "volume";

const CONTROL: &str = "/dev/loop-control";

/// How long the mount of an earlier boot may take to vanish: what the guest had not written yet is written first.
const PATIENCE: Duration = Duration::from_secs(60);

/// What e2fsprogs calls the program. It lays out a volume in milliseconds, since it leaves the tables of files for when they are used.
const FORMAT: &str = "mkfs.ext4";
const LAYOUT: [&str; 7] = ["-q", "-F", "-m0", "-Jsize=8", "-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard", "--"];

/// Refuses a state folder, which need not be there yet, below which no disk can have a size on this machine: that is tried. Takes root.
pub fn check_machine(state_dir: &Path) -> Result<(), Error> {
    trial::attempt(&trial::nearest(state_dir)?, "try-volume", |_| Ok(()))?.map_err(|reason| Error::NoVolumes { reason })
}

/// What the process of a trial does: mounts a volume.
pub(crate) fn perform(folder: &Path) -> Result<(), Error> {
    trial::separate_mounts()?;
    mount(&make(folder, 1)?).map(drop)
}

/// Makes the volume of a guest, if this is its first boot; returns the file.
pub(crate) fn make(folder: &Path, gib: u32) -> Result<PathBuf, Error> {
    let (file, unfinished) = (folder.join(FILE), folder.join(FILE).with_added_extension("new"));
    disk::make_private(&folder.join(MOUNT))?;
    if file.exists() {
        return Ok(file);
    }
    let doing = || format!("making {}", file.display());
    let new = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).custom_flags(libc::O_NOFOLLOW).open(&unfinished);
    new.and_then(|new| new.set_len(u64::from(gib) << 30)).doing_with(doing)?;
    let output = Command::new(format_program()?).env_clear().args(LAYOUT).arg(&unfinished).output().doing_with(doing)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(io::Error::other(format!("{FORMAT}: {said}"))).doing_with(doing);
    }
    fs::rename(&unfinished, &file).doing_with(doing)?;
    Ok(file)
}

/// Mounts a volume in this mount namespace, beside its file; returns where.
pub(crate) fn mount(file: &Path) -> Result<PathBuf, Error> {
    let target = file.with_file_name(MOUNT);
    let doing = || format!("mounting {}", file.display());
    let backing = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOFOLLOW).open(file).doing_with(doing)?;
    // The loop device holds this very descriptor's file, and the lock with it, until the last mount is gone: nobody mounts it twice.
    let begin = Instant::now();
    loop {
        match backing.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if begin.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(2)),
            Err(error) => return Err(io::Error::from(error)).doing_with(doing),
        }
    }
    let device = attach(&backing).doing_with(|| format!("attaching {} to a loop device", file.display()))?;
    // Nobody zeroes tables in the background: a sparse file reads as zeroes.
    let path = format!("/proc/self/fd/{}", device.as_raw_fd());
    let source = fs::read_link(&path).doing_with(doing)?;
    nix::mount::mount(Some(&source), &target, Some("ext4"), MsFlags::MS_NODEV, Some("noinit_itable")).doing_with(doing)?;
    Ok(target)
}

/// A loop device that shows the file, and is given back when nothing uses it any more.
fn attach(backing: &fs::File) -> io::Result<fs::File> {
    let control = OpenOptions::new().read(true).write(true).open(CONTROL)?;
    loop {
        let number = syscall::free_loop_device(&control)?;
        let device = OpenOptions::new().read(true).write(true).open(format!("/dev/loop{number}"))?;
        match syscall::configure_loop_device(&device, backing) {
            // Somebody else was as quick.
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {}
            result => return result.map(|()| device),
        }
    }
}

/// Administrators' programs are not on everybody's PATH.
fn format_program() -> Result<PathBuf, Error> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    let found = folders.map(|folder| folder.join(FORMAT)).find(|program| program.is_absolute() && program.is_file());
    found.ok_or_else(|| Error::NoVolumes { reason: format!("there is no {FORMAT}, which e2fsprogs has") })
}
