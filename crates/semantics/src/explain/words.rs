//! An explanation in words, once for every reader: the command line, its JSON, the console.

use std::net::IpAddr;

use model::{
    Direction, IcmpMatch, InternetGatewayId, NetworkInterfaceId, PeeringStatus, PortRange, ResourceId, RouteTarget, RulePeer, Scope,
    SecurityGroupRule, Snapshot, Traffic, VpcPeeringConnectionId,
};

use super::{Explanation, Line, Repair};
use crate::decision::Denial;
use crate::matching::matches;
use crate::packet::Packet;
use crate::trace::{Admission, Step};

/// An explanation, ready to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The answer in one line.
    pub headline: String,
    /// Whether packets arrive as things are.
    pub reachable: bool,
    /// The way there and the way back.
    pub legs: Vec<RenderedLeg>,
    /// What helps, as AWS CLI commands in order; empty if nothing is in the way, or nothing helps.
    pub fix: Vec<String>,
}

/// One direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedLeg {
    /// `forward` or `reply`.
    pub title: &'static str,
    /// What is on the way.
    pub lines: Vec<RenderedLine>,
}

/// One thing on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedLine {
    /// What it does to the packet.
    pub mark: Mark,
    /// What kind of thing it is: `SG out`, `route`, …
    pub stage: &'static str,
    /// Which one, by id and name.
    pub resource: String,
    /// What it says about this packet.
    pub detail: String,
    /// The code of AWS's Reachability Analyzer, where the packet does not pass.
    pub code: Option<&'static str>,
}

/// What a thing on the way does to the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It lets it pass.
    Passed,
    /// It drops it.
    Blocked,
    /// It is not reached; it will let the packet pass once what is before it does.
    Beyond,
}

impl Mark {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Mark::Passed => "passed",
            Mark::Blocked => "blocked",
            Mark::Beyond => "beyond",
        }
    }
}

impl Explanation {
    /// The words for it.
    pub fn render(&self, snapshot: &Snapshot) -> Rendered {
        let words = Words { before: snapshot, snapshot: &self.repaired };
        let mut reached = true;
        let mut leg = |title, lines: &[Line]| RenderedLeg { title, lines: words.lines(lines, &mut reached) };
        let legs = [leg("forward", &self.forward), leg("reply", &self.reply)];
        let request = &self.request;
        let verdict = if self.is_reachable() { "reachable" } else { "not reachable" };
        Rendered {
            headline: format!("{verdict}: {} {} → {}", request.transport, request.source, request.destination),
            reachable: self.is_reachable(),
            legs: legs.into_iter().filter(|leg| !leg.lines.is_empty()).collect(),
            fix: self.repairs().map(|repair| words.command(repair)).collect(),
        }
    }
}

struct Words<'a> {
    /// Things as they are.
    before: &'a Snapshot,
    /// Things as they would be: everything that the explanation names is in here.
    snapshot: &'a Snapshot,
}

