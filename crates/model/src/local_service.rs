//! What a VPC itself offers its guests, at addresses that need no route and no rule.
//!
//! They are the same addresses in every VPC, and one service answers all: it is outside of them, where every interface
//! has an address of its own by which the service knows it, whatever its private address is.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html>,
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html>,
//! <https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSetConcepts.html>,
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configure-ec2-ntp.html>

use std::net::Ipv4Addr;

use crate::Ipv4Cidr;

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LocalService {
    /// The instance metadata service.
    Metadata,
    /// The Amazon DNS server, also called Route 53 Resolver.
    Dns,
    /// The DHCP server, which is at each subnet's router.
    Dhcp,
    /// The Amazon Time Sync Service.
    Time,
}

/// Where guests find the instance metadata service.
pub const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);

/// Where guests find the DNS server, besides the [third address](crate::Vpc::resolver) of their VPC.
pub const RESOLVER: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 253);

/// Where guests find the time.
pub const TIME: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 123);

/// Where guests find services in every VPC. Its router answers for them in each subnet.
pub const EVERYWHERE: [Ipv4Addr; 3] = [METADATA, RESOLVER, TIME];

/// What the third address of every VPC is to the DNS server itself. Guests cannot call it by this one.
pub const VPC_RESOLVER: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 2);

/// What every subnet's router, and the broadcast address, is to the DHCP server itself. Guests cannot call it by this one.
pub const DHCP_SERVER: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 3);

/// Where interfaces are, as services see them: RFC 6598's shared addresses, which services do not share with anybody.
pub fn clients() -> Ipv4Cidr {
    match Ipv4Cidr::new(Ipv4Addr::new(100, 64, 0, 0), 10) {
        Some(clients) => clients,
        None => unreachable!("10 is a prefix length"),
    }
}

/// The address by which services know the interface of that serial; none beyond the first four million.
pub fn client_address(serial: u32) -> Option<Ipv4Addr> {
    clients().nth(serial.into())
}

/// The serial of the interface that services know by that address.
pub fn client_serial(address: Ipv4Addr) -> Option<u32> {
    clients().contains(address).then(|| u32::from(address) - u32::from(clients().first()))
}

impl LocalService {
    /// What people call it.
    pub fn as_str(self) -> &'static str {
        match self {
            LocalService::Metadata => "instance metadata",
            LocalService::Dns => "Amazon DNS",
            LocalService::Dhcp => "DHCP",
            LocalService::Time => "Amazon Time Sync",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_interface_s() {
        for serial in [1, 255, 256, 65_536, (1 << 22) - 1] {
            let address = client_address(serial).unwrap();
            assert_eq!(client_serial(address), Some(serial), "{address}");
        }
        assert_eq!(client_address(1 << 22), None);
        assert_eq!(client_serial(Ipv4Addr::new(100, 128, 0, 0)), None);
    }
}
