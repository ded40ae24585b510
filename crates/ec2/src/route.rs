//! Route: one line of a route table.
//!
//! A route may lead to an internet gateway or over a peering connection, to a destination outside the VPC. The route to
//! the VPC's own addresses is `local`; a destination that is equal to them or inside of them can have no such target.
//! A route whose target is gone stays as a `blackhole` until somebody removes it.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html>

use model::{Cidr, InternetGatewayId, Ipv4Cidr, RouteTable, RouteTableId, RouteTarget, VpcPeeringConnectionId};
use semantics::Target;
use serde::{Deserialize, Serialize};

use crate::edit::Edit;
use crate::error::Error;
use crate::operations::{Change, Done};
use crate::quota;
use crate::view::View;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateRoute {
    route_table_id: RouteTableId,
    destination_cidr_block: Option<Ipv4Cidr>,
    destination_ipv6_cidr_block: Option<Cidr>,
    gateway_id: Option<String>,
    vpc_peering_connection_id: Option<VpcPeeringConnectionId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ReplaceRoute {
    route_table_id: RouteTableId,
    destination_cidr_block: Option<Ipv4Cidr>,
    destination_ipv6_cidr_block: Option<Cidr>,
    gateway_id: Option<String>,
    vpc_peering_connection_id: Option<VpcPeeringConnectionId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteRoute {
    route_table_id: RouteTableId,
    destination_cidr_block: Option<Ipv4Cidr>,
    destination_ipv6_cidr_block: Option<Cidr>,
}

/// Targets and destinations of AWS's that are not built.
const UNSUPPORTED: &[&str] = &[
    "CarrierGatewayId",
    "CoreNetworkArn",
    "DestinationPrefixListId",
    "EgressOnlyInternetGatewayId",
    "InstanceId",
    "LocalGatewayId",
    "LocalTarget=false",
    "NatGatewayId",
    "NetworkInterfaceId",
    "OdbNetworkArn",
    "TransitGatewayId",
    "VpcEndpointId",
];

impl Change for CreateRoute {
    type Answer = Done;
    const INERT: &'static [&'static str] = UNSUPPORTED;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let destination = destination(self.destination_cidr_block, self.destination_ipv6_cidr_block)?;
        let table = edit.find(self.route_table_id)?.clone();
        let target = target(self.gateway_id.as_deref(), self.vpc_peering_connection_id, edit.view())?;
        check_destination(&table, destination, edit.view())?;
        check_target(&table, target, edit.view())?;
        if table.routes.contains_key(&destination) {
            return Err(Error::RouteExists { destination });
        }
        let of_family = table.routes.keys().filter(|other| other.is_ipv6() == destination.is_ipv6()).count();
        quota::ROUTES_PER_TABLE.admit(of_family + 1)?;

        edit.draft.update(table.id, |table| _ = table.routes.insert(destination, target));
        Ok(Done)
    }
}

impl Change for ReplaceRoute {
    type Answer = Done;
    const INERT: &'static [&'static str] = UNSUPPORTED;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let destination = destination(self.destination_cidr_block, self.destination_ipv6_cidr_block)?;
        let table = edit.find(self.route_table_id)?.clone();
        let target = target(self.gateway_id.as_deref(), self.vpc_peering_connection_id, edit.view())?;
        check_destination(&table, destination, edit.view())?;
        check_target(&table, target, edit.view())?;
        if !table.routes.contains_key(&destination) {
            return Err(Error::NoRouteToReplace { destination });
        }
        edit.draft.update(table.id, |table| _ = table.routes.insert(destination, target));
        Ok(Done)
    }
}

impl Change for DeleteRoute {
    type Answer = Done;
    const INERT: &'static [&'static str] = &["DestinationPrefixListId"];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let destination = destination(self.destination_cidr_block, self.destination_ipv6_cidr_block)?;
        let table = edit.find(self.route_table_id)?.clone();
        if local(&table, edit.view()).any(|block| block == destination) {
            return Err(Error::LocalRoute { destination, table: table.id });
        }
        if !table.routes.contains_key(&destination) {
            return Err(Error::UnknownRoute { destination, table: table.id });
        }
        edit.draft.update(table.id, |table| _ = table.routes.remove(&destination));
        Ok(Done)
    }
}

/// A route as answers have it.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Route {
    pub destination_cidr_block: Option<Ipv4Cidr>,
    pub destination_ipv6_cidr_block: Option<Cidr>,
    pub gateway_id: Option<String>,
    pub vpc_peering_connection_id: Option<VpcPeeringConnectionId>,
    pub origin: &'static str,
    pub state: &'static str,
}

