//! The veth pair that is an interface: its host end in the fabric, its guest end `eth0` in the instance.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::BorrowedFd;

use model::{MacAddress, NetworkInterface, Subnet};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags, LinkInfo, LinkMessage};
use netlink_packet_route::neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState};
use netlink_packet_route::route::{RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use crate::layout::MTU;
use crate::netlink::{Existing, Netlink, in_namespace};

/// The guest end's name.
const GUEST_END: &str = "eth0";
/// The group of all host ends, by which they can be deleted at once.
pub(crate) const GROUP: u32 = 0x706c;

/// The host end's name.
pub(crate) fn host_end(serial: u32) -> String {
    format!("pl{serial}")
}

/// Makes the pair and returns the host end's index. The host end is up, and speaks no ARP of its own; the guest end is
/// not up yet.
pub(crate) fn create(fabric: &Netlink, interface: &NetworkInterface, guest: BorrowedFd<'_>) -> io::Result<u32> {
    let name = host_end(interface.serial);
    let mut peer = LinkMessage::default();
    peer.attributes = vec![
        LinkAttribute::IfName(GUEST_END.to_owned()),
        LinkAttribute::Address(interface.mac.0.to_vec()),
        LinkAttribute::Mtu(MTU),
        in_namespace(guest),
    ];
    let mut pair = LinkMessage::default();
    pair.header.flags = LinkFlags::Up | LinkFlags::Noarp;
    pair.header.change_mask = LinkFlags::Up | LinkFlags::Noarp;
    pair.attributes = vec![
        LinkAttribute::IfName(name.clone()),
        LinkAttribute::Mtu(MTU),
        LinkAttribute::Group(GROUP),
        LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Veth), LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(peer)))]),
    ];
    fabric.create(RouteNetlinkMessage::NewLink(pair), Existing::Refuse)?;
    fabric.link_index(&name)
}

/// Gives the guest end its address, the router as its neighbour and default gateway, and brings it up.
pub(crate) fn configure_guest_end(guest: &Netlink, interface: &NetworkInterface, subnet: &Subnet) -> io::Result<()> {
    let index = guest.link_index(GUEST_END)?;
    guest.create(address(index, interface.private_ip, subnet), Existing::Refuse)?;
    guest.change(up(index))?;
    guest.create(neighbour(index, subnet.router(), subnet.router_mac()), Existing::Replace)?;
    guest.create(default_route(index, subnet.router()), Existing::Replace)
}

/// Brings a link of the fabric up, big enough for what comes from the interfaces.
pub(crate) fn bring_up_tap(fabric: &Netlink, name: &str) -> io::Result<u32> {
    let index = fabric.link_index(name)?;
    let mut message = LinkMessage::default();
    message.header.index = index;
    message.header.flags = LinkFlags::Up | LinkFlags::Noarp;
    message.header.change_mask = LinkFlags::Up | LinkFlags::Noarp;
    // First packets queue up here while the slow path is busy; the default of 500 is soon full.
    message.attributes = vec![LinkAttribute::Mtu(MTU), LinkAttribute::TxQueueLen(8192)];
    fabric.change(RouteNetlinkMessage::SetLink(message))?;
    Ok(index)
}

fn up(index: u32) -> RouteNetlinkMessage {
    let mut message = LinkMessage::default();
    message.header.index = index;
    message.header.flags = LinkFlags::Up;
    message.header.change_mask = LinkFlags::Up;
    RouteNetlinkMessage::SetLink(message)
}

fn address(index: u32, address: Ipv4Addr, subnet: &Subnet) -> RouteNetlinkMessage {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.index = index;
    message.header.prefix_len = subnet.cidr.prefix_length();
    message.attributes = vec![
        AddressAttribute::Address(IpAddr::V4(address)),
        AddressAttribute::Local(IpAddr::V4(address)),
        AddressAttribute::Broadcast(subnet.cidr.last()),
    ];
    RouteNetlinkMessage::NewAddress(message)
}

/// A permanent entry: the kernel's neighbour table is small, and a thousand guests share it.
fn neighbour(index: u32, address: Ipv4Addr, mac: MacAddress) -> RouteNetlinkMessage {
    let mut message = NeighbourMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.ifindex = index;
    message.header.state = NeighbourState::Permanent;
    message.attributes = vec![NeighbourAttribute::Destination(NeighbourAddress::Inet(address)), NeighbourAttribute::LinkLayerAddress(mac.0.to_vec())];
    RouteNetlinkMessage::NewNeighbour(message)
}

fn default_route(index: u32, router: Ipv4Addr) -> RouteNetlinkMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = AddressFamily::Inet;
    message.header.table = RouteHeader::RT_TABLE_MAIN;
    message.header.protocol = RouteProtocol::Static;
    message.header.scope = RouteScope::Universe;
    message.header.kind = RouteType::Unicast;
    message.attributes = vec![RouteAttribute::Gateway(RouteAddress::Inet(router)), RouteAttribute::Oif(index)];
    RouteNetlinkMessage::NewRoute(message)
}
