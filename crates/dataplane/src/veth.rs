//! The veth pair that is an interface: its host end in the fabric, its guest end `eth0` in the instance.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::BorrowedFd;

use model::{Ipv4Cidr, MacAddress, NetworkInterface, Subnet};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags, LinkInfo, LinkMessage};
use netlink_packet_route::neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState};
use netlink_packet_route::route::{RouteAddress, RouteAttribute, RouteFlags, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use crate::layout::MTU;
use crate::netlink::{Existing, Netlink, in_namespace};

/// The guest end's name.
pub(crate) const GUEST_END: &str = "eth0";
/// The group of all host ends, by which they can be deleted at once.
pub(crate) const GROUP: u32 = 0x706c;

/// What tells one pair from another.
pub(crate) struct Pair {
    pub serial: u32,
    /// The guest end's address.
    pub mac: MacAddress,
    pub mtu: u16,
}

/// The host end's name.
pub(crate) fn host_end(serial: u32) -> String {
    format!("pl{serial}")
}

/// Makes the pair and returns the host end's index. The host end is up, and speaks no ARP of its own; the guest end is
/// not up yet.
pub(crate) fn create(fabric: &Netlink, pair: &Pair, guest: BorrowedFd<'_>) -> io::Result<u32> {
    let name = host_end(pair.serial);
    let mut peer = LinkMessage::default();
    peer.attributes = vec![
        LinkAttribute::IfName(GUEST_END.to_owned()),
        LinkAttribute::Address(pair.mac.0.to_vec()),
        LinkAttribute::Mtu(pair.mtu.into()),
        in_namespace(guest),
    ];
    let mut link = LinkMessage::default();
    link.header.flags = LinkFlags::Up | LinkFlags::Noarp;
    link.header.change_mask = LinkFlags::Up | LinkFlags::Noarp;
    link.attributes = vec![
        LinkAttribute::IfName(name.clone()),
        LinkAttribute::Mtu(pair.mtu.into()),
        LinkAttribute::Group(GROUP),
        LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Veth), LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(peer)))]),
    ];
    fabric.create(RouteNetlinkMessage::NewLink(link), Existing::Refuse)?;
    fabric.link_index(&name)
}

/// Gives the guest end its address, the router as its neighbour and default gateway, and brings it up.
pub(crate) fn configure_guest_end(guest: &Netlink, interface: &NetworkInterface, subnet: &Subnet) -> io::Result<()> {
    let index = guest.link_index(GUEST_END)?;
    guest.create(address(index, interface.private_ip, Some(subnet.cidr)), Existing::Refuse)?;
    guest.change(up(index))?;
    guest.create(neighbour(index, subnet.router(), subnet.router_mac()), Existing::Replace)?;
    guest.create(route(index, None, subnet.router()), Existing::Replace)
}

/// Gives the end of a link several addresses, brings it up, and routes some others through it.
pub(crate) fn configure_end(netlink: &Netlink, name: &str, addresses: &[Ipv4Addr], to: Ipv4Cidr, router: (Ipv4Addr, MacAddress)) -> io::Result<()> {
    let index = netlink.link_index(name)?;
    for &own in addresses {
        netlink.create(address(index, own, None), Existing::Refuse)?;
    }
    netlink.change(up(index))?;
    netlink.create(neighbour(index, router.0, router.1), Existing::Replace)?;
    netlink.create(route(index, Some(to), router.0), Existing::Refuse)
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

/// Without it a namespace does not reach its own addresses.
pub(crate) fn bring_up_loopback(netlink: &Netlink) -> io::Result<()> {
    netlink.change(up(netlink.link_index("lo")?))
}

fn up(index: u32) -> RouteNetlinkMessage {
    let mut message = LinkMessage::default();
    message.header.index = index;
    message.header.flags = LinkFlags::Up;
    message.header.change_mask = LinkFlags::Up;
    RouteNetlinkMessage::SetLink(message)
}

/// An address, alone or among its neighbours.
fn address(index: u32, address: Ipv4Addr, neighbours: Option<Ipv4Cidr>) -> RouteNetlinkMessage {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.index = index;
    message.header.prefix_len = neighbours.map_or(32, |cidr| cidr.prefix_length());
    message.attributes = vec![AddressAttribute::Address(IpAddr::V4(address)), AddressAttribute::Local(IpAddr::V4(address))];
    message.attributes.extend(neighbours.map(|cidr| AddressAttribute::Broadcast(cidr.last())));
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

/// The route to some addresses, or else to all, by a router that is on the link whatever the link's addresses say.
fn route(index: u32, to: Option<Ipv4Cidr>, router: Ipv4Addr) -> RouteNetlinkMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = AddressFamily::Inet;
    message.header.table = RouteHeader::RT_TABLE_MAIN;
    message.header.protocol = RouteProtocol::Static;
    message.header.scope = RouteScope::Universe;
    message.header.kind = RouteType::Unicast;
    message.header.flags = RouteFlags::Onlink;
    message.attributes = vec![RouteAttribute::Gateway(RouteAddress::Inet(router)), RouteAttribute::Oif(index)];
    if let Some(to) = to {
        message.header.destination_prefix_length = to.prefix_length();
        message.attributes.push(RouteAttribute::Destination(RouteAddress::Inet(to.first())));
    }
    RouteNetlinkMessage::NewRoute(message)
}
