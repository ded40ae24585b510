//! What guests are told of their network (11.5, 2.2.7), and that nothing is said to what is no question.

use std::net::Ipv4Addr;

use model::{DhcpOptions, Draft, Id, IdDigits, NameServer, NetbiosNodeType, NetworkInterface, Snapshot, Vpc};
use proptest::prelude::*;
use scenario::World;
use services::dhcp::answer;

const OWN: Ipv4Addr = Ipv4Addr::new(10, 1, 4, 10);
const ROUTER: Ipv4Addr = Ipv4Addr::new(10, 1, 4, 1);
const TRANSACTION: [u8; 4] = [0xde, 0xad, 0xbe, 0xef];

const MESSAGE_TYPE: u8 = 53;
const REQUESTED_ADDRESS: u8 = 50;
const SERVER: u8 = 54;
const LONGEST_MESSAGE: u8 = 57;
const CLIENT: u8 = 61;

const DISCOVER: u8 = 1;
const OFFER: u8 = 2;
const REQUEST: u8 = 3;
const DECLINE: u8 = 4;
const ACK: u8 = 5;
const NAK: u8 = 6;
const RELEASE: u8 = 7;
const INFORM: u8 = 8;

struct Lab {
    snapshot: Snapshot,
}

impl Lab {
    /// An instance in a VPC that has been given these options.
    fn new(options: impl FnOnce(&mut DhcpOptions)) -> Self {
        let mut world = World::default();
        for line in ["vpc blue 10.1.0.0/16", "subnet blue/a 10.1.4.0/22", "instance blue/a/1 10.1.4.10"] {
            world.apply(&line.parse().unwrap()).unwrap();
        }
        let mut draft = Draft::new(world.snapshot());
        let vpc = draft.all::<Vpc>().next().unwrap().clone();
        let mut set = DhcpOptions {
            id: Id::from_digits(IdDigits::from_random(1)),
            scope: vpc.scope,
            domain_names: vec!["ec2.internal".parse().unwrap()],
            domain_name_servers: vec![NameServer::AmazonProvided],
            ntp_servers: Vec::new(),
            netbios_name_servers: Vec::new(),
            netbios_node_type: None,
        };
        options(&mut set);
        draft.update(vpc.id, |vpc| vpc.dhcp_options = Some(set.id));
        draft.put(set);
        Self { snapshot: draft.finish().0 }
    }

    fn interface(&self) -> &NetworkInterface {
        self.snapshot.all::<NetworkInterface>().next().unwrap()
    }

    fn ask(&self, message: &[u8]) -> Option<Answer> {
        answer(&self.snapshot, self.interface(), message).map(Answer)
    }

    /// A client's message with these options.
    fn message(&self, kind: u8, options: &[(u8, &[u8])]) -> Vec<u8> {
        let mut message = vec![1, 1, 6, 0];
        message.extend(TRANSACTION);
        message.extend([0, 0, 0x80, 0]);
        message.resize(28, 0);
        message.extend(self.interface().mac.0);
        message.resize(236, 0);
        message.extend([99, 130, 83, 99, 0, MESSAGE_TYPE, 1, kind]);
        for (number, value) in options {
            message.extend([*number, value.len() as u8]);
            message.extend(*value);
        }
        message.push(255);
        message
    }
}

struct Answer(Vec<u8>);

impl Answer {
    fn yours(&self) -> Ipv4Addr {
        <[u8; 4]>::try_from(&self.0[16..20]).unwrap().into()
    }

    /// The options, in order.
    fn options(&self) -> Vec<(u8, &[u8])> {
        let (mut left, mut options) = (&self.0[240..], Vec::new());
        while left[0] != 255 {
            let (value, rest) = left[2..].split_at(left[1].into());
            options.push((left[0], value));
            left = rest;
        }
        options
    }

    fn option(&self, wanted: u8) -> Option<&[u8]> {
        self.options().into_iter().find_map(|(number, value)| (number == wanted).then_some(value))
    }

    fn kind(&self) -> u8 {
        self.option(MESSAGE_TYPE).unwrap()[0]
    }
}

#[test]
fn a_guest_is_offered_its_own_address_and_then_has_it() {
    let lab = Lab::new(|_| {});
    let offer = lab.ask(&lab.message(DISCOVER, &[(CLIENT, b"me")])).unwrap();
    assert_eq!((offer.kind(), offer.yours(), offer.option(SERVER)), (OFFER, OWN, Some(&ROUTER.octets()[..])));
    assert_eq!((&offer.0[..3], &offer.0[4..8], &offer.0[10..12]), (&[2, 1, 6][..], &TRANSACTION[..], &[0x80, 0][..]));
    assert_eq!((&offer.0[28..34], offer.option(CLIENT)), (&lab.interface().mac.0[..], Some(&b"me"[..])));
    let ack = lab.ask(&lab.message(REQUEST, &[(REQUESTED_ADDRESS, &OWN.octets()), (SERVER, &ROUTER.octets())])).unwrap();
    assert_eq!((ack.kind(), ack.yours()), (ACK, OWN));
    let told: Vec<(u8, &[u8])> = ack.options().into_iter().skip(2).collect();
    let wanted: [(u8, &[u8]); 10] = [
        (51, &3600u32.to_be_bytes()),
        (58, &1800u32.to_be_bytes()),
        (59, &3150u32.to_be_bytes()),
        (1, &[255, 255, 252, 0]),
        (3, &ROUTER.octets()),
        (26, &9001u16.to_be_bytes()),
        (28, &[10, 1, 7, 255]),
        (6, &[10, 1, 0, 2]),
        (15, b"ec2.internal"),
        (12, b"ip-10-1-4-10"),
    ];
    assert_eq!(told, wanted);
}

