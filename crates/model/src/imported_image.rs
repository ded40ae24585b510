//! An image of somebody's own: a root file system that was imported on this machine.
//!
//! One that was deregistered is launched no more, and seen no more; it is kept as long as an instance is there that was launched
//! from it, which may be stopped and started.

use serde::{Deserialize, Serialize};

use crate::{ImageId, Instance, Scope, Snapshot, Timestamp};

/// An imported image. Its name is its account's and region's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedImage {
    /// Its id, and the name of its folder.
    pub id: ImageId,
    /// Whose, and where.
    pub scope: Scope,
    /// What it is called.
    pub name: String,
    /// What its owner says about it.
    pub description: String,
    /// The user that people log in as.
    pub login: String,
    /// When it was imported.
    pub creation_time: Timestamp,
    /// Whether its owner has given it up.
    pub deregistered: bool,
}

impl ImportedImage {
    /// What an instance was launched from, if that was imported by whom the instance belongs to.
    pub fn of<'s>(snapshot: &'s Snapshot, instance: &Instance) -> Option<&'s Self> {
        snapshot.get(instance.image).filter(|image| image.scope == instance.scope)
    }
}
