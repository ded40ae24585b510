//! The smallest change that gets a packet past a "no".

use std::net::IpAddr;

use model::{
    Attachment, Cidr, Direction, Draft, IcmpMatch, Id, IdDigits, Instance, InstanceId, InstanceState, Ipv4Cidr, MacAddress, NetworkAclEntry,
    NetworkAclId, NetworkInterface, NetworkInterfaceId, PeeringStatus, PeeringVpc, PortRange, RouteTableId, RouteTarget, RuleAction, RulePeer,
    SecurityGroupId, SecurityGroupRule, Snapshot, SubnetId, Timestamp, Traffic, VpcId, VpcPeeringConnection, VpcPeeringConnectionId,
};

use crate::decision::Denial;
use crate::packet::{ECHO_REPLY, ECHO_REPLY_V6, Packet, Transport};

/// A change that helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Add a rule to a security group.
    Authorize {
        /// The group.
        group: SecurityGroupId,
        /// Which way.
        direction: Direction,
        /// What.
        traffic: Traffic,
        /// From or to whom.
        peer: Cidr,
    },
    /// Add a rule to a network ACL, before the one that denies.
    AllowInAcl {
        /// The network ACL.
        acl: NetworkAclId,
        /// Which way.
        direction: Direction,
        /// The new rule's number.
        number: u16,
        /// What.
        traffic: Traffic,
        /// From or to whom.
        cidr: Cidr,
    },
    /// Ask for a peering connection.
    CreatePeering {
        /// It will have this id in the explanation only.
        imagined: VpcPeeringConnectionId,
        /// Who asks.
        requester: VpcId,
        /// Who is asked.
        accepter: VpcId,
    },
    /// Accept a peering connection.
    AcceptPeering {
        /// Which.
        connection: VpcPeeringConnectionId,
    },
    /// Add a route, or change where the one of the same destination leads.
    Route {
        /// The table.
        table: RouteTableId,
        /// The destination.
        destination: Ipv4Cidr,
        /// Where it shall lead.
        connection: VpcPeeringConnectionId,
        /// Whether the table has a route of that destination.
        replaces: bool,
    },
    /// Start a stopped instance.
    Start {
        /// Which.
        instance: InstanceId,
    },
}

/// What shall arrive.
pub(super) struct Wish<'a> {
    /// The packet.
    pub(super) packet: &'a Packet,
    /// Where it leaves.
    pub(super) from: NetworkInterfaceId,
    /// Where it is meant to arrive.
    pub(super) to: Option<NetworkInterfaceId>,
}

/// The smallest repair of that denial; `None` if nothing in the VPC's configuration helps.
pub(super) fn smallest(snapshot: &Snapshot, wish: &Wish, denial: &Denial) -> Option<Repair> {
    match *denial {
        Denial::SecurityGroup { interface, direction } => authorize(snapshot, wish.packet, interface, direction),
        Denial::NetworkAcl { acl, direction, rule, .. } => allow_in_acl(snapshot, wish.packet, acl, direction, rule),
        Denial::NoRoute { table, .. } | Denial::PrivateDestination { table, .. } | Denial::PeeringNotForAddress { table, .. } => {
            route(snapshot, wish, table)
        }
        Denial::Blackhole { table, target, .. } => revive(snapshot, wish, target).or_else(|| route(snapshot, wish, table)),
        Denial::NotRunning { instance, .. } => {
            let instance = snapshot.get(instance?)?;
            (instance.state == InstanceState::Stopped).then_some(Repair::Start { instance: instance.id })
        }
        Denial::UnknownInterface(_)
        | Denial::SourceCheck(_)
        | Denial::NotRouted { .. }
        | Denial::Spoofed { .. }
        | Denial::NoPublicAddress { .. }
        | Denial::NoSuchAddress { .. } => None,
    }
}

fn authorize(snapshot: &Snapshot, packet: &Packet, interface: NetworkInterfaceId, direction: Direction) -> Option<Repair> {
    let group = *snapshot.get(interface)?.groups.first()?;
    let remote = match direction {
        Direction::Ingress => packet.source,
        Direction::Egress => packet.destination,
    };
    Some(Repair::Authorize { group, direction, traffic: just(packet), peer: Cidr::host(remote) })
}

