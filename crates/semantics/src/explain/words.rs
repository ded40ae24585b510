//! An explanation in words, once for every reader: the command line, its JSON, the console.

use std::net::IpAddr;

use model::{
    Direction, IcmpMatch, NetworkInterfaceId, PeeringStatus, PortRange, ResourceId, RouteTarget, RulePeer, Scope, SecurityGroupRule, Snapshot,
    Traffic, VpcPeeringConnectionId,
};

use super::fix::RenderedFix;
use super::rows::RenderedRow;
use super::tally::{Counted, Tally, tally};
use super::{Explanation, Line};
use crate::decision::Denial;
use crate::evidence::Evidence;
use crate::matching::matches;
use crate::packet::Packet;
use crate::trace::{Admission, Step};

/// An explanation, ready to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The answer in one line.
    pub headline: String,
    /// Whether packets arrive as things are.
    pub reachable: bool,
    /// The way there and the way back.
    pub legs: Vec<RenderedLeg>,
    /// What helps, in order; empty if nothing is in the way, or nothing helps.
    pub fixes: Vec<RenderedFix>,
}

/// One direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedLeg {
    /// `forward` or `reply`.
    pub title: &'static str,
    /// What is on the way.
    pub lines: Vec<RenderedLine>,
}

/// One thing on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedLine {
    /// What it does to the packet.
    pub mark: Mark,
    /// What kind of thing it is: `SG out`, `route`, …
    pub stage: &'static str,
    /// Which one, by id and name.
    pub resource: String,
    /// What it says about this packet.
    pub detail: String,
    /// The code of AWS's Reachability Analyzer, where the packet does not pass.
    pub code: Option<&'static str>,
    /// What it is, by id, as far as it is there.
    pub about: Vec<ResourceId>,
    /// How such a thing treats replies.
    pub note: Option<&'static str>,
    /// What was looked at, where it has rows.
    pub rows: Vec<RenderedRow>,
    /// What was counted there, where packets were.
    pub counted: Option<Tally>,
}

/// What a thing on the way does to the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It lets it pass.
    Passed,
    /// It drops it.
    Blocked,
    /// It is not reached; it will let the packet pass once what is before it does.
    Beyond,
}

impl Mark {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Mark::Passed => "passed",
            Mark::Blocked => "blocked",
            Mark::Beyond => "beyond",
        }
    }
}

impl Explanation {
    /// The words for it.
    pub fn render(&self, snapshot: &Snapshot) -> Rendered {
        self.render_with(snapshot, [&[], &[]])
    }

    /// The words for it, with what was counted of packets there and back.
    pub fn render_with(&self, snapshot: &Snapshot, flows: [&[Counted]; 2]) -> Rendered {
        let words = Words { before: snapshot, snapshot: &self.repaired };
        let is_counted = flows.iter().any(|flows| !flows.is_empty());
        let mut reached = true;
        let mut leg = |title, lines: &[Line], flows| {
            let tallies = if is_counted { tally(snapshot, lines, flows) } else { Vec::new() };
            RenderedLeg { title, lines: words.lines(lines, &tallies, &mut reached) }
        };
        let legs = [leg("forward", &self.forward, flows[0]), leg("reply", &self.reply, flows[1])];
        let request = &self.request;
        let verdict = if self.is_reachable() { "reachable" } else { "not reachable" };
        Rendered {
            headline: format!("{verdict}: {} {} → {}", request.transport, request.source, request.destination),
            reachable: self.is_reachable(),
            legs: legs.into_iter().filter(|leg| !leg.lines.is_empty()).collect(),
            fixes: words.fixes(&self.repairs().collect::<Vec<_>>()),
        }
    }
}

/// Why a packet is dropped, in words, as things are.
pub fn describe(snapshot: &Snapshot, denial: &Denial, packet: &Packet) -> RenderedLine {
    Words { before: snapshot, snapshot }.blocked(denial, packet, None)
}

pub(super) struct Words<'a> {
    /// Things as they are.
    pub(super) before: &'a Snapshot,
    /// Things as they would be: everything that the explanation names is in here.
    pub(super) snapshot: &'a Snapshot,
}

