//! Real packets on demand: what became of them is laid beside what is computed for the very same packets.
//!
//! The two come from one author, so they never differ; if they do, that is a bug, and said aloud. A network that changes
//! between the computing and the sending can make them differ for a moment, so what differs is tried once more.

mod compare;
mod knock;

use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Weak};

use dataplane::{DataPlane, FlowReport};
use instance::Host;
use model::Snapshot;
use model::internet::LAPTOP;
use semantics::{Denial, Endpoint, Line, Origin, Packet, Question, Service, Transport, Verdict, describe, explain_from_port};
use tokio::sync::Semaphore;

use super::control_loop::Published;
use super::edge::NO_PACKETS;
use super::guests::chain;
use super::live_flows::{answer, counted};
use super::{Options, control_socket};
use crate::flow::FlowQuestion;
use crate::probed::{Counted, Probed};
use knock::{Knock, Outcome};

/// How many probes may wait for an answer at a time.
const MOST: usize = 8;

/// What sends probes.
pub struct Prober {
    packets: Weak<DataPlane>,
    published: Published,
    host: Host,
    /// Whether this machine is the laptop.
    uplink: bool,
    seats: Semaphore,
}

/// Where a probe begins.
struct Start {
    origin: Origin,
    source: IpAddr,
    /// The network namespace to send from; this process's own without one.
    namespace: Option<OwnedFd>,
}

impl Prober {
    /// One that sends into that data plane.
    pub fn new(options: &Options, packets: Weak<DataPlane>, published: Published) -> Self {
        let host = options.runtime.guests(&options.state);
        Self { packets, published, host, uplink: options.uplink, seats: Semaphore::new(MOST) }
    }

    /// Sends, waits for an answer, and compares; or says why it cannot.
    pub async fn probe(self: &Arc<Self>, question: &FlowQuestion) -> Result<Probed, String> {
        let Ok(_seat) = self.seats.acquire().await else { return Err("the daemon is going down".to_owned()) };
        let (prober, question) = (Arc::clone(self), question.clone());
        // Each with a thread of its own: it enters a network namespace for good.
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let thread = std::thread::Builder::new().name("probe".to_owned()).spawn(move || {
            // Who asked may be gone.
            let _ = sender.send(prober.probe_here(&question));
        });
        thread.map_err(|error| error.to_string())?;
        receiver.await.map_err(|_| "the probe came to no end".to_owned())?
    }

    fn probe_here(&self, asked: &FlowQuestion) -> Result<Probed, String> {
        let packets = self.packets.upgrade().ok_or(NO_PACKETS)?;
        let service = match (asked.protocol.as_str(), asked.port) {
            ("icmp", None) => Service::Icmp,
            ("tcp", Some(port)) => Service::Tcp(port),
            ("udp", Some(port)) => Service::Udp(port),
            _ => return Err("the protocol is icmp, or tcp or udp with a port".to_owned()),
        };
        let question = control_socket::question(&self.published.load(), &asked.from, &asked.to, service)?;
        let start = self.start(&packets, &question)?;
        if let Some(namespace) = &start.namespace {
            nix::sched::setns(namespace, nix::sched::CloneFlags::CLONE_NEWNET).map_err(|error| format!("cannot go there: {error}"))?;
        }
        let first = self.once(&packets, &question, &start)?;
        if first.disagreement.is_none() && first.incomparable.is_none() {
            return Ok(first);
        }
        let second = self.once(&packets, &question, &start)?;
        if let Some(disagreement) = &second.disagreement {
            tracing::error!(?asked, disagreement, "what is computed and what packets meet disagree: this is a bug");
        }
        Ok(second)
    }

