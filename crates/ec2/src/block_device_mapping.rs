//! Block device mapping: what a launch says about the volumes of an instance. Here that is the size of the one it boots from.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-device-mapping-concepts.html>

use model::{ImageId, VolumeSize};
use serde::Deserialize;

use crate::edit::Edit;
use crate::error::Error;
use crate::volume::root_device;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BlockDeviceMappingRequest {
    device_name: Option<String>,
    #[serde(default)]
    ebs: EbsBlockDevice,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EbsBlockDevice {
    volume_size: Option<i64>,
}

/// The size that is asked for the root volume, if the machine can give a disk a size.
pub(crate) fn root_volume_size(mappings: &[BlockDeviceMappingRequest], image: ImageId, edit: &Edit<'_, '_>) -> Result<Option<VolumeSize>, Error> {
    let root = root_device(image);
    for (number, mapping) in (1..).zip(mappings) {
        let parameter = format!("BlockDeviceMapping.{number}.DeviceName");
        match mapping.device_name.as_deref() {
            None => return Err(Error::missing(&parameter)),
            Some(device) if device == root && number > 1 => return Err(Error::DeviceMappedTwice { device: root }),
            Some(device) if device == root => {}
            Some(other) => return Err(Error::UnsupportedParameter { parameter, value: other.to_owned() }),
        }
    }
    let Some(gib) = mappings.first().and_then(|mapping| mapping.ebs.volume_size) else { return Ok(None) };
    let parameter = || "BlockDeviceMapping.1.Ebs.VolumeSize".to_owned();
    let size = match VolumeSize::new(gib) {
        Some(size) => size,
        None if gib < VolumeSize::SMALLEST.gib().into() => return Err(Error::VolumeTooSmall { gib }),
        None => return Err(Error::UnsupportedParameter { parameter: parameter(), value: gib.to_string() }),
    };
    match edit.volume_trouble() {
        Some(reason) => Err(Error::NoVolumeSizes { parameter: parameter(), reason }),
        None => Ok(Some(size)),
    }
}