impl Words<'_> {
    /// The lines of a leg. What is behind the first obstacle is not reached; an obstacle that lets the packet pass
    /// once it is repaired is not told a second time.
    fn lines(&self, lines: &[Line], tallies: &[Tally], reached: &mut bool) -> Vec<RenderedLine> {
        let mut told: Vec<RenderedLine> = Vec::new();
        let tallies = tallies.iter().copied().map(Some).chain(std::iter::repeat(None));
        for (line, counted) in lines.iter().zip(tallies) {
            match line {
                Line::Blocked { denial, packet, evidence, .. } => {
                    *reached = false;
                    told.push(RenderedLine { counted, ..self.blocked(denial, packet, evidence.as_ref()) });
                }
                Line::Passed { step, evidence } => {
                    let passed = self.step(step, if *reached { Mark::Passed } else { Mark::Beyond }, evidence.as_ref());
                    let repaired = |last: &RenderedLine| last.mark == Mark::Blocked && last.stage == passed.stage && last.stage != "route";
                    if !told.last().is_some_and(repaired) {
                        told.push(RenderedLine { counted, ..passed });
                    }
                }
            }
        }
        told
    }

    fn blocked(&self, denial: &Denial, packet: &Packet, evidence: Option<&Evidence>) -> RenderedLine {
        let (stage, resource, detail) = self.denial(denial, packet);
        let rows = evidence.map(|evidence| self.rows(evidence)).unwrap_or_default();
        let code = super::code(denial, evidence);
        let about = self.about_denial(denial);
        RenderedLine {
            mark: Mark::Blocked,
            stage,
            resource,
            detail,
            code: Some(code),
            about: self.there(about),
            note: note(stage),
            rows,
            counted: None,
        }
    }

    fn step(&self, step: &Step, mark: Mark, evidence: Option<&Evidence>) -> RenderedLine {
        let (stage, resource, detail) = match *step {
            Step::Leave { interface } => ("from", self.interface(interface), self.address(interface)),
            Step::SecurityGroup { interface, direction, by } => self.admission(interface, direction, by),
            Step::SameSubnet { subnet } => ("subnet", self.named(subnet), "stays in it: network ACLs and route tables are not asked".to_owned()),
            Step::NetworkAcl { acl, direction, rule, .. } => (acl_stage(direction), self.named(acl), format!("rule {rule} allows it")),
            Step::Route { table, route, target, beats } => {
                let beaten = beats.map(|(route, target)| format!(" (beats {route} → {target})")).unwrap_or_default();
                ("route", self.named(table), format!("{route} → {target}{beaten}"))
            }
            Step::Peering { connection } => ("peering", self.named(connection), "active".to_owned()),
            Step::Translate { gateway, private, public } => ("gateway", self.named(gateway), format!("{private} is {public} outside")),
            Step::Hairpin { gateway } => ("gateway", self.named(gateway), "the destination is one of ours: back in".to_owned()),
            Step::Service { service } => ("service", service.as_str().to_owned(), "no route, group or network ACL is asked".to_owned()),
            Step::Arrive { interface } => ("to", self.interface(interface), self.address(interface)),
        };
        let about = match *step {
            Step::Leave { interface } | Step::Arrive { interface } => self.behind(interface),
            Step::SecurityGroup { by: Admission::Rule { group, .. }, .. } => vec![group.into()],
            Step::SecurityGroup { interface, .. } => self.groups_of(interface),
            Step::SameSubnet { subnet } => vec![subnet.into()],
            Step::NetworkAcl { acl, .. } => vec![acl.into()],
            Step::Route { table, .. } => vec![table.into()],
            Step::Peering { connection } => vec![connection.into()],
            Step::Translate { gateway, .. } | Step::Hairpin { gateway } => vec![gateway.into()],
            Step::Service { .. } => Vec::new(),
        };
        let rows = evidence.map(|evidence| self.rows(evidence)).unwrap_or_default();
        RenderedLine { mark, stage, resource, detail, code: None, about: self.there(about), note: note(stage), rows, counted: None }
    }

    fn about_denial(&self, denial: &Denial) -> Vec<ResourceId> {
        match *denial {
            Denial::UnknownInterface(interface) | Denial::SourceCheck(interface) | Denial::NotRunning { interface, .. } => self.behind(interface),
            Denial::NoPublicAddress { interface, .. } => self.behind(interface),
            Denial::SecurityGroup { interface, .. } => self.groups_of(interface),
            Denial::NetworkAcl { acl, .. } => vec![acl.into()],
            Denial::NoRoute { table, .. } | Denial::Blackhole { table, .. } => vec![table.into()],
            Denial::PeeringNotForAddress { connection, .. } => vec![connection.into()],
            Denial::PrivateDestination { gateway, .. } => vec![gateway.into()],
            Denial::NoDnsSupport { vpc } | Denial::Spoofed { vpc, .. } | Denial::NoGateway { vpc } | Denial::NoSuchAddress { vpc, .. } => {
                vec![vpc.into()]
            }
            Denial::NotRouted { .. } | Denial::Unasked { .. } | Denial::PrivateSource { .. } | Denial::NoSuchPublicAddress { .. } => Vec::new(),
        }
    }

    /// Those that are there already.
    fn there(&self, ids: Vec<ResourceId>) -> Vec<ResourceId> {
        ids.into_iter().filter(|&id| scope_in(self.before, id).is_some()).collect()
    }

    /// What people know an interface by: its instance or endpoint, else itself.
    fn behind(&self, id: NetworkInterfaceId) -> Vec<ResourceId> {
        let Some(interface) = self.snapshot.get(id) else { return vec![id.into()] };
        let instance = interface.attachment.map(|attachment| attachment.instance.into());
        vec![instance.or(interface.endpoint.map(Into::into)).unwrap_or(id.into())]
    }

    fn groups_of(&self, id: NetworkInterfaceId) -> Vec<ResourceId> {
        self.snapshot.get(id).map(|interface| interface.groups.iter().map(|&group| group.into()).collect()).unwrap_or_default()
    }

    fn admission(&self, interface: NetworkInterfaceId, direction: Direction, by: Admission) -> (&'static str, String, String) {
        let stage = group_stage(direction);
        match by {
            Admission::Rule { group, rule } => {
                let rule = self.snapshot.get(group).and_then(|group| group.rules.iter().find(|other| other.id == rule));
                let detail = rule.map(|rule| format!("{} {} {}", traffic(&rule.traffic), arrow(direction), peer(&rule.peer)));
                (stage, self.group(group), detail.unwrap_or_default())
            }
            Admission::Reply => (stage, self.groups(interface), "lets the reply of a tracked flow pass".to_owned()),
            Admission::Tracked => (stage, self.groups(interface), "the flow is tracked".to_owned()),
            Admission::Related => (stage, self.groups(interface), "the error is about a tracked flow".to_owned()),
        }
    }

    fn denial(&self, denial: &Denial, packet: &Packet) -> (&'static str, String, String) {
        match *denial {
            Denial::UnknownInterface(id) => ("from", id.to_string(), "is not there any more".to_owned()),
            Denial::SourceCheck(id) => ("from", self.interface(id), "sends from an address that is not its own, and checks".to_owned()),
            Denial::NotRouted { destination } => ("router", destination.to_string(), "is never routed in a VPC".to_owned()),
            Denial::NoDnsSupport { vpc } => ("service", self.named(vpc), "enableDnsSupport is off: its DNS server does not answer".to_owned()),
            Denial::Unasked { destination, .. } => ("service", destination.to_string(), "did not ask".to_owned()),
            Denial::SecurityGroup { interface, direction } => {
                let near = self.nearest_miss(interface, direction, packet).map(|miss| format!("; {miss}")).unwrap_or_default();
                (group_stage(direction), self.groups(interface), format!("no {} rule admits it{near}", direction.as_str()))
            }
            Denial::NetworkAcl { acl, direction, rule, .. } => {
                let rule = rule.map_or_else(|| "*".to_owned(), |number| number.to_string());
                (acl_stage(direction), self.named(acl), format!("rule {rule} denies it"))
            }
            Denial::NoRoute { table, destination } => ("route", self.named(table), format!("no route to {destination}")),
            Denial::Blackhole { table, route, target } => {
                let why = match target {
                    RouteTarget::VpcPeeringConnection(id) => self.peering_status(id),
                    RouteTarget::InternetGateway(_) => "not attached to this VPC".to_owned(),
                };
                let target = crate::routing::Target::Beyond(target);
                ("route", self.named(table), format!("{route} → {target} is a blackhole: {why}"))
            }
            Denial::PeeringNotForAddress { route, connection, destination, .. } => {
                ("peering", self.named(connection), format!("{route} leads here, and the VPC at its other end does not have {destination}"))
            }
            Denial::Spoofed { vpc, source } => ("gateway", self.named(vpc), format!("{source} is not an address of this VPC")),
            Denial::PrivateDestination { gateway, table, route, destination } => {
                let table = self.named(table);
                ("gateway", self.named(gateway), format!("{table} sends {destination} here by {route}; the internet carries no private destination"))
            }
            Denial::NoPublicAddress { interface, .. } => {
                ("gateway", self.interface(interface), "has no public address that the internet gateway could give it".to_owned())
            }
            Denial::PrivateSource { source } => ("gateway", source.to_string(), "is private: nothing on the internet comes from there".to_owned()),
            Denial::NoSuchPublicAddress { destination } => ("gateway", destination.to_string(), "is no interface's public address".to_owned()),
            Denial::NoGateway { vpc } => ("gateway", self.named(vpc), "has no internet gateway attached".to_owned()),
            Denial::NoSuchAddress { vpc, destination } => ("to", self.named(vpc), format!("nothing has the address {destination}")),
            Denial::NotRunning { interface, .. } => {
                let endpoint = self.before.get(interface).and_then(|interface| interface.endpoint).and_then(|id| self.before.get(id));
                let detail = endpoint.map_or_else(|| "no running instance".to_owned(), |endpoint| format!("the endpoint is {}", endpoint.state));
                ("to", self.interface(interface), detail)
            }
        }
    }

    /// The rule that fails in one point only, and in which. One that was made for such traffic is nearer than one for
    /// another kind from the right place, and that is nearer than one for all traffic.
    fn nearest_miss(&self, interface: NetworkInterfaceId, direction: Direction, packet: &Packet) -> Option<String> {
        let groups = &self.before.get(interface)?.groups;
        let rules = groups.iter().filter_map(|&id| self.before.get(id)).flat_map(|group| group.rules(direction));
        let remote = match direction {
            Direction::Ingress => packet.source,
            Direction::Egress => packet.destination,
        };
        let nearness = |rule: &SecurityGroupRule| match (matches(&rule.traffic, packet), names(&rule.peer, remote)) {
            (true, _) if rule.traffic != Traffic::All => Some(3),
            (_, true) => Some(2),
            (true, _) => Some(1),
            _ => None,
        };
        let (_, near) = rules.filter_map(|rule| Some((nearness(rule)?, rule))).max_by_key(|(nearness, _)| *nearness)?;
        let says = format!("{} {} {}", traffic(&near.traffic), arrow(direction), peer(&near.peer));
        Some(if matches(&near.traffic, packet) {
            format!("the rule for {says} does not mean {remote}")
        } else {
            format!("the rule for {says} does not mean {}", packet.transport)
        })
    }

    fn peering_status(&self, id: VpcPeeringConnectionId) -> String {
        match self.before.get(id).map(|connection| connection.status) {
            Some(PeeringStatus::InitiatingRequest | PeeringStatus::PendingAcceptance) => "it is not accepted yet".to_owned(),
            Some(status) => format!("it is {status}"),
            None => "it is to be accepted".to_owned(),
        }
    }

    pub(super) fn scope_of(&self, id: ResourceId) -> Option<Scope> {
        scope_in(self.snapshot, id)
    }

    /// Id and `Name` tag.
    pub(super) fn named(&self, id: impl Into<ResourceId>) -> String {
        let id = id.into();
        match self.scope_of(id).and_then(|scope| self.snapshot.name(scope, id)) {
            Some(name) => format!("{id} {name}"),
            None => id.to_string(),
        }
    }

    pub(super) fn group(&self, id: model::SecurityGroupId) -> String {
        self.snapshot.get(id).map_or_else(|| id.to_string(), |group| format!("{id} {}", group.name))
    }

    pub(super) fn groups(&self, interface: NetworkInterfaceId) -> String {
        let groups = self.snapshot.get(interface).map(|interface| interface.groups.as_slice()).unwrap_or_default();
        groups.iter().map(|&group| self.group(group)).collect::<Vec<_>>().join(" + ")
    }

    /// The instance or endpoint that has the interface; an imagined one has none, and is named by its subnet.
    pub(super) fn interface(&self, id: NetworkInterfaceId) -> String {
        let Some(interface) = self.snapshot.get(id) else { return id.to_string() };
        let imagined = model::IdDigits::from_random(u64::MAX);
        match interface.attachment {
            Some(attachment) if attachment.id.digits() != imagined => self.named(attachment.instance),
            Some(_) => format!("a new instance in {}", self.named(interface.subnet)),
            None => interface.endpoint.map_or_else(|| id.to_string(), |endpoint| self.named(endpoint)),
        }
    }

    fn address(&self, id: NetworkInterfaceId) -> String {
        self.snapshot.get(id).map(|interface| interface.private_ip.to_string()).unwrap_or_default()
    }
}

