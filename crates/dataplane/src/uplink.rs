//! The uplink: the machine takes the laptop's place on the internet.
//!
//! A veth pair leads from the machine's own network namespace to the internet, which forwards what comes over it: `ssh`
//! in the user's own shell reaches a public address as the laptop would. To the machine it brings an address and a
//! route to the public addresses, which go with it; nothing else there is changed.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use model::internet::{LAPTOP, public_pool};
use model::{Ipv4Cidr, MacAddress};

use crate::error::{Doing, Error, Result};
use crate::internet::{Internet, MTU, ROUTER, ROUTER_MAC, route_to_pool};
use crate::netlink::Netlink;
use crate::network::Route;
use crate::veth::{self, End, GUEST_END, Pair};

/// The internet's end.
const INTERNET_END: &str = "uplink";
/// The machine's end.
const MACHINE_END: &str = "peerless0";
const MACHINE_MAC: MacAddress = MacAddress([0x06, 0, 0, 0, 0, 3]);

pub(crate) const FORWARDING: &str = "/proc/sys/net/ipv4/ip_forward";

impl Internet {
    /// Puts the calling thread's network namespace in the laptop's place, or the laptop back there. It may be as wanted
    /// already.
    pub fn set_uplink(&self, on: bool) -> Result<()> {
        let _one_at_a_time = self.lock();
        let internet = self.namespace().netlink()?;
        if on && internet.link_index(INTERNET_END).is_ok() {
            return Ok(());
        }
        // The pair may be gone by itself, when somebody has deleted the machine's end.
        self.unplug(&internet)?;
        if !on {
            return Ok(());
        }
        let machine = Netlink::open().doing(|| "open a netlink socket".to_owned())?;
        refuse_overlap(&machine)?;
        let plugged_in = self.plug_in(&machine, &internet);
        if plugged_in.is_err() {
            // Why it could not be made is what is worth telling.
            let _ = self.unplug(&internet);
        }
        plugged_in
    }

    fn plug_in(&self, machine: &Netlink, internet: &Netlink) -> Result<()> {
        let doing = || format!("set up {MACHINE_END}");
        let here = File::open("/proc/thread-self/ns/net").doing(doing)?;
        let near = End { name: INTERNET_END, mac: Some(ROUTER_MAC) };
        let far = End { name: MACHINE_END, mac: Some(MACHINE_MAC) };
        let link = veth::create(internet, &Pair { near, far, mtu: MTU }, here.as_fd()).doing(doing)?;
        give_laptop_away(internet, link).doing(doing)?;
        // Not before there is a black hole for whatever no route is for: the internet says nothing about it.
        self.namespace().apply_settings(&[(FORWARDING, "1")])?;
        become_laptop(machine).and_then(|()| internet.await_link(link)).doing(doing)
    }

    /// From whatever state it is in.
    fn unplug(&self, internet: &Netlink) -> Result<()> {
        self.namespace().apply_settings(&[(FORWARDING, "0")])?;
        internet.delete_link(INTERNET_END).and_then(|_| take_laptop_back(internet)).doing(|| format!("remove {MACHINE_END}"))
    }
}

fn give_laptop_away(internet: &Netlink, uplink: u32) -> io::Result<()> {
    let link = internet.link_index(GUEST_END)?;
    internet.set_route(&Route { source: None, ..route_to_pool(link) })?;
    internet.remove_address(link, LAPTOP)?;
    internet.set_neighbour(uplink, LAPTOP, MACHINE_MAC)?;
    internet.set_route(&Route { to: Ipv4Cidr::new(LAPTOP, 32), link: uplink, router: LAPTOP, source: None })?;
    internet.add_blackhole()
}

fn take_laptop_back(internet: &Netlink) -> io::Result<()> {
    let link = internet.link_index(GUEST_END)?;
    internet.remove_blackhole()?;
    internet.add_address(link, LAPTOP, None)?;
    internet.set_route(&route_to_pool(link))
}

fn become_laptop(machine: &Netlink) -> io::Result<()> {
    let link = machine.link_index(MACHINE_END)?;
    machine.keep_ipv6_silent(link)?;
    machine.add_address(link, LAPTOP, None)?;
    machine.bring_up(link)?;
    machine.set_neighbour(link, ROUTER, ROUTER_MAC)?;
    machine.set_route(&route_to_pool(link))
}

/// The addresses are nobody's, but others may use them for themselves too. A route of the machine's is never replaced,
/// nor is a part taken out of one; routes to the whole world, also in two halves, as some VPNs make them, are none to
/// these addresses.
fn refuse_overlap(machine: &Netlink) -> Result<()> {
    let routes = machine.routed().doing(|| "list the machine's routes".to_owned())?;
    for wanted in Ipv4Cidr::new(LAPTOP, 32).into_iter().chain([public_pool()]) {
        if let Some(&route) = routes.iter().find(|route| route.prefix_length() > 1 && route.overlaps(&wanted)) {
            return Err(Error::RouteOverlaps { route, wanted });
        }
    }
    Ok(())
}
