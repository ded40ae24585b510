//! Whether Reachability Analyzer says of a probe what becomes of it.
//!
//! It is asked about every TCP and UDP probe of a new flow, with the very headers of the probe, and judged by
//! [`evaluate`] and by the explanation of the same question.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use model::{
    AnalysisConditions, Findings, Id, IdDigits, InsightsProtocol, NetworkInsightsPath, NetworkInterfaceId, PathFilter, PortRange, ResourceId, Scope,
    Snapshot, Timestamp,
};
use semantics::{Denial, Line, Origin, Packet, Step, Trace, Transport, Verdict, analyze, evaluate, explain_from_port};

/// A probe, as the analyzer is asked about it.
pub(crate) struct Asked {
    /// Its first packet.
    pub packet: Packet,
    /// Where it begins.
    pub origin: Origin,
    /// The interface that was named as its receiver, if one was.
    pub to: Option<NetworkInterfaceId>,
}

impl Asked {
    /// Compares; `Err` says in what the two differ. What the analyzer cannot be asked is no difference.
    pub(crate) fn compare(&self, snapshot: &Snapshot) -> Result<(), String> {
        let Some(path) = self.path(snapshot) else { return Ok(()) };
        let findings = analyze(snapshot, &path, &AnalysisConditions::default());
        let arrives = self.arrives(snapshot, path.protocol);
        if findings.path_found != arrives {
            return Err(format!("packets {}, and the analyzer finds {findings:?}", if arrives { "arrive" } else { "do not arrive" }));
        }
        if findings.path_found == (findings.forward.is_empty() || !findings.explanations.is_empty()) {
            return Err(format!("the analyzer tells half of it: {findings:?}"));
        }
        self.same_codes(snapshot, &path, &findings)
    }

    /// The path from the instance, or from the gateway of the receiver's VPC.
    fn path(&self, snapshot: &Snapshot) -> Option<NetworkInsightsPath> {
        let (protocol, ports) = match self.packet.transport {
            Transport::Tcp { source_port, destination_port } => (InsightsProtocol::Tcp, (source_port, destination_port)),
            Transport::Udp { source_port, destination_port } => (InsightsProtocol::Udp, (source_port, destination_port)),
            Transport::Icmp { .. } | Transport::Other(_) => return None,
        };
        let (IpAddr::V4(source_address), IpAddr::V4(destination_address)) = (self.packet.source, self.packet.destination) else { return None };
        let source: ResourceId = match self.origin {
            Origin::Interface(id) => id.into(),
            Origin::Internet => {
                let vpc = snapshot.interface_with_public(destination_address.into())?.vpc;
                snapshot.internet_gateway_of(vpc)?.id.into()
            }
            Origin::Services => return None,
        };
        let only = |port| Some(PortRange::only(port));
        Some(NetworkInsightsPath {
            id: Id::from_digits(IdDigits::from_random(0)),
            scope: scope(snapshot)?,
            created: Timestamp::default(),
            source,
            destination: self.to.map(ResourceId::from),
            protocol,
            source_ip: None,
            destination_ip: None,
            destination_port: None,
            filter_at_source: Some(PathFilter {
                source_address: Some::<Ipv4Addr>(source_address),
                source_port_range: only(ports.0),
                destination_address: Some(destination_address),
                destination_port_range: only(ports.1),
            }),
            filter_at_destination: None,
        })
    }

    /// Whether the packet gets where it must without turning round at a gateway, and, over TCP, its reply back.
    fn arrives(&self, snapshot: &Snapshot, protocol: InsightsProtocol) -> bool {
        let mut trace = Trace::default();
        let decision = evaluate(snapshot, &self.packet, self.origin, &(), &mut trace);
        let (reached, rewrite) = match decision.verdict {
            Verdict::Deliver(delivery) => (Origin::Interface(delivery.to), delivery.rewrite),
            Verdict::Leave(departure) => (Origin::Internet, departure.rewrite),
            Verdict::Serve(served) => (Origin::Services, served.rewrite),
            Verdict::Drop(_) => return false,
        };
        if trace.steps.iter().any(|step| matches!(step, Step::Hairpin { .. })) || self.to.is_some_and(|to| reached != Origin::Interface(to)) {
            return false;
        }
        let opened = [decision.opened_at_source, decision.opened_at_destination].into_iter().flatten();
        let connections = opened.map(|opened| (opened.key, opened.tracking)).collect::<std::collections::BTreeMap<_, _>>();
        let Some(reply) = rewrite.apply(&self.packet).reply() else { return false };
        let back = evaluate(snapshot, &reply, reached, &connections, &mut ());
        protocol == InsightsProtocol::Udp
            || match back.verdict {
                Verdict::Deliver(delivery) => self.origin == Origin::Interface(delivery.to),
                Verdict::Leave(_) => self.origin == Origin::Internet,
                Verdict::Serve(_) | Verdict::Drop(_) => false,
            }
    }

    /// The codes are those that the explanation shows.
    fn same_codes(&self, snapshot: &Snapshot, path: &NetworkInsightsPath, findings: &Findings) -> Result<(), String> {
        let told: BTreeSet<&str> = findings.explanations.iter().map(|told| told.code.as_str()).collect();
        let is_about_the_path = |code: &&str| ["DISCONNECTED_VPCS", "IGW_NAT_REFLECTION", "NO_PATH"].contains(code);
        let to = self.to.map_or(semantics::Endpoint::Address(self.packet.destination), semantics::Endpoint::Interface);
        let (from, source_port) = match (self.origin, self.packet.transport) {
            (Origin::Interface(id), Transport::Tcp { source_port, .. } | Transport::Udp { source_port, .. }) => {
                (semantics::Endpoint::Interface(id), source_port)
            }
            (_, Transport::Tcp { source_port, .. } | Transport::Udp { source_port, .. }) => {
                (semantics::Endpoint::Address(self.packet.source), source_port)
            }
            _ => return Ok(()),
        };
        let service = match self.packet.transport {
            Transport::Udp { destination_port, .. } => semantics::Service::Udp(destination_port),
            Transport::Tcp { destination_port, .. } => semantics::Service::Tcp(destination_port),
            _ => return Ok(()),
        };
        let question = semantics::Question { from, to, service };
        let Ok(explanation) = explain_from_port(snapshot, &question, source_port) else { return Ok(()) };
        let reply = explanation.reply.iter().filter(|_| path.protocol == InsightsProtocol::Tcp);
        let lines = explanation.forward.iter().chain(reply);
        let until_it_turns = lines.take_while(|line| !matches!(line, Line::Passed { step: Step::Hairpin { .. }, .. }));
        // A connection that would first have to be asked for is in the way only once it is there.
        let is_there = |line: &&Line| match line {
            Line::Blocked { denial: Denial::Blackhole { table, route, target }, .. } => {
                snapshot.get(*table).is_some_and(|table| table.routes.get(route) == Some(target))
            }
            _ => true,
        };
        let shown: BTreeSet<&str> = until_it_turns.filter(is_there).filter_map(Line::code).collect();
        let told: BTreeSet<&str> = told.into_iter().filter(|code| !is_about_the_path(code)).collect();
        if told == shown { Ok(()) } else { Err(format!("the analyzer tells {told:?}, and the explanation {shown:?}")) }
    }
}

/// Whose and where the one account of a lab is.
fn scope(snapshot: &Snapshot) -> Option<Scope> {
    snapshot.all::<model::Vpc>().next().map(|vpc| vpc.scope)
}
