//! What AWS does with a packet, told as plainly as possible: a second opinion on `semantics::evaluate`.
//!
//! It shares the nouns of `model` and the shape of packets with it, and no rule: everything is looked for by walking
//! through all there is. Numbers in comments are those of the rules, as in the tests of `semantics`. Where a packet has
//! two reasons to be dropped at one place, AWS does not say which comes first; then `evaluate`'s order is taken.

use std::net::{IpAddr, Ipv4Addr};

use model::internet::is_private;
use model::local_service::{DHCP_SERVER, METADATA, RESOLVER, TIME, VPC_RESOLVER};
use model::{
    Cidr, Direction, InstanceConnectEndpoint, InstanceConnectEndpointState, InstanceState, InternetGateway, InternetGatewayId, LocalService,
    NetworkAclId, NetworkInterface, NetworkInterfaceId, PeeringStatus, RouteTableId, RouteTarget, RuleAction, Snapshot, Subnet, SubnetId, Vpc, VpcId,
    VpcPeeringConnectionId,
};
use semantics::{Origin, Packet, Quoted, Transport};

use crate::rules::{self, OtherEnd};
use crate::tracking::{Header, Memory, Opening, Table};

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives, with these addresses, straight from its neighbour or from the subnet's router.
    Deliver { to: NetworkInterfaceId, source: IpAddr, destination: IpAddr, by_router: bool },
    /// It leaves for the internet, with these addresses.
    Leave { gateway: InternetGatewayId, source: IpAddr, destination: IpAddr },
    /// A service of the VPC has it, with these addresses.
    Serve { service: LocalService, source: IpAddr, destination: IpAddr },
    /// It is dropped.
    Drop(Stage),
}

/// Where a packet is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    SenderGone,
    SourceCheck(NetworkInterfaceId),
    NotRoutable,
    NoDnsSupport(VpcId),
    Unasked,
    SecurityGroup(NetworkInterfaceId, Direction),
    NetworkAcl { acl: NetworkAclId, subnet: SubnetId, direction: Direction, rule: Option<u16> },
    NoRoute(RouteTableId),
    Blackhole(RouteTableId, Cidr),
    PeeringNotForAddress(VpcPeeringConnectionId),
    Spoofed(VpcId),
    PrivateDestination(InternetGatewayId),
    NoPublicAddress(NetworkInterfaceId),
    PrivateSource,
    NoSuchPublicAddress,
    NoGateway(VpcId),
    NoSuchAddress(VpcId),
    NotRunning(NetworkInterfaceId),
}

/// What becomes of the packet, and the connections that it opens on its way.
pub fn judge(snapshot: &Snapshot, table: &Table, packet: &Packet, from: Origin) -> (Fate, Vec<Opening>) {
    let mut walk = Walk { snapshot, table, opened: Vec::new() };
    let end = match from {
        Origin::Interface(interface) => walk.leave_interface(interface, *packet),
        Origin::Internet => walk.come_from_internet(*packet),
        Origin::Services => walk.come_from_service(*packet),
    };
    (end.unwrap_or_else(Fate::Drop), walk.opened)
}

/// How a packet gets to the interface that it is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arrival {
    /// Inside its subnet (7.2.3): neither network ACL nor router.
    FromNeighbour,
    /// Over the subnet's boundary.
    FromRouter,
}

struct Walk<'a> {
    snapshot: &'a Snapshot,
    table: &'a Table,
    opened: Vec<Opening>,
}

impl<'a> Walk<'a> {
    /// The egress half (13.1).
    fn leave_interface(&mut self, sender: NetworkInterfaceId, packet: Packet) -> Result<Fate, Stage> {
        let sender = self.snapshot.get(sender).ok_or(Stage::SenderGone)?;
        if let Some((service, at)) = self.called_service(sender, &packet) {
            self.must_answer(service, sender.vpc)?;
            return Ok(Fate::Serve { service, source: known_as(sender).into(), destination: at }); // 6.7.1, 11.4, 13.1 step 1
        }
        if sender.source_dest_check && packet.source != sender.private_ip {
            return Err(Stage::SourceCheck(sender.id)); // 9.1.5
        }
        if !is_routable(packet.destination) {
            return Err(Stage::NotRoutable); // 11.7, 11.10
        }
        self.pass_groups(sender, Direction::Egress, &packet, OtherEnd::Unknown)?;
        let subnet = self.snapshot.resolve(sender.subnet);
        if Cidr::from(subnet.cidr).contains(packet.destination) {
            return self.arrive_in(sender.vpc, packet, Arrival::FromNeighbour, sender); // 4.2.7
        }
        self.pass_network_acl(subnet, Direction::Egress, &packet)?;
        self.follow_route(sender, subnet, packet)
    }

