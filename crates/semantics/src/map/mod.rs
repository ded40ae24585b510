//! Resource map: what is in a VPC or a Region and what leads where, in columns.
//!
//! The console draws the same map from the answers of the public API; a test in the browser compares the two. Where
//! things stand is not said here, only what there is, in order.

mod natural;
mod region;
mod vpc;

use std::collections::BTreeSet;

use model::{InternetGateway, PeeringStatus, ResourceId, RouteTable, Scope, Snapshot, Subnet, VpcId, VpcPeeringConnection};

use crate::routing::{RouteState, Target, routes};
pub use region::region_map;
pub use vpc::vpc_map;

/// A map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map {
    /// What its columns are called.
    pub columns: Vec<&'static str>,
    /// What stands in them, in order.
    pub nodes: Vec<Node>,
    /// What leads from one to another.
    pub lines: Vec<MapLine>,
}

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A VPC.
    Vpc,
    /// A subnet.
    Subnet,
    /// An instance; it stands in its subnet.
    Instance,
    /// A route table.
    RouteTable,
    /// What connects a VPC with others.
    Connection,
    /// What is beyond a connection.
    Peer,
}

/// Something on the map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The id of a resource, or a name for what is none.
    pub id: String,
    /// What it is.
    pub kind: NodeKind,
    /// The column in which it stands, from 0.
    pub column: usize,
    /// Its name, else its id.
    pub title: String,
    /// What else is to be known of it.
    pub details: Vec<String>,
    /// Subnets: the Availability Zone.
    pub group: Option<String>,
    /// The node in which it stands.
    pub parent: Option<String>,
    /// Subnets: whether its route table leads to the internet.
    pub is_public: Option<bool>,
    /// Instances: the state.
    pub state: Option<&'static str>,
    /// What is likely not as it was meant.
    pub mark: Option<String>,
}

/// That one thing leads to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapLine {
    /// The node on the left.
    pub from: String,
    /// The node on the right.
    pub to: String,
    /// Whether it is traffic; else it is a relation.
    pub is_traffic: bool,
    /// Whether no packet passes.
    pub is_broken: bool,
}

impl NodeKind {
    /// The console's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            NodeKind::Vpc => "vpc",
            NodeKind::Subnet => "subnet",
            NodeKind::Instance => "instance",
            NodeKind::RouteTable => "route-table",
            NodeKind::Connection => "connection",
            NodeKind::Peer => "peer",
        }
    }
}

impl Node {
    fn new(id: impl ToString, kind: NodeKind, column: usize, title: String) -> Self {
        let (id, details) = (id.to_string(), Vec::new());
        Self { id, kind, column, title, details, group: None, parent: None, is_public: None, state: None, mark: None }
    }
}

impl MapLine {
    fn relation(from: impl ToString, to: impl ToString) -> Self {
        Self { from: from.to_string(), to: to.to_string(), is_traffic: false, is_broken: false }
    }

    fn traffic(from: impl ToString, to: impl ToString, is_broken: bool) -> Self {
        Self { from: from.to_string(), to: to.to_string(), is_traffic: true, is_broken }
    }
}

/// Its name, else its id.
fn title(snapshot: &Snapshot, scope: Scope, id: impl Into<ResourceId>) -> String {
    let id = id.into();
    snapshot.name(scope, id).filter(|name| !name.is_empty()).map_or_else(|| id.to_string(), str::to_owned)
}

fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Whether it goes on, or is about to.
fn is_there(connection: &VpcPeeringConnection) -> bool {
    !matches!(connection.status, PeeringStatus::Deleted | PeeringStatus::Rejected | PeeringStatus::Failed | PeeringStatus::Expired)
}

/// The connections that this account sees in this Region.
fn peerings(snapshot: &Snapshot, scope: Scope) -> impl Iterator<Item = &VpcPeeringConnection> {
    let is_seen = move |connection: &&VpcPeeringConnection| [&connection.requester, &connection.accepter].iter().any(|end| end.scope == scope);
    snapshot.all::<VpcPeeringConnection>().filter(is_seen).filter(|connection| is_there(connection))
}

/// Whether the table sends what nothing else matches to an internet gateway that is there: this makes a subnet public.
fn leads_to_internet(snapshot: &Snapshot, table: &RouteTable) -> bool {
    routes(snapshot, table).any(|route| {
        let is_gateway = matches!(route.target, Target::Beyond(model::RouteTarget::InternetGateway(_)));
        route.destination == model::Cidr::ALL_IPV4 && is_gateway && route.state == RouteState::Active
    })
}

/// Every subnet that has this table for its own.
fn explicit_subnets<'a>(snapshot: &'a Snapshot, table: &'a RouteTable) -> impl Iterator<Item = &'a Subnet> {
    snapshot.subnets_of(table.vpc).filter(|subnet| subnet.route_table.as_ref().is_some_and(|own| own.table == table.id))
}

fn gateways_of(snapshot: &Snapshot, vpc: VpcId) -> impl Iterator<Item = &InternetGateway> {
    snapshot.internet_gateway_of(vpc).into_iter()
}

/// What is led to and is not there: the place where packets die is shown as well.
fn missing(nodes: &[Node], lines: &[MapLine]) -> Vec<Node> {
    let shown: BTreeSet<&str> = nodes.iter().map(|node| node.id.as_str()).collect();
    let mut gone: Vec<&str> = Vec::new();
    for line in lines {
        if !shown.contains(line.to.as_str()) && !gone.contains(&line.to.as_str()) {
            gone.push(&line.to);
        }
    }
    gone.into_iter()
        .map(|id| Node {
            details: vec!["Blackhole".to_owned()],
            mark: Some("routes lead here, and it is not there".to_owned()),
            ..Node::new(id, NodeKind::Connection, 3, id.to_owned())
        })
        .collect()
}
