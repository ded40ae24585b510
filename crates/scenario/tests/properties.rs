//! What holds in every world: random labs, random changes, every pair of instances.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use model::{AnalysisConditions, Cidr, Findings, InsightsProtocol, NetworkInsightsPath, PortRange, ResourceId, Snapshot};
use proptest::collection::vec;
use proptest::prelude::*;
use scenario::{CoreEngine, Engine, Probe, ProbeTraffic, Statement, World};
use semantics::{Origin, Packet, Question, Service, Transport, Verdict, analyze, evaluate, explain};

const INSTANCES: [&str; 5] = ["left/a/1", "left/a/2", "left/b/1", "middle/a/1", "right/a/1"];

/// Three VPCs in a row; the outer two share half of their addresses.
const LAB: &str = "
    vpc left 10.1.0.0/16
    subnet left/a 10.1.0.0/24
    subnet left/b 10.1.1.0/24
    instance left/a/1 10.1.0.10
    instance left/a/2 10.1.0.11
    instance left/b/1 10.1.1.10
    vpc middle 10.2.0.0/16
    subnet middle/a 10.2.0.0/24
    instance middle/a/1 10.2.0.10
    vpc right 10.1.0.0/17
    subnet right/a 10.1.1.0/24
    instance right/a/1 10.1.1.10
    gateway left
    table left/own
    table middle/own
    acl left/strict
    acl middle/strict
    group left/web";

fn vpc() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["left", "middle", "right"])
}

fn cidr() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/24", "10.1.1.10/32", "10.2.0.0/16", "10.2.0.10/32"])
}

fn traffic() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["all", "icmp", "icmp-type 0", "icmp-type 8", "tcp 22", "tcp 0-65535", "tcp 1024-65535", "udp 53"])
}

fn direction() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["ingress", "egress"])
}

/// A line that may be legal in the lab.
fn change() -> impl Strategy<Value = String> {
    let group = || (vpc(), prop::sample::select(vec!["default", "web"])).prop_map(|(vpc, name)| format!("{vpc}/{name}"));
    let table = || (vpc(), prop::sample::select(vec!["main", "own"])).prop_map(|(vpc, name)| format!("{vpc}/{name}"));
    let acl = || (vpc(), prop::sample::select(vec!["default", "strict"])).prop_map(|(vpc, name)| format!("{vpc}/{name}"));
    prop_oneof![
        (vpc(), vpc()).prop_map(|(one, other)| format!("peer {one} {other}")),
        (vpc(), vpc()).prop_map(|(one, other)| format!("accept {one} {other}")),
        (vpc(), vpc()).prop_map(|(one, other)| format!("unpeer {one} {other}")),
        (table(), cidr(), vpc()).prop_map(|(table, cidr, vpc)| format!("route {table} {cidr} peering {vpc}")),
        (table(), cidr()).prop_map(|(table, cidr)| format!("route {table} {cidr} gateway")),
        (vpc(), table()).prop_map(|(vpc, table)| format!("associate {vpc}/a {table}")),
        (group(), direction(), traffic(), cidr()).prop_map(|(group, direction, traffic, cidr)| format!("allow {group} {direction} {traffic} {cidr}")),
        (group(), direction(), group()).prop_map(|(group, direction, peer)| format!("allow {group} {direction} all group {peer}")),
        (group(), direction(), traffic(), cidr())
            .prop_map(|(group, direction, traffic, cidr)| format!("revoke {group} {direction} {traffic} {cidr}")),
        (acl(), direction(), 1..200u16, prop::bool::ANY, traffic(), cidr()).prop_map(|(acl, direction, number, allow, traffic, cidr)| {
            let action = if allow { "allow" } else { "deny" };
            format!("entry {acl} {direction} {number} {action} {traffic} {cidr}")
        }),
        (vpc(), acl()).prop_map(|(vpc, acl)| format!("guard {vpc}/a {acl}")),
    ]
}

fn lines(changes: &[String]) -> impl Iterator<Item = Statement> {
    LAB.lines().chain(changes.iter().map(String::as_str)).filter_map(|line| line.parse().ok())
}

