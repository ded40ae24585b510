//! What the kernel is to know about interfaces and their subnets. Pure: a snapshot in, map entries out.

use std::collections::BTreeMap;

use model::{NetworkInterface, NetworkInterfaceId, Snapshot, Subnet, SubnetId};

use crate::layout::{Interface, Neighbour};

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

    /// Forgets subnets that are no more.
    fn retain(&mut self, snapshot: &Snapshot) {
        self.numbers.retain(|&subnet, _| snapshot.get(subnet).is_some());
    }
}

/// The interface behind each host end, by the host end's index. Without an entry nothing gets in there.
pub(crate) fn interfaces(
    snapshot: &Snapshot,
    numbers: &mut SubnetNumbers,
    attached: impl Iterator<Item = (NetworkInterfaceId, u32)>,
) -> BTreeMap<u32, Interface> {
    attached
        .filter_map(|(id, ifindex)| {
            let interface = snapshot.get(id)?;
            let entry = Interface {
                serial: interface.serial,
                subnet: numbers.number(interface.subnet),
                address: interface.private_ip.octets(),
                mac: interface.mac.0,
                check_source: interface.source_dest_check.into(),
                zero: 0,
            };
            Some((ifindex, entry))
        })
        .collect()
}

/// Who has which address in which subnet: the router and every interface, whether something runs behind it or not.
pub(crate) fn neighbours(snapshot: &Snapshot, numbers: &mut SubnetNumbers) -> BTreeMap<Neighbour, [u8; 6]> {
    numbers.retain(snapshot);
    let mut neighbours = BTreeMap::new();
    for subnet in snapshot.all::<Subnet>() {
        neighbours.insert(Neighbour::new(numbers.number(subnet.id), subnet.router()), subnet.router_mac().0);
    }
    for interface in snapshot.all::<NetworkInterface>() {
        neighbours.insert(Neighbour::new(numbers.number(interface.subnet), interface.private_ip), interface.mac.0);
    }
    neighbours
}
