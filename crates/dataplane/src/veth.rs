//! Veth pairs. An interface is one: its host end in the fabric, its guest end `eth0` in the instance.

use std::io;
use std::os::fd::BorrowedFd;

use model::{MacAddress, NetworkInterface, Subnet};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags, LinkInfo, LinkMessage};

use crate::layout::MTU;
use crate::netlink::{Existing, Netlink, in_namespace};
use crate::network::Route;

/// The guest end's name.
pub(crate) const GUEST_END: &str = "eth0";
/// The group of all near ends, by which they can be deleted at once.
pub(crate) const GROUP: u32 = 0x706c;

/// Two links, each the other's end.
pub(crate) struct Pair<'a> {
    /// The end that stays where the pair is made.
    pub near: End<'a>,
    /// The end that is given away.
    pub far: End<'a>,
    pub mtu: u16,
}

/// One of them.
pub(crate) struct End<'a> {
    pub name: &'a str,
    /// Its address, if that matters.
    pub mac: Option<MacAddress>,
}

/// The host end's name.
pub(crate) fn host_end(serial: u32) -> String {
    format!("pl{serial}")
}

/// The interface whose host end has that name.
pub(crate) fn serial_of(host_end: &str) -> Option<u32> {
    host_end.strip_prefix("pl")?.parse().ok()
}

/// Makes the pair and returns the near end's index. The near end is up, and speaks no ARP of its own; the far end is
/// not up yet.
pub(crate) fn create(near: &Netlink, pair: &Pair<'_>, far: BorrowedFd<'_>) -> io::Result<u32> {
    let mut peer = LinkMessage::default();
    peer.attributes = attributes(&pair.far, pair.mtu);
    peer.attributes.push(in_namespace(far));
    let mut link = LinkMessage::default();
    link.header.flags = LinkFlags::Up | LinkFlags::Noarp;
    link.header.change_mask = LinkFlags::Up | LinkFlags::Noarp;
    link.attributes = attributes(&pair.near, pair.mtu);
    let info = vec![LinkInfo::Kind(InfoKind::Veth), LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(peer)))];
    link.attributes.extend([LinkAttribute::Group(GROUP), LinkAttribute::LinkInfo(info)]);
    near.create(RouteNetlinkMessage::NewLink(link), Existing::Refuse)?;
    near.link_index(pair.near.name)
}

fn attributes(end: &End<'_>, mtu: u16) -> Vec<LinkAttribute> {
    let mac = end.mac.map(|mac| LinkAttribute::Address(mac.0.to_vec()));
    [LinkAttribute::IfName(end.name.to_owned()), LinkAttribute::Mtu(mtu.into())].into_iter().chain(mac).collect()
}

/// Gives the guest end its address, the router as its neighbour and default gateway, and brings it up.
pub(crate) fn configure_guest_end(guest: &Netlink, interface: &NetworkInterface, subnet: &Subnet) -> io::Result<()> {
    let link = guest.link_index(GUEST_END)?;
    guest.add_address(link, interface.private_ip, Some(subnet.cidr))?;
    guest.bring_up(link)?;
    guest.set_neighbour(link, subnet.router(), subnet.router_mac())?;
    guest.set_route(&Route { to: None, link, router: subnet.router(), source: None })
}

/// Brings a link of the fabric up, big enough for what comes from the interfaces.
pub(crate) fn bring_up_tap(fabric: &Netlink, name: &str) -> io::Result<u32> {
    let index = fabric.link_index(name)?;
    let mut message = LinkMessage::default();
    message.header.index = index;
    message.header.flags = LinkFlags::Up | LinkFlags::Noarp;
    message.header.change_mask = LinkFlags::Up | LinkFlags::Noarp;
    // First packets queue up here while the slow path is busy; the default of 500 is soon full.
    message.attributes = vec![LinkAttribute::Mtu(MTU.into()), LinkAttribute::TxQueueLen(8192)];
    fabric.change(RouteNetlinkMessage::SetLink(message))?;
    Ok(index)
}
