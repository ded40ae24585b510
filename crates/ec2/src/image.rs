//! Amazon Machine Image: what an instance boots.
//!
//! There is one root file system, offered under the names that people's scripts look for. An id that is not on offer boots
//! the default image, and is described as it.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AMIs.html>

use model::ImageId;
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::tag::{Tag, pairs};
use crate::view::View;
use crate::volume::ROOT_DEVICE;
use crate::wire::xml::Empty;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeImages {
    #[serde(default)]
    image_id: Vec<ImageId>,
    #[serde(default)]
    owner: Vec<String>,
    #[serde(default)]
    executable_by: Vec<String>,
}

impl Describe for DescribeImages {
    type Item = Image;
    const SET: &'static str = "imagesSet";
    const FILTERS: &'static [FilterName<Image>] = FILTERS;
    const ABSENT: &'static [&'static str] = ABSENT;
    const INERT: &'static [&'static str] = &["IncludeDeprecated=*", "IncludeDisabled=*"];

    fn items(&self, view: View<'_>) -> Result<Vec<Image>, Error> {
        let named = self.image_id.iter().map(|&id| Image::new(id, model::Image::boots(id), view));
        let all = model::Image::all().iter().map(|image| Image::new(image.id(), image, view));
        let images: Vec<Image> = if self.image_id.is_empty() { all.collect() } else { named.collect() };
        Ok(images.into_iter().filter(|image| self.admits(image)).collect())
    }

    fn key(image: &Image) -> String {
        image.image_id.to_string()
    }
}

impl DescribeImages {
    /// Whether it is of a wanted owner, and may be launched by whom it says. All images are public and nobody's own.
    fn admits(&self, image: &Image) -> bool {
        let owned = |owner: &String| *owner == image.image_owner_alias || *owner == image.image_owner_id;
        (self.owner.is_empty() || self.owner.iter().any(owned)) && (self.executable_by.is_empty() || self.executable_by.iter().any(|by| by == "all"))
    }
}

const FILTERS: &[FilterName<Image>] = &[
    ("architecture", |image| values([image.architecture])),
    ("creation-date", |image| values([image.creation_date])),
    ("description", |image| values([image.description])),
    ("ena-support", |image| values([image.ena_support])),
    ("hypervisor", |image| values([image.hypervisor])),
    ("image-id", |image| values([image.image_id])),
    ("image-type", |image| values([image.image_type])),
    ("is-public", |image| values([image.is_public])),
    ("name", |image| values([image.name])),
    ("owner-alias", |image| values([image.image_owner_alias])),
    ("owner-id", |image| values([image.image_owner_id])),
    ("root-device-name", |image| values([image.root_device_name])),
    ("root-device-type", |image| values([image.root_device_type])),
    ("state", |image| values([image.image_state])),
    ("virtualization-type", |image| values([image.virtualization_type])),
];

/// Filters about what nothing here has.
const ABSENT: &[&str] = &[
    "block-device-mapping.delete-on-termination",
    "block-device-mapping.device-name",
    "block-device-mapping.encrypted",
    "block-device-mapping.snapshot-id",
    "block-device-mapping.volume-size",
    "block-device-mapping.volume-type",
    "boot-mode",
    "free-tier-eligible",
    "image-allowed",
    "image-watermark.source-image-creation-time",
    "image-watermark.source-image-id",
    "image-watermark.source-image-region",
    "image-watermark.watermark-creation-time",
    "image-watermark.watermark-key",
    "instance-type-specification.supported-instance-type",
    "instance-type-specification.unsupported-instance-type",
    "kernel-id",
    "manifest-location",
    "platform",
    "product-code",
    "product-code.type",
    "public-ssm-parameter-name",
    "ramdisk-id",
    "scan-result.critical-fix-available-since",
    "scan-result.finding-scan-date",
    "scan-result.high-fix-available-since",
    "scan-result.highest-finding-severity-label",
    "scan-result.informational-fix-available-since",
    "scan-result.low-fix-available-since",
    "scan-result.medium-fix-available-since",
    "source-image-id",
    "source-image-region",
    "source-instance-id",
    "sriov-net-support",
    "state-reason-code",
    "state-reason-message",
];

/// An image as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Image {
    image_id: ImageId,
    image_location: String,
    image_state: &'static str,
    image_owner_id: &'static str,
    image_owner_alias: &'static str,
    creation_date: &'static str,
    is_public: bool,
    architecture: &'static str,
    image_type: &'static str,
    name: &'static str,
    description: &'static str,
    root_device_type: &'static str,
    root_device_name: &'static str,
    block_device_mapping: Empty,
    virtualization_type: &'static str,
    hypervisor: &'static str,
    ena_support: bool,
    imds_support: Option<&'static str>,
    platform_details: &'static str,
    usage_operation: &'static str,
    tag_set: Vec<Tag>,
}

impl Image {
    fn new(image_id: ImageId, image: &'static model::Image, view: View<'_>) -> Self {
        Self {
            image_id,
            image_location: format!("{}/{}", image.owner_alias, image.name),
            image_state: "available",
            image_owner_id: image.owner,
            image_owner_alias: image.owner_alias,
            creation_date: image.creation_date,
            is_public: true,
            architecture: "x86_64",
            image_type: "machine",
            name: image.name,
            description: image.description,
            root_device_type: "ebs",
            root_device_name: ROOT_DEVICE,
            block_device_mapping: Empty,
            virtualization_type: "hvm",
            hypervisor: "xen",
            ena_support: true,
            imds_support: image.imds_v2.then_some("v2.0"),
            platform_details: "Linux/UNIX",
            usage_operation: "RunInstances",
            tag_set: view.tags(image_id),
        }
    }
}

impl Tagged for Image {
    fn tags(&self) -> Vec<(&str, &str)> {
        pairs(&self.tag_set)
    }
}
