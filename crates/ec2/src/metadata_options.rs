//! Metadata options: how an instance may ask about itself.
//!
//! Not said at launch, they are those of the image: one that was made for IMDSv2 requires a token.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html>

use model::{HopLimit, HttpTokens, InstanceId, InstanceState, MetadataOptions, MetadataOptionsState, Switch};
use serde::{Deserialize, Serialize};

use crate::edit::Edit;
use crate::error::Error;
use crate::operations::Change;

/// What is said about them at launch.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MetadataOptionsRequest {
    http_tokens: Option<HttpTokens>,
    http_endpoint: Option<Switch>,
    http_put_response_hop_limit: Option<i64>,
    instance_metadata_tags: Option<Switch>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyInstanceMetadataOptions {
    instance_id: InstanceId,
    http_tokens: Option<HttpTokens>,
    http_endpoint: Option<Switch>,
    http_put_response_hop_limit: Option<i64>,
    instance_metadata_tags: Option<Switch>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModifyInstanceMetadataOptionsAnswer {
    instance_id: InstanceId,
    instance_metadata_options: MetadataOptionsView,
}

/// Metadata options as answers have them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MetadataOptionsView {
    pub state: MetadataOptionsState,
    pub http_tokens: HttpTokens,
    pub http_put_response_hop_limit: u8,
    pub http_endpoint: Switch,
    pub http_protocol_ipv6: Switch,
    pub instance_metadata_tags: Switch,
}

impl Change for ModifyInstanceMetadataOptions {
    type Answer = ModifyInstanceMetadataOptionsAnswer;
    const INERT: &'static [&'static str] = &["HttpProtocolIpv6=disabled"];

    /// The change is in force with the next tick: `pending` is what the answer to this call says.
    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let instance = edit.find(self.instance_id)?.clone();
        if !matches!(instance.state, InstanceState::Pending | InstanceState::Running | InstanceState::Stopping | InstanceState::Stopped) {
            return Err(Error::InstanceState { instance: instance.id, participle: "modified" });
        }
        let request = MetadataOptionsRequest {
            http_tokens: self.http_tokens,
            http_endpoint: self.http_endpoint,
            http_put_response_hop_limit: self.http_put_response_hop_limit,
            instance_metadata_tags: self.instance_metadata_tags,
        };
        let options = MetadataOptions { state: MetadataOptionsState::Pending, ..request.over(instance.metadata_options)? };
        check_tag_keys(options, edit.view().tags(instance.id).iter().map(|tag| &tag.key))?;
        edit.draft.update(instance.id, |instance| instance.metadata_options = options);
        Ok(Self::Answer { instance_id: instance.id, instance_metadata_options: options.into() })
    }
}

impl MetadataOptionsRequest {
    /// What an instance of that image begins with.
    pub fn at_launch(&self, image_requires_token: bool) -> Result<MetadataOptions, Error> {
        self.over(if image_requires_token { MetadataOptions::IMDS_V2 } else { MetadataOptions::IMDS_V1 })
    }

    /// What was so far, but for what is said.
    fn over(&self, before: MetadataOptions) -> Result<MetadataOptions, Error> {
        let limit = match self.http_put_response_hop_limit {
            None => before.http_put_response_hop_limit,
            Some(hops) => HopLimit::new(hops).ok_or_else(|| Error::value("httpPutResponseHopLimit", hops, "Expecting a value between 1 and 64."))?,
        };
        Ok(MetadataOptions {
            http_tokens: self.http_tokens.unwrap_or(before.http_tokens),
            http_endpoint: self.http_endpoint.unwrap_or(before.http_endpoint),
            http_put_response_hop_limit: limit,
            instance_metadata_tags: self.instance_metadata_tags.unwrap_or(before.instance_metadata_tags),
            state: before.state,
        })
    }
}

/// Whether the tags of an instance can be among its metadata, if they are to be: each is the last part of a path.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/work-with-tags-in-IMDS.html>
pub(crate) fn check_tag_keys<'a>(options: MetadataOptions, keys: impl IntoIterator<Item = &'a String>) -> Result<(), Error> {
    let legal = |key: &String| {
        let pattern = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_+=,.@:".contains(&byte));
        pattern && !matches!(key.as_str(), "." | ".." | "_index")
    };
    let shown = options.instance_metadata_tags == Switch::Enabled;
    match keys.into_iter().find(|key| shown && !legal(key)) {
        Some(key) => Err(Error::MetadataTagKey { key: key.clone() }),
        None => Ok(()),
    }
}

impl From<MetadataOptions> for MetadataOptionsView {
    fn from(options: MetadataOptions) -> Self {
        Self {
            state: options.state,
            http_tokens: options.http_tokens,
            http_put_response_hop_limit: options.http_put_response_hop_limit.hops(),
            http_endpoint: options.http_endpoint,
            http_protocol_ipv6: Switch::Disabled,
            instance_metadata_tags: options.instance_metadata_tags,
        }
    }
}
