//! The way of a flow that is known already: what its packets pass, given what becomes of them.
//!
//! Nothing is judged anew: the verdict is given, with whatever connections it was found. For a picture of where packets
//! go, each [`Stop`] is something that stands on a map.

use std::fmt;

use model::{NetworkInterfaceId, ResourceId, Snapshot};

use crate::connection::{ConnectionKey, Connections, Tracking};
use crate::decision::{Denial, Origin, Verdict};
use crate::evaluate::evaluate;
use crate::packet::Packet;
use crate::trace::{Step, Trace};

/// Something that a packet passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// A resource.
    Resource(ResourceId),
    /// The internet.
    Internet,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Resource(id) => id.fmt(f),
            Stop::Internet => f.write_str("internet"),
        }
    }
}

/// Every connection is open, but at the interface whose groups are known to have refused.
struct AllButAt(Option<NetworkInterfaceId>);

impl Connections for AllButAt {
    fn find(&self, key: &ConnectionKey) -> Option<Tracking> {
        (self.0 != Some(key.interface)).then_some(Tracking::Tracked)
    }
}

/// What the packets of a flow pass, step by step, given what becomes of them.
pub(crate) fn trace_of(snapshot: &Snapshot, packet: &Packet, from: Origin, verdict: &Verdict) -> Trace {
    let refused = match verdict {
        Verdict::Drop(Denial::SecurityGroup { interface, .. }) => Some(*interface),
        _ => None,
    };
    let mut trace = Trace::default();
    evaluate(snapshot, packet, from, &AllButAt(refused), &mut trace);
    trace
}

/// What the packets of a flow pass, in order, up to where they arrive or are dropped.
pub fn way(snapshot: &Snapshot, packet: &Packet, from: Origin, verdict: &Verdict) -> Vec<Stop> {
    let trace = trace_of(snapshot, packet, from, verdict);
    let mut stops = Vec::new();
    if from == Origin::Internet {
        stops.push(Stop::Internet);
    }
    for step in &trace.steps {
        match *step {
            Step::Leave { interface } => stops.extend(around(snapshot, interface)),
            Step::Arrive { interface } => stops.extend(around(snapshot, interface).into_iter().rev()),
            Step::Route { table, .. } => stops.push(resource(table)),
            Step::Peering { connection } => stops.push(resource(connection)),
            Step::Translate { gateway, .. } => stops.push(resource(gateway)),
            Step::Hairpin { .. } => stops.push(Stop::Internet),
            Step::SecurityGroup { .. } | Step::SameSubnet { .. } | Step::NetworkAcl { .. } | Step::Service { .. } => {}
        }
    }
    if matches!(verdict, Verdict::Leave(_)) {
        stops.push(Stop::Internet);
    }
    stops
}

/// Where a packet died, the nearest thing first; empty if it arrived.
pub fn grave(snapshot: &Snapshot, verdict: &Verdict) -> Vec<Stop> {
    let Verdict::Drop(denial) = verdict else { return Vec::new() };
    match *denial {
        Denial::UnknownInterface(interface)
        | Denial::SourceCheck(interface)
        | Denial::SecurityGroup { interface, .. }
        | Denial::NoPublicAddress { interface, .. }
        | Denial::NotRunning { interface, .. } => around(snapshot, interface).into_iter().rev().collect(),
        Denial::NetworkAcl { subnet, .. } => {
            let vpc = snapshot.get(subnet).map(|subnet| resource(subnet.vpc));
            std::iter::once(resource(subnet)).chain(vpc).collect()
        }
        Denial::NoRoute { table, .. } | Denial::Blackhole { table, .. } => {
            let vpc = snapshot.get(table).map(|table| resource(table.vpc));
            std::iter::once(resource(table)).chain(vpc).collect()
        }
        Denial::PeeringNotForAddress { connection, .. } => vec![resource(connection)],
        Denial::PrivateDestination { gateway, .. } => vec![resource(gateway)],
        Denial::NoDnsSupport { vpc } | Denial::Spoofed { vpc, .. } | Denial::NoGateway { vpc } | Denial::NoSuchAddress { vpc, .. } => {
            vec![resource(vpc)]
        }
        Denial::PrivateSource { .. } | Denial::NoSuchPublicAddress { .. } => vec![Stop::Internet],
        Denial::NotRouted { .. } | Denial::Unasked { .. } => Vec::new(),
    }
}

/// VPC, subnet, and the instance that has the interface.
fn around(snapshot: &Snapshot, id: NetworkInterfaceId) -> Vec<Stop> {
    let Some(interface) = snapshot.get(id) else { return Vec::new() };
    let instance = interface.attachment.map(|attachment| resource(attachment.instance));
    [resource(interface.vpc), resource(interface.subnet)].into_iter().chain(instance).collect()
}

fn resource(id: impl Into<ResourceId>) -> Stop {
    Stop::Resource(id.into())
}
