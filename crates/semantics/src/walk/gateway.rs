//! At an internet gateway: private and public addresses take each other's place, one for one, and nothing private
//! passes.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>

use std::net::IpAddr;

use model::internet::is_private;
use model::{Cidr, Direction, InternetGatewayId, NetworkInterface, RouteTableId};

use super::{Arrival, Walk};
use crate::connection::Connections;
use crate::decision::Denial;
use crate::trace::{Recorder, Step};

impl<C: Connections, R: Recorder> Walk<'_, C, R> {
    /// Out of the VPC: the source becomes the interface's public address.
    pub(super) fn leave_by_gateway(
        &mut self,
        source: &NetworkInterface,
        table: RouteTableId,
        route: Cidr,
        gateway: InternetGatewayId,
    ) -> Result<(), Denial> {
        let destination = self.packet.destination;
        if is_private(destination) {
            return Err(Denial::PrivateDestination { gateway, table, route, destination });
        }
        if self.packet.source != IpAddr::from(source.private_ip) {
            return Err(Denial::Spoofed { vpc: source.vpc, source: self.packet.source });
        }
        let public = source.public_ip().ok_or(Denial::NoPublicAddress { interface: source.id, direction: Direction::Egress })?;
        self.packet.source = public.into();
        if let Some(quoted) = &mut self.packet.about {
            quoted.destination = public.into();
        }
        self.recorder.passed(Step::Translate { gateway, private: source.private_ip, public });
        Ok(())
    }

    /// Into the VPC of the interface that has the public address: the destination becomes its private one. The VPC's
    /// route tables have no say in it.
    pub(super) fn enter_from_internet(&mut self) -> Result<Arrival, Denial> {
        let (source, destination) = (self.packet.source, self.packet.destination);
        if is_private(source) {
            return Err(Denial::PrivateSource { source });
        }
        let interface = self.snapshot.interface_with_public(destination).ok_or(Denial::NoSuchPublicAddress { destination })?;
        let gateway = self.snapshot.internet_gateway_of(interface.vpc).ok_or(Denial::NoGateway { vpc: interface.vpc })?.id;
        self.packet.destination = interface.private_ip.into();
        if let Some(quoted) = &mut self.packet.about {
            quoted.source = interface.private_ip.into();
        }
        if let Some(public) = interface.public_ip() {
            self.recorder.passed(Step::Translate { gateway, private: interface.private_ip, public });
        }
        self.arrive(None, interface)
    }
}
