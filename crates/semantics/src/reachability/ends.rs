//! The ends of a path: what packets there are to ask about.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use model::{
    Cidr, Direction, Draft, InternetGatewayId, Ipv4Cidr, NetworkAcl, NetworkAclEntry, NetworkInsightsPath, NetworkInterfaceId, PathFilter,
    PeeringStatus, PortRange, ResourceId, RouteTable, RouteTarget, RuleAction, RulePeer, SecurityGroup, SecurityGroupRule, Snapshot, Subnet,
    SubnetNetworkAcl, SubnetRouteTable, SubnetState, Traffic, VpcId, VpcPeeringConnection, VpcPeeringConnectionId,
};

use super::headers::{DESTINATION, Headers, Range, SOURCE, intersection};
use crate::decision::Origin;
use crate::explain::{Goal, imagine_interface, imagined_id, who_is_meant};

/// One way to ask: an instance with two interfaces is asked about twice.
pub(super) struct Attempt {
    /// The network, with what is imagined in it.
    pub(super) world: Draft,
    /// Where packets begin.
    pub(super) origin: Origin,
    /// Where they must arrive.
    pub(super) goal: Goal,
    /// The gateway by which they must leave, if it matters.
    pub(super) gateway: Option<InternetGatewayId>,
    /// Their headers as they begin.
    pub(super) headers: Headers,
    /// Their addresses as they must arrive, if it matters.
    pub(super) arriving: [Option<Ipv4Addr>; 2],
    /// Whether the sender has no address for the receiver.
    pub(super) is_nameless: bool,
    /// Who stands beyond a peering connection for all who may, and by which of the addresses.
    pub(super) imagined: Option<(usize, NetworkInterfaceId)>,
    /// Whether the instance is told at the beginning and at the end, or the interface alone.
    pub(super) by_instance: [bool; 2],
}