/// Whose a resource is, and where; `None` if it is not there.
pub(crate) fn scope_in(snapshot: &Snapshot, id: ResourceId) -> Option<Scope> {
    Some(match id {
        ResourceId::VpcId(id) => snapshot.get(id)?.scope,
        ResourceId::SubnetId(id) => snapshot.get(id)?.scope,
        ResourceId::RouteTableId(id) => snapshot.get(id)?.scope,
        ResourceId::NetworkAclId(id) => snapshot.get(id)?.scope,
        ResourceId::SecurityGroupId(id) => snapshot.get(id)?.scope,
        ResourceId::InternetGatewayId(id) => snapshot.get(id)?.scope,
        ResourceId::NetworkInterfaceId(id) => snapshot.get(id)?.scope,
        ResourceId::InstanceId(id) => snapshot.get(id)?.scope,
        ResourceId::InstanceConnectEndpointId(id) => snapshot.get(id)?.scope,
        ResourceId::VpcPeeringConnectionId(id) => snapshot.get(id)?.requester.scope,
        _ => return None,
    })
}

/// How such a thing treats replies: half of what people get wrong.
fn note(stage: &str) -> Option<&'static str> {
    match stage {
        "SG in" | "SG out" => Some("Stateful: the reply of a flow that was let through needs no rule."),
        "NACL in" | "NACL out" => Some("Stateless: the reply is judged for itself, by the rules of the other direction."),
        _ => None,
    }
}

