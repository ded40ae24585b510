//! Route table: where packets that leave a subnet go, by destination.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Cidr, InternetGatewayId, RouteTableId, Scope, VpcId, VpcPeeringConnectionId};

/// A route table. The `local` routes are not in it: every table has one for each block of its VPC, by definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTable {
    /// Its id.
    pub id: RouteTableId,
    /// Whose, and where.
    pub scope: Scope,
    /// The VPC it belongs to.
    pub vpc: VpcId,
    /// The routes that were added, by destination.
    pub routes: BTreeMap<Cidr, RouteTarget>,
}

/// Where a route that was added leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RouteTarget {
    /// To the internet.
    InternetGateway(InternetGatewayId),
    /// To the VPC on the other side.
    VpcPeeringConnection(VpcPeeringConnectionId),
}
