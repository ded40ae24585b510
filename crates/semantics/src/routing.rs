//! Route tables: what they hold, in which state, and which route wins.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/RouteTables.html#route-tables-priority>

use std::fmt;
use std::net::IpAddr;

use model::{Cidr, PeeringStatus, RouteTable, RouteTarget, Snapshot};

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// To the VPC itself.
    Local,
    /// Out of it.
    Beyond(RouteTarget),
}

/// State of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteState {
    /// It carries packets.
    Active,
    /// Its target is not there or not ready: what it matches is dropped.
    Blackhole,
}

/// A route in effect, be it implied or added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// What it is for.
    pub destination: Cidr,
    /// Where it leads.
    pub target: Target,
    /// Whether it does.
    pub state: RouteState,
}

impl RouteState {
    /// AWS's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            RouteState::Active => "active",
            RouteState::Blackhole => "blackhole",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Local => f.write_str("local"),
            Target::Beyond(RouteTarget::InternetGateway(id)) => id.fmt(f),
            Target::Beyond(RouteTarget::VpcPeeringConnection(id)) => id.fmt(f),
        }
    }
}

/// Every route in effect of a table: one `local` route for each block of its VPC, then those that were added, by
/// destination.
pub fn routes<'a>(snapshot: &'a Snapshot, table: &'a RouteTable) -> impl Iterator<Item = Route> + 'a {
    let local =
        snapshot.resolve(table.vpc).cidrs().map(|block| Route { destination: block.into(), target: Target::Local, state: RouteState::Active });
    let added = table.routes.iter().map(move |(&destination, &target)| Route {
        destination,
        target: Target::Beyond(target),
        state: target_state(snapshot, table, target),
    });
    local.chain(added)
}

/// Whether a route of this table that leads there carries packets.
pub fn target_state(snapshot: &Snapshot, table: &RouteTable, target: RouteTarget) -> RouteState {
    let works = match target {
        RouteTarget::InternetGateway(id) => snapshot.get(id).is_some_and(|gateway| gateway.attachment == Some(table.vpc)),
        RouteTarget::VpcPeeringConnection(id) => {
            snapshot.get(id).is_some_and(|connection| connection.status == PeeringStatus::Active && connection.side(table.vpc).is_some())
        }
    };
    if works { RouteState::Active } else { RouteState::Blackhole }
}

/// The routes that hold the address, best first: the longest prefix wins, always. A blackhole is no reason to take
/// the next one.
pub(crate) fn candidates(snapshot: &Snapshot, table: &RouteTable, destination: IpAddr) -> (Option<Route>, Option<Route>) {
    let (mut best, mut second): (Option<Route>, Option<Route>) = (None, None);
    for route in routes(snapshot, table).filter(|route| route.destination.contains(destination)) {
        let longer_than = |other: &Option<Route>| other.is_none_or(|other| route.destination.prefix_length() > other.destination.prefix_length());
        if longer_than(&best) {
            second = best.replace(route);
        } else if longer_than(&second) {
            second = Some(route);
        }
    }
    (best, second)
}