/// Whether the reply died at a group of the VPC of either end.
fn by_own_group(seen: &str, from: &str, to: &str) -> bool {
    let vpc = |instance: &str| instance.split('/').next().unwrap_or_default().to_owned();
    [(from, "no ingress rule"), (to, "no egress rule")]
        .iter()
        .any(|(end, verdict)| seen.starts_with(&format!("reply dropped at {}/", vpc(end))) && seen.ends_with(verdict))
}

fn pairs() -> impl Iterator<Item = (&'static str, &'static str)> {
    INSTANCES.into_iter().flat_map(|from| INSTANCES.into_iter().map(move |to| (from, to))).filter(|(from, to)| from != to)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// The engine itself compares every new flow with its explanation, and complains if they differ. Besides: groups
    /// are stateful, so a reply is never killed by a group of those who talk. (It may be by a third one's: two VPCs with
    /// the same addresses may be peered with the same third, whose routes may take a reply to the wrong one.)
    #[test]
    fn packets_and_explanations_agree_and_groups_are_stateful(changes in vec(change(), 0..40)) {
        let mut engine = <CoreEngine>::default();
        for statement in lines(&changes) {
            // What the lab does not have, or does not allow, is left out.
            let _ = engine.change(&statement);
        }
        for (from, to) in pairs() {
            for traffic in [ProbeTraffic::Icmp, ProbeTraffic::Tcp(22), ProbeTraffic::Udp(53)] {
                let probe = Probe { flow: None, from: from.to_owned(), to: to.to_owned(), traffic, expected: String::new() };
                match engine.probe(&probe) {
                    Ok(seen) => prop_assert!(!by_own_group(&seen, from, to), "{from} -> {to}: {seen}"),
                    Err(complaint) => prop_assert!(false, "{from} -> {to} {traffic:?}: {complaint}"),
                }
            }
        }
    }

    /// The fix, made, works; and the snapshot with it is a legal one.
    #[test]
    fn the_fix_works(changes in vec(change(), 0..40)) {
        let mut world = World::default();
        for statement in lines(&changes) {
            let _ = world.apply(&statement);
        }
        for (from, to) in pairs() {
            for service in [Service::Icmp, Service::Tcp(22), Service::Udp(53)] {
                let question = Question { from: world.endpoint(from).unwrap(), to: world.endpoint(to).unwrap(), service };
                let explanation = explain(world.snapshot(), &question).unwrap();
                if explanation.repairable {
                    prop_assert_eq!(explanation.repaired.violation(), None);
                    let after = explain(&explanation.repaired, &question).unwrap();
                    prop_assert!(after.is_reachable(), "{} -> {}: {:?}", from, to, explanation);
                } else {
                    prop_assert!(explanation.denials().next().is_some());
                }
            }
        }
    }
}

/// The lab with a way in and out for one of its instances.
const PUBLIC: &str = "elastic left/a/1 198.18.0.10";

/// The path between two, with everything left open that can be.
fn open_path(snapshot: &Snapshot, source: ResourceId, destination: ResourceId, protocol: InsightsProtocol) -> NetworkInsightsPath {
    NetworkInsightsPath {
        id: "nip-00000000000000001".parse().unwrap(),
        scope: snapshot.all::<model::Vpc>().next().unwrap().scope,
        created: model::Timestamp::default(),
        source,
        destination: Some(destination),
        protocol,
        source_ip: None,
        destination_ip: None,
        destination_port: None,
        filter_at_source: None,
        filter_at_destination: None,
    }
}

/// Whether a packet arrives where it must, and over TCP its reply where it came from.
fn arrives(snapshot: &Snapshot, packet: &Packet, from: Origin, to: Origin) -> bool {
    let decision = evaluate(snapshot, packet, from, &(), &mut ());
    let (reached, rewrite) = match decision.verdict {
        Verdict::Deliver(delivery) => (Origin::Interface(delivery.to), delivery.rewrite),
        Verdict::Leave(departure) => (Origin::Internet, departure.rewrite),
        Verdict::Serve(_) | Verdict::Drop(_) => return false,
    };
    let opened = [decision.opened_at_source, decision.opened_at_destination].into_iter().flatten();
    let connections: BTreeMap<_, _> = opened.map(|opened| (opened.key, opened.tracking)).collect();
    let reply = rewrite.apply(packet).reply().unwrap();
    let back = match evaluate(snapshot, &reply, reached, &connections, &mut ()).verdict {
        Verdict::Deliver(delivery) => Origin::Interface(delivery.to),
        Verdict::Leave(_) => Origin::Internet,
        Verdict::Serve(_) | Verdict::Drop(_) => return false,
    };
    reached == to && back == from
}

