//! Two opinions on what becomes of a packet: `semantics::evaluate`, and a naive interpreter that shares no rule with
//! it. In random worlds, changed while flows go on, they must never differ: not in the verdict, nor in the
//! translation, the place of a drop or the connections that were opened.
//!
//! `naive` follows a packet, `rules` and `tracking` are what it asks; `worlds` makes up histories, and `lab` is where
//! they happen.
//!
//! Without more ado these are the same histories every time, of which it is known that they meet every fate.
//! `PEERLESS_ORACLE_CASES` is how many others are played, made up anew in every run.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod lab;
mod naive;
mod rules;
mod tracking;
mod worlds;

use std::cell::RefCell;
use std::collections::BTreeMap;

use model::{NetworkInterfaceId, Snapshot};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use semantics::{Decision, Denial, Origin, Packet, Tracking, Verdict, evaluate};

use crate::lab::{Lab, Sent};
use crate::naive::{Fate, Stage, judge};
use crate::tracking::Table;
use crate::worlds::Event;

/// How often each fate was met.
type Tally = BTreeMap<&'static str, u64>;

/// Every fate that the histories must meet, lest the comparison be of nothing.
const FATES: [&str; 21] = [
    "deliver",
    "leave",
    "serve",
    "SenderGone",
    "SourceCheck",
    "NotRoutable",
    "NoDnsSupport",
    "Unasked",
    "SecurityGroup",
    "NetworkAcl",
    "NoRoute",
    "Blackhole",
    "PeeringNotForAddress",
    "Spoofed",
    "PrivateDestination",
    "NoPublicAddress",
    "PrivateSource",
    "NoSuchPublicAddress",
    "NoGateway",
    "NoSuchAddress",
    "NotRunning",
];

