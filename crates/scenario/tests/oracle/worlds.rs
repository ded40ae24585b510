//! Random histories: what changes in a small lab, and what is sent in it.

use std::net::IpAddr;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use semantics::Transport;

/// Something that happens.
#[derive(Clone, Debug)]
pub enum Event {
    /// A statement of the scenario language; one that the lab does not allow changes nothing.
    Change(String),
    /// What the scenario language has no statement for: it begins if it is not so, else it ends.
    Toggle(Oddity),
    /// A packet of a new flow.
    Send(Sending),
    /// A packet that has to do with one sent that many packets ago.
    Resume(usize, Continuation),
}

/// A state that only the API can bring about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// The instance's interface does not check sources.
    Forwards(&'static str),
    /// The instance is stopped.
    Stopped(&'static str),
    /// The VPC's internet gateway is detached.
    Detached(&'static str),
    /// The endpoint is being deleted.
    Going(&'static str),
    /// The VPC has a second block, 10.3.0.0/16.
    Extended(&'static str),
}

/// A packet to send.
#[derive(Clone, Debug)]
pub struct Sending {
    /// The instance that sends it; `None` is somebody on the internet.
    pub from: Option<&'static str>,
    /// The source, if it is another than the sender's own.
    pub claims: Option<IpAddr>,
    /// Whom it is for.
    pub to: IpAddr,
    /// What it carries.
    pub transport: Transport,
}

/// What may follow a packet.
#[derive(Clone, Copy, Debug)]
pub enum Continuation {
    /// The same again.
    Again,
    /// The answer, by the one whom it reached or should have reached.
    Reply,
    /// An ICMP error about it, of this type and code, by that one or by somebody on the way to it.
    Error(u8, u8, Option<IpAddr>),
    /// An ICMP error that quotes a packet like it, but of another port.
    StrayError,
}

/// Who sends: instances, and EC2 Instance Connect Endpoints.
pub const SENDERS: [&str; 12] = [
    "left/a/1",
    "left/a/2",
    "left/b/1",
    "left/c/1",
    "middle/a/1",
    "middle/a/2",
    "middle/b/1",
    "right/a/1",
    "right/b/1",
    "far/a/1",
    "left/a/door",
    "middle/b/door",
];

/// The last of them.
const ENDPOINTS: [&str; 2] = ["left/a/door", "middle/b/door"];

/// Four VPCs; `left` and `right` share half of their addresses, `far` is of RFC 6598 and one subnet.
pub const LAB: &str = "
    vpc left 10.1.0.0/16
    subnet left/a 10.1.0.0/24
    subnet left/b 10.1.1.0/24
    subnet left/c 10.1.128.0/28
    vpc middle 10.2.0.0/16
    subnet middle/a 10.2.0.0/24
    subnet middle/b 10.2.1.0/24
    vpc right 10.1.0.0/17
    subnet right/a 10.1.1.0/24
    subnet right/b 10.1.2.0/24
    vpc far 100.64.0.0/24
    subnet far/a 100.64.0.0/24
    group left/web
    group middle/web
    group right/web
    instance left/a/1 10.1.0.10
    instance left/a/2 10.1.0.11 group left/web
    instance left/b/1 10.1.1.10 group left/default group left/web
    instance left/c/1 10.1.128.4
    instance middle/a/1 10.2.0.10
    instance middle/a/2 10.2.0.254 group middle/web
    instance middle/b/1 10.2.1.10
    instance right/a/1 10.1.1.10 group right/web
    instance right/b/1 10.1.2.10
    instance far/a/1 100.64.0.10
    endpoint left/a/door group left/web
    endpoint middle/b/door
    gateway left
    gateway middle
    table left/own
    table middle/own
    acl left/strict
    acl middle/strict";

/// What makes packets arrive; most of it is in most worlds.
const USUAL: &[&str] = &[
    "peer left middle",
    "accept left middle",
    "peer middle right",
    "accept middle right",
    "peer far middle",
    "accept far middle",
    "route left/main 10.2.0.0/16 peering middle",
    "route middle/main 10.1.0.0/16 peering left",
    "route middle/main 10.1.1.0/24 peering right",
    "route right/main 10.2.0.0/16 peering middle",
    "route far/main 10.0.0.0/8 peering middle",
    "route middle/main 100.64.0.0/24 peering far",
    "route left/main 0.0.0.0/0 gateway",
    "route middle/main 0.0.0.0/0 gateway",
    "route left/own 0.0.0.0/0 gateway",
    "associate left/b left/own",
    "guard middle/b middle/strict",
    "entry middle/strict ingress 100 allow all 10.0.0.0/8",
    "entry middle/strict ingress 90 deny udp 53 10.1.1.0/24",
    "entry middle/strict egress 100 allow tcp 1024-65535 0.0.0.0/0",
    "entry middle/strict egress 101 allow icmp 0.0.0.0/0",
    "elastic left/a/1 198.18.0.11",
    "elastic left/a/2 198.18.0.12",
    "elastic left/b/1 198.18.0.13",
    "elastic middle/a/1 198.18.0.21",
    "elastic right/a/1 198.18.0.31",
    "allow left/default ingress icmp 0.0.0.0/0",
    "allow left/default ingress tcp 22 0.0.0.0/0",
    "allow left/web ingress udp 53 0.0.0.0/0",
    "allow left/web ingress all group middle/default",
    "allow middle/default ingress all 10.0.0.0/8",
    "allow middle/default ingress tcp 22 0.0.0.0/0",
    "allow middle/web ingress all group left/web",
    "allow right/web ingress all 10.2.0.10/32",
    "allow right/default ingress tcp 0-65535 0.0.0.0/0",
    "allow far/default ingress icmp 0.0.0.0/0",
];

/// What lets packets out to members of groups only; it is in some worlds.
const NARROW: &[&str] = &[
    "revoke left/default egress all 0.0.0.0/0",
    "allow left/default egress all group left/web",
    "allow left/default egress icmp group middle/default",
    "allow left/default egress tcp 22 group middle/web",
    "revoke middle/default egress all 0.0.0.0/0",
    "allow middle/default egress all group left/default",
    "allow middle/default egress tcp 22-53 group right/web",
    "revoke left/web egress all 0.0.0.0/0",
    "allow left/web egress all 10.1.0.0/24",
    "allow left/web egress tcp 0-65535 0.0.0.0/0",
];

/// Who can usually reach whom: in the subnet, in the VPC, over a peering connection, through the gateway and back in.
const USUAL_PAIRS: &[(&str, &str)] = &[
    ("left/a/1", "10.1.0.11"),
    ("left/a/2", "10.1.0.10"),
    ("left/a/1", "10.1.1.10"),
    ("left/b/1", "10.1.0.11"),
    ("left/c/1", "10.1.0.10"),
    ("left/a/1", "10.2.0.10"),
    ("left/a/2", "10.2.0.254"),
    ("left/b/1", "10.2.1.10"),
    ("middle/a/1", "10.1.0.10"),
    ("middle/b/1", "10.1.128.4"),
    ("middle/a/1", "10.1.1.10"),
    ("right/a/1", "10.2.0.10"),
    ("right/b/1", "10.2.1.10"),
    ("far/a/1", "10.2.0.10"),
    ("left/a/1", "203.0.113.80"),
    ("middle/a/1", "8.8.8.8"),
    ("left/a/1", "198.18.0.12"),
    ("left/b/1", "198.18.0.11"),
    ("middle/a/1", "198.18.0.11"),
    ("left/a/2", "198.18.0.21"),
    ("left/a/door", "10.1.0.10"),
    ("left/a/door", "10.1.1.10"),
    ("left/a/door", "10.2.0.10"),
    ("left/a/1", "10.1.0.4"),
    ("middle/b/door", "10.2.0.10"),
    ("middle/b/door", "10.1.0.10"),
    ("middle/a/1", "10.2.1.4"),
];

/// A world's first events, and then its history.
pub fn history() -> impl Strategy<Value = Vec<Event>> {
    let most = |lines: &'static [&'static str]| {
        let line = |(line, kept): (&&str, bool)| kept.then(|| Event::Change((*line).to_owned()));
        vec(prop::bool::weighted(0.9), lines.len()).prop_map(move |kept| lines.iter().zip(kept).filter_map(line).collect::<Vec<_>>())
    };
    let forwarder = forwarder().prop_map(|instance| vec![Event::Toggle(Oddity::Forwards(instance))]);
    let deaf = vpc().prop_map(|vpc| vec![Event::Change(format!("dns {vpc} off"))]);
    let sometimes = |events| prop::option::weighted(0.3, events).prop_map(Option::unwrap_or_default);
    (most(USUAL), sometimes(most(NARROW).boxed()), sometimes(forwarder.boxed()), sometimes(deaf.boxed()), vec(event(), 1..100))
        .prop_map(|(usual, narrow, forwarder, deaf, history)| [usual, narrow, forwarder, deaf, history].concat())
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => change().prop_map(Event::Change),
        1 => oddity().prop_map(Event::Toggle),
        5 => sending().prop_map(Event::Send),
        8 => (0..5usize, continuation()).prop_map(|(back, continuation)| Event::Resume(back, continuation)),
    ]
}

fn vpc() -> impl Strategy<Value = &'static str> {
    select(vec!["left", "middle", "right", "far"])
}

fn instance() -> impl Strategy<Value = &'static str> {
    select(SENDERS.to_vec())
}

