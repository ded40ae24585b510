//! Durability: what a call changed is on disk before anyone hears that it succeeded.
//!
//! A [`Store`] gives back the last committed [`Snapshot`] when the daemon starts, and takes a [`Change`] - all of it
//! or nothing - for every step from then on. [`SqliteStore`] keeps both in one file of the state folder, which it
//! locks for as long as it lives. It moves rows of text: what a record means, only `model` knows.
//!
//! ```no_run
//! use store::{SqliteStore, Store};
//!
//! # fn main() -> Result<(), store::Error> {
//! let mut store = SqliteStore::open("/var/lib/peerless/default".as_ref())?;
//! let mut draft = model::Draft::new(&store.load()?);
//! // The call works on the draft.
//! let (next, change) = draft.finish();
//! store.commit(&change)?;
//! // Only now may `next` be published.
//! # drop(next);
//! # Ok(())
//! # }
//! ```

mod error;
mod folder;
mod schema;
mod sqlite;

use model::{Change, Snapshot};

pub use error::Error;
pub use sqlite::SqliteStore;

/// Where the state survives its daemon.
pub trait Store: Send {
    /// The state as of the last commit; the empty one of generation 0 before the first.
    fn load(&mut self) -> Result<Snapshot, Error>;

    /// Makes a change durable, whole. After an error nothing of it is stored, and the same generation may be tried
    /// again.
    fn commit(&mut self, change: &Change) -> Result<(), Error>;
}
