//! What a handler sees: the state, as one account in one region sees it.

use std::collections::BTreeSet;
use std::fmt;

use model::{
    DhcpOptions, ElasticIp, Id, ImportedImage, Instance, InstanceConnectEndpoint, InternetGateway, Key, KeyPair, NetworkAcl, NetworkInsightsAnalysis,
    NetworkInsightsPath, NetworkInterface, Resource, ResourceId, RouteTable, Scope, SecurityGroup, Snapshot, Subnet, TagSetKey, Vpc,
    VpcPeeringConnection,
};

use crate::error::Error;
use crate::kind::words;
use crate::tag::Tag;

/// The state through the eyes of a caller. What belongs to others does not exist.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub snapshot: &'a Snapshot,
    pub scope: Scope,
}

/// Who gets to see a resource.
pub(crate) trait Visible: Resource<Key: Id> {
    /// Whether one account in one region does.
    fn is_visible_to(&self, scope: Scope) -> bool;
}

macro_rules! visible_to_their_owner {
    ($($resource:ty),*) => {$(
        impl Visible for $resource {
            fn is_visible_to(&self, scope: Scope) -> bool { self.scope == scope }
        }
    )*};
}

visible_to_their_owner!(
    DhcpOptions,
    ElasticIp,
    ImportedImage,
    Instance,
    InstanceConnectEndpoint,
    InternetGateway,
    KeyPair,
    NetworkAcl,
    NetworkInsightsAnalysis,
    NetworkInsightsPath,
    NetworkInterface,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc
);

impl Visible for VpcPeeringConnection {
    /// Both sides see it, each in its own region, until they forget it
    /// (<https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-lifecycle>).
    fn is_visible_to(&self, scope: Scope) -> bool {
        [&self.requester, &self.accepter].into_iter().any(|side| side.scope == scope && !side.is_forgotten)
    }
}

impl<'a> View<'a> {
    /// The resource of that id.
    pub fn find<K>(self, id: K) -> Result<&'a K::Resource, Error>
    where
        K: Key<Resource: Visible> + Id,
    {
        self.snapshot.get(id).filter(|found| found.is_visible_to(self.scope)).ok_or_else(|| Error::not_found(id))
    }

    /// The resources of these ids, each once; all there are if none is named.
    pub fn named<K>(self, ids: &[K]) -> Result<Vec<&'a K::Resource>, Error>
    where
        K: Key<Resource: Visible> + Id,
    {
        if ids.is_empty() {
            return Ok(self.all::<K::Resource>().collect());
        }
        let distinct: BTreeSet<K> = ids.iter().copied().collect();
        distinct.into_iter().map(|id| self.find(id)).collect()
    }

    /// All resources of a kind.
    pub fn all<R: Visible>(self) -> impl Iterator<Item = &'a R> {
        self.snapshot.all::<R>().filter(move |resource| resource.is_visible_to(self.scope))
    }

    /// The caller's tags on a resource.
    pub fn tags(self, id: impl Into<ResourceId>) -> Vec<Tag> {
        let set = self.snapshot.get(TagSetKey { resource: id.into(), scope: self.scope });
        set.into_iter().flat_map(|set| &set.tags).map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
    }

    /// The ARN of one of the caller's resources.
    pub fn arn(self, id: impl Into<ResourceId>) -> Arn {
        Arn { scope: self.scope, id: id.into() }
    }
}

/// An Amazon Resource Name: `arn:aws:ec2:us-east-1:111122223333:subnet/subnet-0a1b2c3d4e5f67890`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arn {
    pub scope: Scope,
    pub id: ResourceId,
}

impl Arn {
    /// Reads one of EC2's; `None` if it is none, or of nothing that there is here.
    pub fn parse(text: &str) -> Option<Self> {
        let ["arn", "aws", "ec2", region, account, resource] = text.splitn(6, ':').collect::<Vec<_>>()[..] else { return None };
        let (resource_type, id) = resource.split_once('/')?;
        let id = id.parse::<ResourceId>().ok().filter(|id| words(id.kind()).resource_type == Some(resource_type))?;
        Some(Self { scope: Scope { account: account.parse().ok()?, region: region.parse().ok()? }, id })
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Scope { account, region } = self.scope;
        write!(f, "arn:aws:ec2:{region}:{account}:{}/{}", words(self.id.kind()).resource_type.unwrap_or_default(), self.id)
    }
}

impl serde::Serialize for Arn {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
