//! How a daemon goes on with the flows of one that was killed.
//!
//! The kernel's maps outlive a daemon, and the packets of established flows never stopped. What is made again is what
//! only the daemon knew: the twin of the flow table, and the connections. A slot says who began its flow and what was
//! tracked at either end, so no connection is guessed from rules that may have changed since.

use std::sync::Arc;

use model::Direction;
use semantics::{ConnectionKey, Origin, Tracking, evaluate};

use crate::clock;
use crate::connections::Membership;
use crate::error::{Error, Result};
use crate::flow_table::{Flow, Left, Slot};
use crate::hash::HashMap;
use crate::layout::FlowKey;
use crate::ports::Port;
use crate::slow_path::SlowPath;
use crate::verdict::{Action, Judgement, Role};

impl SlowPath {
    /// Takes over what the kernel knows, judged by the snapshot, which the kernel enforces when this returns. As after
    /// any change, those who began come before those who answer.
    pub fn resume(&mut self) -> Result<()> {
        self.now = clock::now();
        if self.flows.enforced_generation() > self.snapshot.generation() {
            return Err(Error::Left { problem: "it enforces a newer state than the one that was loaded" });
        }
        self.ports.apply(&Arc::clone(&self.snapshot))?;
        self.flows.begin_generation(self.snapshot.generation());
        let left = self.flows.left()?;
        let ends = self.ports.by_ifindex();
        let (mut begun_here, mut others) = (Vec::new(), Vec::new());
        for flow in left {
            // Flows end with the interface that they began at.
            let Some(from) = self.ports.with_serial(flow.key.interface) else {
                others.push(flow.key);
                continue;
            };
            let membership = self.reopen(&flow, from.origin, ends.get(&flow.out).copied());
            begun_here.push((flow, from, membership));
        }
        let slots: HashMap<Slot, FlowKey> = begun_here.iter().map(|(left, ..)| (left.slot, left.key)).collect();
        self.flows.keep_clear_of(slots.keys().copied());
        for role in [Role::Initiator, Role::Responder] {
            for (left, from, membership) in begun_here.iter().filter(|(left, ..)| left.role == role) {
                if !self.take_over(left, *from, *membership) {
                    others.push(left.key);
                    self.connections.linger(*membership, self.now);
                }
            }
        }
        self.flows.rest_unused(&others, self.now);
        tracing::info!(flows = self.flows.len(), forgotten = others.len(), "the flows of an earlier daemon go on");
        for (left, ..) in &begun_here {
            // A crash may have come between the two halves of saying so.
            let reverse = left.reverse.and_then(|slot| slots.get(&slot)).and_then(|key| self.flows.find(key));
            if let Some((one, other)) = self.flows.find(&left.key).zip(reverse)
                && self.flows.get(other).is_some_and(|flow| flow.reverse.is_none_or(|back| back == one))
            {
                self.flows.pair(one, other);
            }
        }
        self.flows.enforce_generation();
        Ok(())
    }

    /// The connections that a flow was part of are open again, and it holds them. What passed was let through at both
    /// ends; of what did not, only what was tracked is known.
    fn reopen(&mut self, flow: &Left, from: Origin, to: Option<Origin>) -> Membership {
        // No group watches over what goes to a service, and nothing is opened by it.
        if from == Origin::Services || to == Some(Origin::Services) {
            return Membership::default();
        }
        let delivered = matches!(flow.action, Some(Action::Deliver { .. }));
        let packet = flow.key.packet();
        let arrived = flow.rewrite.apply(&packet);
        let mut at = |end: Option<Origin>, direction, packet, tracked| {
            let Some(Origin::Interface(interface)) = end.filter(|_| tracked || delivered) else { return None };
            let key = match flow.role {
                Role::Initiator => ConnectionKey::of_initiator(interface, direction, packet),
                Role::Responder => ConnectionKey::of_responder(interface, direction, packet)?,
            };
            self.connections.reopen(key, if tracked { Tracking::Tracked } else { Tracking::Untracked });
            Some(key)
        };
        let [at_sender, at_receiver] = flow.tracked;
        let membership = Membership {
            at_source: at(Some(from), Direction::Egress, &packet, at_sender),
            at_destination: at(to, Direction::Ingress, &arrived, at_receiver),
        };
        self.connections.hold(&membership);
        membership
    }

    /// Of a flow that the kernel asks about, or that would not be dropped any more, nothing is kept: its next packet is a
    /// first one. False for such a one.
    fn take_over(&mut self, left: &Left, from: Port, membership: Membership) -> bool {
        let Some(action) = left.action else { return false };
        let packet = left.key.packet();
        let decision = evaluate(&self.snapshot, &packet, from.origin, &self.connections, &mut ());
        let (verdict, now) = self.action(&decision.verdict);
        if action == Action::Drop && now != Action::Drop {
            return false;
        }
        let judgement = Judgement { verdict, action, membership, role: left.role, missed: decision.missed };
        self.flows.take_over(left.slot, Flow { key: left.key, from: from.origin, packet, judgement, reverse: None, created: left.created });
        self.settle(left.slot, &decision);
        true
    }
}
