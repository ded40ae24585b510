//! What becomes of a packet.

use std::net::IpAddr;

use model::{
    Cidr, Direction, InstanceId, InternetGatewayId, LocalService, MacAddress, NetworkAclId, NetworkInterfaceId, RouteTableId, RouteTarget, SubnetId,
    VpcId, VpcPeeringConnectionId,
};

use crate::connection::{ConnectionKey, Opened};
use crate::packet::Packet;

/// The answer to "what becomes of this packet?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Delivered or dropped.
    pub verdict: Verdict,
    /// The connection that it opened at the interface that it left.
    pub opened_at_source: Option<Opened>,
    /// The connection that it opened at the interface that it arrived at.
    pub opened_at_destination: Option<Opened>,
    /// Where no rule of a group admitted it: the connections that it would be part of, as the initiator's packet and as
    /// the responder's. As soon as one is open and tracked it passes there.
    pub missed: [Option<ConnectionKey>; 2],
}

/// Whether a packet arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does, at an interface.
    Deliver(Delivery),
    /// It leaves for the internet.
    Leave(Departure),
    /// A service of the VPC has it.
    Serve(Served),
    /// It does not, silently: a VPC never says "unreachable".
    Drop(Denial),
}

/// How a packet arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// At which interface.
    pub to: NetworkInterfaceId,
    /// From which Ethernet address it seems to come: the sender's in its own subnet, else the router's.
    pub source_mac: MacAddress,
    /// How its addresses were translated on the way.
    pub rewrite: Rewrite,
}

/// How a packet leaves for the internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Departure {
    /// Through which gateway.
    pub gateway: InternetGatewayId,
    /// How its addresses were translated on the way.
    pub rewrite: Rewrite,
}

/// How a packet comes to a service of its VPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// Which service.
    pub service: LocalService,
    /// How its addresses were translated on the way.
    pub rewrite: Rewrite,
}

/// New addresses of a packet, where an internet gateway translated the old ones, or the way to a
/// service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rewrite {
    /// Its new source.
    pub source: Option<IpAddr>,
    /// Its new destination.
    pub destination: Option<IpAddr>,
}

/// Where a packet comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// An instance sends it out of this interface.
    Interface(NetworkInterfaceId),
    /// Somebody on the internet sends it to a public address.
    Internet,
    /// A service answers an interface.
    Services,
}

impl Rewrite {
    /// The packet as it is after it.
    pub fn apply(&self, packet: &Packet) -> Packet {
        Packet { source: self.source.unwrap_or(packet.source), destination: self.destination.unwrap_or(packet.destination), ..*packet }
    }
}

impl From<NetworkInterfaceId> for Origin {
    fn from(interface: NetworkInterfaceId) -> Self {
        Origin::Interface(interface)
    }
}

