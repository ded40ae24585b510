//! What a line of a `vpc` block says.

use std::net::Ipv4Addr;

use model::{Cidr, Direction, IcmpMatch, Ipv4Cidr, PortRange, RuleAction, Traffic};

/// One change of the world. Things are named by their place: `blue` is a VPC, `blue/a` its subnet (or route table,
/// group or network ACL), `blue/a/1` an instance there. Every VPC has a table `main`, and a group and a network ACL
/// `default`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// `vpc blue 10.1.0.0/16`
    Vpc {
        /// Its name.
        name: String,
        /// Its block.
        cidr: Ipv4Cidr,
    },
    /// `dns blue off`, `dns blue on`: whether the VPC's DNS server answers (`enableDnsSupport`).
    Dns {
        /// The VPC.
        vpc: String,
        /// Whether it does.
        on: bool,
    },
    /// `subnet blue/a 10.1.0.0/24`
    Subnet {
        /// Its name.
        name: String,
        /// Its block.
        cidr: Ipv4Cidr,
    },
    /// `instance blue/a/1 10.1.0.10`, `instance blue/a/1 10.1.0.10 group blue/web`
    Instance {
        /// Its name.
        name: String,
        /// Its private address.
        address: Ipv4Addr,
        /// Its groups; none is the VPC's default one.
        groups: Vec<String>,
    },
    /// `endpoint blue/a/door`, `endpoint blue/a/door group blue/doors`: an EC2 Instance Connect Endpoint.
    Endpoint {
        /// Its name.
        name: String,
        /// Its groups; none is the VPC's default one.
        groups: Vec<String>,
    },
    /// `close blue/a/door`: the endpoint is deleted.
    Close {
        /// The endpoint.
        endpoint: String,
    },
    /// `elastic blue/a/1 198.18.0.10`: an Elastic IP, associated.
    Elastic {
        /// The instance.
        instance: String,
        /// The address.
        address: Ipv4Addr,
    },
    /// `release blue/a/1`: disassociated, and given back.
    Release {
        /// The instance.
        instance: String,
    },
    /// `stop blue/a/1`
    Stop {
        /// The instance.
        instance: String,
    },
    /// `start blue/a/1`
    Start {
        /// The instance.
        instance: String,
    },
    /// `terminate blue/a/1`
    Terminate {
        /// The instance.
        instance: String,
    },
    /// `gateway blue`: an internet gateway, attached.
    Gateway {
        /// The VPC.
        vpc: String,
    },
    /// `table blue/public`
    Table {
        /// Its name.
        name: String,
    },
    /// `associate blue/a blue/public`
    Associate {
        /// The subnet.
        subnet: String,
        /// The table.
        table: String,
    },
    /// `route blue/public 10.2.0.0/16 peering green`, `route blue/public 0.0.0.0/0 gateway`
    Route {
        /// The table.
        table: String,
        /// The destination.
        destination: Cidr,
        /// Where it leads.
        via: RouteVia,
    },
    /// `unroute blue/public 10.2.0.0/16`
    Unroute {
        /// The table.
        table: String,
        /// The destination.
        destination: Cidr,
    },
    /// `peer blue green`: blue asks green.
    Peer {
        /// Who asks.
        requester: String,
        /// Who is asked.
        accepter: String,
    },
    /// `accept blue green`
    Accept {
        /// Who asked.
        requester: String,
        /// Who accepts.
        accepter: String,
    },
    /// `reject blue green`
    Reject {
        /// Who asked.
        requester: String,
        /// Who rejects.
        accepter: String,
    },
    /// `unpeer blue green`
    Unpeer {
        /// Who asked.
        requester: String,
        /// Who was asked.
        accepter: String,
    },
    /// `group blue/web`
    Group {
        /// Its name.
        name: String,
    },
    /// `allow green/default ingress icmp 10.1.0.0/16`, `allow blue/web egress tcp 5432 group blue/db`
    Allow(Permission),
    /// `revoke green/default ingress icmp 10.1.0.0/16`
    Revoke(Permission),
    /// `acl blue/strict`: a network ACL, which at birth denies everything.
    Acl {
        /// Its name.
        name: String,
    },
    /// `guard blue/a blue/strict`: the subnet's network ACL is this one from now on.
    Guard {
        /// The subnet.
        subnet: String,
        /// The network ACL.
        acl: String,
    },
    /// `entry blue/strict ingress 100 allow tcp 22 0.0.0.0/0`
    Entry(AclEntry),
    /// `no-entry blue/strict ingress 100`
    NoEntry {
        /// The network ACL.
        acl: String,
        /// Which way.
        direction: Direction,
        /// The rule's number.
        number: u16,
    },
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteVia {
    /// To the VPC's internet gateway.
    Gateway,
    /// Over the newest peering connection with that VPC.
    Peering(String),
}