impl Words<'_> {
    /// The lines of a leg. What is behind the first obstacle is not reached; an obstacle that lets the packet pass
    /// once it is repaired is not told a second time.
    fn lines(&self, lines: &[Line], reached: &mut bool) -> Vec<RenderedLine> {
        let mut told: Vec<RenderedLine> = Vec::new();
        for line in lines {
            match line {
                Line::Blocked { denial, packet, .. } => {
                    *reached = false;
                    told.push(self.blocked(denial, packet));
                }
                Line::Passed(step) => {
                    let passed = self.step(step, if *reached { Mark::Passed } else { Mark::Beyond });
                    let repaired = |last: &RenderedLine| last.mark == Mark::Blocked && last.stage == passed.stage && last.stage != "route";
                    if !told.last().is_some_and(repaired) {
                        told.push(passed);
                    }
                }
            }
        }
        told
    }

    fn blocked(&self, denial: &Denial, packet: &Packet) -> RenderedLine {
        let (stage, resource, detail) = self.denial(denial, packet);
        RenderedLine { mark: Mark::Blocked, stage, resource, detail, code: Some(denial.code()) }
    }

    fn step(&self, step: &Step, mark: Mark) -> RenderedLine {
        let (stage, resource, detail) = match *step {
            Step::Leave { interface } => ("from", self.interface(interface), self.address(interface)),
            Step::SecurityGroup { interface, direction, by } => self.admission(interface, direction, by),
            Step::SameSubnet { subnet } => ("subnet", self.named(subnet), "stays in it: network ACLs and route tables are not asked".to_owned()),
            Step::NetworkAcl { acl, direction, rule, .. } => (acl_stage(direction), self.named(acl), format!("rule {rule} allows it")),
            Step::Route { table, route, target, beats } => {
                let beaten = beats.map(|(route, target)| format!(" (beats {route} → {target})")).unwrap_or_default();
                ("route", self.named(table), format!("{route} → {target}{beaten}"))
            }
            Step::Peering { connection } => ("peering", self.named(connection), "active".to_owned()),
            Step::Translate { gateway, private, public } => ("gateway", self.named(gateway), format!("{private} is {public} outside")),
            Step::Hairpin { gateway } => ("gateway", self.named(gateway), "the destination is one of ours: back in".to_owned()),
            Step::Service { service } => ("service", service.as_str().to_owned(), "no route, group or network ACL is asked".to_owned()),
            Step::Arrive { interface } => ("to", self.interface(interface), self.address(interface)),
        };
        RenderedLine { mark, stage, resource, detail, code: None }
    }

    fn admission(&self, interface: NetworkInterfaceId, direction: Direction, by: Admission) -> (&'static str, String, String) {
        let stage = group_stage(direction);
        match by {
            Admission::Rule { group, rule } => {
                let rule = self.snapshot.get(group).and_then(|group| group.rules.iter().find(|other| other.id == rule));
                let detail = rule.map(|rule| format!("{} {} {}", traffic(&rule.traffic), arrow(direction), peer(&rule.peer)));
                (stage, self.group(group), detail.unwrap_or_default())
            }
            Admission::Reply => (stage, self.groups(interface), "lets the reply of a tracked flow pass".to_owned()),
            Admission::Tracked => (stage, self.groups(interface), "the flow is tracked".to_owned()),
            Admission::Related => (stage, self.groups(interface), "the error is about a tracked flow".to_owned()),
        }
    }

    fn denial(&self, denial: &Denial, packet: &Packet) -> (&'static str, String, String) {
        match *denial {
            Denial::UnknownInterface(id) => ("from", id.to_string(), "is not there any more".to_owned()),
            Denial::SourceCheck(id) => ("from", self.interface(id), "sends from an address that is not its own, and checks".to_owned()),
            Denial::NotRouted { destination } => ("router", destination.to_string(), "is never routed in a VPC".to_owned()),
            Denial::NoDnsSupport { vpc } => ("service", self.named(vpc), "enableDnsSupport is off: its DNS server does not answer".to_owned()),
            Denial::Unasked { destination, .. } => ("service", destination.to_string(), "did not ask".to_owned()),
            Denial::SecurityGroup { interface, direction } => {
                let near = self.nearest_miss(interface, direction, packet).map(|miss| format!("; {miss}")).unwrap_or_default();
                (group_stage(direction), self.groups(interface), format!("no {} rule admits it{near}", direction.as_str()))
            }
            Denial::NetworkAcl { acl, direction, rule, .. } => {
                let rule = rule.map_or_else(|| "*".to_owned(), |number| number.to_string());
                (acl_stage(direction), self.named(acl), format!("rule {rule} denies it"))
            }
            Denial::NoRoute { table, destination } => ("route", self.named(table), format!("no route to {destination}")),
            Denial::Blackhole { table, route, target } => {
                let why = match target {
                    RouteTarget::VpcPeeringConnection(id) => self.peering_status(id),
                    RouteTarget::InternetGateway(_) => "not attached to this VPC".to_owned(),
                };
                let target = crate::routing::Target::Beyond(target);
                ("route", self.named(table), format!("{route} → {target} is a blackhole: {why}"))
            }
            Denial::PeeringNotForAddress { route, connection, destination, .. } => {
                ("peering", self.named(connection), format!("{route} leads here, and the VPC at its other end does not have {destination}"))
            }
            Denial::Spoofed { vpc, source } => ("gateway", self.named(vpc), format!("{source} is not an address of this VPC")),
            Denial::PrivateDestination { gateway, table, route, destination } => {
                let table = self.named(table);
                ("gateway", self.named(gateway), format!("{table} sends {destination} here by {route}; the internet carries no private destination"))
            }
            Denial::NoPublicAddress { interface, .. } => {
                ("gateway", self.interface(interface), "has no public address that the internet gateway could give it".to_owned())
            }
            Denial::PrivateSource { source } => ("gateway", source.to_string(), "is private: nothing on the internet comes from there".to_owned()),
            Denial::NoSuchPublicAddress { destination } => ("gateway", destination.to_string(), "is no interface's public address".to_owned()),
            Denial::NoGateway { vpc } => ("gateway", self.named(vpc), "has no internet gateway attached".to_owned()),
            Denial::NoSuchAddress { vpc, destination } => ("to", self.named(vpc), format!("nothing has the address {destination}")),
            Denial::NotRunning { interface, .. } => {
                let endpoint = self.before.get(interface).and_then(|interface| interface.endpoint).and_then(|id| self.before.get(id));
                let detail = endpoint.map_or_else(|| "no running instance".to_owned(), |endpoint| format!("the endpoint is {}", endpoint.state));
                ("to", self.interface(interface), detail)
            }
        }
    }

    /// The rule that fails in one point only, and in which. One that was made for such traffic is nearer than one for
    /// another kind from the right place, and that is nearer than one for all traffic.
    fn nearest_miss(&self, interface: NetworkInterfaceId, direction: Direction, packet: &Packet) -> Option<String> {
        let groups = &self.before.get(interface)?.groups;
        let rules = groups.iter().filter_map(|&id| self.before.get(id)).flat_map(|group| group.rules(direction));
        let remote = match direction {
            Direction::Ingress => packet.source,
            Direction::Egress => packet.destination,
        };
        let nearness = |rule: &SecurityGroupRule| match (matches(&rule.traffic, packet), names(&rule.peer, remote)) {
            (true, _) if rule.traffic != Traffic::All => Some(3),
            (_, true) => Some(2),
            (true, _) => Some(1),
            _ => None,
        };
        let (_, near) = rules.filter_map(|rule| Some((nearness(rule)?, rule))).max_by_key(|(nearness, _)| *nearness)?;
        let says = format!("{} {} {}", traffic(&near.traffic), arrow(direction), peer(&near.peer));
        Some(if matches(&near.traffic, packet) {
            format!("the rule for {says} does not mean {remote}")
        } else {
            format!("the rule for {says} does not mean {}", packet.transport)
        })
    }

    fn peering_status(&self, id: VpcPeeringConnectionId) -> String {
        match self.before.get(id).map(|connection| connection.status) {
            Some(PeeringStatus::InitiatingRequest | PeeringStatus::PendingAcceptance) => "it is not accepted yet".to_owned(),
            Some(status) => format!("it is {status}"),
            None => "it is to be accepted".to_owned(),
        }
    }

    fn scope_of(&self, id: ResourceId) -> Option<Scope> {
        Some(match id {
            ResourceId::VpcId(id) => self.snapshot.get(id)?.scope,
            ResourceId::SubnetId(id) => self.snapshot.get(id)?.scope,
            ResourceId::RouteTableId(id) => self.snapshot.get(id)?.scope,
            ResourceId::NetworkAclId(id) => self.snapshot.get(id)?.scope,
            ResourceId::SecurityGroupId(id) => self.snapshot.get(id)?.scope,
            ResourceId::InternetGatewayId(id) => self.snapshot.get(id)?.scope,
            ResourceId::InstanceId(id) => self.snapshot.get(id)?.scope,
            ResourceId::InstanceConnectEndpointId(id) => self.snapshot.get(id)?.scope,
            ResourceId::VpcPeeringConnectionId(id) => self.snapshot.get(id)?.requester.scope,
            _ => return None,
        })
    }

    /// Id and `Name` tag.
    fn named(&self, id: impl Into<ResourceId>) -> String {
        let id = id.into();
        match self.scope_of(id).and_then(|scope| self.snapshot.name(scope, id)) {
            Some(name) => format!("{id} {name}"),
            None => id.to_string(),
        }
    }

    fn group(&self, id: model::SecurityGroupId) -> String {
        self.snapshot.get(id).map_or_else(|| id.to_string(), |group| format!("{id} {}", group.name))
    }

    fn groups(&self, interface: NetworkInterfaceId) -> String {
        let groups = self.snapshot.get(interface).map(|interface| interface.groups.as_slice()).unwrap_or_default();
        groups.iter().map(|&group| self.group(group)).collect::<Vec<_>>().join(" + ")
    }

    /// The instance or endpoint that has the interface; an imagined one has none, and is named by its subnet.
    fn interface(&self, id: NetworkInterfaceId) -> String {
        let Some(interface) = self.snapshot.get(id) else { return id.to_string() };
        let imagined = model::IdDigits::from_random(u64::MAX);
        match interface.attachment {
            Some(attachment) if attachment.id.digits() != imagined => self.named(attachment.instance),
            Some(_) => format!("a new instance in {}", self.named(interface.subnet)),
            None => interface.endpoint.map_or_else(|| id.to_string(), |endpoint| self.named(endpoint)),
        }
    }

    fn address(&self, id: NetworkInterfaceId) -> String {
        self.snapshot.get(id).map(|interface| interface.private_ip.to_string()).unwrap_or_default()
    }

    /// The repair as a command of the AWS CLI.
    fn command(&self, repair: &Repair) -> String {
        match *repair {
            Repair::Authorize { group, direction, traffic, peer } => {
                let ranges = if peer.is_ipv6() { format!("Ipv6Ranges=[{{CidrIpv6={peer}}}]") } else { format!("IpRanges=[{{CidrIp={peer}}}]") };
                let permission = format!("{},{ranges}", permission(&traffic));
                format!("aws ec2 authorize-security-group-{} --group-id {group} --ip-permissions '{permission}'", direction.as_str())
            }
            Repair::AllowInAcl { acl, direction, number, traffic, cidr } => format!(
                "aws ec2 create-network-acl-entry --network-acl-id {acl} --{} --rule-number {number} --rule-action allow --cidr-block {cidr} {}",
                direction.as_str(),
                acl_traffic(&traffic),
            ),
            Repair::CreatePeering { requester, accepter, .. } => format!(
                "PCX=$(aws ec2 create-vpc-peering-connection --vpc-id {requester} --peer-vpc-id {accepter} \
                 --query VpcPeeringConnection.VpcPeeringConnectionId --output text)"
            ),
            Repair::AcceptPeering { connection } => {
                format!("aws ec2 accept-vpc-peering-connection --vpc-peering-connection-id {}", self.connection(connection))
            }
            Repair::Route { table, destination, target, replaces } => {
                let verb = if replaces { "replace" } else { "create" };
                let target = match target {
                    RouteTarget::VpcPeeringConnection(id) => format!("--vpc-peering-connection-id {}", self.connection(id)),
                    RouteTarget::InternetGateway(id) => format!("--gateway-id {}", self.gateway(id)),
                };
                format!("aws ec2 {verb}-route --route-table-id {table} --destination-cidr-block {destination} {target}")
            }
            Repair::AttachGateway { gateway, imagined, vpc } => {
                let create = "IGW=$(aws ec2 create-internet-gateway --query InternetGateway.InternetGatewayId --output text)";
                let attach = format!("aws ec2 attach-internet-gateway --internet-gateway-id {} --vpc-id {vpc}", self.gateway(gateway));
                if imagined { format!("{create} && {attach}") } else { attach }
            }
            Repair::AssociateElasticIp { interface } => format!(
                "aws ec2 associate-address --network-interface-id {interface} \
                 --allocation-id $(aws ec2 allocate-address --query AllocationId --output text)"
            ),
            Repair::EnableDnsSupport { vpc } => format!("aws ec2 modify-vpc-attribute --vpc-id {vpc} --enable-dns-support Value=true"),
            Repair::Start { instance } => format!("aws ec2 start-instances --instance-ids {instance}"),
        }
    }

    /// A gateway's id; of an imagined one, the shell variable that will hold it.
    fn gateway(&self, id: InternetGatewayId) -> String {
        if id.digits() == model::IdDigits::from_random(u64::MAX) { "\"$IGW\"".to_owned() } else { id.to_string() }
    }

    /// A connection's id; of an imagined one, the shell variable that will hold it.
    fn connection(&self, id: VpcPeeringConnectionId) -> String {
        if id.digits() == model::IdDigits::from_random(u64::MAX) { "\"$PCX\"".to_owned() } else { id.to_string() }
    }
}

