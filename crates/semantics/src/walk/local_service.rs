//! At the services of a VPC: they are asked and answer past route tables, gateways, groups and network ACLs.
//!
//! An interface reaches those of its own VPC, from its own address, and nobody else does. Only DHCP is asked from no address,
//! and by broadcast too: the subnet's router answers (RFC 2131, section 4.1). To the service each interface
//! has [an address of its own](model::local_service::client_address), so that VPCs may have the same addresses and no
//! header has to be believed.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/infrastructure-security.html#control-network-traffic>: what neither groups
//! nor network ACLs filter

use std::net::{IpAddr, Ipv4Addr};

use model::local_service::{DHCP_SERVER, METADATA, RESOLVER, TIME, VPC_RESOLVER, client_address, client_serial};
use model::{LocalService, NetworkInterface, Subnet, Vpc};

use super::{Arrival, Walk};
use crate::connection::Connections;
use crate::decision::Denial;
use crate::packet::Transport;
use crate::trace::{Recorder, Step};

const HTTP: u16 = 80;
const DNS: u16 = 53;
const DHCP: u16 = 67;
const NTP: u16 = 123;

impl<C: Connections, R: Recorder> Walk<'_, C, R> {
    /// To a service, if the packet is for one; then it has the addresses that it has there.
    pub(super) fn ask_service(&mut self, source: &NetworkInterface) -> Result<Option<Arrival>, Denial> {
        let (vpc, subnet) = (self.snapshot.resolve(source.vpc), self.snapshot.resolve(source.subnet));
        let Some((service, at)) = service_called(vpc, subnet, self.packet.destination, &self.packet.transport) else { return Ok(None) };
        // Only its own address is an interface known by, also where it may send from others.
        let is_own = self.packet.source == IpAddr::from(source.private_ip);
        let has_none_yet = service == LocalService::Dhcp && self.packet.source == IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let client = client_address(source.serial).filter(|_| is_own || has_none_yet);
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
        let (vpc, subnet) = (self.snapshot.resolve(interface.vpc), self.snapshot.resolve(interface.subnet));
        let (service, called) = service_answering(vpc, subnet, at, &self.packet.transport).ok_or(self.unasked())?;
        is_on(vpc, service)?;
        self.recorder.passed(Step::Service { service });
        self.packet.source = called.into();
        self.packet.destination = interface.private_ip.into();
        self.must_run(interface)?;
        Ok(Arrival::At { interface: interface.id, source_mac: subnet.router_mac() })
    }

    fn unasked(&self) -> Denial {
        Denial::Unasked { source: self.packet.source, destination: self.packet.destination }
    }
}

/// Which service a guest calls, and where that is.
fn service_called(vpc: &Vpc, subnet: &Subnet, destination: IpAddr, transport: &Transport) -> Option<(LocalService, Ipv4Addr)> {
    let IpAddr::V4(destination) = destination else { return None };
    match *transport {
        Transport::Tcp { destination_port: HTTP, .. } if destination == METADATA => Some((LocalService::Metadata, METADATA)),
        Transport::Tcp { destination_port: DNS, .. } | Transport::Udp { destination_port: DNS, .. } => match destination {
            RESOLVER => Some((LocalService::Dns, RESOLVER)),
            own if own == vpc.resolver() => Some((LocalService::Dns, VPC_RESOLVER)),
            _ => None,
        },
        Transport::Udp { destination_port: DHCP, .. } if destination.is_broadcast() || destination == subnet.router() => {
            Some((LocalService::Dhcp, DHCP_SERVER))
        }
        Transport::Udp { destination_port: NTP, .. } if destination == TIME => Some((LocalService::Time, TIME)),
        _ => None,
    }
}

/// Which service answers from there, and how the guest called it.
fn service_answering(vpc: &Vpc, subnet: &Subnet, at: Ipv4Addr, transport: &Transport) -> Option<(LocalService, Ipv4Addr)> {
    match (at, *transport) {
        (METADATA, Transport::Tcp { source_port: HTTP, .. }) => Some((LocalService::Metadata, METADATA)),
        (RESOLVER, Transport::Tcp { source_port: DNS, .. } | Transport::Udp { source_port: DNS, .. }) => Some((LocalService::Dns, RESOLVER)),
        (VPC_RESOLVER, Transport::Tcp { source_port: DNS, .. } | Transport::Udp { source_port: DNS, .. }) => {
            Some((LocalService::Dns, vpc.resolver()))
        }
        (DHCP_SERVER, Transport::Udp { source_port: DHCP, .. }) => Some((LocalService::Dhcp, subnet.router())),
        (TIME, Transport::Udp { source_port: NTP, .. }) => Some((LocalService::Time, TIME)),
        _ => None,
    }
}

fn is_on(vpc: &Vpc, service: LocalService) -> Result<(), Denial> {
    match service {
        LocalService::Dns if !vpc.enable_dns_support => Err(Denial::NoDnsSupport { vpc: vpc.id }),
        LocalService::Dns | LocalService::Metadata | LocalService::Dhcp | LocalService::Time => Ok(()),
    }
}
