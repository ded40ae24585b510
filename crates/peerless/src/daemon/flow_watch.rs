//! What goes on in the kernel, for whoever watches.
//!
//! All who watch share one look at the kernel's flows, at most once a second, and less often where looking takes long;
//! nobody looks when nobody watches.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use dataplane::{FlowReport, Role};
use model::internet::{LAPTOP, NAME_SERVER, WEB_SERVER, instance_connect_around, is_private};
use model::local_service::{METADATA, RESOLVER, TIME};
use model::{NetworkInterfaceId, Snapshot, Vpc};
use semantics::{Origin, Packet, Transport, Verdict, describe, grave, meant, way};
use tokio::sync::Mutex;

use super::control_loop::Published;
use crate::flow::{End, Flow, FlowQuestion, Flows, Wanted};

/// The shortest time between two looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// Looking may take that part of the time: one twentieth.
const SHARE: u32 = 20;

/// How many flows are looked at: those that were heard of last.
const MOST_LOOKED_AT: usize = 16_384;

/// How many flows one watcher is told of.
const MOST_TOLD: usize = 1000;

/// How many it is told of unless it says otherwise.
const USUALLY_TOLD: usize = 500;

/// What goes on.
pub struct FlowWatch {
    packets: Weak<dataplane::DataPlane>,
    published: Published,
    last: Mutex<Option<Look>>,
}

struct Look {
    at: Instant,
    /// How long it took.
    took: Duration,
    total: usize,
    flows: Arc<Vec<Flow>>,
    /// Packets and bytes by flow, to tell rates from.
    counts: HashMap<(Origin, Packet), (u64, u64)>,
}

impl FlowWatch {
    /// What goes on in that data plane.
    pub fn new(packets: Weak<dataplane::DataPlane>, published: Published) -> Self {
        Self { packets, published, last: Mutex::default() }
    }

    /// How long to wait between two looks.
    pub async fn interval(&self) -> Duration {
        let took = self.last.lock().await.as_ref().map(|look| look.took).unwrap_or_default();
        INTERVAL.max(took * SHARE)
    }

    /// The flows that are wanted, as they are now or were a moment ago; `None` in a network that is a model only.
    pub async fn flows(&self, wanted: &Wanted) -> Option<Flows> {
        let mut last = self.last.lock().await;
        let fresh = |look: &Look| look.at.elapsed() < INTERVAL.max(look.took * SHARE).mul_f64(0.9);
        if !last.as_ref().is_some_and(fresh) {
            let (packets, snapshot, before) = (self.packets.upgrade()?, self.published.load_full(), last.take());
            let look = tokio::task::spawn_blocking(move || look(&packets, &snapshot, before)).await.ok()??;
            *last = Some(look);
        }
        let look = last.as_ref()?;
        let (total, flows) = (look.total, Arc::clone(&look.flows));
        drop(last);
        let mut wanted_flows = flows.iter().filter(|flow| wanted.wants(flow));
        let limit = wanted.limit.unwrap_or(USUALLY_TOLD).min(MOST_TOLD);
        let told: Vec<Flow> = wanted_flows.by_ref().take(limit).map(|flow| wanted.told(flow)).collect();
        Some(Flows { total, matching: told.len() + wanted_flows.count(), flows: told })
    }
}

fn look(packets: &dataplane::DataPlane, snapshot: &Snapshot, before: Option<Look>) -> Option<Look> {
    let at = Instant::now();
    let latest = packets.latest_flows(MOST_LOOKED_AT).ok()?;
    let mut counts = HashMap::with_capacity(latest.flows.len());
    let mut flows = Vec::with_capacity(latest.flows.len());
    for report in &latest.flows {
        let key = (report.from, report.packet);
        // A flow that was not there before has sent all of it since it began.
        let known = before.as_ref().and_then(|before| Some((before.counts.get(&key)?, at.duration_since(before.at))));
        let ((packets, bytes), since) = known.map_or(((0, 0), report.age.max(INTERVAL)), |(counts, since)| (*counts, since));
        let rate = |now: u64, then: u64| now.saturating_sub(then) as f64 / since.as_secs_f64().max(0.001);
        let rates = (rate(report.packets, packets), rate(report.bytes, bytes));
        counts.insert(key, (report.packets, report.bytes));
        flows.push(render(snapshot, report, rates));
    }
    Some(Look { at, took: at.elapsed(), total: latest.total, flows: Arc::new(flows), counts })
}

