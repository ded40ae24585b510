//! What Amazon VPC Reachability Analyzer says of a path.
//!
//! [`analyze`] asks [`evaluate`](crate::evaluate) which headers get through, and tells the way that they took; where none
//! do, it asks [`explain`](crate::explain) what is in the way, and tells that in AWS's codes. It knows no rule itself.
//!
//! AWS's analyzer reads what is configured: a path is reachable if *some* header that the path leaves open gets there, and
//! over TCP its reply back. It knows no path that leaves by an internet gateway and comes back in.
//! <https://docs.aws.amazon.com/vpc/latest/reachability/how-reachability-analyzer-works.html>

mod components;
mod ends;
mod explanations;
mod headers;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use model::{
    AccountId, AnalysisConditions, Cidr, Draft, Explanation, Findings, HeaderSet, InsightsProtocol, InstanceState, Ipv4Cidr, NetworkInsightsPath,
    NetworkInterfaceId, PathComponent, PortRange, ResourceId, Role, RulePeer, Scope, Snapshot, Traffic,
};

use crate::connection::{ConnectionKey, Tracking};
use crate::decision::{Origin, Verdict};
use crate::evaluate::evaluate;
use crate::evidence::{Evidence, Rows};
use crate::explain::{Asked, Goal, Line, Repair, Service, request};
use crate::packet::Packet;
use crate::trace::{Step, Trace};
use components::Teller;
use ends::{Attempt, addresses};
use headers::{DESTINATION, DESTINATION_PORT, Header, Headers, Lines, Range, SOURCE, SOURCE_PORT, Searched};

/// What there is to say of a path in a network, to its owner.
pub fn analyze(snapshot: &Snapshot, path: &NetworkInsightsPath, conditions: &AnalysisConditions) -> Findings {
    let analysis = Analysis { teller: Teller { snapshot, scope: path.scope }, path, conditions };
    let attempts = match ends::attempts(snapshot, path) {
        Ok(attempts) => attempts,
        Err(obstacle) => return in_the_way(vec![analysis.teller.obstacle(obstacle)]),
    };
    let findings = attempts.iter().map(|attempt| analysis.find(attempt));
    // The shortest way there is, else what is nearest to one.
    findings.min_by_key(|found| (!found.path_found, found.explanations.len(), found.forward.len())).unwrap_or_default()
}

/// An analysis at work.
struct Analysis<'a> {
    teller: Teller<'a>,
    path: &'a NetworkInsightsPath,
    conditions: &'a AnalysisConditions,
}

/// The steps of a packet and of its reply.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Way {
    forward: Vec<Step>,
    back: Vec<Step>,
}

fn in_the_way(explanations: Vec<Explanation>) -> Findings {
    Findings { explanations, ..Findings::default() }
}

