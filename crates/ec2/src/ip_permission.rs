//! IP permissions: the rules of a security group as the API takes and lists them, many peers to one protocol and port
//! range. Each pair of such traffic and one peer is a rule of its own.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html>

use model::{
    AccountId, Cidr, PeeringStatus, RulePeer, SecurityGroupId, SecurityGroupRule, Traffic, VpcId, VpcPeeringConnection, VpcPeeringConnectionId,
};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::traffic;
use crate::view::View;
use crate::wire::xml::Empty;

/// Permissions as requests have them.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct IpPermissionParameter {
    ip_protocol: String,
    from_port: Option<i64>,
    to_port: Option<i64>,
    #[serde(default)]
    groups: Vec<GroupParameter>,
    #[serde(default)]
    ip_ranges: Vec<IpRangeParameter>,
    #[serde(default)]
    ipv6_ranges: Vec<Ipv6RangeParameter>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GroupParameter {
    group_id: Option<SecurityGroupId>,
    group_name: Option<String>,
    user_id: Option<AccountId>,
    description: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IpRangeParameter {
    cidr_ip: String,
    description: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Ipv6RangeParameter {
    cidr_ipv6: String,
    description: Option<String>,
}

/// What AWS knows of a permission and we do not act on. What a group's VPC and peering are is told by the group itself;
/// scripts send it back because answers have it.
pub(crate) const INERT: &[&str] = &[
    "IpPermissions.N.Groups.N.PeeringStatus=*",
    "IpPermissions.N.Groups.N.VpcId=*",
    "IpPermissions.N.Groups.N.VpcPeeringConnectionId=*",
    "IpPermissions.N.PrefixListIds",
    "SourceSecurityGroupName",
    "SourceSecurityGroupOwnerId",
];

/// What one rule says, apart from its direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    pub traffic: Traffic,
    pub peer: RulePeer,
    pub description: Option<String>,
}

impl IpPermissionParameter {
    /// The permission of the parameters that were there before `IpPermissions`.
    pub fn flat(ip_protocol: String, from_port: Option<i64>, to_port: Option<i64>, cidr_ip: Option<String>) -> Self {
        let ip_ranges = cidr_ip.map(|cidr_ip| IpRangeParameter { cidr_ip, description: None }).into_iter().collect();
        Self { ip_protocol, from_port, to_port, groups: Vec::new(), ip_ranges, ipv6_ranges: Vec::new() }
    }

    /// The rules that the permission stands for.
    pub fn statements(&self, view: View<'_>) -> Result<Vec<Statement>, Error> {
        let traffic = traffic::parse(&self.ip_protocol, self.from_port, self.to_port)?;
        let cidr = |text: &String, ipv6: bool| {
            let block = text.parse::<Cidr>().ok().filter(|block| block.is_ipv6() == ipv6);
            block.map(RulePeer::Cidr).ok_or_else(|| Error::MalformedCidr { cidr: text.clone() })
        };
        let ipv4 = self.ip_ranges.iter().map(|range| (cidr(&range.cidr_ip, false), &range.description));
        let ipv6 = self.ipv6_ranges.iter().map(|range| (cidr(&range.cidr_ipv6, true), &range.description));
        let groups = self.groups.iter().map(|group| (group.peer(view), &group.description));
        let statement = |(peer, description): (Result<RulePeer, Error>, &Option<String>)| {
            Ok(Statement { traffic, peer: peer?, description: check_description(description)? })
        };
        let statements: Vec<_> = ipv4.chain(ipv6).chain(groups).map(statement).collect::<Result<_, Error>>()?;
        if statements.is_empty() { Err(Error::missing("IpPermissions.IpRanges")) } else { Ok(statements) }
    }
}

impl GroupParameter {
    fn peer(&self, view: View<'_>) -> Result<RulePeer, Error> {
        let account = self.user_id.unwrap_or(view.scope.account);
        match (self.group_id, &self.group_name) {
            (Some(group), _) => Ok(RulePeer::SecurityGroup { group, account }),
            (None, Some(name)) => Ok(RulePeer::SecurityGroup { group: view.group_named(name)?.id, account }),
            (None, None) => Err(Error::missing("GroupId")),
        }
    }
}

/// A permission as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IpPermission {
    pub ip_protocol: String,
    pub from_port: Option<i64>,
    pub to_port: Option<i64>,
    pub groups: Vec<UserIdGroupPair>,
    pub ip_ranges: Vec<IpRange>,
    pub ipv6_ranges: Vec<Ipv6Range>,
    prefix_list_ids: Empty,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserIdGroupPair {
    pub group_id: SecurityGroupId,
    pub user_id: AccountId,
    description: Option<String>,
    vpc_id: Option<VpcId>,
    vpc_peering_connection_id: Option<VpcPeeringConnectionId>,
    peering_status: Option<PeeringStatus>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IpRange {
    pub cidr_ip: Cidr,
    description: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ipv6Range {
    pub cidr_ipv6: Cidr,
    description: Option<String>,
}

impl IpPermission {
    /// Rules of a group in the VPC, those about the same traffic together, in the order in which they came.
    pub fn aggregate<'r>(rules: impl IntoIterator<Item = (Traffic, RulePeer, Option<&'r String>)>, vpc: VpcId, view: View<'_>) -> Vec<Self> {
        let mut permissions: Vec<(Traffic, IpPermission)> = Vec::new();
        for (traffic, peer, description) in rules {
            let at = permissions.iter().position(|(other, _)| *other == traffic).unwrap_or_else(|| {
                permissions.push((traffic, Self::new(traffic)));
                permissions.len() - 1
            });
            permissions[at].1.add(peer, description.cloned(), vpc, view);
        }
        permissions.into_iter().map(|(_, permission)| permission).collect()
    }

    fn new(traffic: Traffic) -> Self {
        let ports = traffic::ports(traffic);
        Self {
            ip_protocol: traffic::protocol(traffic),
            from_port: ports.map(|(from, _)| from),
            to_port: ports.map(|(_, to)| to),
            groups: Vec::new(),
            ip_ranges: Vec::new(),
            ipv6_ranges: Vec::new(),
            prefix_list_ids: Empty,
        }
    }

    fn add(&mut self, peer: RulePeer, description: Option<String>, vpc: VpcId, view: View<'_>) {
        match peer {
            RulePeer::Cidr(cidr) if cidr.is_ipv6() => self.ipv6_ranges.push(Ipv6Range { cidr_ipv6: cidr, description }),
            RulePeer::Cidr(cidr) => self.ip_ranges.push(IpRange { cidr_ip: cidr, description }),
            RulePeer::SecurityGroup { group, account } => {
                let across = Across::find(group, vpc, view);
                self.groups.push(UserIdGroupPair {
                    group_id: group,
                    user_id: account,
                    description,
                    vpc_id: across.as_ref().map(|across| across.vpc),
                    vpc_peering_connection_id: across.as_ref().and_then(|across| across.peering).map(|pcx| pcx.id),
                    peering_status: across.as_ref().and_then(|across| across.peering).map(|pcx| pcx.status),
                });
            }
        }
    }
}

/// Where a group is that a rule of another VPC's group names.
pub(crate) struct Across<'a> {
    /// The VPC of the group that is named.
    pub vpc: VpcId,
    /// The connection between the VPCs: an active one if there is one.
    pub peering: Option<&'a VpcPeeringConnection>,
}

