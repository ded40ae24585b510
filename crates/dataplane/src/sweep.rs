//! What a change does to the flows that are known: each is judged again, in place.
//!
//! A flow whose verdict stays costs one store. One that is cut is cut by one store. One that would now pass is parked:
//! its next packet takes the way of first packets, which opens connections and installs the answer. So is one whose next
//! packet would open a connection, or have one tracked that was not: a change is no packet, and does neither. Only then
//! is the kernel told that older verdicts are none, so a flow that did not change never misses because of a change elsewhere.

use std::sync::Arc;

use model::Snapshot;
use semantics::{Connections, Decision, Denial, Origin, Verdict, evaluate};

use crate::clock;
use crate::error::Result;
use crate::flow_table::{Flow, Slot};
use crate::ports::Port;
use crate::slow_path::SlowPath;
use crate::verdict::{Action, Role, arrival};

impl SlowPath {
    /// From the return of this on, the kernel does what the snapshot says.
    pub fn publish(&mut self, snapshot: Arc<Snapshot>) -> Result<()> {
        self.now = clock::now();
        self.ports.apply(&snapshot)?;
        self.flows.begin_generation(snapshot.generation());
        self.snapshot = snapshot;
        self.judge_again(|_| true);
        self.flows.enforce_generation();
        Ok(())
    }

    /// Gives an interface a place in the fabric: what was dropped because it had none passes now.
    pub fn attach(&mut self, port: Port) -> Result<()> {
        self.now = clock::now();
        self.ports.attach(port);
        self.ports.apply_interfaces(&self.snapshot)?;
        self.judge_again(|flow| flow.concerns(port.origin));
        Ok(())
    }

    /// Takes it away again, with the flows that began there.
    pub fn detach(&mut self, origin: Origin) -> Result<()> {
        self.now = clock::now();
        self.ports.detach(origin);
        self.ports.apply_interfaces(&self.snapshot)?;
        let gone: Vec<_> = self.flows.slots().filter(|&slot| self.flows.get(slot).is_some_and(|flow| flow.from == origin)).collect();
        for slot in gone {
            self.forget(slot);
        }
        self.judge_again(|flow| flow.concerns(origin));
        Ok(())
    }

    /// Those who began a flow come before those who answer: what they are part of decides about the answers.
    fn judge_again(&mut self, concerned: impl Fn(&Flow) -> bool) {
        for role in [Role::Initiator, Role::Responder] {
            let of_role = |flow: &Flow| flow.judgement.role == role && concerned(flow);
            let slots: Vec<_> = self.flows.slots().filter(|&slot| self.flows.get(slot).is_some_and(of_role)).collect();
            for slot in slots {
                self.judge_slot_again(slot);
            }
        }
    }

    fn judge_slot_again(&mut self, slot: Slot) {
        let Some(flow) = self.flows.get(slot) else { return };
        let decision = evaluate(&self.snapshot, &flow.packet, flow.from, &self.connections, &mut ());
        self.settle(slot, &decision);
    }

    /// The flow's packets are treated so from now on.
    pub(crate) fn settle(&mut self, slot: Slot, decision: &Decision) {
        let Some(flow) = self.flows.get(slot) else { return };
        let (from, packet, known) = (flow.from, flow.packet, flow.judgement);
        if self.opens(decision) {
            self.flows.park(slot);
            return;
        }
        let judgement = self.accept(from, &packet, decision);
        if judgement == known {
            return self.flows.confirm(slot, &judgement.action);
        }
        let (before, after) = (known.action, judgement.action);
        let held = known.membership;
        if before == after || after == Action::Drop {
            self.connections.hold(&judgement.membership);
            self.flows.restamp(slot, judgement, &self.connections);
            self.connections.release(&held);
        } else if before == Action::Drop {
            self.connections.hold(&judgement.membership);
            self.connections.release(&judgement.membership);
            self.flows.park(slot);
        } else {
            let Some(flow) = self.flows.get(slot).cloned() else { return };
            self.put(Flow { judgement, created: self.now, ..flow });
        }
    }

    /// Whether the packet would open a connection, or change how one is kept.
    fn opens(&self, decision: &Decision) -> bool {
        let opened = [decision.opened_at_source, decision.opened_at_destination];
        opened.into_iter().flatten().any(|opened| self.connections.find(&opened.key) != Some(opened.tracking))
    }
}

impl Flow {
    /// Whether its packets leave there or are for there.
    fn concerns(&self, origin: Origin) -> bool {
        let at_destination = self.judgement.membership.at_destination.map(|key| key.interface.into());
        let to = match &self.judgement.verdict {
            Verdict::Drop(Denial::NotRunning { interface, .. }) => Some((*interface).into()),
            verdict => arrival(verdict).map(|(to, _)| to).or(at_destination),
        };
        self.from == origin || to == Some(origin)
    }
}
