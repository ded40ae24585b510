//! The image by default: the host's programs, read-only, under a disk of the guest's own.
//!
//! The host's `/usr` is mounted with mapped owners, so that its set-user-id programs belong to root *inside*. This is done with the host's
//! rights, in a mount namespace that ends with the builder; when the guest's own, less privileged one is copied from it, the kernel locks
//! these mounts: root inside can neither unmount them nor make them writable.
//!
//! An image that was imported is below the whole disk instead, by an overlay: what the guest writes is on its disk, and the image stays as it is.
//!
//! The disk is the guest's, and it may be its second boot: nothing here follows a symbolic link on it.

use std::{
    ffi::OsStr,
    fs,
    os::fd::{AsRawFd, OwnedFd},
    path::Path,
};

use nix::{
    errno::Errno,
    fcntl::{OFlag, open, openat},
    mount::{MsFlags, mount},
    sys::stat::{Mode, mkdirat},
    unistd::{Gid, Uid, chdir, fchown},
};

use crate::{
    builder::Order,
    disk,
    error::{Doing, Error},
    syscall::{self, MountAttributes},
};

/// Where programs are: directories of the host's root, or symbolic links into `/usr` where a distribution has merged them.
pub(crate) const PROGRAMS: [&str; 7] = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/// Parts of `/etc` that belong to the programs and are rarely changed: mounted, they cost a guest nothing on disk, and follow the host's
/// programs when those are updated. Their owners are *not* mapped, and so are nobody inside: a file that only the host's root may read, such
/// as the old passwords in `/etc/security/opasswd`, stays closed to root inside as well.
const SETTINGS: [&str; 8] = [
    "etc/alternatives",
    "etc/crypto-policies",
    "etc/ld.so.cache",
    "etc/pam.d",
    "etc/pki/ca-trust/extracted",
    "etc/pki/tls/certs",
    "etc/security",
    "etc/ssl/certs",
];

/// Where the host's administrator may keep data of their own among the programs.
const HIDDEN: [&str; 2] = ["usr/local/etc", "usr/local/var"];

/// Where the folder with `sshd` is inside, if the guests are given one.
pub(crate) const SSHD: &str = "opt/openssh";

/// Mounts the disk, which is a folder, over itself and the image below; returns the guest's root directory.
pub(crate) fn assemble(order: &Order, disk: &Path, ids: &OwnedFd) -> Result<OwnedFd, Error> {
    if let Some(image) = &order.spec.image {
        return overlay(image, disk, ids);
    }
    let first_id = order.spec.first_id;
    let owner = Owner { user: Uid::from_raw(first_id), group: Gid::from_raw(first_id) };
    let below = open(disk, DIRECTORY, Mode::empty()).doing_with(|| format!("opening {}", disk.display()))?;
    let root = syscall::open_tree(&below, c"", false).doing("copying the disk's mount")?;
    syscall::set_mount_attributes(&root, &MountAttributes::<OwnedFd> { set: libc::MOUNT_ATTR_NODEV, map: None })
        .doing("forbidding devices on the disk")?;
    syscall::move_mount(&root, &below).doing("mounting the disk")?;

    let parts = PROGRAMS.map(|part| (part, true)).into_iter().chain(SETTINGS.map(|part| (part, false)));
    let instead = |part: &str| order.settings.as_ref().map(|folder| folder.join(part)).filter(|ours| ours.exists());
    let parts = parts.map(|(part, program)| (instead(part).filter(|_| !program).unwrap_or_else(|| Path::new("/").join(part)), part, program));
    let sshd = order.sshd.as_ref().map(|folder| (folder.clone(), SSHD, false));
    for (source, part, program) in parts.chain(sshd) {
        let made = match fs::symlink_metadata(&source) {
            Ok(metadata) if metadata.is_dir() => make_directory(&root, part, owner),
            Ok(metadata) if metadata.is_file() => make_file(&root, part, owner),
            _ => continue,
        };
        match made {
            Ok(target) => attach(&source, &target, program.then_some(ids))?,
            // A guest that has put something of its own in the place of a setting keeps it.
            Err(Errno::ENOTDIR | Errno::EISDIR | Errno::ELOOP | Errno::ENXIO) if !program => {}
            Err(errno) => return Err(errno).doing_with(|| format!("making /{part} on the disk")),
        }
    }
    for part in HIDDEN {
        if Path::new("/").join(part).is_dir() {
            hide(&root, part)?;
        }
    }
    Ok(root)
}