fn group_stage(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "SG in",
        Direction::Egress => "SG out",
    }
}

fn acl_stage(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "NACL in",
        Direction::Egress => "NACL out",
    }
}

pub(super) fn arrow(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "from",
        Direction::Egress => "to",
    }
}

/// Whether the rule means that address, by number.
fn names(peer: &RulePeer, address: IpAddr) -> bool {
    matches!(peer, RulePeer::Cidr(cidr) if cidr.contains(address))
}

pub(super) fn peer(peer: &RulePeer) -> String {
    match peer {
        RulePeer::Cidr(cidr) => cidr.to_string(),
        RulePeer::SecurityGroup { group, .. } => format!("members of {group}"),
    }
}

pub(super) fn traffic(traffic: &Traffic) -> String {
    match traffic {
        Traffic::All => "all traffic".to_owned(),
        Traffic::Tcp(range) => format!("TCP {}", ports(range)),
        Traffic::Udp(range) => format!("UDP {}", ports(range)),
        Traffic::Icmp(message) => format!("ICMP{}", icmp(message)),
        Traffic::Icmpv6(message) => format!("ICMPv6{}", icmp(message)),
        Traffic::Protocol(number) => format!("protocol {number}"),
    }
}

fn ports(range: &PortRange) -> String {
    match range {
        PortRange { from, to } if from == to => from.to_string(),
        PortRange { from, to } => format!("{from}-{to}"),
    }
}

fn icmp(message: &IcmpMatch) -> String {
    match message {
        IcmpMatch::Any => String::new(),
        IcmpMatch::Type(kind) => format!(" type {kind}"),
        IcmpMatch::TypeAndCode(kind, code) => format!(" type {kind} code {code}"),
    }
}
