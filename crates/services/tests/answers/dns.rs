//! What names mean to whom (2.2.8, 8.5, 9.5, 11.2, 11.12), and that no query is too odd to be answered, or not.

use std::net::Ipv4Addr;

use domain::base::iana::{Opcode, Rcode, Rtype};
use domain::base::{Message, MessageBuilder, Name};
use domain::rdata::{A, Ptr, Soa};
use model::{Association, Draft, NetworkInterface, Snapshot, Vpc, VpcPeeringConnection};
use proptest::prelude::*;
use scenario::World;
use services::dns::{Asker, Carrier, answer, failure, is_about_the_same, is_beyond};

struct Lab(Snapshot);

/// Two peered VPCs that give names, an instance in each; the other end's has a public address.
fn lab() -> Lab {
    let mut world = World::default();
    for line in [
        "vpc blue 10.1.0.0/16",
        "subnet blue/a 10.1.0.0/24",
        "instance blue/a/1 10.1.0.10",
        "vpc green 10.2.0.0/16",
        "subnet green/a 10.2.0.0/24",
        "instance green/a/1 10.2.0.10",
        "vpc far 198.51.100.0/24",
        "subnet far/a 198.51.100.0/24",
        "instance far/a/1 198.51.100.10",
        "peer blue green",
        "accept blue green",
        "peer blue far",
        "accept blue far",
    ] {
        world.apply(&line.parse().unwrap()).unwrap();
    }
    let mut lab = Lab(world.snapshot().clone());
    lab.every_vpc(|vpc| vpc.enable_dns_hostnames = true);
    lab
}

impl Lab {
    fn change(&mut self, change: impl FnOnce(&mut Draft)) {
        let mut draft = Draft::new(&self.0);
        change(&mut draft);
        self.0 = draft.finish().0;
    }

    fn every_vpc(&mut self, change: impl Fn(&mut Vpc)) {
        let ids: Vec<_> = self.0.all::<Vpc>().map(|vpc| vpc.id).collect();
        self.change(|draft| ids.into_iter().for_each(|id| draft.update(id, &change)));
    }

    fn every_peering(&mut self, change: impl Fn(&mut VpcPeeringConnection)) {
        let ids: Vec<_> = self.0.all::<VpcPeeringConnection>().map(|connection| connection.id).collect();
        self.change(|draft| ids.into_iter().for_each(|id| draft.update(id, &change)));
    }

    fn interface(&self, address: &str) -> &NetworkInterface {
        self.0.all::<NetworkInterface>().find(|interface| interface.private_ip.to_string() == address).unwrap()
    }

    /// Gives an interface the public address 198.18.0.N.
    fn publish(&mut self, address: &str, last: u8) {
        let (id, public_ip) = (self.interface(address).id, Ipv4Addr::new(198, 18, 0, last));
        self.change(|draft| draft.update(id, |interface| interface.association = Some(Association { public_ip, elastic: None })));
    }

    /// The answer in words: an address, a name, `no data` or `no such name`.
    fn ask(&self, from: &str, name: &str, kind: Rtype) -> String {
        let asker = if from == "outside" { Asker::Stranger } else { Asker::Interface(self.interface(from)) };
        let reply = answer(&self.0, asker, &query(name, kind), Carrier::Udp).unwrap();
        let reply = Message::from_octets(reply).unwrap();
        assert!(reply.header().qr() && reply.header().ra() && reply.header().rd() && !reply.header().tc());
        assert_eq!(reply.header().id(), 7);
        assert_eq!(reply.sole_question().unwrap().qname().to_string(), name.trim_end_matches('.'), "in the case in which it was asked");
        let record = reply.answer().unwrap().next().map(|record| record.unwrap());
        if let Some(record) = record {
            assert_eq!(reply.header().rcode(), Rcode::NOERROR);
            return match record.rtype() {
                Rtype::A => record.into_record::<A>().unwrap().unwrap().data().to_string(),
                _ => record.into_record::<Ptr<_>>().unwrap().unwrap().data().to_string().trim_end_matches('.').to_owned(),
            };
        }
        let authority = reply.authority().unwrap().next().unwrap().unwrap().into_record::<Soa<_>>().unwrap().unwrap();
        let zone = Some(authority.owner().to_string()).filter(|zone| !zone.is_empty()).unwrap_or_else(|| ".".to_owned());
        match reply.header().rcode() {
            Rcode::NOERROR => format!("no data, says {zone}"),
            Rcode::NXDOMAIN => format!("no such name, says {zone}"),
            other => format!("{other}"),
        }
    }

