//! What goes on although it could not begin now: a tracked connection outlives the rule that admitted it.
//!
//! An explanation is about a new connection. Who pings while somebody revokes the rule would not believe it.

use std::sync::Weak;

use dataplane::{FlowReport, Role};
use semantics::{Endpoint, Origin, Question, Service, Transport, Verdict};

use crate::control::LiveFlow;

/// The flows of a data plane, as long as it is there. A network that is a model only has none.
#[derive(Clone)]
pub struct LiveFlows(Weak<dataplane::DataPlane>);

impl LiveFlows {
    /// Those of that one.
    pub fn of(packets: Weak<dataplane::DataPlane>) -> Self {
        Self(packets)
    }

    /// All of them.
    fn reports(&self) -> Vec<FlowReport> {
        self.0.upgrade().and_then(|packets| packets.flows().ok()).unwrap_or_default()
    }

    /// The tracked ones that the question would be about if they began now.
    pub fn about(&self, question: &Question) -> Vec<LiveFlow> {
        let lives = |flow: &&FlowReport| flow.role == Role::Initiator && !flow.is_over && flow.tracked.contains(&true);
        self.reports().iter().filter(lives).filter(|flow| is_about(question, flow)).filter_map(live_flow).collect()
    }
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
