//! Root file systems that people have imported: folders that guests see below what they write themselves.
//!
//! Whatever is imported comes out of an archive, of people whom nobody has to trust: it stays inside its folder, has bounds, and what it cannot
//! have is left out and counted - devices, pipes and sockets, which every guest has its own of.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};

pub use trial::check as check_machine;

use crate::{
    disk,
    error::{Doing, Error},
    spec::{IDS_PER_GUEST, check_name},
};

/// The most that an image may hold.
const MOST_BYTES: u64 = 16 << 30;
const MOST_FILES: u64 = 2_000_000;

/// What folders that are not complete begin with.
const UNFINISHED: &str = ".importing-";

/// A daemon's images, each a folder by the name of its id.
#[derive(Clone, Debug)]
pub struct Images {
    folder: PathBuf,
}

/// What was imported; it is nothing yet until it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The folder's name.
    pub name: String,
    /// Files, folders and links.
    pub files: u64,
    /// How large they are.
    pub bytes: u64,
    /// Devices, pipes and sockets, which were left out.
    pub left_out: u64,
}

impl Images {
    /// Those of a state folder.
    pub fn of(state_dir: &Path) -> Images {
        Images { folder: state_dir.join("images") }
    }

    /// Where an image is.
    pub fn path(&self, id: &str) -> PathBuf {
        self.folder.join(id)
    }

    /// Unpacks a tar archive, compressed by gzip or not. Nothing is left of one that fails.
    pub fn import(&self, archive: impl Read) -> Result<Imported, Error> {
        disk::make_private(&self.folder)?;
        let name = format!("{UNFINISHED}{}", std::process::id());
        let folder = self.folder.join(&name);
        absent(fs::remove_dir_all(&folder)).doing_with(|| format!("removing {}", folder.display()))?;
        disk::make_private(&folder)?;
        let unpacked = unpack(archive, &folder).doing("reading the archive");
        match unpacked.and_then(|counts| check(&folder).map(|()| counts)) {
            Ok((files, bytes, left_out)) => Ok(Imported { name, files, bytes, left_out }),
            Err(error) => {
                let _ = fs::remove_dir_all(&folder);
                Err(error)
            }
        }
    }

    /// Removes what was imported.
    pub fn discard(&self, imported: &str) -> Result<(), Error> {
        check_name("name of what was imported", imported.strip_prefix(UNFINISHED).unwrap_or_default(), "")?;
        self.delete(imported)
    }

    /// Makes of what was imported an image, in one step.
    pub fn keep(&self, imported: &str, id: &str) -> Result<(), Error> {
        check_name("id", id, "-")?;
        let rest = imported.strip_prefix(UNFINISHED);
        check_name("name of what was imported", rest.unwrap_or_default(), "")?;
        let keep = || {
            // Its files are on disk before its name is.
            nix::unistd::syncfs(&fs::File::open(&self.folder)?)?;
            fs::rename(self.folder.join(imported), self.path(id))?;
            fs::File::open(&self.folder)?.sync_all()
        };
        keep().doing_with(|| format!("keeping the image {id}"))
    }

    /// Removes an image that nothing boots any more.
    pub fn remove(&self, id: &str) -> Result<(), Error> {
        check_name("id", id, "-")?;
        self.delete(id)
    }

    fn delete(&self, name: &str) -> Result<(), Error> {
        disk::delete(&self.path(name)).doing_with(|| format!("deleting the image {name}"))
    }

    /// Removes all but these, and what was never finished. Nobody else may be importing.
    pub fn keep_only(&self, wanted: &[String]) -> Result<(), Error> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            result => result.doing_with(|| format!("reading {}", self.folder.display()))?,
        };
        let strays = entries.flatten().filter(|entry| !wanted.iter().any(|id| entry.file_name() == id.as_str()));
        strays.map(|entry| entry.path()).try_for_each(|path| disk::delete(&path).doing_with(|| format!("deleting {}", path.display())))
    }
}

/// What `tar -c` would write of a folder, links as links; the writer may be a pipe.
pub fn pack(folder: &Path, writer: impl io::Write) -> io::Result<()> {
    let mut builder = tar::Builder::new(writer);
    builder.follow_symlinks(false);
    builder.append_dir_all(".", folder)?;
    builder.into_inner().map(drop)
}

fn unpack(mut archive: impl Read, folder: &Path) -> io::Result<(u64, u64, u64)> {
    let mut magic = [0; 2];
    archive.read_exact(&mut magic)?;
    let whole = io::Read::chain(&magic[..], archive);
    let reader: Box<dyn Read + '_> = if magic == [0x1f, 0x8b] { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) };
    // Its headers and padding are counted, too.
    let mut archive = Archive::new(reader.take(MOST_BYTES + MOST_FILES * 1024));
    archive.set_preserve_permissions(true);
    // Only root can give files away; whoever is not has use for them only where nothing boots.
    archive.set_preserve_ownerships(nix::unistd::geteuid().is_root());
    archive.set_preserve_mtime(true);
    archive.set_overwrite(true);
    let (mut files, mut bytes, mut left_out) = (0, 0, 0);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let refuse = |why: &str| Err(io::Error::other(format!("{}: {why}", path.display())));
        (files, bytes) = (files + 1, bytes + entry.size());
        if files > MOST_FILES || bytes > MOST_BYTES {
            return refuse("an image is no larger than 16 GiB and two million files");
        }
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous | EntryType::Directory | EntryType::Symlink | EntryType::Link | EntryType::GNUSparse => {}
            EntryType::Char | EntryType::Block | EntryType::Fifo => {
                left_out += 1;
                continue;
            }
            // What is about others, and not a file.
            EntryType::XGlobalHeader => continue,
            other => return refuse(&format!("an archive may not hold this kind of thing: {other:?}")),
        }
        if [entry.header().uid()?, entry.header().gid()?].iter().any(|&id| id >= u64::from(IDS_PER_GUEST)) {
            return refuse("its owner's number is higher than 65535");
        }
        // Whatever the path, and whatever links the archive has made before, it stays in the folder.
        if !entry.unpack_in(folder)? {
            return refuse("it leads out of the image");
        }
    }
    Ok((files, bytes, left_out))
}

/// Something must be there to begin with.
fn check(folder: &Path) -> Result<(), Error> {
    let has_shell = ["bin/sh", "usr/bin/sh"].iter().any(|path| fs::symlink_metadata(folder.join(path)).is_ok());
    if has_shell { Ok(()) } else { Err(Error::Image { reason: "it has no /bin/sh: this is no root file system, or not its top".to_owned() }) }
}

fn absent(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

pub(crate) mod trial;

#[cfg(test)]
mod tests;
