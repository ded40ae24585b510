//! The nouns of Amazon VPC.
//!
//! Ids, CIDR blocks and resources are types that hold only what AWS allows; a [`Snapshot`] is the whole state at one
//! moment, immutable and shared; a [`Draft`] is the one way to make the next. This crate knows no operations, no XML,
//! no Linux, no clock and no I/O: it is what all the others talk about.

mod account_region;
mod cidr;
mod client_token;
mod dhcp_options;
pub mod dns_name;
mod draft;
mod elastic_ip;
mod id;
mod image;
mod imported_image;
mod instance;
mod instance_connect;
mod instance_connect_endpoint;
mod instance_type;
pub mod internet;
mod internet_gateway;
mod invariant;
mod key_pair;
pub mod local_service;
mod metadata_options;
mod network_acl;
mod network_insights_analysis;
mod network_insights_path;
mod network_interface;
mod observation;
mod place;
mod route_table;
mod security_group;
mod snapshot;
mod subnet;
mod tags;
pub mod text;
mod traffic;
mod user_data;
mod volume;
mod vpc;
mod vpc_peering_connection;

pub use account_region::AccountRegion;
pub use cidr::{Cidr, Ipv4Cidr, MalformedCidr};
pub use client_token::{ClientToken, ClientTokenKey};
pub use dhcp_options::{DhcpOptions, DomainName, InvalidDhcpOption, NameServer, NetbiosNodeType};
pub use dns_name::DnsName;
pub use draft::{Change, Draft, Row, UnreadableRow};
pub use elastic_ip::ElasticIp;
pub use id::{
    AddressAssociationId, AllocationId, AttachmentId, DhcpOptionsId, Id, IdDigits, IdKind, ImageId, InstanceConnectEndpointId, InstanceId,
    InternetGatewayId, KeyPairId, MalformedId, NetworkAclAssociationId, NetworkAclId, NetworkInsightsAnalysisId, NetworkInsightsPathId,
    NetworkInterfaceId, ReservationId, ResourceId, RouteTableAssociationId, RouteTableId, SecurityGroupId, SecurityGroupRuleId, SubnetId, VolumeId,
    VpcCidrBlockAssociationId, VpcId, VpcPeeringConnectionId,
};
pub use image::Image;
pub use imported_image::ImportedImage;
pub use instance::{Instance, InstanceState, LaunchKey, Reboots, ShutdownBehavior, StateReason, SummaryStatus};
pub use instance_connect::{InstanceConnectKey, InstanceConnectKeys};
pub use instance_connect_endpoint::{InstanceConnectEndpoint, InstanceConnectEndpointState};
pub use instance_type::{InstanceType, UnknownInstanceType};
pub use internet_gateway::InternetGateway;
pub use key_pair::{KeyPair, KeyType};
pub use local_service::LocalService;
pub use metadata_options::{HopLimit, HttpTokens, MetadataOptions, MetadataOptionsState, Switch};
pub use network_acl::{NetworkAcl, NetworkAclEntry, RuleAction};
pub use network_insights_analysis::{
    AnalysisAclRule, AnalysisComponent, AnalysisConditions, AnalysisRoute, AnalysisSecurityGroupRule, AnalysisStatus, Explanation, Findings,
    HeaderSet, NetworkInsightsAnalysis, PathComponent, Role,
};
pub use network_insights_path::{InsightsProtocol, NetworkInsightsPath, PathFilter};
pub use network_interface::{Association, Attachment, ElasticAssociation, MacAddress, MalformedMacAddress, NetworkInterface};
pub use observation::Observation;
pub use place::{AccountId, AvailabilityZone, Region, Scope, Timestamp, UnknownPlace};
pub use route_table::{RouteTable, RouteTarget};
pub use security_group::{RulePeer, SecurityGroup, SecurityGroupRule};
pub use snapshot::{Counters, Key, Resource, Scoped, Snapshot, Table, TagSetKey};
pub use subnet::{Subnet, SubnetNetworkAcl, SubnetRouteTable, SubnetState};
pub use tags::TagSet;
pub use traffic::{Direction, IcmpMatch, PortRange, Traffic};
pub use user_data::{InvalidUserData, UserData};
pub use volume::VolumeSize;
pub use vpc::{Tenancy, Vpc, VpcCidrBlock, VpcState};
pub use vpc_peering_connection::{PeeringStatus, PeeringVpc, VpcPeeringConnection};
