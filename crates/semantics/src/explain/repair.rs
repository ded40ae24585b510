//! The smallest change that gets a packet past a "no".

use std::net::{IpAddr, Ipv4Addr};

use model::internet::{instance_connect_around, is_private};
use model::local_service::EVERYWHERE;
use model::{
    Association, Attachment, Cidr, Direction, Draft, IcmpMatch, Id, IdDigits, Instance, InstanceId, InstanceState, InternetGateway,
    InternetGatewayId, NetworkAclEntry, NetworkAclId, NetworkInterface, NetworkInterfaceId, PeeringStatus, PeeringVpc, PortRange, RouteTableId,
    RouteTarget, RuleAction, RulePeer, SecurityGroupId, SecurityGroupRule, Snapshot, SubnetId, Timestamp, Traffic, VpcId, VpcPeeringConnection,
    VpcPeeringConnectionId,
};

use crate::decision::{Denial, Origin};
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
        destination: Cidr,
        /// Where it shall lead.
        target: RouteTarget,
        /// Whether the table has a route of that destination.
        replaces: bool,
    },
    /// Attach an internet gateway to a VPC.
    AttachGateway {
        /// Which; one that is yet to be created has its id in the explanation only.
        gateway: InternetGatewayId,
        /// Whether it is yet to be created.
        imagined: bool,
        /// To which VPC.
        vpc: VpcId,
    },
    /// Allocate an Elastic IP, and associate it with an interface.
    AssociateElasticIp {
        /// The interface.
        interface: NetworkInterfaceId,
    },
    /// Let the VPC's DNS server answer.
    EnableDnsSupport {
        /// Of which VPC.
        vpc: VpcId,
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
    /// Where it comes from.
    pub(super) origin: Origin,
    /// Where it is meant to arrive.
    pub(super) goal: Goal,
    /// The port that the one who began has this time.
    pub(super) source_port: u16,
}

/// Where a packet is meant to arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// At an interface.
    Interface(NetworkInterfaceId),
    /// On the internet.
    Internet,
    /// At a service of the VPC.
    Services,
    /// Nobody knows whom that private address means.
    Unknown,
}

impl From<Origin> for Goal {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Interface(id) => Goal::Interface(id),
            Origin::Internet => Goal::Internet,
            Origin::Services => Goal::Services,
        }
    }
}

/// The smallest repair of that denial; `None` if nothing in the VPC's configuration helps.
pub(super) fn smallest(snapshot: &Snapshot, wish: &Wish, denial: &Denial) -> Option<Repair> {
    match *denial {
        Denial::SecurityGroup { interface, direction } => authorize(snapshot, wish, interface, direction),
        Denial::NetworkAcl { acl, direction, rule, .. } => allow_in_acl(snapshot, wish, acl, direction, rule),
        Denial::NoRoute { table, .. } | Denial::PrivateDestination { table, .. } | Denial::PeeringNotForAddress { table, .. } => {
            route(snapshot, wish, table)
        }
        Denial::Blackhole { table, target, .. } => revive(snapshot, wish, table, target).or_else(|| route(snapshot, wish, table)),
        Denial::NoGateway { vpc } => Some(attach_gateway(snapshot, vpc)),
        Denial::NoPublicAddress { interface, .. } => Some(Repair::AssociateElasticIp { interface }),
        Denial::NotRunning { instance, .. } => {
            let instance = snapshot.get(instance?)?;
            (instance.state == InstanceState::Stopped).then_some(Repair::Start { instance: instance.id })
        }
        Denial::NoDnsSupport { vpc } => Some(Repair::EnableDnsSupport { vpc }),
        Denial::UnknownInterface(_)
        | Denial::Unasked { .. }
        | Denial::SourceCheck(_)
        | Denial::NotRouted { .. }
        | Denial::Spoofed { .. }
        | Denial::PrivateSource { .. }
        | Denial::NoSuchPublicAddress { .. }
        | Denial::NoSuchAddress { .. } => None,
    }
}

impl Wish<'_> {
    /// The address at the other end, as that interface or subnet sees it; with its kind, if it calls from any of several.
    fn remote(&self, direction: Direction, seen: &Packet) -> Cidr {
        let address = match direction {
            Direction::Ingress => seen.source,
            Direction::Egress => seen.destination,
        };
        instance_connect_around(address).map_or(Cidr::host(address), Cidr::from)
    }

    /// The packet as it is at the edge that it does not get over: a gateway on its way translated it.
    pub(super) fn seen(&self, snapshot: &Snapshot, direction: Direction) -> Packet {
        match (direction, self.origin) {
            (Direction::Ingress, Origin::Interface(from)) => {
                // It turned round at the gateway if it called its receiver by the public address.
                let hairpin = snapshot.interface_with_public(self.packet.destination).is_some();
                let public = snapshot.get(from).and_then(|from| from.public_ip()).filter(|_| hairpin);
                Packet { source: public.map_or(self.packet.source, Into::into), ..*self.packet }
            }
            _ => *self.packet,
        }
    }
}

