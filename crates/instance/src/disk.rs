//! A guest's directory on disk: its root directory, and beside that its console log.
//!
//! The directory is closed to the host's users, since root inside may leave set-user-id programs below it. The root directory in it belongs
//! to the guest's root, and so does whatever is found there: deep, odd, or made to lead astray.

use std::{
    fs, io,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::fs::{DirBuilderExt, MetadataExt, lchown},
    },
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    fcntl::{OFlag, openat, renameat},
    sys::stat::Mode,
};

use crate::error::{Doing, Error};

/// Levels below which directories are brought up before they are deleted.
const DEPTH: u32 = 200;

/// Makes a guest's root directory, if this is its first boot; returns its path.
pub(crate) fn make_root(above: &Path, first_id: u32) -> Result<PathBuf, Error> {
    let root = above.join("root");
    let doing = || format!("making {}", root.display());
    if !root.exists() {
        fs::DirBuilder::new().mode(0o755).create(&root).doing_with(doing)?;
        lchown(&root, Some(first_id), Some(first_id)).doing_with(doing)?;
    }
    let owner = fs::symlink_metadata(&root).doing_with(doing)?.uid();
    if owner == first_id { Ok(root) } else { Err(Error::Spec { field: "first_id", reason: format!("its disk was made with {owner}") }) }
}

/// Makes a directory that only root may enter, and those above it.
pub(crate) fn make_private(path: &Path) -> Result<(), Error> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).doing_with(|| format!("making {}", path.display()))
}

/// Deletes a guest's directory, if there is one.
pub(crate) fn delete(disk: &Path) -> io::Result<()> {
    loop {
        match fs::remove_dir_all(disk) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            // The standard library holds a descriptor for each level that it descends, and a guest may have made more levels than that.
            Err(error) if error.raw_os_error() == Some(libc::EMFILE) => {
                let top: OwnedFd = fs::File::open(disk)?.into();
                raise(&top, &top, DEPTH, &mut 0)?;
            }
            result => return result,
        }
    }
}

/// Moves every directory that is `depth` levels below `directory` to the top.
fn raise(top: &OwnedFd, directory: &OwnedFd, depth: u32, moved: &mut u32) -> io::Result<()> {
    for entry in fs::read_dir(format!("/proc/self/fd/{}", directory.as_raw_fd()))? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            continue;
        }
        let name = entry.file_name();
        if depth > 0 {
            let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            raise(top, &openat(directory, name.as_os_str(), flags, Mode::empty())?, depth - 1, moved)?;
            continue;
        }
        loop {
            *moved += 1;
            match renameat(directory, name.as_os_str(), top, format!("deep-{moved}").as_str()) {
                Err(Errno::EEXIST | Errno::ENOTEMPTY) => {}
                result => break result?,
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use nix::sys::stat::mkdirat;

    use super::*;

    #[test]
    fn no_directory_is_too_deep_to_delete() {
        let disk = std::env::temp_dir().join(format!("peerless-disk-{}", std::process::id()));
        fs::create_dir(&disk).unwrap();
        let mut directory: OwnedFd = fs::File::open(&disk).unwrap().into();
        for _ in 0..3000 {
            mkdirat(&directory, "d", Mode::S_IRWXU).unwrap();
            directory = openat(&directory, "d", OFlag::O_RDONLY, Mode::empty()).unwrap();
        }
        delete(&disk).unwrap();
        assert!(!disk.exists());
    }
}
