//! Rule of a network ACL: it lets pass or drops what it matches, and the lowest number that matches decides.
//!
//! A rule is known by its direction and number; there is no other way to change one than to replace it. The API wants
//! protocols as numbers; names, which the AWS CLI translates, are understood too. The `*` rule that denies what no other
//! rule matched is listed as number 32767 and cannot be touched.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html>

use model::{Cidr, Direction, IcmpMatch, Ipv4Cidr, NetworkAclEntry, NetworkAclId, RuleAction, Traffic};
use serde::{Deserialize, Serialize};

use crate::edit::Edit;
use crate::error::Error;
use crate::operations::{Change, Done};
use crate::quota;
use crate::traffic::{self, ports, protocol_number, type_and_code};

#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct CreateNetworkAclEntry(Rule);

#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct ReplaceNetworkAclEntry(Rule);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteNetworkAclEntry {
    network_acl_id: NetworkAclId,
    rule_number: i64,
    egress: bool,
}

/// A rule with its place.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rule {
    network_acl_id: NetworkAclId,
    rule_number: i64,
    protocol: String,
    rule_action: RuleAction,
    egress: bool,
    cidr_block: Option<Ipv4Cidr>,
    ipv6_cidr_block: Option<Cidr>,
    #[serde(default)]
    icmp: IcmpParameter,
    #[serde(default)]
    port_range: PortRangeParameter,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct IcmpParameter {
    r#type: Option<i64>,
    code: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct PortRangeParameter {
    from: Option<i64>,
    to: Option<i64>,
}

impl Change for CreateNetworkAclEntry {
    type Answer = Done;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let acl = edit.find(self.0.network_acl_id)?.clone();
        let (direction, number, entry) = self.0.read()?;
        let entries = acl.entries(direction);
        if entries.contains_key(&number) {
            return Err(Error::EntryExists { number });
        }
        // The `*` rule counts, and each family is counted for itself.
        let of_family = entries.values().filter(|other| other.cidr.is_ipv6() == entry.cidr.is_ipv6()).count() + 1;
        quota::ENTRIES_PER_NETWORK_ACL.admit(of_family + 1)?;
        edit.draft.update(acl.id, |acl| _ = acl.entries_mut(direction).insert(number, entry));
        Ok(Done)
    }
}

impl Change for ReplaceNetworkAclEntry {
    type Answer = Done;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let acl = edit.find(self.0.network_acl_id)?.clone();
        let (direction, number, entry) = self.0.read()?;
        if !acl.entries(direction).contains_key(&number) {
            return Err(Error::NoSuchEntry { direction: direction.as_str(), number });
        }
        edit.draft.update(acl.id, |acl| _ = acl.entries_mut(direction).insert(number, entry));
        Ok(Done)
    }
}

impl Change for DeleteNetworkAclEntry {
    type Answer = Done;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let acl = edit.find(self.network_acl_id)?.clone();
        let (direction, number) = (direction(self.egress), rule_number(self.rule_number)?);
        if !acl.entries(direction).contains_key(&number) {
            return Err(Error::NoSuchEntry { direction: direction.as_str(), number });
        }
        edit.draft.update(acl.id, |acl| _ = acl.entries_mut(direction).remove(&number));
        Ok(Done)
    }
}

impl Rule {
    /// Where the rule goes, and what it says.
    fn read(&self) -> Result<(Direction, u16, NetworkAclEntry), Error> {
        let number = rule_number(self.rule_number)?;
        let cidr = match (self.cidr_block, self.ipv6_cidr_block) {
            (Some(block), None) => Cidr::from(block),
            (None, Some(block)) if block.is_ipv6() => block,
            (None, Some(block)) => return Err(Error::value("ipv6CidrBlock", block, "This is not a valid CIDR block.")),
            (None, None) => return Err(Error::missing("CidrBlock")),
            (Some(_), Some(_)) => return Err(Error::combination("CidrBlock and Ipv6CidrBlock may not be specified on the same request")),
        };
        Ok((direction(self.egress), number, NetworkAclEntry { action: self.rule_action, traffic: self.traffic(cidr)?, cidr }))
    }

    /// Types and codes of ICMP have parameters of their own; those of ICMPv6 are of no account with an IPv4 block.
    fn traffic(&self, cidr: Cidr) -> Result<Traffic, Error> {
        match traffic::parse(&self.protocol, Some(-1), Some(-1)) {
            Ok(Traffic::Icmpv6(_)) if !cidr.is_ipv6() => Ok(Traffic::Icmpv6(IcmpMatch::Any)),
            Ok(Traffic::Icmp(_) | Traffic::Icmpv6(_)) => traffic::parse(&self.protocol, self.icmp.r#type, self.icmp.code),
            _ => traffic::parse(&self.protocol, self.port_range.from, self.port_range.to),
        }
    }
}

/// A rule as answers have it. Protocols are numbers, always.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    pub rule_number: u16,
    pub protocol: i64,
    pub rule_action: RuleAction,
    pub egress: bool,
    pub cidr_block: Option<Ipv4Cidr>,
    pub ipv6_cidr_block: Option<Cidr>,
    pub icmp_type_code: Option<IcmpTypeCode>,
    pub port_range: Option<PortRange>,
}

#[derive(Serialize)]
pub(crate) struct IcmpTypeCode {
    #[serde(rename = "type")]
    pub kind: i64,
    pub code: i64,
}

#[derive(Serialize)]
pub(crate) struct PortRange {
    pub from: i64,
    pub to: i64,
}

/// The number under which the `*` rule is listed.
const LAST: u16 = 32767;

impl Entry {
    fn new(rule_number: u16, entry: NetworkAclEntry, direction: Direction) -> Self {
        let numbers = ports(entry.traffic);
        let (icmp_type_code, port_range) = match entry.traffic {
            Traffic::Icmp(messages) | Traffic::Icmpv6(messages) => {
                let (kind, code) = type_and_code(messages);
                (Some(IcmpTypeCode { kind, code }), None)
            }
            _ => (None, numbers.map(|(from, to)| PortRange { from, to })),
        };
        Self {
            rule_number,
            protocol: protocol_number(entry.traffic),
            rule_action: entry.action,
            egress: direction == Direction::Egress,
            cidr_block: entry.cidr.as_ipv4(),
            ipv6_cidr_block: Some(entry.cidr).filter(Cidr::is_ipv6),
            icmp_type_code,
            port_range,
        }
    }
}

/// The rules of a direction, `*` behind them.
pub(crate) fn entries(acl: &model::NetworkAcl, direction: Direction) -> impl Iterator<Item = Entry> {
    let last = NetworkAclEntry { action: RuleAction::Deny, traffic: Traffic::All, cidr: Cidr::ALL_IPV4 };
    let numbered = acl.entries(direction).iter().map(|(&number, &entry)| (number, entry));
    numbered.chain([(LAST, last)]).map(move |(number, entry)| Entry::new(number, entry, direction))
}

fn direction(egress: bool) -> Direction {
    if egress { Direction::Egress } else { Direction::Ingress }
}

fn rule_number(number: i64) -> Result<u16, Error> {
    let numbered = u16::try_from(number).ok().filter(|number| (1..LAST).contains(number));
    numbered.ok_or_else(|| Error::value("ruleNumber", number, "Rule numbers are from 1 to 32766."))
}
