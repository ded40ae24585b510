//! The state folder: private to its owner, and open in one process at a time.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::Error;

/// Bits that let someone else than the owner add, replace or remove files.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// A state folder, locked until this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    // The lock belongs to the open file; the kernel gives it back with the last descriptor, so a killed daemon
    // leaves nothing to clean up. The file itself stays: removing it would let two processes lock different files.
    _lock: File,
}

impl Folder {
    /// Opens the folder, making it if need be, and takes its lock.
    pub fn open(path: &Path) -> Result<Self, Error> {
        make_private(path)?;
        let lock = lock(path)?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The path of a file in the folder that only its owner can read, empty if it is new.
    pub fn private_file(&self, name: &str) -> Result<PathBuf, Error> {
        let path = self.path.join(name);
        open_private(&path)?;
        Ok(path)
    }
}

/// A folder that is made here is made private. One that exists keeps its permissions: it may be anything that the
/// user named, and the files in it are private by themselves. Only where others could exchange them it is refused.
fn make_private(path: &Path) -> Result<(), Error> {
    let failed = |source| Error::Folder { path: path.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
    let mode = path.metadata().map_err(failed)?.permissions().mode() & 0o7777;
    if mode & WRITABLE_BY_OTHERS != 0 {
        return Err(Error::OpenToOthers { folder: path.to_owned(), mode });
    }
    Ok(())
}

fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("lock");
    let failed = |source| Error::Folder { path: path.clone(), source };
    let mut file = open_private(&path)?;
    let patient_until = Instant::now() + PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if Instant::now() < patient_until => std::thread::sleep(RETRY),
            Err(TryLockError::WouldBlock) => return Err(Error::InUse { folder: folder.to_owned(), holder: read_holder(&mut file) }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
    sign(&mut file).map_err(failed)?;
    Ok(file)
}

/// How long a lock may take to be given back: a process that was just starting another shares its descriptors with it
/// until that one executes its program.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often it is asked for meanwhile.
const RETRY: Duration = Duration::from_millis(10);

/// Writes down who holds the lock, for the message to whoever comes second.
fn sign(file: &mut File) -> io::Result<()> {
    let program = std::env::current_exe()?;
    let program = program.file_name().unwrap_or(program.as_os_str()).display();
    file.set_len(0)?;
    writeln!(file, "{program} (process {})", std::process::id())
}

/// Who holds the lock; nobody knows in the moment between its locking and signing.
fn read_holder(file: &mut File) -> Option<String> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    let holder = text.trim();
    (!holder.is_empty()).then(|| holder.to_owned())
}

fn open_private(path: &Path) -> Result<File, Error> {
    let open = || {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        // One that exists may have been copied here with other permissions.
        file.set_permissions(Permissions::from_mode(0o600))?;
        Ok(file)
    };
    open().map_err(|source| Error::Folder { path: path.to_owned(), source })
}
