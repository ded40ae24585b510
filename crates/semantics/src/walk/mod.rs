//! The walk of a packet through a VPC, a module per thing that it passes.

mod gateway;
mod interface;
mod network_acl;
mod peering;
mod route;
mod security_group;

use model::{NetworkInterface, NetworkInterfaceId, Snapshot, Subnet};

use crate::connection::{Connections, Opened};
use crate::decision::{Delivery, Denial};
use crate::packet::Packet;
use crate::trace::{Recorder, Step};

/// A packet on its way.
pub(crate) struct Walk<'a, C, R> {
    snapshot: &'a Snapshot,
    packet: &'a Packet,
    connections: &'a C,
    recorder: &'a mut R,
    pub(crate) opened_at_source: Option<Opened>,
    pub(crate) opened_at_destination: Option<Opened>,
}

impl<'a, C: Connections, R: Recorder> Walk<'a, C, R> {
    pub(crate) fn new(snapshot: &'a Snapshot, packet: &'a Packet, connections: &'a C, recorder: &'a mut R) -> Self {
        Self { snapshot, packet, connections, recorder, opened_at_source: None, opened_at_destination: None }
    }

    /// The whole way.
    pub(crate) fn go(&mut self, from: NetworkInterfaceId) -> Result<Delivery, Denial> {
        let source = self.snapshot.get(from).ok_or(Denial::UnknownInterface(from))?;
        let subnet = self.snapshot.resolve(source.subnet);
        self.leave_interface(source)?;
        let destination = if model::Cidr::from(subnet.cidr).contains(self.packet.destination) {
            self.recorder.passed(Step::SameSubnet { subnet: subnet.id });
            self.interface_at(source.vpc)?
        } else {
            self.cross_subnets(source, subnet)?
        };
        self.enter_interface(source, destination)?;
        let source_mac = if destination.subnet == source.subnet { source.mac } else { self.snapshot.resolve(destination.subnet).router_mac() };
        Ok(Delivery { to: destination.id, source_mac })
    }

    /// Out of one subnet, by its route table, into another.
    fn cross_subnets(&mut self, source: &NetworkInterface, subnet: &Subnet) -> Result<&'a NetworkInterface, Denial> {
        self.leave_subnet(subnet)?;
        let destination = self.follow_route(source, subnet)?;
        self.enter_subnet(self.snapshot.resolve(destination.subnet))?;
        Ok(destination)
    }
}