impl From<semantics::Route> for Route {
    fn from(route: semantics::Route) -> Self {
        let (gateway_id, vpc_peering_connection_id) = match route.target {
            Target::Local => (Some("local".to_owned()), None),
            Target::Beyond(RouteTarget::InternetGateway(id)) => (Some(id.to_string()), None),
            Target::Beyond(RouteTarget::VpcPeeringConnection(id)) => (None, Some(id)),
        };
        Self {
            destination_cidr_block: route.destination.as_ipv4(),
            destination_ipv6_cidr_block: Some(route.destination).filter(Cidr::is_ipv6),
            gateway_id,
            vpc_peering_connection_id,
            origin: if route.target == Target::Local { "CreateRouteTable" } else { "CreateRoute" },
            state: route.state.as_str(),
        }
    }
}

/// The routes of a table, the local ones first.
pub(crate) fn routes(table: &RouteTable, view: View<'_>) -> Vec<Route> {
    semantics::routes(view.snapshot, table).map(Route::from).collect()
}

/// The destinations of a table's local routes: the blocks of its VPC.
fn local<'a>(table: &RouteTable, view: View<'a>) -> impl Iterator<Item = Cidr> + use<'a> {
    view.snapshot.resolve(table.vpc).cidrs().map(Cidr::from)
}

fn destination(ipv4: Option<Ipv4Cidr>, ipv6: Option<Cidr>) -> Result<Cidr, Error> {
    match (ipv4, ipv6) {
        (Some(block), None) => Ok(block.into()),
        (None, Some(block)) if block.is_ipv6() => Ok(block),
        (None, Some(block)) => Err(Error::value("destinationIpv6CidrBlock", block, "This is not a valid IPv6 CIDR block.")),
        (None, None) => Err(Error::missing("DestinationCidrBlock")),
        (Some(_), Some(_)) => {
            Err(Error::combination("The parameters destinationCidrBlock and destinationIpv6CidrBlock may not be specified on the same request"))
        }
    }
}

/// The target that is named. It must exist, whatever its state; a peering connection that has come to its end does not.
fn target(gateway: Option<&str>, pcx: Option<VpcPeeringConnectionId>, view: View<'_>) -> Result<RouteTarget, Error> {
    match (gateway, pcx) {
        (Some(value), None) => {
            let gateway = value.parse::<InternetGatewayId>().ok().and_then(|id| view.find(id).ok());
            let gateway = gateway.ok_or_else(|| Error::NoSuchGateway { value: value.to_owned() })?;
            Ok(RouteTarget::InternetGateway(gateway.id))
        }
        (None, Some(id)) => match view.find(id)?.status.is_terminal() {
            true => Err(Error::not_found(id)),
            false => Ok(RouteTarget::VpcPeeringConnection(id)),
        },
        _ => Err(Error::combination("The request must contain exactly one target: gatewayId or vpcPeeringConnectionId")),
    }
}

/// Ranges whose packets AWS keeps for itself. <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html>
const RESERVED: &[&str] = &["169.254.168.0/22", "fd00:ec2::/32"];

fn check_destination(table: &RouteTable, destination: Cidr, view: View<'_>) -> Result<(), Error> {
    if local(table, view).any(|block| block.covers(&destination)) {
        return Err(Error::DestinationIsLocal { destination });
    }
    match RESERVED.iter().filter_map(|range| range.parse::<Cidr>().ok()).any(|range| range.covers(&destination)) {
        true => Err(Error::DestinationIsReserved { destination }),
        false => Ok(()),
    }
}

fn check_target(table: &RouteTable, target: RouteTarget, view: View<'_>) -> Result<(), Error> {
    let (belongs, noun, id) = match target {
        RouteTarget::InternetGateway(id) => (view.find(id)?.attachment == Some(table.vpc), "network gateway", id.into()),
        RouteTarget::VpcPeeringConnection(id) => (view.find(id)?.side(table.vpc).is_some(), "VPC peering connection", id.into()),
    };
    if belongs { Ok(()) } else { Err(Error::DifferentNetworks { table: table.id, noun, id }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Exactly one destination, and of the family that the parameter is for (4.3.4).
    #[test]
    fn a_route_has_one_destination() {
        let (ipv4, ipv6) = ("10.0.0.0/8", "2001:db8::/32");
        for (one, other, wanted) in [
            (Some(ipv4), None, Ok(ipv4)),
            (None, Some(ipv6), Ok(ipv6)),
            (None, Some(ipv4), Err("InvalidParameterValue")),
            (None, None, Err("MissingParameter")),
            (Some(ipv4), Some(ipv6), Err("InvalidParameterCombination")),
        ] {
            let parse = |block: &str| block.parse::<Cidr>().unwrap();
            let found = destination(one.and_then(|block| parse(block).as_ipv4()), other.map(parse));
            assert_eq!(found.map_err(|error| error.code()), wanted.map(parse));
        }
    }
}
