//! Subnet: a range of a VPC's addresses in one availability zone.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html>

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::text::words;
use crate::{
    AvailabilityZone, Ipv4Cidr, MacAddress, NetworkAclAssociationId, NetworkAclId, RouteTableAssociationId, RouteTableId, Scope, SubnetId, VpcId,
};

/// A subnet. Its associations stand here, so that it has at most one route table of its own and always one network
/// ACL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// Its id.
    pub id: SubnetId,
    /// Whose, and where.
    pub scope: Scope,
    /// The VPC it is part of.
    pub vpc: VpcId,
    /// Its zone.
    pub zone: AvailabilityZone,
    /// Its addresses: inside one block of the VPC, apart from every other subnet.
    pub cidr: Ipv4Cidr,
    /// Its state.
    pub state: SubnetState,
    /// The table it is explicitly associated with; without one it follows the VPC's main table.
    pub route_table: Option<SubnetRouteTable>,
    /// Its network ACL.
    pub network_acl: SubnetNetworkAcl,
    /// Whether new interfaces get a public address.
    pub map_public_ip_on_launch: bool,
    /// Whether it is the default subnet of its zone.
    pub default_for_az: bool,
}

/// A subnet's explicit association with a route table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubnetRouteTable {
    /// Its id.
    pub association: RouteTableAssociationId,
    /// The table.
    pub table: RouteTableId,
}

/// A subnet's association with a network ACL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubnetNetworkAcl {
    /// Its id.
    pub association: NetworkAclAssociationId,
    /// The network ACL.
    pub acl: NetworkAclId,
}

words! {
    /// State of a subnet.
    SubnetState {
        /// Just created.
        Pending = "pending",
        /// Usable.
        Available = "available",
    }
}

impl Subnet {
    /// The router's address: the block's base + 1, the guests' default gateway.
    pub fn router(&self) -> Ipv4Addr {
        match self.cidr.nth(1) {
            Some(address) => address,
            None => unreachable!("a subnet holds at least 16 addresses"),
        }
    }

    /// The router's MAC address on this subnet.
    pub fn router_mac(&self) -> MacAddress {
        MacAddress::router(self.id.digits().low_bits())
    }

    /// Whether AWS keeps this address for itself: the first four and the last one.
    pub fn is_reserved(&self, address: Ipv4Addr) -> bool {
        let offset = u64::from(u32::from(address).wrapping_sub(u32::from(self.cidr.first())));
        offset < 4 || offset == self.cidr.size() - 1
    }

    /// The addresses that interfaces may have, ascending.
    pub fn assignable(&self) -> impl Iterator<Item = Ipv4Addr> {
        let cidr = self.cidr;
        (4..cidr.size() - 1).filter_map(move |offset| cidr.nth(offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule 3.3: the first four addresses and the last are never assigned.
    #[test]
    fn five_addresses_are_reserved() {
        let zone = crate::Region::us_east_1().zones().next().unwrap();
        let subnet = Subnet {
            id: "subnet-0a1b2c3d4e5f67890".parse().unwrap(),
            scope: Scope { account: Default::default(), region: zone.region() },
            vpc: "vpc-0a1b2c3d4e5f67890".parse().unwrap(),
            zone,
            cidr: "10.0.1.0/28".parse().unwrap(),
            state: SubnetState::Available,
            route_table: None,
            network_acl: SubnetNetworkAcl {
                association: "aclassoc-0a1b2c3d4e5f67890".parse().unwrap(),
                acl: "acl-0a1b2c3d4e5f67890".parse().unwrap(),
            },
            map_public_ip_on_launch: false,
            default_for_az: false,
        };
        assert_eq!(subnet.router(), Ipv4Addr::new(10, 0, 1, 1));
        assert_eq!(subnet.assignable().count(), 11);
        assert!(subnet.assignable().all(|address| !subnet.is_reserved(address)));
        assert!(subnet.is_reserved([10, 0, 1, 15].into()) && subnet.is_reserved([10, 0, 1, 3].into()));
    }
}
