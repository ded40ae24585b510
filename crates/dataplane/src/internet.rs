//! The internet: a network namespace in which all its machines are, each an address.
//!
//! It is joined to the fabric by a veth pair as an interface is. Behind that pair an internet gateway's rules apply, so
//! whoever is here meets what a stranger meets.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use model::internet::{LAPTOP, WEB_SERVER, instance_connect, public_pool};
use model::{MacAddress, Region};

use crate::error::{Doing, Result};
use crate::namespace::{self, Namespace};
use crate::veth;

/// What names it in flows. No interface has this number.
pub(crate) const SERIAL: u32 = 0;
/// What the internet carries, in bytes of IP.
pub(crate) const MTU: u16 = 1500;
/// Its end of the veth pair.
pub(crate) const MAC: MacAddress = MacAddress([0x06, 0, 0, 0, 0, 2]);
/// Whom its machines send packets for public addresses to; internet gateways, to them.
pub(crate) const ROUTER_MAC: MacAddress = MacAddress([0x06, 0, 0, 0, 0, 1]);

const ROUTER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);

/// Which of EC2 Instance Connect's addresses in a region is its.
const INSTANCE_CONNECT: u64 = 4;

/// What the machine around it has set is no matter here.
const SETTINGS: &[(&str, &str)] = &[
    ("/proc/sys/net/ipv4/ip_forward", "0"),
    ("/proc/sys/net/ipv4/conf/all/rp_filter", "0"),
    ("/proc/sys/net/ipv4/conf/default/rp_filter", "0"),
    ("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1"),
    ("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1"),
];

/// The internet, as the control side uses it.
pub(crate) struct Internet {
    namespace: Namespace,
}

impl Internet {
    /// An empty one. Nothing of an older one may be left.
    pub fn create(runtime_dir: &Path) -> Result<Self> {
        let namespace = Namespace::create(&path(runtime_dir))?;
        namespace.apply_settings(SETTINGS)?;
        Ok(Self { namespace })
    }

    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// Gives everybody their addresses, once the veth pair is there, and brings it up.
    pub fn open(&self) -> Result<()> {
        let netlink = self.namespace.netlink()?;
        veth::bring_up_loopback(&netlink)
            .and_then(|()| veth::configure_end(&netlink, veth::GUEST_END, &addresses(), public_pool(), (ROUTER, ROUTER_MAC)))
            .doing(|| "configure the internet".to_owned())
    }
}

/// Everybody there, the laptop first: an address is taken from it where nobody asks for one.
fn addresses() -> Vec<Ipv4Addr> {
    let mut connect: Vec<_> = Region::all().filter_map(|region| instance_connect(region).nth(INSTANCE_CONNECT)).collect();
    connect.sort_unstable();
    connect.dedup();
    [LAPTOP, WEB_SERVER].into_iter().chain(connect).collect()
}

/// Removes it, whoever made it. What still runs there keeps it for itself, joined to nothing.
pub(crate) fn remove(runtime_dir: &Path) -> Result<()> {
    namespace::forget(&path(runtime_dir))
}

fn path(runtime_dir: &Path) -> PathBuf {
    runtime_dir.join("internet")
}