fn authorize(snapshot: &Snapshot, wish: &Wish, interface: NetworkInterfaceId, direction: Direction) -> Option<Repair> {
    let group = *snapshot.get(interface)?.groups.first()?;
    let seen = wish.seen(snapshot, direction);
    Some(Repair::Authorize { group, direction, traffic: just(&seen), peer: wish.remote(direction, &seen) })
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

fn allow_in_acl(snapshot: &Snapshot, wish: &Wish, acl: NetworkAclId, direction: Direction, rule: Option<u16>) -> Option<Repair> {
    let entries = snapshot.get(acl)?.entries(direction);
    let number = match rule {
        Some(denying) => (1..denying).rev().find(|number| !entries.contains_key(number))?,
        None => (100..=32766).step_by(100).chain(1..=32766).find(|number| !entries.contains_key(number))?,
    };
    let seen = wish.seen(snapshot, direction);
    let traffic = match seen.transport {
        // A reply goes to whatever port its client had this time.
        Transport::Tcp { destination_port, .. } if destination_port == wish.source_port => Traffic::Tcp(EPHEMERAL_PORTS),
        Transport::Udp { destination_port, .. } if destination_port == wish.source_port => Traffic::Udp(EPHEMERAL_PORTS),
        Transport::Icmp { kind: kind @ (ECHO_REPLY | ECHO_REPLY_V6), .. } if !seen.source.is_ipv6() => Traffic::Icmp(IcmpMatch::Type(kind)),
        _ => just(&seen),
    };
    Some(Repair::AllowInAcl { acl, direction, number, traffic, cidr: wish.remote(direction, &seen) })
}

/// A target that the packet could use if it were in the right state: a pending connection wants to be accepted, a
/// detached gateway to be attached.
fn revive(snapshot: &Snapshot, wish: &Wish, table: RouteTableId, target: RouteTarget) -> Option<Repair> {
    let vpc = snapshot.get(table)?.vpc;
    match (target, wish.goal) {
        (RouteTarget::VpcPeeringConnection(id), Goal::Interface(to)) => {
            let connection = snapshot.get(id)?;
            let acceptable = matches!(connection.status, PeeringStatus::InitiatingRequest | PeeringStatus::PendingAcceptance);
            (acceptable && connection.joins(vpc, snapshot.get(to)?.vpc)).then_some(Repair::AcceptPeering { connection: id })
        }
        (RouteTarget::InternetGateway(gateway), Goal::Internet) => {
            let free = snapshot.get(gateway)?.attachment.is_none() && snapshot.internet_gateway_of(vpc).is_none();
            free.then_some(Repair::AttachGateway { gateway, imagined: false, vpc })
        }
        _ => None,
    }
}

/// A route to where the packet is meant to go.
fn route(snapshot: &Snapshot, wish: &Wish, table: RouteTableId) -> Option<Repair> {
    let Origin::Interface(from) = wish.origin else { return None };
    let here = snapshot.get(from)?.vpc;
    match wish.goal {
        Goal::Interface(to) if snapshot.interface_with_public(wish.packet.destination).is_none() => {
            route_to_peer(snapshot, wish, table, here, snapshot.get(to)?.vpc)
        }
        Goal::Interface(_) | Goal::Internet => Some(match snapshot.internet_gateway_of(here) {
            Some(gateway) => route_via(snapshot, table, Cidr::ALL_IPV4, RouteTarget::InternetGateway(gateway.id)),
            None => attach_gateway(snapshot, here),
        }),
        Goal::Services | Goal::Unknown => None,
    }
}

/// A route to the VPC of the interface that is meant, over the connection that there is, or over a new one.
fn route_to_peer(snapshot: &Snapshot, wish: &Wish, table: RouteTableId, here: VpcId, there: VpcId) -> Option<Repair> {
    let (here, there) = (snapshot.get(here)?, snapshot.get(there)?);
    let destination = there.cidrs().find(|cidr| Cidr::from(*cidr).contains(wish.packet.destination))?;
    let overlapping = here.cidrs().any(|one| there.cidrs().any(|other| one.overlaps(&other)));
    if overlapping {
        return None;
    }
    Some(match live_peering(snapshot, here.id, there.id) {
        Some(connection) => route_via(snapshot, table, destination.into(), RouteTarget::VpcPeeringConnection(connection)),
        None => Repair::CreatePeering { imagined: imagined_id(snapshot), requester: here.id, accepter: there.id },
    })
}

fn route_via(snapshot: &Snapshot, table: RouteTableId, destination: Cidr, target: RouteTarget) -> Repair {
    let replaces = snapshot.get(table).is_some_and(|table| table.routes.contains_key(&destination));
    Repair::Route { table, destination, target, replaces }
}

/// A gateway for the VPC: one of its owner's that is free, else a new one.
fn attach_gateway(snapshot: &Snapshot, vpc: VpcId) -> Repair {
    let scope = snapshot.resolve(vpc).scope;
    match snapshot.in_scope::<InternetGateway>(scope).find(|gateway| gateway.attachment.is_none()) {
        Some(free) => Repair::AttachGateway { gateway: free.id, imagined: false, vpc },
        None => Repair::AttachGateway { gateway: imagined_id(snapshot), imagined: true, vpc },
    }
}

/// The connection between the two that is active or can become so; an active one is better.
fn live_peering(snapshot: &Snapshot, one: VpcId, other: VpcId) -> Option<VpcPeeringConnectionId> {
    let live = |connection: &&VpcPeeringConnection| connection.joins(one, other) && !connection.status.is_terminal();
    let connections = snapshot.all::<VpcPeeringConnection>().filter(live);
    connections.max_by_key(|connection| connection.status == PeeringStatus::Active).map(|connection| connection.id)
}

/// An id that nothing has.
pub(crate) fn imagined_id<I: Id + model::Key>(snapshot: &Snapshot) -> I {
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
pub(crate) fn imagine_interface(world: &mut Draft, subnet: SubnetId) -> Option<NetworkInterfaceId> {
    let subnet = world.get(subnet)?.clone();
    let private_ip = subnet.assignable().find(|&address| world.interface_at(subnet.vpc, address.into()).is_none())?;
    let (id, instance): (NetworkInterfaceId, InstanceId) = (imagined_id(world), imagined_id(world));
    let imagined = IdDigits::from_random(u64::MAX);
    let time = Timestamp::default();
    let group = world.get(subnet.vpc)?.default_security_group;
    let serial = world.next_interface_serial();
    let association = subnet.map_public_ip_on_launch.then(|| Association { public_ip: imagined_public_ip(world), elastic: None });
    world.put(NetworkInterface {
        attachment: Some(Attachment { id: Id::from_digits(imagined), instance, device_index: 0, delete_on_termination: true, attach_time: time }),
        association,
        ..NetworkInterface::new(id, serial, &subnet, private_ip, vec![group])
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
        disable_api_stop: false,
        disable_api_termination: false,
        shutdown_behavior: Default::default(),
        reboots: model::Reboots::default(),
        interfaces: vec![id],
        key: None,
        user_data: None,
        unlimited_credits: false,
        volume_size: None,
        metadata_options: Default::default(),
        instance_connect_keys: Default::default(),
        status: Default::default(),
    });
    Some(id)
}

/// What a person means by a bare address: a service's, a public one of an interface, somebody on the internet, or an interface of
/// the VPC itself, else of one that it has a connection with.
pub(crate) fn who_is_meant(snapshot: &Snapshot, origin: Origin, address: IpAddr) -> Goal {
    if let Some(interface) = snapshot.interface_with_public(address) {
        return Goal::Interface(interface.id);
    }
    let Origin::Interface(from) = origin else { return Goal::Unknown };
    let Some(from) = snapshot.get(from) else { return Goal::Unknown };
    let vpc = from.vpc;
    let is_own = address == snapshot.resolve(vpc).resolver() || address == snapshot.resolve(from.subnet).router();
    if is_own || address == Ipv4Addr::BROADCAST || EVERYWHERE.iter().any(|service| address == *service) {
        return Goal::Services;
    }
    let peers = snapshot.all::<VpcPeeringConnection>().filter(|connection| !connection.status.is_terminal()).filter_map(|connection| {
        let peer: &PeeringVpc = connection.peer_of(vpc)?;
        Some(peer.vpc)
    });
    match std::iter::once(vpc).chain(peers).find_map(|vpc| snapshot.interface_at(vpc, address)) {
        Some(interface) => Goal::Interface(interface.id),
        None if is_private(address) => Goal::Unknown,
        None => Goal::Internet,
    }
}

/// A public address for an explanation only: RFC 5737's TEST-NET-1.
fn imagined_public_ip(snapshot: &Snapshot) -> Ipv4Addr {
    let candidates = (1..=254).map(|last| Ipv4Addr::new(192, 0, 2, last));
    let free = |address: &Ipv4Addr| snapshot.interface_with_public((*address).into()).is_none();
    candidates.into_iter().find(free).unwrap_or(Ipv4Addr::new(192, 0, 2, 255))
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
                    PeeringVpc::new(id, vpc.scope, vpc.cidrs().collect())
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
            Repair::Route { table, destination, target, .. } => world.update(table, |table| {
                table.routes.insert(destination, target);
            }),
            Repair::AttachGateway { gateway, vpc, .. } => {
                let scope = world.resolve(vpc).scope;
                world.put(InternetGateway { id: gateway, scope, attachment: Some(vpc) });
            }
            Repair::AssociateElasticIp { interface } => {
                let association = Association { public_ip: imagined_public_ip(world), elastic: None };
                world.update(interface, |interface| interface.association = Some(association));
            }
            Repair::EnableDnsSupport { vpc } => world.update(vpc, |vpc| vpc.enable_dns_support = true),
            Repair::Start { instance } => world.update(instance, |instance| instance.state = InstanceState::Running),
        }
    }
}