/// One that in some worlds sends what is not its own.
fn forwarder() -> impl Strategy<Value = &'static str> {
    select(vec!["left/a/1", "left/b/1", "middle/a/1"])
}

fn oddity() -> impl Strategy<Value = Oddity> {
    prop_oneof![
        2 => instance().prop_map(Oddity::Forwards),
        2 => instance().prop_map(Oddity::Stopped),
        1 => vpc().prop_map(Oddity::Detached),
        1 => select(ENDPOINTS.to_vec()).prop_map(Oddity::Going),
        1 => vpc().prop_map(Oddity::Extended),
    ]
}

/// A line that may be legal in the lab.
fn change() -> impl Strategy<Value = String> {
    let two = || (vpc(), vpc()).prop_filter("a VPC does not peer with itself", |(one, other)| one != other);
    let of = |names: &[&'static str]| (vpc(), select(names.to_vec())).prop_map(|(vpc, name)| format!("{vpc}/{name}"));
    let group = || of(&["default", "web"]);
    let table = || of(&["main", "own"]);
    let acl = || of(&["default", "strict"]);
    let subnet = || of(&["a", "b", "c"]);
    let direction = || select(vec!["ingress", "egress"]);
    let number = || prop_oneof![select(vec![1u16, 99, 100, 101, 32766]), 1..200u16];
    let public = || select((10..=14u8).chain(20..=22).chain(30..=31).collect::<Vec<_>>()).prop_map(|last| format!("198.18.0.{last}"));
    let peering =
        (select(vec!["peer", "accept", "accept", "reject", "unpeer"]), two()).prop_map(|(verb, (one, other))| format!("{verb} {one} {other}"));
    let routes = prop_oneof![
        (table(), cidr(), vpc()).prop_map(|(table, cidr, vpc)| format!("route {table} {cidr} peering {vpc}")),
        (table(), cidr()).prop_map(|(table, cidr)| format!("route {table} {cidr} gateway")),
        (table(), cidr()).prop_map(|(table, cidr)| format!("unroute {table} {cidr}")),
        (subnet(), table()).prop_map(|(subnet, table)| format!("associate {subnet} {table}")),
    ]
    .prop_filter("AWS refuses a route for a block of its own VPC", |line| !is_route_for_own_block(line));
    let groups = prop_oneof![
        3 => (select(vec!["allow", "revoke"]), group(), direction(), traffic(), cidr())
            .prop_map(|(verb, group, direction, traffic, cidr)| format!("{verb} {group} {direction} {traffic} {cidr}")),
        1 => (select(vec!["allow", "revoke"]), group(), direction(), traffic(), group())
            .prop_map(|(verb, group, direction, traffic, peer)| format!("{verb} {group} {direction} {traffic} group {peer}")),
        2 => select(USUAL.iter().filter(|line| line.starts_with("allow")).collect::<Vec<_>>()).prop_map(|line| line.replacen("allow", "revoke", 1)),
        2 => (select(vec!["allow", "revoke"]), group()).prop_map(|(verb, group)| format!("{verb} {group} egress all 0.0.0.0/0")),
    ];
    let acls = prop_oneof![
        3 => (acl(), direction(), number(), select(vec!["allow", "deny"]), traffic(), cidr())
            .prop_map(|(acl, direction, number, action, traffic, cidr)| format!("entry {acl} {direction} {number} {action} {traffic} {cidr}")),
        1 => (acl(), direction(), number()).prop_map(|(acl, direction, number)| format!("no-entry {acl} {direction} {number}")),
        1 => (subnet(), acl()).prop_map(|(subnet, acl)| format!("guard {subnet} {acl}")),
    ];
    let instances = prop_oneof![
        2 => (instance(), public()).prop_map(|(instance, address)| format!("elastic {instance} {address}")),
        1 => instance().prop_map(|instance| format!("release {instance}")),
        2 => instance().prop_map(|instance| format!("terminate {instance}")),
        1 => vpc().prop_map(|vpc| format!("gateway {vpc}")),
        1 => select(ENDPOINTS.to_vec()).prop_map(|endpoint| format!("close {endpoint}")),
    ];
    let dns = (vpc(), select(vec!["on", "off", "off"])).prop_map(|(vpc, state)| format!("dns {vpc} {state}"));
    prop_oneof![4 => peering, 6 => routes, 8 => groups, 6 => acls, 4 => instances, 3 => dns]
}

fn is_route_for_own_block(line: &str) -> bool {
    let blocks = [("left", "10.1.0.0/16"), ("middle", "10.2.0.0/16"), ("right", "10.1.0.0/17"), ("far", "100.64.0.0/24")];
    line.starts_with("route")
        && (line.contains("10.3.0.0/16")
            || blocks.iter().any(|(vpc, block)| line.contains(&format!(" {vpc}/")) && line.contains(&format!(" {block} "))))
}

fn cidr() -> impl Strategy<Value = &'static str> {
    select(vec![
        "0.0.0.0/0",
        "0.0.0.0/0",
        "0.0.0.0/1",
        "10.0.0.0/8",
        "10.1.0.0/16",
        "10.1.0.0/17",
        "10.1.0.0/24",
        "10.1.0.10/31",
        "10.1.1.0/24",
        "10.1.1.10/32",
        "10.1.128.0/28",
        "10.2.0.0/16",
        "10.2.0.10/31",
        "10.2.0.10/32",
        "10.3.0.0/16",
        "100.64.0.0/24",
        "198.18.0.0/20",
        "198.18.0.11/32",
        "203.0.113.10/32",
        "203.0.113.10/31",
        "::/0",
    ])
}

