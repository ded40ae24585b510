//! The interfaces that have a place in the fabric.

use std::collections::HashMap;

use model::{NetworkInterfaceId, Snapshot};

use crate::error::Result;
use crate::layout::{Interface, Neighbour};
use crate::mirror::Mirror;
use crate::plan::{self, SubnetNumbers};

/// An attached interface.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Port {
    pub id: NetworkInterfaceId,
    /// The number that names it in flows.
    pub serial: u32,
    /// The index of the host end of its veth pair.
    pub ifindex: u32,
}

/// All attached interfaces, and what the kernel knows about them.
pub(crate) struct Ports {
    by_serial: HashMap<u32, Port>,
    by_id: HashMap<NetworkInterfaceId, Port>,
    numbers: SubnetNumbers,
    interfaces: Mirror<u32, Interface>,
    neighbours: Mirror<Neighbour, [u8; 6]>,
}

impl Ports {
    /// None yet, on maps that are empty.
    pub fn new(interfaces: Mirror<u32, Interface>, neighbours: Mirror<Neighbour, [u8; 6]>) -> Self {
        Self { by_serial: HashMap::new(), by_id: HashMap::new(), numbers: SubnetNumbers::default(), interfaces, neighbours }
    }

    pub fn attach(&mut self, port: Port) {
        self.by_serial.insert(port.serial, port);
        self.by_id.insert(port.id, port);
    }

    pub fn detach(&mut self, id: NetworkInterfaceId) {
        if let Some(port) = self.by_id.remove(&id) {
            self.by_serial.remove(&port.serial);
        }
    }

    pub fn with_serial(&self, serial: u32) -> Option<Port> {
        self.by_serial.get(&serial).copied()
    }

    pub fn of(&self, id: NetworkInterfaceId) -> Option<Port> {
        self.by_id.get(&id).copied()
    }

    /// Tells the kernel what the snapshot says about interfaces and neighbours.
    pub fn apply(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.neighbours.become_equal_to(plan::neighbours(snapshot, &mut self.numbers))?;
        self.apply_interfaces(snapshot)
    }

    /// The same when only the attached interfaces are others.
    pub fn apply_interfaces(&mut self, snapshot: &Snapshot) -> Result<()> {
        let attached = self.by_id.values().map(|port| (port.id, port.ifindex));
        self.interfaces.become_equal_to(plan::interfaces(snapshot, &mut self.numbers, attached))
    }
}
