//! The flows that the kernel knows, and their twin here.
//!
//! A flow is one direction of a conversation. The kernel finds its slot by a hash map and obeys the verdict there; the
//! twin adds what the kernel need not know: the packet as it was judged, and the connections that it is part of. One
//! thread owns both, so they never disagree for longer than a system call.
//!
//! A slot that the kernel may find changes by single stores only; any other change takes a fresh slot and one swap of
//! the hash value. A slot that was given up rests before it is used again: a program on another processor may have
//! found it a moment ago.

use std::collections::{BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::Ordering;

use aya::maps::{HashMap as BpfHashMap, MapData};
use model::MacAddress;
use semantics::{ConnectionKey, Connections, Origin, Packet, Rewrite, Tracking};

use crate::clock::{Nanoseconds, SECOND};
use crate::error::{Error, Result, bpf};
use crate::hash::HashMap;
use crate::layout::{ACTION_ASK, ACTION_DELIVER, ACTION_DROP, Counters, FabricState, FlowKey, Verdict};
use crate::shared_array::SharedArray;
use crate::verdict::{Action, Judgement, Role, reason};

/// Slots for verdicts about single packets, used in turn. Slot 0 is nobody's.
const TRANSIENT_SLOTS: u32 = 64;
const FIRST_FLOW_SLOT: u32 = 1 + TRANSIENT_SLOTS;
/// How long a slot rests. A program runs for microseconds.
const REST: Nanoseconds = SECOND / 10;

/// How many slots are needed for that many flows.
pub(crate) const fn slots_for(flows: u32) -> u32 {
    FIRST_FLOW_SLOT + flows
}

/// The number of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slot(pub u32);

/// The kernel's side.
pub(crate) struct FlowMaps {
    pub flows: BpfHashMap<MapData, FlowKey, u32>,
    pub verdicts: SharedArray<Verdict>,
    pub counters: SharedArray<Counters>,
    pub fabric: SharedArray<FabricState>,
    /// How many slots there are.
    pub slots: u32,
}

/// One direction of a conversation.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub key: FlowKey,
    /// The interface that its packets leave, or the internet.
    pub from: Origin,
    /// One of its packets, as it is sent.
    pub packet: Packet,
    pub judgement: Judgement,
    /// The other direction, if it is known.
    pub reverse: Option<Slot>,
    pub created: Nanoseconds,
}

/// What a flow amounts to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    pub packets: u64,
    pub bytes: u64,
    /// When its last packet passed, or when it was installed.
    pub last_seen: Nanoseconds,
    pub tcp_flags: u8,
}

/// A flow as the kernel knows it, from an earlier daemon.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Left {
    pub key: FlowKey,
    pub slot: Slot,
    /// What is done with its packets; `None` if the slow path is to be asked.
    pub action: Option<Action>,
    pub role: Role,
    /// Whether the connection at the sender was tracked, and the one at the receiver.
    pub tracked: [bool; 2],
    /// The host end that leads to the receiver; 0 for none.
    pub out: u32,
    pub rewrite: Rewrite,
    /// The other direction, if it was known.
    pub reverse: Option<Slot>,
    pub created: Nanoseconds,
}

/// All flows.
pub(crate) struct FlowTable {
    maps: FlowMaps,
    generation: u64,
    flows: Vec<Option<Flow>>,
    by_key: HashMap<FlowKey, Slot>,
    /// Flows by the connection for want of which they are dropped.
    missing: BTreeSet<(ConnectionKey, Slot)>,
    resting: VecDeque<(Nanoseconds, Slot)>,
    next_transient: u32,
    /// How often the kernel had no room or memory for a flow.
    pub not_installed: u64,
}

impl FlowTable {
    /// No flows yet.
    pub fn new(maps: FlowMaps) -> Self {
        let (flows, by_key, missing, resting) = (Vec::new(), HashMap::default(), BTreeSet::new(), VecDeque::new());
        Self { maps, generation: 0, flows, by_key, missing, resting, next_transient: 0, not_installed: 0 }
    }

