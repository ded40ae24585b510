//! Amazon Machine Image: what an instance boots.
//!
//! There is one root file system, the host's `/usr`. It is offered under the AMI names that people's code expects;
//! what differs is the login and a few habits of the distribution.

use crate::{ImageId, ImportedImage, Instance, Snapshot};

/// An image that is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// The digits of its id, the same in every region.
    digits: u64,
    /// Its name, in the vendor's manner.
    pub name: &'static str,
    /// What the page of the image says.
    pub description: &'static str,
    /// Whose it is, in `DescribeImages`.
    pub owner_alias: &'static str,
    /// The owner's account.
    pub owner: &'static str,
    /// When it was made.
    pub creation_date: &'static str,
    /// The user that people log in as.
    pub login: &'static str,
    /// The TTL of the packets it sends: Amazon Linux begins at 127, others at 64.
    pub ttl: u8,
    /// Where the volume that it boots from is plugged in.
    pub root_device: &'static str,
    /// Whether its instances require a session token for their metadata, unless told otherwise at launch.
    pub imds_v2: bool,
}

/// What is offered, the default image first.
const CATALOGUE: &[Image] = &[
    Image {
        digits: 0x0a12_0230_0000_0001,
        name: "al2023-ami-2023.9.20251117.1-kernel-6.12-x86_64",
        description: "Amazon Linux 2023's login and habits; the programs are those of this host",
        owner_alias: "amazon",
        owner: "137112412989",
        creation_date: "2025-11-17T00:00:00.000Z",
        login: "ec2-user",
        ttl: 127,
        root_device: "/dev/xvda",
        imds_v2: true,
    },
    Image {
        digits: 0x0b24_0400_0000_0001,
        name: "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20251022",
        description: "Ubuntu 24.04's login and habits; the programs are those of this host",
        owner_alias: "amazon",
        owner: "099720109477",
        creation_date: "2025-10-22T00:00:00.000Z",
        login: "ubuntu",
        ttl: 64,
        root_device: "/dev/sda1",
        imds_v2: false,
    },
    Image {
        digits: 0x0c12_0000_0000_0001,
        name: "debian-12-amd64-20251112-2294",
        description: "Debian 12's login and habits; the programs are those of this host",
        owner_alias: "amazon",
        owner: "136693071363",
        creation_date: "2025-11-12T00:00:00.000Z",
        login: "admin",
        ttl: 64,
        root_device: "/dev/xvda",
        imds_v2: false,
    },
];

impl Image {
    /// Every image on offer.
    pub fn all() -> &'static [Image] {
        CATALOGUE
    }

    /// The image of that id.
    pub fn find(id: ImageId) -> Option<&'static Image> {
        CATALOGUE.iter().find(|image| image.id() == id)
    }

    /// What an instance of that image boots. People's code is full of fixed AMI ids, so an id that is not on offer
    /// boots the default image.
    pub fn boots(id: ImageId) -> &'static Image {
        Image::find(id).unwrap_or(&CATALOGUE[0])
    }

    /// Whom one logs in to an instance as.
    pub fn login_of<'s>(snapshot: &'s Snapshot, instance: &Instance) -> &'s str {
        ImportedImage::of(snapshot, instance).map_or(Image::boots(instance.image).login, |image| &image.login)
    }

    /// Its id.
    pub fn id(&self) -> ImageId {
        crate::Id::from_digits(crate::IdDigits::from_random(self.digits))
    }
}
