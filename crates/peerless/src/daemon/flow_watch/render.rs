//! A flow as the kernel knows it, in the words of people.

use std::borrow::Cow;
use std::net::IpAddr;

use dataplane::{FlowReport, Role};
use model::internet::{LAPTOP, NAME_SERVER, WEB_SERVER, instance_connect_around, is_private};
use model::local_service::{METADATA, RESOLVER, TIME};
use model::{NetworkInterfaceId, Snapshot, Vpc};
use semantics::{Origin, Packet, Transport, Verdict, describe, grave, meant, way};

use crate::flow::{End, Flow, FlowQuestion};

/// Who sends a flow and for whom it is, as far as they are interfaces.
#[derive(Clone, Copy)]
pub(super) struct Ends {
    sender: Option<NetworkInterfaceId>,
    receiver: Option<NetworkInterfaceId>,
}

impl Ends {
    pub fn of(snapshot: &Snapshot, report: &FlowReport) -> Self {
        let sender = match report.from {
            Origin::Interface(id) => Some(id),
            Origin::Internet | Origin::Services => None,
        };
        let receiver = match report.verdict {
            Verdict::Deliver(delivery) => Some(delivery.to),
            Verdict::Leave(_) | Verdict::Serve(_) => None,
            Verdict::Drop(_) => meant(snapshot, report.from, report.packet.destination),
        };
        Self { sender, receiver }
    }

    pub fn interfaces(self) -> impl Iterator<Item = NetworkInterfaceId> {
        [self.sender, self.receiver].into_iter().flatten()
    }
}

/// `icmp`, `tcp`, `udp` or IANA's number.
pub(super) fn protocol_of(transport: &Transport) -> Cow<'static, str> {
    match transport {
        Transport::Icmp { .. } => "icmp".into(),
        Transport::Tcp { .. } => "tcp".into(),
        Transport::Udp { .. } => "udp".into(),
        Transport::Other(number) => number.to_string().into(),
    }
}

/// `accept` or `drop`.
pub(super) fn verdict_of(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Drop(_) => "drop",
        Verdict::Deliver(_) | Verdict::Leave(_) | Verdict::Serve(_) => "accept",
    }
}

pub(super) fn render(snapshot: &Snapshot, report: &FlowReport, (packets_per_second, bytes_per_second): (f64, f64)) -> Flow {
    // What a service answers is told with the addresses that the instance sees.
    let packet = match (report.from, report.verdict) {
        (Origin::Services, Verdict::Deliver(delivery)) => &delivery.rewrite.apply(&report.packet),
        _ => &report.packet,
    };
    let ends = Ends::of(snapshot, report);
    let Ends { sender, receiver } = ends;
    let ports = match packet.transport {
        Transport::Tcp { source_port, destination_port } | Transport::Udp { source_port, destination_port } => Some((source_port, destination_port)),
        Transport::Icmp { .. } | Transport::Other(_) => None,
    };
    let vpc = sender.or(receiver).and_then(|id| snapshot.get(id)).map(|interface| snapshot.resolve(interface.vpc));
    let from = end(snapshot, vpc, sender, packet.source, ports.map(|(from, _)| from));
    let to = end(snapshot, vpc, receiver, packet.destination, ports.map(|(_, to)| to));
    let is_reply = report.role == Role::Responder;
    let dropped = match &report.verdict {
        Verdict::Drop(denial) => Some(describe(snapshot, denial, packet).into()),
        Verdict::Deliver(_) | Verdict::Leave(_) | Verdict::Serve(_) => None,
    };
    let places: std::collections::BTreeSet<String> = ends
        .interfaces()
        .filter_map(|id| snapshot.get(id))
        .map(|interface| format!("{}/{}", interface.scope.account, interface.scope.region))
        .collect();
    Flow {
        id: id_of(report),
        question: question(&from, &to, &packet.transport, is_reply),
        from,
        to,
        protocol: protocol_of(&packet.transport).into_owned(),
        carries: packet.transport.to_string(),
        is_reply,
        verdict: verdict_of(&report.verdict).to_owned(),
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
