//! What becomes of the packets that the kernel asks about: the first of each flow, fragments and ICMP errors.
//!
//! A packet is judged by [`evaluate`], the answer is installed in the flow table, and the packet goes back to the
//! kernel unmodified with the number of its slot: applying a verdict is done there only, whether the packet is the
//! first of its flow or the millionth. Nothing here knows a rule of a VPC.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use model::{Direction, Snapshot};
use semantics::{Connections, Decision, Denial, Origin, Packet, Rewrite, Tracking, Verdict, evaluate};

use crate::clock::{self, Nanoseconds};
use crate::connections::{ConnectionTable, Membership};
use crate::discard::Discard;
use crate::flow_table::{Flow, FlowTable, Slot};
use crate::fragments::Fragments;
use crate::layout::{FlowKey, MTU};
use crate::parse::{FragmentKey, Parsed, parse, tcp_flags};
use crate::ports::{Port, Ports};
use crate::queue::Queue;
use crate::tap::{Frame, Tap};
use crate::verdict::{Action, Judgement, arrival};
use crate::{icmp, internet, services};

/// How many packets are read before one of them is answered.
const INTAKE: usize = 64;

/// All that the data plane knows, owned by its one thread.
pub(crate) struct SlowPath {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) ports: Ports,
    pub(crate) flows: FlowTable,
    pub(crate) connections: ConnectionTable,
    pub(crate) fragments: Fragments,
    tap: Tap,
    queue: Queue,
    /// The moment of the packet or order at hand.
    pub(crate) now: Nanoseconds,
    /// How many packets the kernel asked about.
    pub(crate) asked: u64,
    pub(crate) discards: BTreeMap<Discard, u64>,
    /// Where the next walk over some of the flows begins.
    pub(crate) ageing_hand: u32,
    pub(crate) eviction_hand: u32,
}

impl SlowPath {
    pub fn new(snapshot: Arc<Snapshot>, ports: Ports, flows: FlowTable, tap: Tap) -> Self {
        Self {
            snapshot,
            ports,
            flows,
            connections: ConnectionTable::default(),
            fragments: Fragments::default(),
            tap,
            queue: Queue::default(),
            now: clock::now(),
            asked: 0,
            discards: BTreeMap::new(),
            ageing_hand: 0,
            eviction_hand: 0,
        }
    }

    /// The device that the kernel's questions come from.
    pub fn tap(&self) -> &Tap {
        &self.tap
    }

    /// Whether all that was asked has been answered, as far as it has been read.
    pub fn is_idle(&self) -> bool {
        self.queue.interfaces() == 0
    }

    /// Reads and answers up to `limit` questions, one of each interface in turn.
    pub fn answer(&mut self, frame: &mut Frame, limit: usize) -> io::Result<()> {
        self.now = clock::now();
        let mut left = limit;
        while left > 0 {
            self.take_in(frame)?;
            if self.is_idle() {
                break;
            }
            for _ in 0..self.queue.interfaces().min(left) {
                left -= 1;
                self.queue.pop(frame);
                match self.slot_for(frame) {
                    Ok((from, slot)) => {
                        self.carry(frame, from, slot);
                        self.park_answer_to_itself(slot);
                    }
                    Err(discard) => self.discard(discard),
                }
            }
        }
        Ok(())
    }

