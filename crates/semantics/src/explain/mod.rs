//! Can this reach that? If not: everything that is in the way, both directions, and the smallest change that helps.
//!
//! The answer is found by asking [`evaluate`](crate::evaluate), and so it cannot differ from what packets meet. At a
//! "no", the smallest [`Repair`] is made to a copy of the snapshot and the question asked again, until the packet and
//! its reply arrive: what was repaired on that way is what was in the way, in the order in which a person would run
//! into it, and the repairs together are known to work.
//!
//! The question is about a *new* connection; what is open already may live on by its state.

mod cloudformation;
mod fix;
mod flips;
mod repair;
mod rows;
mod tally;
mod words;

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::internet::is_private;
use model::{Direction, Draft, NetworkInterfaceId, RouteTarget, Snapshot, SubnetId};

use crate::connection::{ConnectionKey, Tracking};
use crate::decision::{Denial, Origin, Verdict};
use crate::evaluate::evaluate;
use crate::evidence::{Evidence, Rows};
use crate::packet::{Packet, Transport};
use crate::trace::{Step, Trace};
use repair::Wish;

pub(crate) use repair::{Goal, imagine_interface, imagined_id, who_is_meant};
pub(crate) use words::scope_in;

pub use fix::{RenderedCall, RenderedFix};
pub use flips::{Flip, Flips};
pub use repair::Repair;
pub use rows::{Outcome, RenderedRow};
pub use tally::{Counted, Tally};
pub use words::{Mark, Rendered, RenderedLeg, RenderedLine, describe};

/// Who is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// An interface.
    Interface(NetworkInterfaceId),
    /// Any interface that could stand in a subnet, with the VPC's default group.
    Subnet(SubnetId),
    /// An address: in a VPC it can only be reached; on the internet it can reach, too.
    Address(IpAddr),
}

/// What is to be carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// A ping.
    Icmp,
    /// A connection to a TCP port.
    Tcp(u16),
    /// A datagram to a UDP port, and one back.
    Udp(u16),
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Service::Icmp => f.write_str("ping"),
            Service::Tcp(port) => write!(f, "TCP {port}"),
            Service::Udp(port) => write!(f, "UDP {port}"),
        }
    }
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
    /// What was asked for.
    pub service: Service,
    /// The interfaces at its ends, as far as it begins and ends at such.
    pub ends: [Option<NetworkInterfaceId>; 2],
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
    Passed {
        /// It.
        step: Step,
        /// What it looked at, where it has rows.
        evidence: Option<Evidence>,
    },
    /// It does not, unless this is done.
    Blocked {
        /// Why not.
        denial: Denial,
        /// The packet as it is there: a gateway on its way may have translated it.
        packet: Packet,
        /// What it looked at, where it has rows.
        evidence: Option<Evidence>,
        /// What helps, in the order in which it must be done; nothing does if it is empty.
        repairs: Vec<Repair>,
    },
}

impl Line {
    /// The code with which Reachability Analyzer explains the same; `None` if it lets the packet pass.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Line::Passed { .. } => None,
            Line::Blocked { denial, evidence, .. } => Some(code(denial, evidence.as_ref())),
        }
    }
}

/// The code for a denial, given what it looked at: groups without any rule have one of their own.
fn code(denial: &Denial, evidence: Option<&Evidence>) -> &'static str {
    let has_no_rules = evidence.is_some_and(|evidence| matches!(&evidence.rows, Rows::SecurityGroups(rules) if rules.is_empty()));
    if has_no_rules { "SG_HAS_NO_RULES" } else { denial.code() }
}

/// A question that cannot be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswerable {
    /// The subnet has no free address.
    SubnetFull(SubnetId),
    /// A private address is nobody's in particular.
    UnknownSender(IpAddr),
}

impl std::fmt::Display for Unanswerable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unanswerable::SubnetFull(id) => write!(f, "{id} has no free address that an interface could have"),
            Unanswerable::UnknownSender(address) => write!(f, "{address} is private: name the instance or subnet that it belongs to"),
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
    explain_from_port(snapshot, question, EPHEMERAL_PORT)
}

