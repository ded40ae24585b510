//! What the data plane tells about itself.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aya::maps::{MapData, PerCpuArray};
use model::NetworkInterfaceId;
use semantics::{Connections, Origin, Packet, Tracking, Verdict};

use crate::ageing::Phase;
use crate::clock::now;
use crate::discard::Discard;
use crate::error::{Result, bpf};
use crate::flow_table::Slot;
use crate::layout::FlowKey;
use crate::slow_path::SlowPath;
use crate::verdict::Role;

/// One direction of a conversation that the kernel knows.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowReport {
    /// The interface that its packets leave, the internet or the services.
    pub from: Origin,
    /// One of them, as it is sent.
    pub packet: Packet,
    /// What becomes of them.
    pub verdict: Verdict,
    /// Who began it.
    pub role: Role,
    /// Whether the connection at their sender is tracked, and the one at their receiver.
    pub tracked: [bool; 2],
    /// How many there were.
    pub packets: u64,
    /// Their bytes, from the IP header on.
    pub bytes: u64,
    /// Whether it is a TCP connection that both sides have finished, or one has reset.
    pub is_over: bool,
    /// For how long there has been none.
    pub idle: Duration,
    /// For how long the kernel has had this verdict.
    pub age: Duration,
}

/// Some of the flows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LatestFlows {
    /// How many there are.
    pub total: usize,
    /// Those that were heard of last, the latest first.
    pub flows: Vec<FlowReport>,
}

/// A flow, and the one that answers it.
#[derive(Clone, Debug, PartialEq)]
pub struct Begun {
    /// The first.
    pub flow: FlowReport,
    /// The second, where the kernel knows one.
    pub answer: Option<FlowReport>,
}

/// Numbers about the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Flows that the kernel knows.
    pub flows: usize,
    /// Open connections, as security groups see them.
    pub connections: usize,
    /// Packets that the kernel asked about, ever.
    pub asked: u64,
    /// How often the kernel had no room for a flow, ever.
    pub not_installed: u64,
    /// Packets that were dropped without a verdict, ever; reasons that never occurred are left out.
    pub discards: BTreeMap<Discard, u64>,
}

impl SlowPath {
    /// Every flow.
    pub fn flow_reports(&self) -> Vec<FlowReport> {
        self.flows.slots().filter_map(|slot| self.report(slot)).collect()
    }

    /// The flows that were heard of last, so many at most, the latest first.
    pub fn latest_flows(&self, limit: usize) -> Vec<FlowReport> {
        let mut slots: Vec<_> = self.flows.slots().map(|slot| (Reverse(self.flows.usage(slot).last_seen), slot)).collect();
        if slots.len() > limit {
            slots.select_nth_unstable(limit);
            slots.truncate(limit);
        }
        slots.sort_unstable();
        slots.into_iter().filter_map(|(_, slot)| self.report(slot)).collect()
    }

    /// The flows of packets that leave from there, as far as the kernel knows them.
    pub fn flows_of(&self, packets: &[(Origin, Packet)]) -> Vec<Option<FlowReport>> {
        let report = |(from, packet): &(Origin, Packet)| {
            let key = FlowKey::of(self.ports.of(*from)?.serial, packet)?;
            self.report(self.flows.find(&key)?)
        };
        packets.iter().map(report).collect()
    }

    /// Every flow that was begun at one of these interfaces.
    pub fn flows_begun_at(&self, interfaces: &BTreeSet<NetworkInterfaceId>) -> Vec<Begun> {
        let begun = |slot: &Slot| {
            self.flows.get(*slot).is_some_and(|flow| match flow.from {
                Origin::Interface(from) => flow.judgement.role == Role::Initiator && interfaces.contains(&from),
                Origin::Internet | Origin::Services => false,
            })
        };
        let report = |slot| {
            let flow = self.report(slot)?;
            let answer = self.answer_to(&flow);
            Some(Begun { flow, answer })
        };
        self.flows.slots().filter(begun).filter_map(report).collect()
    }

    /// What comes back from where the packets are delivered.
    fn answer_to(&self, flow: &FlowReport) -> Option<FlowReport> {
        let Verdict::Deliver(delivery) = flow.verdict else { return None };
        let answer = delivery.rewrite.apply(&flow.packet).reply()?;
        let key = FlowKey::of(self.ports.of(Origin::Interface(delivery.to))?.serial, &answer)?;
        self.report(self.flows.find(&key)?)
    }

    fn report(&self, slot: Slot) -> Option<FlowReport> {
        let since = |moment| Duration::from_nanos(now().saturating_sub(moment));
        let (flow, usage) = (self.flows.get(slot)?, self.flows.usage(slot));
        let judgement = &flow.judgement;
        let membership = [judgement.membership.at_source, judgement.membership.at_destination];
        Some(FlowReport {
            from: flow.from,
            packet: flow.packet,
            verdict: judgement.verdict,
            role: judgement.role,
            tracked: membership.map(|key| key.is_some_and(|key| self.connections.find(&key) == Some(Tracking::Tracked))),
            is_over: self.state(slot).is_some_and(|(phase, _)| phase == Phase::Closed),
            packets: usage.packets,
            bytes: usage.bytes,
            idle: since(usage.last_seen),
            age: since(flow.created),
        })
    }

    /// Numbers, with the kernel's own.
    pub fn statistics(&self, drops: &PerCpuArray<MapData, u64>) -> Result<Statistics> {
        let mut discards = self.discards.clone();
        for (&discard, index) in Discard::ALL.iter().zip(0..drops.len()) {
            let per_processor = bpf(drops.get(&index, 0), || "read the drop counters".to_owned())?;
            let sum: u64 = per_processor.iter().sum();
            if sum > 0 {
                *discards.entry(discard).or_default() += sum;
            }
        }
        Ok(Statistics {
            flows: self.flows.len(),
            connections: self.connections.len(),
            asked: self.asked,
            not_installed: self.flows.not_installed,
            discards,
        })
    }
}
