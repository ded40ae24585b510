//! A network ACL's association with a subnet.
//!
//! A subnet has exactly one, from its creation to its end: it can be replaced and not undone. Each time it gets a new id.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceNetworkAclAssociation.html>

use model::{NetworkAclAssociationId, NetworkAclId, Subnet, SubnetNetworkAcl};
use serde::{Deserialize, Serialize};

use crate::edit::Edit;
use crate::error::Error;
use crate::operations::Change;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ReplaceNetworkAclAssociation {
    association_id: NetworkAclAssociationId,
    network_acl_id: NetworkAclId,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplaceNetworkAclAssociationAnswer {
    new_association_id: NetworkAclAssociationId,
}

impl Change for ReplaceNetworkAclAssociation {
    type Answer = ReplaceNetworkAclAssociationAnswer;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let subnet = edit.view().all::<Subnet>().find(|subnet| subnet.network_acl.association == self.association_id);
        let (subnet, vpc) = subnet.map(|subnet| (subnet.id, subnet.vpc)).ok_or_else(|| Error::not_found(self.association_id))?;
        let acl = edit.find(self.network_acl_id)?;
        if acl.vpc != vpc {
            return Err(Error::NetworkAclOfOtherVpc { acl: acl.id, subnet });
        }
        let association = edit.new_part_id();
        edit.draft.update(subnet, |subnet| subnet.network_acl = SubnetNetworkAcl { association, acl: self.network_acl_id });
        Ok(ReplaceNetworkAclAssociationAnswer { new_association_id: association })
    }
}
