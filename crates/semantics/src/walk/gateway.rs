//! At an internet gateway: private and public addresses take each other's place, one for one, and nothing private
//! passes.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>

use model::internet::is_private;
use model::{Cidr, Direction, InternetGatewayId, NetworkInterface, RouteTableId};

use super::{Arrival, Walk};
use crate::connection::Connections;
use crate::decision::Denial;
use crate::trace::{Recorder, Step};

impl<C: Connections, R: Recorder> Walk<'_, C, R> {
    /// Out of the VPC: the source becomes its interface's public address. That need not be the interface that sent the
    /// packet: an appliance may forward for another.
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
        let spoofed = Denial::Spoofed { vpc: source.vpc, source: self.packet.source };
        let owner = self.snapshot.interface_at(source.vpc, self.packet.source).ok_or(spoofed)?;
        let public = owner.public_ip().ok_or(Denial::NoPublicAddress { interface: owner.id, direction: Direction::Egress })?;
        self.packet.source = public.into();
        if let Some(quoted) = &mut self.packet.about {
            quoted.destination = public.into();
        }
        self.recorder.passed(Step::Translate { gateway, private: owner.private_ip, public });
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