    fn address(&self, from: &str, name: &str) -> String {
        self.ask(from, name, Rtype::A)
    }
}

fn query(name: &str, kind: Rtype) -> Vec<u8> {
    let mut builder = MessageBuilder::new_vec();
    builder.header_mut().set_id(7);
    builder.header_mut().set_rd(true);
    let mut question = builder.question();
    question.push((Name::vec_from_str(name).unwrap(), kind)).unwrap();
    question.finish()
}

const BLUE: &str = "10.1.0.10";
const GREEN: &str = "10.2.0.10";

#[test]
fn private_names_mean_private_addresses() {
    let mut lab = lab();
    assert_eq!(lab.address(BLUE, "ip-10-1-0-10.ec2.internal."), BLUE);
    assert_eq!(lab.address(BLUE, "IP-10-1-0-10.EC2.Internal"), BLUE);
    assert_eq!(lab.ask(BLUE, "ip-10-1-0-10.ec2.internal", Rtype::AAAA), "no data, says ec2.internal");
    assert_eq!(lab.ask(BLUE, "ip-10-1-0-10.ec2.internal", Rtype::from_int(65)), "no data, says ec2.internal");
    assert_eq!(lab.ask(BLUE, "ip-10-1-0-10.ec2.internal", Rtype::from_int(64_000)), "no data, says ec2.internal", "a type of nobody's");
    assert_eq!(lab.address(BLUE, "ip-10-1-0-11.ec2.internal"), "no such name, says ec2.internal");
    assert_eq!(lab.address(BLUE, "ip-10-1-0-10.eu-west-1.compute.internal"), "no such name, says eu-west-1.compute.internal");
    assert_eq!(lab.address("outside", "ip-10-1-0-10.ec2.internal"), "no such name, says ec2.internal");
    assert_eq!(lab.ask(BLUE, "10.0.1.10.in-addr.arpa", Rtype::PTR), "ip-10-1-0-10.ec2.internal");
    assert_eq!(lab.ask(BLUE, "11.0.1.10.in-addr.arpa", Rtype::PTR), "no such name, says .");
    assert_eq!(lab.ask("outside", "10.0.1.10.in-addr.arpa", Rtype::PTR), "no such name, says .");
    assert_eq!(lab.address(BLUE, "instance-data.ec2.internal"), "169.254.169.254");
    lab.every_vpc(|vpc| vpc.enable_dns_hostnames = false);
    assert_eq!(lab.address(BLUE, "ip-10-1-0-10.ec2.internal"), "no such name, says ec2.internal", "the VPC gives no names");
}

/// Rule 8.5.5: in the region, and where addresses are RFC 1918's; otherwise the other side has to allow it.
#[test]
fn private_names_are_known_across_a_peering() {
    let mut lab = lab();
    let far = "ip-198-51-100-10.ec2.internal";
    assert_eq!((lab.address(BLUE, "ip-10-2-0-10.ec2.internal"), lab.address(GREEN, "ip-10-1-0-10.ec2.internal")), (GREEN.into(), BLUE.into()));
    assert_eq!(lab.address(GREEN, far), "no such name, says ec2.internal", "they are not peered");
    assert_eq!(lab.address(BLUE, far), "no such name, says ec2.internal");
    assert_eq!(lab.ask(BLUE, "10.0.2.10.in-addr.arpa", Rtype::PTR), "ip-10-2-0-10.ec2.internal");
    lab.every_peering(|connection| connection.requester.allow_dns_resolution_from_remote_vpc = true);
    assert_eq!(lab.address(BLUE, far), "no such name, says ec2.internal", "that is the wrong side");
    lab.every_peering(|connection| connection.accepter.allow_dns_resolution_from_remote_vpc = true);
    assert_eq!(lab.address(BLUE, far), "198.51.100.10");
    lab.every_peering(|connection| connection.status = model::PeeringStatus::Deleted);
    assert_eq!(lab.address(BLUE, "ip-10-2-0-10.ec2.internal"), "no such name, says ec2.internal");
}

