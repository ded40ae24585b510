//! Packets that were counted, laid on the way that is explained.
//!
//! The kernel counts by flow. What a flow's packets pass follows from its verdict: one that passes was seen everywhere on
//! its way, one that is dropped up to what drops it.

use std::mem::{Discriminant, discriminant};

use model::{Direction, InternetGatewayId, NetworkAclId, NetworkInterfaceId, RouteTableId, Snapshot, SubnetId, VpcPeeringConnectionId};

use super::{Explanation, Line};
use crate::decision::{Denial, Origin, Verdict};
use crate::packet::Packet;
use crate::trace::Step;
use crate::way::trace_of;

/// A flow that the kernel counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Where its packets come from.
    pub from: Origin,
    /// One of them, as it is sent.
    pub packet: Packet,
    /// What becomes of them.
    pub verdict: Verdict,
    /// How many there were.
    pub packets: u64,
}

/// What was seen of packets somewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// So many came there.
    pub seen: u64,
    /// So many of them were dropped there.
    pub dropped: u64,
}

/// Something that packets pass or die at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Leave(NetworkInterfaceId),
    Group(NetworkInterfaceId, Direction),
    Subnet(SubnetId),
    Acl(NetworkAclId, SubnetId, Direction),
    Route(RouteTableId),
    Peering(VpcPeeringConnectionId),
    Translate(InternetGatewayId),
    Hairpin(InternetGatewayId),
    Service,
    Arrive(NetworkInterfaceId),
    /// Where nothing else is passed.
    Denied(Discriminant<Denial>),
}

impl From<&Step> for Place {
    fn from(step: &Step) -> Self {
        match *step {
            Step::Leave { interface } => Place::Leave(interface),
            Step::SecurityGroup { interface, direction, .. } => Place::Group(interface, direction),
            Step::SameSubnet { subnet } => Place::Subnet(subnet),
            Step::NetworkAcl { acl, subnet, direction, .. } => Place::Acl(acl, subnet, direction),
            Step::Route { table, .. } => Place::Route(table),
            Step::Peering { connection } => Place::Peering(connection),
            Step::Translate { gateway, .. } => Place::Translate(gateway),
            Step::Hairpin { gateway } => Place::Hairpin(gateway),
            Step::Service { .. } => Place::Service,
            Step::Arrive { interface } => Place::Arrive(interface),
        }
    }
}

impl From<&Denial> for Place {
    fn from(denial: &Denial) -> Self {
        match *denial {
            Denial::SecurityGroup { interface, direction } => Place::Group(interface, direction),
            Denial::NetworkAcl { acl, subnet, direction, .. } => Place::Acl(acl, subnet, direction),
            Denial::NoRoute { table, .. } | Denial::Blackhole { table, .. } => Place::Route(table),
            Denial::PeeringNotForAddress { connection, .. } => Place::Peering(connection),
            Denial::NotRunning { interface, .. } => Place::Arrive(interface),
            Denial::NoDnsSupport { .. } => Place::Service,
            Denial::UnknownInterface(_)
            | Denial::SourceCheck(_)
            | Denial::NotRouted { .. }
            | Denial::Unasked { .. }
            | Denial::Spoofed { .. }
            | Denial::PrivateDestination { .. }
            | Denial::NoPublicAddress { .. }
            | Denial::PrivateSource { .. }
            | Denial::NoSuchPublicAddress { .. }
            | Denial::NoGateway { .. }
            | Denial::NoSuchAddress { .. } => Place::Denied(discriminant(denial)),
        }
    }
}

impl From<&Line> for Place {
    fn from(line: &Line) -> Self {
        match line {
            Line::Passed { step, .. } => step.into(),
            Line::Blocked { denial, .. } => denial.into(),
        }
    }
}

impl Explanation {
    /// Whether a flow is what the question is about, if it began now: from where it was asked, to the same address, by the
    /// same protocol and port.
    pub fn is_about(&self, from: Origin, packet: &Packet) -> bool {
        use crate::packet::Transport::{Icmp, Tcp, Udp};
        let asked = &self.request;
        let carries = match (packet.transport, asked.transport) {
            (Icmp { kind, .. }, Icmp { kind: wanted, .. }) => kind == wanted,
            (Tcp { destination_port: port, .. }, Tcp { destination_port: wanted, .. })
            | (Udp { destination_port: port, .. }, Udp { destination_port: wanted, .. }) => port == wanted,
            _ => false,
        };
        let origin = self.ends[0].map_or(Origin::Internet, Origin::Interface);
        carries && from == origin && (packet.source, packet.destination) == (asked.source, asked.destination)
    }
}

/// Flows that differ in their sender's port only and meet the same verdict take the same way: a thousand clients are one.
fn alike(flows: &[Counted]) -> Vec<Counted> {
    let mut kinds: Vec<Counted> = Vec::new();
    for flow in flows {
        let way = |flow: &Counted| (flow.from, flow.packet.source, flow.packet.destination, flow.verdict);
        match kinds.iter_mut().find(|kind| way(kind) == way(flow)) {
            Some(kind) => kind.packets += flow.packets,
            None => kinds.push(*flow),
        }
    }
    kinds
}

/// What was seen at each of the lines.
pub(super) fn tally(snapshot: &Snapshot, lines: &[Line], flows: &[Counted]) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); lines.len()];
    for flow in alike(flows) {
        let trace = trace_of(snapshot, &flow.packet, flow.from, &flow.verdict);
        let passed = trace.steps.iter().map(|step| (Place::from(step), 0));
        let dropped = match &flow.verdict {
            Verdict::Drop(denial) => Some((Place::from(denial), flow.packets)),
            _ => None,
        };
        // Both are in order; what is not on the explained way was not asked about.
        let mut ahead = 0;
        for (place, dropped) in passed.chain(dropped) {
            let found = lines.iter().enumerate().skip(ahead).find(|(_, line)| Place::from(*line) == place);
            let Some((at, _)) = found else { continue };
            ahead = at + 1;
            if let Some(tally) = tallies.get_mut(at) {
                tally.seen += flow.packets;
                tally.dropped += dropped;
            }
        }
    }
    tallies
}
