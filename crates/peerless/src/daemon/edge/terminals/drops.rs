//! Packets of an instance that did not arrive, while somebody looks at its terminal.
//!
//! A drop is silent on the instance's own screen, so it is counted beside it. The counts are the kernel's; who did it is
//! [`explain`]'s answer, by which the same question is answered everywhere.

use std::collections::BTreeMap;
use std::net::IpAddr;

use dataplane::{FlowReport, Role};
use model::{Instance, InstanceId, NetworkInterfaceId, Snapshot};
use semantics::{Denial, Endpoint, Mark, Origin, Packet, Question, Service, Transport, Verdict, explain};
use serde::Serialize;

/// The most kinds of packets that are told apart: a port scan has thousands, and nobody reads them.
const MOST: usize = 32;

/// Packets of a kind: to whom, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    to: IpAddr,
    service: What,
}

/// [`Service`], in an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Icmp,
    Tcp(u16),
    Udp(u16),
}

/// A flow: the interface that its packets leave, and one of them.
type Flow = (NetworkInterfaceId, Packet);

/// What was seen of a kind.
#[derive(Default)]
struct Seen {
    /// By flow, the kernel's last count.
    counts: BTreeMap<Flow, u64>,
    dropped: u64,
    told: Option<Dropped>,
    /// Under which generation it was found out what is in the way.
    generation: Option<u64>,
}

/// Packets that were dropped, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dropped {
    /// `icmp`, `tcp` or `udp`.
    protocol: &'static str,
    /// To whom.
    to: IpAddr,
    /// To which port, where there are ports.
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    /// How many, answers that were dropped on their way back included.
    packets: u64,
    /// Whether it would happen again.
    goes_on: bool,
    /// What drops them.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<Obstacle>,
}

/// What drops packets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Obstacle {
    /// What kind of thing it is: `SG in`, `route`, …
    stage: &'static str,
    /// Which one.
    resource: String,
    /// Whose it is, where it is an instance's security groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<String>,
    /// Whether it is in the way of the answers.
    on_the_way_back: bool,
}

/// The drops of one instance.
pub struct Drops {
    instance: InstanceId,
    kinds: BTreeMap<Kind, Seen>,
    /// What was dropped before is nobody's business here.
    has_begun: bool,
}

impl Drops {
    /// Those from now on.
    pub fn of(instance: InstanceId) -> Self {
        Self { instance, kinds: BTreeMap::new(), has_begun: false }
    }

    /// Counts, and says what there is if that is news: what was seen last comes first.
    pub fn look(&mut self, flows: &[FlowReport], snapshot: &Snapshot) -> Option<Vec<Dropped>> {
        let interfaces = snapshot.get(self.instance).map(|instance| instance.interfaces.clone()).unwrap_or_default();
        let answers: BTreeMap<Flow, Kind> = flows.iter().filter_map(|flow| answer(flow, &interfaces)).collect();
        let mut current: BTreeMap<Kind, BTreeMap<Flow, u64>> = BTreeMap::new();
        for flow in flows.iter().filter(|flow| matches!(flow.verdict, Verdict::Drop(_))) {
            if let Some((kind, key)) = dropped(flow, &interfaces).or_else(|| unanswered(flow, &answers)) {
                current.entry(kind).or_default().insert(key, flow.packets);
            }
        }
        for (&kind, counts) in &current {
            if self.kinds.len() >= MOST && !self.kinds.contains_key(&kind) {
                continue;
            }
            let seen = self.kinds.entry(kind).or_default();
            for (flow, &count) in counts {
                let before = seen.counts.get(flow).copied().unwrap_or(if self.has_begun { 0 } else { count });
                // A verdict that was forgotten meanwhile counts from the start.
                seen.dropped += if count >= before { count - before } else { count };
            }
        }
        self.has_begun = true;
        let mut news = false;
        for (kind, seen) in &mut self.kinds {
            seen.counts = current.remove(kind).unwrap_or_default();
            let goes_on = !seen.counts.is_empty();
            let is_same = |told: &Dropped| told.packets == seen.dropped && told.goes_on == goes_on;
            if seen.dropped == 0 || seen.told.as_ref().is_some_and(is_same) {
                continue;
            }
            let mut by = seen.told.take().and_then(|told| told.by);
            if goes_on && seen.generation.replace(snapshot.generation()) != Some(snapshot.generation()) {
                by = interfaces.first().and_then(|&primary| obstacle(snapshot, primary, *kind)).or(by);
            }
            seen.told = Some(kind.dropped(seen.dropped, goes_on, by));
            news = true;
        }
        news.then(|| {
            let mut told: Vec<Dropped> = self.kinds.values().filter_map(|seen| seen.told.clone()).collect();
            told.sort_by_key(|dropped| !dropped.goes_on);
            told
        })
    }
}