fn render(snapshot: &Snapshot, report: &FlowReport, (packets_per_second, bytes_per_second): (f64, f64)) -> Flow {
    // What a service answers is told with the addresses that the instance sees.
    let packet = match (report.from, report.verdict) {
        (Origin::Services, Verdict::Deliver(delivery)) => &delivery.rewrite.apply(&report.packet),
        _ => &report.packet,
    };
    let sender = match report.from {
        Origin::Interface(id) => Some(id),
        Origin::Internet | Origin::Services => None,
    };
    let receiver = match report.verdict {
        Verdict::Deliver(delivery) => Some(delivery.to),
        Verdict::Leave(_) | Verdict::Serve(_) => None,
        Verdict::Drop(_) => meant(snapshot, report.from, packet.destination),
    };
    let (protocol, ports) = match packet.transport {
        Transport::Icmp { .. } => ("icmp".to_owned(), None),
        Transport::Tcp { source_port, destination_port } => ("tcp".to_owned(), Some((source_port, destination_port))),
        Transport::Udp { source_port, destination_port } => ("udp".to_owned(), Some((source_port, destination_port))),
        Transport::Other(number) => (number.to_string(), None),
    };
    let vpc = sender.or(receiver).and_then(|id| snapshot.get(id)).map(|interface| snapshot.resolve(interface.vpc));
    let from = end(snapshot, vpc, sender, packet.source, ports.map(|(from, _)| from));
    let to = end(snapshot, vpc, receiver, packet.destination, ports.map(|(_, to)| to));
    let is_reply = report.role == Role::Responder;
    let dropped = match &report.verdict {
        Verdict::Drop(denial) => Some(describe(snapshot, denial, packet).into()),
        Verdict::Deliver(_) | Verdict::Leave(_) | Verdict::Serve(_) => None,
    };
    let places: std::collections::BTreeSet<String> = [sender, receiver]
        .into_iter()
        .flatten()
        .filter_map(|id| snapshot.get(id))
        .map(|interface| format!("{}/{}", interface.scope.account, interface.scope.region))
        .collect();
    Flow {
        id: id_of(report),
        question: question(&from, &to, &packet.transport, is_reply),
        from,
        to,
        protocol,
        carries: packet.transport.to_string(),
        is_reply,
        verdict: if dropped.is_some() { "drop" } else { "accept" }.to_owned(),
        dropped,
        packets: report.packets,
        bytes: report.bytes,
        packets_per_second,
        bytes_per_second,
        idle_seconds: report.idle.as_secs_f64(),
        age_seconds: report.age.as_secs_f64(),
        way: way(snapshot, &report.packet, report.from, &report.verdict).iter().map(ToString::to_string).collect(),
        grave: grave(snapshot, &report.verdict).iter().map(ToString::to_string).collect(),
        places: places.into_iter().collect(),
    }
}

/// No two flows have the same sender, addresses and ports.
fn id_of(report: &FlowReport) -> String {
    let from = match report.from {
        Origin::Interface(id) => id.to_string(),
        Origin::Internet => "internet".to_owned(),
        Origin::Services => "services".to_owned(),
    };
    let Packet { source, destination, .. } = report.packet;
    let what = match report.packet.transport {
        Transport::Tcp { source_port, destination_port } => format!("tcp {source_port} {destination_port}"),
        Transport::Udp { source_port, destination_port } => format!("udp {source_port} {destination_port}"),
        Transport::Icmp { kind, code, identifier } => format!("icmp {kind} {code} {identifier}"),
        Transport::Other(number) => number.to_string(),
    };
    format!("{from} {source} {destination} {what}")
}

/// What one asks about who began it. It is about an interface if one is known, but who calls a public address means that.
fn question(from: &End, to: &End, transport: &Transport, is_reply: bool) -> Option<FlowQuestion> {
    let (beginner, called) = if is_reply { (to, from) } else { (from, to) };
    let (protocol, port) = match *transport {
        Transport::Icmp { .. } => ("icmp", None),
        Transport::Tcp { source_port, destination_port } => ("tcp", Some(if is_reply { source_port } else { destination_port })),
        Transport::Udp { source_port, destination_port } => ("udp", Some(if is_reply { source_port } else { destination_port })),
        Transport::Other(_) => return None,
    };
    let word = |end: &End| end.interface.clone().or(end.address.map(|address| address.to_string()));
    let called_by_public = called.address.filter(|&address| !is_private(address) && beginner.interface.is_some() && !is_reply);
    Some(FlowQuestion {
        from: primary(beginner).or_else(|| word(beginner))?,
        to: called_by_public.map(|address| address.to_string()).or_else(|| primary(called)).or_else(|| word(called))?,
        protocol: protocol.to_owned(),
        port,
    })
}

/// The instance's or endpoint's own id, which people know it by.
fn primary(end: &End) -> Option<String> {
    end.id.clone()
}

fn end(snapshot: &Snapshot, vpc: Option<&Vpc>, interface: Option<NetworkInterfaceId>, address: IpAddr, port: Option<u16>) -> End {
    let known = interface.and_then(|id| snapshot.get(id));
    let owner: Option<model::ResourceId> =
        known.and_then(|known| known.attachment.map(|attachment| attachment.instance.into()).or(known.endpoint.map(Into::into)));
    let name = match known {
        Some(known) => owner.and_then(|owner| snapshot.name(known.scope, owner)).map(str::to_owned),
        None => service(vpc, address).or_else(|| stranger(address)).map(str::to_owned),
    };
    let id = owner.map(|owner| owner.to_string()).or_else(|| interface.map(|id| id.to_string()));
    End { address: Some(address), port, id, interface: interface.map(|id| id.to_string()), name }
}

/// What a service of the VPC is called.
fn service(vpc: Option<&Vpc>, address: IpAddr) -> Option<&'static str> {
    match address {
        _ if address == METADATA => Some("metadata"),
        _ if address == RESOLVER || vpc.is_some_and(|vpc| address == vpc.resolver()) => Some("dns"),
        _ if address == TIME => Some("time"),
        _ => None,
    }
}

/// What somebody outside is called.
fn stranger(address: IpAddr) -> Option<&'static str> {
    match address {
        _ if address == LAPTOP => Some("laptop"),
        _ if address == NAME_SERVER => Some("name server"),
        _ if address == WEB_SERVER => Some("example.com"),
        _ if instance_connect_around(address).is_some() => Some("instance-connect"),
        _ => None,
    }
}
