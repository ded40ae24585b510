//! What can be changed of security group rules that are there: what they say, and what they are said to be for.
//!
//! A rule keeps its id and its direction, and its peer stays of the same kind.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySecurityGroupRules.html>

use std::mem::discriminant;

use model::{Cidr, Direction, RulePeer, SecurityGroupId, SecurityGroupRule, SecurityGroupRuleId};
use serde::Deserialize;

use crate::edit::Edit;
use crate::error::Error;
use crate::ip_permission::{IpPermissionParameter, check_description, in_words};
use crate::operations::{Change, Done};
use crate::security_group::find;
use crate::security_group_rule::{check_peer, check_quota};
use crate::traffic;
use crate::view::View;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifySecurityGroupRules {
    group_id: SecurityGroupId,
    security_group_rule: Vec<RuleUpdate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RuleUpdate {
    security_group_rule_id: SecurityGroupRuleId,
    security_group_rule: RuleRequest,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RuleRequest {
    ip_protocol: String,
    from_port: Option<i64>,
    to_port: Option<i64>,
    cidr_ipv4: Option<String>,
    cidr_ipv6: Option<String>,
    referenced_group_id: Option<SecurityGroupId>,
    description: Option<String>,
}

#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct UpdateSecurityGroupRuleDescriptionsIngress(Descriptions);

#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct UpdateSecurityGroupRuleDescriptionsEgress(Descriptions);

/// New descriptions, of rules that are named by what they say or by their ids.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Descriptions {
    group_id: Option<SecurityGroupId>,
    group_name: Option<String>,
    #[serde(default)]
    ip_permissions: Vec<IpPermissionParameter>,
    #[serde(default)]
    security_group_rule_description: Vec<RuleDescription>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RuleDescription {
    security_group_rule_id: SecurityGroupRuleId,
    description: Option<String>,
}

impl Change for ModifySecurityGroupRules {
    type Answer = Done;
    const INERT: &'static [&'static str] = &["SecurityGroupRule.N.SecurityGroupRule.PrefixListId"];

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let mut group = edit.find(self.group_id)?.clone();
        if self.security_group_rule.is_empty() {
            return Err(Error::missing("SecurityGroupRule"));
        }
        for RuleUpdate { security_group_rule_id: id, security_group_rule: request } in &self.security_group_rule {
            let at = group.rules.iter().position(|rule| rule.id == *id).ok_or_else(|| Error::not_found(*id))?;
            let rule = request.update(&group.rules[at], edit.view())?;
            check_peer(rule.peer, group.vpc, edit.view())?;
            group.rules[at] = rule;
        }
        // Only when all are changed: two rules may change places.
        for (at, rule) in group.rules.iter().enumerate() {
            if group.rules[..at].iter().any(|before| before.same_as(rule)) {
                return Err(Error::DuplicatePermission { rule: in_words(rule) });
            }
        }
        check_quota(&group, Direction::Ingress)?;
        check_quota(&group, Direction::Egress)?;
        edit.draft.put(group);
        Ok(Done)
    }
}

impl RuleRequest {
    /// The rule as the request has it. What the request does not tell is not kept, but for its id and direction.
    fn update(&self, rule: &SecurityGroupRule, view: View<'_>) -> Result<SecurityGroupRule, Error> {
        let traffic = traffic::parse(&self.ip_protocol, self.from_port, self.to_port)?;
        let cidr = |text: &String, ipv6: bool| {
            let block = text.parse::<Cidr>().ok().filter(|block| block.is_ipv6() == ipv6);
            block.map(RulePeer::Cidr).ok_or_else(|| Error::MalformedCidr { cidr: text.clone() })
        };
        let peer = match (&self.cidr_ipv4, &self.cidr_ipv6, self.referenced_group_id) {
            (Some(text), None, None) => cidr(text, false)?,
            (None, Some(text), None) => cidr(text, true)?,
            (None, None, Some(group)) => {
                // Who owns a group of a peered VPC is told by the group.
                let account = view.snapshot.get(group).map_or(view.scope.account, |group| group.scope.account);
                RulePeer::SecurityGroup { group, account }
            }
            _ => {
                return Err(Error::combination("Exactly one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId must be specified for a rule"));
            }
        };
        if kind(peer) != kind(rule.peer) {
            return Err(Error::InvalidPermission { reason: format!("The source or destination type of the rule {} cannot be changed.", rule.id) });
        }
        Ok(SecurityGroupRule { id: rule.id, direction: rule.direction, traffic, peer, description: check_description(&self.description)? })
    }
}

impl Change for UpdateSecurityGroupRuleDescriptionsIngress {
    type Answer = Done;
    const INERT: &'static [&'static str] = INERT_PERMISSIONS;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        self.0.update(Direction::Ingress, edit)
    }
}

impl Change for UpdateSecurityGroupRuleDescriptionsEgress {
    type Answer = Done;
    const INERT: &'static [&'static str] = INERT_PERMISSIONS;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        self.0.update(Direction::Egress, edit)
    }
}

impl Descriptions {
    fn update(&self, direction: Direction, edit: &mut Edit<'_, '_>) -> Result<Done, Error> {
        let mut group = find(self.group_id, self.group_name.as_deref(), edit.view())?.clone();
        match (self.ip_permissions.is_empty(), self.security_group_rule_description.is_empty()) {
            (true, true) => return Err(Error::missing("IpPermissions")),
            (false, false) => {
                return Err(Error::combination("The parameter 'ipPermissions' may not be used in combination with 'securityGroupRuleDescriptions'"));
            }
            _ => {}
        }
        for RuleDescription { security_group_rule_id: id, description } in &self.security_group_rule_description {
            let rule = group.rules.iter_mut().find(|rule| rule.id == *id && rule.direction == direction);
            rule.ok_or_else(|| Error::not_found(*id))?.description = check_description(description)?;
        }
        for permission in &self.ip_permissions {
            for statement in permission.statements(edit.view())? {
                let says_so =
                    |rule: &&mut SecurityGroupRule| (rule.direction, rule.traffic, rule.peer) == (direction, statement.traffic, statement.peer);
                group.rules.iter_mut().find(says_so).ok_or(Error::UnknownPermission)?.description = statement.description;
            }
        }
        edit.draft.put(group);
        Ok(Done)
    }
}

/// What AWS knows of a permission and we do not act on, as `ip_permission` has it.
const INERT_PERMISSIONS: &[&str] = &[
    "IpPermissions.N.Groups.N.PeeringStatus=*",
    "IpPermissions.N.Groups.N.VpcId=*",
    "IpPermissions.N.Groups.N.VpcPeeringConnectionId=*",
    "IpPermissions.N.PrefixListIds",
];

/// IPv4 addresses, IPv6 addresses, or a group.
fn kind(peer: RulePeer) -> (std::mem::Discriminant<RulePeer>, bool) {
    (discriminant(&peer), matches!(peer, RulePeer::Cidr(cidr) if cidr.is_ipv6()))
}
