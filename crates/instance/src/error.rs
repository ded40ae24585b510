//! What can go wrong, with what was being done at the time.

use std::{fmt, io, path::PathBuf};

/// Why a guest could not be built, found, entered or removed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The kernel refused something that every guest needs.
    System {
        /// What was being done, as a phrase that continues "while".
        doing: String,
        /// The kernel's answer.
        source: io::Error,
    },
    /// No cgroup hierarchy of this machine can enforce a limit that every guest has.
    NoController {
        /// `memory`, `cpu` or `pids`.
        controller: &'static str,
    },
    /// A cgroup hierarchy is there, but refuses a group or a limit: it is mounted read-only, say, or belongs to a container.
    Cgroup {
        /// The directory or file that refused.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The file system under this part of the image cannot be ID-mapped, so that its programs could not belong to root inside.
    NotIdMapped {
        /// The part of the image.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A field of a [`Spec`](crate::Spec) that no guest can be built from.
    Spec {
        /// The field's name.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Guests of imported images cannot be built on this machine, or not from this state folder.
    NoImages {
        /// Why not.
        reason: String,
    },
    /// No disk can be given a size on this machine.
    NoVolumes {
        /// Why not.
        reason: String,
    },
    /// What was imported is no image.
    Image {
        /// Why not.
        reason: String,
    },
    /// The record of a guest, or a message between two stages of a build, cannot be understood.
    Record {
        /// Where it was read.
        path: PathBuf,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// The separate process that builds the guest failed; this is what it said.
    Build {
        /// The guest's id.
        id: String,
        /// The builder's own error, in words.
        reason: String,
    },
    /// What a builder failed at once it was inside, in the words of the process there.
    Inside {
        /// The error there, in words.
        reason: String,
    },
    /// A guest of that id runs already.
    Running {
        /// The guest's id.
        id: String,
    },
    /// The guest's init is no longer running.
    Gone {
        /// The guest's id.
        id: String,
    },
    /// A guest was told to end, and did not within the time that this takes at worst.
    Survives {
        /// The guest's id.
        id: String,
    },
    /// The guest has no such user.
    NoUser {
        /// The name that was asked for.
        user: String,
    },
    /// The guest's programs lack the one that asks who one is.
    NoLogin,
    /// Namespaces can only be entered, and processes only be forked safely, from a process with one thread.
    Threaded,
    /// `__guest` was called with arguments that it does not know.
    Usage,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::System { doing, source } => write!(f, "while {doing}: {source}"),
            Error::NoController { controller } => {
                write!(f, "this machine has no cgroup hierarchy with the {controller} controller, which an instance's limits need")
            }
            Error::Cgroup { path, source } => write!(f, "the cgroup {} refuses: {source}", path.display()),
            Error::NotIdMapped { path, source } => {
                write!(f, "the file system of {} cannot be mounted with mapped owners (ID-mapped mounts): {source}", path.display())
            }
            Error::Spec { field, reason } => write!(f, "an instance cannot have this {field}: {reason}"),
            Error::NoImages { reason } => {
                write!(f, "{reason}; imported images need Linux 5.19 and a state folder on ext4, XFS or btrfs, which --state can name")
            }
            Error::NoVolumes { reason } => f.write_str(reason),
            Error::Image { reason } => write!(f, "this cannot be an image: {reason}"),
            Error::Record { path, source } => write!(f, "cannot understand {}: {source}", path.display()),
            Error::Build { id, reason } => write!(f, "cannot build {id}: {reason}"),
            Error::Inside { reason } => write!(f, "inside, {reason}"),
            Error::Running { id } => write!(f, "{id} is running already"),
            Error::Gone { id } => write!(f, "{id} is not running"),
            Error::Survives { id } => write!(f, "{id} was told to end but is still there"),
            Error::NoUser { user } => write!(f, "the instance has no user {user}"),
            Error::NoLogin => f.write_str("the instance has no program that asks for name and password: its image lacks /bin/login"),
            Error::Threaded => f.write_str("an instance can only be built or entered by a process with a single thread"),
            Error::Usage => f.write_str(
                "usage: __guest build | __guest try-image FOLDER | __guest try-volume FOLDER | __guest enter RECORD USER [COMMAND [ARGUMENT]...] \
                 | __guest serial RECORD",
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::System { source, .. } | Error::Cgroup { source, .. } | Error::NotIdMapped { source, .. } => Some(source),
            Error::Record { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Says what was being done when a system call failed.
pub(crate) trait Doing<T> {
    /// `what` continues "while".
    fn doing(self, what: &str) -> Result<T, Error>;
    /// As `doing`, for words that cost something to make.
    fn doing_with(self, what: impl FnOnce() -> String) -> Result<T, Error>;
}

impl<T, E: Into<io::Error>> Doing<T> for Result<T, E> {
    fn doing(self, what: &str) -> Result<T, Error> {
        self.doing_with(|| what.to_owned())
    }

    fn doing_with(self, what: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|source| Error::System { doing: what(), source: source.into() })
    }
}
