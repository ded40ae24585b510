//! A VPC and what is expected of it, as readable text.
//!
//! A scenario is a Markdown file. Its prose says why; its `vpc` blocks build and change a world, a statement a line;
//! its `probe` blocks send packets and say what must become of them; its `explain` blocks say what must be
//! named as being in the way. The runner plays the blocks from top to bottom on
//! an [`Engine`]: the core (`evaluate` alone), the API, or the kernel. One text, and no engine may disagree.
//!
//! ````text
//! # A peering needs a route on both sides
//! ```vpc
//! vpc blue 10.1.0.0/16
//! subnet blue/a 10.1.0.0/24
//! instance blue/a/1 10.1.0.10
//! ```
//! ```probe
//! blue/a/1 -> green/a/1 icmp   reply dropped at green/main: no route
//! ```
//! ````

mod analysis;
mod core;
mod engine;
mod names;
mod outcome;
mod parse;
mod probe;
mod run;
mod statement;
mod world;

pub use core::CoreEngine;
pub use engine::{Engine, Lab};
pub use names::{Names, WorldError};
pub use outcome::{Leg, Outcome};
pub use parse::{Block, Scenario, SyntaxError};
pub use probe::{Probe, ProbeTraffic, Question};
pub use run::{Failure, run};
pub use statement::{AclEntry, Peer, Permission, RouteVia, Statement};
pub use world::World;
