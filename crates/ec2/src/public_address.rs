//! Public address: what the internet gateway takes an interface's private address for. No guest ever sees it.
//!
//! It is an Elastic IP or was assigned automatically; the latter comes with the interface if that was asked for at its
//! creation, and goes when an Elastic IP comes, when the instance stops and when it ends.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html#concepts-public-addresses>

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use model::internet::public_pool;
use model::{AddressAssociationId, AllocationId, Association, DnsName, ElasticIp, InstanceState, NetworkInterface, NetworkInterfaceId, VpcId};
use serde::{Deserialize, Deserializer, Serialize};

use crate::edit::Edit;
use crate::error::Error;
use crate::view::View;

/// A public address as requests have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PublicIp(pub Ipv4Addr);

impl<'de> Deserialize<'de> for PublicIp {
    /// Announced by type name: EC2 has a code for it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        model::text::deserialize("PublicIp", deserializer).map(Self)
    }
}

/// An interface's public address, as answers about instances have it.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublicAddress {
    pub public_ip: Ipv4Addr,
    /// Empty where the VPC gives no names.
    pub public_dns_name: String,
    pub ip_owner_id: String,
    #[serde(skip)]
    pub allocation_id: Option<AllocationId>,
    #[serde(skip)]
    pub association_id: Option<AddressAssociationId>,
}

impl PublicAddress {
    /// The address of an interface. Those that were assigned automatically are Amazon's.
    pub fn of(interface: &NetworkInterface, view: View<'_>) -> Option<Self> {
        let Association { public_ip, elastic } = interface.association?;
        let named = view.snapshot.resolve(interface.vpc).gives_public_names();
        Some(Self {
            public_ip,
            public_dns_name: if named { DnsName::Public(public_ip, interface.scope.region).to_string() } else { String::new() },
            ip_owner_id: elastic.map_or_else(|| "amazon".to_owned(), |_| interface.scope.account.to_string()),
            allocation_id: elastic.map(|elastic| elastic.allocation),
            association_id: elastic.map(|elastic| elastic.id),
        })
    }
}

/// An address that nobody has, of any account: the first free one above a random one, the lowest coming after the
/// highest.
pub(crate) fn free_address(edit: &mut Edit<'_, '_>) -> Result<Ipv4Addr, Error> {
    let pool = public_pool();
    let assignable = pool.size() - 2;
    let start = edit.random() % assignable;
    let allocated = allocated(edit);
    let mut upward = (0..assignable).filter_map(|step| pool.nth(1 + (start + step) % assignable));
    upward.find(|&address| is_free(edit, &allocated, address)).ok_or(Error::InsufficientAddresses)
}

/// A certain address, if it is of the pool and nobody has it: what AWS calls to recover an Elastic IP.
pub(crate) fn wanted_address(edit: &Edit<'_, '_>, address: Ipv4Addr) -> Result<Ipv4Addr, Error> {
    let pool = public_pool();
    let assignable = pool.contains(address) && address != pool.first() && address != pool.last();
    Some(address).filter(|_| assignable && is_free(edit, &allocated(edit), address)).ok_or(Error::UnknownAddress { address })
}

fn allocated(edit: &Edit<'_, '_>) -> BTreeSet<Ipv4Addr> {
    edit.draft.all::<ElasticIp>().map(|elastic| elastic.public_ip).collect()
}

fn is_free(edit: &Edit<'_, '_>, allocated: &BTreeSet<Ipv4Addr>, address: Ipv4Addr) -> bool {
    !allocated.contains(&address) && edit.draft.interface_with_public(address.into()).is_none()
}

/// Gives an interface the public address that it has of its own accord: if it was made with one, has no other, and is the
/// only one of an instance that is up. Where none is free it goes without.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html#concepts-public-addresses>
pub(crate) fn assign_automatically(id: NetworkInterfaceId, edit: &mut Edit<'_, '_>) {
    let interface = edit.draft.resolve(id);
    let instance = interface.attachment.map(|attachment| edit.draft.resolve(attachment.instance));
    let is_up =
        instance.is_some_and(|instance| matches!(instance.state, InstanceState::Pending | InstanceState::Running) && instance.interfaces.len() == 1);
    let wants_one = is_up && interface.auto_assign_public_ip && interface.association.is_none();
    if let Some(public_ip) = wants_one.then(|| free_address(edit)).and_then(Result::ok) {
        edit.draft.update(id, |interface| interface.association = Some(Association { public_ip, elastic: None }));
    }
}

/// Takes an interface's Elastic IP away.
pub(crate) fn disassociate(id: NetworkInterfaceId, edit: &mut Edit<'_, '_>) {
    edit.draft.update(id, |interface| interface.association = None);
    assign_automatically(id, edit);
}

/// Whether something in the VPC has a public address.
pub(crate) fn is_mapped(vpc: VpcId, view: View<'_>) -> bool {
    view.snapshot.all::<NetworkInterface>().any(|interface| interface.vpc == vpc && interface.association.is_some())
}
