//! DHCP option set: what the DHCP server of a VPC tells guests besides their addresses.
//!
//! A set never changes; a VPC is given another one instead. <https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSetConcepts.html>

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text::serde_as_text;
use crate::{DhcpOptionsId, Scope, Vpc};

/// A DHCP option set. A list that is empty is an option that is not given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DhcpOptions {
    /// Its id.
    pub id: DhcpOptionsId,
    /// Whose, and where.
    pub scope: Scope,
    /// What guests append to short names, in the order in which they try.
    pub domain_names: Vec<DomainName>,
    /// The name servers, in the order in which guests ask.
    pub domain_name_servers: Vec<NameServer>,
    /// The time servers.
    pub ntp_servers: Vec<Ipv4Addr>,
    /// The NetBIOS name servers.
    pub netbios_name_servers: Vec<Ipv4Addr>,
    /// How Windows resolves NetBIOS names (RFC 2132, section 8.7).
    pub netbios_node_type: Option<NetbiosNodeType>,
}

/// A domain: labels of letters, digits, hyphens and underscores with dots between them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainName(String);

/// A name server, as option sets name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameServer {
    /// The VPC's own, wherever that is.
    AmazonProvided,
    /// The one at that address.
    At(Ipv4Addr),
}

/// B, P, M or H node, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct NetbiosNodeType(u8);

/// A text that is not what was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidDhcpOption;

impl DomainName {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl NameServer {
    /// Where a VPC's guests find it.
    pub fn address(self, vpc: &Vpc) -> Ipv4Addr {
        match self {
            NameServer::AmazonProvided => vpc.resolver(),
            NameServer::At(address) => address,
        }
    }
}

impl NetbiosNodeType {
    /// Its number.
    pub fn number(self) -> u8 {
        self.0
    }
}

const AMAZON_PROVIDED_DNS: &str = "AmazonProvidedDNS";

impl FromStr for DomainName {
    type Err = InvalidDhcpOption;

    /// RFC 1035, section 2.3.4, has the lengths.
    fn from_str(text: &str) -> Result<Self, InvalidDhcpOption> {
        let is_label = |label: &str| {
            let all = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            (1..=63).contains(&label.len()) && all && !label.starts_with('-') && !label.ends_with('-')
        };
        if text.len() <= 253 && text.split('.').all(is_label) { Ok(Self(text.to_owned())) } else { Err(InvalidDhcpOption) }
    }
}

impl FromStr for NameServer {
    type Err = InvalidDhcpOption;

    fn from_str(text: &str) -> Result<Self, InvalidDhcpOption> {
        match text {
            AMAZON_PROVIDED_DNS => Ok(NameServer::AmazonProvided),
            address => address.parse().map(NameServer::At).map_err(|_| InvalidDhcpOption),
        }
    }
}

impl TryFrom<u8> for NetbiosNodeType {
    type Error = InvalidDhcpOption;

    fn try_from(number: u8) -> Result<Self, InvalidDhcpOption> {
        if matches!(number, 1 | 2 | 4 | 8) { Ok(Self(number)) } else { Err(InvalidDhcpOption) }
    }
}

impl From<NetbiosNodeType> for u8 {
    fn from(kind: NetbiosNodeType) -> u8 {
        kind.0
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for NameServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameServer::AmazonProvided => f.write_str(AMAZON_PROVIDED_DNS),
            NameServer::At(address) => address.fmt(f),
        }
    }
}

impl fmt::Display for InvalidDhcpOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is not valid")
    }
}

impl std::error::Error for InvalidDhcpOption {}

serde_as_text!(DomainName, NameServer);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_labels() {
        for good in ["ec2.internal", "corp", "_tcp.example.com", "a-b.c1"] {
            assert_eq!(good.parse::<DomainName>().unwrap().as_str(), good);
        }
        let long = ["a"; 128].join(".");
        for bad in ["", ".", "a..b", "a.", "-a", "a-", "a b", "a\nnameserver 1.2.3.4", "é", &long, &"a".repeat(64)] {
            assert_eq!(bad.parse::<DomainName>(), Err(InvalidDhcpOption), "{bad}");
        }
    }

    #[test]
    fn a_name_server_is_amazon_s_or_has_an_address() {
        for good in ["AmazonProvidedDNS", "10.0.0.2"] {
            assert_eq!(good.parse::<NameServer>().unwrap().to_string(), good);
        }
        for bad in ["amazonprovideddns", "10.0.0", "dns.example.com", "::1", ""] {
            assert_eq!(bad.parse::<NameServer>(), Err(InvalidDhcpOption), "{bad}");
        }
    }
}
