//! At a security group: state first, then the rules; they only allow, and any of any group will do.

use std::net::IpAddr;

use model::{
    Direction, NetworkInterface, PeeringStatus, PortRange, RulePeer, SecurityGroup, SecurityGroupId, SecurityGroupRule, Snapshot, Traffic, VpcId,
    VpcPeeringConnection,
};

use super::Walk;
use crate::connection::{ConnectionKey, Connections, Opened, Tracking};
use crate::decision::Denial;
use crate::evidence::{Evidence, Fit, PeerMismatch, Rows};
use crate::matching::mismatch;
use crate::packet::Transport;
use crate::trace::{Admission, Recorder, Step};

/// What the connections that are open say of a packet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    /// It passes.
    Passes(Admission),
    /// It answers a connection that is not tracked: the rules judge it, and it opens none of its own.
    AnswersUntracked,
    /// Nothing: the rules judge it.
    Nothing,
}

impl<'a, C: Connections, R: Recorder> Walk<'a, C, R> {
    /// Through the groups of an interface. `remote` is the interface at the other end where it is known for certain;
    /// otherwise it is found by its address.
    pub(super) fn pass_security_group(
        &mut self,
        interface: &NetworkInterface,
        direction: Direction,
        remote: Option<&NetworkInterface>,
    ) -> Result<Option<Opened>, Denial> {
        let own = ConnectionKey::of_initiator(interface.id, direction, &self.packet);
        let (by, opened) = match self.known(interface, direction, &own) {
            Known::Passes(by) => (by, None),
            known => {
                self.show_rules(interface, direction, remote);
                let Some((group, rule)) = self.admitting_rules(interface, direction, remote).next() else {
                    self.missed = [Some(own), ConnectionKey::of_responder(interface.id, direction, &self.packet)];
                    return Err(Denial::SecurityGroup { interface: interface.id, direction });
                };
                let opens = known != Known::AnswersUntracked && self.packet.about.is_none();
                let opened = opens.then(|| Opened { key: own, tracking: self.tracking(interface, direction, remote) });
                (Admission::Rule { group: group.id, rule: rule.id }, opened)
            }
        };
        self.recorder.passed(Step::SecurityGroup { interface: interface.id, direction, by });
        Ok(opened)
    }

    fn known(&self, interface: &NetworkInterface, direction: Direction, own: &ConnectionKey) -> Known {
        let tracking = |key: &ConnectionKey| self.connections.find(key);
        if let Some(quoted) = &self.packet.about {
            let about = ConnectionKey::of_quoted(interface.id, direction, quoted);
            let related = about.iter().flatten().any(|key| tracking(key) == Some(Tracking::Tracked));
            return if related { Known::Passes(Admission::Related) } else { Known::Nothing };
        }
        match ConnectionKey::of_responder(interface.id, direction, &self.packet).as_ref().and_then(tracking) {
            Some(Tracking::Tracked) => return Known::Passes(Admission::Reply),
            Some(Tracking::Untracked) => return Known::AnswersUntracked,
            None => {}
        }
        match tracking(own) {
            Some(Tracking::Tracked) => Known::Passes(Admission::Tracked),
            Some(Tracking::Untracked) | None => Known::Nothing,
        }
    }

