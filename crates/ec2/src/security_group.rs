//! Security group: what may reach an interface and what may leave it.
//!
//! A new group lets nothing in and everything out. Names are unique in a VPC, whatever the case; names in requests
//! are looked up in the default VPC only, where they came from.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>

use model::{AccountId, Cidr, Direction, IdKind, NetworkInterface, RulePeer, SecurityGroupId, SecurityGroupRule, TagSetKey, Traffic, VpcId};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::edit::Edit;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::ip_permission::{IpPermission, is_plain};
use crate::operations::Change;
use crate::quota;
use crate::tag::{Tag, pairs};
use crate::view::{Arn, View};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateSecurityGroup {
    group_name: String,
    group_description: String,
    vpc_id: Option<VpcId>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateSecurityGroupAnswer {
    group_id: SecurityGroupId,
    security_group_arn: Arn,
    tag_set: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeSecurityGroups {
    #[serde(default)]
    group_id: Vec<SecurityGroupId>,
    #[serde(default)]
    group_name: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteSecurityGroup {
    group_id: Option<SecurityGroupId>,
    group_name: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeleteSecurityGroupAnswer {
    #[serde(rename = "return")]
    done: bool,
    group_id: SecurityGroupId,
}

impl Change for CreateSecurityGroup {
    type Answer = CreateSecurityGroupAnswer;
    const TAGS: &'static [IdKind] = &[IdKind::SecurityGroupId];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        check_name(&self.group_name)?;
        check_description(&self.group_description)?;
        let vpc = match self.vpc_id {
            Some(id) => edit.find(id)?.id,
            None => edit.view().default_vpc().ok_or(Error::NoDefaultVpc)?.id,
        };
        let groups = || edit.view().all::<model::SecurityGroup>();
        if groups().any(|group| group.vpc == vpc && group.name.eq_ignore_ascii_case(&self.group_name)) {
            return Err(Error::DuplicateSecurityGroup { name: self.group_name.clone(), vpc });
        }
        quota::SECURITY_GROUPS.admit(groups().count() + 1)?;

        let everything = SecurityGroupRule {
            id: edit.new_part_id(),
            direction: Direction::Egress,
            traffic: Traffic::All,
            peer: RulePeer::Cidr(Cidr::ALL_IPV4),
            description: None,
        };
        let group = model::SecurityGroup {
            id: edit.new_id(),
            scope: edit.scope,
            vpc,
            name: self.group_name.clone(),
            description: self.group_description.clone(),
            rules: vec![everything],
        };
        let group_id = group.id;
        edit.create(group);
        let view = edit.view();
        Ok(CreateSecurityGroupAnswer { group_id, security_group_arn: view.arn(group_id), tag_set: view.tags(group_id) })
    }
}

impl Describe for DescribeSecurityGroups {
    type Item = SecurityGroup;
    const SET: &'static str = "securityGroupInfo";
    const FILTERS: &'static [FilterName<SecurityGroup>] = FILTERS;
    const ABSENT: &'static [&'static str] = ABSENT;

    fn items(&self, view: View<'_>) -> Result<Vec<SecurityGroup>, Error> {
        let named = self.group_name.iter().map(|name| view.group_named(name).map(|group| group.id));
        let ids: Vec<_> = self.group_id.iter().copied().map(Ok).chain(named).collect::<Result<_, Error>>()?;
        Ok(view.named(&ids)?.into_iter().map(|group| SecurityGroup::new(group, view)).collect())
    }

    fn key(group: &SecurityGroup) -> String {
        group.group_id.to_string()
    }
}

impl Change for DeleteSecurityGroup {
    type Answer = DeleteSecurityGroupAnswer;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let group = find(self.group_id, self.group_name.as_deref(), edit.view())?.clone();
        if group.id == edit.draft.resolve(group.vpc).default_security_group {
            return Err(Error::DefaultSecurityGroup { group: group.id });
        }
        if is_in_use(&group, edit.view()) {
            return Err(Error::SecurityGroupInUse { group: group.id });
        }
        remove(&group, edit);
        Ok(DeleteSecurityGroupAnswer { done: true, group_id: group.id })
    }
}

const FILTERS: &[FilterName<SecurityGroup>] = &[
    ("description", |group| values([&group.group_description])),
    ("egress.ip-permission.cidr", |group| cidrs(&group.ip_permissions_egress)),
    ("egress.ip-permission.from-port", |group| values(group.ip_permissions_egress.iter().filter_map(|permission| permission.from_port))),
    ("egress.ip-permission.group-id", |group| groups(&group.ip_permissions_egress)),
    ("egress.ip-permission.ipv6-cidr", |group| ipv6_cidrs(&group.ip_permissions_egress)),
    ("egress.ip-permission.protocol", |group| values(group.ip_permissions_egress.iter().map(|permission| &permission.ip_protocol))),
    ("egress.ip-permission.to-port", |group| values(group.ip_permissions_egress.iter().filter_map(|permission| permission.to_port))),
    ("egress.ip-permission.user-id", |group| users(&group.ip_permissions_egress)),
    ("group-id", |group| values([group.group_id])),
    ("group-name", |group| values([&group.group_name])),
    ("ip-permission.cidr", |group| cidrs(&group.ip_permissions)),
    ("ip-permission.from-port", |group| values(group.ip_permissions.iter().filter_map(|permission| permission.from_port))),
    ("ip-permission.group-id", |group| groups(&group.ip_permissions)),
    ("ip-permission.ipv6-cidr", |group| ipv6_cidrs(&group.ip_permissions)),
    ("ip-permission.protocol", |group| values(group.ip_permissions.iter().map(|permission| &permission.ip_protocol))),
    ("ip-permission.to-port", |group| values(group.ip_permissions.iter().filter_map(|permission| permission.to_port))),
    ("ip-permission.user-id", |group| users(&group.ip_permissions)),
    ("owner-id", |group| values([group.owner_id])),
    ("vpc-id", |group| values([group.vpc_id])),
];

/// Filters about what nothing here has.
const ABSENT: &[&str] =
    &["egress.ip-permission.group-name", "egress.ip-permission.prefix-list-id", "ip-permission.group-name", "ip-permission.prefix-list-id"];

fn cidrs(permissions: &[IpPermission]) -> Vec<String> {
    values(permissions.iter().flat_map(|permission| &permission.ip_ranges).map(|range| range.cidr_ip))
}

fn ipv6_cidrs(permissions: &[IpPermission]) -> Vec<String> {
    values(permissions.iter().flat_map(|permission| &permission.ipv6_ranges).map(|range| range.cidr_ipv6))
}

fn groups(permissions: &[IpPermission]) -> Vec<String> {
    values(permissions.iter().flat_map(|permission| &permission.groups).map(|pair| pair.group_id))
}

fn users(permissions: &[IpPermission]) -> Vec<String> {
    values(permissions.iter().flat_map(|permission| &permission.groups).map(|pair| pair.user_id))
}

/// A security group as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecurityGroup {
    group_id: SecurityGroupId,
    group_name: String,
    group_description: String,
    owner_id: AccountId,
    vpc_id: VpcId,
    security_group_arn: Arn,
    ip_permissions: Vec<IpPermission>,
    ip_permissions_egress: Vec<IpPermission>,
    tag_set: Vec<Tag>,
}

