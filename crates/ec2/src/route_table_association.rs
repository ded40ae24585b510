//! A route table's association with a subnet, or with its VPC: the main table.
//!
//! A subnet has at most one. Replacing an association gives it a new id; replacing the main one makes another table the
//! main one. <https://docs.aws.amazon.com/vpc/latest/userguide/WorkWithRouteTables.html>

use model::{ResourceId, RouteTableAssociationId, RouteTableId, Subnet, SubnetId, SubnetRouteTable, Vpc, VpcId};
use serde::{Deserialize, Serialize};

use crate::edit::Edit;
use crate::error::Error;
use crate::operations::{Change, Done};
use crate::view::View;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AssociateRouteTable {
    route_table_id: RouteTableId,
    subnet_id: SubnetId,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssociateRouteTableAnswer {
    association_id: RouteTableAssociationId,
    association_state: AssociationState,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ReplaceRouteTableAssociation {
    association_id: RouteTableAssociationId,
    route_table_id: RouteTableId,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplaceRouteTableAssociationAnswer {
    new_association_id: RouteTableAssociationId,
    association_state: AssociationState,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DisassociateRouteTable {
    association_id: RouteTableAssociationId,
}

/// What an association is doing.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct AssociationState {
    state: &'static str,
}

impl AssociationState {
    /// In force, as all are.
    pub const ASSOCIATED: Self = Self { state: "associated" };
}

impl Change for AssociateRouteTable {
    type Answer = AssociateRouteTableAnswer;
    const INERT: &'static [&'static str] = &["GatewayId", "PublicIpv4Pool"];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let table = edit.find(self.route_table_id)?.clone();
        let subnet = edit.find(self.subnet_id)?.clone();
        check_vpc(&table, subnet.vpc, subnet.id)?;
        let association = match subnet.route_table {
            // Associating it with the same table again changes nothing.
            Some(own) if own.table == table.id => own,
            Some(_) => return Err(Error::SubnetAssociated { table: table.id }),
            None => SubnetRouteTable { association: edit.new_part_id(), table: table.id },
        };
        edit.draft.update(subnet.id, |subnet| subnet.route_table = Some(association));
        Ok(AssociateRouteTableAnswer { association_id: association.association, association_state: AssociationState::ASSOCIATED })
    }
}

impl Change for ReplaceRouteTableAssociation {
    type Answer = ReplaceRouteTableAssociationAnswer;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let associated = find(self.association_id, edit.view())?;
        let table = edit.find(self.route_table_id)?.clone();
        let association = edit.new_part_id();
        match associated {
            Associated::Vpc(vpc) => {
                check_vpc(&table, vpc, vpc)?;
                edit.draft.update(vpc, |vpc| (vpc.main_route_table, vpc.main_association) = (table.id, association));
            }
            Associated::Subnet(subnet, vpc) => {
                check_vpc(&table, vpc, subnet)?;
                edit.draft.update(subnet, |subnet| subnet.route_table = Some(SubnetRouteTable { association, table: table.id }));
            }
        }
        Ok(ReplaceRouteTableAssociationAnswer { new_association_id: association, association_state: AssociationState::ASSOCIATED })
    }
}

impl Change for DisassociateRouteTable {
    type Answer = Done;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        match find(self.association_id, edit.view())? {
            Associated::Vpc(_) => Err(Error::MainAssociation { association: self.association_id }),
            Associated::Subnet(subnet, _) => {
                edit.draft.update(subnet, |subnet| subnet.route_table = None);
                Ok(Done)
            }
        }
    }
}

/// What a table is associated with.
enum Associated {
    Vpc(VpcId),
    Subnet(SubnetId, VpcId),
}

fn find(association: RouteTableAssociationId, view: View<'_>) -> Result<Associated, Error> {
    let is_it = |subnet: &&Subnet| subnet.route_table.is_some_and(|own| own.association == association);
    let subnet = view.all::<Subnet>().find(is_it).map(|subnet| Associated::Subnet(subnet.id, subnet.vpc));
    let vpc = || view.all::<Vpc>().find(|vpc| vpc.main_association == association).map(|vpc| Associated::Vpc(vpc.id));
    subnet.or_else(vpc).ok_or_else(|| Error::not_found(association))
}

fn check_vpc(table: &model::RouteTable, vpc: VpcId, with: impl Into<ResourceId>) -> Result<(), Error> {
    let id = with.into();
    let noun = crate::kind::words(id.kind()).noun;
    if table.vpc == vpc { Ok(()) } else { Err(Error::DifferentNetworks { table: table.id, noun, id }) }
}
