//! Internet gateway: a VPC's connection to the internet.
//!
//! It is attached to one VPC at most, and a VPC has at most one. An attachment's state is called `available`.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>

use model::{AccountId, IdKind, InternetGatewayId, VpcId};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::edit::Edit;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::operations::{Change, Done};
use crate::public_address::is_mapped;
use crate::quota;
use crate::tag::{Tag, pairs};
use crate::view::View;

#[derive(Deserialize)]
pub(crate) struct CreateInternetGateway {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateInternetGatewayAnswer {
    internet_gateway: InternetGateway,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeInternetGateways {
    #[serde(default)]
    internet_gateway_id: Vec<InternetGatewayId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttachInternetGateway {
    internet_gateway_id: InternetGatewayId,
    vpc_id: VpcId,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DetachInternetGateway {
    internet_gateway_id: InternetGatewayId,
    vpc_id: VpcId,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteInternetGateway {
    internet_gateway_id: InternetGatewayId,
}

impl Change for CreateInternetGateway {
    type Answer = CreateInternetGatewayAnswer;
    const TAGS: &'static [IdKind] = &[IdKind::InternetGatewayId];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        quota::INTERNET_GATEWAYS.admit(edit.view().all::<model::InternetGateway>().count() + 1)?;
        let gateway = model::InternetGateway { id: edit.new_id(), scope: edit.scope, attachment: None };
        edit.create(gateway.clone());
        Ok(CreateInternetGatewayAnswer { internet_gateway: InternetGateway::new(&gateway, edit.view()) })
    }
}

impl Describe for DescribeInternetGateways {
    type Item = InternetGateway;
    const SET: &'static str = "internetGatewaySet";
    const FILTERS: &'static [FilterName<InternetGateway>] = FILTERS;

    fn items(&self, view: View<'_>) -> Result<Vec<InternetGateway>, Error> {
        Ok(view.named(&self.internet_gateway_id)?.into_iter().map(|gateway| InternetGateway::new(gateway, view)).collect())
    }

    fn key(gateway: &InternetGateway) -> String {
        gateway.internet_gateway_id.to_string()
    }
}

impl Change for AttachInternetGateway {
    type Answer = Done;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let gateway = edit.find(self.internet_gateway_id)?.id;
        let vpc = edit.find(self.vpc_id)?.id;
        if let Some(vpc) = edit.find(gateway)?.attachment {
            return Err(Error::GatewayAttached { gateway, vpc });
        }
        if edit.draft.internet_gateway_of(vpc).is_some() {
            return Err(Error::VpcHasGateway { vpc });
        }
        edit.draft.update(gateway, |gateway| gateway.attachment = Some(vpc));
        Ok(Done)
    }
}

impl Change for DetachInternetGateway {
    type Answer = Done;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let (gateway, attachment) = edit.find(self.internet_gateway_id).map(|gateway| (gateway.id, gateway.attachment))?;
        let vpc = edit.find(self.vpc_id)?.id;
        if attachment != Some(vpc) {
            return Err(Error::GatewayNotAttached { gateway, vpc });
        }
        if is_mapped(vpc, edit.view()) {
            return Err(Error::MappedAddresses { vpc });
        }
        edit.draft.update(gateway, |gateway| gateway.attachment = None);
        Ok(Done)
    }
}

impl Change for DeleteInternetGateway {
    type Answer = Done;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let gateway = edit.find(self.internet_gateway_id)?.clone();
        if gateway.attachment.is_some() {
            return Err(Error::dependencies(gateway.id));
        }
        edit.draft.remove(gateway.id);
        Ok(Done)
    }
}

const FILTERS: &[FilterName<InternetGateway>] = &[
    ("attachment.state", |gateway| values(gateway.attachment_set.iter().map(|attachment| attachment.state))),
    ("attachment.vpc-id", |gateway| values(gateway.attachment_set.iter().map(|attachment| attachment.vpc_id))),
    ("internet-gateway-id", |gateway| values([gateway.internet_gateway_id])),
    ("owner-id", |gateway| values([gateway.owner_id])),
];

/// An internet gateway as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InternetGateway {
    internet_gateway_id: InternetGatewayId,
    owner_id: AccountId,
    attachment_set: Vec<Attachment>,
    tag_set: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attachment {
    vpc_id: VpcId,
    state: &'static str,
}

impl InternetGateway {
    fn new(gateway: &model::InternetGateway, view: View<'_>) -> Self {
        Self {
            internet_gateway_id: gateway.id,
            owner_id: gateway.scope.account,
            attachment_set: gateway.attachment.map(|vpc_id| Attachment { vpc_id, state: "available" }).into_iter().collect(),
            tag_set: view.tags(gateway.id),
        }
    }
}

impl Tagged for InternetGateway {
    fn tags(&self) -> Vec<(&str, &str)> {
        pairs(&self.tag_set)
    }
}
