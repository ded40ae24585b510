//! The map of a VPC: AWS's four columns.

use std::collections::BTreeMap;

use model::{
    Instance, InstanceState, InternetGateway, PeeringStatus, RouteTable, RouteTableId, Snapshot, Subnet, SubnetId, Vpc, VpcPeeringConnection,
};

use super::natural::Name;
use super::{Map, MapLine, Node, NodeKind, explicit_subnets, gateways_of, leads_to_internet, missing, peerings, plural, title};
use crate::routing::{RouteState, Target, routes};

/// What is in a VPC.
pub fn vpc_map(snapshot: &Snapshot, vpc: &Vpc) -> Map {
    let subnets = subnets_in_order(snapshot, vpc);
    let mut tables: Vec<&RouteTable> = snapshot.in_scope::<RouteTable>(vpc.scope).filter(|table| table.vpc == vpc.id).collect();
    // The main one, then as the subnets come that use them, so that few lines cross.
    let use_of = |table: &RouteTable| subnets.iter().position(|subnet| snapshot.route_table_of(subnet).id == table.id).unwrap_or(usize::MAX);
    tables.sort_by_cached_key(|table| (table.id != vpc.main_route_table, use_of(table), Name(title(snapshot, table.scope, table.id))));
    let connections: Vec<&VpcPeeringConnection> = peerings(snapshot, vpc.scope).filter(|connection| connection.side(vpc.id).is_some()).collect();
    let idle = tables.iter().any(|table| table.id != vpc.main_route_table && explicit_subnets(snapshot, table).next().is_none());
    let instances = instances(snapshot, vpc);

    let mut map = Map { columns: vec!["VPC", "Subnets", "Route tables", "Network connections"], ..Map::default() };
    map.nodes.push(vpc_node(snapshot, vpc, &connections));
    for subnet in &subnets {
        map.nodes.push(subnet_node(snapshot, subnet, idle));
        map.lines.push(MapLine::relation(vpc.id, subnet.id));
        map.lines.push(MapLine::relation(subnet.id, snapshot.route_table_of(subnet).id));
        map.nodes.extend(instances.get(&subnet.id).into_iter().flatten().cloned());
    }
    for table in &tables {
        map.nodes.push(table_node(snapshot, vpc, table, &subnets));
        map.lines.extend(traffic(snapshot, table));
    }
    map.nodes.extend(gateways_of(snapshot, vpc.id).map(|gateway| gateway_node(snapshot, gateway, &subnets)));
    for connection in connections {
        map.nodes.push(peering_node(snapshot, vpc, connection, &tables));
        map.nodes.extend(peer_node(snapshot, vpc, connection));
    }
    let gone = missing(&map.nodes, &map.lines);
    map.nodes.extend(gone);
    map
}

/// By zone; public ones first, then by name.
fn subnets_in_order<'a>(snapshot: &'a Snapshot, vpc: &Vpc) -> Vec<&'a Subnet> {
    let mut subnets: Vec<(bool, Name, &Subnet)> = snapshot
        .subnets_of(vpc.id)
        .map(|subnet| (!leads_to_internet(snapshot, snapshot.route_table_of(subnet)), Name(title(snapshot, subnet.scope, subnet.id)), subnet))
        .collect();
    subnets.sort_by(|(one_private, one_title, one), (other_private, other_title, other)| {
        let zones = one.zone.to_string().cmp(&other.zone.to_string());
        zones.then(one_private.cmp(other_private)).then_with(|| one_title.cmp(other_title)).then(one.id.cmp(&other.id))
    });
    subnets.into_iter().map(|(_, _, subnet)| subnet).collect()
}

/// What runs or stands still, by subnet; by name.
fn instances(snapshot: &Snapshot, vpc: &Vpc) -> BTreeMap<SubnetId, Vec<Node>> {
    let mut by_subnet: BTreeMap<SubnetId, Vec<Node>> = BTreeMap::new();
    for instance in snapshot.in_scope::<Instance>(vpc.scope).filter(|instance| instance.state != InstanceState::Terminated) {
        let Some(interface) = instance.interfaces.first().map(|&primary| snapshot.resolve(primary)).filter(|primary| primary.vpc == vpc.id) else {
            continue;
        };
        let public = interface.public_ip().map(|address| format!("  ⇄ {address}")).unwrap_or_default();
        let node = Node {
            details: vec![format!("{}{public}", interface.private_ip)],
            parent: Some(interface.subnet.to_string()),
            state: Some(instance.state.as_str()),
            ..Node::new(instance.id, NodeKind::Instance, 1, title(snapshot, instance.scope, instance.id))
        };
        by_subnet.entry(interface.subnet).or_default().push(node);
    }
    for nodes in by_subnet.values_mut() {
        nodes.sort_by_cached_key(|node| (Name(node.title.clone()), node.id.clone()));
    }
    by_subnet
}

