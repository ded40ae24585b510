//! VPC: a virtual network of one account in one region.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/configure-your-vpc.html>

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::text::words;
use crate::{DhcpOptionsId, Ipv4Cidr, NetworkAclId, RouteTableAssociationId, RouteTableId, Scope, SecurityGroupId, VpcCidrBlockAssociationId, VpcId};

/// A VPC. Its main table, default network ACL and default group are named here, so that there is exactly one of each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vpc {
    /// Its id.
    pub id: VpcId,
    /// Whose, and where.
    pub scope: Scope,
    /// Its state.
    pub state: VpcState,
    /// Its IPv4 blocks, the primary one first; never empty, no two overlap.
    pub cidr_blocks: Vec<VpcCidrBlock>,
    /// The table that subnets without an association of their own follow.
    pub main_route_table: RouteTableId,
    /// The id by which the main table's role is named and replaced.
    pub main_association: RouteTableAssociationId,
    /// The network ACL that new subnets join.
    pub default_network_acl: NetworkAclId,
    /// The group of interfaces for which none was named.
    pub default_security_group: SecurityGroupId,
    /// What its DHCP server tells guests besides their addresses; `None` is nothing.
    #[serde(default)]
    pub dhcp_options: Option<DhcpOptionsId>,
    /// Tenancy of its instances.
    pub tenancy: Tenancy,
    /// Whether it is the default VPC of its account and region.
    pub is_default: bool,
    /// Whether the resolver answers.
    pub enable_dns_support: bool,
    /// Whether instances with public addresses get public names.
    pub enable_dns_hostnames: bool,
    /// Whether address usage is metered.
    pub enable_network_address_usage_metrics: bool,
}

/// One of a VPC's IPv4 blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VpcCidrBlock {
    /// The id of its association.
    pub association: VpcCidrBlockAssociationId,
    /// The block.
    pub cidr: Ipv4Cidr,
}

words! {
    /// State of a VPC.
    VpcState {
        /// Just created.
        Pending = "pending",
        /// Usable.
        Available = "available",
    }
}

words! {
    /// Tenancy of the instances of a VPC.
    Tenancy {
        /// Shared hardware.
        Default = "default",
        /// Single-tenant hardware.
        Dedicated = "dedicated",
    }
}

impl Vpc {
    /// The block it was created with.
    pub fn primary_cidr(&self) -> Ipv4Cidr {
        match self.cidr_blocks.first() {
            Some(block) => block.cidr,
            None => unreachable!("a VPC has a primary block from its creation to its end"),
        }
    }

    /// Where its DNS server is, besides [the address](crate::local_service::RESOLVER) that is the same everywhere: at
    /// the primary block's base + 2.
    pub fn resolver(&self) -> Ipv4Addr {
        match self.primary_cidr().nth(2) {
            Some(address) => address,
            None => unreachable!("a VPC holds at least 16 addresses"),
        }
    }

    /// Whether its instances' public addresses have names.
    pub fn gives_public_names(&self) -> bool {
        self.enable_dns_support && self.enable_dns_hostnames
    }

    /// All its blocks.
    pub fn cidrs(&self) -> impl Iterator<Item = Ipv4Cidr> {
        self.cidr_blocks.iter().map(|block| block.cidr)
    }

    /// Whether the address is in one of its blocks.
    pub fn contains(&self, address: std::net::IpAddr) -> bool {
        self.cidrs().any(|cidr| crate::Cidr::from(cidr).contains(address))
    }
}
