//! The names that Amazon's DNS gives to addresses: they tell the address, and the region that it is in.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-naming.html>,
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html>

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use crate::{NetworkInterface, Region, Snapshot, Vpc};

/// The name of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsName {
    /// `ip-10-1-0-5.ec2.internal`, in the oldest region, and `ip-10-1-0-5.eu-west-1.compute.internal` elsewhere.
    Private(Ipv4Addr, Region),
    /// `ec2-203-0-113-25.compute-1.amazonaws.com`, in the oldest region, and
    /// `ec2-203-0-113-25.eu-west-1.compute.amazonaws.com` elsewhere.
    Public(Ipv4Addr, Region),
}

/// A name that is none of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherName;

/// The domain of a region's private names, which guests append to short names.
pub fn private_domain(region: Region) -> String {
    if region == Region::us_east_1() { "ec2.internal".to_owned() } else { format!("{region}.compute.internal") }
}

/// The domains of instances' own names in a VPC: what its DHCP options say or, where they say nothing, the region's.
pub fn own_domains(snapshot: &Snapshot, vpc: &Vpc) -> Vec<String> {
    let options = vpc.dhcp_options.map(|id| snapshot.resolve(id)).into_iter();
    let domains: Vec<String> = options.flat_map(|options| &options.domain_names).map(ToString::to_string).collect();
    if domains.is_empty() { vec![private_domain(vpc.scope.region)] } else { domains }
}

/// What an instance is told that it is called by that interface: `ip-10-1-0-5.corp.example`. Amazon's DNS may know it by another name. Of
/// several domains AWS tells all, with spaces between them.
pub fn own_name(snapshot: &Snapshot, interface: &NetworkInterface) -> String {
    let domains = own_domains(snapshot, snapshot.resolve(interface.vpc));
    format!("{}.{}", short_name(interface.private_ip), domains.join(" "))
}

/// The first label of an address's private name: `ip-10-1-0-5`.
pub fn short_name(address: Ipv4Addr) -> String {
    format!("ip-{}", host(address))
}

/// The domain of a region's public names.
fn public_domain(region: Region) -> String {
    if region == Region::us_east_1() { "compute-1.amazonaws.com".to_owned() } else { format!("{region}.compute.amazonaws.com") }
}

fn host(address: Ipv4Addr) -> String {
    address.to_string().replace('.', "-")
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            DnsName::Private(address, region) => write!(f, "{}.{}", short_name(address), private_domain(region)),
            DnsName::Public(address, region) => write!(f, "ec2-{}.{}", host(address), public_domain(region)),
        }
    }
}

impl FromStr for DnsName {
    type Err = OtherName;

    /// Of a name in lower case, without a dot at its end.
    fn from_str(name: &str) -> Result<Self, OtherName> {
        let (label, domain) = name.split_once('.').ok_or(OtherName)?;
        let address = |host: &str| host.replace('-', ".").parse().map_err(|_| OtherName);
        let found = match label.strip_prefix("ip-") {
            Some(host) => Region::all().find(|&region| private_domain(region) == domain).map(|region| Ok(DnsName::Private(address(host)?, region))),
            None => {
                let host = label.strip_prefix("ec2-").ok_or(OtherName)?;
                Region::all().find(|&region| public_domain(region) == domain).map(|region| Ok(DnsName::Public(address(host)?, region)))
            }
        };
        found.unwrap_or(Err(OtherName))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_address_and_region() {
        let (inside, outside) = (Ipv4Addr::new(10, 1, 0, 5), Ipv4Addr::new(203, 0, 113, 25));
        let (oldest, other) = (Region::us_east_1(), "eu-west-1".parse().unwrap());
        for (name, text) in [
            (DnsName::Private(inside, oldest), "ip-10-1-0-5.ec2.internal"),
            (DnsName::Private(inside, other), "ip-10-1-0-5.eu-west-1.compute.internal"),
            (DnsName::Public(outside, oldest), "ec2-203-0-113-25.compute-1.amazonaws.com"),
            (DnsName::Public(outside, other), "ec2-203-0-113-25.eu-west-1.compute.amazonaws.com"),
        ] {
            assert_eq!(name.to_string(), text);
            assert_eq!(text.parse(), Ok(name));
        }
    }

    #[test]
    fn other_names_are_none() {
        for name in ["", "ip-10-1-0-5", "ip-10-1-0.ec2.internal", "ip-10.1.0.5.ec2.internal", "ec2-1-2-3-4.ec2.internal", "ip-300-1-1-1.ec2.internal"]
        {
            assert_eq!(name.parse::<DnsName>(), Err(OtherName), "{name}");
        }
    }
}
