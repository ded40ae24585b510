//! Evidence in words: each row that was looked at, and why it did or did not match.

use std::net::IpAddr;

use model::internet::is_private;
use model::{Direction, NetworkAclEntry, NetworkAclId, RuleAction, RulePeer, SecurityGroup, SecurityGroupId, SecurityGroupRule, Traffic};

use super::words::{Words, arrow, peer, traffic};
use crate::evidence::{Evidence, Fit, PeerMismatch, RouteFit, Rows};
use crate::matching::TrafficMismatch;
use crate::packet::Packet;
use crate::routing::{Route, RouteState};

/// A row that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedRow {
    /// Which one: a rule by its id or number, a route by its destination.
    pub row: String,
    /// What it says.
    pub says: String,
    /// Whether it applies to the packet.
    pub outcome: Outcome,
    /// Why.
    pub why: String,
    /// Whether it is not there yet: the fix adds it.
    pub proposed: bool,
}

/// Whether a row applies to the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It does.
    Matched,
    /// It does not.
    Missed,
    /// It was not asked: one before it, or a better one, decided.
    Unasked,
}

impl Outcome {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Matched => "matched",
            Outcome::Missed => "missed",
            Outcome::Unasked => "unasked",
        }
    }
}

impl Words<'_> {
    /// The rows, in the order in which the table has them.
    pub(super) fn rows(&self, evidence: &Evidence) -> Vec<RenderedRow> {
        let packet = &evidence.packet;
        match &evidence.rows {
            Rows::SecurityGroups(rules) => rules.iter().map(|(group, rule, fit)| self.rule(*group, rule, fit, packet)).collect(),
            Rows::NetworkAcl(acl, entries) => self.entries(*acl, entries, packet),
            Rows::Routes(table, routes) => {
                let best = routes.iter().find(|(_, fit)| *fit == RouteFit::Wins).map(|(route, _)| *route);
                let known: Vec<Route> = self.before.get(*table).map(|table| crate::routing::routes(self.before, table).collect()).unwrap_or_default();
                let is_new = |route: &Route| !known.iter().any(|known| (known.destination, known.target) == (route.destination, route.target));
                routes.iter().map(|(route, fit)| RenderedRow { proposed: is_new(route), ..self.route(route, *fit, best, packet) }).collect()
            }
        }
    }

    fn rule(&self, group: SecurityGroupId, rule: &SecurityGroupRule, fit: &Fit, packet: &Packet) -> RenderedRow {
        let same = |known: &SecurityGroup| known.rules.iter().any(|other| other.id == rule.id);
        let address = match rule.direction {
            Direction::Ingress => packet.source,
            Direction::Egress => packet.destination,
        };
        let why = match (fit.traffic, fit.peer) {
            (None, None) => "it admits the packet".to_owned(),
            (traffic, peer) => {
                let traffic = traffic.map(|mismatch| why_traffic(mismatch, packet));
                let peer = peer.map(|mismatch| self.why_peer(mismatch, &rule.peer, address));
                traffic.into_iter().chain(peer).collect::<Vec<_>>().join("; ")
            }
        };
        RenderedRow {
            row: rule.id.to_string(),
            says: format!("{} {} {}", traffic(&rule.traffic), arrow(rule.direction), peer(&rule.peer)),
            outcome: if fit.fits() { Outcome::Matched } else { Outcome::Missed },
            why,
            proposed: !self.before.get(group).is_some_and(same),
        }
    }

    fn why_peer(&self, mismatch: PeerMismatch, peer: &RulePeer, address: IpAddr) -> String {
        let group = match peer {
            RulePeer::SecurityGroup { group, .. } => self.group(*group),
            RulePeer::Cidr(cidr) => cidr.to_string(),
        };
        match mismatch {
            PeerMismatch::Address => format!("{address} is not in {group}"),
            PeerMismatch::NotMember if is_private(address) => {
                let groups = self.groups_at(address);
                if groups.is_empty() {
                    format!("{address} is no member of {group}")
                } else {
                    format!("{address} is no member of {group}: it is in {groups}")
                }
            }
            PeerMismatch::NotMember => format!("{address} is public, and members of a group are known by their private addresses"),
            PeerMismatch::Stale => format!("the rule is stale: no active peering connection leads to the VPC of {group}"),
        }
    }

    /// The groups of the interface that has the address, if there is just one such.
    fn groups_at(&self, address: IpAddr) -> String {
        let mut owners = self.snapshot.all::<model::NetworkInterface>().filter(|interface| IpAddr::from(interface.private_ip) == address);
        match (owners.next(), owners.next()) {
            (Some(owner), None) => self.groups(owner.id),
            _ => String::new(),
        }
    }

    fn entries(&self, acl: NetworkAclId, entries: &[(u16, NetworkAclEntry, Option<Fit>)], packet: &Packet) -> Vec<RenderedRow> {
        let is_new = |direction_entries: &std::collections::BTreeMap<u16, NetworkAclEntry>, number: u16, entry: &NetworkAclEntry| {
            direction_entries.get(&number) != Some(entry)
        };
        let known = self.before.get(acl);
        let decided = entries.iter().any(|(_, _, fit)| fit.is_some_and(|fit| fit.fits()));
        let mut rows: Vec<RenderedRow> = entries
            .iter()
            .map(|(number, entry, fit)| {
                let (outcome, why) = match fit {
                    None => (Outcome::Unasked, "a lower number decided".to_owned()),
                    Some(fit) if fit.fits() => {
                        let does = if entry.action == RuleAction::Allow { "allows" } else { "denies" };
                        (Outcome::Matched, format!("the lowest number that matches: it {does} the packet"))
                    }
                    Some(fit) => {
                        let traffic = fit.traffic.map(|mismatch| why_traffic(mismatch, packet));
                        let peer = fit.peer.map(|_| format!("the address is not in {}", entry.cidr));
                        (Outcome::Missed, traffic.into_iter().chain(peer).collect::<Vec<_>>().join("; "))
                    }
                };
                let proposed = known.is_none_or(|known| is_new(&known.ingress, *number, entry) && is_new(&known.egress, *number, entry));
                RenderedRow { row: number.to_string(), says: entry_says(entry), outcome, why, proposed }
            })
            .collect();
        let (outcome, why) = match decided {
            true => (Outcome::Unasked, "a lower number decided".to_owned()),
            false => (Outcome::Matched, "no number matches: the last rule denies".to_owned()),
        };
        rows.push(RenderedRow { row: "*".to_owned(), says: "deny all traffic".to_owned(), outcome, why, proposed: false });
        rows
    }

    fn route(&self, route: &Route, fit: RouteFit, best: Option<Route>, packet: &Packet) -> RenderedRow {
        let destination = packet.destination;
        let state = if route.state == RouteState::Blackhole { ", a blackhole" } else { "" };
        let (outcome, why) = match fit {
            RouteFit::Wins if route.state == RouteState::Blackhole => {
                (Outcome::Matched, format!("the longest prefix that holds {destination}: it wins, and leads nowhere"))
            }
            RouteFit::Wins => (Outcome::Matched, format!("the longest prefix that holds {destination}")),
            RouteFit::Shorter => {
                let longer = best.map(|best| best.destination.to_string()).unwrap_or_default();
                (Outcome::Unasked, format!("it holds {destination}, and {longer} is the longer prefix"))
            }
            RouteFit::Elsewhere => (Outcome::Missed, format!("it does not hold {destination}")),
        };
        RenderedRow { row: route.destination.to_string(), says: format!("→ {}{state}", route.target), outcome, why, proposed: false }
    }
}

fn entry_says(entry: &NetworkAclEntry) -> String {
    let does = if entry.action == RuleAction::Allow { "allow" } else { "deny" };
    match entry.traffic {
        Traffic::All => format!("{does} all traffic, {}", entry.cidr),
        _ => format!("{does} {}, {}", traffic(&entry.traffic), entry.cidr),
    }
}

fn why_traffic(mismatch: TrafficMismatch, packet: &Packet) -> String {
    match mismatch {
        TrafficMismatch::Protocol => format!("it is not for {}", packet.transport),
        TrafficMismatch::Port => format!("its ports do not hold {}", packet.transport),
        TrafficMismatch::Message => format!("it is for other messages than {}", packet.transport),
    }
}