fn vpc_node(snapshot: &Snapshot, vpc: &Vpc, connections: &[&VpcPeeringConnection]) -> Node {
    let clashes = |connection: &&VpcPeeringConnection| {
        connection.peer_of(vpc.id).and_then(|peer| peer.cidrs.first()).is_some_and(|block| block.overlaps(&vpc.primary_cidr()))
    };
    Node {
        details: vec![vpc.primary_cidr().to_string(), "No IPv6".to_owned()],
        mark: connections.iter().any(clashes).then(|| "its addresses overlap with those of a peer".to_owned()),
        ..Node::new(vpc.id, NodeKind::Vpc, 0, title(snapshot, vpc.scope, vpc.id))
    }
}

fn subnet_node(snapshot: &Snapshot, subnet: &Subnet, has_idle_table: bool) -> Node {
    let title = title(snapshot, subnet.scope, subnet.id);
    let is_public = leads_to_internet(snapshot, snapshot.route_table_of(subnet));
    let mark = if subnet.route_table.is_none() && has_idle_table {
        Some("no table is associated with it: it uses the main one, while another table is used by nobody")
    } else if !is_public && title.to_lowercase().contains("public") {
        Some("public by name only: its route table has no route to an internet gateway")
    } else {
        None
    };
    Node {
        details: vec![subnet.cidr.to_string()],
        group: Some(subnet.zone.to_string()),
        is_public: Some(is_public),
        mark: mark.map(str::to_owned),
        ..Node::new(subnet.id, NodeKind::Subnet, 1, title)
    }
}

fn table_node(snapshot: &Snapshot, vpc: &Vpc, table: &RouteTable, subnets: &[&Subnet]) -> Node {
    let is_main = table.id == vpc.main_route_table;
    let explicit = explicit_subnets(snapshot, table).count();
    let by_default = if is_main { subnets.iter().filter(|subnet| subnet.route_table.is_none()).count() } else { 0 };
    let mut associations = if explicit > 0 { plural(explicit, "subnet association") } else { "No subnet associations".to_owned() };
    if by_default > 0 {
        associations = format!("{associations}, {} by default", plural(by_default, "subnet"));
    }
    let blackhole = routes(snapshot, table).find(|route| route.state == RouteState::Blackhole);
    let name = title(snapshot, table.scope, table.id);
    Node {
        details: vec![associations, format!("{} including local", plural(routes(snapshot, table).count(), "route"))],
        mark: blackhole.map(|route| format!("its route {} → {} is a blackhole", route.destination, route.target)),
        ..Node::new(table.id, NodeKind::RouteTable, 2, if is_main { format!("{name} (main)") } else { name })
    }
}

/// One line for each target; it is broken if no route to it works.
fn traffic(snapshot: &Snapshot, table: &RouteTable) -> Vec<MapLine> {
    let mut targets: Vec<(Target, bool)> = Vec::new();
    for route in routes(snapshot, table).filter(|route| route.target != Target::Local) {
        let is_broken = route.state == RouteState::Blackhole;
        match targets.iter_mut().find(|(target, _)| *target == route.target) {
            Some((_, all_broken)) => *all_broken &= is_broken,
            None => targets.push((route.target, is_broken)),
        }
    }
    targets.into_iter().map(|(target, is_broken)| MapLine::traffic(table.id, target, is_broken)).collect()
}

fn gateway_node(snapshot: &Snapshot, gateway: &InternetGateway, subnets: &[&Subnet]) -> Node {
    let public = subnets.iter().filter(|subnet| leads_to_internet(snapshot, snapshot.route_table_of(subnet))).count();
    Node {
        details: vec![format!("Internet routes to {}", plural(public, "public subnet"))],
        ..Node::new(gateway.id, NodeKind::Connection, 3, title(snapshot, gateway.scope, gateway.id))
    }
}

fn peering_node(snapshot: &Snapshot, vpc: &Vpc, connection: &VpcPeeringConnection, tables: &[&RouteTable]) -> Node {
    let leads_here = |id: RouteTableId| traffic(snapshot, snapshot.resolve(id)).iter().any(|line| line.to == connection.id.to_string());
    let mark = if connection.status != PeeringStatus::Active {
        Some(format!("it is {}: nothing passes", connection.status))
    } else if !tables.iter().any(|table| leads_here(table.id)) {
        Some("no route of this VPC leads over it".to_owned())
    } else {
        None
    };
    Node {
        details: vec![format!("Peering connection, {}", connection.status)],
        mark,
        ..Node::new(connection.id, NodeKind::Connection, 3, title(snapshot, vpc.scope, connection.id))
    }
}

/// The VPC beyond; its name is known where it is this account's and in this Region.
fn peer_node(snapshot: &Snapshot, vpc: &Vpc, connection: &VpcPeeringConnection) -> Option<Node> {
    let peer = connection.peer_of(vpc.id)?;
    let name = if peer.scope == vpc.scope { title(snapshot, peer.scope, peer.vpc) } else { peer.vpc.to_string() };
    Some(Node {
        details: peer.cidrs.first().map(ToString::to_string).into_iter().collect(),
        parent: Some(connection.id.to_string()),
        ..Node::new(format!("{}/{}", connection.id, peer.vpc), NodeKind::Peer, 3, name)
    })
}
