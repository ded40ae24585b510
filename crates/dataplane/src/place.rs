//! Whether interfaces are still where they were put: in their instances' namespaces, as `eth0`.
//!
//! Root in an instance may delete `eth0`, rename it, or move it to a namespace of its own making. On EC2 the card would
//! still be there; here it is made again, for whoever [asks](Fabric::holds) and attaches it. Setting the link down,
//! giving it another MAC address or MTU, or taking its addresses and routes away is the instance's own business: it is
//! left so, as EC2 leaves it to the instance's DHCP client, and so is a link that the instance put beside it.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::{Mutex, PoisonError};

use crate::error::{Doing, Result};
use crate::fabric::Fabric;
use crate::namespace::Namespace;
use crate::netlink::{LinkEvents, absent};
use crate::veth::{self, GUEST_END};

/// The host ends that something happened to.
pub(crate) struct Disturbances(Mutex<State>);

struct State {
    events: LinkEvents,
    /// Some events were not seen.
    missed: bool,
}

impl Disturbances {
    /// Of the host ends in that namespace, from now on. What happened before was not seen.
    pub fn watch(fabric: &Namespace) -> Result<Self> {
        let events = fabric.run(|| LinkEvents::open().doing(|| "listen to changes of links".to_owned()))?;
        Ok(Self(Mutex::new(State { events, missed: true })))
    }

    /// The interfaces, by serial, whose host ends have changed or are gone since this was last asked; `None` if that is
    /// not known, so that any may be among them. The far end shows only in that: it takes the carrier along when it goes
    /// elsewhere, and nothing when it is renamed.
    pub fn take(&self) -> Result<Option<BTreeSet<u32>>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut disturbed = BTreeSet::new();
        let mut missed = std::mem::take(&mut state.missed);
        loop {
            match state.events.next_names() {
                Ok(Some(names)) => disturbed.extend(names.iter().filter_map(|name| veth::serial_of(name))),
                Ok(None) => break,
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => missed = true,
                Err(error) => return Err(error).doing(|| "read changes of links".to_owned()),
            }
        }
        Ok((!missed).then_some(disturbed))
    }
}

impl Fabric {
    /// Whether the interface's other end is `eth0` of that namespace, whatever has become of its settings.
    pub fn holds(&self, serial: u32, guest: BorrowedFd<'_>) -> Result<bool> {
        self.find_far_end(serial, guest).doing(|| format!("look for the other end of {}", veth::host_end(serial)))
    }

    fn find_far_end(&self, serial: u32, guest: BorrowedFd<'_>) -> io::Result<bool> {
        let netlink = self.netlink();
        let Some(far) = absent(netlink.far_end(&veth::host_end(serial)))?.flatten() else { return Ok(false) };
        if netlink.namespace_number(guest)? != Some(far.namespace) {
            return Ok(false);
        }
        Ok(absent(netlink.link_index_in(far.namespace, GUEST_END))? == Some(far.index))
    }
}
