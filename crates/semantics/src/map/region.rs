//! The map of a Region: its VPCs, and what is between them and beyond.

use model::{Instance, InstanceState, InternetGateway, PeeringStatus, PeeringVpc, Scope, Snapshot, Vpc, VpcPeeringConnection};

use super::natural::Name;
use super::{Map, MapLine, Node, NodeKind, peerings, plural, title};

/// What stands for all that is outside.
const INTERNET: &str = "internet";

/// What an account has in a Region.
pub fn region_map(snapshot: &Snapshot, scope: Scope) -> Map {
    let mut map = Map { columns: vec!["VPCs", "Network connections", "Beyond"], ..Map::default() };
    let mut vpcs: Vec<&Vpc> = snapshot.in_scope::<Vpc>(scope).collect();
    vpcs.sort_by_cached_key(|vpc| (Name(title(snapshot, scope, vpc.id)), vpc.id));
    map.nodes.extend(vpcs.iter().map(|vpc| vpc_node(snapshot, vpc, &vpcs)));
    let mut gateways: Vec<&InternetGateway> = snapshot.in_scope::<InternetGateway>(scope).collect();
    gateways.sort_by_key(|gateway| vpcs.iter().position(|vpc| Some(vpc.id) == gateway.attachment).unwrap_or(usize::MAX));
    for gateway in gateways {
        map.nodes.push(gateway_node(snapshot, gateway));
        if let Some(vpc) = gateway.attachment {
            map.lines.push(MapLine::relation(vpc, gateway.id));
            map.lines.push(MapLine::traffic(gateway.id, INTERNET, false));
        }
    }
    for connection in peerings(snapshot, scope) {
        add_peering(snapshot, scope, connection, &mut map);
    }
    if map.lines.iter().any(|line| line.to == INTERNET) {
        let details = vec!["simulated on this machine".to_owned()];
        map.nodes.push(Node { details, ..Node::new(INTERNET, NodeKind::Peer, 2, "Internet".to_owned()) });
    }
    map
}

fn vpc_node(snapshot: &Snapshot, vpc: &Vpc, all: &[&Vpc]) -> Node {
    let is_in = |instance: &&Instance| instance.interfaces.first().is_some_and(|&primary| snapshot.resolve(primary).vpc == vpc.id);
    let running = snapshot.in_scope::<Instance>(vpc.scope).filter(|instance| instance.state == InstanceState::Running).filter(is_in).count();
    let twins = all.iter().filter(|other| other.id != vpc.id && other.primary_cidr().overlaps(&vpc.primary_cidr()));
    let twins: Vec<String> = twins.map(|twin| title(snapshot, twin.scope, twin.id)).collect();
    let subnets = plural(snapshot.subnets_of(vpc.id).count(), "subnet");
    Node {
        details: vec![vpc.primary_cidr().to_string(), format!("{subnets}, {}", plural(running, "running instance"))],
        mark: (!twins.is_empty()).then(|| format!("its addresses overlap with {}: they cannot be peered", twins.join(", "))),
        ..Node::new(vpc.id, NodeKind::Vpc, 0, title(snapshot, vpc.scope, vpc.id))
    }
}

fn gateway_node(snapshot: &Snapshot, gateway: &InternetGateway) -> Node {
    Node {
        details: vec!["Internet gateway".to_owned()],
        mark: gateway.attachment.is_none().then(|| "it is not attached to a VPC".to_owned()),
        ..Node::new(gateway.id, NodeKind::Connection, 1, title(snapshot, gateway.scope, gateway.id))
    }
}

fn add_peering(snapshot: &Snapshot, scope: Scope, connection: &VpcPeeringConnection, map: &mut Map) {
    let is_broken = connection.status != PeeringStatus::Active;
    map.nodes.push(Node {
        details: vec![format!("Peering connection, {}", connection.status)],
        mark: is_broken.then(|| format!("it is {}: nothing passes", connection.status)),
        ..Node::new(connection.id, NodeKind::Connection, 1, title(snapshot, scope, connection.id))
    });
    for end in [&connection.requester, &connection.accepter] {
        if end.scope == scope {
            map.lines.push(MapLine::traffic(end.vpc, connection.id, is_broken));
        } else {
            let far = far_node(connection, end);
            map.lines.push(MapLine::traffic(connection.id, &far.id, is_broken));
            map.nodes.push(far);
        }
    }
}

fn far_node(connection: &VpcPeeringConnection, end: &PeeringVpc) -> Node {
    let block = end.cidrs.first().map(ToString::to_string);
    let place = format!("{}, {}", end.scope.account, end.scope.region);
    Node {
        details: block.into_iter().chain([place]).collect(),
        ..Node::new(format!("{}/{}", connection.id, end.vpc), NodeKind::Peer, 2, end.vpc.to_string())
    }
}
