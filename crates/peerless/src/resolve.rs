//! What people mean by a word: a name, an id, an address, or `vpc/instance`.

use std::fmt;
use std::net::IpAddr;

use model::internet::{LAPTOP, WEB_SERVER, instance_connect_address};
use model::local_service::{METADATA, RESOLVER, TIME};
use model::{Instance, InstanceConnectEndpoint, InstanceState, NetworkInterface, Region, Resource, ResourceId, Scope, Snapshot, Subnet, Vpc};
use semantics::Endpoint;

/// What people call the service that connects from AWS's own addresses.
const INSTANCE_CONNECT: &str = "instance-connect";

/// A word that does not name exactly one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// It names nothing.
    Unknown {
        /// The word.
        word: String,
        /// What was looked for.
        wanted: &'static str,
    },
    /// It names several things.
    Ambiguous {
        /// The word.
        word: String,
        /// Them.
        candidates: Vec<String>,
    },
}

impl fmt::Display for Unclear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unclear::Unknown { word, wanted } => write!(f, "'{word}' is no {wanted} (name, id, address or vpc/name)"),
            Unclear::Ambiguous { word, candidates } => write!(f, "'{word}' may be any of: {}", candidates.join(", ")),
        }
    }
}

impl std::error::Error for Unclear {}

/// The instance that the word names; one that has been terminated is not meant.
pub fn instance<'a>(snapshot: &'a Snapshot, word: &str) -> Result<&'a Instance, Unclear> {
    let there = |instance: &&Instance| instance.state != InstanceState::Terminated;
    let matching = snapshot.all::<Instance>().filter(there).filter(|instance| names_instance(snapshot, instance, word));
    only(word, "instance", matching.collect(), |instance| describe(snapshot, instance.scope, instance.id))
}

/// The VPC that the word names.
pub fn vpc<'a>(snapshot: &'a Snapshot, word: &str) -> Result<&'a Vpc, Unclear> {
    let matching = snapshot.all::<Vpc>().filter(|vpc| is_called(snapshot, vpc.scope, vpc.id, word));
    only(word, "VPC", matching.collect(), |vpc| describe(snapshot, vpc.scope, vpc.id))
}

/// The end of a path that the word names: an instance's primary interface, an endpoint's, an interface, a subnet, a service (`metadata`,
/// `dns`, `time`), somebody on the internet (`laptop`, `example.com`; `internet` is the latter) or an address.
pub fn endpoint(snapshot: &Snapshot, word: &str) -> Result<Endpoint, Unclear> {
    match instance(snapshot, word) {
        Ok(instance) => match instance.interfaces.first() {
            Some(&primary) => return Ok(Endpoint::Interface(primary)),
            None => unreachable!("an instance that is not terminated has an interface"),
        },
        Err(ambiguous @ Unclear::Ambiguous { .. }) => return Err(ambiguous),
        Err(Unclear::Unknown { .. }) => {}
    }
    let endpoints = snapshot.all::<InstanceConnectEndpoint>().filter(|endpoint| names_endpoint(snapshot, endpoint, word)).collect();
    match only(word, "endpoint", endpoints, |endpoint: &&InstanceConnectEndpoint| describe(snapshot, endpoint.scope, endpoint.id)) {
        Ok(endpoint) => return Ok(Endpoint::Interface(endpoint.interface)),
        Err(ambiguous @ Unclear::Ambiguous { .. }) => return Err(ambiguous),
        Err(Unclear::Unknown { .. }) => {}
    }
    if let Some(interface) = snapshot.all::<NetworkInterface>().find(|interface| interface.id.to_string() == word) {
        return Ok(Endpoint::Interface(interface.id));
    }
    match word {
        "metadata" => return Ok(Endpoint::Address(METADATA.into())),
        "dns" => return Ok(Endpoint::Address(RESOLVER.into())),
        "time" => return Ok(Endpoint::Address(TIME.into())),
        "laptop" => return Ok(Endpoint::Address(LAPTOP.into())),
        "internet" | "example.com" => return Ok(Endpoint::Address(WEB_SERVER.into())),
        _ => {}
    }
    let subnets = snapshot.all::<Subnet>().filter(|subnet| is_called(snapshot, subnet.scope, subnet.id, word)).collect();
    match only(word, "instance, subnet or address", subnets, |subnet: &&Subnet| describe(snapshot, subnet.scope, subnet.id)) {
        Err(Unclear::Unknown { .. }) if word.parse::<IpAddr>().is_ok() => Ok(Endpoint::Address(address(word))),
        found => found.map(|subnet| Endpoint::Subnet(subnet.id)),
    }
}

