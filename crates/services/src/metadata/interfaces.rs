//! What an instance is told about its network interfaces.

use model::dns_name::own_name;
use model::{DnsName, NetworkInterface, Snapshot};

use super::listing::Folder;

/// What is behind an interface's MAC address.
pub(super) fn folder(snapshot: &Snapshot, interface: &NetworkInterface) -> Folder {
    let (subnet, vpc) = (snapshot.resolve(interface.subnet), snapshot.resolve(interface.vpc));
    let public = interface.public_ip();
    let associations = public.map(|public| Folder::default().text(&public.to_string(), interface.private_ip)).unwrap_or_default();
    Folder::default()
        .maybe("device-number", interface.attachment.map(|attachment| attachment.device_index))
        .text("interface-id", interface.id)
        .folder("ipv4-associations", associations)
        .text("local-hostname", own_name(snapshot, interface))
        .text("local-ipv4s", interface.private_ip)
        .text("mac", interface.mac)
        .text("owner-id", interface.scope.account)
        .maybe("public-hostname", public_name(snapshot, interface))
        .maybe("public-ipv4s", public)
        .lines("security-group-ids", &interface.groups)
        .lines("security-groups", group_names(snapshot, interface))
        .text("subnet-id", subnet.id)
        .text("subnet-ipv4-cidr-block", subnet.cidr)
        .text("vpc-id", vpc.id)
        .text("vpc-ipv4-cidr-block", vpc.primary_cidr())
        .lines("vpc-ipv4-cidr-blocks", vpc.cidrs())
}

/// The name of its public address, where the VPC gives names.
pub(super) fn public_name(snapshot: &Snapshot, interface: &NetworkInterface) -> Option<DnsName> {
    let public = interface.public_ip().filter(|_| snapshot.resolve(interface.vpc).gives_public_names())?;
    Some(DnsName::Public(public, interface.scope.region))
}

/// The names of its groups.
pub(super) fn group_names<'a>(snapshot: &'a Snapshot, interface: &'a NetworkInterface) -> impl Iterator<Item = &'a str> {
    interface.groups.iter().filter_map(|&group| snapshot.get(group)).map(|group| group.name.as_str())
}