#[test]
fn both_opinions_are_the_same() {
    let tally = RefCell::new(Tally::new());
    let of = |cases| Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = match std::env::var("PEERLESS_ORACLE_CASES") {
        Ok(cases) => TestRunner::new(of(cases.parse().unwrap())),
        Err(_) => TestRunner::new_with_rng(of(300), TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    };
    let outcome = runner.run(&worlds::history(), |history| play(&history, &tally).map_err(TestCaseError::fail));
    if let Err(difference) = outcome {
        panic!("{difference}");
    }
    let tally = tally.into_inner();
    println!("{tally:#?}");
    for fate in FATES {
        assert!(tally.contains_key(fate), "no packet met {fate}");
    }
}

/// Plays a history with both; `Err` is where they differ.
fn play(history: &[Event], tally: &RefCell<Tally>) -> Result<(), String> {
    let mut lab = Lab::new();
    let (mut naive_table, mut table) = (Table::default(), BTreeMap::new());
    for (at, event) in history.iter().enumerate() {
        let next = match event {
            Event::Change(line) => {
                lab.change(line);
                continue;
            }
            Event::Toggle(oddity) => {
                lab.toggle(*oddity);
                continue;
            }
            Event::Send(sending) => Some(lab.send(sending)),
            Event::Resume(back, continuation) => lab.resume(*back, *continuation),
        };
        let Some((packet, from)) = next else { continue };
        if lab.stays_inside(&packet, from) {
            continue;
        }
        let (expected, opened) = judge(lab.snapshot(), &naive_table, &packet, from);
        let decision = evaluate(lab.snapshot(), &packet, from, &table, &mut ());
        let found = fate(lab.snapshot(), &packet, from, &decision);
        let story = || format!("event {at}, {packet:?} from {from:?}");
        if found != expected {
            return Err(format!("{}\nnaive: {expected:?}\nevaluate: {found:?}", story()));
        }
        let expected: Vec<_> = opened.iter().map(|opening| (opening.key(), opening.tracking)).collect();
        let found_opened: Vec<_> =
            [decision.opened_at_source, decision.opened_at_destination].into_iter().flatten().map(|opened| (opened.key, opened.tracking)).collect();
        if found_opened != expected {
            return Err(format!("{}\nnaive opened: {expected:?}\nevaluate opened: {found_opened:?}", story()));
        }
        naive_table.extend(&opened);
        table.extend(found_opened);
        *tally.borrow_mut().entry(name(&found)).or_default() += 1;
        for opened in &opened {
            *tally.borrow_mut().entry(if opened.tracking == Tracking::Tracked { "opened tracked" } else { "opened untracked" }).or_default() += 1;
        }
        let arrived = match decision.verdict {
            Verdict::Deliver(delivery) => Some((Origin::Interface(delivery.to), delivery.rewrite.apply(&packet))),
            Verdict::Leave(departure) => Some((Origin::Internet, departure.rewrite.apply(&packet))),
            Verdict::Serve(served) => Some((Origin::Services, served.rewrite.apply(&packet))),
            Verdict::Drop(_) => None,
        };
        lab.remember(Sent { packet, from, arrived });
    }
    Ok(())
}

/// What `evaluate` decided, in the interpreter's words.
fn fate(snapshot: &Snapshot, packet: &Packet, from: Origin, decision: &Decision) -> Fate {
    match decision.verdict {
        Verdict::Deliver(delivery) => {
            let arrived = delivery.rewrite.apply(packet);
            let mac = |interface: NetworkInterfaceId| snapshot.resolve(interface).mac;
            let by_router = match from {
                Origin::Interface(sender) if delivery.source_mac == mac(sender) => false,
                _ if delivery.source_mac == snapshot.resolve(snapshot.resolve(delivery.to).subnet).router_mac() => true,
                _ => panic!("{} is neither the sender's nor the router's", delivery.source_mac),
            };
            Fate::Deliver { to: delivery.to, source: arrived.source, destination: arrived.destination, by_router }
        }
        Verdict::Leave(departure) => {
            let left = departure.rewrite.apply(packet);
            Fate::Leave { gateway: departure.gateway, source: left.source, destination: left.destination }
        }
        Verdict::Serve(served) => {
            let there = served.rewrite.apply(packet);
            Fate::Serve { service: served.service, source: there.source, destination: there.destination }
        }
        Verdict::Drop(denial) => Fate::Drop(stage(&denial)),
    }
}

fn stage(denial: &Denial) -> Stage {
    match *denial {
        Denial::UnknownInterface(_) => Stage::SenderGone,
        Denial::SourceCheck(interface) => Stage::SourceCheck(interface),
        Denial::NotRouted { .. } => Stage::NotRoutable,
        Denial::NoDnsSupport { vpc } => Stage::NoDnsSupport(vpc),
        Denial::Unasked { .. } => Stage::Unasked,
        Denial::SecurityGroup { interface, direction } => Stage::SecurityGroup(interface, direction),
        Denial::NetworkAcl { acl, subnet, direction, rule } => Stage::NetworkAcl { acl, subnet, direction, rule },
        Denial::NoRoute { table, .. } => Stage::NoRoute(table),
        Denial::Blackhole { table, route, .. } => Stage::Blackhole(table, route),
        Denial::PeeringNotForAddress { connection, .. } => Stage::PeeringNotForAddress(connection),
        Denial::Spoofed { vpc, .. } => Stage::Spoofed(vpc),
        Denial::PrivateDestination { gateway, .. } => Stage::PrivateDestination(gateway),
        Denial::NoPublicAddress { interface, .. } => Stage::NoPublicAddress(interface),
        Denial::PrivateSource { .. } => Stage::PrivateSource,
        Denial::NoSuchPublicAddress { .. } => Stage::NoSuchPublicAddress,
        Denial::NoGateway { vpc } => Stage::NoGateway(vpc),
        Denial::NoSuchAddress { vpc, .. } => Stage::NoSuchAddress(vpc),
        Denial::NotRunning { interface, .. } => Stage::NotRunning(interface),
    }
}

fn name(fate: &Fate) -> &'static str {
    match fate {
        Fate::Deliver { .. } => "deliver",
        Fate::Leave { .. } => "leave",
        Fate::Serve { .. } => "serve",
        Fate::Drop(Stage::NoDnsSupport(_)) => "NoDnsSupport",
        Fate::Drop(Stage::Unasked) => "Unasked",
        Fate::Drop(Stage::SenderGone) => "SenderGone",
        Fate::Drop(Stage::SourceCheck(_)) => "SourceCheck",
        Fate::Drop(Stage::NotRoutable) => "NotRoutable",
        Fate::Drop(Stage::SecurityGroup(..)) => "SecurityGroup",
        Fate::Drop(Stage::NetworkAcl { .. }) => "NetworkAcl",
        Fate::Drop(Stage::NoRoute(_)) => "NoRoute",
        Fate::Drop(Stage::Blackhole(..)) => "Blackhole",
        Fate::Drop(Stage::PeeringNotForAddress(_)) => "PeeringNotForAddress",
        Fate::Drop(Stage::Spoofed(_)) => "Spoofed",
        Fate::Drop(Stage::PrivateDestination(_)) => "PrivateDestination",
        Fate::Drop(Stage::NoPublicAddress(_)) => "NoPublicAddress",
        Fate::Drop(Stage::PrivateSource) => "PrivateSource",
        Fate::Drop(Stage::NoSuchPublicAddress) => "NoSuchPublicAddress",
        Fate::Drop(Stage::NoGateway(_)) => "NoGateway",
        Fate::Drop(Stage::NoSuchAddress(_)) => "NoSuchAddress",
        Fate::Drop(Stage::NotRunning(_)) => "NotRunning",
    }
}