    /// The longest prefix of the table of the subnet that it leaves (4.2).
    fn follow_route(&mut self, sender: &NetworkInterface, subnet: &Subnet, packet: Packet) -> Result<Fate, Stage> {
        let vpc = self.snapshot.resolve(subnet.vpc);
        let table = subnet.route_table.map_or(vpc.main_route_table, |own| own.table);
        let local = vpc.cidrs().map(|block| (Cidr::from(block), None)); // 4.1.1
        let added = self.snapshot.resolve(table).routes.iter().map(|(&destination, &target)| (destination, Some(target)));
        let mut routes: Vec<(Cidr, Option<RouteTarget>)> = local.chain(added).filter(|(route, _)| route.contains(packet.destination)).collect();
        routes.sort_by_key(|(route, _)| route.prefix_length());
        let &(route, target) = routes.last().ok_or(Stage::NoRoute(table))?;
        let blackhole = Stage::Blackhole(table, route);
        match target {
            None => self.arrive_in(vpc.id, packet, Arrival::FromRouter, sender),
            Some(RouteTarget::VpcPeeringConnection(id)) => self.cross_peering(sender, vpc, id, packet, blackhole),
            Some(RouteTarget::InternetGateway(id)) => self.leave_vpc(vpc, id, packet, blackhole),
        }
    }

    /// The peering hop (13.4): no translation, no transit, and the other side's tables are not asked (8.4).
    fn cross_peering(
        &mut self,
        sender: &NetworkInterface,
        vpc: &Vpc,
        id: VpcPeeringConnectionId,
        packet: Packet,
        blackhole: Stage,
    ) -> Result<Fate, Stage> {
        let connection = self.snapshot.get(id).filter(|connection| connection.status == PeeringStatus::Active).ok_or(blackhole)?;
        let other = if connection.requester.vpc == vpc.id { connection.accepter.vpc } else { connection.requester.vpc };
        if !vpc.cidrs().any(|block| Cidr::from(block).contains(packet.source)) {
            return Err(Stage::Spoofed(vpc.id)); // 11.8
        }
        if !self.snapshot.resolve(other).cidrs().any(|block| Cidr::from(block).contains(packet.destination)) {
            return Err(Stage::PeeringNotForAddress(id)); // 8.4.4
        }
        self.arrive_in(other, packet, Arrival::FromRouter, sender)
    }

    /// The way out through an internet gateway (5.1.3).
    fn leave_vpc(&mut self, vpc: &Vpc, id: InternetGatewayId, packet: Packet, blackhole: Stage) -> Result<Fate, Stage> {
        let gateway = self.snapshot.get(id).filter(|gateway| gateway.attachment == Some(vpc.id)).ok_or(blackhole)?;
        if is_private(packet.destination) {
            return Err(Stage::PrivateDestination(gateway.id));
        }
        let sender = self.interface_at(vpc.id, packet.source).ok_or(Stage::Spoofed(vpc.id))?;
        let public = sender.association.ok_or(Stage::NoPublicAddress(sender.id))?.public_ip;
        let packet = with_source(packet, sender.private_ip, public);
        match self.interface_with(packet.destination) {
            Some(_) => self.enter_vpc(packet), // 5.1.6
            None => Ok(Fate::Leave { gateway: gateway.id, source: packet.source, destination: packet.destination }),
        }
    }

    /// The service of its VPC that an interface calls from its own address (11.2, 11.3), and where that really is.
    fn called_service(&self, sender: &NetworkInterface, packet: &Packet) -> Option<(LocalService, IpAddr)> {
        if matches!(packet.transport, Transport::Udp { destination_port: 67, .. })
            && (packet.source == sender.private_ip || packet.source == Ipv4Addr::UNSPECIFIED)
            && (packet.destination == Ipv4Addr::BROADCAST || packet.destination == self.router_of(sender))
        {
            return Some((LocalService::Dhcp, DHCP_SERVER.into())); // 6.7.1, 11.5
        }
        if packet.source != sender.private_ip {
            return None; // 9.1.5
        }
        let base = u32::from(self.snapshot.resolve(sender.vpc).cidr_blocks[0].cidr.first());
        let (tcp, udp) = match packet.transport {
            Transport::Tcp { destination_port, .. } => (destination_port, 0),
            Transport::Udp { destination_port, .. } => (0, destination_port),
            _ => (0, 0),
        };
        let is_question = tcp == 53 || udp == 53;
        if packet.destination == METADATA && tcp == 80 {
            Some((LocalService::Metadata, packet.destination))
        } else if packet.destination == RESOLVER && is_question {
            Some((LocalService::Dns, packet.destination))
        } else if packet.destination == Ipv4Addr::from(base + 2) && is_question {
            Some((LocalService::Dns, VPC_RESOLVER.into()))
        } else if packet.destination == TIME && udp == 123 {
            Some((LocalService::Time, packet.destination))
        } else {
            None
        }
    }

