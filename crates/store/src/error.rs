//! What can go wrong between the state and the disk.

use std::path::PathBuf;
use std::{fmt, io};

use model::UnreadableRow;

/// Why the state could not be opened, loaded or committed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The state folder, or a file in it, cannot be made or opened.
    Folder {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The state folder is one in which other users could put files of their own.
    OpenToOthers {
        /// The folder.
        folder: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Somebody else has the state folder open.
    InUse {
        /// The folder.
        folder: PathBuf,
        /// Who has, as far as the lock file says.
        holder: Option<String>,
    },
    /// The state was written by a newer Peerless.
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its schema.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The change does not follow the state that is stored.
    OutOfOrder {
        /// The generation that is stored.
        stored: u64,
        /// The generation that the change leads to.
        offered: u64,
    },
    /// A stored row is no resource.
    Row(UnreadableRow),
    /// The database cannot do what was asked of it.
    Database {
        /// Its file.
        path: PathBuf,
        /// What the database said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Folder { path, .. } => write!(f, "cannot make or open {}", path.display()),
            Error::OpenToOthers { folder, mode } => {
                write!(f, "other users can write to the state folder {0} (mode {mode:04o}); close it with: chmod go-w {0}", folder.display())
            }
            Error::InUse { folder, holder: Some(holder) } => write!(f, "the state folder {} is in use by {holder}", folder.display()),
            Error::InUse { folder, holder: None } => write!(f, "the state folder {} is in use by another process", folder.display()),
            Error::Newer { path, found, known } => {
                write!(
                    f,
                    "{} was written by a newer version of Peerless (schema {found}; this one knows up to {known}), which must be used to open it",
                    path.display()
                )
            }
            Error::OutOfOrder { stored, offered } => {
                write!(f, "generation {offered} cannot be stored: it does not follow generation {stored}, which is")
            }
            Error::Row(row) => row.fmt(f),
            Error::Database { path, .. } => write!(f, "the database {} failed", path.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Folder { source, .. } => Some(source),
            Error::Database { source, .. } => Some(source.as_ref()),
            // `Row` prints its cause itself: naming the row is all that there is to say.
            Error::OpenToOthers { .. } | Error::InUse { .. } | Error::Newer { .. } | Error::OutOfOrder { .. } | Error::Row(_) => None,
        }
    }
}