/// Answers it for one who sends from that port: what a network ACL says of replies may depend on it.
pub fn explain_from_port(snapshot: &Snapshot, question: &Question, source_port: u16) -> Result<Explanation, Unanswerable> {
    let mut world = Draft::new(snapshot);
    let (origin, source) = match question.from {
        Endpoint::Interface(id) => (Origin::Interface(id), world.resolve(id).private_ip.into()),
        Endpoint::Subnet(id) => {
            let imagined = repair::imagine_interface(&mut world, id).ok_or(Unanswerable::SubnetFull(id))?;
            (Origin::Interface(imagined), world.resolve(imagined).private_ip.into())
        }
        Endpoint::Address(address) if is_private(address) => return Err(Unanswerable::UnknownSender(address)),
        Endpoint::Address(address) => (Origin::Internet, address),
    };
    let goal = match question.to {
        Endpoint::Interface(id) => Goal::Interface(id),
        Endpoint::Subnet(id) => Goal::Interface(repair::imagine_interface(&mut world, id).ok_or(Unanswerable::SubnetFull(id))?),
        Endpoint::Address(address) => repair::who_is_meant(&world, origin, address),
    };
    let destination = match question.to {
        Endpoint::Address(address) => Some(address),
        Endpoint::Interface(_) | Endpoint::Subnet(_) => None,
    };
    Ok(Asked { origin, source, goal, destination, service: question.service, source_port }.explain(world))
}

/// A question in the terms of packets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// Where the packet begins.
    pub origin: Origin,
    /// Its source.
    pub source: IpAddr,
    /// Where it is meant to arrive.
    pub goal: Goal,
    /// Its destination; `None` is the address by which the sender must call the interface that is meant.
    pub destination: Option<IpAddr>,
    /// What it carries.
    pub service: Service,
    /// The port that it is sent from.
    pub source_port: u16,
}

impl Asked {
    /// Answers in that world.
    pub(crate) fn explain(self, world: Draft) -> Explanation {
        let Asked { origin, source, goal, destination, service, source_port } = self;
        let mut search = Search { world, connections: BTreeMap::new(), repairs_left: MOST_REPAIRS, source_port };
        let mut forward = Vec::new();
        let destination = destination.unwrap_or_else(|| search.address_for((origin, source), goal, service, &mut forward));
        let request = request(source, destination, service, source_port);
        let there = search.walk(&request, origin, goal);
        forward.extend(there.lines);
        let back = match there.arrived.and_then(|(reached, packet)| Some((reached, packet.reply()?))) {
            Some((reached, reply)) => search.walk(&reply, reached, Goal::from(origin)),
            None => Walked { lines: Vec::new(), arrived: None },
        };
        let repaired = Snapshot::clone(&search.world);
        let ends = [Goal::from(origin), goal].map(|end| if let Goal::Interface(id) = end { Some(id) } else { None });
        Explanation { service, ends, request, forward, reply: back.lines, repairable: back.arrived.is_some(), repaired }
    }
}

/// The interface that is meant by an address, if any is: one that has it as a public address, else one of the sender's VPC or
/// of one that it has a connection with.
pub fn meant(snapshot: &Snapshot, origin: Origin, address: IpAddr) -> Option<NetworkInterfaceId> {
    match repair::who_is_meant(snapshot, origin, address) {
        Goal::Interface(id) => Some(id),
        Goal::Internet | Goal::Services | Goal::Unknown => None,
    }
}

pub(crate) fn request(source: IpAddr, destination: IpAddr, service: Service, source_port: u16) -> Packet {
    match service {
        Service::Icmp => Packet::echo_request(source, destination, 1),
        Service::Tcp(destination_port) => Packet::new(source, destination, Transport::Tcp { source_port, destination_port }),
        Service::Udp(destination_port) => Packet::new(source, destination, Transport::Udp { source_port, destination_port }),
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
            Line::Passed { .. } => None,
        })
    }

    /// What helps, in the order in which it must be done.
    pub fn repairs(&self) -> impl Iterator<Item = &Repair> {
        self.forward.iter().chain(&self.reply).flat_map(|line| match line {
            Line::Blocked { repairs, .. } => repairs.as_slice(),
            Line::Passed { .. } => &[],
        })
    }
}

