//! Amazon Machine Image: what an instance boots.
//!
//! The host's programs are offered under the names that people's scripts look for. An id that is not on offer boots the default
//! image, and is described as it. Images of one's own are imported from this machine, not by a call: a call that named a folder
//! of the machine's would let anybody who can call read it.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AMIs.html>

use model::{Draft, IdDigits, ImageId, ImportedImage, Instance, InstanceState, Scope};
use serde::{Deserialize, Serialize};

use crate::call::Ctx;
use crate::describe::Describe;
use crate::edit::Edit;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::moment::Moment;
use crate::operations::Change;
use crate::tag::{Tag, pairs};
use crate::view::View;
use crate::volume::root_device;
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

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeregisterImage {
    image_id: ImageId,
}

#[derive(Serialize)]
pub(crate) struct Done {
    #[serde(rename = "return")]
    done: bool,
}

impl Describe for DescribeImages {
    type Item = Image;
    const SET: &'static str = "imagesSet";
    const FILTERS: &'static [FilterName<Image>] = FILTERS;
    const ABSENT: &'static [&'static str] = ABSENT;
    const INERT: &'static [&'static str] = &["IncludeDeprecated=*", "IncludeDisabled=*"];

    fn items(&self, view: View<'_>) -> Result<Vec<Image>, Error> {
        let own = |image: &ImportedImage| (!image.deregistered).then(|| Image::own(image, view));
        let images: Vec<Image> = if self.image_id.is_empty() {
            let offered = model::Image::all().iter().map(|image| Image::new(image.id(), image, view));
            offered.chain(view.all::<ImportedImage>().filter_map(own)).collect()
        } else {
            let named = self.image_id.iter().map(|&id| match view.find(id) {
                Ok(image) => own(image).ok_or_else(|| Error::not_found(id)),
                Err(_) => Ok(Image::new(id, model::Image::boots(id), view)),
            });
            named.collect::<Result<_, _>>()?
        };
        Ok(images.into_iter().filter(|image| self.admits(image, view.scope)).collect())
    }

    fn key(image: &Image) -> String {
        image.image_id.to_string()
    }
}

impl DescribeImages {
    /// Whether it is of a wanted owner, and may be launched by whom it says. The images on offer are for all, one's own for
    /// oneself, which is nothing that anybody was permitted.
    fn admits(&self, image: &Image, scope: Scope) -> bool {
        let is_own = image.image_owner_id == scope.account.to_string();
        let owned = |owner: &String| image.image_owner_alias == Some(owner) || *owner == image.image_owner_id || (owner == "self" && is_own);
        let executable = |by: &String| by == "all" && image.is_public;
        (self.owner.is_empty() || self.owner.iter().any(owned)) && (self.executable_by.is_empty() || self.executable_by.iter().any(executable))
    }
}

impl Change for DeregisterImage {
    type Answer = Done;
    const INERT: &'static [&'static str] = &["DeleteAssociatedSnapshots=*"];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        if model::Image::find(self.image_id).is_some() {
            return Err(Error::ForeignImage { image: self.image_id });
        }
        if edit.find(self.image_id)?.deregistered {
            return Err(Error::ImageUnavailable { image: self.image_id });
        }
        edit.draft.update(self.image_id, |image| image.deregistered = true);
        Ok(Done { done: true })
    }
}

/// An image that is there to be registered.
#[derive(Clone, Debug)]
pub struct NewImage {
    /// Whose it is to be, and where.
    pub scope: Scope,
    /// What it is to be called.
    pub name: String,
    /// What its owner says about it.
    pub description: String,
    /// The user that people log in as.
    pub login: String,
}

