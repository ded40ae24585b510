//! Tags: key and value pairs that an account puts on resources.
//!
//! Any resource can be tagged after it is made, by anyone who sees it; each account sees its own tags only, which matters
//! for peering connections. <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html>

use std::collections::BTreeMap;

use model::{Image, ResourceId, SecurityGroup, TagSet, TagSetKey};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::edit::Edit;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::kind::words;
use crate::metadata_options::check_tag_keys;
use crate::operations::{Change, Done};
use crate::quota;
use crate::tag_specification::{TagParameter, check};
use crate::view::View;

/// A tag as answers have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Tag {
    pub key: String,
    pub value: String,
}

/// The tags as filters look at them.
pub(crate) fn pairs(tags: &[Tag]) -> Vec<(&str, &str)> {
    tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateTags {
    resource_id: Vec<ResourceId>,
    tag: Vec<TagParameter>,
}

#[derive(Deserialize)]
pub(crate) struct DescribeTags {}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteTags {
    resource_id: Vec<ResourceId>,
    #[serde(default)]
    tag: Vec<TagParameter>,
}

impl Change for CreateTags {
    type Answer = Done;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let new = check(&self.tag)?;
        for &id in &self.resource_id {
            find(id, edit.view())?;
            let mut tags = tags_of(id, edit);
            tags.extend(new.clone());
            quota::TAGS_PER_RESOURCE.admit(tags.len())?;
            if let ResourceId::InstanceId(id) = id {
                check_tag_keys(edit.find(id)?.metadata_options, tags.keys())?;
            }
            edit.put_tags(id, tags);
        }
        Ok(Done)
    }
}

impl Describe for DescribeTags {
    type Item = TagDescription;
    const SET: &'static str = "tagSet";
    const FILTERS: &'static [FilterName<TagDescription>] = FILTERS;

    fn items(&self, view: View<'_>) -> Result<Vec<TagDescription>, Error> {
        Ok(view.snapshot.in_scope::<TagSet>(view.scope).flat_map(TagDescription::all).collect())
    }

    fn key(tag: &TagDescription) -> String {
        format!("{}/{}", tag.resource_id, tag.key)
    }
}

impl Change for DeleteTags {
    type Answer = Done;

    /// A tag goes if its value is the one named, or if none is named; without tags all go. Those that are not there are
    /// no error. <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTags.html>
    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        for &id in &self.resource_id {
            find(id, edit.view())?;
            let mut tags = tags_of(id, edit);
            let named =
                |key: &String, value: &String| self.tag.iter().any(|tag| tag.key == *key && tag.value.as_ref().is_none_or(|wanted| wanted == value));
            tags.retain(|key, value| !self.tag.is_empty() && !named(key, value));
            edit.put_tags(id, tags);
        }
        Ok(Done)
    }
}

const FILTERS: &[FilterName<TagDescription>] = &[
    ("key", |tag| values([&tag.key])),
    ("resource-id", |tag| values([tag.resource_id])),
    ("resource-type", |tag| values([tag.resource_type])),
    ("value", |tag| values([&tag.value])),
];

/// A tag with what it is on.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TagDescription {
    resource_id: ResourceId,
    resource_type: &'static str,
    key: String,
    value: String,
}

impl TagDescription {
    fn all(set: &TagSet) -> impl Iterator<Item = TagDescription> {
        let resource_type = words(set.resource.kind()).resource_type.unwrap_or_default();
        set.tags.iter().map(move |(key, value)| TagDescription { resource_id: set.resource, resource_type, key: key.clone(), value: value.clone() })
    }
}

impl Tagged for TagDescription {
    fn tags(&self) -> Vec<(&str, &str)> {
        vec![(&self.key, &self.value)]
    }
}

fn tags_of(id: ResourceId, edit: &Edit<'_, '_>) -> BTreeMap<String, String> {
    edit.draft.get(TagSetKey { resource: id, scope: edit.scope }).map(|set| set.tags.clone()).unwrap_or_default()
}

/// Checks that there is such a resource, and that it can have tags.
fn find(id: ResourceId, view: View<'_>) -> Result<(), Error> {
    let exists = match id {
        ResourceId::AllocationId(id) => view.find(id).is_ok(),
        ResourceId::DhcpOptionsId(id) => view.find(id).is_ok(),
        ResourceId::InstanceConnectEndpointId(id) => view.find(id).is_ok(),
        ResourceId::InstanceId(id) => view.find(id).is_ok(),
        ResourceId::InternetGatewayId(id) => view.find(id).is_ok(),
        ResourceId::KeyPairId(id) => view.find(id).is_ok(),
        ResourceId::NetworkAclId(id) => view.find(id).is_ok(),
        ResourceId::NetworkInsightsAnalysisId(id) => view.find(id).is_ok(),
        ResourceId::NetworkInsightsPathId(id) => view.find(id).is_ok(),
        ResourceId::NetworkInterfaceId(id) => view.find(id).is_ok(),
        ResourceId::RouteTableId(id) => view.find(id).is_ok(),
        ResourceId::SecurityGroupId(id) => view.find(id).is_ok(),
        ResourceId::SubnetId(id) => view.find(id).is_ok(),
        ResourceId::VpcId(id) => view.find(id).is_ok(),
        ResourceId::VpcPeeringConnectionId(id) => view.find(id).is_ok(),
        ResourceId::ImageId(id) => Image::find(id).is_some() || view.find(id).is_ok_and(|image| !image.deregistered),
        ResourceId::SecurityGroupRuleId(id) => view.all::<SecurityGroup>().flat_map(|group| &group.rules).any(|rule| rule.id == id),
        ResourceId::VolumeId(id) => view.instance_of(id).is_some(),
        ResourceId::AddressAssociationId(_)
        | ResourceId::AttachmentId(_)
        | ResourceId::NetworkAclAssociationId(_)
        | ResourceId::ReservationId(_)
        | ResourceId::RouteTableAssociationId(_)
        | ResourceId::VpcCidrBlockAssociationId(_) => return Err(Error::InvalidId { value: id.to_string() }),
    };
    if exists { Ok(()) } else { Err(Error::not_found(id)) }
}
