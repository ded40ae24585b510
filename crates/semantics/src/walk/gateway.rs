//! At an internet gateway: it carries what it can translate, and nothing that is private.

use std::net::IpAddr;

use model::{Cidr, InternetGatewayId, NetworkInterface, RouteTableId};

use super::Walk;
use crate::connection::Connections;
use crate::decision::Denial;
use crate::trace::Recorder;

impl<C: Connections, R: Recorder> Walk<'_, C, R> {
    /// Why the packet does not leave. No interface has a public address yet, so none does.
    pub(super) fn leave_by_gateway(&mut self, source: &NetworkInterface, table: RouteTableId, route: Cidr, gateway: InternetGatewayId) -> Denial {
        let destination = self.packet.destination;
        if is_private(destination) {
            Denial::PrivateDestination { gateway, table, route, destination }
        } else if !self.snapshot.resolve(source.vpc).contains(self.packet.source) {
            Denial::Spoofed { vpc: source.vpc, source: self.packet.source }
        } else {
            Denial::NoPublicAddress { gateway, interface: source.id }
        }
    }
}

/// RFC 1918, and RFC 6598's 100.64.0.0/10; for IPv6, RFC 4193.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || (v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64),
        IpAddr::V6(v6) => v6.is_unique_local(),
    }
}
