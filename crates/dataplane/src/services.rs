//! Where the services of all VPCs are: a network namespace in which ordinary sockets listen at their addresses.
//!
//! It is joined to the fabric by a veth pair as an interface is. In it every interface is an address of its own, the one
//! that [`model::local_service`] says: who listens here knows by it which interface asks, and an answer to that address
//! finds its way back to that interface. Nothing else leads here, and nothing leads further.

use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use model::MacAddress;
use model::local_service::{DHCP_SERVER, EVERYWHERE, VPC_RESOLVER, clients};

use crate::error::{Doing, Result};
use crate::namespace::{self, Namespace};
use crate::netlink::Netlink;
use crate::network::Route;
use crate::veth::GUEST_END;

/// What names it in flows. Interfaces count from 1 and do not come that far.
pub(crate) const SERIAL: u32 = u32::MAX;
/// What it carries, in bytes of IP. Whoever listens here is not to depend on jumbo frames.
pub(crate) const MTU: u16 = 1500;
/// Its end of the veth pair.
pub(crate) const MAC: MacAddress = MacAddress([0x06, 0, 0, 0, 0, 5]);
/// Whom it sends answers to, and who brings it questions.
pub(crate) const ROUTER_MAC: MacAddress = MacAddress([0x06, 0, 0, 0, 0, 4]);

/// By which address it knows that one.
const ROUTER: Ipv4Addr = Ipv4Addr::new(169, 254, 0, 1);

/// The services' place, as the control side uses it.
pub(crate) struct Services {
    namespace: Namespace,
}

impl Services {
    /// An empty one. Nothing of an older one may be left.
    pub fn create(runtime_dir: &Path) -> Result<Self> {
        let namespace = Namespace::create(&path(runtime_dir))?;
        namespace.make_host()?;
        Ok(Self { namespace })
    }

    /// The one that an earlier daemon left, if there is one.
    pub fn left(runtime_dir: &Path) -> Result<Option<Self>> {
        let namespace = Namespace::kept_at(&path(runtime_dir))?;
        Ok(namespace.map(|namespace| Self { namespace }))
    }

    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// Gives it the services' addresses, once the veth pair is there, and brings it up.
    pub fn open(&self) -> Result<()> {
        configure(&self.namespace.netlink()?).doing(|| "configure the services".to_owned())
    }
}

fn configure(netlink: &Netlink) -> io::Result<()> {
    netlink.bring_up(netlink.link_index("lo")?)?;
    let link = netlink.link_index(GUEST_END)?;
    for address in EVERYWHERE.into_iter().chain([VPC_RESOLVER, DHCP_SERVER]) {
        netlink.add_address(link, address, None)?;
    }
    netlink.bring_up(link)?;
    netlink.set_neighbour(link, ROUTER, ROUTER_MAC)?;
    netlink.set_route(&Route { to: Some(clients()), link, router: ROUTER, source: None })
}

/// Removes it, whoever made it. What still runs there keeps it for itself, joined to nothing.
pub(crate) fn remove(runtime_dir: &Path) -> Result<()> {
    namespace::forget(&path(runtime_dir))
}

fn path(runtime_dir: &Path) -> PathBuf {
    runtime_dir.join("services")
}
