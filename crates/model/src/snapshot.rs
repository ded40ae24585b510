//! The whole state of Peerless, immutable.
//!
//! A [`Snapshot`] is cheap to clone (its tables share structure) and never changes; a [`Draft`](crate::Draft) makes
//! the next one. References between resources always resolve: [`Snapshot::violation`] says what else holds.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use imbl::OrdMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{
    AccountRegion, AllocationId, ClientToken, ClientTokenKey, DhcpOptions, DhcpOptionsId, ElasticIp, ImageId, ImportedImage, Instance,
    InstanceConnectEndpoint, InstanceConnectEndpointId, InstanceId, InternetGateway, InternetGatewayId, KeyPair, KeyPairId, NetworkAcl, NetworkAclId,
    NetworkInsightsAnalysis, NetworkInsightsAnalysisId, NetworkInsightsPath, NetworkInsightsPathId, NetworkInterface, NetworkInterfaceId, ResourceId,
    RouteTable, RouteTableId, Scope, SecurityGroup, SecurityGroupId, Subnet, SubnetId, TagSet, Vpc, VpcId, VpcPeeringConnection,
    VpcPeeringConnectionId,
};

/// All resources of one kind, in the order of their keys.
pub type Table<R> = OrdMap<<R as Resource>::Key, Arc<R>>;

/// The whole state at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub(crate) generation: u64,
    pub(crate) vpcs: Table<Vpc>,
    pub(crate) subnets: Table<Subnet>,
    pub(crate) dhcp_options: Table<DhcpOptions>,
    pub(crate) internet_gateways: Table<InternetGateway>,
    pub(crate) route_tables: Table<RouteTable>,
    pub(crate) network_acls: Table<NetworkAcl>,
    pub(crate) security_groups: Table<SecurityGroup>,
    pub(crate) vpc_peering_connections: Table<VpcPeeringConnection>,
    pub(crate) network_interfaces: Table<NetworkInterface>,
    pub(crate) instances: Table<Instance>,
    pub(crate) instance_connect_endpoints: Table<InstanceConnectEndpoint>,
    pub(crate) network_insights_paths: Table<NetworkInsightsPath>,
    pub(crate) network_insights_analyses: Table<NetworkInsightsAnalysis>,
    pub(crate) tag_sets: Table<TagSet>,
    pub(crate) counters: Table<Counters>,
    pub(crate) elastic_ips: Table<ElasticIp>,
    pub(crate) key_pairs: Table<KeyPair>,
    pub(crate) imported_images: Table<ImportedImage>,
    pub(crate) account_regions: Table<AccountRegion>,
    pub(crate) client_tokens: Table<ClientToken>,
    /// Which interface has a private address, by VPC: derived from the interfaces.
    pub(crate) private_addresses: OrdMap<(VpcId, IpAddr), NetworkInterfaceId>,
    /// Which interface has a public address: derived from the interfaces.
    pub(crate) public_addresses: OrdMap<IpAddr, NetworkInterfaceId>,
    /// Which interface has a serial: derived from the interfaces.
    pub(crate) serials: OrdMap<u32, NetworkInterfaceId>,
}

/// Something that is kept in a table of the snapshot, and as a row of the store.
pub trait Resource: Clone + PartialEq + fmt::Debug + Serialize + DeserializeOwned + 'static {
    /// What it is found by.
    type Key: Key<Resource = Self>;
    /// The table's name on disk.
    const TABLE: &'static str;
    /// Its own key.
    fn key(&self) -> Self::Key;
    /// Its table.
    fn table(snapshot: &Snapshot) -> &Table<Self>;
    /// Its table, to change.
    fn table_mut(snapshot: &mut Snapshot) -> &mut Table<Self>;
    /// Brings derived tables up to date with a change of one resource.
    fn reindex(_snapshot: &mut Snapshot, _before: Option<&Self>, _after: Option<&Self>) {}
}

/// What a resource is found by: the type of the key says what kind of resource it finds.
pub trait Key: Copy + Ord + fmt::Display + fmt::Debug + 'static {
    /// What it finds.
    type Resource: Resource<Key = Self>;
}

/// A resource that belongs to an account in a region.
pub trait Scoped {
    /// Whose, and where.
    fn scope(&self) -> Scope;
}

macro_rules! resources {
    ($($resource:ident, $key:ident, $table:ident;)*) => {$(
        impl Key for $key {
            type Resource = $resource;
        }

        impl Resource for $resource {
            type Key = $key;
            const TABLE: &'static str = stringify!($table);
            fn key(&self) -> $key { self.id }
            fn table(snapshot: &Snapshot) -> &Table<Self> { &snapshot.$table }
            fn table_mut(snapshot: &mut Snapshot) -> &mut Table<Self> { &mut snapshot.$table }
        }
    )*};
}

