//! At a subnet's edge: the network ACL, which keeps no state. The lowest matching number decides.

use model::{Direction, NetworkAcl, NetworkAclEntry, RuleAction, Subnet};

use super::Walk;
use crate::connection::Connections;
use crate::decision::Denial;
use crate::evidence::{Evidence, Fit, PeerMismatch, Rows};
use crate::matching::mismatch;
use crate::packet::Packet;
use crate::trace::{Recorder, Step};

impl<C: Connections, R: Recorder> Walk<'_, C, R> {
    /// Out of a subnet.
    pub(super) fn leave_subnet(&mut self, subnet: &Subnet) -> Result<(), Denial> {
        self.pass_network_acl(subnet, Direction::Egress)
    }

    /// Into a subnet.
    pub(super) fn enter_subnet(&mut self, subnet: &Subnet) -> Result<(), Denial> {
        self.pass_network_acl(subnet, Direction::Ingress)
    }

    fn pass_network_acl(&mut self, subnet: &Subnet, direction: Direction) -> Result<(), Denial> {
        let acl = self.snapshot.resolve(subnet.network_acl.acl);
        let packet = self.packet;
        self.recorder.looked_at(|| Evidence { packet, rows: Rows::NetworkAcl(acl.id, rows(acl, direction, &packet)) });
        match judge(acl, direction, &self.packet) {
            (RuleAction::Allow, Some(rule)) => {
                self.recorder.passed(Step::NetworkAcl { acl: acl.id, subnet: subnet.id, direction, rule });
                Ok(())
            }
            (_, rule) => Err(Denial::NetworkAcl { acl: acl.id, subnet: subnet.id, direction, rule }),
        }
    }
}

/// What the network ACL does, and by which rule; without a matching one the last rule, `*`, denies.
fn judge(acl: &NetworkAcl, direction: Direction, packet: &Packet) -> (RuleAction, Option<u16>) {
    acl.entries(direction)
        .iter()
        .find(|(_, entry)| fit(entry, direction, packet).fits())
        .map_or((RuleAction::Deny, None), |(&number, entry)| (entry.action, Some(number)))
}

fn fit(entry: &NetworkAclEntry, direction: Direction, packet: &Packet) -> Fit {
    let address = match direction {
        Direction::Ingress => packet.source,
        Direction::Egress => packet.destination,
    };
    Fit { traffic: mismatch(&entry.traffic, packet), peer: (!entry.cidr.contains(address)).then_some(PeerMismatch::Address) }
}

/// All rules, with how far they were asked.
fn rows(acl: &NetworkAcl, direction: Direction, packet: &Packet) -> Vec<(u16, NetworkAclEntry, Option<Fit>)> {
    let mut decided = false;
    let row = |(&number, entry): (&u16, &NetworkAclEntry)| {
        let fit = (!decided).then(|| fit(entry, direction, packet));
        decided |= fit.is_some_and(|fit| fit.fits());
        (number, *entry, fit)
    };
    acl.entries(direction).iter().map(row).collect()
}
