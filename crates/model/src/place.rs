//! Where things are: accounts, regions, availability zones, and the moment on the clock.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text::serde_as_text;

/// An AWS account: twelve digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(u64);

/// A region of the commercial partition, by its place in [`Region::all`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(u8);

/// An availability zone: a region and a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AvailabilityZone {
    region: Region,
    letter: u8,
}

/// What resources are scoped by: an account in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// Whose it is.
    pub account: AccountId,
    /// Where it is.
    pub region: Region,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The moment that many milliseconds later.
    pub fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

/// A word that names no account, region or zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPlace(pub String);

impl fmt::Display for UnknownPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is not known", self.0)
    }
}

impl std::error::Error for UnknownPlace {}

impl AccountId {
    /// The account of callers whose credentials name none: 000000000000.
    pub const DEFAULT: AccountId = AccountId(0);
}

impl FromStr for AccountId {
    type Err = UnknownPlace;

    fn from_str(text: &str) -> Result<Self, UnknownPlace> {
        let twelve_digits = text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|_| twelve_digits).map(Self).ok_or_else(|| UnknownPlace(text.to_owned()))
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

/// Name, the stem of its zone ids, and how many zones it has.
///
/// See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html>.
const REGIONS: &[(&str, &str, u8)] = &[
    ("ap-northeast-1", "apne1", 3),
    ("ap-northeast-2", "apne2", 4),
    ("ap-northeast-3", "apne3", 3),
    ("ap-south-1", "aps1", 3),
    ("ap-southeast-1", "apse1", 3),
    ("ap-southeast-2", "apse2", 3),
    ("ca-central-1", "cac1", 3),
    ("eu-central-1", "euc1", 3),
    ("eu-north-1", "eun1", 3),
    ("eu-west-1", "euw1", 3),
    ("eu-west-2", "euw2", 3),
    ("eu-west-3", "euw3", 3),
    ("sa-east-1", "sae1", 3),
    ("us-east-1", "use1", 6),
    ("us-east-2", "use2", 3),
    ("us-west-1", "usw1", 2),
    ("us-west-2", "usw2", 4),
];

impl Region {
    /// Every region that is enabled for a new account.
    pub fn all() -> impl Iterator<Item = Region> {
        (0..REGIONS.len() as u8).map(Region)
    }

    /// `us-east-1`.
    pub fn us_east_1() -> Region {
        const INDEX: u8 = {
            let mut index = 0;
            while REGIONS[index].1.as_bytes()[0] != b'u' {
                index += 1;
            }
            index as u8
        };
        Region(INDEX)
    }

    fn facts(self) -> &'static (&'static str, &'static str, u8) {
        &REGIONS[usize::from(self.0)]
    }

    /// `us-east-1`.
    pub fn name(self) -> &'static str {
        self.facts().0
    }

    /// Its availability zones, in the order of their letters.
    pub fn zones(self) -> impl Iterator<Item = AvailabilityZone> {
        (0..self.facts().2).map(move |n| AvailabilityZone { region: self, letter: b'a' + n })
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Region {
    type Err = UnknownPlace;

    fn from_str(text: &str) -> Result<Self, UnknownPlace> {
        Region::all().find(|region| region.name() == text).ok_or_else(|| UnknownPlace(text.to_owned()))
    }
}

impl AvailabilityZone {
    /// The region it belongs to.
    pub fn region(self) -> Region {
        self.region
    }

    /// Its id, the same for all accounts here: zone `a` is `az1`. (On AWS the mapping differs per account.)
    pub fn id(self) -> String {
        format!("{}-az{}", self.region.facts().1, self.letter - b'a' + 1)
    }
}

impl fmt::Display for AvailabilityZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.region, char::from(self.letter))
    }
}

impl FromStr for AvailabilityZone {
    type Err = UnknownPlace;

    fn from_str(text: &str) -> Result<Self, UnknownPlace> {
        Region::all().flat_map(Region::zones).find(|zone| zone.to_string() == text).ok_or_else(|| UnknownPlace(text.to_owned()))
    }
}

serde_as_text!(AccountId, Region, AvailabilityZone);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_have_twelve_digits() {
        assert_eq!("000000000042".parse::<AccountId>().unwrap().to_string(), "000000000042");
        for text in ["42", "", "1234567890123", "12345678901a", "+12345678901"] {
            assert!(text.parse::<AccountId>().is_err(), "{text}");
        }
    }

    #[test]
    fn zones_are_found_by_name() {
        let zone: AvailabilityZone = "us-east-1c".parse().unwrap();
        assert_eq!((zone.region(), zone.id().as_str()), (Region::us_east_1(), "use1-az3"));
        assert_eq!(Region::us_east_1().name(), "us-east-1");
        assert!("us-east-1z".parse::<AvailabilityZone>().is_err());
    }
}
