//! The kernel's flows that a question is about: what was counted of them, and what goes on although it could not begin now,
//! for a tracked connection outlives the rule that admitted it.
//!
//! An explanation is about a new connection. Who pings while somebody revokes the rule would not believe it.

use std::collections::HashSet;
use std::sync::Weak;
use std::time::Duration;

use dataplane::{FlowReport, Role};
use semantics::{Counted, Endpoint, Explanation, Origin, Packet, Question, Service, Transport, Verdict};

use crate::control::{CountedFlows, LiveFlow, Tally};

/// How many flows are looked at: those that were heard of last.
const MOST_LOOKED_AT: usize = 16_384;

/// What is known of a question's flows.
pub struct Seen {
    /// What was counted, there and back.
    pub counted: [Vec<Counted>; 2],
    /// The same in a few numbers.
    pub sums: CountedFlows,
    /// What goes on.
    pub live: Vec<LiveFlow>,
}

/// The flows of a data plane, as long as it is there. A network that is a model only has none.
#[derive(Clone)]
pub struct LiveFlows(Weak<dataplane::DataPlane>);

impl LiveFlows {
    /// Those of that one.
    pub fn of(packets: Weak<dataplane::DataPlane>) -> Self {
        Self(packets)
    }

    /// Those that the question is about; `None` in a network that is a model only.
    pub fn about(&self, question: &Question, explanation: &Explanation) -> Option<Seen> {
        let reports = self.0.upgrade()?.latest_flows(MOST_LOOKED_AT).ok()?.flows;
        let there: Vec<&FlowReport> = reports.iter().filter(|flow| explanation.is_about(flow.from, &flow.packet)).collect();
        let answers: HashSet<(Origin, Packet)> = there.iter().filter_map(|flow| answer(&flow.verdict, &flow.packet)).collect();
        let back: Vec<&FlowReport> = reports.iter().filter(|flow| answers.contains(&(flow.from, flow.packet))).collect();
        let lives = |flow: &&FlowReport| flow.role == Role::Initiator && !flow.is_over && flow.tracked.contains(&true);
        let age = there.iter().map(|flow| flow.age).max().unwrap_or(Duration::ZERO);
        let sums = CountedFlows { flows: there.len(), age_seconds: age.as_secs_f64(), forward: sum(&there), reply: sum(&back) };
        let live = reports.iter().filter(lives).filter(|flow| is_about(question, flow)).filter_map(live_flow).collect();
        Some(Seen { counted: [there, back].map(|flows| flows.into_iter().map(counted).collect()), sums, live })
    }
}

/// From where the answer to a packet comes, and what it is.
pub fn answer(verdict: &Verdict, request: &Packet) -> Option<(Origin, Packet)> {
    let (from, rewrite) = match verdict {
        Verdict::Deliver(delivery) => (delivery.to.into(), delivery.rewrite),
        Verdict::Leave(departure) => (Origin::Internet, departure.rewrite),
        Verdict::Serve(served) => (Origin::Services, served.rewrite),
        Verdict::Drop(_) => return None,
    };
    Some((from, rewrite.apply(request).reply()?))
}

/// A flow as explanations count it.
pub fn counted(flow: &FlowReport) -> Counted {
    Counted { from: flow.from, packet: flow.packet, verdict: flow.verdict, packets: flow.packets }
}

fn sum(flows: &[&FlowReport]) -> Tally {
    let dropped = flows.iter().filter(|flow| matches!(flow.verdict, Verdict::Drop(_)));
    Tally { seen: flows.iter().map(|flow| flow.packets).sum(), dropped: dropped.map(|flow| flow.packets).sum() }
}

fn is_about(question: &Question, flow: &FlowReport) -> bool {
    let from = match question.from {
        Endpoint::Interface(id) => flow.from == Origin::Interface(id),
        Endpoint::Address(address) => flow.from == Origin::Internet && flow.packet.source == address,
        Endpoint::Subnet(_) => false,
    };
    let to = match (question.to, flow.verdict) {
        (_, Verdict::Drop(_)) | (Endpoint::Subnet(_), _) => false,
        (Endpoint::Interface(id), Verdict::Deliver(delivery)) => delivery.to == id,
        (Endpoint::Interface(_), _) => false,
        (Endpoint::Address(address), _) => flow.packet.destination == address,
    };
    let service = match (question.service, flow.packet.transport) {
        (Service::Icmp, Transport::Icmp { .. }) => true,
        (Service::Tcp(port), Transport::Tcp { destination_port, .. }) | (Service::Udp(port), Transport::Udp { destination_port, .. }) => {
            port == destination_port
        }
        _ => false,
    };
    from && to && service
}

fn live_flow(flow: &FlowReport) -> Option<LiveFlow> {
    let (protocol, source_port, destination_port) = match flow.packet.transport {
        Transport::Icmp { .. } => ("icmp", None, None),
        Transport::Tcp { source_port, destination_port } => ("tcp", Some(source_port), Some(destination_port)),
        Transport::Udp { source_port, destination_port } => ("udp", Some(source_port), Some(destination_port)),
        Transport::Other(_) => return None,
    };
    Some(LiveFlow {
        protocol: protocol.to_owned(),
        source: flow.packet.source,
        source_port,
        destination: flow.packet.destination,
        destination_port,
        packets: flow.packets,
        idle_seconds: flow.idle.as_secs(),
    })
}