impl Kind {
    fn of(packet: &Packet) -> Option<Kind> {
        let service = match packet.transport {
            Transport::Icmp { .. } => What::Icmp,
            Transport::Tcp { destination_port, .. } => What::Tcp(destination_port),
            Transport::Udp { destination_port, .. } => What::Udp(destination_port),
            Transport::Other(_) => return None,
        };
        Some(Kind { to: packet.destination, service })
    }

    fn service(self) -> Service {
        match self.service {
            What::Icmp => Service::Icmp,
            What::Tcp(port) => Service::Tcp(port),
            What::Udp(port) => Service::Udp(port),
        }
    }

    fn dropped(self, packets: u64, goes_on: bool, by: Option<Obstacle>) -> Dropped {
        let (protocol, port) = match self.service {
            What::Icmp => ("icmp", None),
            What::Tcp(port) => ("tcp", Some(port)),
            What::Udp(port) => ("udp", Some(port)),
        };
        Dropped { protocol, to: self.to, port, packets, goes_on, by }
    }
}

/// A flow that begins here and does not arrive.
fn dropped(flow: &FlowReport, interfaces: &[NetworkInterfaceId]) -> Option<(Kind, Flow)> {
    let from = begins_at(flow, interfaces)?;
    Some((Kind::of(&flow.packet)?, (from, flow.packet)))
}

/// What the answer will be to a flow that begins here and arrives.
fn answer(flow: &FlowReport, interfaces: &[NetworkInterfaceId]) -> Option<(Flow, Kind)> {
    let Verdict::Deliver(delivery) = flow.verdict else { return None };
    begins_at(flow, interfaces)?;
    let answer = delivery.rewrite.apply(&flow.packet).reply()?;
    Some(((delivery.to, answer), Kind::of(&flow.packet)?))
}

/// A flow that answers one of those and does not arrive.
fn unanswered(flow: &FlowReport, answers: &BTreeMap<Flow, Kind>) -> Option<(Kind, Flow)> {
    let Origin::Interface(from) = flow.from else { return None };
    let key = (from, flow.packet);
    Some((*answers.get(&key)?, key))
}

fn begins_at(flow: &FlowReport, interfaces: &[NetworkInterfaceId]) -> Option<NetworkInterfaceId> {
    match flow.from {
        Origin::Interface(from) if flow.role == Role::Initiator && interfaces.contains(&from) => Some(from),
        _ => None,
    }
}

/// The first thing in the way.
fn obstacle(snapshot: &Snapshot, from: NetworkInterfaceId, kind: Kind) -> Option<Obstacle> {
    let question = Question { from: Endpoint::Interface(from), to: Endpoint::Address(kind.to), service: kind.service() };
    let explanation = explain(snapshot, &question).ok()?;
    let of = match explanation.denials().next()? {
        Denial::SecurityGroup { interface, .. } => owner(snapshot, *interface),
        _ => None,
    };
    let legs = explanation.render(snapshot).legs;
    let (leg, line) =
        legs.into_iter().flat_map(|leg| leg.lines.into_iter().map(move |line| (leg.title, line))).find(|(_, line)| line.mark == Mark::Blocked)?;
    Some(Obstacle { stage: line.stage, resource: line.resource, of, on_the_way_back: leg == "reply" })
}

/// The instance that has the interface, by its name if it has one.
fn owner(snapshot: &Snapshot, interface: NetworkInterfaceId) -> Option<String> {
    let instance = snapshot.all::<Instance>().find(|instance| instance.interfaces.contains(&interface))?;
    Some(snapshot.name(instance.scope, instance.id).map_or_else(|| instance.id.to_string(), str::to_owned))
}
