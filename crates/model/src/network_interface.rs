//! Elastic network interface: an instance's place in a subnet.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html>

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text::serde_as_text;
use crate::{
    AddressAssociationId, AllocationId, AttachmentId, InstanceConnectEndpointId, InstanceId, NetworkInterfaceId, Scope, SecurityGroupId, Subnet,
    SubnetId, Timestamp, VpcId,
};

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkInterface {
    /// Its id.
    pub id: NetworkInterfaceId,
    /// Whose, and where.
    pub scope: Scope,
    /// A small number that names it to the data plane; given once, never to another interface.
    pub serial: u32,
    /// The subnet it belongs to, for ever.
    pub subnet: SubnetId,
    /// That subnet's VPC.
    pub vpc: VpcId,
    /// Its MAC address.
    pub mac: MacAddress,
    /// Its primary private address.
    pub private_ip: Ipv4Addr,
    /// Its groups, at least one, in the order in which they were named.
    pub groups: Vec<SecurityGroupId>,
    /// Whether packets must be from or to an address of its own.
    pub source_dest_check: bool,
    /// What its maker said it is for.
    pub description: String,
    /// The instance it is part of.
    pub attachment: Option<Attachment>,
    /// The endpoint that it is part of. Then nobody but the endpoint has a say in it.
    #[serde(default)]
    pub endpoint: Option<InstanceConnectEndpointId>,
    /// The public address for which the internet gateway takes its private one. No guest ever sees it.
    pub association: Option<Association>,
    /// Whether it was made with a public address of its own accord: then it gets a new one when it has none.
    pub auto_assign_public_ip: bool,
}

/// An interface's public address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Association {
    /// The address.
    pub public_ip: Ipv4Addr,
    /// The Elastic IP that it is; none if it was assigned automatically.
    pub elastic: Option<ElasticAssociation>,
}

/// An interface's association with an Elastic IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElasticAssociation {
    /// Its id.
    pub id: AddressAssociationId,
    /// The Elastic IP.
    pub allocation: AllocationId,
}

/// A network interface's place in an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// The instance.
    pub instance: InstanceId,
    /// Which of the instance's interfaces it is; 0 is the primary one, `eth0`.
    pub device_index: u16,
    /// Whether it ends with the instance.
    pub delete_on_termination: bool,
    /// When it was attached.
    pub attach_time: Timestamp,
}

/// An Ethernet address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddress(pub [u8; 6]);

impl NetworkInterface {
    /// One that nothing is connected with yet: it has its place, a MAC address by its id, and checks sources.
    pub fn new(id: NetworkInterfaceId, serial: u32, subnet: &Subnet, private_ip: Ipv4Addr, groups: Vec<SecurityGroupId>) -> Self {
        Self {
            id,
            scope: subnet.scope,
            serial,
            subnet: subnet.id,
            vpc: subnet.vpc,
            mac: MacAddress::interface(id.digits().low_bits()),
            private_ip,
            groups,
            source_dest_check: true,
            description: String::new(),
            attachment: None,
            endpoint: None,
            association: None,
            auto_assign_public_ip: false,
        }
    }

    /// Its public address.
    pub fn public_ip(&self) -> Option<Ipv4Addr> {
        self.association.map(|association| association.public_ip)
    }
}

impl MacAddress {
    /// The address of an interface, from 40 bits of its id: locally administered, unicast, beginning with `0a` as on
    /// AWS.
    pub fn interface(bits: u64) -> Self {
        Self::from_bits(0x0a, bits)
    }

    /// The address of a subnet's router, from 40 bits of the subnet's id. It begins with `0e`, so that it is never an
    /// interface's.
    pub fn router(bits: u64) -> Self {
        Self::from_bits(0x0e, bits)
    }

    fn from_bits(first: u8, bits: u64) -> Self {
        let [_, _, _, b1, b2, b3, b4, b5] = bits.to_be_bytes();
        Self([first, b1, b2, b3, b4, b5])
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no Ethernet address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedMacAddress(pub String);

impl fmt::Display for MalformedMacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is not a MAC address", self.0)
    }
}

impl FromStr for MacAddress {
    type Err = MalformedMacAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || MalformedMacAddress(text.to_owned());
        let bytes: Option<Vec<u8>> = text.split(':').map(|part| u8::from_str_radix(part, 16).ok().filter(|_| part.len() == 2)).collect();
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or_else(malformed)
    }
}

serde_as_text!(MacAddress);