impl Analysis<'_> {
    fn find(&self, attempt: &Attempt) -> Findings {
        let searched = self.search(attempt, &attempt.arriving);
        match searched.found {
            Some((headers, way)) => self.under_conditions(self.tell(attempt, &headers, &way)),
            None => self.obstacles(attempt, &searched.furthest),
        }
    }

    /// Which headers get through.
    fn search(&self, attempt: &Attempt, arriving: &[Option<Ipv4Addr>; 2]) -> Searched<Way> {
        let mut lines = Lines::default();
        for dimension in [SOURCE, DESTINATION] {
            for block in NEVER_ANSWERED.iter().filter_map(|&(address, length)| Ipv4Cidr::new(address.into(), length)) {
                lines.around(dimension, addresses(block));
            }
            for address in arriving.iter().flatten() {
                lines.around(dimension, ((*address).into(), (*address).into()));
            }
        }
        let is_ours = |address: u32| attempt.world.interface_with_public(Ipv4Addr::from(address).into()).is_some();
        headers::search(&attempt.headers, lines, is_ours, |header, lines| self.travel(attempt, arriving, header, lines))
    }

    /// The way of a header that gets through, else how many steps it did. The rows that were looked at draw the lines.
    fn travel(&self, attempt: &Attempt, arriving: &[Option<Ipv4Addr>; 2], header: &Header, lines: &mut Lines) -> Result<Way, usize> {
        let world = attempt.world_for(header);
        let packet = self.packet(header);
        let mut trace = Trace::default();
        let decision = evaluate(&world, &packet, attempt.origin, &(), &mut trace);
        trace.evidence.values().for_each(|evidence| draw(evidence, DESTINATION_PORT, lines));
        let (reached, rewrite) = match decision.verdict {
            Verdict::Deliver(delivery) if attempt.goal == Goal::Interface(delivery.to) => (Origin::Interface(delivery.to), delivery.rewrite),
            Verdict::Leave(departure) if attempt.goal == Goal::Internet && attempt.gateway.is_none_or(|gateway| gateway == departure.gateway) => {
                (Origin::Internet, departure.rewrite)
            }
            Verdict::Serve(served) if attempt.goal == Goal::Services => (Origin::Services, served.rewrite),
            Verdict::Deliver(_) | Verdict::Leave(_) | Verdict::Serve(_) | Verdict::Drop(_) => return Err(trace.steps.len()),
        };
        let arrived = rewrite.apply(&packet);
        let turns_round = trace.steps.iter().any(|step| matches!(step, Step::Hairpin { .. }));
        let as_wanted = |wanted: Option<Ipv4Addr>, address: IpAddr| wanted.is_none_or(|wanted| address == IpAddr::V4(wanted));
        if turns_round || !as_wanted(arriving[SOURCE], arrived.source) || !as_wanted(arriving[DESTINATION], arrived.destination) {
            return Err(trace.steps.len());
        }
        let forward = trace.steps;
        if self.path.protocol == InsightsProtocol::Udp {
            return if self.stopped_sender(attempt).is_none() { Ok(Way { forward, back: Vec::new() }) } else { Err(forward.len()) };
        }
        let Some(reply) = arrived.reply() else { return Err(forward.len()) };
        let opened = [decision.opened_at_source, decision.opened_at_destination];
        let connections: BTreeMap<ConnectionKey, Tracking> = opened.into_iter().flatten().map(|opened| (opened.key, opened.tracking)).collect();
        let mut trace = Trace::default();
        let decision = evaluate(&world, &reply, reached, &connections, &mut trace);
        trace.evidence.values().for_each(|evidence| draw(evidence, SOURCE_PORT, lines));
        let is_back = match (decision.verdict, attempt.origin) {
            (Verdict::Deliver(delivery), Origin::Interface(from)) => delivery.to == from,
            (Verdict::Leave(_), Origin::Internet) => true,
            _ => false,
        };
        if is_back { Ok(Way { forward, back: trace.steps }) } else { Err(forward.len() + trace.steps.len()) }
    }

    fn packet(&self, header: &Header) -> Packet {
        let address = |dimension: usize| IpAddr::V4(Ipv4Addr::from(header[dimension]));
        request(address(SOURCE), address(DESTINATION), self.service(header), header[SOURCE_PORT] as u16)
    }

    fn service(&self, header: &Header) -> Service {
        let port = header[DESTINATION_PORT] as u16;
        match self.path.protocol {
            InsightsProtocol::Tcp => Service::Tcp(port),
            InsightsProtocol::Udp => Service::Udp(port),
        }
    }

    /// The interface that would send, if nothing runs behind it. Over TCP the reply runs into that by itself.
    fn stopped_sender(&self, attempt: &Attempt) -> Option<NetworkInterfaceId> {
        let Origin::Interface(from) = attempt.origin else { return None };
        let instance = attempt.world.get(from)?.attachment.and_then(|attachment| attempt.world.get(attachment.instance));
        let runs = |state| matches!(state, InstanceState::Pending | InstanceState::Running);
        instance.is_some_and(|instance| !runs(instance.state)).then_some(from)
    }

    /// The way that was found, as it is told.
    fn tell(&self, attempt: &Attempt, headers: &Headers, way: &Way) -> Findings {
        let protocol = Some(match self.path.protocol {
            InsightsProtocol::Tcp => 6,
            InsightsProtocol::Udp => 17,
        });
        let there = HeaderSet {
            protocol,
            sources: blocks(&headers[SOURCE]),
            destinations: blocks(&headers[DESTINATION]),
            source_ports: ports(&headers[SOURCE_PORT]),
            destination_ports: ports(&headers[DESTINATION_PORT]),
        };
        let forward = self.teller.components(&way.forward, there.clone(), attempt.by_instance, false);
        let arrived = components::after(&way.forward, &there);
        let answer = HeaderSet {
            protocol,
            sources: arrived.destinations,
            destinations: arrived.sources,
            source_ports: there.destination_ports,
            destination_ports: there.source_ports,
        };
        let [first, last] = attempt.by_instance;
        let back = self.teller.components(&way.back, answer, [last, first], true);
        Findings { path_found: true, forward, back, ..Findings::default() }
    }

    /// A way that was found counts only if it passes what it must, does not pass what it must not, and keeps to the accounts
    /// that may be on it.
    fn under_conditions(&self, found: Findings) -> Findings {
        let passes = |id: ResourceId| found.forward.iter().any(|told| told.component.id == id);
        let missing = self.conditions.through.iter().filter(|&&id| !passes(id.into()));
        let unwanted = self.conditions.without.iter().filter(|&&id| passes(id.into()));
        let in_the_way_of = |code: &'static str| move |&id| self.teller.about(code, Some(id), [(Role::VpcPeeringConnection, ResourceId::from(id))]);
        let explanations: Vec<Explanation> = missing
            .map(in_the_way_of("COMPONENT_FILTER_RESTRICTION"))
            .chain(unwanted.map(in_the_way_of("COMPONENT_FILTER_RESTRICTION_REMOVED_COMPONENT")))
            .collect();
        if !explanations.is_empty() {
            return in_the_way(explanations);
        }
        let is_foreign = |told: &&PathComponent| self.is_foreign(told.component.scope);
        if !found.forward.iter().chain(&found.back).any(|told| is_foreign(&told)) {
            return found;
        }
        let last = found.forward.iter().take_while(|told| !is_foreign(told)).last().map(|last| last.component.id);
        let foreign = found.forward.iter().chain(&found.back).filter(is_foreign).map(|told| told.component.scope);
        Findings { suggested_accounts: self.suggested(foreign), ..in_the_way(vec![self.no_further(last)]) }
    }

    /// What is in the way of the header that has the least in its way.
    fn obstacles(&self, attempt: &Attempt, furthest: &[Header]) -> Findings {
        let (hindered, free): (Vec<Findings>, Vec<Findings>) =
            furthest.iter().map(|header| self.explain(attempt, header)).partition(|told| !told.explanations.is_empty());
        let arrives_otherwise = attempt.arriving != [None, None] && !free.is_empty();
        let least = hindered.into_iter().filter(|_| !arrives_otherwise).min_by_key(|told| told.explanations.len());
        least.unwrap_or_else(|| in_the_way(self.unfulfilled(attempt)))
    }

    /// Nothing is in the way of what was asked about, and yet it does not arrive as it must.
    fn unfulfilled(&self, attempt: &Attempt) -> Vec<Explanation> {
        let any = [None, None];
        let codes: Vec<&str> = match attempt.arriving {
            [source, destination] if attempt.arriving != any && self.search(attempt, &any).found.is_some() => {
                let source = source.map(|_| "FILTER_AT_DESTINATION_SOURCE_ADDRESS");
                source.into_iter().chain(destination.map(|_| "FILTER_AT_DESTINATION_DESTINATION_ADDRESS")).collect()
            }
            _ => vec!["NO_PATH"],
        };
        codes.into_iter().map(|code| self.teller.about(code, None::<ResourceId>, [])).collect()
    }

    /// What is in the way of a header, as far as it may be looked at.
    fn explain(&self, attempt: &Attempt, header: &Header) -> Findings {
        let packet = self.packet(header);
        let asked = Asked {
            origin: attempt.origin,
            source: packet.source,
            goal: attempt.goal,
            destination: Some(packet.destination).filter(|_| !attempt.is_nameless),
            service: self.service(header),
            source_port: header[SOURCE_PORT] as u16,
        };
        let explained = asked.explain(Draft::new(&attempt.world_for(header)));
        let mut told = Findings::default();
        if self.path.protocol == InsightsProtocol::Udp {
            told.explanations.extend(self.stopped_sender(attempt).and_then(|interface| self.teller.not_running("BAD_STATE", interface)));
        }
        let reply = explained.reply.iter().filter(|_| self.path.protocol == InsightsProtocol::Tcp);
        let mut across = None;
        for line in explained.forward.iter().chain(reply) {
            match line {
                Line::Passed { step: Step::Hairpin { gateway }, .. } => {
                    told.explanations.push(self.teller.reflection(*gateway));
                    return told;
                }
                Line::Passed { step: Step::Peering { connection }, .. } => across = Some(ResourceId::from(*connection)),
                Line::Passed { .. } => {}
                Line::Blocked { denial, packet, repairs, .. } => {
                    let unjoined = repairs.iter().find_map(|repair| match *repair {
                        Repair::CreatePeering { requester, accepter, .. } => Some(self.teller.disconnected(requester, accepter)),
                        _ => None,
                    });
                    let denial = line.code().and_then(|code| self.teller.denial(code, denial, packet));
                    for explanation in unjoined.into_iter().chain(denial) {
                        match explanation.scope.filter(|&scope| self.is_foreign(scope)) {
                            Some(scope) => {
                                told.explanations.push(self.no_further(across));
                                told.suggested_accounts = self.suggested([scope]);
                                return told;
                            }
                            None if told.explanations.contains(&explanation) => {}
                            None => told.explanations.push(explanation),
                        }
                    }
                }
            }
        }
        told
    }

    /// Whether somebody has it who is not to be looked at: another account that was not named, or another region.
    fn is_foreign(&self, scope: Scope) -> bool {
        let own = self.path.scope;
        scope.region != own.region || !(scope.account == own.account || self.conditions.additional_accounts.contains(&scope.account))
    }

    /// The accounts that could be named to be looked at; other regions cannot.
    fn suggested(&self, foreign: impl IntoIterator<Item = Scope>) -> Vec<AccountId> {
        let accounts: BTreeSet<_> = foreign.into_iter().filter(|scope| scope.region == self.path.scope.region).map(|scope| scope.account).collect();
        accounts.into_iter().collect()
    }

    /// Whatever is behind that is not to be looked at.
    fn no_further(&self, last: Option<ResourceId>) -> Explanation {
        let mut told = self.teller.about("NO_POSSIBLE_DESTINATION", last, []);
        let connection = last.filter(|id| matches!(id, ResourceId::VpcPeeringConnectionId(_)));
        told.parts.extend(connection.map(|id| (Role::VpcPeeringConnection, self.teller.component(id))));
        told
    }
}

