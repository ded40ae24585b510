//! An instance on Linux: a set of namespaces around the host's own programs.
//!
//! A [`Guest`] has users, mounts, processes, a network, a host name, IPC and cgroups of its own from the start; root inside is nobody outside.
//! [`Host::build`] makes one, [`Guest::boot`] tells it that its `eth0` is there, [`enter`] runs a command inside, [`Host::destroy`] removes
//! every trace. A guest outlives whoever built it: a record says how to find it again.
//!
//! The kernel lets only a process with a single thread enter namespaces. So the program that uses this crate executes itself again, and hands
//! over to [`guest_main`] at the very beginning of `main`:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     let mut arguments = std::env::args_os().skip(1);
//!     if arguments.next().is_some_and(|first| first == "__guest") {
//!         return instance::guest_main(arguments);
//!     }
//!     std::process::ExitCode::SUCCESS
//! }
//! ```
//!
//! This crate knows nothing of VPCs: a guest's network is an empty namespace with loopback, into which others put `eth0`.

mod builder;
mod cgroup;
pub mod cloud_init;
mod command;
mod confinement;
mod console;
mod disk;
mod enter;
mod error;
mod furnish;
mod guest;
mod host;
mod image;
pub mod images;
mod inheritance;
mod init;
mod network;
mod process;
mod pulse;
mod sandbox;
pub mod serial;
mod spec;
mod syscall;
mod user_namespace;
pub mod volume;

pub use command::guest_main;
pub use console::ConsoleOutput;
pub use enter::enter;
pub use error::Error;
pub use furnish::trust;
pub use guest::Guest;
pub use host::{Disk, Host};
pub use pulse::Pulse;
pub use spec::{IDS_PER_GUEST, Spec, USER_DATA_BYTES, check_login};
pub use syscall::window_size;
