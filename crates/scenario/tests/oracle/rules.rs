//! Rules of security groups, and what a rule says of a packet.

use std::net::IpAddr;

use model::{
    Cidr, Direction, IcmpMatch, NetworkInterface, PeeringStatus, PortRange, RulePeer, SecurityGroupId, SecurityGroupRule, Snapshot, Traffic, VpcId,
    VpcPeeringConnection,
};
use semantics::{Packet, Tracking, Transport};

/// Who is at the other end of a flow, as far as an interface can know.
#[derive(Clone, Copy, Debug)]
pub enum OtherEnd<'a> {
    /// Whoever has the address: the packet has not been routed yet.
    Unknown,
    /// This interface, which may only have forwarded the packet; others of the same address mean nothing.
    Interface(&'a NetworkInterface),
    /// Somebody beyond a gateway, who has no private address.
    Internet,
}

/// Whether a rule about that traffic is about the packet. Ports are its destination ports (6.2.2, 7.1.6).
pub fn speaks_of(traffic: Traffic, packet: &Packet) -> bool {
    let icmp = |wanted: IcmpMatch, kind: u8, code: u8| match wanted {
        IcmpMatch::Any => true,
        IcmpMatch::Type(one) => one == kind,
        IcmpMatch::TypeAndCode(one, other) => (one, other) == (kind, code),
    };
    match (traffic, packet.transport) {
        (Traffic::All, _) => true,
        (Traffic::Tcp(ports), Transport::Tcp { destination_port, .. }) => ports.from <= destination_port && destination_port <= ports.to,
        (Traffic::Udp(ports), Transport::Udp { destination_port, .. }) => ports.from <= destination_port && destination_port <= ports.to,
        (Traffic::Icmp(wanted), Transport::Icmp { kind, code, .. }) => packet.source.is_ipv4() && icmp(wanted, kind, code),
        (Traffic::Icmpv6(wanted), Transport::Icmp { kind, code, .. }) => packet.source.is_ipv6() && icmp(wanted, kind, code),
        (Traffic::Protocol(one), Transport::Other(other)) => one == other,
        _ => false,
    }
}

/// Whether a rule of the interface's groups admits the packet, and how the flow that it would begin is kept.
pub fn judge(snapshot: &Snapshot, interface: &NetworkInterface, direction: Direction, packet: &Packet, other: OtherEnd) -> Option<Tracking> {
    let remote = match direction {
        Direction::Ingress => packet.source,
        Direction::Egress => packet.destination,
    };
    let admits = |rule: &&SecurityGroupRule| speaks_of(rule.traffic, packet) && is_about(snapshot, interface.vpc, rule.peer, remote, other);
    let admitting: Vec<_> = rules(snapshot, interface, direction).filter(admits).collect();
    let from_anywhere = admitting.iter().any(|rule| is_the_world(rule.peer, remote));
    let back_to_anywhere =
        rules(snapshot, interface, direction.opposite()).any(|rule| is_the_world(rule.peer, remote) && every_port(rule.traffic, packet.transport));
    match admitting.is_empty() {
        true => None,
        false if from_anywhere && back_to_anywhere => Some(Tracking::Untracked), // 6.6.4
        false => Some(Tracking::Tracked),
    }
}

fn rules<'a>(snapshot: &'a Snapshot, interface: &'a NetworkInterface, direction: Direction) -> impl Iterator<Item = &'a SecurityGroupRule> {
    let all = interface.groups.iter().flat_map(|&group| &snapshot.resolve(group).rules);
    all.filter(move |rule| rule.direction == direction)
}

fn is_about(snapshot: &Snapshot, vpc: VpcId, peer: RulePeer, remote: IpAddr, other: OtherEnd) -> bool {
    match peer {
        RulePeer::Cidr(cidr) => cidr.contains(remote),
        RulePeer::SecurityGroup { group, .. } => has_member(snapshot, vpc, group, remote, other),
    }
}

/// Whether the group, seen from the VPC, has a member of that private address (6.3.1). A group of another VPC is seen
/// through an active peering connection only (6.3.2, 6.3.5).
fn has_member(snapshot: &Snapshot, vpc: VpcId, group: SecurityGroupId, remote: IpAddr, other: OtherEnd) -> bool {
    let Some(group) = snapshot.get(group) else { return false };
    let peered = || {
        snapshot.all::<VpcPeeringConnection>().any(|connection| {
            let ends = (connection.requester.vpc, connection.accepter.vpc);
            connection.status == PeeringStatus::Active && (ends == (vpc, group.vpc) || ends == (group.vpc, vpc))
        })
    };
    let member = |interface: &NetworkInterface| interface.private_ip == remote && interface.groups.contains(&group.id);
    let is_member = match other {
        OtherEnd::Unknown => snapshot.all::<NetworkInterface>().any(member),
        OtherEnd::Interface(sender) => member(sender), // 6.3.4: not through a middlebox
        OtherEnd::Internet => false,
    };
    is_member && (group.vpc == vpc || peered())
}

fn is_the_world(peer: RulePeer, remote: IpAddr) -> bool {
    peer == RulePeer::Cidr(if remote.is_ipv4() { Cidr::ALL_IPV4 } else { Cidr::ALL_IPV6 })
}

/// Whether the traffic is all that the transport could answer. ICMP is always tracked (6.6.2), and so is what has no
/// ports.
fn every_port(traffic: Traffic, transport: Transport) -> bool {
    match transport {
        Transport::Tcp { .. } => matches!(traffic, Traffic::All | Traffic::Tcp(PortRange::ALL)),
        Transport::Udp { .. } => matches!(traffic, Traffic::All | Traffic::Udp(PortRange::ALL)),
        Transport::Icmp { .. } | Transport::Other(_) => false,
    }
}
