//! Packets of an instance that did not arrive, while somebody looks at its terminal.
//!
//! A drop is silent on the instance's own screen, so it is counted beside it. The counts are the kernel's; who did it is
//! [`explain`]'s answer, by which the same question is answered everywhere.

use std::collections::BTreeMap;
use std::net::IpAddr;

use dataplane::{Begun, FlowReport};
use model::{Instance, NetworkInterfaceId, Snapshot};
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

/// A flow: what its packets leave, and one of them.
type Flow = (Origin, Packet);

/// What was seen of a kind.
#[derive(Default)]
struct Seen {
    count: Count,
    told: Option<Dropped>,
    /// Under which generation it was found out what is in the way.
    generation: Option<u64>,
}

/// How many packets of some flows were dropped.
#[derive(Default)]
struct Count {
    /// By flow, the kernel's last count.
    last: BTreeMap<Flow, u64>,
    dropped: u64,
}

impl Count {
    /// Counts on, from what the kernel counts now. What was there when nobody counted yet is left out.
    fn go_on(&mut self, current: BTreeMap<Flow, u64>, is_first: bool) {
        for (flow, &count) in &current {
            let before = self.last.get(flow).copied().unwrap_or(if is_first { count } else { 0 });
            // A verdict that was forgotten meanwhile counts from the start.
            self.dropped += if count >= before { count - before } else { count };
        }
        self.last = current;
    }
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

/// What there is to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct News {
    /// By kind; what goes on comes first.
    pub flows: Vec<Dropped>,
    /// Packets of more kinds than are told apart.
    pub others: u64,
}

/// The drops of one instance.
#[derive(Default)]
pub struct Drops {
    kinds: BTreeMap<Kind, Seen>,
    others: Count,
    told_others: u64,
    /// What was dropped before is nobody's business here.
    has_begun: bool,
}