    /// 11.1
    fn router_of(&self, interface: &NetworkInterface) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.snapshot.resolve(interface.subnet).cidr.first()) + 1)
    }

    fn must_answer(&self, service: LocalService, vpc: VpcId) -> Result<(), Stage> {
        let is_off = service == LocalService::Dns && !self.snapshot.resolve(vpc).enable_dns_support;
        if is_off { Err(Stage::NoDnsSupport(vpc)) } else { Ok(()) }
    }

    /// What a service sends goes to the interface that it is for, as from the address that the interface calls.
    fn come_from_service(&mut self, packet: Packet) -> Result<Fate, Stage> {
        let asker = self.snapshot.all::<NetworkInterface>().find(|interface| packet.destination == known_as(interface)).ok_or(Stage::Unasked)?;
        let base = u32::from(self.snapshot.resolve(asker.vpc).cidr_blocks[0].cidr.first());
        let (tcp, udp) = match packet.transport {
            Transport::Tcp { source_port, .. } => (source_port, 0),
            Transport::Udp { source_port, .. } => (0, source_port),
            _ => (0, 0),
        };
        let (service, seen_as) = if packet.source == METADATA && tcp == 80 {
            (LocalService::Metadata, METADATA)
        } else if packet.source == RESOLVER && (tcp == 53 || udp == 53) {
            (LocalService::Dns, RESOLVER)
        } else if packet.source == VPC_RESOLVER && (tcp == 53 || udp == 53) {
            (LocalService::Dns, Ipv4Addr::from(base + 2))
        } else if packet.source == DHCP_SERVER && udp == 67 {
            (LocalService::Dhcp, self.router_of(asker))
        } else if packet.source == TIME && udp == 123 {
            (LocalService::Time, TIME)
        } else {
            return Err(Stage::Unasked);
        };
        self.must_answer(service, asker.vpc)?;
        self.must_run(asker)?;
        Ok(Fate::Deliver { to: asker.id, source: seen_as.into(), destination: asker.private_ip.into(), by_router: true })
    }

    /// A packet of somebody on the internet (5.1.4).
    fn come_from_internet(&mut self, packet: Packet) -> Result<Fate, Stage> {
        if is_private(packet.source) {
            return Err(Stage::PrivateSource);
        }
        self.enter_vpc(packet)
    }

    /// The way in through an internet gateway: no route is needed (4.7.5).
    fn enter_vpc(&mut self, packet: Packet) -> Result<Fate, Stage> {
        let receiver = self.interface_with(packet.destination).ok_or(Stage::NoSuchPublicAddress)?;
        if !self.snapshot.all::<InternetGateway>().any(|gateway| gateway.attachment == Some(receiver.vpc)) {
            return Err(Stage::NoGateway(receiver.vpc));
        }
        let public = receiver.association.map_or(receiver.private_ip, |association| association.public_ip);
        self.arrive_at(receiver, with_destination(packet, public, receiver.private_ip), Arrival::FromRouter, OtherEnd::Internet)
    }

    fn arrive_in(&mut self, vpc: VpcId, packet: Packet, arrival: Arrival, sender: &NetworkInterface) -> Result<Fate, Stage> {
        let receiver = self.interface_at(vpc, packet.destination).ok_or(Stage::NoSuchAddress(vpc))?;
        self.arrive_at(receiver, packet, arrival, OtherEnd::Interface(sender))
    }

    /// The ingress half (13.2).
    fn arrive_at(&mut self, receiver: &NetworkInterface, packet: Packet, arrival: Arrival, other: OtherEnd) -> Result<Fate, Stage> {
        if arrival == Arrival::FromRouter {
            self.pass_network_acl(self.snapshot.resolve(receiver.subnet), Direction::Ingress, &packet)?;
        }
        self.pass_groups(receiver, Direction::Ingress, &packet, other)?;
        self.must_run(receiver)?;
        let by_router = arrival == Arrival::FromRouter;
        Ok(Fate::Deliver { to: receiver.id, source: packet.source, destination: packet.destination, by_router })
    }

    fn must_run(&self, receiver: &NetworkInterface) -> Result<(), Stage> {
        if let Some(endpoint) = self.snapshot.all::<InstanceConnectEndpoint>().find(|endpoint| endpoint.interface == receiver.id) {
            let is_complete = endpoint.state == InstanceConnectEndpointState::CreateComplete;
            return if is_complete { Ok(()) } else { Err(Stage::NotRunning(receiver.id)) }; // 12.4.1-2
        }
        let instance = receiver.attachment.and_then(|attachment| self.snapshot.get(attachment.instance));
        if instance.is_none_or(|instance| instance.state != InstanceState::Running) {
            return Err(Stage::NotRunning(receiver.id)); // 13.8.4
        }
        Ok(())
    }

    /// The numbered rules, lowest first; the last one, `*`, denies (7.1.1).
    fn pass_network_acl(&self, subnet: &Subnet, direction: Direction, packet: &Packet) -> Result<(), Stage> {
        let acl = self.snapshot.resolve(subnet.network_acl.acl);
        let (rules, remote) = match direction {
            Direction::Ingress => (&acl.ingress, packet.source),
            Direction::Egress => (&acl.egress, packet.destination),
        };
        let deny = |rule| Err(Stage::NetworkAcl { acl: acl.id, subnet: subnet.id, direction, rule });
        for (&number, rule) in rules {
            if rule.cidr.contains(remote) && rules::speaks_of(rule.traffic, packet) {
                return if rule.action == RuleAction::Allow { Ok(()) } else { deny(Some(number)) };
            }
        }
        deny(None)
    }

    /// The interface's security groups (6.1.1), and what they remember (6.6).
    fn pass_groups(&mut self, interface: &NetworkInterface, direction: Direction, packet: &Packet, other: OtherEnd) -> Result<(), Stage> {
        let known = self.table.recall(interface.id, direction, packet);
        if known == Memory::Tracked {
            return Ok(()); // 6.6.1, 6.6.3
        }
        let tracking = rules::judge(self.snapshot, interface, direction, packet, other).ok_or(Stage::SecurityGroup(interface.id, direction))?;
        // An ICMP error is about another flow, and begins none.
        if known != Memory::AnswersUntracked && packet.about.is_none() {
            self.opened.push(Opening { interface: interface.id, began: direction, first: Header::of(packet), tracking });
        }
        Ok(())
    }

    fn interface_at(&self, vpc: VpcId, address: IpAddr) -> Option<&'a NetworkInterface> {
        self.snapshot.all::<NetworkInterface>().find(|interface| interface.vpc == vpc && interface.private_ip == address)
    }

    fn interface_with(&self, public: IpAddr) -> Option<&'a NetworkInterface> {
        self.snapshot.all::<NetworkInterface>().find(|interface| interface.association.is_some_and(|association| association.public_ip == public))
    }
}