impl Attempt {
    /// The network for packets with that header: whoever is imagined has the address that they want.
    fn world_for(&self, header: &Header) -> Cow<'_, Snapshot> {
        match self.imagined {
            None => Cow::Borrowed(&*self.world),
            Some((dimension, interface)) => {
                let mut world = self.world.clone();
                world.update(interface, |interface| interface.private_ip = header[dimension].into());
                Cow::Owned(Snapshot::clone(&world))
            }
        }
    }
}

/// What nobody on the internet can be answered at: an answer would not be routed.
const NEVER_ANSWERED: [([u8; 4], u8); 5] =
    [([0, 0, 0, 0], 32), ([127, 0, 0, 0], 8), ([169, 254, 0, 0], 16), ([224, 0, 0, 0], 4), ([255, 255, 255, 255], 32)];

/// Draws the lines of the rows that were looked at. Rules are about destination ports; those of a reply are source ports.
fn draw(evidence: &Evidence, ports: usize, lines: &mut Lines) {
    let mut draw = |traffic: Option<&Traffic>, peer: Option<Cidr>| {
        if let Some(Traffic::Tcp(range) | Traffic::Udp(range)) = traffic {
            lines.around(ports, (range.from.into(), range.to.into()));
        }
        if let Some(block) = peer.and_then(|peer| peer.as_ipv4()) {
            lines.around(SOURCE, addresses(block));
            lines.around(DESTINATION, addresses(block));
        }
    };
    match &evidence.rows {
        Rows::SecurityGroups(rules) => rules.iter().for_each(|(_, rule, _)| {
            let peer = match rule.peer {
                RulePeer::Cidr(cidr) => Some(cidr),
                RulePeer::SecurityGroup { .. } => None,
            };
            draw(Some(&rule.traffic), peer);
        }),
        Rows::NetworkAcl(_, entries) => entries.iter().for_each(|(_, entry, _)| draw(Some(&entry.traffic), Some(entry.cidr))),
        Rows::Routes(_, routes) => routes.iter().for_each(|(route, _)| draw(None, Some(route.destination))),
    }
}

