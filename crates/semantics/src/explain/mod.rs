//! Can this reach that? If not: everything that is in the way, both directions, and the smallest change that helps.
//!
//! The answer is found by asking [`evaluate`](crate::evaluate), and so it cannot differ from what packets meet. At a
//! "no", the smallest [`Repair`] is made to a copy of the snapshot and the question asked again, until the packet and
//! its reply arrive: what was repaired on that way is what was in the way, in the order in which a person would run
//! into it, and the repairs together are known to work.
//!
//! The question is about a *new* connection; what is open already may live on by its state.

mod repair;
mod words;

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::{Draft, NetworkInterfaceId, Snapshot, SubnetId};

use crate::connection::{ConnectionKey, Tracking};
use crate::decision::{Denial, Verdict};
use crate::evaluate::evaluate;
use crate::packet::{Packet, Transport};
use crate::trace::{Step, Trace};
use repair::Wish;

pub use repair::Repair;
pub use words::{Mark, Rendered, RenderedLeg, RenderedLine};

/// Who is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// An interface.
    Interface(NetworkInterfaceId),
    /// Any interface that could stand in a subnet, with the VPC's default group.
    Subnet(SubnetId),
    /// An address; it can only be reached, not reach.
    Address(IpAddr),
}

/// What is to be carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// A ping.
    Icmp,
    /// A connection to a TCP port.
    Tcp(u16),
    /// A datagram to a UDP port, and one back.
    Udp(u16),
}

/// A question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who begins.
    pub from: Endpoint,
    /// Whom it is for.
    pub to: Endpoint,
    /// What.
    pub service: Service,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The packet that was asked about.
    pub request: Packet,
    /// What it passes and meets on its way.
    pub forward: Vec<Line>,
    /// What its reply passes and meets.
    pub reply: Vec<Line>,
    /// Whether the repairs that are named are all that it takes.
    pub repairable: bool,
    /// The snapshot with all repairs made, and with the interfaces that were imagined in subnets.
    pub repaired: Snapshot,
}

/// One thing on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// It lets the packet pass.
    Passed(Step),
    /// It does not, unless this is done.
    Blocked {
        /// Why not.
        denial: Denial,
        /// What helps, in the order in which it must be done; nothing does if it is empty.
        repairs: Vec<Repair>,
    },
}

/// A question that cannot be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswerable {
    /// The subnet has no free address.
    SubnetFull(SubnetId),
    /// Nothing is known of what an address outside would send.
    UnknownSender(IpAddr),
}

impl std::fmt::Display for Unanswerable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unanswerable::SubnetFull(id) => write!(f, "{id} has no free address that an interface could have"),
            Unanswerable::UnknownSender(address) => write!(f, "{address} is not an interface or subnet from which a packet could leave"),
        }
    }
}

impl std::error::Error for Unanswerable {}

/// More repairs than any real network needs; a guard against going round in circles.
const MOST_REPAIRS: usize = 32;

/// The port that a client would use, from Linux's ephemeral range.
const EPHEMERAL_PORT: u16 = 49152;

/// Answers the question.
pub fn explain(snapshot: &Snapshot, question: &Question) -> Result<Explanation, Unanswerable> {
    let mut world = Draft::new(snapshot);
    let from = match question.from {
        Endpoint::Interface(id) => id,
        Endpoint::Subnet(id) => repair::imagine_interface(&mut world, id).ok_or(Unanswerable::SubnetFull(id))?,
        Endpoint::Address(address) => return Err(Unanswerable::UnknownSender(address)),
    };
    let source = world.resolve(from).clone();
    let (destination, to) = match question.to {
        Endpoint::Interface(id) => (world.resolve(id).private_ip.into(), Some(id)),
        Endpoint::Subnet(id) => {
            let to = repair::imagine_interface(&mut world, id).ok_or(Unanswerable::SubnetFull(id))?;
            (world.resolve(to).private_ip.into(), Some(to))
        }
        Endpoint::Address(address) => (address, repair::who_is_meant(&world, source.vpc, address)),
    };
    let request = request(source.private_ip.into(), destination, question.service);
    let mut search = Search { world, connections: BTreeMap::new(), repairs_left: MOST_REPAIRS };
    let there = search.walk(&request, from, to);
    let back = match (there.arrived, request.reply()) {
        (Some(reached), Some(reply)) => search.walk(&reply, reached, Some(from)),
        _ => Walked { lines: Vec::new(), arrived: None },
    };
    let repaired = Snapshot::clone(&search.world);
    Ok(Explanation { request, forward: there.lines, reply: back.lines, repairable: back.arrived.is_some(), repaired })
}

fn request(source: IpAddr, destination: IpAddr, service: Service) -> Packet {
    match service {
        Service::Icmp => Packet::echo_request(source, destination, 1),
        Service::Tcp(destination_port) => Packet::new(source, destination, Transport::Tcp { source_port: EPHEMERAL_PORT, destination_port }),
        Service::Udp(destination_port) => Packet::new(source, destination, Transport::Udp { source_port: EPHEMERAL_PORT, destination_port }),
    }
}

impl Explanation {
    /// Whether request and reply arrive as things are.
    pub fn is_reachable(&self) -> bool {
        self.repairable && self.denials().next().is_none()
    }

    /// What is in the way, in the order in which one runs into it.
    pub fn denials(&self) -> impl Iterator<Item = &Denial> {
        self.forward.iter().chain(&self.reply).filter_map(|line| match line {
            Line::Blocked { denial, .. } => Some(denial),
            Line::Passed(_) => None,
        })
    }

    /// What helps, in the order in which it must be done.
    pub fn repairs(&self) -> impl Iterator<Item = &Repair> {
        self.forward.iter().chain(&self.reply).flat_map(|line| match line {
            Line::Blocked { repairs, .. } => repairs.as_slice(),
            Line::Passed(_) => &[],
        })
    }
}

/// A walk that repairs what is in its way.
struct Search {
    world: Draft,
    connections: BTreeMap<ConnectionKey, Tracking>,
    repairs_left: usize,
}

struct Walked {
    lines: Vec<Line>,
    arrived: Option<NetworkInterfaceId>,
}

impl Search {
    fn walk(&mut self, packet: &Packet, from: NetworkInterfaceId, to: Option<NetworkInterfaceId>) -> Walked {
        let mut lines: Vec<Line> = Vec::new();
        let mut before = Trace::default();
        loop {
            let mut trace = Trace::default();
            let decision = evaluate(&self.world, packet, from, &self.connections, &mut trace);
            // What the packet passed on its way to the last "no" was told already.
            let told = trace.steps.iter().zip(&before.steps).take_while(|(now, then)| now == then).count();
            lines.extend(trace.steps[told..].iter().copied().map(Line::Passed));
            before = trace;
            let denial = match decision.verdict {
                Verdict::Deliver(delivery) => {
                    let opened = [decision.opened_at_source, decision.opened_at_destination];
                    self.connections.extend(opened.into_iter().flatten().map(|opened| (opened.key, opened.tracking)));
                    return Walked { lines, arrived: Some(delivery.to) };
                }
                Verdict::Drop(denial) => denial,
            };
            let repair = repair::smallest(&self.world, &Wish { packet, from, to }, &denial).filter(|_| self.repairs_left > 0);
            match lines.last_mut() {
                Some(Line::Blocked { denial: same, repairs }) if *same == denial => repairs.extend(repair),
                _ => lines.push(Line::Blocked { denial, repairs: repair.into_iter().collect() }),
            }
            let Some(repair) = repair else { return Walked { lines, arrived: None } };
            repair.make(&mut self.world);
            self.repairs_left -= 1;
        }
    }
}
