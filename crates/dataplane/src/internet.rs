//! The internet: a network namespace in which all its machines are, each an address.
//!
//! It is joined to the fabric by a veth pair as an interface is. Behind that pair an internet gateway's rules apply, so
//! whoever is here meets what a stranger meets.

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::internet::{LAPTOP, NAME_SERVER, WEB_SERVER, instance_connect_address, public_pool};
use model::{MacAddress, Region};

use crate::error::{Doing, Result};
use crate::namespace::{self, Namespace};
use crate::netlink::Netlink;
use crate::network::Route;
use crate::veth::{self, GUEST_END};

/// What names it in flows. No interface has this number.
pub(crate) const SERIAL: u32 = 0;
/// What the internet carries, in bytes of IP.
pub(crate) const MTU: u16 = 1500;
/// Its end of the veth pair.
pub(crate) const MAC: MacAddress = MacAddress([0x06, 0, 0, 0, 0, 2]);
/// Whom its machines send packets for public addresses to; internet gateways, to them.
pub(crate) const ROUTER_MAC: MacAddress = MacAddress([0x06, 0, 0, 0, 0, 1]);

/// By which address they know it.
pub(crate) const ROUTER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);

/// With the uplink it forwards, back to where a packet came from too, and that is nobody's business.
const SETTINGS: &[(&str, &str)] = &[("/proc/sys/net/ipv4/conf/all/send_redirects", "0"), ("/proc/sys/net/ipv4/conf/default/send_redirects", "0")];

/// The internet, as the control side uses it.
pub(crate) struct Internet {
    namespace: Namespace,
    changing: Mutex<()>,
}

impl Internet {
    /// An empty one. Nothing of an older one may be left.
    pub fn create(runtime_dir: &Path) -> Result<Self> {
        let namespace = Namespace::create(&path(runtime_dir))?;
        namespace.make_host()?;
        namespace.apply_settings(SETTINGS)?;
        Ok(Self { namespace, changing: Mutex::new(()) })
    }

    /// The one that an earlier daemon left, if there is one.
    pub fn left(runtime_dir: &Path) -> Result<Option<Self>> {
        let namespace = Namespace::kept_at(&path(runtime_dir))?;
        Ok(namespace.map(|namespace| Self { namespace, changing: Mutex::new(()) }))
    }

    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// Gives everybody their addresses, once the veth pair is there, and brings it up.
    pub fn open(&self) -> Result<()> {
        configure(&self.namespace.netlink()?).doing(|| "configure the internet".to_owned())
    }

    /// Held by who changes it as a whole.
    pub fn lock(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The namespace, from outside the process that made it.
pub fn open(runtime_dir: &Path) -> Result<OwnedFd> {
    Namespace::open(&path(runtime_dir))?.as_fd().try_clone_to_owned().doing(|| "duplicate a descriptor".to_owned())
}

fn configure(netlink: &Netlink) -> io::Result<()> {
    // Without it a namespace does not reach its own addresses.
    netlink.bring_up(netlink.link_index("lo")?)?;
    let link = netlink.link_index(GUEST_END)?;
    for address in addresses() {
        netlink.add_address(link, address, None)?;
    }
    netlink.bring_up(link)?;
    netlink.set_neighbour(link, ROUTER, ROUTER_MAC)?;
    netlink.set_route(&route_to_pool(link))
}

/// To whoever has a public address, as the laptop where the sender does not care.
pub(crate) fn route_to_pool(link: u32) -> Route {
    Route { to: Some(public_pool()), link, router: ROUTER, source: Some(LAPTOP) }
}

/// Everybody there.
fn addresses() -> Vec<Ipv4Addr> {
    let mut connect: Vec<_> = Region::all().map(instance_connect_address).collect();
    connect.sort_unstable();
    connect.dedup();
    [LAPTOP, NAME_SERVER, WEB_SERVER].into_iter().chain(connect).collect()
}

/// Removes it, whoever made it. What still runs there keeps it for itself, joined to nothing.
pub(crate) fn remove(runtime_dir: &Path) -> Result<()> {
    if let Some(namespace) = Namespace::kept_at(&path(runtime_dir))? {
        namespace.netlink()?.delete_links(veth::GROUP).doing(|| "delete the uplink".to_owned())?;
    }
    namespace::forget(&path(runtime_dir))
}

fn path(runtime_dir: &Path) -> PathBuf {
    runtime_dir.join("internet")
}
