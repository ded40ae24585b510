//! Packets on Linux: fabric, veth, eBPF, slow path.
mod bpffs;
mod error;
mod layout;
mod namespace;
mod netlink;
mod shared_array;
mod tap;
pub use error::{Error, Result};