/// By which address services know an interface.
fn known_as(interface: &NetworkInterface) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(Ipv4Addr::new(100, 64, 0, 0)) + interface.serial)
}

/// A VPC carries neither broadcast nor multicast (11.7) nor link-local addresses (11.10).
fn is_routable(destination: IpAddr) -> bool {
    match destination {
        IpAddr::V4(v4) => !(v4.is_broadcast() || v4.is_multicast() || v4.is_link_local()),
        IpAddr::V6(v6) => !(v6.is_multicast() || v6.is_unicast_link_local()),
    }
}

/// The gateway's one-to-one translation of what goes out (5.1.2). What an error quotes went the other way.
fn with_source(packet: Packet, private: Ipv4Addr, public: Ipv4Addr) -> Packet {
    let swap = |address: IpAddr| if address == private { IpAddr::V4(public) } else { address };
    let about = packet.about.map(|quoted| Quoted { destination: swap(quoted.destination), ..quoted });
    Packet { source: swap(packet.source), about, ..packet }
}

/// The same of what comes in.
fn with_destination(packet: Packet, public: Ipv4Addr, private: Ipv4Addr) -> Packet {
    let swap = |address: IpAddr| if address == public { IpAddr::V4(private) } else { address };
    let about = packet.about.map(|quoted| Quoted { source: swap(quoted.source), ..quoted });
    Packet { destination: swap(packet.destination), about, ..packet }
}