    /// The flows that the kernel knows from an earlier daemon. None of them is known here before it is [taken
    /// over](Self::take_over).
    pub fn left(&self) -> Result<Vec<Left>> {
        let unreadable = |problem| Error::Left { problem };
        let mut seen = BTreeSet::new();
        let mut left = Vec::new();
        for entry in self.maps.flows.iter() {
            let (key, number) = bpf(entry, || "read the flows".to_owned())?;
            let verdict = self.maps.verdicts.get(number).filter(|_| number >= FIRST_FLOW_SLOT).ok_or(unreadable("a flow has no slot"))?;
            if !seen.insert(number) {
                return Err(unreadable("two flows have the same slot"));
            }
            let tracked = verdict.tracked.load(Ordering::Relaxed);
            left.push(Left {
                key,
                slot: Slot(number),
                action: action_of(verdict),
                role: Role::of_number(verdict.role).ok_or(unreadable("a flow was begun by nobody"))?,
                tracked: [tracked & 1 != 0, tracked & 2 != 0],
                out: verdict.out_ifindex,
                rewrite: rewrite_of(verdict),
                reverse: Some(Slot(verdict.reverse.load(Ordering::Relaxed))).filter(|slot| slot.0 != 0),
                created: verdict.created,
            });
        }
        Ok(left)
    }

    /// The oldest generation whose verdicts the kernel obeys.
    pub fn enforced_generation(&self) -> u64 {
        self.maps.fabric.get(0).map_or(0, |fabric| fabric.min_generation.load(Ordering::Acquire))
    }

    /// These slots, and those before them, are not given to new flows until it is known [which are
    /// free](Self::rest_unused).
    pub fn keep_clear_of(&mut self, slots: impl Iterator<Item = Slot>) {
        let end = slots.filter_map(Self::index).max().map_or(0, |last| last + 1);
        self.flows.resize_with(end, || None);
    }

    /// A flow that is in the kernel already, at that slot.
    pub fn take_over(&mut self, slot: Slot, flow: Flow) {
        self.by_key.insert(flow.key, slot);
        self.place(slot, flow);
    }

    /// The kernel forgets these flows, and slots that nobody has are free.
    pub fn rest_unused(&mut self, others: &[FlowKey], now: Nanoseconds) {
        for key in others {
            let _ = self.maps.flows.remove(key);
        }
        self.resting = self.flows.iter().zip(FIRST_FLOW_SLOT..).filter(|(flow, _)| flow.is_none()).map(|(_, number)| (now, Slot(number))).collect();
    }

    /// From now on verdicts are those of this generation.
    pub fn begin_generation(&mut self, generation: u64) {
        self.generation = generation;
    }

    /// Tells the kernel that verdicts of older generations are none.
    pub fn enforce_generation(&mut self) {
        if let Some(fabric) = self.maps.fabric.get(0) {
            fabric.min_generation.store(self.generation, Ordering::Release);
        }
    }

    pub fn find(&self, key: &FlowKey) -> Option<Slot> {
        self.by_key.get(key).copied()
    }

    pub fn get(&self, slot: Slot) -> Option<&Flow> {
        self.flows.get(Self::index(slot)?)?.as_ref()
    }