impl<'a> Across<'a> {
    /// None if the group is in this VPC, or gone.
    pub fn find(group: SecurityGroupId, from: VpcId, view: View<'a>) -> Option<Self> {
        let vpc = view.snapshot.get(group)?.vpc;
        let joining = || view.snapshot.all::<VpcPeeringConnection>().filter(|pcx| pcx.joins(from, vpc));
        let peering = joining().find(|pcx| pcx.status == PeeringStatus::Active).or_else(|| joining().max_by_key(|pcx| pcx.since));
        (vpc != from).then_some(Self { vpc, peering })
    }
}

/// A rule in the words with which EC2 says that it is already there.
pub(crate) fn in_words(rule: &SecurityGroupRule) -> String {
    let peer = match rule.peer {
        RulePeer::Cidr(cidr) => cidr.to_string(),
        RulePeer::SecurityGroup { group, .. } => group.to_string(),
    };
    format!("peer: {peer}, {}, ALLOW", traffic::in_words(rule.traffic))
}

/// Descriptions are short, and an empty one is none.
pub(crate) fn check_description(description: &Option<String>) -> Result<Option<String>, Error> {
    match description {
        Some(text) if !is_plain(text) => Err(Error::InvalidPermission { reason: "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*".to_owned() }),
        Some(text) if text.is_empty() => Ok(None),
        _ => Ok(description.clone()),
    }
}

/// Whether names and descriptions of security groups may be so.
pub(crate) fn is_plain(text: &str) -> bool {
    text.len() <= 255 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" ._-:/()#,@[]+=&;{}!$*".contains(&byte))
}
