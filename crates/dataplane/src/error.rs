//! What can go wrong with the machine underneath.

use std::{fmt, io};

use model::{Ipv4Cidr, NetworkInterfaceId};

/// A result whose error is the data plane's.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the data plane could not do something.
#[derive(Debug)]
pub enum Error {
    /// The operating system refused.
    System {
        /// What was attempted.
        doing: String,
        /// What it said.
        source: io::Error,
    },
    /// The kernel's BPF side, or the library that speaks to it, refused.
    Bpf {
        /// What was attempted.
        doing: String,
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The latest snapshot has no such interface.
    UnknownInterface(NetworkInterfaceId),
    /// The machine has a route that is in the uplink's way.
    RouteOverlaps {
        /// The route.
        route: Ipv4Cidr,
        /// What the uplink would be for.
        wanted: Ipv4Cidr,
    },
    /// What an earlier data plane left is not what this one could go on with.
    Left {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The thread that moves packets has ended.
    Stopped,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::System { doing, .. } | Error::Bpf { doing, .. } => write!(f, "cannot {doing}"),
            Error::UnknownInterface(id) => write!(f, "the data plane has no {id}"),
            Error::RouteOverlaps { route, wanted } => write!(f, "the machine's route to {route} overlaps {wanted}, which the uplink is for"),
            Error::Left { problem } => write!(f, "cannot resume what an earlier data plane left: {problem}"),
            Error::Stopped => f.write_str("the data plane has stopped"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::System { source, .. } => Some(source),
            Error::Bpf { source, .. } => Some(source.as_ref()),
            Error::UnknownInterface(_) | Error::RouteOverlaps { .. } | Error::Left { .. } | Error::Stopped => None,
        }
    }
}

/// Says what was attempted when it fails.
pub(crate) trait Doing<T> {
    /// `doing` completes the sentence "cannot …".
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::System { doing: doing(), source })
    }
}

impl<T> Doing<T> for nix::Result<T> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T> {
        self.map_err(io::Error::from).doing(doing)
    }
}

/// The same for the library that speaks BPF, which has an error type per object.
pub(crate) fn bpf<T, E: std::error::Error + Send + Sync + 'static>(result: std::result::Result<T, E>, doing: impl FnOnce() -> String) -> Result<T> {
    result.map_err(|source| Error::Bpf { doing: doing(), source: Box::new(source) })
}