/// A walk that repairs what is in its way.
struct Search {
    world: Draft,
    connections: BTreeMap<ConnectionKey, Tracking>,
    repairs_left: usize,
    source_port: u16,
}

struct Walked {
    lines: Vec<Line>,
    /// Where the packet arrived, and as what.
    arrived: Option<(Origin, Packet)>,
}

impl Search {
    /// The address by which the sender must call an interface: to the internet it is only known by its public one.
    fn address_for(&mut self, source: (Origin, IpAddr), goal: Goal, service: Service, lines: &mut Vec<Line>) -> IpAddr {
        let Goal::Interface(id) = goal else { unreachable!("only interfaces are looked up") };
        let interface = self.world.resolve(id);
        match (source.0, interface.public_ip()) {
            (Origin::Interface(_), _) => interface.private_ip.into(),
            (Origin::Internet, Some(public)) => public.into(),
            (Origin::Services, _) => unreachable!("nobody asks in the name of a service"),
            (Origin::Internet, None) => {
                let denial = Denial::NoPublicAddress { interface: id, direction: Direction::Ingress };
                let repair = Repair::AssociateElasticIp { interface: id };
                repair.make(&mut self.world);
                let address = self.address_for(source, goal, service, lines);
                let packet = request(source.1, address, service, self.source_port);
                lines.push(Line::Blocked { denial, packet, evidence: None, repairs: vec![repair] });
                address
            }
        }
    }

    fn walk(&mut self, packet: &Packet, origin: Origin, goal: Goal) -> Walked {
        let mut lines: Vec<Line> = Vec::new();
        let mut before = Trace::default();
        loop {
            let mut trace = Trace::default();
            let decision = evaluate(&self.world, packet, origin, &self.connections, &mut trace);
            // What the packet passed on its way to the last "no" was told already.
            let told = trace.steps.iter().zip(&before.steps).take_while(|(now, then)| now == then).count();
            let news = trace.steps.iter().enumerate().skip(told);
            lines.extend(news.map(|(place, &step)| Line::Passed { step, evidence: trace.evidence.get(&place).cloned() }));
            let evidence = trace.evidence.remove(&trace.steps.len());
            before = trace;
            let (reached, rewrite) = match decision.verdict {
                Verdict::Deliver(delivery) => (Origin::Interface(delivery.to), delivery.rewrite),
                Verdict::Leave(departure) => (Origin::Internet, departure.rewrite),
                Verdict::Serve(served) => (Origin::Services, served.rewrite),
                Verdict::Drop(denial) => {
                    match self.repair(&denial, evidence, &Wish { packet, origin, goal, source_port: self.source_port }, &mut lines) {
                        Some(()) => continue,
                        None => return Walked { lines, arrived: None },
                    }
                }
            };
            let opened = [decision.opened_at_source, decision.opened_at_destination];
            self.connections.extend(opened.into_iter().flatten().map(|opened| (opened.key, opened.tracking)));
            return Walked { lines, arrived: Some((reached, rewrite.apply(packet))) };
        }
    }

    /// Tells of the obstacle, and clears it away if it can be.
    fn repair(&mut self, denial: &Denial, evidence: Option<Evidence>, wish: &Wish, lines: &mut Vec<Line>) -> Option<()> {
        let repair = repair::smallest(&self.world, wish, denial).filter(|_| self.repairs_left > 0);
        // A connection that a repair asks for is no obstacle for not being accepted: accepting it is part of the same repair.
        let is_ours = matches!(denial, Denial::Blackhole { target: RouteTarget::VpcPeeringConnection(id), .. } if fix::is_imagined(id.digits()));
        match lines.last_mut() {
            Some(Line::Blocked { denial: same, repairs, .. }) if same == denial || is_ours => repairs.extend(repair),
            _ => {
                let packet = denial.direction().map_or(*wish.packet, |direction| wish.seen(&self.world, direction));
                lines.push(Line::Blocked { denial: *denial, packet, evidence, repairs: repair.into_iter().collect() });
            }
        }
        repair?.make(&mut self.world);
        self.repairs_left -= 1;
        Some(())
    }
}
