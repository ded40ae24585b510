//! The DHCP server of a VPC, which every subnet's router is: a guest's own address, and the options that its VPC has been given.
//!
//! An interface has one address for ever, so there is nothing to lease and nothing to remember: the same question always has the
//! same answer. Secondary addresses are not told, as on AWS.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSetConcepts.html>, RFC 2131

mod message;

use std::net::Ipv4Addr;

use model::dns_name::short_name;
use model::{Ipv4Cidr, NetworkInterface, Snapshot};

use message::{Kind, Reply, Request, option};

/// How long an address may be used without asking again, in seconds; clients ask at half of it (RFC 2131, section 4.4.5).
const LEASE: u32 = 3600;

/// What a network card of an instance carries, in bytes of IP.
const MTU: u16 = 9001;

const OFFER: u8 = 2;
const ACK: u8 = 5;
const NAK: u8 = 6;

/// Answers what an interface asks. Nothing is said to what is no question, or is one to somebody else.
pub fn answer(snapshot: &Snapshot, interface: &NetworkInterface, message: &[u8]) -> Option<Vec<u8>> {
    let request = Request::read(message).filter(|request| request.mac == interface.mac)?;
    let subnet = snapshot.resolve(interface.subnet);
    let (router, own) = (subnet.router(), interface.private_ip);
    if request.server.is_some_and(|chosen| chosen != router) {
        return None;
    }
    let (kind, yours) = match request.kind {
        Kind::Discover => (OFFER, Some(own)),
        Kind::Request if request.requested_address.or(request.client_address) == Some(own) => (ACK, Some(own)),
        Kind::Request => return Some(Reply::to(&request, NAK, router, None).finish()),
        Kind::Inform => (ACK, None),
    };
    let mut reply = Reply::to(&request, kind, router, yours);
    if yours.is_some() {
        for (number, seconds) in [(option::LEASE_TIME, LEASE), (option::RENEWAL_TIME, LEASE / 2), (option::REBINDING_TIME, LEASE / 8 * 7)] {
            reply.add(number, &seconds.to_be_bytes());
        }
    }
    reply.add_addresses(option::SUBNET_MASK, [mask(subnet.cidr)]);
    reply.add_addresses(option::ROUTER, [router]);
    reply.add(option::MTU, &MTU.to_be_bytes());
    reply.add_addresses(option::BROADCAST, subnet.cidr.nth(subnet.cidr.size() - 1));
    add_options(&mut reply, snapshot, interface);
    reply.add(option::HOST_NAME, short_name(own).as_bytes());
    Some(reply.finish())
}

fn add_options(reply: &mut Reply, snapshot: &Snapshot, interface: &NetworkInterface) {
    let vpc = snapshot.resolve(interface.vpc);
    let Some(options) = vpc.dhcp_options.map(|id| snapshot.resolve(id)) else { return };
    reply.add_addresses(option::NAME_SERVERS, options.domain_name_servers.iter().map(|server| server.address(vpc)));
    reply.add_addresses(option::NTP_SERVERS, options.ntp_servers.iter().copied());
    reply.add_addresses(option::NETBIOS_NAME_SERVERS, options.netbios_name_servers.iter().copied());
    if let Some(kind) = options.netbios_node_type {
        reply.add(option::NETBIOS_NODE_TYPE, &[kind.number()]);
    }
    // Several are told with spaces between them, which Linux's clients understand.
    let domains: Vec<&str> = options.domain_names.iter().map(|name| name.as_str()).collect();
    reply.add(option::DOMAIN_NAME, domains.join(" ").as_bytes());
}

fn mask(cidr: Ipv4Cidr) -> Ipv4Addr {
    Ipv4Addr::from(!(cidr.size() - 1) as u32)
}