/// Why there is nothing to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// A code of AWS's, and what it is about.
    Code(&'static str, Option<ResourceId>),
    /// A resource is in a state in which it is no end of anything.
    BadState(ResourceId, &'static str),
    /// Nothing joins the two.
    Disconnected(VpcId, VpcId),
}

/// An end, as far as packets care.
#[derive(Clone, Copy, Debug)]
enum End {
    Interface { id: NetworkInterfaceId, by_instance: bool },
    Gateway { id: InternetGatewayId, vpc: VpcId },
    Peering(VpcPeeringConnectionId),
    Address(Ipv4Addr),
}

/// All ways to ask.
pub(super) fn attempts(snapshot: &Snapshot, path: &NetworkInsightsPath) -> Result<Vec<Attempt>, Obstacle> {
    let asked = Constraints::of(path)?;
    let sources = ends(snapshot, path.source)?;
    let destinations = match (path.destination, asked.addresses[DESTINATION]) {
        (Some(destination), _) => ends(snapshot, destination)?,
        (None, Some(address)) => vec![End::Address(address)],
        (None, None) => return Err(Obstacle::Code("NO_SOURCE_OR_DESTINATION", None)),
    };
    let pairs = sources.iter().flat_map(|&source| destinations.iter().map(move |&destination| (source, destination)));
    let mut attempts = Vec::new();
    let mut obstacle = None;
    for (source, destination) in pairs {
        match attempt(snapshot, &asked, source, destination) {
            Ok(attempt) => attempts.push(attempt),
            Err(found) => obstacle = Some(found),
        }
    }
    match obstacle {
        Some(obstacle) if attempts.is_empty() => Err(obstacle),
        _ => Ok(attempts),
    }
}

/// What a path says of headers.
struct Constraints {
    addresses: [Option<Ipv4Addr>; 2],
    arriving: [Option<Ipv4Addr>; 2],
    source_ports: Range,
    destination_ports: Range,
}

impl Constraints {
    fn of(path: &NetworkInsightsPath) -> Result<Self, Obstacle> {
        let (leaving, arriving): (PathFilter, PathFilter) =
            (path.filter_at_source.unwrap_or_default(), path.filter_at_destination.unwrap_or_default());
        let range = |ports: Option<PortRange>| ports.map_or((0, 65535), |ports| (ports.from.into(), ports.to.into()));
        let asked = path.destination_port.map(PortRange::only).or(leaving.destination_port_range);
        let none_left = |code| move || Obstacle::Code(code, None);
        Ok(Self {
            addresses: [path.source_ip.or(leaving.source_address), path.destination_ip.or(leaving.destination_address)],
            arriving: [arriving.source_address, arriving.destination_address],
            source_ports: intersection(range(leaving.source_port_range), range(arriving.source_port_range))
                .ok_or_else(none_left("FILTER_AT_DESTINATION_SOURCE_PORT_RANGE"))?,
            destination_ports: intersection(range(asked), range(arriving.destination_port_range))
                .ok_or_else(none_left("FILTER_AT_DESTINATION_DESTINATION_PORT_RANGE"))?,
        })
    }

    fn headers(&self, sources: Vec<Range>, destinations: Vec<Range>) -> Headers {
        let asked = |dimension: usize, open: Vec<Range>| self.addresses[dimension].map_or(open, |address| vec![only(address)]);
        [asked(SOURCE, sources), asked(DESTINATION, destinations), vec![self.source_ports], vec![self.destination_ports]]
    }
}

fn only(address: Ipv4Addr) -> Range {
    (address.into(), address.into())
}

/// The addresses of a block.
pub(super) fn addresses(cidr: Ipv4Cidr) -> Range {
    (cidr.first().into(), cidr.last().into())
}

/// Everybody on the internet; who is no single host is found out by asking.
fn everybody() -> Vec<Range> {
    let mut open = Vec::new();
    let mut begin = 0;
    for block in PRIVATE {
        let (first, last) = (u32::from(Ipv4Addr::from(block.0)), u32::from(Ipv4Addr::from(block.1)));
        open.push((begin, first - 1));
        begin = last + 1;
    }
    open.push((begin, u32::MAX));
    open
}

/// What is private (RFC 1918, RFC 6598), from first to last.
const PRIVATE: [([u8; 4], [u8; 4]); 4] = [
    ([10, 0, 0, 0], [10, 255, 255, 255]),
    ([100, 64, 0, 0], [100, 127, 255, 255]),
    ([172, 16, 0, 0], [172, 31, 255, 255]),
    ([192, 168, 0, 0], [192, 168, 255, 255]),
];

fn ends(snapshot: &Snapshot, resource: ResourceId) -> Result<Vec<End>, Obstacle> {
    let gone = || Obstacle::Code("NO_SOURCE_OR_DESTINATION", Some(resource));
    let unassociated = || Obstacle::Code("UNASSOCIATED_COMPONENT", Some(resource));
    match resource {
        ResourceId::InstanceId(id) => {
            let instance = snapshot.get(id).ok_or_else(gone)?;
            let interfaces: Vec<End> = instance.interfaces.iter().map(|&id| End::Interface { id, by_instance: true }).collect();
            if interfaces.is_empty() { Err(unassociated()) } else { Ok(interfaces) }
        }
        ResourceId::NetworkInterfaceId(id) => {
            snapshot.get(id).ok_or_else(gone)?;
            Ok(vec![End::Interface { id, by_instance: false }])
        }
        ResourceId::InternetGatewayId(id) => {
            let vpc = snapshot.get(id).ok_or_else(gone)?.attachment.ok_or_else(unassociated)?;
            Ok(vec![End::Gateway { id, vpc }])
        }
        ResourceId::VpcPeeringConnectionId(id) => match snapshot.get(id).ok_or_else(gone)?.status {
            PeeringStatus::Active => Ok(vec![End::Peering(id)]),
            status => Err(Obstacle::BadState(resource, status.as_str())),
        },
        _ => Err(Obstacle::Code("UNSUPPORTED_COMPONENT", Some(resource))),
    }
}

fn attempt(snapshot: &Snapshot, asked: &Constraints, source: End, destination: End) -> Result<Attempt, Obstacle> {
    let no_path = || Obstacle::Code("NO_PATH", None);
    let by_instance = [source, destination].map(|end| !matches!(end, End::Interface { by_instance: false, .. }));
    let new = |origin, goal, headers| Attempt {
        world: Draft::new(snapshot),
        origin,
        goal,
        gateway: None,
        headers,
        arriving: asked.arriving,
        is_nameless: false,
        imagined: None,
        by_instance,
    };
    let interface = |id: NetworkInterfaceId| snapshot.resolve(id);
    match (source, destination) {
        (End::Interface { id: from, .. }, _) => {
            let (origin, own, vpc) = (Origin::Interface(from), vec![only(interface(from).private_ip)], interface(from).vpc);
            match destination {
                End::Interface { id: to, .. } => Ok(new(origin, Goal::Interface(to), asked.headers(own, vec![only(interface(to).private_ip)]))),
                End::Gateway { id, vpc: there } => {
                    in_same_vpc(snapshot, vpc, there)?;
                    Ok(Attempt { gateway: Some(id), ..new(origin, Goal::Internet, asked.headers(own, everybody())) })
                }
                End::Peering(id) => {
                    let (world, imagined, peer) = beyond(snapshot, id, vpc).ok_or_else(no_path)?;
                    let headers = asked.headers(own, peer);
                    Ok(Attempt { world, imagined: Some((DESTINATION, imagined)), ..new(origin, Goal::Interface(imagined), headers) })
                }
                End::Address(address) => {
                    let goal = who_is_meant(snapshot, origin, address.into());
                    Ok(new(origin, goal, asked.headers(own, vec![only(address)])))
                }
            }
        }
        (End::Gateway { vpc, .. }, End::Interface { id: to, .. }) => {
            in_same_vpc(snapshot, vpc, interface(to).vpc)?;
            let public = interface(to).public_ip();
            let headers = asked.headers(everybody(), vec![only(public.unwrap_or(Ipv4Addr::UNSPECIFIED))]);
            let is_nameless = public.is_none() && asked.addresses[DESTINATION].is_none();
            Ok(Attempt { is_nameless, ..new(Origin::Internet, Goal::Interface(to), headers) })
        }
        (End::Gateway { vpc, .. }, End::Address(address)) => {
            let goal = who_is_meant(snapshot, Origin::Internet, address.into());
            if let Goal::Interface(id) = goal {
                in_same_vpc(snapshot, vpc, interface(id).vpc)?;
            }
            Ok(new(Origin::Internet, goal, asked.headers(everybody(), vec![only(address)])))
        }
        (End::Peering(id), End::Interface { .. } | End::Address(_)) => {
            let (to, address) = match destination {
                End::Interface { id: to, .. } => (to, interface(to).private_ip),
                End::Address(address) => (at_either_side(snapshot, id, address).ok_or_else(no_path)?, address),
                End::Gateway { .. } | End::Peering(_) => return Err(no_path()),
            };
            let (world, imagined, peer) = beyond(snapshot, id, interface(to).vpc).ok_or_else(no_path)?;
            let headers = asked.headers(peer, vec![only(address)]);
            Ok(Attempt { world, imagined: Some((SOURCE, imagined)), ..new(Origin::Interface(imagined), Goal::Interface(to), headers) })
        }
        // Neither peering connections nor gateways lead on to one another.
        (End::Gateway { .. } | End::Peering(_), End::Gateway { .. } | End::Peering(_)) | (End::Address(_), _) => Err(no_path()),
    }
}

/// A gateway is of one VPC only.
fn in_same_vpc(snapshot: &Snapshot, here: VpcId, there: VpcId) -> Result<(), Obstacle> {
    let joined = snapshot.all::<VpcPeeringConnection>().any(|connection| connection.joins(here, there) && !connection.status.is_terminal());
    match here == there {
        true => Ok(()),
        false if joined => Err(Obstacle::Code("NO_PATH", None)),
        false => Err(Obstacle::Disconnected(here, there)),
    }
}

/// The interface with that address in one of the VPCs that a connection joins.
fn at_either_side(snapshot: &Snapshot, id: VpcPeeringConnectionId, address: Ipv4Addr) -> Option<NetworkInterfaceId> {
    let connection = snapshot.get(id)?;
    let found = [connection.accepter.vpc, connection.requester.vpc].into_iter().find_map(|vpc| snapshot.interface_at(vpc, address.into()));
    found.map(|interface| interface.id)
}

/// Somebody across a peering connection whom nothing at that side hinders: the connection itself is asked about, and what is
/// beyond it is none of the question. Also the addresses that such a one may have.
fn beyond(snapshot: &Snapshot, id: VpcPeeringConnectionId, here: VpcId) -> Option<(Draft, NetworkInterfaceId, Vec<Range>)> {
    let peer = snapshot.get(snapshot.get(id)?.peer_of(here)?.vpc)?.clone();
    let mut world = Draft::new(snapshot);
    let (scope, vpc) = (peer.scope, peer.id);
    let everything = NetworkAclEntry { action: RuleAction::Allow, traffic: Traffic::All, cidr: Cidr::ALL_IPV4 };
    let (ingress, egress) = (BTreeMap::from([(1, everything)]), BTreeMap::from([(1, everything)]));
    let acl = NetworkAcl { id: imagined_id(&world), scope, vpc, ingress, egress };
    let table = RouteTable { id: imagined_id(&world), scope, vpc, routes: BTreeMap::from([(Cidr::ALL_IPV4, RouteTarget::VpcPeeringConnection(id))]) };
    let imagined = model::IdDigits::from_random(u64::MAX);
    let rule = |direction| SecurityGroupRule {
        id: model::Id::from_digits(imagined),
        direction,
        traffic: Traffic::All,
        peer: RulePeer::Cidr(Cidr::ALL_IPV4),
        description: None,
    };
    let rules = vec![rule(Direction::Ingress), rule(Direction::Egress)];
    let group = SecurityGroup { id: imagined_id(&world), scope, vpc, name: String::new(), description: String::new(), rules };
    let subnet = Subnet {
        id: imagined_id(&world),
        scope,
        vpc,
        zone: scope.region.zones().next()?,
        // Of no VPC: whoever stands in it is put where a packet wants it.
        cidr: Ipv4Cidr::new(Ipv4Addr::new(192, 0, 2, 0), 24)?,
        state: SubnetState::Available,
        route_table: Some(SubnetRouteTable { association: model::Id::from_digits(imagined), table: table.id }),
        network_acl: SubnetNetworkAcl { association: model::Id::from_digits(imagined), acl: acl.id },
        map_public_ip_on_launch: false,
        default_for_az: false,
    };
    let (subnet_id, group_id) = (subnet.id, group.id);
    world.put(acl);
    world.put(table);
    world.put(group);
    world.put(subnet);
    let interface = imagine_interface(&mut world, subnet_id)?;
    world.update(interface, |interface| interface.groups = vec![group_id]);
    Some((world, interface, peer.cidrs().map(addresses).collect()))
}

#[cfg(test)]
mod tests {
    use model::internet::is_private;

    use super::*;

    /// The blocks here are what the gateway takes for private: at each of their edges, on both sides.
    #[test]
    fn everybody_is_whoever_is_not_private() {
        let open = everybody();
        let private = |address: u32| is_private(Ipv4Addr::from(address).into());
        assert!(open.iter().all(|&(first, last)| !private(first) && !private(last)));
        assert!(open.windows(2).all(|pair| private(pair[0].1 + 1) && private(pair[1].0 - 1)));
    }
}