/// What a security group's rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The group.
    pub group: String,
    /// Which way.
    pub direction: Direction,
    /// What.
    pub traffic: Traffic,
    /// Whom.
    pub peer: Peer,
}

/// Whom a security group's rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Addresses.
    Cidr(Cidr),
    /// The members of a group.
    Group(String),
}

/// A network ACL's rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclEntry {
    /// The network ACL.
    pub acl: String,
    /// Which way.
    pub direction: Direction,
    /// Its number.
    pub number: u16,
    /// What it does.
    pub action: RuleAction,
    /// To what.
    pub traffic: Traffic,
    /// From or to whom.
    pub cidr: Cidr,
}

/// The words of a line, taken from left to right.
pub(crate) struct Words<'a>(std::str::SplitWhitespace<'a>);

impl<'a> Words<'a> {
    pub(crate) fn new(line: &'a str) -> Self {
        Self(line.split_whitespace())
    }

    pub(crate) fn word(&mut self, what: &str) -> Result<&'a str, String> {
        self.0.next().ok_or_else(|| format!("{what} is missing"))
    }

    pub(crate) fn name(&mut self, what: &str) -> Result<String, String> {
        self.word(what).map(str::to_owned)
    }

    pub(crate) fn parsed<T: std::str::FromStr>(&mut self, what: &str) -> Result<T, String> {
        let word = self.word(what)?;
        word.parse().map_err(|_| format!("'{word}' is no {what}"))
    }

    pub(crate) fn rest(self) -> String {
        self.0.collect::<Vec<_>>().join(" ")
    }

    fn end(mut self) -> Result<(), String> {
        match self.0.next() {
            Some(word) => Err(format!("'{word}' is too much")),
            None => Ok(()),
        }
    }

    fn direction(&mut self) -> Result<Direction, String> {
        match self.word("ingress or egress")? {
            "ingress" => Ok(Direction::Ingress),
            "egress" => Ok(Direction::Egress),
            other => Err(format!("'{other}' is neither ingress nor egress")),
        }
    }

    fn traffic(&mut self) -> Result<Traffic, String> {
        match self.word("protocol")? {
            "all" => Ok(Traffic::All),
            "tcp" => self.ports().map(Traffic::Tcp),
            "udp" => self.ports().map(Traffic::Udp),
            "icmp" => Ok(Traffic::Icmp(IcmpMatch::Any)),
            "icmp-type" => self.parsed("ICMP type").map(|kind| Traffic::Icmp(IcmpMatch::Type(kind))),
            "protocol" => self.parsed("protocol number").map(Traffic::Protocol),
            other => Err(format!("'{other}' is no protocol")),
        }
    }

    fn ports(&mut self) -> Result<PortRange, String> {
        let word = self.word("port")?;
        let (from, to) = word.split_once('-').unwrap_or((word, word));
        match (from.parse(), to.parse()) {
            (Ok(from), Ok(to)) if from <= to => Ok(PortRange { from, to }),
            _ => Err(format!("'{word}' is neither a port nor a range of ports")),
        }
    }

    fn permission(&mut self) -> Result<Permission, String> {
        let (group, direction, traffic) = (self.name("group")?, self.direction()?, self.traffic()?);
        let peer = match self.word("CIDR block or group")? {
            "group" => Peer::Group(self.name("group")?),
            cidr => Peer::Cidr(cidr.parse().map_err(|_| format!("'{cidr}' is no CIDR block"))?),
        };
        Ok(Permission { group, direction, traffic, peer })
    }

    fn groups(&mut self) -> Result<Vec<String>, String> {
        let mut groups = Vec::new();
        while let Some(word) = self.0.next() {
            if word != "group" {
                return Err(format!("'{word}' is too much"));
            }
            groups.push(self.name("group")?);
        }
        Ok(groups)
    }
}

