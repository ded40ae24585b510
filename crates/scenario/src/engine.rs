//! What plays a scenario.

use model::Snapshot;

use crate::names::Names;
use crate::probe::{Probe, Question};
use crate::statement::Statement;

/// Something that can be changed by statements and asked by probes: the core, the API, the kernel.
pub trait Engine {
    /// Makes the change; `Err` says why it cannot be made.
    fn change(&mut self, statement: &Statement) -> Result<(), String>;

    /// All changes of a block were made: what they say holds from here on.
    fn settle(&mut self) -> Result<(), String> {
        Ok(())
    }

    /// Sends the packet, and says what became of it in the words of [`Outcome::describe`](crate::Outcome::describe).
    fn probe(&mut self, probe: &Probe) -> Result<String, String>;

    /// What is in the way, in the words of [`Outcome::describe`](crate::Outcome::describe) joined by `; `, or
    /// `nothing`. `None` from an engine that only carries packets.
    fn explain(&mut self, _question: &Question) -> Result<Option<String>, String> {
        Ok(None)
    }
}

/// A world that statements change, however they do: directly, or by calls of the API. The core asks `evaluate` about
/// its snapshot.
pub trait Lab {
    /// Makes the change; `Err` says why it cannot be made.
    fn change(&mut self, statement: &Statement) -> Result<(), String>;

    /// The state so far.
    fn snapshot(&self) -> &Snapshot;

    /// What things in it are called.
    fn names(&self) -> &Names;
}
