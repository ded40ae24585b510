//! The core as an engine: `evaluate`, and a set of connections.

use std::collections::BTreeMap;
use std::net::IpAddr;

use semantics::{ConnectionKey, Denial, Explanation, Line, Origin, Packet, Service, Tracking, Transport, Verdict, evaluate, explain};

use crate::analysis::Asked;
use crate::engine::{Engine, Lab};
use crate::outcome::{Leg, Outcome};
use crate::probe::{Probe, ProbeTraffic, Question};
use crate::statement::Statement;
use crate::world::World;

/// Plays scenarios without packets, in whatever lab.
#[derive(Debug, Default)]
pub struct CoreEngine<L = World> {
    lab: L,
    connections: BTreeMap<ConnectionKey, Tracking>,
    flows: BTreeMap<String, u16>,
    last_flow: u16,
}

impl<L: Lab> CoreEngine<L> {
    /// Plays in this lab.
    pub fn new(lab: L) -> Self {
        Self { lab, connections: BTreeMap::new(), flows: BTreeMap::new(), last_flow: 0 }
    }
    /// The request that the probe sends: a port or identifier of its own, or that of the flow it continues.
    fn request(&mut self, probe: &Probe, source: IpAddr, destination: IpAddr) -> Packet {
        let number = match probe.flow.as_ref().and_then(|name| self.flows.get(name)) {
            Some(&number) => number,
            None => {
                self.last_flow += 1;
                probe.flow.clone().map(|name| self.flows.insert(name, self.last_flow));
                self.last_flow
            }
        };
        let source_port = 32768 + number;
        match probe.traffic {
            ProbeTraffic::Icmp => Packet::echo_request(source, destination, number),
            ProbeTraffic::Tcp(destination_port) => Packet::new(source, destination, Transport::Tcp { source_port, destination_port }),
            ProbeTraffic::Udp(destination_port) => Packet::new(source, destination, Transport::Udp { source_port, destination_port }),
        }
    }

    /// Sends one packet: where it arrived and as what, or why it did not.
    fn send(&mut self, packet: &Packet, from: Origin) -> Result<(Origin, Packet), Denial> {
        let decision = evaluate(self.lab.snapshot(), packet, from, &self.connections, &mut ());
        let opened = [decision.opened_at_source, decision.opened_at_destination];
        self.connections.extend(opened.into_iter().flatten().map(|opened| (opened.key, opened.tracking)));
        match decision.verdict {
            Verdict::Deliver(delivery) => Ok((delivery.to.into(), delivery.rewrite.apply(packet))),
            Verdict::Leave(departure) => Ok((Origin::Internet, departure.rewrite.apply(packet))),
            Verdict::Serve(served) => Ok((Origin::Services, served.rewrite.apply(packet))),
            Verdict::Drop(denial) => Err(denial),
        }
    }

    fn exchange(&mut self, request: &Packet, from: Origin) -> Outcome {
        let (reached, arrived) = match self.send(request, from) {
            Ok(reached) => reached,
            Err(denial) => return Outcome::Dropped { leg: Leg::Request, denial },
        };
        let Some(reply) = arrived.reply() else { unreachable!("every probe can be answered") };
        match self.send(&reply, reached) {
            Ok(_) => Outcome::Answered,
            Err(denial) => Outcome::Dropped { leg: Leg::Reply, denial },
        }
    }
}

impl<L: Lab> CoreEngine<L> {
    fn explanation(&self, from: &str, to: &str, traffic: ProbeTraffic) -> Result<Explanation, String> {
        let endpoint = |word| self.lab.names().endpoint(self.lab.snapshot(), word).map_err(|error| error.to_string());
        let service = match traffic {
            ProbeTraffic::Icmp => Service::Icmp,
            ProbeTraffic::Tcp(port) => Service::Tcp(port),
            ProbeTraffic::Udp(port) => Service::Udp(port),
        };
        let question = semantics::Question { from: endpoint(from)?, to: endpoint(to)?, service };
        let explanation = explain(self.lab.snapshot(), &question).map_err(|error| error.to_string())?;
        explanation.render(self.lab.snapshot());
        Ok(explanation)
    }

    /// What the explanation names, in order.
    fn named(&self, explanation: &Explanation) -> Vec<String> {
        let legs = [(Leg::Request, &explanation.forward), (Leg::Reply, &explanation.reply)];
        let named: Vec<String> = legs
            .into_iter()
            .flat_map(|(leg, lines)| lines.iter().map(move |line| (leg, line)))
            .filter_map(|(leg, line)| match line {
                &Line::Blocked { denial, .. } => Some(Outcome::Dropped { leg, denial }.describe_in(self.lab.names(), &explanation.repaired)),
                Line::Passed { .. } => None,
            })
            .collect();
        if named.is_empty() { vec!["nothing".to_owned()] } else { named }
    }

    /// Whether the explanation of a new flow begins with what became of it.
    fn agrees(&self, probe: &Probe, outcome: &str) -> Result<(), String> {
        let named = self.named(&self.explanation(&probe.from, &probe.to, probe.traffic)?);
        let first = if outcome == Outcome::ANSWERED { "nothing" } else { outcome };
        match named.first() {
            Some(begins) if begins == first => Ok(()),
            _ => Err(format!("the packet was {outcome}, and the explanation names: {}", named.join("; "))),
        }
    }
}

impl<L: Lab> Engine for CoreEngine<L> {
    fn change(&mut self, statement: &Statement) -> Result<(), String> {
        self.lab.change(statement)
    }

    fn probe(&mut self, probe: &Probe) -> Result<String, String> {
        let (names, snapshot) = (self.lab.names(), self.lab.snapshot());
        let (from, source) = match probe.from.parse() {
            Ok(outside) => (Origin::Internet, outside),
            Err(_) => {
                let from = names.interface(snapshot, &probe.from).map_err(|error| error.to_string())?;
                (Origin::Interface(from), IpAddr::from(snapshot.resolve(from).private_ip))
            }
        };
        let destination = names.address(snapshot, &probe.to).map_err(|error| error.to_string())?;
        let request = self.request(probe, source, destination);
        let outcome = self.exchange(&request, from).describe(&self.lab);
        if probe.flow.is_none() {
            self.agrees(probe, &outcome)?;
            let to = self.lab.names().interface(self.lab.snapshot(), &probe.to).ok();
            Asked { packet: request, origin: from, to }.compare(self.lab.snapshot())?;
        }
        Ok(outcome)
    }

    fn explain(&mut self, question: &Question) -> Result<Option<String>, String> {
        let explanation = self.explanation(&question.from, &question.to, question.traffic)?;
        Ok(Some(self.named(&explanation).join("; ")))
    }
}