impl SecurityGroup {
    fn new(group: &model::SecurityGroup, view: View<'_>) -> Self {
        let permissions = |direction| {
            let rules = group.rules(direction).map(|rule| (rule.traffic, rule.peer, rule.description.as_ref()));
            IpPermission::aggregate(rules, group.vpc, view)
        };
        Self {
            group_id: group.id,
            group_name: group.name.clone(),
            group_description: group.description.clone(),
            owner_id: group.scope.account,
            vpc_id: group.vpc,
            security_group_arn: view.arn(group.id),
            ip_permissions: permissions(Direction::Ingress),
            ip_permissions_egress: permissions(Direction::Egress),
            tag_set: view.tags(group.id),
        }
    }
}

impl Tagged for SecurityGroup {
    fn tags(&self) -> Vec<(&str, &str)> {
        pairs(&self.tag_set)
    }
}

/// A group in an answer about something else.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupIdentifier {
    pub group_id: SecurityGroupId,
    pub group_name: String,
}

impl GroupIdentifier {
    /// The groups of an interface.
    pub fn all(interface: &NetworkInterface, view: View<'_>) -> Vec<Self> {
        let groups = interface.groups.iter().map(|&id| view.snapshot.resolve(id));
        groups.map(|group| Self { group_id: group.id, group_name: group.name.clone() }).collect()
    }
}

