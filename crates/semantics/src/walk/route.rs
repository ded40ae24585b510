//! At the router: the longest prefix of the table of the subnet that the packet leaves.

use std::net::IpAddr;

use model::{NetworkInterface, RouteTable, RouteTarget, Snapshot, Subnet};

use super::{NextHop, Walk};
use crate::connection::Connections;
use crate::decision::Denial;
use crate::evidence::{Evidence, RouteFit, Rows};
use crate::routing::{Route, RouteState, Target, candidates, routes};
use crate::trace::{Recorder, Step};

impl<'a, C: Connections, R: Recorder> Walk<'a, C, R> {
    /// Along the route that wins.
    pub(super) fn follow_route(&mut self, source: &NetworkInterface, subnet: &Subnet) -> Result<NextHop<'a>, Denial> {
        let table = self.snapshot.route_table_of(subnet);
        let destination = self.packet.destination;
        let (best, beaten) = candidates(self.snapshot, table, destination);
        let (snapshot, packet) = (self.snapshot, self.packet);
        self.recorder.looked_at(|| Evidence { packet, rows: Rows::Routes(table.id, rows(snapshot, table, destination, best)) });
        let route = best.ok_or(Denial::NoRoute { table: table.id, destination })?;
        if let (RouteState::Blackhole, Target::Beyond(target)) = (route.state, route.target) {
            return Err(Denial::Blackhole { table: table.id, route: route.destination, target });
        }
        let beats = beaten.map(|beaten| (beaten.destination, beaten.target));
        self.recorder.passed(Step::Route { table: table.id, route: route.destination, target: route.target, beats });
        match route.target {
            Target::Local => self.interface_at(table.vpc).map(NextHop::Interface),
            Target::Beyond(RouteTarget::VpcPeeringConnection(id)) => {
                self.cross_peering(source, table.id, route.destination, id).map(NextHop::Interface)
            }
            Target::Beyond(RouteTarget::InternetGateway(id)) => {
                self.leave_by_gateway(source, table.id, route.destination, id).map(|()| NextHop::Gateway(id))
            }
        }
    }
}

/// All routes, with what became of each in the choice.
fn rows(snapshot: &Snapshot, table: &RouteTable, destination: IpAddr, best: Option<Route>) -> Vec<(Route, RouteFit)> {
    let fit = |route: &Route| match route.destination.contains(destination) {
        _ if Some(*route) == best => RouteFit::Wins,
        true => RouteFit::Shorter,
        false => RouteFit::Elsewhere,
    };
    routes(snapshot, table).map(|route| (route, fit(&route))).collect()
}