/// The traffic that the packet is of, and no more.
fn just(packet: &Packet) -> Traffic {
    match packet.transport {
        Transport::Tcp { destination_port, .. } => Traffic::Tcp(PortRange::only(destination_port)),
        Transport::Udp { destination_port, .. } => Traffic::Udp(PortRange::only(destination_port)),
        Transport::Icmp { kind, .. } if packet.source.is_ipv6() => Traffic::Icmpv6(IcmpMatch::Type(kind)),
        Transport::Icmp { kind, .. } => Traffic::Icmp(IcmpMatch::Type(kind)),
        Transport::Other(number) => Traffic::Protocol(number),
    }
}

/// The ephemeral ports of all the clients that there are: Linux's, Windows' and those of load balancers.
const EPHEMERAL_PORTS: PortRange = PortRange { from: 1024, to: 65535 };

fn allow_in_acl(snapshot: &Snapshot, packet: &Packet, acl: NetworkAclId, direction: Direction, rule: Option<u16>) -> Option<Repair> {
    let entries = snapshot.get(acl)?.entries(direction);
    let number = match rule {
        Some(denying) => (1..denying).rev().find(|number| !entries.contains_key(number))?,
        None => (100..=32766).step_by(100).chain(1..=32766).find(|number| !entries.contains_key(number))?,
    };
    let remote = match direction {
        Direction::Ingress => packet.source,
        Direction::Egress => packet.destination,
    };
    let traffic = match packet.transport {
        // A reply goes to whatever port its client had this time.
        Transport::Tcp { destination_port: super::EPHEMERAL_PORT, .. } => Traffic::Tcp(EPHEMERAL_PORTS),
        Transport::Udp { destination_port: super::EPHEMERAL_PORT, .. } => Traffic::Udp(EPHEMERAL_PORTS),
        Transport::Icmp { kind: kind @ (ECHO_REPLY | ECHO_REPLY_V6), .. } if !packet.source.is_ipv6() => Traffic::Icmp(IcmpMatch::Type(kind)),
        _ => just(packet),
    };
    Some(Repair::AllowInAcl { acl, direction, number, traffic, cidr: Cidr::host(remote) })
}

/// A pending connection that the packet could use only wants to be accepted.
fn revive(snapshot: &Snapshot, wish: &Wish, target: RouteTarget) -> Option<Repair> {
    let RouteTarget::VpcPeeringConnection(id) = target else { return None };
    let (from, to) = (snapshot.get(wish.from)?, snapshot.get(wish.to?)?);
    let connection = snapshot.get(id)?;
    let acceptable = matches!(connection.status, PeeringStatus::InitiatingRequest | PeeringStatus::PendingAcceptance);
    (acceptable && connection.joins(from.vpc, to.vpc)).then_some(Repair::AcceptPeering { connection: id })
}

/// A route to the VPC of the interface that is meant, over the connection that there is, or over a new one.
fn route(snapshot: &Snapshot, wish: &Wish, table: RouteTableId) -> Option<Repair> {
    let (from, to) = (snapshot.get(wish.from)?, snapshot.get(wish.to?)?);
    let (here, there) = (snapshot.get(from.vpc)?, snapshot.get(to.vpc)?);
    let destination = there.cidrs().find(|cidr| Cidr::from(*cidr).contains(wish.packet.destination))?;
    let overlapping = here.cidrs().any(|one| there.cidrs().any(|other| one.overlaps(&other)));
    if overlapping {
        return None;
    }
    let Some(connection) = live_peering(snapshot, here.id, there.id) else {
        return Some(Repair::CreatePeering { imagined: imagined_id(snapshot), requester: here.id, accepter: there.id });
    };
    let replaces = snapshot.get(table)?.routes.contains_key(&destination.into());
    Some(Repair::Route { table, destination, connection, replaces })
}

/// The connection between the two that is active or can become so; an active one is better.
fn live_peering(snapshot: &Snapshot, one: VpcId, other: VpcId) -> Option<VpcPeeringConnectionId> {
    let live = |connection: &&VpcPeeringConnection| connection.joins(one, other) && !connection.status.is_terminal();
    let connections = snapshot.all::<VpcPeeringConnection>().filter(live);
    connections.max_by_key(|connection| connection.status == PeeringStatus::Active).map(|connection| connection.id)
}