/// Both ends. Either may be `instance-connect`, too: it has its addresses by region, and is meant in the region of the other end.
pub fn ends(snapshot: &Snapshot, from: &str, to: &str) -> Result<(Endpoint, Endpoint), Unclear> {
    let beside = |other: Endpoint| {
        let region = match other {
            Endpoint::Interface(id) => snapshot.resolve(id).scope.region,
            Endpoint::Subnet(id) => snapshot.resolve(id).scope.region,
            Endpoint::Address(_) => Region::us_east_1(),
        };
        Endpoint::Address(instance_connect_address(region).into())
    };
    // Who begins on the internet is a person, and who is called there is a server.
    let endpoint = |word, begins| endpoint(snapshot, if begins && word == "internet" { "laptop" } else { word });
    match (from, to) {
        (from, INSTANCE_CONNECT) => endpoint(from, true).map(|from| (from, beside(from))),
        (INSTANCE_CONNECT, to) => endpoint(to, false).map(|to| (beside(to), to)),
        // Who is called is the first to be unclear.
        _ => endpoint(to, false).and_then(|to| Ok((endpoint(from, true)?, to))),
    }
}

fn address(word: &str) -> IpAddr {
    match word.parse() {
        Ok(address) => address,
        Err(_) => unreachable!("it was parsed before"),
    }
}

fn names_instance(snapshot: &Snapshot, instance: &Instance, word: &str) -> bool {
    let interfaces = || instance.interfaces.iter().map(|&id| snapshot.resolve(id));
    is_called(snapshot, instance.scope, instance.id, word)
        || interfaces().any(|interface| interface.private_ip.to_string() == word)
        || word.split_once('/').is_some_and(|(vpc, name)| {
            is_called(snapshot, instance.scope, instance.id, name)
                && interfaces().any(|interface| is_called(snapshot, instance.scope, interface.vpc, vpc))
        })
}

fn names_endpoint(snapshot: &Snapshot, endpoint: &InstanceConnectEndpoint, word: &str) -> bool {
    let is_called = |id: ResourceId, word: &str| is_called(snapshot, endpoint.scope, id, word);
    let in_vpc = word.split_once('/').is_some_and(|(vpc, name)| is_called(endpoint.id.into(), name) && is_called(endpoint.vpc.into(), vpc));
    is_called(endpoint.id.into(), word) || in_vpc
}

fn is_called(snapshot: &Snapshot, scope: Scope, id: impl Into<ResourceId>, word: &str) -> bool {
    let id = id.into();
    id.to_string() == word || snapshot.name(scope, id) == Some(word)
}

fn describe(snapshot: &Snapshot, scope: Scope, id: impl Into<ResourceId>) -> String {
    let id = id.into();
    match snapshot.name(scope, id) {
        Some(name) => format!("{id} ({name}, {})", scope.region),
        None => format!("{id} ({})", scope.region),
    }
}

fn only<R>(word: &str, wanted: &'static str, mut matching: Vec<R>, describe: impl Fn(&R) -> String) -> Result<R, Unclear> {
    match matching.len() {
        0 => Err(Unclear::Unknown { word: word.to_owned(), wanted }),
        1 => Ok(matching.swap_remove(0)),
        _ => Err(Unclear::Ambiguous { word: word.to_owned(), candidates: matching.iter().map(describe).collect() }),
    }
}

/// How many of a kind there are.
pub fn count<R: Resource>(snapshot: &Snapshot) -> usize {
    R::table(snapshot).len()
}