impl<'a> View<'a> {
    /// The group of that name in the default VPC.
    pub fn group_named(self, name: &str) -> Result<&'a model::SecurityGroup, Error> {
        let vpc = self.default_vpc().map(|vpc| vpc.id);
        let group = self.all::<model::SecurityGroup>().find(|group| Some(group.vpc) == vpc && group.name == name);
        group.ok_or_else(|| Error::UnknownSecurityGroupName { name: name.to_owned() })
    }
}

/// The group that a request names, by id or by name.
pub(crate) fn find<'a>(id: Option<SecurityGroupId>, name: Option<&str>, view: View<'a>) -> Result<&'a model::SecurityGroup, Error> {
    match (id, name) {
        (Some(id), _) => view.find(id),
        (None, Some(name)) => view.group_named(name),
        (None, None) => Err(Error::missing("GroupId")),
    }
}

/// The groups that are named, each once; one of another VPC is refused.
pub(crate) fn named(
    ids: &[SecurityGroupId],
    vpc: VpcId,
    of_other_vpc: impl Fn(SecurityGroupId) -> Error,
    view: View<'_>,
) -> Result<Vec<SecurityGroupId>, Error> {
    let mut groups = Vec::new();
    for &id in ids {
        if view.find(id)?.vpc != vpc {
            return Err(of_other_vpc(id));
        }
        if !groups.contains(&id) {
            groups.push(id);
        }
    }
    quota::GROUPS_PER_INTERFACE.admit(groups.len())?;
    Ok(groups)
}

/// Removes a group, with its rules and what tags they have.
pub(crate) fn remove(group: &model::SecurityGroup, edit: &mut Edit<'_, '_>) {
    for rule in &group.rules {
        edit.draft.remove_tags(TagSetKey { resource: rule.id.into(), scope: group.scope });
    }
    edit.draft.remove(group.id);
}

/// A group that interfaces have, or that another group of the VPC names, must stay. One that is named across a peering
/// connection need not: the rule there becomes stale.
fn is_in_use(group: &model::SecurityGroup, view: View<'_>) -> bool {
    let named_by = |other: &model::SecurityGroup| other.vpc == group.vpc && other.id != group.id && other.refers_to(group.id);
    view.all::<NetworkInterface>().any(|interface| interface.groups.contains(&group.id)) || view.all().any(named_by)
}

fn check_name(name: &str) -> Result<(), Error> {
    let reason = match () {
        () if name.is_empty() => return Err(Error::missing("GroupName")),
        () if name.eq_ignore_ascii_case(model::SecurityGroup::DEFAULT_NAME) => format!("Cannot use reserved security group name: {name}"),
        () if name.starts_with("sg-") => "Value for parameter GroupName is invalid. It may not begin with 'sg-'.".to_owned(),
        () if !is_plain(name) => format!("Value ({name}) for parameter GroupName is invalid. Character sets beyond ASCII are not supported."),
        () => return Ok(()),
    };
    Err(Error::InvalidGroupName { reason })
}

fn check_description(description: &str) -> Result<(), Error> {
    match () {
        () if description.is_empty() => Err(Error::missing("GroupDescription")),
        () if is_plain(description) => Ok(()),
        () => Err(Error::value("GroupDescription", description, "Character sets beyond ASCII are not supported.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and descriptions have a length and a set of characters (6.1.6).
    #[test]
    fn names_are_checked() {
        let (longest, too_long) = ("n".repeat(255), "n".repeat(256));
        for (name, code) in [
            ("", Some("MissingParameter")),
            ("default", Some("InvalidParameterValue")),
            ("Default", Some("InvalidParameterValue")),
            ("sg-web", Some("InvalidParameterValue")),
            ("wéb", Some("InvalidParameterValue")),
            (&too_long, Some("InvalidParameterValue")),
            (&longest, None),
            ("a-zA-Z0-9 ._-:/()#,@[]+=&;{}!$*", None),
        ] {
            assert_eq!(check_name(name).err().map(|error| error.code()), code, "{name}");
        }
        assert_eq!(check_description("").unwrap_err().to_string(), "The request must contain the parameter GroupDescription");
    }
}
