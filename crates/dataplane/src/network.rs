//! What makes a link one of a network: addresses, neighbours and routes.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use model::{Ipv4Cidr, MacAddress};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{AfSpecInet6, AfSpecUnspec, In6AddrGenMode, LinkAttribute, LinkFlags, LinkMessage};
use netlink_packet_route::neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState};
use netlink_packet_route::route::{RouteAddress, RouteAttribute, RouteFlags, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use crate::netlink::{Existing, Netlink};

/// A way to other networks.
pub(crate) struct Route {
    /// To these addresses; to all that no other route is for.
    pub to: Option<Ipv4Cidr>,
    /// Through this link.
    pub link: u32,
    /// By this router, which is on the link whatever the link's addresses say.
    pub router: Ipv4Addr,
    /// From this address, where the sender does not care.
    pub source: Option<Ipv4Addr>,
}

impl Netlink {
    /// Brings a link up.
    pub fn bring_up(&self, link: u32) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = link;
        message.header.flags = LinkFlags::Up;
        message.header.change_mask = LinkFlags::Up;
        self.change(RouteNetlinkMessage::SetLink(message))
    }

    /// Has a link that is not up yet make no IPv6 addresses for itself, and so say nothing either.
    pub fn keep_ipv6_silent(&self, link: u32) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = link;
        let none = AfSpecUnspec::Inet6(vec![AfSpecInet6::AddrGenMode(In6AddrGenMode::None)]);
        message.attributes = vec![LinkAttribute::AfSpecUnspec(vec![none])];
        match self.change(RouteNetlinkMessage::SetLink(message)) {
            // A machine without IPv6.
            Err(error) if error.raw_os_error() == Some(libc::EAFNOSUPPORT) => Ok(()),
            result => result,
        }
    }

    /// Gives a link an address, alone or among its neighbours.
    pub fn add_address(&self, link: u32, address: Ipv4Addr, neighbours: Option<Ipv4Cidr>) -> io::Result<()> {
        self.create(RouteNetlinkMessage::NewAddress(address_message(link, address, neighbours)), Existing::Replace)
    }

    /// Takes away an address that has no neighbours.
    pub fn remove_address(&self, link: u32, address: Ipv4Addr) -> io::Result<()> {
        self.change(RouteNetlinkMessage::DelAddress(address_message(link, address, None)))
    }

    /// A permanent entry: the kernel's neighbour table is small, and a thousand guests share it.
    pub fn set_neighbour(&self, link: u32, address: Ipv4Addr, mac: MacAddress) -> io::Result<()> {
        let mut message = NeighbourMessage::default();
        message.header.family = AddressFamily::Inet;
        message.header.ifindex = link;
        message.header.state = NeighbourState::Permanent;
        message.attributes =
            vec![NeighbourAttribute::Destination(NeighbourAddress::Inet(address)), NeighbourAttribute::LinkLayerAddress(mac.0.to_vec())];
        self.create(RouteNetlinkMessage::NewNeighbour(message), Existing::Replace)
    }

    /// Adds a route, or replaces the one to the same addresses.
    pub fn set_route(&self, route: &Route) -> io::Result<()> {
        let mut message = route_message(route.to, RouteType::Unicast);
        message.header.flags = RouteFlags::Onlink;
        message.attributes.extend([RouteAttribute::Gateway(RouteAddress::Inet(route.router)), RouteAttribute::Oif(route.link)]);
        message.attributes.extend(route.source.map(|source| RouteAttribute::PrefSource(RouteAddress::Inet(source))));
        self.create(RouteNetlinkMessage::NewRoute(message), Existing::Replace)
    }

    /// Has packets that no route is for dropped without a word.
    pub fn add_blackhole(&self) -> io::Result<()> {
        self.create(RouteNetlinkMessage::NewRoute(route_message(None, RouteType::BlackHole)), Existing::Replace)
    }

    /// Ends that, if it was so.
    pub fn remove_blackhole(&self) -> io::Result<()> {
        match self.change(RouteNetlinkMessage::DelRoute(route_message(None, RouteType::BlackHole))) {
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
            result => result,
        }
    }

    /// Where the namespace has routes to, its own addresses among them.
    pub fn routed(&self) -> io::Result<Vec<Ipv4Cidr>> {
        let mut message = RouteMessage::default();
        message.header.address_family = AddressFamily::Inet;
        let routes = self.dump(RouteNetlinkMessage::GetRoute(message))?;
        let destinations = routes.iter().filter_map(|answer| match answer {
            RouteNetlinkMessage::NewRoute(route) => destination(route),
            _ => None,
        });
        Ok(destinations.collect())
    }
}

fn address_message(link: u32, address: Ipv4Addr, neighbours: Option<Ipv4Cidr>) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet;
    message.header.index = link;
    message.header.prefix_len = neighbours.map_or(32, |cidr| cidr.prefix_length());
    message.attributes = vec![AddressAttribute::Address(IpAddr::V4(address)), AddressAttribute::Local(IpAddr::V4(address))];
    message.attributes.extend(neighbours.map(|cidr| AddressAttribute::Broadcast(cidr.last())));
    message
}

fn route_message(to: Option<Ipv4Cidr>, kind: RouteType) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = AddressFamily::Inet;
    message.header.table = RouteHeader::RT_TABLE_MAIN;
    message.header.protocol = RouteProtocol::Static;
    message.header.scope = RouteScope::Universe;
    message.header.kind = kind;
    if let Some(to) = to {
        message.header.destination_prefix_length = to.prefix_length();
        message.attributes.push(RouteAttribute::Destination(RouteAddress::Inet(to.first())));
    }
    message
}

fn destination(route: &RouteMessage) -> Option<Ipv4Cidr> {
    let address = route.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Destination(RouteAddress::Inet(address)) => Some(*address),
        _ => None,
    });
    Ipv4Cidr::new(address.unwrap_or(Ipv4Addr::UNSPECIFIED), route.header.destination_prefix_length)
}