/// Why a packet is dropped: what did it, and by which of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The interface that it leaves from is not there any more.
    UnknownInterface(NetworkInterfaceId),
    /// Its source is not an address of the interface that it leaves from, and the interface checks.
    SourceCheck(NetworkInterfaceId),
    /// A VPC carries neither broadcast nor multicast, and link-local addresses only to its own services.
    NotRouted {
        /// What it is for.
        destination: IpAddr,
    },
    /// The VPC's DNS server does not answer: `enableDnsSupport` is off.
    NoDnsSupport {
        /// The VPC.
        vpc: VpcId,
    },
    /// A service only answers, and only interfaces that are there.
    Unasked {
        /// From where.
        source: IpAddr,
        /// To whom.
        destination: IpAddr,
    },
    /// No rule of the interface's groups admits it.
    SecurityGroup {
        /// Whose groups.
        interface: NetworkInterfaceId,
        /// Which way.
        direction: Direction,
    },
    /// A rule of a network ACL denies it.
    NetworkAcl {
        /// The network ACL.
        acl: NetworkAclId,
        /// Of which subnet.
        subnet: SubnetId,
        /// Which way.
        direction: Direction,
        /// The rule's number; `None` is the last rule, `*`.
        rule: Option<u16>,
    },
    /// The route table has no route for it.
    NoRoute {
        /// The table.
        table: RouteTableId,
        /// What it is for.
        destination: IpAddr,
    },
    /// The best route for it leads nowhere.
    Blackhole {
        /// The table.
        table: RouteTableId,
        /// The route.
        route: Cidr,
        /// Where it would lead.
        target: RouteTarget,
    },
    /// The peering connection only carries packets for the addresses of the VPC at its other end.
    PeeringNotForAddress {
        /// The table that sent it there.
        table: RouteTableId,
        /// By this route.
        route: Cidr,
        /// The connection.
        connection: VpcPeeringConnectionId,
        /// What it is for.
        destination: IpAddr,
    },
    /// A gateway or peering connection only takes packets whose source is in the VPC that they come from.
    Spoofed {
        /// The VPC.
        vpc: VpcId,
        /// The source it claims.
        source: IpAddr,
    },
    /// An internet gateway does not carry private destinations (RFC 1918, RFC 6598).
    PrivateDestination {
        /// The gateway.
        gateway: InternetGatewayId,
        /// The table that sent it there.
        table: RouteTableId,
        /// By this route.
        route: Cidr,
        /// What it is for.
        destination: IpAddr,
    },
    /// An internet gateway only carries what it can translate: the interface has no public address.
    NoPublicAddress {
        /// Which interface.
        interface: NetworkInterfaceId,
        /// Which way the packet would go.
        direction: Direction,
    },
    /// What comes from the internet does not come from a private address (RFC 1918, RFC 6598).
    PrivateSource {
        /// The source it claims.
        source: IpAddr,
    },
    /// No interface has that public address.
    NoSuchPublicAddress {
        /// What it is for.
        destination: IpAddr,
    },
    /// The VPC of the interface that has the public address has no internet gateway.
    NoGateway {
        /// The VPC.
        vpc: VpcId,
    },
    /// Nothing in the VPC has that address.
    NoSuchAddress {
        /// The VPC.
        vpc: VpcId,
        /// What it is for.
        destination: IpAddr,
    },
    /// The interface has the address, and neither a running instance nor a complete endpoint behind it.
    NotRunning {
        /// The interface.
        interface: NetworkInterfaceId,
        /// Its instance, if it is attached.
        instance: Option<InstanceId>,
    },
}

impl Denial {
    /// Which way the packet was going, as seen from the thing whose rules denied it.
    pub fn direction(&self) -> Option<Direction> {
        match *self {
            Denial::SecurityGroup { direction, .. } | Denial::NetworkAcl { direction, .. } => Some(direction),
            _ => None,
        }
    }

    /// The code with which Reachability Analyzer explains the same
    /// (<https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html>).
    pub fn code(&self) -> &'static str {
        match self {
            Denial::UnknownInterface(_) => "UNKNOWN_RESOURCE",
            Denial::SourceCheck(_) => "ENI_SOURCE_DEST_CHECK_RESTRICTION",
            Denial::NotRouted { .. } | Denial::NoSuchAddress { .. } | Denial::NoDnsSupport { .. } | Denial::Unasked { .. } => {
                "NO_POSSIBLE_DESTINATION"
            }
            Denial::SecurityGroup { .. } => "ENI_SG_RULES_MISMATCH",
            Denial::NetworkAcl { .. } => "SUBNET_ACL_RESTRICTION",
            Denial::NoRoute { .. } => "NO_ROUTE_TO_DESTINATION",
            Denial::Blackhole { .. } => "BAD_STATE_ROUTE",
            Denial::PeeringNotForAddress { .. } => "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR",
            Denial::Spoofed { .. } => "GATEWAY_REJECTS_SPOOFED_TRAFFIC",
            Denial::PrivateDestination { destination, .. } if is_shared(*destination) => "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS",
            Denial::PrivateDestination { .. } => "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS",
            Denial::NoPublicAddress { direction: Direction::Egress, .. } => "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS",
            Denial::NoPublicAddress { direction: Direction::Ingress, .. } => "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
            Denial::PrivateSource { source } if is_shared(*source) => "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS",
            Denial::PrivateSource { .. } => "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS",
            Denial::NoSuchPublicAddress { .. } => "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
            Denial::NoGateway { .. } => "BAD_STATE_ATTACHMENT",
            Denial::NotRunning { .. } => "BAD_STATE",
        }
    }
}

/// Whether it is shared address space (RFC 6598).
fn is_shared(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(v4) if v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64)
}