fn traffic() -> impl Strategy<Value = &'static str> {
    select(vec![
        "all",
        "icmp",
        "icmp-type 0",
        "icmp-type 8",
        "icmp-type 3",
        "tcp 22",
        "tcp 0",
        "tcp 65535",
        "tcp 22-23",
        "tcp 0-65535",
        "tcp 0-65534",
        "tcp 1-65535",
        "tcp 1024-65535",
        "udp 53",
        "udp 0-65535",
        "udp 1024-65535",
        "protocol 47",
    ])
}

fn sending() -> impl Strategy<Value = Sending> {
    let inside = (prop::option::weighted(0.95, instance()), prop::option::weighted(0.05, address()), address(), transport());
    let stranger = prop_oneof![
        8 => select(vec!["203.0.113.10", "203.0.113.80", "8.8.8.8"]),
        1 => select(vec!["198.18.0.11", "10.1.0.10", "100.64.0.10"]),
    ];
    let outside = (stranger, public_address(), transport());
    let forwarded = (forwarder(), address(), address(), transport());
    let claim = || prop_oneof![address(), Just(literal("0.0.0.0"))];
    let asking = (instance(), prop::option::weighted(0.2, claim()), service_address(), question());
    let usual = (select(USUAL_PAIRS.to_vec()), transport());
    prop_oneof![
        4 => usual.prop_map(|((from, to), transport)| Sending { from: Some(from), claims: None, to: literal(to), transport }),
        4 => inside.prop_map(|(from, claims, to, transport)| Sending { from, claims, to, transport }),
        1 => forwarded.prop_map(|(from, claims, to, transport)| Sending { from: Some(from), claims: Some(claims), to, transport }),
        2 => outside.prop_map(|(claims, to, transport)| Sending { from: None, claims: Some(literal(claims)), to, transport }),
        3 => asking.prop_map(|(from, claims, to, transport)| Sending { from: Some(from), claims, to, transport }),
    ]
}