    /// Every flow's slot.
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        self.flows.iter().zip(FIRST_FLOW_SLOT..).filter(|(flow, _)| flow.is_some()).map(|(_, number)| Slot(number))
    }

    /// One past the highest slot that was ever used, for walks in steps.
    pub fn end(&self) -> u32 {
        FIRST_FLOW_SLOT + self.flows.len() as u32
    }

    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    pub fn usage(&self, slot: Slot) -> Usage {
        let (Some(flow), Some(counters)) = (self.get(slot), self.maps.counters.get(slot.0)) else { return Usage::default() };
        Usage {
            packets: counters.packets.load(Ordering::Relaxed),
            bytes: counters.bytes.load(Ordering::Relaxed),
            last_seen: counters.last_seen.load(Ordering::Relaxed).max(flow.created),
            tcp_flags: counters.tcp_flags.load(Ordering::Relaxed) as u8,
        }
    }

    /// Whether the kernel would use the slot's verdict now.
    pub fn is_current(&self, slot: Slot) -> bool {
        self.maps.verdicts.get(slot.0).is_some_and(|verdict| {
            verdict.action.load(Ordering::Relaxed) != ACTION_ASK && verdict.generation.load(Ordering::Relaxed) == self.generation
        })
    }

    /// How long packets may be to which the slot's verdict is applied; none if it lets nothing through.
    pub fn mtu(&self, slot: Slot) -> Option<u16> {
        let verdict = self.maps.verdicts.get(slot.0).filter(|verdict| verdict.action.load(Ordering::Relaxed) == ACTION_DELIVER);
        verdict.map(|verdict| verdict.mtu)
    }

    /// Makes the kernel apply the judgement to the flow from its next packet on. `None` if it has no room for it.
    pub fn install(&mut self, flow: Flow, connections: &impl Connections) -> Option<Slot> {
        if let Some(slot) = self.find(&flow.key)
            && self.get(slot).is_some_and(|old| old.judgement.action == flow.judgement.action)
        {
            self.restamp(slot, flow.judgement, connections);
            return Some(slot);
        }
        let slot = self.swap_in(flow, connections);
        self.not_installed += u64::from(slot.is_none());
        slot
    }

    /// All stays as it is.
    pub fn confirm(&self, slot: Slot, action: &Action) {
        let Some(verdict) = self.maps.verdicts.get(slot.0) else { return };
        verdict.generation.store(self.generation, Ordering::Relaxed);
        verdict.action.store(number(action), Ordering::Release);
    }

    /// The action stays as it is; what led to it may be new.
    pub fn restamp(&mut self, slot: Slot, judgement: Judgement, connections: &impl Connections) {
        let Some(verdict) = self.maps.verdicts.get(slot.0) else { return };
        verdict.reason.store(reason(&judgement.verdict), Ordering::Relaxed);
        verdict.tracked.store(tracked(&judgement, connections), Ordering::Relaxed);
        verdict.generation.store(self.generation, Ordering::Relaxed);
        verdict.action.store(number(&judgement.action), Ordering::Release);
        let Some(flow) = self.get_mut(slot) else { return };
        let before = std::mem::replace(&mut flow.judgement, judgement);
        if before.missed != judgement.missed {
            self.found(slot, before.missed);
            self.missing.extend(judgement.missed.into_iter().flatten().map(|key| (key, slot)));
        }
    }

    /// The kernel asks about the flow's next packet; what it counted so far stays.
    pub fn park(&self, slot: Slot) {
        if let Some(verdict) = self.maps.verdicts.get(slot.0) {
            verdict.action.store(ACTION_ASK, Ordering::Release);
        }
    }

    /// The same for all flows that are dropped for want of that connection.
    pub fn park_missing(&mut self, key: ConnectionKey) {
        for &(_, slot) in self.missing.range((key, Slot(0))..=(key, Slot(u32::MAX))) {
            self.park(slot);
        }
    }

    /// Says that two slots are the directions of one conversation.
    pub fn pair(&mut self, one: Slot, other: Slot) {
        for (slot, reverse) in [(one, other), (other, one)] {
            if let Some(former) = self.get(slot).and_then(|flow| flow.reverse).filter(|&former| former != reverse) {
                self.unpair(former);
            }
            if let Some(verdict) = self.maps.verdicts.get(slot.0) {
                verdict.reverse.store(reverse.0, Ordering::Relaxed);
            }
            if let Some(flow) = self.get_mut(slot) {
                flow.reverse = Some(reverse);
            }
        }
    }

    /// Forgets a flow, in the kernel too, and returns what it was.
    pub fn remove(&mut self, slot: Slot, now: Nanoseconds) -> Option<Flow> {
        let key = self.get(slot)?.key;
        self.by_key.remove(&key);
        // It fails for a key that is not there, which is what is wanted.
        let _ = self.maps.flows.remove(&key);
        self.retire(slot, now)
    }

    /// A slot for one packet that is no flow's, or whose flow could not be installed.
    pub fn transient(&mut self, action: &Action) -> Slot {
        let slot = Slot(1 + self.next_transient % TRANSIENT_SLOTS);
        self.next_transient = self.next_transient.wrapping_add(1);
        self.maps.verdicts.set(slot.0, Verdict { generation: self.generation.into(), ..verdict_of(action) });
        slot
    }

    fn swap_in(&mut self, flow: Flow, connections: &impl Connections) -> Option<Slot> {
        let now = flow.created;
        let slot = self.allocate(now)?;
        let judgement = &flow.judgement;
        let verdict = Verdict {
            generation: self.generation.into(),
            created: now,
            reason: reason(&judgement.verdict).into(),
            role: judgement.role.number(),
            tracked: tracked(judgement, connections).into(),
            reverse: flow.reverse.map_or(0, |reverse| reverse.0).into(),
            ..verdict_of(&judgement.action)
        };
        self.maps.verdicts.set(slot.0, verdict);
        self.maps.counters.set(slot.0, Counters::default());
        // The system call orders these stores before the value by which a program finds them.
        if let Err(error) = self.maps.flows.insert(flow.key, slot.0, 0) {
            tracing::warn!(%error, "the kernel takes no more flows");
            self.resting.push_back((now, slot));
            return None;
        }
        if let Some(old) = self.by_key.insert(flow.key, slot) {
            self.retire(old, now);
        }
        let reverse = flow.reverse;
        self.place(slot, flow);
        if let Some(reverse) = reverse {
            self.pair(slot, reverse);
        }
        Some(slot)
    }

    fn place(&mut self, slot: Slot, flow: Flow) {
        self.missing.extend(flow.judgement.missed.into_iter().flatten().map(|key| (key, slot)));
        if let Some(place) = Self::index(slot).and_then(|index| self.flows.get_mut(index)) {
            *place = Some(flow);
        }
    }

    /// The flow misses these connections no more.
    fn found(&mut self, slot: Slot, missed: [Option<ConnectionKey>; 2]) {
        for key in missed.into_iter().flatten() {
            self.missing.remove(&(key, slot));
        }
    }

    fn allocate(&mut self, now: Nanoseconds) -> Option<Slot> {
        if let Some((_, slot)) = self.resting.pop_front_if(|(since, _)| now.saturating_sub(*since) >= REST) {
            return Some(slot);
        }
        let fresh = self.end();
        (fresh < self.maps.slots).then(|| {
            self.flows.push(None);
            Slot(fresh)
        })
    }

    /// The kernel finds the slot no more.
    fn retire(&mut self, slot: Slot, now: Nanoseconds) -> Option<Flow> {
        let flow = self.flows.get_mut(Self::index(slot)?)?.take()?;
        self.found(slot, flow.judgement.missed);
        if let Some(reverse) = flow.reverse {
            self.unpair(reverse);
        }
        self.resting.push_back((now, slot));
        Some(flow)
    }

    fn unpair(&mut self, slot: Slot) {
        if let Some(verdict) = self.maps.verdicts.get(slot.0) {
            verdict.reverse.store(0, Ordering::Relaxed);
        }
        if let Some(flow) = self.get_mut(slot) {
            flow.reverse = None;
        }
    }

    fn get_mut(&mut self, slot: Slot) -> Option<&mut Flow> {
        self.flows.get_mut(Self::index(slot)?)?.as_mut()
    }

    fn index(slot: Slot) -> Option<usize> {
        slot.0.checked_sub(FIRST_FLOW_SLOT).map(|index| index as usize)
    }
}

