//! Volume: the disk that an instance boots from.
//!
//! <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volumes.html>

use serde::{Deserialize, Serialize};

/// How much a root volume holds, in GiB: 8, which is what the images are made for, to 1,024.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct VolumeSize(u32);

impl VolumeSize {
    /// What an image's volume has unless more is asked for.
    pub const SMALLEST: Self = Self(8);
    /// AWS has larger ones. The file system in one needs a hundredth of a percent of its size at once.
    pub const LARGEST: Self = Self(1024);

    /// That many GiB, if a root volume can have them here.
    pub fn new(gib: i64) -> Option<Self> {
        u32::try_from(gib).ok().map(Self).filter(|size| (Self::SMALLEST..=Self::LARGEST).contains(size))
    }

    /// In GiB.
    pub fn gib(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for VolumeSize {
    type Error = &'static str;

    fn try_from(gib: u32) -> Result<Self, Self::Error> {
        Self::new(gib.into()).ok_or("a root volume has 8 to 1,024 GiB")
    }
}

impl From<VolumeSize> for u32 {
    fn from(size: VolumeSize) -> u32 {
        size.0
    }
}
