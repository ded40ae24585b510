//! At the services of a VPC: they are asked and answer past route tables, gateways, groups and network ACLs.
//!
//! An interface reaches those of its own VPC, from its own address, and nobody else does. To the service each interface
//! has [an address of its own](model::local_service::client_address), so that VPCs may have the same addresses and no
//! header has to be believed.

use std::net::{IpAddr, Ipv4Addr};

use model::local_service::{METADATA, RESOLVER, VPC_RESOLVER, client_address, client_serial};
use model::{LocalService, NetworkInterface, Vpc};

use super::{Arrival, Walk};
use crate::connection::Connections;
use crate::decision::Denial;
use crate::packet::Transport;
use crate::trace::{Recorder, Step};

const HTTP: u16 = 80;
const DNS: u16 = 53;

impl<C: Connections, R: Recorder> Walk<'_, C, R> {
    /// To a service, if the packet is for one; then it has the addresses that it has there.
    pub(super) fn ask_service(&mut self, source: &NetworkInterface) -> Result<Option<Arrival>, Denial> {
        let vpc = self.snapshot.resolve(source.vpc);
        let Some((service, at)) = service_called(vpc, self.packet.destination, &self.packet.transport) else { return Ok(None) };
        // Only its own address is an interface known by, also where it may send from others.
        let client = client_address(source.serial).filter(|_| self.packet.source == IpAddr::from(source.private_ip));
        let Some(client) = client else { return Ok(None) };
        self.recorder.passed(Step::Leave { interface: source.id });
        is_on(vpc, service)?;
        self.recorder.passed(Step::Service { service });
        self.packet.source = client.into();
        self.packet.destination = at.into();
        Ok(Some(Arrival::Service { service }))
    }

    /// From a service to the interface that asked it.
    pub(super) fn answer_from_service(&mut self) -> Result<Arrival, Denial> {
        let (IpAddr::V4(at), IpAddr::V4(client)) = (self.packet.source, self.packet.destination) else { return Err(self.unasked()) };
        let interface = client_serial(client).and_then(|serial| self.snapshot.interface_with_serial(serial)).ok_or(self.unasked())?;
        let vpc = self.snapshot.resolve(interface.vpc);
        let (service, called) = service_answering(vpc, at, &self.packet.transport).ok_or(self.unasked())?;
        is_on(vpc, service)?;
        self.recorder.passed(Step::Service { service });
        self.packet.source = called.into();
        self.packet.destination = interface.private_ip.into();
        self.must_run(interface)?;
        Ok(Arrival::At { interface: interface.id, source_mac: self.snapshot.resolve(interface.subnet).router_mac() })
    }

    fn unasked(&self) -> Denial {
        Denial::Unasked { source: self.packet.source, destination: self.packet.destination }
    }
}

/// Which service a guest calls, and where that is.
fn service_called(vpc: &Vpc, destination: IpAddr, transport: &Transport) -> Option<(LocalService, Ipv4Addr)> {
    let IpAddr::V4(destination) = destination else { return None };
    match *transport {
        Transport::Tcp { destination_port: HTTP, .. } if destination == METADATA => Some((LocalService::Metadata, METADATA)),
        Transport::Tcp { destination_port: DNS, .. } | Transport::Udp { destination_port: DNS, .. } => match destination {
            RESOLVER => Some((LocalService::Dns, RESOLVER)),
            own if own == vpc.resolver() => Some((LocalService::Dns, VPC_RESOLVER)),
            _ => None,
        },
        _ => None,
    }
}

/// Which service answers from there, and how the guest called it.
fn service_answering(vpc: &Vpc, at: Ipv4Addr, transport: &Transport) -> Option<(LocalService, Ipv4Addr)> {
    match (at, *transport) {
        (METADATA, Transport::Tcp { source_port: HTTP, .. }) => Some((LocalService::Metadata, METADATA)),
        (RESOLVER, Transport::Tcp { source_port: DNS, .. } | Transport::Udp { source_port: DNS, .. }) => Some((LocalService::Dns, RESOLVER)),
        (VPC_RESOLVER, Transport::Tcp { source_port: DNS, .. } | Transport::Udp { source_port: DNS, .. }) => {
            Some((LocalService::Dns, vpc.resolver()))
        }
        _ => None,
    }
}

fn is_on(vpc: &Vpc, service: LocalService) -> Result<(), Denial> {
    match service {
        LocalService::Dns if !vpc.enable_dns_support => Err(Denial::NoDnsSupport { vpc: vpc.id }),
        LocalService::Dns | LocalService::Metadata => Ok(()),
    }
}
