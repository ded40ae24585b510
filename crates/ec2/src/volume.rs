//! Volume: the disk that an instance boots from. It comes and goes with the instance, and cannot be made or changed alone.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVolumes.html>

use model::{AvailabilityZone, ImageId, InstanceId, InstanceState, VolumeId, VolumeSize};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::moment::Moment;
use crate::tag::{Tag, pairs};
use crate::view::View;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeVolumes {
    #[serde(default)]
    volume_id: Vec<VolumeId>,
}

impl Describe for DescribeVolumes {
    type Item = Volume;
    const SET: &'static str = "volumeSet";
    const FILTERS: &'static [FilterName<Volume>] = FILTERS;
    const ABSENT: &'static [&'static str] = ABSENT;
    const INERT: &'static [&'static str] = &["IncludeManagedResources=*"];

    fn items(&self, view: View<'_>) -> Result<Vec<Volume>, Error> {
        if let Some(&missing) = self.volume_id.iter().find(|&&id| view.instance_of(id).is_none()) {
            return Err(Error::not_found(missing));
        }
        let named = |volume: &Volume| self.volume_id.is_empty() || self.volume_id.contains(&volume.volume_id);
        Ok(view.rooted().map(|instance| Volume::new(instance, view)).filter(named).collect())
    }

    fn key(volume: &Volume) -> String {
        volume.volume_id.to_string()
    }
}

const FILTERS: &[FilterName<Volume>] = &[
    ("attachment.attach-time", |volume| values(volume.attachment_set.iter().map(|attachment| attachment.attach_time))),
    ("attachment.delete-on-termination", |volume| values(volume.attachment_set.iter().map(|attachment| attachment.delete_on_termination))),
    ("attachment.device", |volume| values(volume.attachment_set.iter().map(|attachment| attachment.device))),
    ("attachment.instance-id", |volume| values(volume.attachment_set.iter().map(|attachment| attachment.instance_id))),
    ("attachment.status", |volume| values(volume.attachment_set.iter().map(|attachment| attachment.status))),
    ("availability-zone", |volume| values([volume.availability_zone])),
    ("availability-zone-id", |volume| values([&volume.availability_zone_id])),
    ("create-time", |volume| values([volume.create_time])),
    ("encrypted", |volume| values([volume.encrypted])),
    ("multi-attach-enabled", |volume| values([volume.multi_attach_enabled])),
    ("size", |volume| values([volume.size])),
    ("status", |volume| values([volume.status])),
    ("volume-id", |volume| values([volume.volume_id])),
    ("volume-type", |volume| values([volume.volume_type])),
];

/// Filters about what nothing here has.
const ABSENT: &[&str] = &["fast-restored", "operator.managed", "operator.principal", "snapshot-id"];

/// A volume as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Volume {
    volume_id: VolumeId,
    size: u32,
    snapshot_id: &'static str,
    availability_zone: AvailabilityZone,
    availability_zone_id: String,
    status: &'static str,
    create_time: Moment,
    attachment_set: Vec<VolumeAttachment>,
    volume_type: &'static str,
    iops: u32,
    throughput: u32,
    encrypted: bool,
    multi_attach_enabled: bool,
    tag_set: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VolumeAttachment {
    volume_id: VolumeId,
    instance_id: InstanceId,
    device: &'static str,
    status: &'static str,
    attach_time: Moment,
    delete_on_termination: bool,
}

/// A volume, as part of an instance.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BlockDeviceMapping {
    pub device_name: &'static str,
    pub ebs: EbsInstanceBlockDevice,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EbsInstanceBlockDevice {
    pub volume_id: VolumeId,
    pub status: &'static str,
    pub attach_time: Moment,
    pub delete_on_termination: bool,
}

impl Volume {
    /// What `gp3` gives who asks for nothing else, in GiB, operations and MiB a second.
    fn new(instance: &model::Instance, view: View<'_>) -> Self {
        let volume_id = instance.root_volume();
        let attachment = VolumeAttachment {
            volume_id,
            instance_id: instance.id,
            device: root_device(instance.image),
            status: "attached",
            attach_time: attach_time(instance, view),
            delete_on_termination: true,
        };
        Self {
            volume_id,
            size: instance.volume_size.unwrap_or(VolumeSize::SMALLEST).gib(),
            snapshot_id: "",
            availability_zone: instance.zone,
            availability_zone_id: instance.zone.id(),
            status: "in-use",
            create_time: attach_time(instance, view),
            attachment_set: vec![attachment],
            volume_type: "gp3",
            iops: 3000,
            throughput: 125,
            encrypted: false,
            multi_attach_enabled: false,
            tag_set: view.tags(volume_id),
        }
    }
}

impl BlockDeviceMapping {
    /// The volumes of an instance: one, until it is terminated.
    pub fn all(instance: &model::Instance, view: View<'_>) -> Vec<Self> {
        let ebs = EbsInstanceBlockDevice {
            volume_id: instance.root_volume(),
            status: "attached",
            attach_time: attach_time(instance, view),
            delete_on_termination: true,
        };
        let all = [Self { device_name: root_device(instance.image), ebs }];
        all.into_iter().filter(|_| instance.state != InstanceState::Terminated).collect()
    }
}

/// Where the root volume is plugged in.
pub(crate) fn root_device(image: ImageId) -> &'static str {
    model::Image::boots(image).root_device
}

/// A volume came with the interface.
fn attach_time(instance: &model::Instance, view: View<'_>) -> Moment {
    let primary = instance.interfaces.first().and_then(|&id| view.snapshot.resolve(id).attachment);
    Moment(primary.map_or(instance.launch_time, |attachment| attachment.attach_time))
}

impl Tagged for Volume {
    fn tags(&self) -> Vec<(&str, &str)> {
        pairs(&self.tag_set)
    }
}

impl<'a> View<'a> {
    /// The instances that have a root volume.
    fn rooted(self) -> impl Iterator<Item = &'a model::Instance> {
        self.all::<model::Instance>().filter(|instance| instance.state != InstanceState::Terminated)
    }

    /// The instance that the volume is the root volume of.
    pub fn instance_of(self, volume: VolumeId) -> Option<&'a model::Instance> {
        self.rooted().find(|instance| instance.root_volume() == volume)
    }
}