/// Headers at the edges of the set that was found: first and last of each block and range, in every combination.
fn edges(found: &Findings) -> Vec<[u32; 4]> {
    let first = &found.forward[0];
    let headers = first.outbound.as_ref().filter(|headers| headers.protocol.is_some()).or(first.inbound.as_ref()).unwrap();
    let block = |cidr: &Cidr| cidr.as_ipv4().map(|block| [u32::from(block.first()), u32::from(block.last())]).unwrap();
    let blocks = |cidrs: &[Cidr]| -> Vec<u32> { cidrs.iter().take(12).flat_map(block).collect() };
    let ports = |ranges: &[PortRange]| -> Vec<u32> { ranges.iter().flat_map(|range| [range.from.into(), range.to.into()]).collect() };
    let mut inside = Vec::new();
    for &source in &blocks(&headers.sources) {
        for &destination in &blocks(&headers.destinations) {
            for &source_port in &ports(&headers.source_ports) {
                inside.extend(ports(&headers.destination_ports).iter().map(|&port| [source, destination, source_port, port]));
            }
        }
    }
    inside
}

fn tcp([source, destination, source_port, destination_port]: [u32; 4]) -> Packet {
    let address = |address: u32| IpAddr::V4(Ipv4Addr::from(address));
    let transport = Transport::Tcp { source_port: source_port as u16, destination_port: destination_port as u16 };
    Packet::new(address(source), address(destination), transport)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever combination of headers the analyzer tells gets through; and where it finds none, none of those that people
    /// would try does.
    #[test]
    fn every_header_that_the_analyzer_tells_gets_through(changes in vec(change(), 0..40)) {
        let mut world = World::default();
        for statement in lines(&changes).chain(PUBLIC.parse().ok()) {
            let _ = world.apply(&statement);
        }
        let snapshot = world.snapshot();
        let gateway = snapshot.all::<model::InternetGateway>().next().unwrap().id;
        let interface = |name: &str| world.interface(name).unwrap();
        let own = |name: &str| u32::from(snapshot.resolve(interface(name)).private_ip);
        let public: Ipv4Addr = "198.18.0.10".parse().unwrap();
        let between = pairs().map(|(from, to)| {
            let ends = (ResourceId::from(interface(from)), ResourceId::from(interface(to)));
            (ends, Origin::Interface(interface(from)), Origin::Interface(interface(to)), vec![own(from)], vec![own(to)])
        });
        let strangers = || ["8.8.8.8", "203.0.113.10"].iter().map(|text| u32::from(text.parse::<Ipv4Addr>().unwrap())).collect::<Vec<_>>();
        let one = interface(INSTANCES[0]);
        let outside = [
            ((gateway.into(), one.into()), Origin::Internet, Origin::Interface(one), strangers(), vec![public.into()]),
            ((one.into(), gateway.into()), Origin::Interface(one), Origin::Internet, vec![own(INSTANCES[0])], strangers()),
        ];
        for ((source, destination), from, to, sources, destinations) in between.chain(outside) {
            let path = open_path(snapshot, source, destination, InsightsProtocol::Tcp);
            let findings = analyze(snapshot, &path, &AnalysisConditions::default());
            if findings.path_found {
                for header in edges(&findings) {
                    prop_assert!(arrives(snapshot, &tcp(header), from, to), "{source} -> {destination}: {header:?} of {findings:?}");
                }
            } else {
                for (&source, &destination) in sources.iter().flat_map(|source| destinations.iter().map(move |destination| (source, destination))) {
                    for port in [0, 22, 53, 80, 1023, 1024, 8080, 49152, 65535] {
                        for source_port in [1, 22, 1023, 1024, 49152, 65535] {
                            let header = [source, destination, source_port, port];
                            prop_assert!(!arrives(snapshot, &tcp(header), from, to), "{header:?} gets through, and the analyzer finds {findings:?}");
                        }
                    }
                }
            }
        }
    }
}