impl Drops {
    /// Counts what the instance that has the interface has begun, and says what there is if that is news.
    pub fn look<'a>(&mut self, begun: impl Iterator<Item = &'a Begun>, primary: Option<NetworkInterfaceId>, snapshot: &Snapshot) -> Option<News> {
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        let mut current: BTreeMap<Kind, BTreeMap<Flow, u64>> = BTreeMap::new();
        let mut others = BTreeMap::new();
        for (kind, flow, count) in begun.filter_map(dropped) {
            let is_news = self.others.last.get(&flow) != Some(&count);
            if self.tells_apart(kind, is_news, &current) {
                let seen = self.kinds.entry(kind).or_default();
                // What was counted among the others is not counted twice.
                seen.count.last.extend(self.others.last.remove(&flow).map(|count| (flow, count)));
                current.entry(kind).or_default().insert(flow, count);
            } else {
                others.insert(flow, count);
            }
        }
        self.others.go_on(others, is_first);
        let mut news = std::mem::replace(&mut self.told_others, self.others.dropped) != self.others.dropped;
        for (&kind, seen) in &mut self.kinds {
            seen.count.go_on(current.remove(&kind).unwrap_or_default(), is_first);
            let (packets, goes_on) = (seen.count.dropped, !seen.count.last.is_empty());
            let is_same = |told: &Dropped| told.packets == packets && told.goes_on == goes_on;
            if packets == 0 || seen.told.as_ref().is_some_and(is_same) {
                continue;
            }
            let mut by = seen.told.take().and_then(|told| told.by);
            if goes_on && seen.generation.replace(snapshot.generation()) != Some(snapshot.generation()) {
                by = primary.and_then(|primary| obstacle(snapshot, primary, kind)).or(by);
            }
            seen.told = Some(kind.dropped(packets, goes_on, by));
            news = true;
        }
        self.kinds.retain(|_, seen| seen.count.dropped > 0 || !seen.count.last.is_empty());
        news.then(|| {
            let mut flows: Vec<Dropped> = self.kinds.values().filter_map(|seen| seen.told.clone()).collect();
            flows.sort_by_key(|dropped| !dropped.goes_on);
            News { flows, others: self.others.dropped }
        })
    }

    /// Whether packets of that kind are counted by themselves. If there are too many kinds, one of which there is news takes the
    /// place of one that does not happen any more.
    fn tells_apart(&mut self, kind: Kind, is_news: bool, current: &BTreeMap<Kind, BTreeMap<Flow, u64>>) -> bool {
        if self.kinds.contains_key(&kind) || self.kinds.len() < MOST {
            return true;
        }
        if !is_news {
            return false;
        }
        let is_over = |(kind, seen): &(&Kind, &Seen)| seen.count.last.is_empty() && !current.contains_key(kind);
        let Some(over) = self.kinds.iter().find(is_over).map(|(&kind, _)| kind) else { return false };
        self.others.dropped += self.kinds.remove(&over).map_or(0, |seen| seen.count.dropped);
        true
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

/// What does not arrive of a flow that begins here: itself, or else what answers it. How many packets of it there were.
fn dropped(begun: &Begun) -> Option<(Kind, Flow, u64)> {
    let is_dropped = |flow: &&FlowReport| matches!(flow.verdict, Verdict::Drop(_));
    let dropped = Some(&begun.flow).filter(is_dropped).or(begun.answer.as_ref().filter(is_dropped))?;
    Some((Kind::of(&begun.flow.packet)?, (dropped.from, dropped.packet), dropped.packets))
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use dataplane::Role;

    use super::*;

    /// A packet to a port, dropped so many times.
    fn scanned(port: u16, packets: u64) -> Begun {
        let from: NetworkInterfaceId = "eni-00000000000000001".parse().unwrap();
        let transport = Transport::Udp { source_port: 40_000, destination_port: port };
        let packet = Packet::new([10, 1, 0, 10].into(), [10, 2, 0, 10].into(), transport);
        let verdict = Verdict::Drop(semantics::Denial::NotRouted { destination: packet.destination });
        let flow = FlowReport {
            from: from.into(),
            packet,
            verdict,
            role: Role::Initiator,
            tracked: [false; 2],
            packets,
            bytes: packets * 29,
            is_over: false,
            idle: Duration::ZERO,
            age: Duration::ZERO,
        };
        Begun { flow, answer: None }
    }

    fn look(drops: &mut Drops, flows: &[Begun]) -> Option<News> {
        drops.look(flows.iter(), None, &Snapshot::default())
    }

    fn sum(news: &News) -> u64 {
        news.flows.iter().map(|flow| flow.packets).sum::<u64>() + news.others
    }

    #[test]
    fn ten_thousand_flows_are_counted_to_the_last_packet() {
        let mut drops = Drops::default();
        assert_eq!(look(&mut drops, &[scanned(1, 5)]), None, "what was before is nobody's business");
        let scan: Vec<Begun> = (1..=10_000).map(|port| scanned(port, if port == 1 { 6 } else { 1 })).collect();
        let news = look(&mut drops, &scan).unwrap();
        assert_eq!((sum(&news), news.flows.len()), (10_000, MOST));
        assert_eq!(look(&mut drops, &scan), None, "that is no news");
        let again: Vec<Begun> = (1..=10_000).map(|port| scanned(port, if port == 1 { 7 } else { 2 })).collect();
        assert_eq!(sum(&look(&mut drops, &again).unwrap()), 20_000);
        // The kernel forgets them in whatever order. None is counted twice that could have a place of its own then.
        let half: Vec<Begun> = (5_001..=10_000).map(|port| scanned(port, 2)).collect();
        let over = look(&mut drops, &half).unwrap();
        assert_eq!((sum(&over), over.flows.iter().any(|flow| flow.goes_on)), (20_000, false));
        assert_eq!(look(&mut drops, &half), None);
        let more: Vec<Begun> = (5_001..=10_000).map(|port| scanned(port, 3)).collect();
        assert_eq!(sum(&look(&mut drops, &more).unwrap()), 25_000);
        assert_eq!(look(&mut drops, &[]).map_or(0, |news| sum(&news)), 25_000);
    }

    #[test]
    fn what_goes_on_is_told_apart_after_a_scan() {
        let mut drops = Drops::default();
        look(&mut drops, &[]);
        let scan: Vec<Begun> = (1..=1_000).map(|port| scanned(port, 1)).collect();
        look(&mut drops, &scan);
        look(&mut drops, &[]);
        let news = look(&mut drops, &[scanned(53, 3)]).unwrap();
        assert_eq!((sum(&news), news.flows.len()), (1_003, MOST));
        assert_eq!((news.flows[0].port, news.flows[0].packets, news.flows[0].goes_on), (Some(53), 3, true));
    }

    #[test]
    fn a_flow_that_began_anew_is_counted_anew() {
        let mut drops = Drops::default();
        look(&mut drops, &[]);
        assert_eq!(sum(&look(&mut drops, &[scanned(53, 9)]).unwrap()), 9);
        assert_eq!(sum(&look(&mut drops, &[scanned(53, 2)]).unwrap()), 11);
    }
}
