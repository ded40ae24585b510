//! What names mean, to whom.
//!
//! In a VPC whose DNS gives host names, private names of its own instances and of those in peered VPCs of its region
//! mean their addresses; over other peering connections they do if the other side allows it. A public name means the
//! private address inside the VPC, and across a peering connection whose other side allows it; everywhere else it means
//! the public one. Outside no VPC's inside is known.

use std::net::Ipv4Addr;

use model::internet::{self, WEB_SERVER};
use model::local_service::METADATA;
use model::{DnsName, NetworkInterface, PeeringStatus, Snapshot, Vpc, VpcId, VpcPeeringConnection, dns_name};

use super::Asker;

/// What a name is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// An address.
    Address(Ipv4Addr),
    /// Another name, which an address has.
    Name(String),
}

/// Where names begin that somebody is responsible for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Zone {
    pub name: String,
    /// Its first server.
    pub server: String,
    /// Whom to write to, with a dot for the at sign.
    pub mailbox: String,
}

/// The domains of the simulated internet: its names are these, or below them.
pub const DOMAINS: [&str; 1] = ["example.com"];

/// Names that the web server of the simulated internet has.
pub const WEB_SITES: [&str; 2] = ["example.com", "www.example.com"];

/// What guests call the metadata service, in the domain of private names.
const INSTANCE_DATA: &str = "instance-data";

const REVERSE: &str = ".in-addr.arpa";

/// What a name, in lower case and without a dot at its end, means to somebody; `None` if there is no such name.
pub(super) fn look_up(snapshot: &Snapshot, asker: Asker<'_>, name: &str) -> Option<Meaning> {
    if WEB_SITES.contains(&name) {
        return Some(Meaning::Address(WEB_SERVER));
    }
    let inside = match asker {
        Asker::Interface(interface) => Some(Inside { snapshot, vpc: snapshot.resolve(interface.vpc) }),
        Asker::Stranger => None,
    };
    if let Some(digits) = name.strip_suffix(REVERSE) {
        let address = reversed(digits)?;
        let private = inside.as_ref().and_then(|inside| inside.private_name_of(address));
        return private.or_else(|| public_name_of(snapshot, address)).map(Meaning::Name);
    }
    match (name.parse(), inside) {
        (Ok(DnsName::Private(address, region)), Some(inside)) => {
            let found = inside.interface_at(address).filter(|interface| interface.scope.region == region);
            found.map(|interface| Meaning::Address(interface.private_ip))
        }
        (Ok(DnsName::Public(address, region)), inside) => {
            let owner = snapshot.interface_with_public(address.into()).filter(|owner| owner.scope.region == region)?;
            let is_near = inside.is_some_and(|inside| inside.is_near(owner));
            let is_named = snapshot.resolve(owner.vpc).gives_public_names();
            is_named.then_some(Meaning::Address(if is_near { owner.private_ip } else { address }))
        }
        (Err(_), Some(inside)) if name == inside.instance_data() => Some(Meaning::Address(METADATA)),
        _ => None,
    }
}

/// Whether a name is none of those that mean something here, and may mean something on the real internet.
pub(super) fn is_beyond(snapshot: &Snapshot, asker: Asker<'_>, name: &str) -> bool {
    let is_below = |domain: &str| name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let is_here = look_up(snapshot, asker, name).is_some() || zone_of(name).name != "." || DOMAINS.into_iter().any(is_below);
    if is_here || name.parse::<DnsName>().is_ok() {
        return false;
    }
    match name.strip_suffix(REVERSE) {
        Some(digits) => reversed(digits).is_some_and(internet::is_beyond),
        None => name.contains('.'),
    }
}

/// The zone that a name is in.
pub(super) fn zone_of(name: &str) -> Zone {
    let is_in = |zone: &String| name == zone || name.strip_suffix(zone.as_str()).is_some_and(|rest| rest.ends_with('.'));
    match model::Region::all().map(dns_name::private_domain).find(is_in) {
        Some(name) => Zone { server: format!("ns0.{name}"), mailbox: "hostmaster.amazon.com".to_owned(), name },
        None => Zone { name: ".".to_owned(), server: "a.root-servers.net".to_owned(), mailbox: "nstld.verisign-grs.com".to_owned() },
    }
}

/// A VPC, as its instances see it.
struct Inside<'a> {
    snapshot: &'a Snapshot,
    vpc: &'a Vpc,
}

impl<'a> Inside<'a> {
    /// The interface that a private name or address means here.
    fn interface_at(&self, address: Ipv4Addr) -> Option<&'a NetworkInterface> {
        if !self.vpc.gives_public_names() {
            return None;
        }
        let own = self.snapshot.interface_at(self.vpc.id, address.into());
        own.or_else(|| {
            let visible = self.peers().filter(|peer| peer.allows || (peer.vpc.scope.region == self.vpc.scope.region && address.is_private()));
            visible.filter(|peer| peer.vpc.gives_public_names()).find_map(|peer| self.snapshot.interface_at(peer.vpc.id, address.into()))
        })
    }

    fn private_name_of(&self, address: Ipv4Addr) -> Option<String> {
        let interface = self.interface_at(address)?;
        Some(DnsName::Private(interface.private_ip, interface.scope.region).to_string())
    }

    /// Whether an interface is called by its private address from here.
    fn is_near(&self, interface: &NetworkInterface) -> bool {
        let of = |vpc: VpcId| vpc == interface.vpc;
        of(self.vpc.id) || self.peers().any(|peer| peer.allows && of(peer.vpc.id))
    }

    /// The VPCs at the other ends of active peering connections, and whether each lets this one know its insides.
    fn peers(&self) -> impl Iterator<Item = Peer<'a>> {
        let (snapshot, here) = (self.snapshot, self.vpc.id);
        let active = snapshot.all::<VpcPeeringConnection>().filter(|connection| connection.status == PeeringStatus::Active);
        active.filter_map(move |connection| {
            let side = connection.peer_of(here)?;
            Some(Peer { vpc: snapshot.get(side.vpc)?, allows: side.allow_dns_resolution_from_remote_vpc })
        })
    }

    fn instance_data(&self) -> String {
        format!("{INSTANCE_DATA}.{}", dns_name::private_domain(self.vpc.scope.region))
    }
}

/// A VPC at the other end of a peering connection.
struct Peer<'a> {
    vpc: &'a Vpc,
    allows: bool,
}

fn public_name_of(snapshot: &Snapshot, address: Ipv4Addr) -> Option<String> {
    let owner = snapshot.interface_with_public(address.into())?;
    let is_named = snapshot.resolve(owner.vpc).gives_public_names();
    is_named.then(|| DnsName::Public(address, owner.scope.region).to_string())
}

/// `5.0.1.10` is 10.1.0.5.
fn reversed(digits: &str) -> Option<Ipv4Addr> {
    let address: Ipv4Addr = digits.parse().ok()?;
    let [a, b, c, d] = address.octets();
    Some(Ipv4Addr::new(d, c, b, a))
}