/// Rules 9.5.3 and 8.5.4.
#[test]
fn public_names_mean_what_is_nearer() {
    let mut lab = lab();
    let name = "ec2-198-18-0-9.compute-1.amazonaws.com";
    assert_eq!(lab.address(GREEN, name), "no such name, says .");
    lab.publish(GREEN, 9);
    assert_eq!(
        (lab.address(GREEN, name), lab.address(BLUE, name), lab.address("outside", name)),
        (GREEN.into(), "198.18.0.9".into(), "198.18.0.9".into())
    );
    assert_eq!(lab.ask("outside", "9.0.18.198.in-addr.arpa", Rtype::PTR), name);
    assert_eq!(lab.address(GREEN, "ec2-198-18-0-9.eu-west-1.compute.amazonaws.com"), "no such name, says .");
    lab.every_peering(|connection| connection.requester.allow_dns_resolution_from_remote_vpc = true);
    assert_eq!(lab.address(BLUE, name), "198.18.0.9", "that is the wrong side");
    lab.every_peering(|connection| connection.accepter.allow_dns_resolution_from_remote_vpc = true);
    assert_eq!(lab.address(BLUE, name), GREEN);
    lab.every_peering(|connection| connection.status = model::PeeringStatus::Deleted);
    assert_eq!(lab.address(BLUE, name), "198.18.0.9");
    lab.every_vpc(|vpc| vpc.enable_dns_hostnames = false);
    assert_eq!(lab.address("outside", name), "no such name, says .");
}

#[test]
fn the_internet_has_a_web_site() {
    let lab = lab();
    for from in [BLUE, "outside"] {
        assert_eq!(lab.address(from, "example.com"), "203.0.113.80");
        assert_eq!(lab.ask(from, "www.example.com", Rtype::AAAA), "no data, says .");
        for name in ["example.org", "com", ".", "a.example.com", "deb.debian.org"] {
            assert_eq!(lab.address(from, name), "no such name, says .", "{name}");
        }
    }
}

/// What is asked in a way that is not served, and how that is said.
#[test]
fn names_that_nobody_here_has_are_asked_for_beyond() {
    let lab = lab();
    let beyond = |name: &str| is_beyond(&lab.0, Asker::Interface(lab.interface(BLUE)), &query(name, Rtype::AAAA));
    for name in ["deb.debian.org", "example.org", "notexample.com", "8.8.8.8.in-addr.arpa", "amazonaws.com", "ec2.us-east-1.amazonaws.com"] {
        assert!(beyond(name), "{name}");
    }
    for name in [
        "example.com",
        "www.example.com",
        "other.Example.com",
        "ip-10-1-0-99.ec2.internal",
        "instance-data.ec2.internal",
        "ec2-198-18-0-77.compute-1.amazonaws.com",
        "1.0.0.10.in-addr.arpa",
        "9.0.18.198.in-addr.arpa",
        "localhost",
    ] {
        assert!(!beyond(name), "{name}");
    }
    let asked = query("example.org", Rtype::A);
    let failed = failure(&asked).unwrap();
    assert_eq!(Message::from_octets(&failed).unwrap().header().rcode(), Rcode::SERVFAIL);
    assert!(is_about_the_same(&asked, &failed) && !is_about_the_same(&query("example.net", Rtype::A), &failed));
}