impl NewImage {
    /// Registers it; the error is AWS's sentence. `id` is an id that nobody has.
    pub fn register(self, draft: &mut Draft, id: ImageId, ctx: &Ctx<'_>) -> Result<(), String> {
        let NewImage { scope, name, description, login } = self;
        let legal = |char: char| char.is_ascii_alphanumeric() || " ()./-'@_[]".contains(char);
        if !(3..=128).contains(&name.len()) || !name.chars().all(legal) {
            return Err(Error::MalformedImageName.to_string());
        }
        let twin = draft.all::<ImportedImage>().find(|image| image.scope == scope && image.name == name && !image.deregistered);
        if let Some(twin) = twin {
            return Err(Error::DuplicateImage { name, image: twin.id }.to_string());
        }
        draft.put(ImportedImage { id, scope, name, description, login, creation_time: ctx.now, deregistered: false });
        Ok(())
    }
}

/// An id for an image, from a random number; none if somebody has it.
pub fn image_id(draft: &Draft, random: u64) -> Option<ImageId> {
    let id = model::Id::from_digits(IdDigits::from_random(random));
    (draft.is_free(id) && model::Image::find(id).is_none()).then_some(id)
}

/// What a launch is from, as far as that decides about options.
pub(crate) fn requires_token(id: ImageId, view: View<'_>) -> Result<bool, Error> {
    match view.find(id) {
        Ok(image) if image.deregistered => Err(Error::ImageUnavailable { image: id }),
        Ok(_) => Ok(false),
        Err(_) => Ok(model::Image::boots(id).imds_v2),
    }
}

/// Refuses an image that this machine cannot boot, before there is an instance of it.
pub(crate) fn check_bootable(id: ImageId, edit: &Edit<'_, '_>) -> Result<(), Error> {
    match edit.find(id).ok().and_then(|_| edit.image_trouble()) {
        Some(reason) => Err(Error::ImageUnbootable { image: id, reason }),
        None => Ok(()),
    }
}

/// Forgets images that were deregistered, once nothing is there that was launched from them.
pub(crate) fn forget(draft: &mut Draft) {
    let given_up: Vec<ImageId> = draft.all::<ImportedImage>().filter(|image| image.deregistered).map(|image| image.id).collect();
    for id in given_up {
        let is_used = draft.all::<Instance>().any(|instance| instance.image == id && instance.state != InstanceState::Terminated);
        if !is_used {
            draft.remove(id);
        }
    }
}

const FILTERS: &[FilterName<Image>] = &[
    ("architecture", |image| values([image.architecture])),
    ("creation-date", |image| values([&image.creation_date])),
    ("description", |image| values([&image.description])),
    ("ena-support", |image| values([image.ena_support])),
    ("hypervisor", |image| values([image.hypervisor])),
    ("image-id", |image| values([image.image_id])),
    ("image-type", |image| values([image.image_type])),
    ("is-public", |image| values([image.is_public])),
    ("name", |image| values([&image.name])),
    ("owner-alias", |image| values(image.image_owner_alias)),
    ("owner-id", |image| values([&image.image_owner_id])),
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
    image_owner_id: String,
    image_owner_alias: Option<&'static str>,
    creation_date: String,
    is_public: bool,
    architecture: &'static str,
    image_type: &'static str,
    name: String,
    description: String,
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
            image_owner_id: image.owner.to_owned(),
            image_owner_alias: Some(image.owner_alias),
            creation_date: image.creation_date.to_owned(),
            is_public: true,
            architecture: "x86_64",
            image_type: "machine",
            name: image.name.to_owned(),
            description: image.description.to_owned(),
            root_device_type: "ebs",
            root_device_name: root_device(image_id),
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

    fn own(image: &ImportedImage, view: View<'_>) -> Self {
        let owner = image.scope.account.to_string();
        Self {
            image_location: format!("{owner}/{}", image.name),
            image_owner_id: owner,
            image_owner_alias: None,
            creation_date: Moment(image.creation_time).to_string(),
            is_public: false,
            name: image.name.clone(),
            description: image.description.clone(),
            imds_support: None,
            ..Self::new(image.id, model::Image::boots(image.id), view)
        }
    }
}

impl Tagged for Image {
    fn tags(&self) -> Vec<(&str, &str)> {
        pairs(&self.tag_set)
    }
}
