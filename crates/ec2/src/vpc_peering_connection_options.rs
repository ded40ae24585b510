//! Options of a VPC peering connection: whether each side lets the other resolve its public names to private addresses.
//!
//! Each side sets its own, in its own region, once the connection is active.
//! <https://docs.aws.amazon.com/vpc/latest/peering/modify-peering-connections.html>

use model::{PeeringStatus, PeeringVpc, Vpc, VpcPeeringConnectionId};
use serde::{Deserialize, Serialize};

use crate::edit::Edit;
use crate::error::Error;
use crate::operations::Change;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyVpcPeeringConnectionOptions {
    vpc_peering_connection_id: VpcPeeringConnectionId,
    requester_peering_connection_options: Option<OptionsRequest>,
    accepter_peering_connection_options: Option<OptionsRequest>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OptionsRequest {
    allow_dns_resolution_from_remote_vpc: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModifyVpcPeeringConnectionOptionsAnswer {
    requester_peering_connection_options: Option<PeeringOptions>,
    accepter_peering_connection_options: Option<PeeringOptions>,
}

impl Change for ModifyVpcPeeringConnectionOptions {
    type Answer = ModifyVpcPeeringConnectionOptionsAnswer;
    const INERT: &'static [&'static str] = &[
        "AccepterPeeringConnectionOptions.AllowEgressFromLocalClassicLinkToRemoteVpc=false",
        "AccepterPeeringConnectionOptions.AllowEgressFromLocalVpcToRemoteClassicLink=false",
        "AccepterPeeringConnectionOptions.AllowMultipathResilience=false",
        "AccepterPeeringConnectionOptions.MultipathResilienceMode",
        "RequesterPeeringConnectionOptions.AllowEgressFromLocalClassicLinkToRemoteVpc=false",
        "RequesterPeeringConnectionOptions.AllowEgressFromLocalVpcToRemoteClassicLink=false",
        "RequesterPeeringConnectionOptions.AllowMultipathResilience=false",
        "RequesterPeeringConnectionOptions.MultipathResilienceMode",
    ];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let mut connection = edit.find(self.vpc_peering_connection_id)?.clone();
        let (id, scope) = (connection.id, edit.scope);
        if self.requester_peering_connection_options.is_none() && self.accepter_peering_connection_options.is_none() {
            return Err(Error::missing("RequesterPeeringConnectionOptions"));
        }
        if connection.status != PeeringStatus::Active {
            return Err(Error::PeeringNotActive { id });
        }
        for (request, side, name) in [
            (self.requester_peering_connection_options, &mut connection.requester, "requester"),
            (self.accepter_peering_connection_options, &mut connection.accepter, "accepter"),
        ] {
            let Some(request) = request else { continue };
            if side.scope != scope {
                return Err(Error::OptionsOfOtherSide { id, account: scope.account, side: name });
            }
            request.set(side, edit)?;
        }
        let answer = ModifyVpcPeeringConnectionOptionsAnswer {
            requester_peering_connection_options: self.requester_peering_connection_options.map(|_| PeeringOptions::from(&connection.requester)),
            accepter_peering_connection_options: self.accepter_peering_connection_options.map(|_| PeeringOptions::from(&connection.accepter)),
        };
        edit.draft.put(connection);
        Ok(answer)
    }
}

impl OptionsRequest {
    /// Names are of no use in a VPC that has none.
    fn set(self, side: &mut PeeringVpc, edit: &Edit<'_, '_>) -> Result<(), Error> {
        let has_names = |vpc: &Vpc| vpc.enable_dns_support && vpc.enable_dns_hostnames;
        match self.allow_dns_resolution_from_remote_vpc {
            Some(true) if !edit.draft.get(side.vpc).is_some_and(has_names) => Err(Error::DnsHostnamesDisabled { vpc: side.vpc }),
            Some(allow) => {
                side.allow_dns_resolution_from_remote_vpc = allow;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// The options of one side as answers have them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PeeringOptions {
    allow_dns_resolution_from_remote_vpc: bool,
    allow_egress_from_local_classic_link_to_remote_vpc: bool,
    allow_egress_from_local_vpc_to_remote_classic_link: bool,
}

impl From<&PeeringVpc> for PeeringOptions {
    fn from(side: &PeeringVpc) -> Self {
        Self {
            allow_dns_resolution_from_remote_vpc: side.allow_dns_resolution_from_remote_vpc,
            allow_egress_from_local_classic_link_to_remote_vpc: false,
            allow_egress_from_local_vpc_to_remote_classic_link: false,
        }
    }
}
