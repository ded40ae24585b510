//! What changes in a small world, and what is sent in it, by chance.

use std::net::IpAddr;

use semantics::Transport;

/// Those who send.
pub const INSTANCES: [&str; 6] = ["left/a/1", "left/a/2", "left/b/1", "middle/a/1", "middle/a/2", "right/a/1"];

/// Three VPCs in a row; the outer two have the same addresses.
pub const LAB: &str = "
    vpc left 10.1.0.0/16
    subnet left/a 10.1.0.0/24
    subnet left/b 10.1.1.0/24
    vpc middle 10.2.0.0/16
    subnet middle/a 10.2.0.0/24
    vpc right 10.1.0.0/16
    subnet right/a 10.1.1.0/24
    group left/web
    group middle/web
    instance left/a/1 10.1.0.10
    instance left/a/2 10.1.0.11 group left/web
    instance left/b/1 10.1.1.10 group left/default group left/web
    instance middle/a/1 10.2.0.10
    instance middle/a/2 10.2.0.11 group middle/web
    instance right/a/1 10.1.1.10
    gateway left
    gateway middle
    table left/own
    table middle/own
    acl left/strict
    acl middle/strict
";

/// What makes packets arrive; most of it is in most worlds.
const USUAL: &[&str] = &[
    "peer left middle",
    "accept left middle",
    "peer middle right",
    "accept middle right",
    "route left/main 10.2.0.0/16 peering middle",
    "route middle/main 10.1.0.0/16 peering left",
    "route middle/main 10.1.1.0/24 peering right",
    "route right/main 10.2.0.0/16 peering middle",
    "route left/main 0.0.0.0/0 gateway",
    "route middle/main 0.0.0.0/0 gateway",
    "route left/own 0.0.0.0/0 gateway",
    "guard middle/a middle/strict",
    "entry middle/strict ingress 100 allow all 0.0.0.0/0",
    "entry middle/strict ingress 90 deny udp 53 10.1.1.0/24",
    "entry middle/strict egress 100 allow tcp 1024-65535 0.0.0.0/0",
    "entry middle/strict egress 101 allow icmp 0.0.0.0/0",
    "entry middle/strict egress 102 allow udp 0-65535 10.0.0.0/8",
    "elastic left/a/1 198.18.0.11",
    "elastic left/a/2 198.18.0.12",
    "elastic middle/a/1 198.18.0.21",
    "allow left/default ingress icmp 0.0.0.0/0",
    "allow left/default ingress tcp 22 0.0.0.0/0",
    "allow left/web ingress udp 53 0.0.0.0/0",
    "allow left/web ingress all group middle/default",
    "allow middle/default ingress all 10.0.0.0/8",
    "allow middle/default ingress tcp 22 0.0.0.0/0",
    "allow middle/web ingress all group left/web",
    "allow right/default ingress tcp 0-65535 0.0.0.0/0",
];

const VPCS: &[&str] = &["left", "middle", "right"];
const PRIVATE: &[&str] = &["10.1.0.10", "10.1.0.11", "10.1.1.10", "10.2.0.10", "10.2.0.11"];
const PUBLIC: &[&str] = &["198.18.0.11", "198.18.0.12", "198.18.0.21"];
const NOBODY: &[&str] = &["10.1.0.77", "10.2.0.77", "10.1.200.1", "172.31.0.1", "198.18.0.99", "169.254.10.10", "224.0.0.1"];
const SERVICES: &[&str] = &["169.254.169.254", "169.254.169.253", "10.1.0.1", "10.1.0.2", "10.2.0.2"];
const STRANGERS: &[&str] = &["203.0.113.10", "203.0.113.80", "8.8.8.8"];
const CIDRS: &[&str] =
    &["0.0.0.0/0", "0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/24", "10.1.1.10/32", "10.2.0.0/16", "10.2.0.10/32", "198.18.0.0/20"];
const TRAFFIC: &[&str] = &["all", "icmp", "icmp-type 0", "icmp-type 8", "tcp 22", "tcp 0-65535", "tcp 1024-65535", "udp 53", "udp 0-65535"];
const DIRECTIONS: &[&str] = &["ingress", "egress"];

