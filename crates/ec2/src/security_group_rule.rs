//! Security group rule: one direction, some traffic and one peer.
//!
//! Authorize adds all rules of a request or none, Revoke takes them away by what they say or by their ids. A rule may name
//! a group of the same VPC, or of one that is peered with it in the same region.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>,
//! <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html>

use model::{
    AccountId, Cidr, Direction, IdKind, PeeringStatus, RulePeer, Scope, SecurityGroupId, SecurityGroupRuleId, TagSetKey, VpcId,
    VpcPeeringConnectionId,
};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::edit::Edit;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::ip_permission::{Across, INERT, IpPermission, IpPermissionParameter, Statement, in_words};
use crate::operations::Change;
use crate::quota;
use crate::security_group::find;
use crate::tag::{Tag, pairs};
use crate::traffic;
use crate::view::{Arn, View};

#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct AuthorizeSecurityGroupIngress(Rules);

#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct AuthorizeSecurityGroupEgress(Rules);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthorizeAnswer {
    #[serde(rename = "return")]
    done: bool,
    security_group_rule_set: Vec<SecurityGroupRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeSecurityGroupRules {
    #[serde(default)]
    security_group_rule_id: Vec<SecurityGroupRuleId>,
}

#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct RevokeSecurityGroupIngress(Rules);

#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct RevokeSecurityGroupEgress(Rules);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RevokeAnswer {
    #[serde(rename = "return")]
    done: bool,
    revoked_security_group_rule_set: Vec<RevokedSecurityGroupRule>,
    unknown_ip_permission_set: Vec<IpPermission>,
}

/// A group and rules: as a list of permissions, as the parameters that were there before it, or, when they are to go, by
/// their ids.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rules {
    group_id: Option<SecurityGroupId>,
    group_name: Option<String>,
    #[serde(default)]
    ip_permissions: Vec<IpPermissionParameter>,
    ip_protocol: Option<String>,
    from_port: Option<i64>,
    to_port: Option<i64>,
    cidr_ip: Option<String>,
    #[serde(default)]
    security_group_rule_id: Vec<SecurityGroupRuleId>,
}

impl Change for AuthorizeSecurityGroupIngress {
    type Answer = AuthorizeAnswer;
    const TAGS: &'static [IdKind] = &[IdKind::SecurityGroupRuleId];
    const INERT: &'static [&'static str] = INERT;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        self.0.authorize(Direction::Ingress, edit)
    }
}

impl Change for AuthorizeSecurityGroupEgress {
    type Answer = AuthorizeAnswer;
    const TAGS: &'static [IdKind] = &[IdKind::SecurityGroupRuleId];
    const INERT: &'static [&'static str] = INERT;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        self.0.authorize(Direction::Egress, edit)
    }
}

impl Describe for DescribeSecurityGroupRules {
    type Item = SecurityGroupRule;
    const SET: &'static str = "securityGroupRuleSet";
    const FILTERS: &'static [FilterName<SecurityGroupRule>] = FILTERS;

    fn items(&self, view: View<'_>) -> Result<Vec<SecurityGroupRule>, Error> {
        let all = || view.all::<model::SecurityGroup>().flat_map(|group| group.rules.iter().map(move |rule| (group, rule)));
        if let Some(&missing) = self.security_group_rule_id.iter().find(|&&id| !all().any(|(_, rule)| rule.id == id)) {
            return Err(Error::not_found(missing));
        }
        let wanted = |id| self.security_group_rule_id.is_empty() || self.security_group_rule_id.contains(&id);
        Ok(all().filter(|(_, rule)| wanted(rule.id)).map(|(group, rule)| SecurityGroupRule::new(rule, group, view)).collect())
    }

    fn key(rule: &SecurityGroupRule) -> String {
        rule.security_group_rule_id.to_string()
    }
}

impl Change for RevokeSecurityGroupIngress {
    type Answer = RevokeAnswer;
    const INERT: &'static [&'static str] = INERT;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        self.0.revoke(Direction::Ingress, edit)
    }
}

impl Change for RevokeSecurityGroupEgress {
    type Answer = RevokeAnswer;
    const INERT: &'static [&'static str] = INERT;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        self.0.revoke(Direction::Egress, edit)
    }
}

