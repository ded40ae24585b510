//! Across a peering connection: addresses stay as they are, and only the two VPCs themselves are in reach.
//!
//! Nothing passes on from there to a third VPC, a gateway or an endpoint: what arrives must be for an interface of the
//! VPC at the other end, and what leaves must be from this one.

use model::{Cidr, NetworkInterface, RouteTableId, VpcPeeringConnectionId};

use super::Walk;
use crate::connection::Connections;
use crate::decision::Denial;
use crate::trace::{Recorder, Step};

impl<'a, C: Connections, R: Recorder> Walk<'a, C, R> {
    /// To the interface at the other end that the packet is for. The route was active, so the connection is.
    pub(super) fn cross_peering(
        &mut self,
        source: &NetworkInterface,
        table: RouteTableId,
        route: Cidr,
        id: VpcPeeringConnectionId,
    ) -> Result<&'a NetworkInterface, Denial> {
        let (vpc, destination) = (self.snapshot.resolve(source.vpc), self.packet.destination);
        if !vpc.contains(self.packet.source) {
            return Err(Denial::Spoofed { vpc: vpc.id, source: self.packet.source });
        }
        let peer = self.snapshot.resolve(id).peer_of(vpc.id).and_then(|peer| self.snapshot.get(peer.vpc));
        let peer =
            peer.filter(|peer| peer.contains(destination)).ok_or(Denial::PeeringNotForAddress { table, route, connection: id, destination })?;
        self.recorder.passed(Step::Peering { connection: id });
        self.interface_at(peer.id)
    }
}