    fn rules<'i>(
        &self,
        interface: &'i NetworkInterface,
        direction: Direction,
    ) -> impl Iterator<Item = (&'a SecurityGroup, &'a SecurityGroupRule)> + use<'a, 'i, C, R> {
        rules(self.snapshot, interface, direction)
    }

    fn admitting_rules(
        &self,
        interface: &NetworkInterface,
        direction: Direction,
        remote: Option<&NetworkInterface>,
    ) -> impl Iterator<Item = (&'a SecurityGroup, &'a SecurityGroupRule)> {
        let (packet, far) = (self.packet, self.far_end(interface, direction, remote));
        self.rules(interface, direction).filter(move |(_, rule)| mismatch(&rule.traffic, &packet).is_none() && far.mismatch(&rule.peer).is_none())
    }

    /// All rules, with how each fits, for who wants to know.
    fn show_rules(&mut self, interface: &NetworkInterface, direction: Direction, remote: Option<&NetworkInterface>) {
        let (snapshot, packet, far) = (self.snapshot, self.packet, self.far_end(interface, direction, remote));
        let fit = |rule: &SecurityGroupRule| Fit { traffic: mismatch(&rule.traffic, &packet), peer: far.mismatch(&rule.peer) };
        self.recorder.looked_at(|| {
            let rows = rules(snapshot, interface, direction).map(|(group, rule)| (group.id, rule.clone(), fit(rule)));
            Evidence { packet, rows: Rows::SecurityGroups(rows.collect()) }
        });
    }

    fn far_end<'r>(&self, interface: &NetworkInterface, direction: Direction, known: Option<&'r NetworkInterface>) -> FarEnd<'a, 'r> {
        let address = match direction {
            Direction::Ingress => self.packet.source,
            Direction::Egress => self.packet.destination,
        };
        FarEnd { snapshot: self.snapshot, address, vpc: interface.vpc, known }
    }

    /// A TCP or UDP flow that a rule for all addresses admits is not tracked if another rule lets all its replies out
    /// to all addresses anyway: then each of its packets is judged by the rules.
    fn tracking(&self, interface: &NetworkInterface, direction: Direction, remote: Option<&NetworkInterface>) -> Tracking {
        let for_everyone = |rule: &SecurityGroupRule| matches!(rule.peer, RulePeer::Cidr(cidr) if cidr.is_everything() && cidr.is_ipv6() == self.packet.source.is_ipv6());
        let all_replies = |traffic: &Traffic| match (traffic, self.packet.transport) {
            (Traffic::All, _) => true,
            (Traffic::Tcp(ports), Transport::Tcp { .. }) | (Traffic::Udp(ports), Transport::Udp { .. }) => *ports == PortRange::ALL,
            _ => false,
        };
        let has_ports = matches!(self.packet.transport, Transport::Tcp { .. } | Transport::Udp { .. });
        let open_both_ways = has_ports
            && self.admitting_rules(interface, direction, remote).any(|(_, rule)| for_everyone(rule))
            && self.rules(interface, direction.opposite()).any(|(_, rule)| for_everyone(rule) && all_replies(&rule.traffic));
        if open_both_ways { Tracking::Untracked } else { Tracking::Tracked }
    }
}

fn rules<'a>(
    snapshot: &'a Snapshot,
    interface: &NetworkInterface,
    direction: Direction,
) -> impl Iterator<Item = (&'a SecurityGroup, &'a SecurityGroupRule)> {
    interface.groups.iter().filter_map(|&id| snapshot.get(id)).flat_map(move |group| group.rules(direction).map(move |rule| (group, rule)))
}

/// Who is at the other end, as far as rules ask.
struct FarEnd<'a, 'r> {
    snapshot: &'a Snapshot,
    address: IpAddr,
    /// The VPC that has the rules.
    vpc: VpcId,
    /// The interface there, where it is known for certain.
    known: Option<&'r NetworkInterface>,
}

impl FarEnd<'_, '_> {
    /// Why the peer of a rule is not it; `None` if it is.
    fn mismatch(&self, peer: &RulePeer) -> Option<PeerMismatch> {
        match *peer {
            RulePeer::Cidr(cidr) => (!cidr.contains(self.address)).then_some(PeerMismatch::Address),
            RulePeer::SecurityGroup { group, .. } => self.is_no_member(group),
        }
    }

    /// Whether the private address is that of an interface which has the group. A group of another VPC counts only
    /// while an active peering connection joins the two within one region; otherwise the rule is stale and matches
    /// nothing.
    fn is_no_member(&self, group: SecurityGroupId) -> Option<PeerMismatch> {
        let Some(home) = self.snapshot.get(group).map(|group| group.vpc) else { return Some(PeerMismatch::Stale) };
        let member = match self.known {
            Some(known) => Some(known).filter(|known| known.vpc == home && IpAddr::from(known.private_ip) == self.address),
            None => self.snapshot.interface_at(home, self.address),
        };
        if !member.is_some_and(|member| member.groups.contains(&group)) {
            return Some(PeerMismatch::NotMember);
        }
        (home != self.vpc && !self.is_peered_in_region(home)).then_some(PeerMismatch::Stale)
    }

    fn is_peered_in_region(&self, other: VpcId) -> bool {
        self.snapshot.all::<VpcPeeringConnection>().any(|connection| {
            connection.status == PeeringStatus::Active
                && connection.joins(self.vpc, other)
                && connection.requester.scope.region == connection.accepter.scope.region
        })
    }
}
