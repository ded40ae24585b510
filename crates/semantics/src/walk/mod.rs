//! The walk of a packet through a VPC, a module per thing that it passes.

mod gateway;
mod interface;
mod local_service;
mod network_acl;
mod peering;
mod route;
mod security_group;

use std::net::IpAddr;

use model::{InternetGatewayId, LocalService, MacAddress, NetworkInterface, NetworkInterfaceId, Snapshot};

use crate::connection::{ConnectionKey, Connections, Opened};
use crate::decision::{Denial, Origin, Rewrite};
use crate::packet::Packet;
use crate::trace::{Recorder, Step};

/// A packet on its way.
pub(crate) struct Walk<'a, C, R> {
    snapshot: &'a Snapshot,
    /// As it is here and now: gateways translate its addresses.
    packet: Packet,
    connections: &'a C,
    recorder: &'a mut R,
    pub(crate) opened_at_source: Option<Opened>,
    pub(crate) opened_at_destination: Option<Opened>,
    pub(crate) missed: [Option<ConnectionKey>; 2],
}

/// Where a walk ends well.
pub(crate) enum Arrival {
    /// At an interface.
    At {
        /// Which.
        interface: NetworkInterfaceId,
        /// The Ethernet address that it seems to come from.
        source_mac: MacAddress,
    },
    /// On the internet.
    Internet {
        /// The gateway that it left by.
        gateway: InternetGatewayId,
    },
    /// At a service of the VPC.
    Service {
        /// Which.
        service: LocalService,
    },
}

/// Where a route leads.
enum NextHop<'a> {
    /// To an interface, of this VPC or of a peered one.
    Interface(&'a NetworkInterface),
    /// To the internet gateway.
    Gateway(InternetGatewayId),
}

impl<'a, C: Connections, R: Recorder> Walk<'a, C, R> {
    pub(crate) fn new(snapshot: &'a Snapshot, packet: &Packet, connections: &'a C, recorder: &'a mut R) -> Self {
        Self { snapshot, packet: *packet, connections, recorder, opened_at_source: None, opened_at_destination: None, missed: [None; 2] }
    }

    /// How the packet's addresses differ from what they were.
    pub(crate) fn rewrite(&self, original: &Packet) -> Rewrite {
        let changed = |now: IpAddr, then: IpAddr| Some(now).filter(|&now| now != then);
        Rewrite { source: changed(self.packet.source, original.source), destination: changed(self.packet.destination, original.destination) }
    }

    /// The whole way.
    pub(crate) fn go(&mut self, from: Origin) -> Result<Arrival, Denial> {
        match from {
            Origin::Interface(id) => self.go_from_interface(id),
            Origin::Internet => self.enter_from_internet(),
            Origin::Services => self.answer_from_service(),
        }
    }

    fn go_from_interface(&mut self, id: NetworkInterfaceId) -> Result<Arrival, Denial> {
        let source = self.snapshot.get(id).ok_or(Denial::UnknownInterface(id))?;
        if let Some(asked) = self.ask_service(source)? {
            return Ok(asked);
        }
        let subnet = self.snapshot.resolve(source.subnet);
        self.leave_interface(source)?;
        if model::Cidr::from(subnet.cidr).contains(self.packet.destination) {
            self.recorder.passed(Step::SameSubnet { subnet: subnet.id });
            let destination = self.interface_at(source.vpc)?;
            self.enter_interface(Some(source), destination)?;
            return Ok(Arrival::At { interface: destination.id, source_mac: source.mac });
        }
        self.leave_subnet(subnet)?;
        match self.follow_route(source, subnet)? {
            NextHop::Interface(destination) => self.arrive(Some(source), destination),
            NextHop::Gateway(gateway) if self.is_mapped_here() => {
                // The internet would only send it back to us.
                self.recorder.passed(Step::Hairpin { gateway });
                self.enter_from_internet()
            }
            NextHop::Gateway(gateway) => Ok(Arrival::Internet { gateway }),
        }
    }

    /// Over a subnet's edge to an interface in it. `source` is the interface that sent the packet, if its address is
    /// still that interface's private one.
    fn arrive(&mut self, source: Option<&NetworkInterface>, destination: &NetworkInterface) -> Result<Arrival, Denial> {
        let subnet = self.snapshot.resolve(destination.subnet);
        self.enter_subnet(subnet)?;
        self.enter_interface(source, destination)?;
        Ok(Arrival::At { interface: destination.id, source_mac: subnet.router_mac() })
    }

    fn is_mapped_here(&self) -> bool {
        self.snapshot.interface_with_public(self.packet.destination).is_some()
    }
}