fn group_stage(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "SG in",
        Direction::Egress => "SG out",
    }
}

fn acl_stage(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "NACL in",
        Direction::Egress => "NACL out",
    }
}

fn arrow(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "from",
        Direction::Egress => "to",
    }
}

/// Whether the rule means that address, by number.
fn names(peer: &RulePeer, address: IpAddr) -> bool {
    matches!(peer, RulePeer::Cidr(cidr) if cidr.contains(address))
}

fn peer(peer: &RulePeer) -> String {
    match peer {
        RulePeer::Cidr(cidr) => cidr.to_string(),
        RulePeer::SecurityGroup { group, .. } => format!("members of {group}"),
    }
}

fn traffic(traffic: &Traffic) -> String {
    match traffic {
        Traffic::All => "all traffic".to_owned(),
        Traffic::Tcp(range) => format!("TCP {}", ports(range)),
        Traffic::Udp(range) => format!("UDP {}", ports(range)),
        Traffic::Icmp(message) => format!("ICMP{}", icmp(message)),
        Traffic::Icmpv6(message) => format!("ICMPv6{}", icmp(message)),
        Traffic::Protocol(number) => format!("protocol {number}"),
    }
}

fn ports(range: &PortRange) -> String {
    match range {
        PortRange { from, to } if from == to => from.to_string(),
        PortRange { from, to } => format!("{from}-{to}"),
    }
}