    fn start(&self, packets: &DataPlane, question: &Question) -> Result<Start, String> {
        let snapshot = self.published.load();
        match question.from {
            Endpoint::Subnet(_) => Err("nothing in a subnet can send before an instance is there: choose an instance".to_owned()),
            Endpoint::Interface(id) => {
                let interface = snapshot.get(id).ok_or_else(|| format!("{id} is gone"))?;
                let namespace = match (interface.attachment, interface.endpoint) {
                    (Some(attachment), _) => {
                        let guest = self.host.guest(&attachment.instance.to_string()).map_err(|error| chain(&error))?;
                        let guest = guest.filter(instance::Guest::is_alive).ok_or_else(|| format!("{} is not running", attachment.instance))?;
                        guest.network_namespace().map_err(|error| chain(&error))?
                    }
                    (None, Some(_)) => packets.endpoint_namespace(id).map_err(|error| chain(&error))?.ok_or("the endpoint is not there yet")?,
                    (None, None) => return Err(format!("{id} is attached to nothing that could send")),
                };
                Ok(Start { origin: id.into(), source: interface.private_ip.into(), namespace: Some(namespace) })
            }
            Endpoint::Address(source) => {
                let is_here = self.uplink && source == IpAddr::from(LAPTOP);
                let namespace = if is_here { None } else { Some(packets.internet_namespace().map_err(|error| chain(&error))?) };
                Ok(Start { origin: Origin::Internet, source, namespace })
            }
        }
    }

    fn once(&self, packets: &DataPlane, question: &Question, start: &Start) -> Result<Probed, String> {
        let knock = Knock::prepare(start.source, question.service).map_err(|error| format!("{} cannot send: {error}", start.source))?;
        let snapshot = self.published.load_full();
        let explanation = explain_from_port(&snapshot, question, knock.port()).map_err(|unanswerable| unanswerable.to_string())?;
        let request = as_sent(&explanation.request, knock.port());
        if let Some(Line::Blocked { denial: Denial::NoPublicAddress { .. }, .. }) = explanation.forward.first() {
            return Err("it has no public address: there is nothing to send a packet to".to_owned());
        }
        let outcome = knock.send(request.destination);
        let flow_of = |of: Option<(Origin, Packet)>| -> Option<FlowReport> { packets.flows_of(vec![of?]).ok()?.pop().flatten() };
        let there = flow_of(Some((start.origin, request)));
        let back = flow_of(there.as_ref().and_then(|flow| answer(&flow.verdict, &request)));
        let flows = [&there, &back].map(|flow| flow.iter().map(counted).collect::<Vec<_>>());
        let mut probed = Probed {
            sent: format!("{} {} → {}", request.transport, request.source, request.destination),
            outcome: outcome.to_string(),
            answered: outcome.is_answer(),
            computed: explanation.render_with(&snapshot, [&flows[0], &flows[1]]).into(),
            request: there.as_ref().map(|flow| told(&snapshot, flow)),
            reply: back.as_ref().map(|flow| told(&snapshot, flow)),
            disagreement: None,
            incomparable: None,
        };
        if self.published.load().generation() != snapshot.generation() {
            probed.incomparable = Some("the network changed while the packets were on their way: probe again".to_owned());
        } else {
            probed.disagreement = compare::disagreement(&snapshot, &explanation, outcome.is_answer(), there.as_ref(), back.as_ref());
        }
        Ok(probed)
    }
}

/// The packet that is sent: an echo request has an identifier of its own.
fn as_sent(request: &Packet, port: u16) -> Packet {
    match request.transport {
        Transport::Icmp { kind, code, .. } => Packet { transport: Transport::Icmp { kind, code, identifier: port }, ..*request },
        _ => *request,
    }
}

fn told(snapshot: &Snapshot, flow: &FlowReport) -> Counted {
    let dropped = match &flow.verdict {
        Verdict::Drop(denial) => Some(describe(snapshot, denial, &flow.packet).into()),
        _ => None,
    };
    Counted { packets: flow.packets, verdict: if dropped.is_some() { "drop" } else { "accept" }.to_owned(), dropped }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Outcome::Answered => "answered",
            Outcome::Connected => "answered: connected",
            Outcome::Refused => "answered: refused, for no program listens there",
            Outcome::Unreachable => "nobody has that address in the sender's own subnet",
            Outcome::Silence => "silence",
        })
    }
}