#[test]
fn the_options_of_the_vpc_are_told() {
    let lab = Lab::new(|options| {
        options.domain_names = ["a.example", "b.example"].map(|name| name.parse().unwrap()).to_vec();
        options.domain_name_servers = vec![NameServer::At([10, 1, 4, 53].into()), NameServer::AmazonProvided];
        options.ntp_servers = vec![[169, 254, 169, 123].into()];
        options.netbios_name_servers = vec![[10, 1, 4, 7].into()];
        options.netbios_node_type = NetbiosNodeType::try_from(2).ok();
    });
    let told = lab.ask(&lab.message(INFORM, &[])).unwrap();
    assert_eq!((told.kind(), told.yours(), told.option(51)), (ACK, Ipv4Addr::UNSPECIFIED, None), "it has an address already");
    assert_eq!(told.option(6), Some(&[10, 1, 4, 53, 10, 1, 0, 2][..]));
    assert_eq!(told.option(15), Some(&b"a.example b.example"[..]));
    assert_eq!((told.option(42), told.option(44), told.option(46)), (Some(&[169, 254, 169, 123][..]), Some(&[10, 1, 4, 7][..]), Some(&[2][..])));
}

#[test]
fn a_vpc_without_options_tells_addresses_only() {
    let mut lab = Lab::new(|_| {});
    let mut draft = Draft::new(&lab.snapshot);
    draft.update(lab.interface().vpc, |vpc| vpc.dhcp_options = None);
    lab.snapshot = draft.finish().0;
    let offer = lab.ask(&lab.message(DISCOVER, &[])).unwrap();
    assert_eq!((offer.yours(), offer.option(3)), (OWN, Some(&ROUTER.octets()[..])));
    assert_eq!([6, 15, 42].map(|number| offer.option(number)), [None; 3]);
}

#[test]
fn a_lease_is_renewed_by_the_address_that_the_client_uses() {
    let lab = Lab::new(|_| {});
    let mut renewal = lab.message(REQUEST, &[]);
    renewal[12..16].copy_from_slice(&OWN.octets());
    assert_eq!(lab.ask(&renewal).unwrap().kind(), ACK);
    renewal[15] = 11;
    let refused = lab.ask(&renewal).unwrap();
    assert_eq!((refused.kind(), refused.yours(), refused.option(51)), (NAK, Ipv4Addr::UNSPECIFIED, None));
    assert_eq!(refused.0.len(), 300, "no message is shorter than BOOTP's");
    assert_eq!(lab.ask(&lab.message(REQUEST, &[(REQUESTED_ADDRESS, &[10, 1, 4, 11])])).unwrap().kind(), NAK);
}

#[test]
fn what_is_no_question_to_this_server_stays_unanswered() {
    let lab = Lab::new(|_| {});
    for kind in [0, OFFER, DECLINE, ACK, NAK, RELEASE, 9] {
        assert!(lab.ask(&lab.message(kind, &[])).is_none(), "type {kind}");
    }
    assert!(lab.ask(&lab.message(REQUEST, &[(REQUESTED_ADDRESS, &OWN.octets()), (SERVER, &[10, 1, 4, 99])])).is_none(), "another server");
    for (at, what) in [(0, "a reply"), (1, "no Ethernet"), (2, "no Ethernet address"), (24, "a relay"), (28, "another's card"), (236, "no DHCP")] {
        let mut message = lab.message(DISCOVER, &[]);
        message[at] += 1;
        assert!(lab.ask(&message).is_none(), "{what}");
    }
}

/// What has no room is left out, the rest stays whole: a client that says nothing takes 576 bytes with headers.
#[test]
fn an_answer_is_as_long_as_the_client_takes() {
    let longest = ["a"; 127].join(".");
    let lab = Lab::new(|options| {
        options.domain_names = vec![longest.parse().unwrap()];
        options.domain_name_servers = vec![NameServer::AmazonProvided; 4];
        options.ntp_servers = vec![OWN; 4];
    });
    let plain = lab.ask(&lab.message(DISCOVER, &[])).unwrap();
    assert_eq!((plain.option(15), plain.option(6).map(<[u8]>::len)), (None, Some(16)));
    assert!(plain.option(12).is_some() && plain.0.len() <= 548);
    let roomy = lab.ask(&lab.message(DISCOVER, &[(LONGEST_MESSAGE, &1500u16.to_be_bytes())])).unwrap();
    assert_eq!(roomy.option(15), Some(longest.as_bytes()));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(message in prop::collection::vec(any::<u8>(), 0..600)) {
        let lab = Lab::new(|_| {});
        prop_assert!(lab.ask(&message).is_none());
    }

    /// What begins as a client's message gets further, however its options are cut or lie about their lengths.
    #[test]
    fn any_options_are_read_without_panic(kind in 0u8..10, options in prop::collection::vec(any::<u8>(), 0..400), cut in 0usize..700) {
        let lab = Lab::new(|_| {});
        let mut message = lab.message(kind, &[]);
        message.pop();
        message.extend(options);
        message.truncate(cut.max(240));
        if let Some(answer) = lab.ask(&message) {
            prop_assert!((300..=u16::MAX.into()).contains(&answer.0.len()));
            prop_assert!([OFFER, ACK, NAK].contains(&answer.kind()));
        }
    }
}
