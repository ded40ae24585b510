//! The scenario's names for what is in a world.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use model::local_service::{METADATA, RESOLVER, TIME};
use model::{IdKind, NetworkInterfaceId, ResourceId, Snapshot};

/// Which resource a name means, by kind, and what a resource is called.
#[derive(Clone, Debug, Default)]
pub struct Names {
    ids: BTreeMap<(IdKind, String), ResourceId>,
    names: BTreeMap<ResourceId, String>,
}

/// Something that is not there, or that the world does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldError(pub(crate) String);

impl fmt::Display for WorldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WorldError {}

impl Names {
    /// Gives a resource a name. One that had it before is not called by it any more.
    pub fn give(&mut self, name: &str, id: impl Into<ResourceId>) {
        let id = id.into();
        self.ids.insert((id.kind(), name.to_owned()), id);
        self.names.insert(id, name.to_owned());
    }

    /// The resource of that kind and name.
    pub fn find(&self, kind: IdKind, name: &str) -> Result<ResourceId, WorldError> {
        let found = self.ids.get(&(kind, name.to_owned())).copied();
        found.ok_or_else(|| WorldError(format!("there is no {} '{name}'", kind.prefix())))
    }

    /// What a resource is called: by its name, else by its id.
    pub fn name_of(&self, id: impl Into<ResourceId>) -> String {
        let id = id.into();
        self.names.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    /// The name of the instance or endpoint that has the interface.
    pub fn instance_name(&self, snapshot: &Snapshot, interface: NetworkInterfaceId) -> String {
        match snapshot.get(interface).map(|interface| (interface.attachment, interface.endpoint)) {
            Some((Some(attachment), _)) => self.name_of(attachment.instance),
            Some((None, Some(endpoint))) => self.name_of(endpoint),
            Some((None, None)) | None => interface.to_string(),
        }
    }

    /// The primary interface of an instance, or the one of an endpoint.
    pub fn interface(&self, snapshot: &Snapshot, instance: &str) -> Result<NetworkInterfaceId, WorldError> {
        if let Ok(ResourceId::InstanceConnectEndpointId(id)) = self.find(IdKind::InstanceConnectEndpointId, instance) {
            let endpoint = snapshot.get(id).ok_or_else(|| WorldError(format!("endpoint '{instance}' is closed")))?;
            return Ok(endpoint.interface);
        }
        let ResourceId::InstanceId(id) = self.find(IdKind::InstanceId, instance)? else { unreachable!("the kind was asked for") };
        let primary = snapshot.get(id).and_then(|instance| instance.interfaces.first().copied());
        primary.ok_or_else(|| WorldError(format!("instance '{instance}' has no interface")))
    }

    /// What a question calls by that word: an instance, an endpoint, a subnet, a service or an address.
    pub fn endpoint(&self, snapshot: &Snapshot, word: &str) -> Result<semantics::Endpoint, WorldError> {
        if let Some(address) = literal(word) {
            return Ok(semantics::Endpoint::Address(address));
        }
        match self.find(IdKind::SubnetId, word) {
            Ok(ResourceId::SubnetId(subnet)) => Ok(semantics::Endpoint::Subnet(subnet)),
            _ => self.interface(snapshot, word).map(semantics::Endpoint::Interface),
        }
    }

    /// The address that a word names: itself, a service's, or an instance's private one.
    pub fn address(&self, snapshot: &Snapshot, word: &str) -> Result<IpAddr, WorldError> {
        match literal(word) {
            Some(address) => Ok(address),
            None => Ok(snapshot.resolve(self.interface(snapshot, word)?).private_ip.into()),
        }
    }
}

/// The address that a word is in every world: `metadata`, `dns` and `time` are services.
fn literal(word: &str) -> Option<IpAddr> {
    match word {
        "metadata" => Some(METADATA.into()),
        "dns" => Some(RESOLVER.into()),
        "time" => Some(TIME.into()),
        _ => word.parse().ok(),
    }
}
