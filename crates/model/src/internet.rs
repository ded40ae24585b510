//! The internet as Peerless simulates it: who is where on it.
//!
//! Addresses of our own are from ranges that nobody may have: RFC 5737's documentation and RFC 2544's benchmarking
//! networks. EC2 Instance Connect has its real addresses, since people write them into rules; packets to them never
//! leave the machine.

use std::net::Ipv4Addr;

use crate::{Ipv4Cidr, Region};

/// The learner's laptop: what consoles call "My IP".
pub const LAPTOP: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 10);

/// A name server that anybody may ask.
pub const NAME_SERVER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 53);

/// A web server, the one behind `example.com`.
pub const WEB_SERVER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 80);

/// Where the way beyond the simulated internet begins, if there is one: an address of RFC 5737's, on the internet's side.
pub const THRESHOLD: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// Everybody beyond, as the threshold knows them.
pub const BEYOND: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

/// Where Elastic IPs and automatic public addresses come from.
pub fn public_pool() -> Ipv4Cidr {
    match Ipv4Cidr::new(Ipv4Addr::new(198, 18, 0, 0), 20) {
        Some(pool) => pool,
        None => unreachable!("20 is a prefix length"),
    }
}

/// Where EC2 Instance Connect comes from in a region: `EC2_INSTANCE_CONNECT` in
/// <https://ip-ranges.amazonaws.com/ip-ranges.json>. For regions whose range is not known to us, that of us-east-1.
pub fn instance_connect(region: Region) -> Ipv4Cidr {
    let first = match region.name() {
        "us-east-2" => [3, 16, 146, 0],
        "us-west-1" => [13, 52, 6, 112],
        "us-west-2" => [18, 237, 140, 160],
        _ => [18, 206, 107, 24],
    };
    match Ipv4Cidr::new(first.into(), 29) {
        Some(range) => range,
        None => unreachable!("29 is a prefix length"),
    }
}

/// The range of EC2 Instance Connect that the address is in: whoever means the one means all of them.
pub fn instance_connect_around(address: std::net::IpAddr) -> Option<Ipv4Cidr> {
    Region::all().map(instance_connect).find(|&range| crate::Cidr::from(range).contains(address))
}

/// From which of those addresses it calls.
pub fn instance_connect_address(region: Region) -> Ipv4Addr {
    match instance_connect(region).nth(4) {
        Some(address) => address,
        None => unreachable!("there are eight addresses in a /29"),
    }
}

/// Whether somebody on the real internet may have that address, and nobody here has it: it is of no special purpose
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry/>), and EC2 Instance Connect does not call from it.
pub fn is_beyond(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        (0 | 127 | 224.., ..) | (169, 254, _) | (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => true,
        _ => is_private(address.into()),
    };
    !special && instance_connect_around(address.into()).is_none()
}

/// Whether nobody on the internet has that address: RFC 1918, RFC 6598, and for IPv6 RFC 4193.
pub fn is_private(address: std::net::IpAddr) -> bool {
    match address {
        std::net::IpAddr::V4(v4) => v4.is_private() || (v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64),
        std::net::IpAddr::V6(v6) => v6.is_unique_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_is_who_has_an_address_of_the_real_internet() {
        let beyond = |text: &str| is_beyond(text.parse().unwrap());
        for text in ["1.1.1.1", "8.8.8.8", "198.20.0.1", "223.255.255.254", "172.32.0.1", "100.128.0.1", "18.206.107.32"] {
            assert!(beyond(text), "{text}");
        }
        for text in [
            "0.0.0.0",
            "10.1.0.5",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.31.0.1",
            "192.0.2.2",
            "192.168.1.1",
            "198.18.0.9",
            "198.19.0.1",
            "203.0.113.80",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "18.206.107.28",
        ] {
            assert!(!beyond(text), "{text}");
        }
    }
}