resources! {
    Vpc, VpcId, vpcs;
    Subnet, SubnetId, subnets;
    DhcpOptions, DhcpOptionsId, dhcp_options;
    InternetGateway, InternetGatewayId, internet_gateways;
    RouteTable, RouteTableId, route_tables;
    NetworkAcl, NetworkAclId, network_acls;
    SecurityGroup, SecurityGroupId, security_groups;
    VpcPeeringConnection, VpcPeeringConnectionId, vpc_peering_connections;
    Instance, InstanceId, instances;
    InstanceConnectEndpoint, InstanceConnectEndpointId, instance_connect_endpoints;
    NetworkInsightsPath, NetworkInsightsPathId, network_insights_paths;
    NetworkInsightsAnalysis, NetworkInsightsAnalysisId, network_insights_analyses;
    ElasticIp, AllocationId, elastic_ips;
    KeyPair, KeyPairId, key_pairs;
    ImportedImage, ImageId, imported_images;
}

macro_rules! scoped {
    ($($resource:ident),*) => {$(
        impl Scoped for $resource {
            fn scope(&self) -> Scope { self.scope }
        }
    )*};
}

scoped!(
    DhcpOptions,
    ElasticIp,
    Vpc,
    Subnet,
    InternetGateway,
    KeyPair,
    ImportedImage,
    RouteTable,
    NetworkAcl,
    SecurityGroup,
    NetworkInsightsAnalysis,
    NetworkInsightsPath,
    NetworkInterface,
    Instance,
    InstanceConnectEndpoint,
    TagSet
);

impl Key for NetworkInterfaceId {
    type Resource = NetworkInterface;
}

impl Resource for NetworkInterface {
    type Key = NetworkInterfaceId;
    const TABLE: &'static str = "network_interfaces";

    fn key(&self) -> NetworkInterfaceId {
        self.id
    }

    fn table(snapshot: &Snapshot) -> &Table<Self> {
        &snapshot.network_interfaces
    }

    fn table_mut(snapshot: &mut Snapshot) -> &mut Table<Self> {
        &mut snapshot.network_interfaces
    }

    fn reindex(snapshot: &mut Snapshot, before: Option<&Self>, after: Option<&Self>) {
        if let Some(interface) = before {
            snapshot.serials.remove(&interface.serial);
            snapshot.private_addresses.remove(&(interface.vpc, interface.private_ip.into()));
            if let Some(public_ip) = interface.public_ip() {
                snapshot.public_addresses.remove(&IpAddr::from(public_ip));
            }
        }
        if let Some(interface) = after {
            snapshot.serials.insert(interface.serial, interface.id);
            snapshot.private_addresses.insert((interface.vpc, interface.private_ip.into()), interface.id);
            if let Some(public_ip) = interface.public_ip() {
                snapshot.public_addresses.insert(public_ip.into(), interface.id);
            }
        }
    }
}

/// The key of a [`TagSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TagSetKey {
    /// What is tagged.
    pub resource: ResourceId,
    /// Who tagged it, and where.
    pub scope: Scope,
}

impl fmt::Display for TagSetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.resource, self.scope)
    }
}

impl Key for TagSetKey {
    type Resource = TagSet;
}

impl Resource for TagSet {
    type Key = TagSetKey;
    const TABLE: &'static str = "tag_sets";

    fn key(&self) -> TagSetKey {
        TagSetKey { resource: self.resource, scope: self.scope }
    }

    fn table(snapshot: &Snapshot) -> &Table<Self> {
        &snapshot.tag_sets
    }

    fn table_mut(snapshot: &mut Snapshot) -> &mut Table<Self> {
        &mut snapshot.tag_sets
    }
}

impl Key for ClientTokenKey {
    type Resource = ClientToken;
}

impl Resource for ClientToken {
    type Key = ClientTokenKey;
    const TABLE: &'static str = "client_tokens";

    fn key(&self) -> ClientTokenKey {
        self.key
    }

    fn table(snapshot: &Snapshot) -> &Table<Self> {
        &snapshot.client_tokens
    }

    fn table_mut(snapshot: &mut Snapshot) -> &mut Table<Self> {
        &mut snapshot.client_tokens
    }
}

impl Scoped for ClientToken {
    fn scope(&self) -> Scope {
        self.key.scope
    }
}