fn icmp(message: &IcmpMatch) -> String {
    match message {
        IcmpMatch::Any => String::new(),
        IcmpMatch::Type(kind) => format!(" type {kind}"),
        IcmpMatch::TypeAndCode(kind, code) => format!(" type {kind} code {code}"),
    }
}

/// Type and code as the API writes them, -1 for any.
fn icmp_numbers(message: &IcmpMatch) -> (i16, i16) {
    match *message {
        IcmpMatch::Any => (-1, -1),
        IcmpMatch::Type(kind) => (kind.into(), -1),
        IcmpMatch::TypeAndCode(kind, code) => (kind.into(), code.into()),
    }
}

/// The traffic in the AWS CLI's shorthand for `--ip-permissions`.
fn permission(traffic: &Traffic) -> String {
    let with_ports = |protocol: &str, range: &PortRange| format!("IpProtocol={protocol},FromPort={},ToPort={}", range.from, range.to);
    let with_icmp = |protocol: &str, message: &IcmpMatch| {
        let (kind, code) = icmp_numbers(message);
        format!("IpProtocol={protocol},FromPort={kind},ToPort={code}")
    };
    match traffic {
        Traffic::All => "IpProtocol=-1".to_owned(),
        Traffic::Tcp(range) => with_ports("tcp", range),
        Traffic::Udp(range) => with_ports("udp", range),
        Traffic::Icmp(message) => with_icmp("icmp", message),
        Traffic::Icmpv6(message) => with_icmp("icmpv6", message),
        Traffic::Protocol(number) => format!("IpProtocol={number}"),
    }
}

/// The traffic as options of `create-network-acl-entry`.
fn acl_traffic(traffic: &Traffic) -> String {
    let with_ports = |protocol: u8, range: &PortRange| format!("--protocol {protocol} --port-range From={},To={}", range.from, range.to);
    let with_icmp = |protocol: u8, message: &IcmpMatch| {
        let (kind, code) = icmp_numbers(message);
        format!("--protocol {protocol} --icmp-type-code Type={kind},Code={code}")
    };
    match traffic {
        Traffic::All => "--protocol -1".to_owned(),
        Traffic::Tcp(range) => with_ports(6, range),
        Traffic::Udp(range) => with_ports(17, range),
        Traffic::Icmp(message) => with_icmp(1, message),
        Traffic::Icmpv6(message) => with_icmp(58, message),
        Traffic::Protocol(number) => format!("--protocol {number}"),
    }
}
