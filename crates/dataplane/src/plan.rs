//! What the kernel is to know about interfaces and their subnets. Pure: a snapshot in, map entries out.

use std::collections::BTreeMap;

use model::local_service::EVERYWHERE;
use model::{MacAddress, NetworkInterface, Snapshot, Subnet, SubnetId};
use semantics::Origin;

use crate::internet;
use crate::layout::{Interface, Neighbour};
use crate::services;

/// Small numbers for subnets, given once each.
#[derive(Debug, Default)]
pub(crate) struct SubnetNumbers {
    numbers: BTreeMap<SubnetId, u32>,
    last: u32,
}

impl SubnetNumbers {
    fn number(&mut self, subnet: SubnetId) -> u32 {
        *self.numbers.entry(subnet).or_insert_with(|| {
            self.last += 1;
            self.last
        })
    }

    /// Numbers that were given before, of which `last` was the last one.
    pub fn given(numbers: BTreeMap<SubnetId, u32>, last: u32) -> Self {
        Self { numbers, last }
    }

    /// Forgets subnets that are no more.
    fn retain(&mut self, snapshot: &Snapshot) {
        self.numbers.retain(|&subnet, _| snapshot.get(subnet).is_some());
    }
}

/// The interface behind each host end, the internet or the services, by the host end's index. Without an entry nothing gets in there.
pub(crate) fn interfaces(
    snapshot: &Snapshot,
    numbers: &mut SubnetNumbers,
    attached: impl Iterator<Item = (Origin, u32)>,
) -> BTreeMap<u32, Interface> {
    attached
        .filter_map(|(origin, ifindex)| {
            let entry = match origin {
                Origin::Interface(id) => {
                    let interface = snapshot.get(id)?;
                    Interface {
                        serial: interface.serial,
                        subnet: numbers.number(interface.subnet),
                        address: interface.private_ip.octets(),
                        mac: interface.mac.0,
                        check_source: interface.source_dest_check.into(),
                        zero: 0,
                    }
                }
                // No subnet has number 0, and anybody may be there.
                Origin::Internet => joined(internet::SERIAL, internet::MAC),
                Origin::Services => joined(services::SERIAL, services::MAC),
            };
            Some((ifindex, entry))
        })
        .collect()
}

fn joined(serial: u32, mac: MacAddress) -> Interface {
    Interface { serial, subnet: 0, address: [0; 4], mac: mac.0, check_source: 0, zero: 0 }
}

/// Who has which address in which subnet: the router, which answers for the services too, and every interface, whether
/// something runs behind it or not.
pub(crate) fn neighbours(snapshot: &Snapshot, numbers: &mut SubnetNumbers) -> BTreeMap<Neighbour, [u8; 6]> {
    numbers.retain(snapshot);
    let mut neighbours = BTreeMap::new();
    for subnet in snapshot.all::<Subnet>() {
        let own_resolver = Some(snapshot.resolve(subnet.vpc).resolver()).filter(|&address| subnet.cidr.contains(address));
        for address in EVERYWHERE.into_iter().chain([subnet.router()]).chain(own_resolver) {
            neighbours.insert(Neighbour::new(numbers.number(subnet.id), address), subnet.router_mac().0);
        }
    }
    for interface in snapshot.all::<NetworkInterface>() {
        neighbours.insert(Neighbour::new(numbers.number(interface.subnet), interface.private_ip), interface.mac.0);
    }
    neighbours
}
