//! What else a fix opens: of all pairs, those that reach each other after it and not before. It closes nothing: rules only
//! admit, and the route that one replaces led nowhere.
//!
//! Each pair is asked of [`evaluate`](crate::evaluate), in the network as it is and in the repaired copy: a packet and its
//! reply. What is asked for is bounded, and what was left out is counted.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::internet::{LAPTOP, instance_connect_address, instance_connect_around, is_private};
use model::{Direction, NetworkInterface, NetworkInterfaceId, Scope, SecurityGroupRule, Snapshot, Traffic};

use super::words::Words;
use super::{EPHEMERAL_PORT, Explanation, Service, request};
use crate::connection::{ConnectionKey, Tracking};
use crate::decision::{Origin, Verdict};
use crate::evaluate::evaluate;
use crate::packet::Packet;

/// How many interfaces are asked about, each with each: those nearest to the two of the question.
const MOST_INTERFACES: usize = 100;

/// How many services of their own a receiver's rules add to those that are asked of everybody.
const MOST_OWN_SERVICES: usize = 4;

/// What is asked of everybody, besides what the question asks: what people open.
const USUAL: [Service; 4] = [Service::Icmp, Service::Tcp(22), Service::Tcp(80), Service::Tcp(443)];

/// How many pairs are told.
const MOST_TOLD: usize = 50;

/// What else the repairs open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flips {
    /// Pairs that reach each other with the repairs only.
    pub pairs: Vec<Flip>,
    /// How many more there are.
    pub more: usize,
    /// How many interfaces were asked about.
    pub asked: usize,
    /// Of how many.
    pub of: usize,
}

/// A pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flip {
    /// Who begins, by id and name.
    pub from: String,
    /// Whom it is for.
    pub to: String,
    /// What.
    pub services: Vec<Service>,
}

/// An end of a pair.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Party {
    Interface(NetworkInterfaceId),
    /// Somebody on the internet.
    Stranger(IpAddr),
}

impl Explanation {
    /// What else its repairs open, for the interfaces of the accounts and Regions of its ends, and the internet; the very
    /// thing that was asked for is no flip.
    pub fn flips(&self, snapshot: &Snapshot) -> Flips {
        if self.repairs().next().is_none() {
            return Flips::default();
        }
        let (interfaces, of) = self.neighbours(snapshot);
        let mut flips = Flips { asked: interfaces.len(), of, ..Flips::default() };
        let scopes: BTreeSet<Scope> = interfaces.iter().map(|one| one.scope).collect();
        let party = |end: usize, address| self.ends[end].map_or(Party::Stranger(address), Party::Interface);
        let own = (party(0, self.request.source), party(1, self.request.destination));
        let mut strangers: BTreeSet<IpAddr> = scopes.iter().map(|scope| instance_connect_address(scope.region).into()).collect();
        strangers.insert(LAPTOP.into());
        strangers.extend([own.0, own.1].into_iter().filter_map(|end| match end {
            Party::Stranger(address) if !is_private(address) => Some(address),
            _ => None,
        }));
        let parties: Vec<Party> = interfaces.iter().map(|one| Party::Interface(one.id)).chain(strangers.into_iter().map(Party::Stranger)).collect();
        let words = Words { before: snapshot, snapshot: &self.repaired };
        for &to in &parties {
            let services = self.services(to);
            for &from in parties.iter().filter(|&&from| from != to) {
                let asked = services.iter().copied().filter(|&service| service != self.service || (from, to) != own);
                let services: Vec<Service> =
                    asked.filter(|&service| reaches(&self.repaired, from, to, service) && !reaches(snapshot, from, to, service)).collect();
                if services.is_empty() {
                    continue;
                }
                if flips.pairs.len() == MOST_TOLD {
                    flips.more += 1;
                } else {
                    flips.pairs.push(Flip { from: from.named(&words), to: to.named(&words), services });
                }
            }
        }
        flips
    }

