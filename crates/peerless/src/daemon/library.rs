//! The files of imported images, as long as there is an image for them.

use std::collections::BTreeSet;

use instance::images::Images;
use model::{ImageId, ImportedImage, Snapshot};

use super::guests::chain;

/// Which files there are for which images.
pub struct Library {
    images: Images,
    there: BTreeSet<ImageId>,
}

impl Library {
    /// Those of a state at its beginning. What an earlier daemon left without an image is removed: nobody imports yet, and who was
    /// about to has nobody to tell.
    pub fn open(images: Images, snapshot: &Snapshot) -> Self {
        let there = ids(snapshot);
        if let Err(error) = images.keep_only(&there.iter().map(ToString::to_string).collect::<Vec<_>>()) {
            tracing::error!(error = chain(&error), "what an earlier daemon left of images could not be removed");
        }
        Self { images, there }
    }

    /// Where they are.
    pub fn images(&self) -> &Images {
        &self.images
    }

    /// Removes the files of images that are gone by now: nothing boots them any more.
    pub fn follow(&mut self, snapshot: &Snapshot) {
        let there = ids(snapshot);
        for id in self.there.difference(&there) {
            if let Err(error) = self.images.remove(&id.to_string()) {
                tracing::error!(%id, error = chain(&error), "the image could not be removed");
            }
        }
        self.there = there;
    }
}

fn ids(snapshot: &Snapshot) -> BTreeSet<ImageId> {
    snapshot.all::<ImportedImage>().map(|image| image.id).collect()
}
