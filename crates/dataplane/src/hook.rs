//! How a program comes to see what a device receives.
//!
//! A filter is put on a *block* once; a device joins the block by its `clsact` qdisc. Joining takes a tenth of a
//! millisecond. A tcx link of its own would take ten: the kernel waits for a grace period of RCU, holding the lock of
//! all of netlink (`tcx_entry_sync`), and a thousand instances would wait for each other. What tcx would add, that
//! nobody else can take the program off, a namespace of our own gives anyway. Filters live as long as their devices,
//! with the daemon or without it.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use netlink_packet_core::DefaultNla;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::tc::{TcAttribute, TcBpfFlags, TcFilterBpf, TcFilterBpfOption, TcHandle, TcHeader, TcMessage, TcOption};

use crate::netlink::{Existing, Netlink};

/// `TCA_INGRESS_BLOCK`, which netlink-packet-route does not know.
const INGRESS_BLOCK: u16 = 13;
/// `ETH_P_ALL`, in network byte order.
const EVERY_PROTOCOL: u32 = 0x0003_u16.to_be() as u32;

/// Devices whose ingress one program sees.
#[derive(Clone, Copy, Debug)]
#[repr(u16)]
pub(crate) enum Block {
    /// The host ends of veth pairs.
    Ports = 1,
    /// The TAP.
    SlowPath = 2,
}

/// A device that every namespace has. It is down in the fabric and receives nothing.
pub(crate) const LOOPBACK: u32 = 1;

/// Makes a block with its program. A block ends with its last device: the anchor is one that stays.
pub(crate) fn create(fabric: &Netlink, block: Block, anchor: u32, program: BorrowedFd<'_>, name: &str) -> io::Result<()> {
    join(fabric, block, anchor)?;
    let mut filter = TcMessage::default();
    filter.header.index = TcHeader::TCM_IFINDEX_MAGIC_BLOCK.cast_signed();
    filter.header.parent = TcHandle { major: 0, minor: block as u16 };
    filter.header.info = 1 << 16 | EVERY_PROTOCOL;
    let options = [
        TcFilterBpfOption::ProgFd(program.as_raw_fd().cast_unsigned()),
        TcFilterBpfOption::ProgName(name.to_owned()),
        TcFilterBpfOption::Flags(TcBpfFlags::DirectAction),
    ];
    filter.attributes = vec![TcAttribute::Kind(TcFilterBpf::KIND.to_owned()), TcAttribute::Options(options.into_iter().map(TcOption::Bpf).collect())];
    fabric.create(RouteNetlinkMessage::NewTrafficFilter(filter), Existing::Refuse)
}

/// Has a device take packets at once, without a queue in front of its own.
pub(crate) fn without_queue(fabric: &Netlink, ifindex: u32) -> io::Result<()> {
    let mut qdisc = TcMessage::default();
    qdisc.header.index = ifindex.cast_signed();
    qdisc.header.parent = TcHandle::ROOT;
    qdisc.attributes = vec![TcAttribute::Kind("noqueue".to_owned())];
    fabric.create(RouteNetlinkMessage::NewQueueDiscipline(qdisc), Existing::Replace)
}

/// Puts a device into a block.
pub(crate) fn join(fabric: &Netlink, block: Block, ifindex: u32) -> io::Result<()> {
    let mut qdisc = TcMessage::default();
    qdisc.header.index = ifindex.cast_signed();
    qdisc.header.handle = TcHandle { major: u16::MAX, minor: 0 };
    qdisc.header.parent = TcHandle::CLSACT;
    qdisc.attributes = vec![
        TcAttribute::Kind("clsact".to_owned()),
        TcAttribute::Other(DefaultNla::new(INGRESS_BLOCK, u32::from(block as u16).to_ne_bytes().to_vec())),
    ];
    fabric.create(RouteNetlinkMessage::NewQueueDiscipline(qdisc), Existing::Refuse)
}