    /// Interfaces of instances and endpoints, those nearest to the ends; and how many there are in all.
    fn neighbours<'a>(&self, snapshot: &'a Snapshot) -> (Vec<&'a NetworkInterface>, usize) {
        let ends: Vec<&NetworkInterface> = self.ends.into_iter().flatten().filter_map(|end| self.repaired.get(end)).collect();
        let is_near = |one: &&NetworkInterface| ends.iter().any(|end| end.scope == one.scope);
        let has_owner = |one: &&NetworkInterface| one.attachment.is_some() || one.endpoint.is_some();
        let mut interfaces: Vec<_> = snapshot.all::<NetworkInterface>().filter(is_near).filter(has_owner).collect();
        let of = interfaces.len();
        let distance = |one: &NetworkInterface| {
            let differs = |end: &&NetworkInterface| [end.id != one.id, end.subnet != one.subnet, end.vpc != one.vpc];
            ends.iter().map(differs).map(|differs| differs.iter().filter(|&&differs| differs).count()).min()
        };
        interfaces.sort_by_key(|one| (distance(one), one.id));
        interfaces.truncate(MOST_INTERFACES);
        (interfaces, of)
    }

    /// What is asked for at that end: what the question and everybody asks, and what its own rules were made for.
    fn services(&self, to: Party) -> Vec<Service> {
        let mut services = vec![self.service];
        services.extend(USUAL.into_iter().filter(|usual| *usual != self.service));
        if let Party::Interface(id) = to
            && let Some(interface) = self.repaired.get(id)
        {
            let groups = interface.groups.iter().filter_map(|&group| self.repaired.get(group));
            let own: BTreeSet<Service> = groups.flat_map(|group| group.rules(Direction::Ingress)).filter_map(an_example).collect();
            let own: Vec<Service> = own.into_iter().filter(|service| !services.contains(service)).take(MOST_OWN_SERVICES).collect();
            services.extend(own);
        }
        services
    }
}

/// Something that the rule admits, where it admits one kind of thing.
fn an_example(rule: &SecurityGroupRule) -> Option<Service> {
    match rule.traffic {
        Traffic::Tcp(range) => Some(Service::Tcp(range.from)),
        Traffic::Udp(range) => Some(Service::Udp(range.from)),
        Traffic::All | Traffic::Icmp(_) | Traffic::Icmpv6(_) | Traffic::Protocol(_) => None,
    }
}

impl Party {
    fn named(self, words: &Words) -> String {
        match self {
            Party::Interface(id) => words.interface(id),
            Party::Stranger(address) if address == LAPTOP => format!("the internet, as {address}"),
            Party::Stranger(address) if instance_connect_around(address).is_some() => format!("EC2 Instance Connect, {address}"),
            Party::Stranger(address) => format!("the internet, as {address}"),
        }
    }
}

/// Whether a packet and its reply arrive, by any address that the receiver has.
fn reaches(world: &Snapshot, from: Party, to: Party, service: Service) -> bool {
    let (origin, source) = match from {
        Party::Interface(id) => match world.get(id) {
            Some(interface) => (Origin::Interface(id), interface.private_ip.into()),
            None => return false,
        },
        Party::Stranger(address) => (Origin::Internet, address),
    };
    let (goal, addresses) = match to {
        Party::Interface(id) => match world.get(id) {
            Some(interface) => (Origin::Interface(id), [Some(interface.private_ip.into()), interface.public_ip().map(IpAddr::from)]),
            None => return false,
        },
        Party::Stranger(address) => (Origin::Internet, [None, Some(address)]),
    };
    let is_outside = origin == Origin::Internet;
    let known = addresses.into_iter().skip(usize::from(is_outside)).flatten();
    // From the internet to the internet is no way through a VPC.
    !(is_outside && goal == Origin::Internet) && { known }
        .any(|address| answers(world, origin, &request(source, address, service, EPHEMERAL_PORT), goal))
}

fn answers(world: &Snapshot, origin: Origin, packet: &Packet, goal: Origin) -> bool {
    let mut connections: BTreeMap<ConnectionKey, Tracking> = BTreeMap::new();
    let there = evaluate(world, packet, origin, &connections, &mut ());
    let (reached, rewrite) = match there.verdict {
        Verdict::Deliver(delivery) => (Origin::Interface(delivery.to), delivery.rewrite),
        Verdict::Leave(departure) => (Origin::Internet, departure.rewrite),
        Verdict::Serve(_) | Verdict::Drop(_) => return false,
    };
    if reached != goal {
        return false;
    }
    let opened = [there.opened_at_source, there.opened_at_destination];
    connections.extend(opened.into_iter().flatten().map(|opened| (opened.key, opened.tracking)));
    let Some(reply) = rewrite.apply(packet).reply() else { return false };
    match evaluate(world, &reply, reached, &connections, &mut ()).verdict {
        Verdict::Deliver(delivery) => origin == Origin::Interface(delivery.to),
        Verdict::Leave(_) => origin == Origin::Internet,
        Verdict::Serve(_) | Verdict::Drop(_) => false,
    }
}