    /// Reads what the kernel asks, up to so many packets.
    fn take_in(&mut self, frame: &mut Frame) -> io::Result<()> {
        for _ in 0..INTAKE {
            match self.tap.read(frame) {
                Ok(true) => self.asked += 1,
                Ok(false) => break,
                // One frame whose offload state cannot be described (`tun_put_user`); the next one may be.
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                    self.discard(Discard::Refused);
                    continue;
                }
                Err(error) => return Err(error),
            }
            match frame.interface() {
                Some(serial) if self.queue.push(serial, frame) => {}
                Some(_) => self.discard(Discard::Limited),
                None => self.discard(Discard::UnknownInterface),
            }
        }
        Ok(())
    }

    /// To one's own public address, from the port that it is for, a packet may open the very connection for want of
    /// which it is dropped: the next one is a reply.
    fn park_answer_to_itself(&self, slot: Slot) {
        let missed = self.flows.get(slot).map(|flow| flow.judgement.missed).unwrap_or_default();
        if missed.iter().flatten().any(|key| self.connections.find(key) == Some(Tracking::Tracked)) {
            self.flows.park(slot);
        }
    }

    fn carry(&mut self, frame: &mut Frame, from: Port, slot: Slot) {
        match self.flows.mtu(slot).filter(|&mtu| frame.longest_packet() > usize::from(mtu)) {
            Some(mtu) => self.shorten(frame, from, slot, mtu),
            None => self.send(frame, slot),
        }
    }

    pub(crate) fn send(&mut self, frame: &mut Frame, slot: Slot) {
        frame.order(slot.0);
        if let Err(error) = self.tap.write(frame) {
            tracing::debug!(%error, "the TAP refused a frame");
            self.discard(Discard::Refused);
        }
    }

    pub(crate) fn discard(&mut self, discard: Discard) {
        *self.discards.entry(discard).or_default() += 1;
    }

    /// Where the packet comes from, and the slot whose verdict applies to it.
    fn slot_for(&mut self, frame: &mut Frame) -> Result<(Port, Slot), Discard> {
        let from = frame.interface().and_then(|serial| self.ports.with_serial(serial)).ok_or(Discard::UnknownInterface)?;
        let slot = match parse(frame.payload()).ok_or(Discard::Malformed)? {
            Parsed::Flow { packet, opens, first_of } => self.flow_slot(from, &packet, opens, first_of),
            Parsed::LaterFragment(key) => self.fragment_slot(from, key),
            Parsed::Error(packet) => self.error_slot(from, &packet, frame),
        };
        slot.map(|slot| (from, slot))
    }

    fn flow_slot(&mut self, from: Port, packet: &Packet, opens: bool, first_of: Option<FragmentKey>) -> Result<Slot, Discard> {
        let key = FlowKey::of(from.serial, packet).ok_or(Discard::Malformed)?;
        if let Some(fragment) = first_of {
            self.fragments.remember(from.serial, fragment, key, self.now);
        }
        let known = self.flows.find(&key);
        if let Some(slot) = known.filter(|&slot| opens && self.is_ending(slot)) {
            // The port is used again: a new connection, whatever the old one was allowed.
            self.forget(slot);
        } else if let Some(slot) = known.filter(|&slot| self.flows.is_current(slot)) {
            // Sent before the kernel knew the verdict, or a fragment.
            return Ok(slot);
        }
        Ok(self.admit(from, key, packet))
    }

    /// Later fragments share the fate of the first one.
    fn fragment_slot(&mut self, from: Port, fragment: FragmentKey) -> Result<Slot, Discard> {
        let key = self.fragments.flow(from.serial, fragment, self.now).ok_or(Discard::LoneFragment)?;
        let slot = self.flows.find(&key).filter(|&slot| self.flows.is_current(slot));
        slot.ok_or(Discard::LoneFragment)
    }

    /// Each ICMP error is judged for itself: as part of the connection that it is about, if that is tracked. What it
    /// quotes is translated here; the program only translates the packet around it.
    fn error_slot(&mut self, from: Port, packet: &Packet, frame: &mut Frame) -> Result<Slot, Discard> {
        let decision = evaluate(&self.snapshot, packet, from.origin, &self.connections, &mut ());
        match self.action(&decision.verdict).1 {
            Action::Drop => Err(Discard::IcmpError),
            deliver @ Action::Deliver { rewrite, .. } => {
                icmp::translate_quoted(frame.payload_mut(), &rewrite).ok_or(Discard::Malformed)?;
                Ok(self.flows.transient(&deliver))
            }
        }
    }

    /// Judges the first packet of a flow and installs both directions, the answer's first: it may come before the
    /// system call for the other direction is back.
    fn admit(&mut self, from: Port, key: FlowKey, packet: &Packet) -> Slot {
        let judgement = self.judge(from.origin, packet);
        // Not to be lost while the answer is judged, which may be part of them and come to nothing.
        self.connections.hold(&judgement.membership);
        let reverse = self.admit_answer(&key, packet, &judgement);
        let flow = Flow { key, from: from.origin, packet: *packet, judgement, reverse, created: self.now };
        let slot = self.put(flow);
        self.connections.release(&judgement.membership);
        if let (Some(slot), Some(reverse)) = (slot, reverse) {
            self.flows.pair(slot, reverse);
        }
        slot.unwrap_or_else(|| self.flows.transient(&judgement.action))
    }

    /// The answer to a packet that arrives is judged, not mirrored: routes and network ACLs look at it for themselves.
    /// One that would be dropped is left until it comes.
    fn admit_answer(&mut self, asked: &FlowKey, packet: &Packet, judgement: &Judgement) -> Option<Slot> {
        let (reached, rewrite) = arrival(&judgement.verdict)?;
        let answer = rewrite.apply(packet).reply()?;
        let responder = self.ports.of(reached)?;
        // To one's own public address, from the port that it is for, question and answer look alike.
        let key = FlowKey::of(responder.serial, &answer).filter(|key| key != asked)?;
        let known = self.flows.find(&key).filter(|&slot| self.flows.is_current(slot));
        if let Some(slot) = known.filter(|&slot| self.flows.get(slot).is_some_and(Flow::is_delivered)) {
            return Some(slot);
        }
        let judgement = self.judge(responder.origin, &answer);
        // One that is known to be dropped may be dropped for another reason now that a question was asked.
        if judgement.action == Action::Drop && known.is_none() {
            self.connections.hold(&judgement.membership);
            self.connections.release(&judgement.membership);
            return None;
        }
        self.put(Flow { key, from: responder.origin, packet: answer, judgement, reverse: None, created: self.now })
    }

    /// What becomes of the packets of a flow, and which connections they are part of from now on.
    fn judge(&mut self, from: Origin, packet: &Packet) -> Judgement {
        let decision = evaluate(&self.snapshot, packet, from, &self.connections, &mut ());
        self.accept(from, packet, &decision)
    }

    pub(crate) fn accept(&mut self, from: Origin, packet: &Packet, decision: &Decision) -> Judgement {
        let membership = self.join(from, packet, decision);
        let (verdict, action) = self.action(&decision.verdict);
        Judgement { verdict, action, membership, role: membership.role(), missed: decision.missed }
    }

    /// Each end sees the packet with the addresses that it has there; the internet and services keep no connections.
    /// What is dropped for want of a connection that is open now is judged again when it comes.
    fn join(&mut self, from: Origin, packet: &Packet, decision: &Decision) -> Membership {
        let arrived = match decision.verdict {
            Verdict::Deliver(delivery) => Some((delivery.to, delivery.rewrite.apply(packet))),
            Verdict::Leave(_) | Verdict::Serve(_) => None,
            Verdict::Drop(_) => decision.opened_at_destination.map(|opened| (opened.key.interface, *packet)),
        };
        for opened in [decision.opened_at_source, decision.opened_at_destination].into_iter().flatten() {
            if self.connections.find(&opened.key) != Some(opened.tracking) {
                self.flows.park_missing(opened.key);
            }
        }
        let at_source = match from {
            Origin::Interface(from) => self.connections.join(from, Direction::Egress, packet, decision.opened_at_source),
            Origin::Internet | Origin::Services => None,
        };
        let at_destination = arrived.and_then(|(to, packet)| self.connections.join(to, Direction::Ingress, &packet, decision.opened_at_destination));
        Membership { at_source, at_destination }
    }

    /// What the kernel is to do. An interface without a place in the fabric has nobody behind it yet, or any more.
    pub(crate) fn action(&self, verdict: &Verdict) -> (Verdict, Action) {
        let delivery = match verdict {
            Verdict::Deliver(delivery) => delivery,
            Verdict::Leave(departure) => return (*verdict, self.leave(departure.rewrite)),
            Verdict::Serve(served) => return (*verdict, self.serve(served.rewrite)),
            Verdict::Drop(_) => return (*verdict, Action::Drop),
        };
        let interface = self.snapshot.get(delivery.to);
        match (self.ports.of(delivery.to), interface) {
            (Some(port), Some(interface)) => {
                // What is translated has passed a gateway, also where it turned round there, or comes from a service.
                let mtu = if delivery.rewrite == Rewrite::default() { MTU } else { internet::MTU };
                let (out, rewrite) = (port.ifindex, delivery.rewrite);
                (*verdict, Action::Deliver { out, destination_mac: interface.mac, source_mac: delivery.source_mac, rewrite, mtu })
            }
            _ => {
                let instance = interface.and_then(|interface| interface.attachment).map(|attachment| attachment.instance);
                (Verdict::Drop(Denial::NotRunning { interface: delivery.to, instance }), Action::Drop)
            }
        }
    }

    fn leave(&self, rewrite: Rewrite) -> Action {
        let out = self.ports.internet().ifindex;
        Action::Deliver { out, destination_mac: internet::MAC, source_mac: internet::ROUTER_MAC, rewrite, mtu: internet::MTU }
    }

    fn serve(&self, rewrite: Rewrite) -> Action {
        let out = self.ports.services().ifindex;
        Action::Deliver { out, destination_mac: services::MAC, source_mac: services::ROUTER_MAC, rewrite, mtu: services::MTU }
    }

    /// Installs a flow, which holds its connections from then on. Without room the connections are kept for a while
    /// all the same, or the answers to the packet would be refused; what the kernel knew about the flow is parked, for
    /// it is not what was just found out.
    pub(crate) fn put(&mut self, flow: Flow) -> Option<Slot> {
        let membership = flow.judgement.membership;
        let before = self.flows.find(&flow.key);
        let held = before.and_then(|slot| self.flows.get(slot)).map(|old| old.judgement.membership);
        self.connections.hold(&membership);
        let slot = self.flows.install(flow, &self.connections);
        match slot {
            Some(_) => {
                if let Some(held) = held {
                    self.connections.release(&held);
                }
            }
            None => {
                if let Some(before) = before {
                    self.flows.park(before);
                }
                self.connections.linger(membership, self.now);
                self.make_room();
            }
        }
        slot
    }

    /// Forgets a flow and its other direction.
    pub(crate) fn forget(&mut self, slot: Slot) {
        let reverse = self.flows.get(slot).and_then(|flow| flow.reverse);
        for slot in [Some(slot), reverse].into_iter().flatten() {
            if let Some(flow) = self.flows.remove(slot, self.now) {
                self.connections.release(&flow.judgement.membership);
            }
        }
    }

    fn is_ending(&self, slot: Slot) -> bool {
        let reverse = self.flows.get(slot).and_then(|flow| flow.reverse);
        [Some(slot), reverse].into_iter().flatten().any(|slot| self.flows.usage(slot).tcp_flags & (tcp_flags::FIN | tcp_flags::RST) != 0)
    }
}

impl Flow {
    /// Whether its packets arrive.
    pub(crate) fn is_delivered(&self) -> bool {
        self.judgement.action != Action::Drop
    }
}