impl std::str::FromStr for Statement {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let mut words = Words::new(line);
        let statement = match words.word("statement")? {
            "vpc" => Statement::Vpc { name: words.name("name")?, cidr: words.parsed("IPv4 CIDR block")? },
            "dns" => Statement::Dns {
                vpc: words.name("VPC")?,
                on: match words.word("on or off")? {
                    "on" => true,
                    "off" => false,
                    other => return Err(format!("'{other}' is neither on nor off")),
                },
            },
            "subnet" => Statement::Subnet { name: words.name("name")?, cidr: words.parsed("IPv4 CIDR block")? },
            "instance" => Statement::Instance { name: words.name("name")?, address: words.parsed("address")?, groups: words.groups()? },
            "endpoint" => Statement::Endpoint { name: words.name("name")?, groups: words.groups()? },
            "close" => Statement::Close { endpoint: words.name("endpoint")? },
            "elastic" => Statement::Elastic { instance: words.name("instance")?, address: words.parsed("address")? },
            "release" => Statement::Release { instance: words.name("instance")? },
            "stop" => Statement::Stop { instance: words.name("instance")? },
            "start" => Statement::Start { instance: words.name("instance")? },
            "terminate" => Statement::Terminate { instance: words.name("instance")? },
            "gateway" => Statement::Gateway { vpc: words.name("VPC")? },
            "table" => Statement::Table { name: words.name("name")? },
            "associate" => Statement::Associate { subnet: words.name("subnet")?, table: words.name("table")? },
            "route" => Statement::Route {
                table: words.name("table")?,
                destination: words.parsed("CIDR block")?,
                via: match words.word("target")? {
                    "gateway" => RouteVia::Gateway,
                    "peering" => RouteVia::Peering(words.name("VPC")?),
                    other => return Err(format!("'{other}' is no target")),
                },
            },
            "unroute" => Statement::Unroute { table: words.name("table")?, destination: words.parsed("CIDR block")? },
            "peer" => Statement::Peer { requester: words.name("VPC")?, accepter: words.name("VPC")? },
            "accept" => Statement::Accept { requester: words.name("VPC")?, accepter: words.name("VPC")? },
            "reject" => Statement::Reject { requester: words.name("VPC")?, accepter: words.name("VPC")? },
            "unpeer" => Statement::Unpeer { requester: words.name("VPC")?, accepter: words.name("VPC")? },
            "group" => Statement::Group { name: words.name("name")? },
            "allow" => Statement::Allow(words.permission()?),
            "revoke" => Statement::Revoke(words.permission()?),
            "acl" => Statement::Acl { name: words.name("name")? },
            "guard" => Statement::Guard { subnet: words.name("subnet")?, acl: words.name("network ACL")? },
            "entry" => Statement::Entry(AclEntry {
                acl: words.name("network ACL")?,
                direction: words.direction()?,
                number: words.parsed("rule number")?,
                action: words.parsed("action")?,
                traffic: words.traffic()?,
                cidr: words.parsed("CIDR block")?,
            }),
            "no-entry" => Statement::NoEntry { acl: words.name("network ACL")?, direction: words.direction()?, number: words.parsed("rule number")? },
            other => return Err(format!("'{other}' is no statement")),
        };
        words.end()?;
        Ok(statement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_one_thing() {
        let allow: Statement = "allow green/default ingress icmp 10.1.0.0/16".parse().unwrap();
        let expected = Permission {
            group: "green/default".to_owned(),
            direction: Direction::Ingress,
            traffic: Traffic::Icmp(IcmpMatch::Any),
            peer: Peer::Cidr("10.1.0.0/16".parse().unwrap()),
        };
        assert_eq!(allow, Statement::Allow(expected));
    }

    #[test]
    fn nonsense_is_named() {
        for (line, complaint) in [
            ("", "statement is missing"),
            ("vpc blue", "IPv4 CIDR block is missing"),
            ("vpc blue 10.1.0.0", "'10.1.0.0' is no IPv4 CIDR block"),
            ("vpc blue 10.1.0.0/16 again", "'again' is too much"),
            ("route blue/main 0.0.0.0/0 moon", "'moon' is no target"),
            ("allow blue/web ingress tcp 90-80 0.0.0.0/0", "'90-80' is neither a port nor a range of ports"),
        ] {
            assert_eq!(line.parse::<Statement>(), Err(complaint.to_owned()));
        }
    }
}
