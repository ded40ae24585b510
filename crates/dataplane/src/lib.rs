//! Packets on Linux: fabric, veth, eBPF, slow path.
//!
//! The kernel moves packets by verdicts that it looks up per flow; a packet without one goes to the slow path, which
//! asks [`semantics::evaluate`], installs the answer for both directions, and hands the packet back. A new snapshot
//! makes every known flow be judged again, in place. So the kernel is a cache, and no rule of a VPC is known here.
//!
//! In reading order: [`DataPlane`] is what the daemon holds; `fabric`, `internet` and `services` are what it makes on the
//! machine, and so are the `endpoints`;
//! `thread` and `slow_path` answer the kernel's questions; `sweep` and `ageing` change and end what they found out;
//! `flow_table` and `layout` are the border to the programs in `ebpf/`; `resume` takes over what an earlier daemon left.
//!
//! Addresses are translated by the programs, all but those that an ICMP error quotes: `icmp` does that. What an internet
//! gateway cannot carry in one piece is for `long_packets`.
//!
//! It touches nothing of the host outside its own network namespaces, its folder, and the namespaces that it is given;
//! [`DataPlane::uplink`] is the exception, for who asks for it. It needs root, Linux 5.15 or later, and `/dev/net/tun`.

mod ageing;
mod beyond;
mod bpffs;
mod capture;
mod checksum;
mod clock;
mod connections;
mod data_plane;
mod discard;
mod endpoints;
mod error;
mod fabric;
mod flow_table;
mod fragments;
mod hash;
mod hook;
mod icmp;
mod internet;
mod layout;
mod long_packets;
mod mirror;
mod namespace;
mod netlink;
mod network;
mod parse;
mod place;
mod plan;
mod ports;
mod priority;
mod programs;
mod queue;
mod report;
mod resume;
mod services;
mod shared_array;
mod slow_path;
mod sweep;
mod tap;
mod thread;
mod uplink;
mod verdict;
mod veth;

pub use capture::{Capture, Captured, Place};
pub use data_plane::{Config, DataPlane, open_internet, remove_everything};
pub use discard::Discard;
pub use error::{Error, Result};
pub use report::{Begun, FlowReport, LatestFlows, Statistics};
pub use verdict::Role;
