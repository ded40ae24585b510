//! Resource ids: one newtype per kind of resource, all from one registry.
//!
//! An id is a prefix, a dash and 17 lower-case hexadecimal digits (`vpc-0a1b2c3d4e5f67890`); ids of 8 digits are
//! from before 2016 and still legal. The types keep a `VpcId` from ever meeting a `SubnetId`; [`ResourceId`] is the
//! sum of them all, for calls such as `CreateTags` that take any.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html>.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The digits behind the dash, as a number and how many of them there are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdDigits {
    count: u8,
    value: u128,
}

impl IdDigits {
    /// The digits of a new id: 17 of them, made from the low 64 bits of `random`, so that the first one is 0 as it
    /// is on AWS.
    pub fn from_random(random: u64) -> Self {
        Self { count: 17, value: u128::from(random) }
    }

    fn parse(digits: &str) -> Option<Self> {
        let legal = matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let value = u128::from_str_radix(digits, 16).ok().filter(|_| legal)?;
        Some(Self { count: digits.len() as u8, value })
    }

    /// 64 bits that name the same resource, for deriving a MAC address and the like.
    pub fn low_bits(self) -> u64 {
        self.value as u64
    }
}

impl fmt::Display for IdDigits {
    /// Digit by digit: long lists are mostly ids.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [b'0'; 17];
        let (mut value, digits) = (self.value, &mut digits[..usize::from(self.count)]);
        for digit in digits.iter_mut().rev() {
            *digit = b"0123456789abcdef"[(value & 0xf) as usize];
            value >>= 4;
        }
        f.write_str(std::str::from_utf8(digits).map_err(|_| fmt::Error)?)
    }
}

/// A text that is not an id of the kind that was wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedId {
    /// What was given.
    pub value: String,
    /// The kind that was wanted; `None` where any would have done.
    pub expected: Option<IdKind>,
}

impl fmt::Display for MalformedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.expected {
            Some(kind) => write!(f, "Invalid id: \"{}\" (expecting \"{}-...\")", self.value, kind.prefix()),
            None => write!(f, "The ID '{}' is not valid", self.value),
        }
    }
}

impl std::error::Error for MalformedId {}

/// What every id type can do.
pub trait Id: Copy + Ord + fmt::Display + FromStr<Err = MalformedId> + Into<ResourceId> {
    /// Which kind this type stands for.
    const KIND: IdKind;
    /// The id of this kind with these digits.
    fn from_digits(digits: IdDigits) -> Self;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal,)*) => {
        /// The kinds of id, in the registry's order.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum IdKind { $($(#[$doc])* $name,)* }

        impl IdKind {
            /// Every kind.
            pub const ALL: &'static [IdKind] = &[$(IdKind::$name,)*];

            /// What stands before the dash.
            pub fn prefix(self) -> &'static str {
                match self { $(IdKind::$name => $prefix,)* }
            }

            /// The name of the id's Rust type, by which a deserializer says what it wants.
            pub fn type_name(self) -> &'static str {
                match self { $(IdKind::$name => stringify!($name),)* }
            }
        }

        /// The id of any resource.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ResourceId { $($(#[$doc])* $name($name),)* }

        impl ResourceId {
            /// Which kind of resource it names.
            pub fn kind(self) -> IdKind {
                match self { $(ResourceId::$name(_) => IdKind::$name,)* }
            }
        }

        impl fmt::Display for ResourceId {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(ResourceId::$name(id) => id.fmt(f),)* }
            }
        }

        impl FromStr for ResourceId {
            type Err = MalformedId;
            fn from_str(text: &str) -> Result<Self, MalformedId> {
                let malformed = || MalformedId { value: text.to_owned(), expected: None };
                let (prefix, _) = text.rsplit_once('-').ok_or_else(malformed)?;
                match prefix {
                    $($prefix => text.parse::<$name>().map(ResourceId::$name).map_err(|_| malformed()),)*
                    _ => Err(malformed()),
                }
            }
        }

        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(IdDigits);

            impl $name {
                /// The digits behind the dash.
                pub fn digits(self) -> IdDigits { self.0 }
            }

            impl Id for $name {
                const KIND: IdKind = IdKind::$name;
                fn from_digits(digits: IdDigits) -> Self { Self(digits) }
            }

            impl From<$name> for ResourceId {
                fn from(id: $name) -> Self { ResourceId::$name(id) }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(concat!($prefix, "-"))?;
                    self.0.fmt(f)
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(self, f) }
            }

            impl FromStr for $name {
                type Err = MalformedId;
                fn from_str(text: &str) -> Result<Self, MalformedId> {
                    text.strip_prefix(concat!($prefix, "-"))
                        .and_then(IdDigits::parse)
                        .map(Self)
                        .ok_or_else(|| MalformedId { value: text.to_owned(), expected: Some(IdKind::$name) })
                }
            }

            impl Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            // Announced by type name, so that a codec can turn "this type refused this parameter" into AWS's own
            // error code.
            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    crate::text::deserialize(stringify!($name), deserializer)
                }
            }
        )*
    };
}