/// Mounts an image below the disk, over the disk. Beside that are the folders that this takes.
pub(crate) fn overlay(image: &Path, disk: &Path, ids: &OwnedFd) -> Result<OwnedFd, Error> {
    let (Some(beside), Some(name)) = (disk.parent(), disk.file_name().and_then(OsStr::to_str)) else {
        unreachable!("the disk is in the guest's folder")
    };
    let doing = || format!("mounting the image {}", image.display());
    for folder in [LOWER, WORK] {
        disk::make_private(&beside.join(folder))?;
    }
    let lower = open(&beside.join(LOWER), DIRECTORY, Mode::empty()).doing_with(doing)?;
    attach(image, &lower, Some(ids))?;
    // By relative names: a comma or colon on the way there would mean something.
    chdir(beside).doing_with(doing)?;
    let options = format!("lowerdir={LOWER},upperdir={name},workdir={WORK}");
    mount(Some("overlay"), name, Some("overlay"), MsFlags::MS_NODEV, Some(options.as_str())).doing_with(doing)?;
    open(name, DIRECTORY, Mode::empty()).doing_with(doing)
}

/// Where an image is mounted, and what an overlay needs for itself.
const LOWER: &str = "image";
const WORK: &str = "work";

/// Whatever is there, itself.
const NODE: OFlag = OFlag::O_PATH.union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

const DIRECTORY: OFlag = NODE.union(OFlag::O_DIRECTORY);

const READABLE: OFlag = OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// Not to be kept waiting by a pipe.
const WRITABLE: OFlag = OFlag::O_WRONLY.union(OFlag::O_CREAT).union(OFlag::O_NOFOLLOW).union(OFlag::O_NONBLOCK).union(OFlag::O_CLOEXEC);

#[derive(Clone, Copy)]
struct Owner {
    user: Uid,
    group: Gid,
}

/// Mounts a file or directory of the host and all below it, read-only, and with mapped owners if it is given the ids.
fn attach(source: &Path, target: &OwnedFd, ids: Option<&OwnedFd>) -> Result<(), Error> {
    let host = open(source, NODE, Mode::empty()).doing_with(|| format!("opening {}", source.display()))?;
    let tree = syscall::open_tree(&host, c"", true).doing_with(|| format!("copying the mount of {}", source.display()))?;
    let attributes = MountAttributes { set: libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NODEV, map: ids };
    let refused = |error| Error::NotIdMapped { path: source.to_owned(), source: error };
    syscall::set_mount_attributes(&tree, &attributes).map_err(refused)?;
    syscall::move_mount(&tree, target).doing_with(|| format!("mounting {}", source.display()))
}

/// Mounts nothing over a directory.
fn hide(root: &OwnedFd, part: &str) -> Result<(), Error> {
    // No link of the guest's can be met on the way: it leads through the image.
    let target = openat(root, part, DIRECTORY, Mode::empty()).doing_with(|| format!("opening /{part} in the image"))?;
    let path = format!("/proc/self/fd/{}", target.as_raw_fd());
    let flags = MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("tmpfs"), path.as_str(), Some("tmpfs"), flags, Some("size=4k,mode=755")).doing_with(|| format!("hiding /{part}"))
}

/// Opens a directory on the disk, making what is missing of it. A link that the guest left in the way is not followed.
fn make_directory(root: &OwnedFd, path: &str, owner: Owner) -> nix::Result<OwnedFd> {
    let mut directory = openat(root, ".", READABLE, Mode::empty())?;
    for name in path.split('/') {
        let new = match mkdirat(&directory, name, Mode::from_bits_truncate(0o755)) {
            Err(Errno::EEXIST) => false,
            result => result.map(|()| true)?,
        };
        directory = openat(&directory, name, READABLE, Mode::empty())?;
        if new {
            fchown(&directory, Some(owner.user), Some(owner.group))?;
        }
    }
    Ok(directory)
}

/// Opens a file on the disk, making it, and the directories above, if it is missing.
fn make_file(root: &OwnedFd, path: &str, owner: Owner) -> nix::Result<OwnedFd> {
    let (above, name) = path.rsplit_once('/').unwrap_or((".", path));
    let above = make_directory(root, above, owner)?;
    let file = openat(&above, name, WRITABLE, Mode::from_bits_truncate(0o644))?;
    fchown(&file, Some(owner.user), Some(owner.group))?;
    Ok(file)
}
