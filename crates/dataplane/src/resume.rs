//! How a daemon goes on with the flows of one that was killed.
//!
//! The kernel's maps outlive a daemon, and the packets of established flows never stopped. What is made again is what
//! only the daemon knew: the twin of the flow table, and the connections. A slot says who began its flow and what was
//! tracked at either end, so no connection is guessed from rules that may have changed since.

use model::Direction;
use semantics::{ConnectionKey, Origin, Tracking, evaluate};

use crate::clock;
use crate::connections::Membership;
use crate::error::{Error, Result};
use crate::flow_table::{Flow, Left};
use crate::ports::Port;
use crate::slow_path::SlowPath;
use crate::verdict::{Action, Judgement, Role};

impl SlowPath {
    /// Takes over what the kernel knows. The verdicts stay as they are until the snapshot is published.
    pub fn resume(&mut self) -> Result<()> {
        self.now = clock::now();
        if self.flows.enforced_generation() > self.snapshot.generation() {
            return Err(Error::Left { problem: "it enforces a newer state than the one that was loaded" });
        }
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
        let mut flows = Vec::new();
        for (left, from, membership) in begun_here {
            match self.known(&left, from, membership) {
                Some(flow) => flows.push((left.slot, flow)),
                None => {
                    others.push(left.key);
                    self.connections.linger(membership, self.now);
                }
            }
        }
        let reverses: Vec<_> = flows.iter().filter_map(|(slot, flow)| Some((*slot, flow.reverse?))).collect();
        for (_, flow) in &mut flows {
            flow.reverse = None;
        }
        tracing::info!(flows = flows.len(), forgotten = others.len(), "the flows of an earlier daemon go on");
        self.flows.take_over(flows, &others, self.now);
        for (one, other) in reverses {
            // A crash may have come between the two halves of saying so.
            if self.flows.get(one).zip(self.flows.get(other)).is_some_and(|(_, other)| other.reverse.is_none_or(|back| back == one)) {
                self.flows.pair(one, other);
            }
        }
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

    /// The flow as it is known here. Of one that the kernel asks about, or that would not be dropped any more, nothing
    /// is kept: its next packet is a first one.
    fn known(&self, left: &Left, from: Port, membership: Membership) -> Option<Flow> {
        let packet = left.key.packet();
        let action = left.action?;
        let decision = evaluate(&self.snapshot, &packet, from.origin, &self.connections, &mut ());
        let (verdict, now) = self.action(&decision.verdict);
        if action == Action::Drop && now != Action::Drop {
            return None;
        }
        let judgement = Judgement { verdict, action, membership, role: left.role, missed: decision.missed };
        Some(Flow { key: left.key, from: from.origin, packet, judgement, reverse: left.reverse, created: left.created })
    }
}