#[test]
fn odd_queries_get_their_codes() {
    let lab = lab();
    let ask = |query: &[u8]| answer(&lab.0, Asker::Stranger, query, Carrier::Udp).map(|reply| Message::from_octets(reply).unwrap());
    let plain = query("example.com", Rtype::A);
    assert!(ask(&plain[..11]).is_none(), "no header");
    let mut reply = plain.clone();
    reply[2] |= 0x80;
    assert!(ask(&reply).is_none(), "two servers would talk for ever");
    for (at, value, code) in [(2, 0x28, Rcode::NOTIMP), (5, 0, Rcode::FORMERR), (5, 2, Rcode::FORMERR), (12, 0xc0, Rcode::FORMERR)] {
        let mut odd = plain.clone();
        odd[at] = value;
        let reply = ask(&odd).unwrap();
        assert_eq!((reply.header().rcode(), reply.header().id()), (code, 7), "{at}");
    }
    assert_eq!(ask(&query("example.com", Rtype::AXFR)).unwrap().header().rcode(), Rcode::REFUSED);
    let mut chaos = plain.clone();
    *chaos.last_mut().unwrap() = 3;
    assert_eq!(ask(&chaos).unwrap().header().rcode(), Rcode::REFUSED);
    assert_eq!(ask(&plain).unwrap().header().opcode(), Opcode::QUERY);
}

fn with_edns(size: u16, version: u8) -> Vec<u8> {
    let mut builder = MessageBuilder::new_vec().question();
    builder.push((Name::vec_from_str("example.com").unwrap(), Rtype::A)).unwrap();
    let mut additional = builder.additional();
    let set = additional.opt(|opt| {
        opt.set_udp_payload_size(size);
        opt.set_version(version);
        Ok(())
    });
    set.unwrap();
    additional.finish()
}

#[test]
fn edns_is_answered_in_edns() {
    let lab = lab();
    for size in [0, 512, 4096, u16::MAX] {
        let reply = answer(&lab.0, Asker::Stranger, &with_edns(size, 0), Carrier::Udp).unwrap();
        let reply = Message::from_octets(reply).unwrap();
        assert_eq!((reply.opt().unwrap().udp_payload_size(), reply.header_counts().ancount()), (1232, 1), "{size}");
    }
    let newer = Message::from_octets(answer(&lab.0, Asker::Stranger, &with_edns(1232, 1), Carrier::Udp).unwrap()).unwrap();
    assert_eq!((newer.opt_rcode().to_int(), newer.opt().unwrap().version(), newer.header_counts().ancount()), (16, 0, 0), "BADVERS");
}

proptest! {
    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..600), tcp: bool) {
        check(&bytes, tcp);
    }

    /// What begins like a query gets further.
    #[test]
    fn a_mutated_query_is_taken(
        edns: bool,
        mutations in proptest::collection::vec((0..60usize, any::<u8>()), 0..6),
        rest in proptest::collection::vec(any::<u8>(), 0..40),
        tcp: bool,
    ) {
        let mut bytes = if edns { with_edns(512, 0) } else { query("ip-10-1-0-10.ec2.internal", Rtype::A) };
        for (at, value) in mutations {
            let length = bytes.len();
            bytes[at % length] = value;
        }
        bytes.extend(rest);
        check(&bytes, tcp);
    }
}

/// It is answered by a message that fits, or not at all.
fn check(bytes: &[u8], tcp: bool) {
    thread_local!(static LAB: Lab = lab());
    LAB.with(|lab| {
        let asker = Asker::Interface(lab.interface(BLUE));
        let carrier = if tcp { Carrier::Tcp } else { Carrier::Udp };
        if let Some(reply) = answer(&lab.0, asker, bytes, carrier) {
            assert!(tcp || reply.len() <= 1232);
            let reply = Message::from_octets(reply).unwrap();
            assert_eq!(reply.header().id().to_be_bytes(), bytes[..2]);
            assert!(reply.header().qr());
            assert!(reply.iter().all(|record| record.is_ok()), "every record of it can be read");
        }
    });
}
