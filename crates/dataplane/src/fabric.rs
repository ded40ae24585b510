//! The fabric: a network namespace of its own, in which all host ends, the TAP and the programs live.
//!
//! It has no addresses and forwards nothing by itself, so whatever the programs do not move goes nowhere. A mount keeps
//! it, and with it the devices and what is attached to them: established flows outlive the daemon.

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::{MacAddress, NetworkInterface, Subnet};

use crate::error::{Doing, Result};
use crate::hook::Block;
use crate::internet::{self, Internet};
use crate::layout::MTU;
use crate::namespace::{self, Namespace};
use crate::netlink::Netlink;
use crate::place::Disturbances;
use crate::programs::{FROM_PORT, FROM_SLOW_PATH, Maps, Programs};
use crate::services::{self, Services};
use crate::tap::{self, Tap};
use crate::veth::{self, End, GUEST_END, Pair};
use crate::{bpffs, hook, programs};

/// Settings of the namespace. Of the devices made in it, too: they begin with what `default` says.
const SETTINGS: &[(&str, &str)] = &[
    ("/proc/sys/net/ipv4/ip_forward", "0"),
    // Without this each device would announce itself and look for routers, all into the slow path.
    ("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1"),
    ("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1"),
];

/// The fabric, as the control side uses it.
pub(crate) struct Fabric {
    namespace: Namespace,
    netlink: Mutex<Netlink>,
    /// What happened to the host ends.
    pub disturbances: Disturbances,
}

impl Fabric {
    /// Makes it, with room for that many flows. Nothing of an older one may be left.
    pub fn create(runtime_dir: &Path, flows: u32) -> Result<(Self, Tap, Maps)> {
        fs::create_dir_all(runtime_dir).doing(|| format!("create {}", runtime_dir.display()))?;
        let namespace = Namespace::create(&namespace_path(runtime_dir))?;
        bpffs::mount_at(&bpffs_path(runtime_dir))?;
        namespace.apply_settings(SETTINGS)?;
        let tap = namespace.run(Tap::create)?;
        let netlink = namespace.netlink()?;
        let slow_path = veth::bring_up_tap(&netlink, tap::NAME).doing(|| format!("bring up {}", tap::NAME))?;
        hook::without_queue(&netlink, slow_path).doing(|| format!("set up {}", tap::NAME))?;
        let (mut programs, maps) = Programs::load(&bpffs_path(runtime_dir), flows, slow_path)?;
        for (block, anchor, name) in [(Block::Ports, hook::LOOPBACK, FROM_PORT), (Block::SlowPath, slow_path, FROM_SLOW_PATH)] {
            hook::create(&netlink, block, anchor, programs.get(name)?, name).doing(|| format!("attach the program {name}"))?;
        }
        Ok((Self::of(namespace, netlink)?, tap, maps))
    }

    fn of(namespace: Namespace, netlink: Netlink) -> Result<Self> {
        let disturbances = Disturbances::watch(&namespace)?;
        Ok(Self { namespace, netlink: Mutex::new(netlink), disturbances })
    }

