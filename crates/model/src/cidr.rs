//! CIDR blocks, IPv4 and IPv6 alike.
//!
//! AWS clears host bits silently: `100.68.0.18/18` is stored as `100.68.0.0/18`
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>). The constructor does the same, so no
//! other form exists behind it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};

use crate::text::serde_as_text;

/// A CIDR block of either family, host bits cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr(IpNet);

/// An IPv4 CIDR block, host bits cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ipv4Cidr(Ipv4Net);

/// A text that is no CIDR block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedCidr(pub String);

impl fmt::Display for MalformedCidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is not a valid CIDR block", self.0)
    }
}

impl std::error::Error for MalformedCidr {}

impl Cidr {
    /// `0.0.0.0/0`.
    pub const ALL_IPV4: Cidr = Cidr(IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0)));
    /// `::/0`.
    pub const ALL_IPV6: Cidr = Cidr(IpNet::V6(ipnet::Ipv6Net::new_assert(std::net::Ipv6Addr::UNSPECIFIED, 0)));

    /// The block that holds just this address: a /32 or a /128.
    pub fn host(address: IpAddr) -> Self {
        Self(IpNet::from(address))
    }

    /// Whether the address is in the block. Addresses of the other family never are.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }

    /// Whether every address of `other` is in this block.
    pub fn covers(&self, other: &Cidr) -> bool {
        self.0.contains(&other.0)
    }

    /// Whether the blocks share an address.
    pub fn overlaps(&self, other: &Cidr) -> bool {
        self.covers(other) || other.covers(self)
    }

    /// The number behind the slash.
    pub fn prefix_length(&self) -> u8 {
        self.0.prefix_len()
    }

    /// Whether it is everything of its family: `0.0.0.0/0` or `::/0`.
    pub fn is_everything(&self) -> bool {
        self.0.prefix_len() == 0
    }

    /// Whether it is an IPv6 block.
    pub fn is_ipv6(&self) -> bool {
        matches!(self.0, IpNet::V6(_))
    }

    /// The IPv4 block, if it is one.
    pub fn as_ipv4(&self) -> Option<Ipv4Cidr> {
        match self.0 {
            IpNet::V4(net) => Some(Ipv4Cidr(net)),
            IpNet::V6(_) => None,
        }
    }
}

impl Ipv4Cidr {
    /// `172.31.0.0/16`: the block of every default VPC.
    pub const DEFAULT_VPC: Ipv4Cidr = Ipv4Cidr(Ipv4Net::new_assert(Ipv4Addr::new(172, 31, 0, 0), 16));

    /// The block of this address and prefix length, host bits cleared; `None` for a length above 32.
    pub fn new(address: Ipv4Addr, prefix_length: u8) -> Option<Self> {
        Ipv4Net::new(address, prefix_length).ok().map(|net| Self(net.trunc()))
    }

    /// Whether the address is in the block.
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        self.0.contains(&address)
    }

    /// Whether every address of `other` is in this block.
    pub fn covers(&self, other: &Ipv4Cidr) -> bool {
        self.0.contains(&other.0)
    }

    /// Whether the blocks share an address.
    pub fn overlaps(&self, other: &Ipv4Cidr) -> bool {
        self.covers(other) || other.covers(self)
    }

    /// The number behind the slash.
    pub fn prefix_length(&self) -> u8 {
        self.0.prefix_len()
    }

    /// How many addresses the block holds.
    pub fn size(&self) -> u64 {
        1 << (32 - u32::from(self.prefix_length()))
    }

    /// The lowest address.
    pub fn first(&self) -> Ipv4Addr {
        self.0.network()
    }

    /// The highest address.
    pub fn last(&self) -> Ipv4Addr {
        self.0.broadcast()
    }

    /// The address that many above the lowest; `None` outside the block.
    pub fn nth(&self, offset: u64) -> Option<Ipv4Addr> {
        let offset = u32::try_from(offset).ok().filter(|_| offset < self.size())?;
        Some(Ipv4Addr::from(u32::from(self.first()) + offset))
    }
}

impl FromStr for Cidr {
    type Err = MalformedCidr;

    fn from_str(text: &str) -> Result<Self, MalformedCidr> {
        text.parse::<IpNet>().map(|net| Self(net.trunc())).map_err(|_| MalformedCidr(text.to_owned()))
    }
}

impl FromStr for Ipv4Cidr {
    type Err = MalformedCidr;

    fn from_str(text: &str) -> Result<Self, MalformedCidr> {
        text.parse::<Ipv4Net>().map(|net| Self(net.trunc())).map_err(|_| MalformedCidr(text.to_owned()))
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Ipv4Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Ipv4Cidr> for Cidr {
    fn from(cidr: Ipv4Cidr) -> Self {
        Self(IpNet::V4(cidr.0))
    }
}

serde_as_text!(Cidr, Ipv4Cidr);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_bits_are_cleared() {
        assert_eq!("100.68.0.18/18".parse::<Ipv4Cidr>().unwrap().to_string(), "100.68.0.0/18");
        assert_eq!("2001:db8::1/64".parse::<Cidr>().unwrap().to_string(), "2001:db8::/64");
    }

    #[test]
    fn what_is_no_cidr_is_refused() {
        for text in ["", "10.0.0.0", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129"] {
            assert!(text.parse::<Cidr>().is_err(), "{text}");
        }
    }

    #[test]
    fn families_never_meet() {
        assert!(!Cidr::ALL_IPV4.contains("::1".parse().unwrap()));
        assert!(!Cidr::ALL_IPV6.overlaps(&Cidr::ALL_IPV4));
    }

    #[test]
    fn addresses_are_counted_from_the_lowest() {
        let block: Ipv4Cidr = "10.1.0.0/28".parse().unwrap();
        assert_eq!((block.size(), block.first(), block.last()), (16, [10, 1, 0, 0].into(), [10, 1, 0, 15].into()));
        assert_eq!(block.nth(1), Some([10, 1, 0, 1].into()));
        assert_eq!(block.nth(16), None);
    }
}
