//! The way of a packet as Reachability Analyzer tells it: AWS's components, in AWS's order.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_PathComponent.html>

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use model::{
    AnalysisAclRule, AnalysisComponent, AnalysisRoute, AnalysisSecurityGroupRule, Cidr, Direction, HeaderSet, NetworkAclId, NetworkInterfaceId,
    PathComponent, ResourceId, Role, RuleAction, Scope, Snapshot, Traffic, VpcPeeringConnectionId,
};

use crate::explain::scope_in;
use crate::routing::Target;
use crate::trace::{Admission, Step};

/// The number of the last rule of a network ACL, `*`, in AWS's answers.
const LAST_RULE: u16 = 32767;

/// Who tells: names are those that one account sees in a network as it is.
#[derive(Clone, Copy)]
pub(super) struct Teller<'a> {
    /// The network, without what is imagined.
    pub(super) snapshot: &'a Snapshot,
    /// Who is told.
    pub(super) scope: Scope,
}

impl Teller<'_> {
    /// The resource.
    pub(super) fn component(&self, id: impl Into<ResourceId>) -> AnalysisComponent {
        let id = id.into();
        let scope = match id {
            // Both sides have it.
            ResourceId::VpcPeeringConnectionId(_) => self.scope,
            _ => scope_in(self.snapshot, id).unwrap_or(self.scope),
        };
        AnalysisComponent { id, scope, name: self.snapshot.name(self.scope, id).map(str::to_owned) }
    }

    /// Whether it is more than imagined.
    pub(super) fn is_there(&self, id: impl Into<ResourceId>) -> bool {
        scope_in(self.snapshot, id.into()).is_some()
    }

    pub(super) fn acl_rule(&self, acl: NetworkAclId, direction: Direction, rule: Option<u16>) -> AnalysisAclRule {
        let entry = rule.and_then(|number| self.snapshot.get(acl)?.entries(direction).get(&number).map(|entry| (number, *entry)));
        match entry {
            Some((number, entry)) => AnalysisAclRule { number, direction, action: entry.action, traffic: entry.traffic, cidr: entry.cidr },
            None => AnalysisAclRule { number: LAST_RULE, direction, action: RuleAction::Deny, traffic: Traffic::All, cidr: Cidr::ALL_IPV4 },
        }
    }

    /// Where the interface stands.
    pub(super) fn place(&self, id: NetworkInterfaceId) -> BTreeMap<Role, AnalysisComponent> {
        let Some(interface) = self.snapshot.get(id) else { return BTreeMap::new() };
        let owner = interface.attachment.map(|attachment| self.component(attachment.instance));
        let owner = owner.or(interface.endpoint.map(|endpoint| self.component(endpoint)));
        let place = [(Role::Subnet, self.component(interface.subnet)), (Role::Vpc, self.component(interface.vpc))];
        place.into_iter().chain(owner.map(|owner| (Role::AttachedTo, owner))).collect()
    }

    /// All that the packets of such headers pass. `by_instance` says of the ends whether their instances are told.
    pub(super) fn components(&self, steps: &[Step], headers: HeaderSet, by_instance: [bool; 2], is_reply: bool) -> Vec<PathComponent> {
        let mut now = headers.clone();
        let mut told: Vec<PathComponent> = Vec::new();
        for step in steps {
            match *step {
                Step::Leave { interface } => {
                    let instance = self.instance(interface).filter(|_| by_instance[0]);
                    told.extend(instance.into_iter().chain(self.interface(interface)));
                }
                Step::Arrive { interface } => {
                    let instance = self.instance(interface).filter(|_| by_instance[1]);
                    told.extend(self.interface(interface).into_iter().chain(instance));
                }
                Step::SecurityGroup { interface, by, .. } => told.extend(self.security_group(interface, by, is_reply)),
                Step::NetworkAcl { acl, direction, rule, .. } if self.is_there(acl) => {
                    told.push(PathComponent { acl_rule: Some(self.acl_rule(acl, direction, Some(rule))), ..self.plain(acl) });
                }
                Step::Route { table, route, target, .. } if self.is_there(table) => {
                    let route = Some(AnalysisRoute { destination: route, target: beyond(target), blackhole: false });
                    let vpc = self.snapshot.get(table).map(|table| (Role::Vpc, self.component(table.vpc)));
                    told.push(PathComponent { route, parts: vpc.into_iter().collect(), ..self.plain(table) });
                }
                Step::Peering { connection } => told.push(PathComponent { parts: self.sides(connection, steps), ..self.plain(connection) }),
                Step::Translate { gateway, private, public } => {
                    let changed = translate(&mut now, private, public);
                    let vpc = self.snapshot.get(gateway).and_then(|gateway| gateway.attachment).map(|vpc| (Role::Vpc, self.component(vpc)));
                    told.push(PathComponent { outbound: Some(changed), parts: vpc.into_iter().collect(), ..self.plain(gateway) });
                }
                Step::NetworkAcl { .. } | Step::Route { .. } | Step::SameSubnet { .. } | Step::Hairpin { .. } | Step::Service { .. } => {}
            }
        }
        if let Some(first) = told.first_mut() {
            *(if is_end(first) { &mut first.outbound } else { &mut first.inbound }) = Some(headers);
        }
        if let Some(last) = told.last_mut() {
            *(if is_end(last) { &mut last.inbound } else { &mut last.outbound }) = Some(now);
        }
        told
    }

    fn plain(&self, id: impl Into<ResourceId>) -> PathComponent {
        PathComponent {
            component: self.component(id),
            parts: BTreeMap::new(),
            acl_rule: None,
            security_group_rule: None,
            route: None,
            inbound: None,
            outbound: None,
        }
    }

    fn interface(&self, id: NetworkInterfaceId) -> Option<PathComponent> {
        self.is_there(id).then(|| PathComponent { parts: self.place(id), ..self.plain(id) })
    }

    fn instance(&self, id: NetworkInterfaceId) -> Option<PathComponent> {
        let attachment = self.snapshot.get(id)?.attachment?;
        Some(self.plain(attachment.instance))
    }

    /// The group whose rule admits; of those that let a reply pass because they remember its request, the first.
    fn security_group(&self, interface: NetworkInterfaceId, by: Admission, is_reply: bool) -> Option<PathComponent> {
        let known = self.snapshot.get(interface)?;
        let (group, rule) = match by {
            Admission::Rule { group, rule } => (group, Some(rule)),
            Admission::Reply | Admission::Tracked | Admission::Related => (*known.groups.first()?, None),
        };
        let rule = rule.and_then(|rule| self.snapshot.get(group)?.rules.iter().find(|other| other.id == rule)).filter(|_| !is_reply);
        let security_group_rule = rule.map(|rule| AnalysisSecurityGroupRule { direction: rule.direction, traffic: rule.traffic, peer: rule.peer });
        Some(PathComponent { security_group_rule, ..self.plain(group) })
    }

    /// The VPCs that a connection joins, in the order in which a packet of such a way comes through them.
    fn sides(&self, id: VpcPeeringConnectionId, steps: &[Step]) -> BTreeMap<Role, AnalysisComponent> {
        let Some(connection) = self.snapshot.get(id) else { return BTreeMap::new() };
        let vpc_of = |interface: NetworkInterfaceId| self.snapshot.get(interface).map(|interface| interface.vpc);
        let (one, other) = (connection.requester.vpc, connection.accepter.vpc);
        let backwards = steps.iter().any(|step| match *step {
            Step::Leave { interface } => vpc_of(interface) == Some(other),
            Step::Arrive { interface } => vpc_of(interface) == Some(one),
            _ => false,
        });
        let (source, destination) = if backwards { (other, one) } else { (one, other) };
        BTreeMap::from([(Role::SourceVpc, self.component(source)), (Role::DestinationVpc, self.component(destination))])
    }
}

/// Whether packets begin and end there: all else passes them on.
fn is_end(told: &PathComponent) -> bool {
    matches!(told.component.id, ResourceId::InstanceId(_) | ResourceId::NetworkInterfaceId(_))
}

/// The headers behind those steps.
pub(super) fn after(steps: &[Step], headers: &HeaderSet) -> HeaderSet {
    let mut now = headers.clone();
    for step in steps {
        if let Step::Translate { private, public, .. } = *step {
            translate(&mut now, private, public);
        }
    }
    now
}

/// The headers behind an internet gateway: only what it changed is answered.
fn translate(now: &mut HeaderSet, private: Ipv4Addr, public: Ipv4Addr) -> HeaderSet {
    let (private, public) = (Cidr::host(private.into()), Cidr::host(public.into()));
    if now.destinations == [public] {
        now.destinations = vec![private];
        HeaderSet { destinations: vec![private], ..HeaderSet::default() }
    } else {
        now.sources = vec![public];
        HeaderSet { sources: vec![public], ..HeaderSet::default() }
    }
}

/// The route's target, as it is kept.
pub(super) fn beyond(target: Target) -> Option<model::RouteTarget> {
    match target {
        Target::Local => None,
        Target::Beyond(target) => Some(target),
    }
}
