//! The interfaces that have a place in the fabric, and the internet and the services, which always have one.

use std::collections::BTreeMap;

use model::{NetworkInterface, Snapshot};
use semantics::Origin;

use crate::error::{Error, Result};
use crate::hash::HashMap;
use crate::internet;
use crate::layout::{Interface, Neighbour};
use crate::mirror::Mirror;
use crate::plan::{self, SubnetNumbers};
use crate::services;

/// An attached interface, the internet, or the services.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Port {
    pub origin: Origin,
    /// The number that names it in flows.
    pub serial: u32,
    /// The index of the host end of its veth pair.
    pub ifindex: u32,
}

/// The host ends that lead to what is no interface.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Joined {
    pub internet: u32,
    pub services: u32,
}

/// All ports, and what the kernel knows about them.
pub(crate) struct Ports {
    internet: Port,
    services: Port,
    by_serial: HashMap<u32, Port>,
    by_origin: HashMap<Origin, Port>,
    numbers: SubnetNumbers,
    interfaces: Mirror<u32, Interface>,
    neighbours: Mirror<Neighbour, [u8; 6]>,
}

impl Ports {
    /// No interface yet, on maps that are empty.
    pub fn new(joined: Joined, interfaces: Mirror<u32, Interface>, neighbours: Mirror<Neighbour, [u8; 6]>) -> Self {
        let (by_serial, by_origin, numbers) = Default::default();
        let internet = Port { origin: Origin::Internet, serial: internet::SERIAL, ifindex: joined.internet };
        let services = Port { origin: Origin::Services, serial: services::SERIAL, ifindex: joined.services };
        let mut ports = Self { internet, services, by_serial, by_origin, numbers, interfaces, neighbours };
        ports.attach(internet);
        ports.attach(services);
        ports
    }

    /// Those whose host ends, by serial and index, an earlier daemon left: what is behind one is what the snapshot and
    /// the kernel's map agree about. Also says which of the host ends are nobody's.
    pub fn left(
        host_ends: &[(u32, u32)],
        snapshot: &Snapshot,
        interfaces: Mirror<u32, Interface>,
        neighbours: Mirror<Neighbour, [u8; 6]>,
    ) -> Result<(Self, Vec<u32>)> {
        let (mut found, mut stale, mut numbers) = (Vec::new(), Vec::new(), BTreeMap::new());
        let (mut internet, mut services) = (None, None);
        let by_serial: HashMap<_, _> = snapshot.all::<NetworkInterface>().map(|interface| (interface.serial, interface)).collect();
        for &(serial, ifindex) in host_ends {
            let known = interfaces.entries().get(&ifindex).filter(|known| known.serial == serial);
            let interface = by_serial.get(&serial);
            match (known, interface) {
                (Some(_), _) if serial == internet::SERIAL => internet = Some(ifindex),
                (Some(_), _) if serial == services::SERIAL => services = Some(ifindex),
                (Some(known), Some(interface)) if known.mac == interface.mac.0 => {
                    numbers.insert(interface.subnet, known.subnet);
                    found.push(Port { origin: interface.id.into(), serial, ifindex });
                }
                _ => stale.push(serial),
            }
        }
        let internet = internet.ok_or(Error::Left { problem: "its internet is not joined to it" })?;
        let services = services.ok_or(Error::Left { problem: "its services are not joined to it" })?;
        let joined = Joined { internet, services };
        let given = interfaces.entries().values().map(|interface| interface.subnet);
        let last = given.chain(neighbours.entries().keys().map(|neighbour| neighbour.subnet)).max().unwrap_or_default();
        let mut ports = Self { numbers: SubnetNumbers::given(numbers, last), ..Self::new(joined, interfaces, neighbours) };
        for port in found {
            ports.attach(port);
        }
        Ok((ports, stale))
    }

    pub fn internet(&self) -> Port {
        self.internet
    }

    pub fn services(&self) -> Port {
        self.services
    }

    pub fn attach(&mut self, port: Port) {
        self.by_serial.insert(port.serial, port);
        self.by_origin.insert(port.origin, port);
    }

    pub fn detach(&mut self, origin: Origin) {
        if let Some(port) = self.by_origin.remove(&origin) {
            self.by_serial.remove(&port.serial);
        }
    }

    pub fn with_serial(&self, serial: u32) -> Option<Port> {
        self.by_serial.get(&serial).copied()
    }

    /// What is behind each host end.
    pub fn by_ifindex(&self) -> HashMap<u32, Origin> {
        self.by_serial.values().map(|port| (port.ifindex, port.origin)).collect()
    }

    pub fn of(&self, origin: impl Into<Origin>) -> Option<Port> {
        self.by_origin.get(&origin.into()).copied()
    }

    /// Tells the kernel what the snapshot says about interfaces and neighbours.
    pub fn apply(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.neighbours.become_equal_to(plan::neighbours(snapshot, &mut self.numbers))?;
        self.apply_interfaces(snapshot)
    }

    /// The same when only the attached interfaces are others.
    pub fn apply_interfaces(&mut self, snapshot: &Snapshot) -> Result<()> {
        let attached = self.by_origin.values().map(|port| (port.origin, port.ifindex));
        self.interfaces.become_equal_to(plan::interfaces(snapshot, &mut self.numbers, attached))
    }
}
