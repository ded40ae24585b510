//! At a subnet's edge: the network ACL, which keeps no state. The lowest matching number decides.

use model::{Direction, NetworkAcl, RuleAction, Subnet};

use super::Walk;
use crate::connection::Connections;
use crate::decision::Denial;
use crate::matching::matches;
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
    let address = match direction {
        Direction::Ingress => packet.source,
        Direction::Egress => packet.destination,
    };
    acl.entries(direction)
        .iter()
        .find(|(_, entry)| entry.cidr.contains(address) && matches(&entry.traffic, packet))
        .map_or((RuleAction::Deny, None), |(&number, entry)| (entry.action, Some(number)))
}
