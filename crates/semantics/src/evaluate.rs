//! The one place that knows what a VPC does with a packet.
//!
//! [`evaluate`] walks AWS's order of checks, in the modules of [`walk`](crate::walk):
//!
//! 1. the interface that the packet leaves: its source address, then its groups' egress rules; a packet from the
//!    internet begins at the gateway instead;
//!    a packet for a service of the VPC is with that at once;
//! 2. the subnet's edge, unless the packet stays in the subnet: the network ACL's egress rules, then the route table;
//! 3. the gateway or peering connection that the route leads to; an internet gateway translates addresses, and the
//!    packet goes on as the internet sees it, be it out or back in;
//! 4. the edge of the subnet that it arrives in: the network ACL's ingress rules;
//! 5. the interface that it is for: its groups' ingress rules, and a running instance or an endpoint behind it.
//!
//! It is linear and keeps nothing: same snapshot, packet and connections, same answer.

use model::Snapshot;

use crate::connection::Connections;
use crate::decision::{Decision, Delivery, Departure, Origin, Served, Verdict};
use crate::packet::Packet;
use crate::trace::Recorder;
use crate::walk::{Arrival, Walk};

/// What becomes of a packet.
pub fn evaluate(
    snapshot: &Snapshot,
    packet: &Packet,
    from: impl Into<Origin>,
    connections: &impl Connections,
    recorder: &mut impl Recorder,
) -> Decision {
    let mut walk = Walk::new(snapshot, packet, connections, recorder);
    let verdict = match walk.go(from.into()) {
        Ok(Arrival::At { interface, source_mac }) => Verdict::Deliver(Delivery { to: interface, source_mac, rewrite: walk.rewrite(packet) }),
        Ok(Arrival::Internet { gateway }) => Verdict::Leave(Departure { gateway, rewrite: walk.rewrite(packet) }),
        Ok(Arrival::Service { service }) => Verdict::Serve(Served { service, rewrite: walk.rewrite(packet) }),
        Err(denial) => Verdict::Drop(denial),
    };
    Decision { verdict, opened_at_source: walk.opened_at_source, opened_at_destination: walk.opened_at_destination, missed: walk.missed }
}
