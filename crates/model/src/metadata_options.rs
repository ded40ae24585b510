//! Metadata options: how an instance may ask about itself.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html>

use serde::{Deserialize, Serialize};

use crate::text::words;

/// What an instance's metadata service does for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataOptions {
    /// Whether a session token is needed.
    pub http_tokens: HttpTokens,
    /// Whether the service answers at all.
    pub http_endpoint: Switch,
    /// The TTL of the answer to a request for a token.
    pub http_put_response_hop_limit: HopLimit,
    /// Whether the instance's tags are among its metadata.
    pub instance_metadata_tags: Switch,
    /// Whether the last change is in force.
    pub state: MetadataOptionsState,
}

words! {
    /// Whether the metadata service wants a session token.
    HttpTokens {
        /// One that comes must be valid; none is needed (IMDSv1 and IMDSv2).
        Optional = "optional",
        /// Nothing is told without one (IMDSv2).
        Required = "required",
    }
}

words! {
    /// What can be on or off.
    Switch {
        /// On.
        Enabled = "enabled",
        /// Off.
        Disabled = "disabled",
    }
}

words! {
    /// How far a change of metadata options has come.
    MetadataOptionsState {
        /// Asked for.
        Pending = "pending",
        /// In force.
        Applied = "applied",
    }
}

/// A TTL that AWS allows here: 1 to 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct HopLimit(u8);

impl HopLimit {
    /// That many hops, if it is 1 to 64.
    pub fn new(hops: i64) -> Option<Self> {
        u8::try_from(hops).ok().filter(|hops| (1..=64).contains(hops)).map(Self)
    }

    /// How many hops.
    pub fn hops(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for HopLimit {
    type Error = &'static str;

    fn try_from(hops: u8) -> Result<Self, &'static str> {
        Self::new(hops.into()).ok_or("a hop limit is between 1 and 64")
    }
}

impl From<HopLimit> for u8 {
    fn from(limit: HopLimit) -> u8 {
        limit.0
    }
}

impl MetadataOptions {
    /// What instances of images get that were made for IMDSv2: a token is required, and a container may ask for one.
    pub const IMDS_V2: Self = Self { http_tokens: HttpTokens::Required, http_put_response_hop_limit: HopLimit(2), ..Self::IMDS_V1 };

    /// What instances of all other images get.
    pub const IMDS_V1: Self = Self {
        http_tokens: HttpTokens::Optional,
        http_endpoint: Switch::Enabled,
        http_put_response_hop_limit: HopLimit(1),
        instance_metadata_tags: Switch::Disabled,
        state: MetadataOptionsState::Applied,
    };
}

impl Default for MetadataOptions {
    fn default() -> Self {
        Self::IMDS_V1
    }
}