impl Default for Counters {
    fn default() -> Self {
        let (packets, bytes, last_seen, tcp_flags) = Default::default();
        Self { packets, bytes, last_seen, tcp_flags, zero: [0; 36] }
    }
}

fn number(action: &Action) -> u32 {
    match action {
        Action::Deliver { .. } => ACTION_DELIVER,
        Action::Drop => ACTION_DROP,
    }
}

fn verdict_of(action: &Action) -> Verdict {
    let base = Verdict { action: number(action).into(), ..Verdict::default() };
    match *action {
        Action::Deliver { out, destination_mac, source_mac, rewrite, mtu } => Verdict {
            out_ifindex: out,
            destination_mac: destination_mac.0,
            source_mac: source_mac.0,
            nat_source: new_address(rewrite.source),
            nat_destination: new_address(rewrite.destination),
            mtu,
            ..base
        },
        Action::Drop => base,
    }
}

fn action_of(verdict: &Verdict) -> Option<Action> {
    match verdict.action.load(Ordering::Acquire) {
        ACTION_DELIVER => Some(Action::Deliver {
            out: verdict.out_ifindex,
            destination_mac: MacAddress(verdict.destination_mac),
            source_mac: MacAddress(verdict.source_mac),
            rewrite: rewrite_of(verdict),
            mtu: verdict.mtu,
        }),
        ACTION_DROP => Some(Action::Drop),
        _ => None,
    }
}

fn rewrite_of(verdict: &Verdict) -> Rewrite {
    let address = |bytes: [u8; 4]| (bytes != [0; 4]).then(|| bytes.into());
    Rewrite { source: address(verdict.nat_source), destination: address(verdict.nat_destination) }
}

/// 0.0.0.0 for none.
fn new_address(address: Option<IpAddr>) -> [u8; 4] {
    match address {
        Some(IpAddr::V4(address)) => address.octets(),
        Some(IpAddr::V6(_)) | None => [0; 4],
    }
}

/// Bit 0: tracked at the sender; bit 1: at the receiver.
fn tracked(judgement: &Judgement, connections: &impl Connections) -> u8 {
    let is_tracked = |key: &Option<ConnectionKey>| u8::from(key.is_some_and(|key| connections.find(&key) == Some(Tracking::Tracked)));
    is_tracked(&judgement.membership.at_source) | is_tracked(&judgement.membership.at_destination) << 1
}