impl Rules {
    fn authorize(&self, direction: Direction, edit: &mut Edit<'_, '_>) -> Result<AuthorizeAnswer, Error> {
        if !self.security_group_rule_id.is_empty() {
            return Err(Error::UnknownParameter { parameter: "SecurityGroupRuleId".to_owned() });
        }
        let mut group = self.group(direction, edit.view())?.clone();
        let statements = self.statements(edit.view())?;
        for statement in &statements {
            check_peer(statement.peer, group.vpc, edit.view())?;
        }
        let says_the_same = |one: &Statement, other: &Statement| (one.traffic, one.peer) == (other.traffic, other.peer);
        if (1..statements.len()).any(|at| statements[..at].iter().any(|before| says_the_same(before, &statements[at]))) {
            return Err(Error::InvalidPermission { reason: "The same permission must not appear multiple times".to_owned() });
        }
        let known = group.rules.len();
        for Statement { traffic, peer, description } in statements {
            let rule = model::SecurityGroupRule { id: edit.new_part_id(), direction, traffic, peer, description };
            if group.rules[..known].iter().any(|before| before.same_as(&rule)) {
                return Err(Error::DuplicatePermission { rule: in_words(&rule) });
            }
            group.rules.push(rule);
        }
        check_quota(&group, direction)?;

        edit.draft.put(group.clone());
        for rule in &group.rules[known..] {
            edit.tag_as_specified(rule.id);
        }
        let view = edit.view();
        let security_group_rule_set = group.rules[known..].iter().map(|rule| SecurityGroupRule::new(rule, &group, view)).collect();
        Ok(AuthorizeAnswer { done: true, security_group_rule_set })
    }

    fn revoke(&self, direction: Direction, edit: &mut Edit<'_, '_>) -> Result<RevokeAnswer, Error> {
        let mut group = self.group(direction, edit.view())?.clone();
        let mut revoked = Vec::new();
        for &id in &self.security_group_rule_id {
            let rule = group.rules(direction).find(|rule| rule.id == id).ok_or_else(|| Error::not_found(id))?;
            revoked.push(rule.clone());
        }
        let mut unknown = Vec::new();
        let statements = if revoked.is_empty() { self.statements(edit.view())? } else { Vec::new() };
        for statement in statements {
            let rule = group.rules(direction).find(|rule| (rule.traffic, rule.peer) == (statement.traffic, statement.peer));
            match rule {
                Some(rule) => revoked.push(rule.clone()),
                // In the default VPC, and only there, what is not there is no error.
                None if edit.draft.resolve(group.vpc).is_default => unknown.push(statement),
                None => return Err(Error::UnknownPermission),
            }
        }
        group.rules.retain(|rule| !revoked.contains(rule));
        for rule in &revoked {
            edit.draft.remove_tags(TagSetKey { resource: rule.id.into(), scope: group.scope });
        }
        edit.draft.put(group.clone());

        let unknown = unknown.iter().map(|statement| (statement.traffic, statement.peer, statement.description.as_ref()));
        Ok(RevokeAnswer {
            done: true,
            revoked_security_group_rule_set: revoked.iter().map(|rule| RevokedSecurityGroupRule::new(rule, group.id)).collect(),
            unknown_ip_permission_set: IpPermission::aggregate(unknown, group.vpc, edit.view()),
        })
    }

    /// The group. Only its ingress is also found by its name.
    fn group<'a>(&self, direction: Direction, view: View<'a>) -> Result<&'a model::SecurityGroup, Error> {
        match direction {
            Direction::Egress if self.group_name.is_some() => Err(Error::UnknownParameter { parameter: "GroupName".to_owned() }),
            Direction::Ingress | Direction::Egress => find(self.group_id, self.group_name.as_deref(), view),
        }
    }

    /// What the rules say, whichever way they are given.
    fn statements(&self, view: View<'_>) -> Result<Vec<Statement>, Error> {
        let flat = self.ip_protocol.clone().map(|protocol| IpPermissionParameter::flat(protocol, self.from_port, self.to_port, self.cidr_ip.clone()));
        let is_flat = flat.is_some() || self.cidr_ip.is_some() || self.from_port.is_some() || self.to_port.is_some();
        match (flat, self.ip_permissions.as_slice()) {
            (None, []) if is_flat => Err(Error::missing("IpProtocol")),
            (None, []) => Err(Error::missing("IpPermissions")),
            (Some(flat), []) => flat.statements(view),
            (_, _) if is_flat => Err(Error::combination("The parameter 'ipPermissions' may not be used in combination with 'ipProtocol'")),
            (_, permissions) => {
                let statements = permissions.iter().map(|permission| permission.statements(view));
                Ok(statements.collect::<Result<Vec<_>, Error>>()?.into_iter().flatten().collect())
            }
        }
    }
}

const FILTERS: &[FilterName<SecurityGroupRule>] =
    &[("group-id", |rule| values([rule.group_id])), ("security-group-rule-id", |rule| values([rule.security_group_rule_id]))];

/// A rule as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecurityGroupRule {
    security_group_rule_id: SecurityGroupRuleId,
    group_id: SecurityGroupId,
    group_owner_id: AccountId,
    is_egress: bool,
    ip_protocol: String,
    from_port: i64,
    to_port: i64,
    cidr_ipv4: Option<Cidr>,
    cidr_ipv6: Option<Cidr>,
    referenced_group_info: Option<ReferencedSecurityGroup>,
    description: Option<String>,
    security_group_rule_arn: Arn,
    tag_set: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReferencedSecurityGroup {
    group_id: SecurityGroupId,
    user_id: AccountId,
    vpc_id: Option<VpcId>,
    vpc_peering_connection_id: Option<VpcPeeringConnectionId>,
    peering_status: Option<PeeringStatus>,
}

