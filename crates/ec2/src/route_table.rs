//! Route table: where packets that leave a subnet go.
//!
//! Every table has a `local` route for each block of its VPC, which nobody made and nobody can remove. A subnet that is
//! not associated with a table follows the main one; only explicit associations are listed.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html>

use model::{AccountId, IdKind, RouteTableAssociationId, RouteTableId, Subnet, SubnetId, VpcId};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::edit::Edit;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::operations::{Change, Done};
use crate::quota;
use crate::route::{Route, routes};
use crate::route_table_association::AssociationState;
use crate::tag::{Tag, pairs};
use crate::view::View;
use crate::wire::xml::Empty;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateRouteTable {
    vpc_id: VpcId,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateRouteTableAnswer {
    route_table: RouteTable,
    client_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeRouteTables {
    #[serde(default)]
    route_table_id: Vec<RouteTableId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteRouteTable {
    route_table_id: RouteTableId,
}

impl Change for CreateRouteTable {
    type Answer = CreateRouteTableAnswer;
    const TAGS: &'static [IdKind] = &[IdKind::RouteTableId];
    const IDEMPOTENT: bool = true;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let vpc = edit.find(self.vpc_id)?.id;
        quota::ROUTE_TABLES_PER_VPC.admit(edit.draft.all::<model::RouteTable>().filter(|table| table.vpc == vpc).count() + 1)?;
        let table = model::RouteTable { id: edit.new_id(), scope: edit.scope, vpc, routes: Default::default() };
        edit.create(table.clone());
        Ok(CreateRouteTableAnswer { route_table: RouteTable::new(&table, edit.view()), client_token: edit.client_token.clone() })
    }
}

impl Describe for DescribeRouteTables {
    type Item = RouteTable;
    const SET: &'static str = "routeTableSet";
    const FILTERS: &'static [FilterName<RouteTable>] = FILTERS;
    const ABSENT: &'static [&'static str] = ABSENT;
    const PAGES: Option<std::ops::RangeInclusive<u32>> = Some(5..=100);

    fn items(&self, view: View<'_>) -> Result<Vec<RouteTable>, Error> {
        Ok(view.named(&self.route_table_id)?.into_iter().map(|table| RouteTable::new(table, view)).collect())
    }

    fn key(table: &RouteTable) -> String {
        table.route_table_id.to_string()
    }
}

impl Change for DeleteRouteTable {
    type Answer = Done;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let table = edit.find(self.route_table_id)?;
        if !associations(table, edit.view()).is_empty() {
            return Err(Error::dependencies(table.id));
        }
        edit.draft.remove(self.route_table_id);
        Ok(Done)
    }
}

const FILTERS: &[FilterName<RouteTable>] = &[
    ("association.main", |table| values(table.association_set.iter().map(|association| association.main))),
    ("association.route-table-association-id", |table| {
        values(table.association_set.iter().map(|association| association.route_table_association_id))
    }),
    ("association.route-table-id", |table| values(table.association_set.iter().map(|association| association.route_table_id))),
    ("association.subnet-id", |table| values(table.association_set.iter().filter_map(|association| association.subnet_id))),
    ("owner-id", |table| values([table.owner_id])),
    ("route-table-id", |table| values([table.route_table_id])),
    ("route.destination-cidr-block", |table| values(table.route_set.iter().filter_map(|route| route.destination_cidr_block))),
    ("route.destination-ipv6-cidr-block", |table| values(table.route_set.iter().filter_map(|route| route.destination_ipv6_cidr_block))),
    ("route.gateway-id", |table| values(table.route_set.iter().filter_map(|route| route.gateway_id.as_ref()))),
    ("route.origin", |table| values(table.route_set.iter().map(|route| route.origin))),
    ("route.state", |table| values(table.route_set.iter().map(|route| route.state))),
    ("route.vpc-peering-connection-id", |table| values(table.route_set.iter().filter_map(|route| route.vpc_peering_connection_id))),
    ("vpc-id", |table| values([table.vpc_id])),
];

/// Filters about what nothing here has.
const ABSENT: &[&str] = &[
    "association.gateway-id",
    "route.destination-prefix-list-id",
    "route.egress-only-internet-gateway-id",
    "route.instance-id",
    "route.nat-gateway-id",
    "route.transit-gateway-id",
];

/// A route table as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RouteTable {
    route_table_id: RouteTableId,
    vpc_id: VpcId,
    owner_id: AccountId,
    route_set: Vec<Route>,
    association_set: Vec<Association>,
    propagating_vgw_set: Empty,
    tag_set: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Association {
    route_table_association_id: RouteTableAssociationId,
    route_table_id: RouteTableId,
    subnet_id: Option<SubnetId>,
    main: bool,
    association_state: AssociationState,
}

impl RouteTable {
    fn new(table: &model::RouteTable, view: View<'_>) -> Self {
        Self {
            route_table_id: table.id,
            vpc_id: table.vpc,
            owner_id: table.scope.account,
            route_set: routes(table, view),
            association_set: associations(table, view),
            propagating_vgw_set: Empty,
            tag_set: view.tags(table.id),
        }
    }
}

impl Tagged for RouteTable {
    fn tags(&self) -> Vec<(&str, &str)> {
        pairs(&self.tag_set)
    }
}

/// The associations of a table: with its VPC, if it is the main one, and with subnets.
fn associations(table: &model::RouteTable, view: View<'_>) -> Vec<Association> {
    let association = |id, subnet_id: Option<SubnetId>| Association {
        route_table_association_id: id,
        route_table_id: table.id,
        subnet_id,
        main: subnet_id.is_none(),
        association_state: AssociationState::ASSOCIATED,
    };
    let vpc = view.snapshot.resolve(table.vpc);
    let main = (vpc.main_route_table == table.id).then(|| association(vpc.main_association, None));
    let of_subnet = |subnet: &Subnet| {
        let own = subnet.route_table.filter(|own| own.table == table.id)?;
        Some(association(own.association, Some(subnet.id)))
    };
    main.into_iter().chain(view.snapshot.subnets_of(table.vpc).filter_map(of_subnet)).collect()
}