impl Key for Scope {
    type Resource = AccountRegion;
}

impl Resource for AccountRegion {
    type Key = Scope;
    const TABLE: &'static str = "account_regions";

    fn key(&self) -> Scope {
        self.scope
    }

    fn table(snapshot: &Snapshot) -> &Table<Self> {
        &snapshot.account_regions
    }

    fn table_mut(snapshot: &mut Snapshot) -> &mut Table<Self> {
        &mut snapshot.account_regions
    }
}

/// Numbers that are given out once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// The serial of the newest network interface.
    pub last_interface_serial: u32,
}

/// The key of the one [`Counters`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CountersKey;

impl fmt::Display for CountersKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("counters")
    }
}

impl Key for CountersKey {
    type Resource = Counters;
}

impl Resource for Counters {
    type Key = CountersKey;
    const TABLE: &'static str = "counters";

    fn key(&self) -> CountersKey {
        CountersKey
    }

    fn table(snapshot: &Snapshot) -> &Table<Self> {
        &snapshot.counters
    }

    fn table_mut(snapshot: &mut Snapshot) -> &mut Table<Self> {
        &mut snapshot.counters
    }
}

impl Snapshot {
    /// How many changes led to this state. Verdicts are stamped with it.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The resource of that key.
    pub fn get<K: Key>(&self, key: K) -> Option<&K::Resource> {
        K::Resource::table(self).get(&key).map(Arc::as_ref)
    }

    /// The resource that another one refers to.
    ///
    /// # Panics
    /// If the reference does not resolve, which the invariants rule out.
    pub fn resolve<K: Key>(&self, key: K) -> &K::Resource {
        match self.get(key) {
            Some(resource) => resource,
            None => unreachable!("{key} is referred to and does not exist"),
        }
    }

    /// Every resource of a kind, whoever's and wherever.
    pub fn all<R: Resource>(&self) -> impl Iterator<Item = &R> {
        R::table(self).values().map(Arc::as_ref)
    }

    /// The resources of a kind in one account and region.
    pub fn in_scope<R: Resource + Scoped>(&self, scope: Scope) -> impl Iterator<Item = &R> {
        self.all::<R>().filter(move |resource| resource.scope() == scope)
    }

    /// The interface that has the address in the VPC.
    pub fn interface_at(&self, vpc: VpcId, address: IpAddr) -> Option<&NetworkInterface> {
        self.private_addresses.get(&(vpc, address)).map(|&id| self.resolve(id))
    }

    /// The interface that has the public address, whoever's it is.
    pub fn interface_with_public(&self, address: IpAddr) -> Option<&NetworkInterface> {
        self.public_addresses.get(&address).map(|&id| self.resolve(id))
    }

    /// The interface of that serial.
    pub fn interface_with_serial(&self, serial: u32) -> Option<&NetworkInterface> {
        self.serials.get(&serial).map(|&id| self.resolve(id))
    }

    /// The table that decides for packets that leave the subnet: its own, else the VPC's main one.
    pub fn route_table_of(&self, subnet: &Subnet) -> &RouteTable {
        self.resolve(match subnet.route_table {
            Some(explicit) => explicit.table,
            None => self.resolve(subnet.vpc).main_route_table,
        })
    }

    /// The subnets of a VPC.
    pub fn subnets_of(&self, vpc: VpcId) -> impl Iterator<Item = &Subnet> {
        self.all::<Subnet>().filter(move |subnet| subnet.vpc == vpc)
    }

    /// The interfaces in a subnet.
    pub fn interfaces_in(&self, subnet: SubnetId) -> impl Iterator<Item = &NetworkInterface> {
        self.all::<NetworkInterface>().filter(move |interface| interface.subnet == subnet)
    }

    /// The gateway that is attached to the VPC.
    pub fn internet_gateway_of(&self, vpc: VpcId) -> Option<&InternetGateway> {
        self.all::<InternetGateway>().find(|gateway| gateway.attachment == Some(vpc))
    }

    /// One tag of a resource, as its owner sees it.
    pub fn tag(&self, scope: Scope, resource: impl Into<ResourceId>, key: &str) -> Option<&str> {
        let tags = &self.get(TagSetKey { resource: resource.into(), scope })?.tags;
        tags.get(key).map(String::as_str)
    }

    /// The resource's `Name` tag, if it has one that is not empty.
    pub fn name(&self, scope: Scope, resource: impl Into<ResourceId>) -> Option<&str> {
        self.tag(scope, resource, "Name").filter(|name| !name.is_empty())
    }
}
