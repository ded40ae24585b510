//! At the interfaces: where a packet begins and ends.

use std::net::IpAddr;

use model::{Direction, InstanceConnectEndpointState, InstanceState, NetworkInterface, VpcId};

use super::Walk;
use crate::connection::Connections;
use crate::decision::Denial;
use crate::trace::{Recorder, Step};

impl<'a, C: Connections, R: Recorder> Walk<'a, C, R> {
    /// Out of an interface: the source must be its own, the destination one that can be routed, and a group's egress
    /// rule must admit it.
    pub(super) fn leave_interface(&mut self, source: &NetworkInterface) -> Result<(), Denial> {
        if source.source_dest_check && self.packet.source != IpAddr::from(source.private_ip) {
            return Err(Denial::SourceCheck(source.id));
        }
        if !is_routable(self.packet.destination) {
            return Err(Denial::NotRouted { destination: self.packet.destination });
        }
        self.recorder.passed(Step::Leave { interface: source.id });
        self.opened_at_source = self.pass_security_group(source, Direction::Egress, None)?;
        Ok(())
    }

    /// Into an interface: a group's ingress rule must admit the packet, and somebody must be there.
    ///
    /// The destination is found by its address, so the destination half of the source/destination check holds by
    /// itself.
    pub(super) fn enter_interface(&mut self, source: Option<&NetworkInterface>, destination: &NetworkInterface) -> Result<(), Denial> {
        self.opened_at_destination = self.pass_security_group(destination, Direction::Ingress, source)?;
        self.must_run(destination)
    }

    /// A running instance must stand behind the interface, or an endpoint that is complete; then the packet has arrived.
    pub(super) fn must_run(&mut self, destination: &NetworkInterface) -> Result<(), Denial> {
        let instance = destination.attachment.map(|attachment| attachment.instance);
        let state = instance.and_then(|id| self.snapshot.get(id)).map(|instance| instance.state);
        let endpoint = destination.endpoint.and_then(|id| self.snapshot.get(id)).map(|endpoint| endpoint.state);
        // A pending instance's network works before its status says so; AWS's does too.
        let is_there = matches!(state, Some(InstanceState::Pending | InstanceState::Running));
        if !is_there && endpoint != Some(InstanceConnectEndpointState::CreateComplete) {
            return Err(Denial::NotRunning { interface: destination.id, instance });
        }
        self.recorder.passed(Step::Arrive { interface: destination.id });
        Ok(())
    }

    /// The interface of a VPC that the packet is for.
    pub(super) fn interface_at(&self, vpc: VpcId) -> Result<&'a NetworkInterface, Denial> {
        let destination = self.packet.destination;
        self.snapshot.interface_at(vpc, destination).ok_or(Denial::NoSuchAddress { vpc, destination })
    }
}

/// Whether a VPC carries packets for such an address at all: not broadcast, multicast, loopback or link-local ones.
fn is_routable(destination: IpAddr) -> bool {
    match destination {
        IpAddr::V4(v4) => !(v4.is_broadcast() || v4.is_multicast() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified()),
        IpAddr::V6(v6) => !(v6.is_multicast() || v6.is_loopback() || v6.is_unicast_link_local() || v6.is_unspecified()),
    }
}
