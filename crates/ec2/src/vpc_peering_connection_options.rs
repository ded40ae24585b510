//! Options of a VPC peering connection: whether public names of one side's instances mean private addresses to the other.
//!
//! Each side says it of its own VPC, once the connection is active, and where DNS gives names at all. ClassicLink is no
//! more; what is said about it changes nothing, as on AWS.
//!
//! <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-dns.html>

use model::{PeeringStatus, PeeringVpc, Scope, VpcPeeringConnectionId};
use serde::{Deserialize, Serialize};

use crate::edit::Edit;
use crate::error::Error;
use crate::operations::Change;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyVpcPeeringConnectionOptions {
    vpc_peering_connection_id: VpcPeeringConnectionId,
    #[serde(default)]
    requester_peering_connection_options: PeeringOptionsRequest,
    #[serde(default)]
    accepter_peering_connection_options: PeeringOptionsRequest,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PeeringOptionsRequest {
    allow_dns_resolution_from_remote_vpc: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModifyVpcPeeringConnectionOptionsAnswer {
    accepter_peering_connection_options: Option<PeeringOptions>,
    requester_peering_connection_options: Option<PeeringOptions>,
}

/// The options of a side as answers have them.
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

impl Change for ModifyVpcPeeringConnectionOptions {
    type Answer = ModifyVpcPeeringConnectionOptionsAnswer;
    const INERT: &'static [&'static str] = &[
        "AccepterPeeringConnectionOptions.AllowMultipathResilience=false",
        "AccepterPeeringConnectionOptions.MultipathResilienceMode",
        "RequesterPeeringConnectionOptions.AllowMultipathResilience=false",
        "RequesterPeeringConnectionOptions.MultipathResilienceMode",
        "RequesterPeeringConnectionOptions.AllowEgressFromLocalClassicLinkToRemoteVpc=false",
        "RequesterPeeringConnectionOptions.AllowEgressFromLocalVpcToRemoteClassicLink=false",
        "AccepterPeeringConnectionOptions.AllowEgressFromLocalClassicLinkToRemoteVpc=false",
        "AccepterPeeringConnectionOptions.AllowEgressFromLocalVpcToRemoteClassicLink=false",
    ];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let id = self.vpc_peering_connection_id;
        let connection = edit.find(id)?.clone();
        if connection.status != PeeringStatus::Active {
            return Err(Error::PeeringNotActive { id });
        }
        let requester = self.requester_peering_connection_options.allow_dns_resolution_from_remote_vpc;
        let accepter = self.accepter_peering_connection_options.allow_dns_resolution_from_remote_vpc;
        for (wanted, side) in [(requester, &connection.requester), (accepter, &connection.accepter)] {
            if wanted.is_some() {
                check_side(id, side, edit.scope)?;
            }
        }
        let gives_names = |side: &PeeringVpc| edit.draft.get(side.vpc).is_some_and(model::Vpc::gives_public_names);
        if [requester, accepter].contains(&Some(true)) && !(gives_names(&connection.requester) && gives_names(&connection.accepter)) {
            return Err(Error::PeeringWithoutDnsHostnames { id });
        }
        let mut changed = connection;
        for (wanted, side) in [(requester, &mut changed.requester), (accepter, &mut changed.accepter)] {
            side.allow_dns_resolution_from_remote_vpc = wanted.unwrap_or(side.allow_dns_resolution_from_remote_vpc);
        }
        edit.draft.put(changed.clone());
        Ok(ModifyVpcPeeringConnectionOptionsAnswer {
            accepter_peering_connection_options: accepter.map(|_| (&changed.accepter).into()),
            requester_peering_connection_options: requester.map(|_| (&changed.requester).into()),
        })
    }
}

/// Whether the caller speaks for that side.
fn check_side(id: VpcPeeringConnectionId, side: &PeeringVpc, caller: Scope) -> Result<(), Error> {
    match () {
        () if side.scope == caller => Ok(()),
        () if side.scope.account == caller.account => {
            Err(Error::WrongRegion { id, region: caller.region, accepter: side.scope.region, verb: "modified" })
        }
        () => Err(Error::NotPermitted { id, account: caller.account, verb: "modify" }),
    }
}