ids! {
    /// An Elastic IP's association with a network interface.
    AddressAssociationId = "eipassoc",
    /// Elastic IP.
    AllocationId = "eipalloc",
    /// The attachment of a network interface to an instance.
    AttachmentId = "eni-attach",
    /// DHCP option set.
    DhcpOptionsId = "dopt",
    /// Amazon Machine Image.
    ImageId = "ami",
    /// EC2 Instance Connect Endpoint.
    InstanceConnectEndpointId = "eice",
    /// Instance.
    InstanceId = "i",
    /// Internet gateway.
    InternetGatewayId = "igw",
    /// Key pair.
    KeyPairId = "key",
    /// Network ACL's association with a subnet.
    NetworkAclAssociationId = "aclassoc",
    /// Network ACL.
    NetworkAclId = "acl",
    /// Network insights analysis.
    NetworkInsightsAnalysisId = "nia",
    /// Network insights path.
    NetworkInsightsPathId = "nip",
    /// Elastic network interface.
    NetworkInterfaceId = "eni",
    /// The launch request that instances were made by.
    ReservationId = "r",
    /// Route table's association with a subnet or with its VPC (the main table).
    RouteTableAssociationId = "rtbassoc",
    /// Route table.
    RouteTableId = "rtb",
    /// Security group.
    SecurityGroupId = "sg",
    /// Security group rule.
    SecurityGroupRuleId = "sgr",
    /// Subnet.
    SubnetId = "subnet",
    /// VPC's association with one of its CIDR blocks.
    VpcCidrBlockAssociationId = "vpc-cidr-assoc",
    /// VPC.
    VpcId = "vpc",
    /// VPC peering connection.
    VpcPeeringConnectionId = "pcx",
    /// Root volume of an instance.
    VolumeId = "vol",
}

impl fmt::Debug for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ResourceId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ResourceId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::text::deserialize("ResourceId", deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_prints() {
        let id = VpcId::from_digits(IdDigits::from_random(0xa1b2_c3d4_e5f6_7890));
        assert_eq!(id.to_string(), "vpc-0a1b2c3d4e5f67890");
        assert_eq!("vpc-0a1b2c3d4e5f67890".parse(), Ok(id));
        assert_eq!("vpc-1a2b3c4d".parse::<VpcId>().unwrap().to_string(), "vpc-1a2b3c4d");
    }

    #[test]
    fn other_shapes_are_malformed() {
        for text in ["", "vpc", "vpc-", "vpc-1", "vpc-0A1B2C3D4E5F67890", "vpc-0a1b2c3d4e5f6789g", "subnet-0a1b2c3d4e5f67890", "vpc-+a1b2c3"] {
            let refused = text.parse::<VpcId>().unwrap_err();
            assert_eq!(refused.to_string(), format!("Invalid id: \"{text}\" (expecting \"vpc-...\")"));
        }
    }

    #[test]
    fn any_resource_id_finds_its_kind_by_the_longest_prefix() {
        let parse = |text: &str| text.parse::<ResourceId>().map(ResourceId::kind);
        assert_eq!(parse("vpc-cidr-assoc-0a1b2c3d4e5f67890"), Ok(IdKind::VpcCidrBlockAssociationId));
        assert_eq!(parse("eni-0a1b2c3d4e5f67890"), Ok(IdKind::NetworkInterfaceId));
        assert!(parse("thing-0a1b2c3d4e5f67890").is_err());
    }
}
