//! What holds in every world: random labs, random changes, every pair of instances.

use proptest::collection::vec;
use proptest::prelude::*;
use scenario::{CoreEngine, Engine, Probe, ProbeTraffic, Statement, World};
use semantics::{Question, Service, explain};

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