    /// Does something in its namespace.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        self.namespace.run(work)
    }

    /// The one that an earlier daemon left, if it is whole and of this build's making.
    pub fn left(runtime_dir: &Path, flows: u32) -> Result<Option<(Self, Tap, Maps)>> {
        let pins = bpffs_path(runtime_dir);
        let Some(namespace) = Namespace::kept_at(&namespace_path(runtime_dir))?.filter(|_| programs::is_complete(&pins)) else {
            return Ok(None);
        };
        let netlink = namespace.netlink()?;
        let slow_path = netlink.link_index(tap::NAME).doing(|| format!("find {}", tap::NAME))?;
        let maps = Maps::open(&pins, flows, slow_path)?;
        let tap = namespace.run(Tap::create)?;
        // Nobody held its other end, which took the carrier away.
        netlink.await_link(slow_path).doing(|| format!("wait for {}", tap::NAME))?;
        Ok(Some((Self::of(namespace, netlink)?, tap, maps)))
    }

    /// Says that all is there: a later daemon may go on with it.
    pub fn mark_complete(runtime_dir: &Path) -> Result<()> {
        programs::mark_complete(&bpffs_path(runtime_dir))
    }

    /// The host ends that there are: the serial of the interface, and the index.
    pub fn host_ends(&self) -> Result<Vec<(u32, u32)>> {
        let links = self.netlink().links().doing(|| "list the fabric's links".to_owned())?;
        Ok(links.iter().filter_map(|(name, index)| Some((veth::serial_of(name)?, *index))).collect())
    }

    /// Makes the veth pair of an interface into a guest's namespace, its program attached, and returns the index of
    /// the host end. Until [`Self::open`] nothing comes through.
    pub fn attach(&self, interface: &NetworkInterface, guest: &Namespace) -> Result<u32> {
        self.join(interface.serial, interface.mac, MTU, guest)
    }

    /// The same for the internet.
    pub fn attach_internet(&self, internet: &Internet) -> Result<u32> {
        let index = self.join(internet::SERIAL, internet::MAC, internet::MTU, internet.namespace())?;
        internet.open()?;
        Ok(index)
    }

    /// The same for the services.
    pub fn attach_services(&self, services: &Services) -> Result<u32> {
        let index = self.join(services::SERIAL, services::MAC, services::MTU, services.namespace())?;
        services.open()?;
        Ok(index)
    }

    fn join(&self, serial: u32, mac: MacAddress, mtu: u16, guest: &Namespace) -> Result<u32> {
        self.detach(serial)?;
        let name = veth::host_end(serial);
        let pair = Pair { near: End { name: &name, mac: None }, far: End { name: GUEST_END, mac: Some(mac) }, mtu };
        let index = veth::create(&self.netlink(), &pair, guest.as_fd()).doing(|| format!("create the veth pair {name}"))?;
        // A guest that deletes what it is given may be faster.
        let joined = hook::join(&self.netlink(), Block::Ports, index);
        if joined.is_err() {
            self.detach(serial)?;
        }
        joined.doing(|| format!("attach the program {FROM_PORT} to {name}")).map(|()| index)
    }

    /// Configures the guest end of an attached interface and brings it up.
    pub fn open(&self, interface: &NetworkInterface, subnet: &Subnet, guest: &Namespace) -> Result<()> {
        let netlink = guest.netlink()?;
        veth::configure_guest_end(&netlink, interface, subnet).doing(|| format!("configure {} in its instance", interface.id))
    }

    /// Deletes the veth pair, if it is there.
    pub fn detach(&self, serial: u32) -> Result<()> {
        let name = veth::host_end(serial);
        self.netlink().delete_link(&name).doing(|| format!("delete the veth pair {name}")).map(drop)
    }

    pub fn netlink(&self) -> MutexGuard<'_, Netlink> {
        self.netlink.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes the fabric and all in it, whoever made it and however it ended. Guests that still run lose their `eth0`.
pub(crate) fn remove(runtime_dir: &Path) -> Result<()> {
    let path = namespace_path(runtime_dir);
    if let Some(namespace) = Namespace::kept_at(&path)? {
        // They would end with the namespace, but some time later; afterwards nothing is to be left.
        let netlink = namespace.netlink()?;
        netlink.delete_links(veth::GROUP).doing(|| "delete the veth pairs".to_owned())?;
        netlink.delete_link(tap::NAME).doing(|| format!("delete {}", tap::NAME))?;
    }
    namespace::forget(&path)?;
    bpffs::unmount(&bpffs_path(runtime_dir))
}

/// Of a guest's namespace, from its descriptor.
pub(crate) fn guest(fd: OwnedFd) -> Namespace {
    Namespace::from(fd)
}

fn namespace_path(runtime_dir: &Path) -> PathBuf {
    runtime_dir.join("fabric")
}

fn bpffs_path(runtime_dir: &Path) -> PathBuf {
    runtime_dir.join("bpf")
}