/// Where a service is, for some VPC at least.
fn service_address() -> impl Strategy<Value = IpAddr> {
    select(vec![
        "169.254.169.254",
        "169.254.169.253",
        "169.254.169.253",
        "169.254.169.123",
        "169.254.169.2",
        "169.254.169.3",
        "10.1.0.1",
        "10.1.0.2",
        "10.2.0.2",
        "100.64.0.2",
        "255.255.255.255",
    ])
    .prop_map(literal)
}

/// What a service may be asked.
fn question() -> impl Strategy<Value = Transport> {
    let ports = || (select(vec![40000u16, 80, 67, 53, 123]), select(vec![53u16, 53, 67, 80, 80, 22, 123]));
    prop_oneof![
        3 => ports().prop_map(|(source_port, destination_port)| Transport::Tcp { source_port, destination_port }),
        2 => ports().prop_map(|(source_port, destination_port)| Transport::Udp { source_port, destination_port }),
        1 => Just(Transport::Icmp { kind: 8, code: 0, identifier: 1 }),
    ]
}

fn literal(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn public_address() -> impl Strategy<Value = IpAddr> {
    select(vec!["198.18.0.11", "198.18.0.12", "198.18.0.13", "198.18.0.21", "198.18.0.31", "198.18.0.99"]).prop_map(literal)
}

fn address() -> impl Strategy<Value = IpAddr> {
    let private = select(vec![
        "10.1.0.10",
        "10.1.0.11",
        "10.1.1.10",
        "10.1.128.4",
        "10.2.0.10",
        "10.2.0.254",
        "10.2.1.10",
        "10.1.2.10",
        "100.64.0.10",
        "10.1.0.4",
        "10.2.1.4",
    ]);
    let nobody = select(vec!["10.1.0.77", "10.1.200.1", "10.2.0.11", "10.3.0.10", "10.9.0.1", "100.64.0.11", "172.31.0.1", "192.168.0.1"]);
    let outside = select(vec!["203.0.113.10", "203.0.113.80", "8.8.8.8"]);
    let nowhere = select(vec!["224.0.0.1", "239.255.255.255", "255.255.255.255", "169.254.10.10", "10.1.0.255"]);
    prop_oneof![12 => private.prop_map(literal), 3 => public_address(), 2 => outside.prop_map(literal), 2 => nobody.prop_map(literal), 1 => nowhere.prop_map(literal)]
}

fn transport() -> impl Strategy<Value = Transport> {
    let source = || select(vec![40000u16, 40000, 32768, 1024, 53, 22, 0, 65535]);
    let destination = || select(vec![22u16, 22, 53, 53, 0, 21, 23, 24, 1023, 1024, 65534, 65535]);
    prop_oneof![
        4 => (source(), destination()).prop_map(|(source_port, destination_port)| Transport::Tcp { source_port, destination_port }),
        3 => (source(), destination()).prop_map(|(source_port, destination_port)| Transport::Udp { source_port, destination_port }),
        4 => (select(vec![8u8, 8, 8, 8, 0, 13, 14, 3, 11]), select(vec![0u8, 0, 0, 1]), 0..3u16)
            .prop_map(|(kind, code, identifier)| Transport::Icmp { kind, code, identifier }),
        1 => select(vec![47u8, 50]).prop_map(Transport::Other),
    ]
}

fn continuation() -> impl Strategy<Value = Continuation> {
    let reporter = prop::option::weighted(0.4, prop_oneof![Just(literal("203.0.113.77")), address()]);
    prop_oneof![
        2 => Just(Continuation::Again),
        5 => Just(Continuation::Reply),
        2 => (select(vec![(3u8, 4u8), (3, 3), (11, 0)]), reporter).prop_map(|((kind, code), reporter)| Continuation::Error(kind, code, reporter)),
        1 => Just(Continuation::StrayError),
    ]
}