/// Chance that can be repeated: splitmix64.
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn of(&mut self, vpcs: &[&str], names: &[&str]) -> String {
        format!("{}/{}", self.pick(vpcs), self.pick(names))
    }

    /// What the world begins with besides the lab.
    pub fn beginning(&mut self) -> Vec<&'static str> {
        USUAL.iter().copied().filter(|_| self.percent(90)).collect()
    }

    /// A line that may be legal in the lab.
    pub fn change(&mut self) -> String {
        let (vpc, direction, traffic, cidr) = (self.pick(VPCS), self.pick(DIRECTIONS), self.pick(TRAFFIC), self.pick(CIDRS));
        let verb = self.pick(&["allow", "revoke"]);
        let group = self.of(VPCS, &["default", "web"]);
        let table = self.of(VPCS, &["main", "own"]);
        match self.below(17) {
            0 => format!("{} {} {vpc}", self.pick(&["peer", "accept", "unpeer"]), self.pick(VPCS)),
            1 => format!("route {table} {cidr} peering {vpc}"),
            2 => format!("route {table} {cidr} gateway"),
            3 => format!("unroute {table} {cidr}"),
            4 => format!("associate {vpc}/{} {table}", self.pick(&["a", "b"])),
            5 | 6 => format!("{verb} {group} {direction} {traffic} {cidr}"),
            7 => format!("{verb} {group} {direction} {traffic} group {}", self.of(VPCS, &["default", "web"])),
            8 => format!("{verb} {group} egress all 0.0.0.0/0"),
            9 | 10 => {
                let line = self.pick(USUAL);
                line.strip_prefix("allow").filter(|_| verb == "revoke").map_or_else(|| line.to_owned(), |rule| format!("revoke{rule}"))
            }
            11 | 12 => {
                let acl = self.of(&["left", "middle"], &["default", "strict"]);
                format!("entry {acl} {direction} {} {} {traffic} {cidr}", 1 + self.below(120), self.pick(&["allow", "deny"]))
            }
            13 => format!("guard {vpc}/{} {}", self.pick(&["a", "b"]), self.of(&[vpc], &["default", "strict"])),
            14 => format!("dns {vpc} {}", self.pick(&["on", "off"])),
            15 => format!("elastic {} {}", self.pick(&INSTANCES), self.pick(PUBLIC)),
            _ => format!("release {}", self.pick(&INSTANCES)),
        }
    }

    /// Whom something is sent to.
    pub fn destination(&mut self, from_internet: bool) -> IpAddr {
        let addresses = match (from_internet, self.below(11)) {
            (true, 0) | (false, 9) => NOBODY,
            (false, 10) => SERVICES,
            (true, _) | (false, 7) => PUBLIC,
            (false, 8) => STRANGERS,
            (false, _) => PRIVATE,
        };
        self.pick(addresses).parse().unwrap()
    }

    /// Who somebody on the internet says that he is: mostly what he can be.
    pub fn stranger(&mut self) -> IpAddr {
        let addresses = if self.percent(90) { STRANGERS } else { PRIVATE };
        self.pick(addresses).parse().unwrap()
    }

    /// Who an instance says that it is if it lies.
    pub fn lie(&mut self) -> IpAddr {
        self.pick(PRIVATE).parse().unwrap()
    }

    /// What a packet carries.
    pub fn transport(&mut self) -> Transport {
        let source_port = self.pick(&[40000u16, 40001, 40002, 40003, 32768, 1024, 53, 22, 0]);
        let destination_port = self.pick(&[22u16, 22, 53, 53, 67, 80, 23, 1023, 40000, 65535]);
        match self.below(10) {
            0..4 => Transport::Tcp { source_port, destination_port },
            4..7 => Transport::Udp { source_port, destination_port },
            _ => Transport::Icmp { kind: self.pick(&[8u8, 8, 8, 0, 13, 14]), code: 0, identifier: self.below(12) as u16 },
        }
    }
}