/// A rule that is gone, as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RevokedSecurityGroupRule {
    security_group_rule_id: SecurityGroupRuleId,
    group_id: SecurityGroupId,
    is_egress: bool,
    ip_protocol: String,
    from_port: i64,
    to_port: i64,
    cidr_ipv4: Option<Cidr>,
    cidr_ipv6: Option<Cidr>,
    referenced_group_id: Option<SecurityGroupId>,
    description: Option<String>,
}

impl SecurityGroupRule {
    fn new(rule: &model::SecurityGroupRule, group: &model::SecurityGroup, view: View<'_>) -> Self {
        let (from_port, to_port) = traffic::ports(rule.traffic).unwrap_or((-1, -1));
        Self {
            security_group_rule_id: rule.id,
            group_id: group.id,
            group_owner_id: group.scope.account,
            is_egress: rule.direction == Direction::Egress,
            ip_protocol: traffic::protocol(rule.traffic),
            from_port,
            to_port,
            cidr_ipv4: cidr(rule.peer).filter(|cidr| !cidr.is_ipv6()),
            cidr_ipv6: cidr(rule.peer).filter(Cidr::is_ipv6),
            referenced_group_info: ReferencedSecurityGroup::new(rule.peer, group.vpc, view),
            description: rule.description.clone(),
            security_group_rule_arn: view.arn(rule.id),
            tag_set: view.tags(rule.id),
        }
    }
}

impl ReferencedSecurityGroup {
    fn new(peer: RulePeer, vpc: VpcId, view: View<'_>) -> Option<Self> {
        let RulePeer::SecurityGroup { group, account } = peer else { return None };
        let across = Across::find(group, vpc, view);
        let peering = across.as_ref().and_then(|across| across.peering);
        Some(Self {
            group_id: group,
            user_id: account,
            vpc_id: across.as_ref().map(|across| across.vpc),
            vpc_peering_connection_id: peering.map(|pcx| pcx.id),
            peering_status: peering.map(|pcx| pcx.status),
        })
    }
}

impl RevokedSecurityGroupRule {
    fn new(rule: &model::SecurityGroupRule, group_id: SecurityGroupId) -> Self {
        let (from_port, to_port) = traffic::ports(rule.traffic).unwrap_or((-1, -1));
        let referenced = |peer| match peer {
            RulePeer::SecurityGroup { group, .. } => Some(group),
            RulePeer::Cidr(_) => None,
        };
        Self {
            security_group_rule_id: rule.id,
            group_id,
            is_egress: rule.direction == Direction::Egress,
            ip_protocol: traffic::protocol(rule.traffic),
            from_port,
            to_port,
            cidr_ipv4: cidr(rule.peer).filter(|cidr| !cidr.is_ipv6()),
            cidr_ipv6: cidr(rule.peer).filter(Cidr::is_ipv6),
            referenced_group_id: referenced(rule.peer),
            description: rule.description.clone(),
        }
    }
}

impl Tagged for SecurityGroupRule {
    fn tags(&self) -> Vec<(&str, &str)> {
        pairs(&self.tag_set)
    }
}

fn cidr(peer: RulePeer) -> Option<Cidr> {
    match peer {
        RulePeer::Cidr(cidr) => Some(cidr),
        RulePeer::SecurityGroup { .. } => None,
    }
}

/// A group that a rule names exists, in this VPC or in one that an active peering connection joins with it within the
/// region. Across regions groups see nothing of each other.
pub(crate) fn check_peer(peer: RulePeer, vpc: VpcId, view: View<'_>) -> Result<(), Error> {
    let RulePeer::SecurityGroup { group, account } = peer else { return Ok(()) };
    let scope = Scope { account, region: view.scope.region };
    let named = view.snapshot.get(group).filter(|named| named.scope == scope).ok_or_else(|| Error::not_found(group))?;
    let is_joined = || Across::find(group, vpc, view).and_then(|across| across.peering).is_some_and(|pcx| pcx.status == PeeringStatus::Active);
    if named.vpc == vpc || is_joined() { Ok(()) } else { Err(Error::SecurityGroupOfOtherNetwork) }
}

/// Rules are counted for IPv4 and IPv6 apart; one that names a group counts for both.
pub(crate) fn check_quota(group: &model::SecurityGroup, direction: Direction) -> Result<(), Error> {
    let count = |ipv6: bool| group.rules(direction).filter(|rule| cidr(rule.peer).is_none_or(|cidr| cidr.is_ipv6() == ipv6)).count();
    quota::RULES_PER_GROUP.admit(count(false).max(count(true)))
}
