//! Tags: key and value pairs that an account puts on resources.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ResourceId, Scope};

/// The tags that one account put on one resource. Both sides of a peering connection may tag it, and see only their
/// own; hence the tags stand beside the resources and not in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagSet {
    /// What is tagged.
    pub resource: ResourceId,
    /// Who tagged it, and where.
    pub scope: Scope,
    /// The tags, by key.
    pub tags: BTreeMap<String, String>,
}