/// The fewest blocks that hold these addresses and no others, in the order of their texts, as AWS has them.
fn blocks(ranges: &[Range]) -> Vec<Cidr> {
    let mut blocks = Vec::new();
    for &(first, last) in ranges {
        let mut begin = u64::from(first);
        while begin <= u64::from(last) {
            let aligned = if begin == 0 { 32 } else { begin.trailing_zeros().min(32) };
            let fitting = (u64::from(last) - begin + 1).ilog2();
            let bits = aligned.min(fitting);
            blocks.extend(Ipv4Cidr::new(Ipv4Addr::from(begin as u32), 32 - bits as u8).map(Cidr::from));
            begin += 1 << bits;
        }
    }
    blocks.sort_by_key(Cidr::to_string);
    blocks
}

fn ports(ranges: &[Range]) -> Vec<PortRange> {
    ranges.iter().map(|&(from, to)| PortRange { from: from as u16, to: to as u16 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_the_fewest_and_in_the_order_of_their_texts() {
        let texts = |ranges: &[Range]| blocks(ranges).iter().map(Cidr::to_string).collect::<Vec<_>>();
        assert_eq!(texts(&[(0, u32::MAX)]), ["0.0.0.0/0"]);
        assert_eq!(texts(&[(0, 0x09ff_ffff), (0x0b00_0000, 0x0fff_ffff)]), ["0.0.0.0/5", "11.0.0.0/8", "12.0.0.0/6", "8.0.0.0/7"]);
        assert_eq!(texts(&[(1, 3)]), ["0.0.0.1/32", "0.0.0.2/31"]);
        assert_eq!(texts(&[(u32::MAX, u32::MAX)]), ["255.255.255.255/32"]);
    }
}