/// An id that nothing has.
fn imagined_id<I: Id + model::Key>(snapshot: &Snapshot) -> I {
    let mut digits = u64::MAX;
    loop {
        let id = I::from_digits(IdDigits::from_random(digits));
        if snapshot.is_free(id) {
            return id;
        }
        digits -= 1;
    }
}

/// Puts an interface into the subnet, as a new instance would have it; `None` if no address is free.
pub(super) fn imagine_interface(world: &mut Draft, subnet: SubnetId) -> Option<NetworkInterfaceId> {
    let subnet = world.get(subnet)?.clone();
    let private_ip = subnet.assignable().find(|&address| world.interface_at(subnet.vpc, address.into()).is_none())?;
    let (id, instance): (NetworkInterfaceId, InstanceId) = (imagined_id(world), imagined_id(world));
    let imagined = IdDigits::from_random(u64::MAX);
    let time = Timestamp::default();
    let group = world.get(subnet.vpc)?.default_security_group;
    let serial = world.next_interface_serial();
    world.put(NetworkInterface {
        id,
        scope: subnet.scope,
        serial,
        subnet: subnet.id,
        vpc: subnet.vpc,
        mac: MacAddress::interface(id.digits().low_bits()),
        private_ip,
        groups: vec![group],
        source_dest_check: true,
        description: String::new(),
        attachment: Some(Attachment { id: Id::from_digits(imagined), instance, device_index: 0, delete_on_termination: true, attach_time: time }),
    });
    world.put(Instance {
        id: instance,
        scope: subnet.scope,
        reservation: Id::from_digits(imagined),
        launch_index: 0,
        image: model::Image::all()[0].id(),
        instance_type: model::InstanceType::t3_micro(),
        zone: subnet.zone,
        state: InstanceState::Running,
        since: time,
        state_reason: None,
        launch_time: time,
        client_token: None,
        interfaces: vec![id],
    });
    Some(id)
}

/// The interface that a person means by a bare address: that of the VPC itself, else of one that it has a connection
/// with.
pub(super) fn who_is_meant(snapshot: &Snapshot, vpc: VpcId, address: IpAddr) -> Option<NetworkInterfaceId> {
    let peers = snapshot.all::<VpcPeeringConnection>().filter(|connection| !connection.status.is_terminal()).filter_map(|connection| {
        let peer: &PeeringVpc = connection.peer_of(vpc)?;
        Some(peer.vpc)
    });
    std::iter::once(vpc).chain(peers).find_map(|vpc| snapshot.interface_at(vpc, address)).map(|interface| interface.id)
}

impl Repair {
    /// Makes the change.
    pub(super) fn make(self, world: &mut Draft) {
        match self {
            Repair::Authorize { group, direction, traffic, peer } => {
                let rule = SecurityGroupRule {
                    id: Id::from_digits(IdDigits::from_random(u64::MAX)),
                    direction,
                    traffic,
                    peer: RulePeer::Cidr(peer),
                    description: None,
                };
                world.update(group, |group| group.rules.push(rule));
            }
            Repair::AllowInAcl { acl, direction, number, traffic, cidr } => world.update(acl, |acl| {
                acl.entries_mut(direction).insert(number, NetworkAclEntry { action: RuleAction::Allow, traffic, cidr });
            }),
            Repair::CreatePeering { imagined, requester, accepter } => {
                let side = |id: VpcId| {
                    let vpc = world.resolve(id);
                    PeeringVpc { vpc: id, scope: vpc.scope, cidrs: vpc.cidrs().collect() }
                };
                let connection = VpcPeeringConnection {
                    id: imagined,
                    requester: side(requester),
                    accepter: side(accepter),
                    status: PeeringStatus::PendingAcceptance,
                    status_message: String::new(),
                    since: Timestamp::default(),
                    expiration: None,
                };
                world.put(connection);
            }
            Repair::AcceptPeering { connection } => world.update(connection, |connection| connection.status = PeeringStatus::Active),
            Repair::Route { table, destination, connection, .. } => world.update(table, |table| {
                table.routes.insert(destination.into(), RouteTarget::VpcPeeringConnection(connection));
            }),
            Repair::Start { instance } => world.update(instance, |instance| instance.state = InstanceState::Running),
        }
    }
}
