//! A world that statements build, with a name for everything in it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::{
    Association, Attachment, Cidr, Draft, ElasticAssociation, ElasticIp, Id, IdDigits, IdKind, Instance, InstanceConnectEndpoint,
    InstanceConnectEndpointState, InstanceId, InstanceState, InstanceType, InternetGateway, NetworkAcl, NetworkAclEntry, NetworkInterface,
    NetworkInterfaceId, PeeringStatus, PeeringVpc, Region, ResourceId, RouteTable, RouteTarget, RulePeer, Scope, SecurityGroup, SecurityGroupRule,
    Snapshot, Subnet, SubnetNetworkAcl, SubnetRouteTable, SubnetState, Tenancy, Timestamp, Traffic, Vpc, VpcCidrBlock, VpcId, VpcPeeringConnection,
    VpcPeeringConnectionId, VpcState,
};

use crate::engine::Lab;
use crate::names::{Names, WorldError};
use crate::statement::{Peer, Permission, RouteVia, Statement};

/// A snapshot, and the scenario's names for what is in it.
#[derive(Debug, Default)]
pub struct World {
    snapshot: Snapshot,
    names: Names,
    last_id: u64,
}

type Result<T> = std::result::Result<T, WorldError>;

/// Finds the typed id of a name.
macro_rules! find {
    ($world:expr, $kind:ident, $name:expr) => {
        $world.names.find(IdKind::$kind, $name.as_ref()).map(|id| match id {
            ResourceId::$kind(id) => id,
            _ => unreachable!("the kind was asked for"),
        })
    };
}

impl World {
    /// The state so far.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// What things are called.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The scenario's name for a resource, or its id.
    pub fn name_of(&self, id: impl Into<ResourceId>) -> String {
        self.names.name_of(id)
    }

    /// The primary interface of an instance, or the one of an endpoint.
    pub fn interface(&self, instance: &str) -> Result<NetworkInterfaceId> {
        self.names.interface(&self.snapshot, instance)
    }

    /// What a question calls by that word: an instance, a subnet or an address.
    pub fn endpoint(&self, word: &str) -> Result<semantics::Endpoint> {
        self.names.endpoint(&self.snapshot, word)
    }

    /// The address that a word names: itself, or an instance's private one.
    pub fn address(&self, word: &str) -> Result<IpAddr> {
        self.names.address(&self.snapshot, word)
    }

    /// Makes the change.
    pub fn apply(&mut self, statement: &Statement) -> Result<()> {
        let mut draft = Draft::new(&self.snapshot);
        match statement {
            Statement::Vpc { name, cidr } => self.add_vpc(&mut draft, name, *cidr),
            Statement::Dns { vpc, on } => draft.update(find!(self, VpcId, vpc)?, |vpc| vpc.enable_dns_support = *on),
            Statement::Subnet { name, cidr } => self.add_subnet(&mut draft, name, *cidr)?,
            Statement::Instance { name, address, groups } => self.add_instance(&mut draft, name, *address, groups)?,
            Statement::Endpoint { name, groups } => self.add_endpoint(&mut draft, name, groups)?,
            Statement::Close { endpoint } => {
                let id = find!(self, InstanceConnectEndpointId, endpoint)?;
                if let Some(closed) = self.snapshot.get(id) {
                    draft.remove(closed.interface);
                    draft.remove(id);
                }
            }
            Statement::Elastic { instance, address } => {
                let interface = self.interface(instance)?;
                let (id, allocation) = (self.unnamed_id(), self.new_id(instance));
                draft.put(ElasticIp { id: allocation, scope: scope(), public_ip: *address });
                let association = Association { public_ip: *address, elastic: Some(ElasticAssociation { id, allocation }) };
                draft.update(interface, |interface| interface.association = Some(association));
            }
            Statement::Release { instance } => {
                draft.update(self.interface(instance)?, |interface| interface.association = None);
                draft.remove(find!(self, AllocationId, instance)?);
            }
            Statement::Stop { instance } => self.set_state(&mut draft, instance, InstanceState::Running, InstanceState::Stopped)?,
            Statement::Start { instance } => self.set_state(&mut draft, instance, InstanceState::Stopped, InstanceState::Running)?,
            Statement::Terminate { instance } => self.terminate(&mut draft, find!(self, InstanceId, instance)?),
            Statement::Gateway { vpc } => {
                let attachment = Some(find!(self, VpcId, vpc)?);
                let id = self.new_id(vpc);
                draft.put(InternetGateway { id, scope: scope(), attachment });
            }
            Statement::Table { name } => {
                let vpc = find!(self, VpcId, owner(name)?)?;
                let id = self.new_id(name);
                draft.put(RouteTable { id, scope: scope(), vpc, routes: BTreeMap::new() });
            }
            Statement::Associate { subnet, table } => {
                let (subnet, table) = (find!(self, SubnetId, subnet)?, find!(self, RouteTableId, table)?);
                let association = self.unnamed_id();
                draft.update(subnet, |subnet| subnet.route_table = Some(SubnetRouteTable { association, table }));
            }
            Statement::Route { table, destination, via } => {
                let target = match via {
                    RouteVia::Gateway => RouteTarget::InternetGateway(find!(self, InternetGatewayId, owner(table)?)?),
                    RouteVia::Peering(other) => RouteTarget::VpcPeeringConnection(self.newest_peering(owner(table)?, other)?),
                };
                draft.update(find!(self, RouteTableId, table)?, |table| {
                    table.routes.insert(*destination, target);
                });
            }
            Statement::Unroute { table, destination } => draft.update(find!(self, RouteTableId, table)?, |table| {
                table.routes.remove(destination);
            }),
            Statement::Peer { requester, accepter } => self.add_peering(&mut draft, requester, accepter)?,
            Statement::Accept { requester, accepter } => self.set_peering(&mut draft, requester, accepter, PeeringStatus::Active)?,
            Statement::Reject { requester, accepter } => self.set_peering(&mut draft, requester, accepter, PeeringStatus::Rejected)?,
            Statement::Unpeer { requester, accepter } => self.set_peering(&mut draft, requester, accepter, PeeringStatus::Deleted)?,
            Statement::Group { name } => self.add_group(&mut draft, name)?,
            Statement::Allow(permission) => {
                let rule = self.rule(permission)?;
                draft.update(find!(self, SecurityGroupId, permission.group)?, |group| group.rules.push(rule));
            }
            Statement::Revoke(permission) => {
                let rule = self.rule(permission)?;
                let group = find!(self, SecurityGroupId, permission.group)?;
                if !self.snapshot.resolve(group).rules.iter().any(|other| other.same_as(&rule)) {
                    return Err(WorldError(format!("group '{}' has no such rule", permission.group)));
                }
                draft.update(group, |group| group.rules.retain(|other| !other.same_as(&rule)));
            }
            Statement::Acl { name } => {
                let vpc = find!(self, VpcId, owner(name)?)?;
                let id = self.new_id(name);
                draft.put(NetworkAcl { id, scope: scope(), vpc, ingress: BTreeMap::new(), egress: BTreeMap::new() });
            }
            Statement::Guard { subnet, acl } => {
                let (subnet, acl) = (find!(self, SubnetId, subnet)?, find!(self, NetworkAclId, acl)?);
                let association = self.unnamed_id();
                draft.update(subnet, |subnet| subnet.network_acl = SubnetNetworkAcl { association, acl });
            }
            Statement::Entry(entry) => draft.update(find!(self, NetworkAclId, entry.acl)?, |acl| {
                let rule = NetworkAclEntry { action: entry.action, traffic: entry.traffic, cidr: entry.cidr };
                acl.entries_mut(entry.direction).insert(entry.number, rule);
            }),
            Statement::NoEntry { acl, direction, number } => draft.update(find!(self, NetworkAclId, acl)?, |acl| {
                acl.entries_mut(*direction).remove(number);
            }),
        }
        let (next, _) = draft.finish();
        if let Some(violation) = next.violation() {
            return Err(WorldError(violation));
        }
        self.snapshot = next;
        Ok(())
    }

    fn unnamed_id<I: Id>(&mut self) -> I {
        self.last_id += 1;
        I::from_digits(IdDigits::from_random(self.last_id))
    }

    fn new_id<I: Id>(&mut self, name: &str) -> I {
        let id = self.unnamed_id::<I>();
        self.names.give(name, id);
        id
    }

    fn add_vpc(&mut self, draft: &mut Draft, name: &str, cidr: model::Ipv4Cidr) {
        let id = self.new_id(name);
        let (table, acl, group) =
            (self.new_id(&format!("{name}/main")), self.new_id(&format!("{name}/default")), self.new_id(&format!("{name}/default")));
        draft.put(RouteTable { id: table, scope: scope(), vpc: id, routes: BTreeMap::new() });
        draft.put(NetworkAcl { id: acl, scope: scope(), vpc: id, ingress: NetworkAcl::default_entries(), egress: NetworkAcl::default_entries() });
        let members = SecurityGroupRule {
            id: self.unnamed_id(),
            direction: model::Direction::Ingress,
            traffic: Traffic::All,
            peer: RulePeer::SecurityGroup { group, account: scope().account },
            description: None,
        };
        let rules = vec![members, self.egress_to_all()];
        draft.put(SecurityGroup {
            id: group,
            scope: scope(),
            vpc: id,
            name: SecurityGroup::DEFAULT_NAME.to_owned(),
            description: String::new(),
            rules,
        });
        draft.put(Vpc {
            id,
            scope: scope(),
            state: VpcState::Available,
            cidr_blocks: vec![VpcCidrBlock { association: self.unnamed_id(), cidr }],
            main_route_table: table,
            main_association: self.unnamed_id(),
            default_network_acl: acl,
            default_security_group: group,
            tenancy: Tenancy::Default,
            dhcp_options: None,
            is_default: false,
            enable_dns_support: true,
            enable_dns_hostnames: false,
            enable_network_address_usage_metrics: false,
        });
    }

    fn egress_to_all(&mut self) -> SecurityGroupRule {
        let peer = RulePeer::Cidr(Cidr::ALL_IPV4);
        SecurityGroupRule { id: self.unnamed_id(), direction: model::Direction::Egress, traffic: Traffic::All, peer, description: None }
    }

    fn add_subnet(&mut self, draft: &mut Draft, name: &str, cidr: model::Ipv4Cidr) -> Result<()> {
        let vpc = find!(self, VpcId, owner(name)?)?;
        let acl = self.snapshot.resolve(vpc).default_network_acl;
        let Some(zone) = scope().region.zones().next() else { unreachable!("every region has a zone") };
        let network_acl = SubnetNetworkAcl { association: self.unnamed_id(), acl };
        let id = self.new_id(name);
        draft.put(Subnet {
            id,
            scope: scope(),
            vpc,
            zone,
            cidr,
            state: SubnetState::Available,
            route_table: None,
            network_acl,
            map_public_ip_on_launch: false,
            default_for_az: false,
        });
        Ok(())
    }

    fn add_instance(&mut self, draft: &mut Draft, name: &str, private_ip: std::net::Ipv4Addr, groups: &[String]) -> Result<()> {
        let subnet = self.snapshot.resolve(find!(self, SubnetId, owner(name)?)?).clone();
        let group_ids = self.groups(&subnet, groups)?;
        let (instance, interface): (InstanceId, NetworkInterfaceId) = (self.new_id(name), self.unnamed_id());
        let attachment =
            Attachment { id: self.unnamed_id(), instance, device_index: 0, delete_on_termination: true, attach_time: Timestamp::default() };
        let serial = draft.next_interface_serial();
        draft.put(NetworkInterface { attachment: Some(attachment), ..NetworkInterface::new(interface, serial, &subnet, private_ip, group_ids) });
        draft.put(Instance {
            id: instance,
            scope: scope(),
            reservation: self.unnamed_id(),
            launch_index: 0,
            image: model::Image::all()[0].id(),
            instance_type: InstanceType::t3_micro(),
            zone: subnet.zone,
            state: InstanceState::Running,
            since: Timestamp::default(),
            state_reason: None,
            launch_time: Timestamp::default(),
            client_token: None,
            disable_api_stop: false,
            disable_api_termination: false,
            shutdown_behavior: Default::default(),
            reboots: model::Reboots::default(),
            interfaces: vec![interface],
            key: None,
            user_data: None,
            unlimited_credits: false,
            volume_size: None,
            metadata_options: Default::default(),
            instance_connect_keys: Default::default(),
            status: Default::default(),
        });
        Ok(())
    }

    /// The groups of these names, or the VPC's default one.
    fn groups(&self, subnet: &Subnet, names: &[String]) -> Result<Vec<model::SecurityGroupId>> {
        let mut groups = names.iter().map(|group| find!(self, SecurityGroupId, group)).collect::<Result<Vec<_>>>()?;
        if groups.is_empty() {
            groups.push(self.snapshot.resolve(subnet.vpc).default_security_group);
        }
        Ok(groups)
    }

    fn add_endpoint(&mut self, draft: &mut Draft, name: &str, groups: &[String]) -> Result<()> {
        let subnet = self.snapshot.resolve(find!(self, SubnetId, owner(name)?)?).clone();
        let groups = self.groups(&subnet, groups)?;
        let mut free = subnet.assignable().filter(|&address| draft.interface_at(subnet.vpc, address.into()).is_none());
        let private_ip = free.next().ok_or_else(|| WorldError(format!("'{name}' finds no free address")))?;
        let (id, interface): (_, NetworkInterfaceId) = (self.new_id(name), self.unnamed_id());
        let serial = draft.next_interface_serial();
        draft.put(NetworkInterface { endpoint: Some(id), ..NetworkInterface::new(interface, serial, &subnet, private_ip, groups) });
        let state = InstanceConnectEndpointState::CreateComplete;
        draft.put(InstanceConnectEndpoint {
            id,
            scope: scope(),
            subnet: subnet.id,
            vpc: subnet.vpc,
            interface,
            state,
            created: Timestamp::default(),
        });
        Ok(())
    }

    fn set_state(&self, draft: &mut Draft, name: &str, from: InstanceState, to: InstanceState) -> Result<()> {
        let id = find!(self, InstanceId, name)?;
        let before = self.snapshot.resolve(id).state;
        if before != from {
            return Err(WorldError(format!("instance '{name}' is {before}")));
        }
        draft.update(id, |instance| instance.state = to);
        Ok(())
    }

    fn terminate(&self, draft: &mut Draft, id: InstanceId) {
        for &interface in &self.snapshot.resolve(id).interfaces {
            draft.remove(interface);
        }
        draft.update(id, |instance| {
            instance.state = InstanceState::Terminated;
            instance.interfaces.clear();
        });
    }

    fn add_peering(&mut self, draft: &mut Draft, requester: &str, accepter: &str) -> Result<()> {
        let side = |vpc: VpcId| PeeringVpc::new(vpc, scope(), self.snapshot.resolve(vpc).cidrs().collect());
        let (one, other) = (side(find!(self, VpcId, requester)?), side(find!(self, VpcId, accepter)?));
        // AWS takes such a request, and then it fails.
        let overlapping = one.cidrs.iter().any(|cidr| other.cidrs.iter().any(|other| cidr.overlaps(other)));
        let id = self.new_id(&format!("{requester}+{accepter}"));
        draft.put(VpcPeeringConnection {
            id,
            requester: one,
            accepter: other,
            status: if overlapping { PeeringStatus::Failed } else { PeeringStatus::PendingAcceptance },
            status_message: String::new(),
            since: Timestamp::default(),
            expiration: None,
        });
        Ok(())
    }

    fn set_peering(&self, draft: &mut Draft, requester: &str, accepter: &str, status: PeeringStatus) -> Result<()> {
        let id = self.newest_peering(requester, accepter)?;
        let before = self.snapshot.resolve(id).status;
        let legal = match status {
            PeeringStatus::Deleted => !before.is_terminal(),
            _ => before == PeeringStatus::PendingAcceptance,
        };
        if !legal {
            return Err(WorldError(format!("the peering of {requester} and {accepter} is {before}")));
        }
        draft.update(id, |connection| connection.status = status);
        Ok(())
    }

    /// The peering connection of these two, whoever asked.
    fn newest_peering(&self, one: &str, other: &str) -> Result<VpcPeeringConnectionId> {
        find!(self, VpcPeeringConnectionId, format!("{one}+{other}")).or_else(|_| find!(self, VpcPeeringConnectionId, format!("{other}+{one}")))
    }

    fn add_group(&mut self, draft: &mut Draft, name: &str) -> Result<()> {
        let vpc = find!(self, VpcId, owner(name)?)?;
        let id = self.new_id(name);
        let rules = vec![self.egress_to_all()];
        draft.put(SecurityGroup { id, scope: scope(), vpc, name: name.to_owned(), description: String::new(), rules });
        Ok(())
    }

    fn rule(&mut self, permission: &Permission) -> Result<SecurityGroupRule> {
        let peer = match &permission.peer {
            Peer::Cidr(cidr) => RulePeer::Cidr(*cidr),
            Peer::Group(group) => RulePeer::SecurityGroup { group: find!(self, SecurityGroupId, group)?, account: scope().account },
        };
        Ok(SecurityGroupRule { id: self.unnamed_id(), direction: permission.direction, traffic: permission.traffic, peer, description: None })
    }
}

impl Lab for World {
    fn change(&mut self, statement: &Statement) -> std::result::Result<(), String> {
        self.apply(statement).map_err(|error| error.to_string())
    }

    fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    fn names(&self) -> &Names {
        &self.names
    }
}

/// The account and region in which scenarios play.
fn scope() -> Scope {
    Scope { account: model::AccountId::DEFAULT, region: Region::us_east_1() }
}

/// What stands before the last slash: the VPC of a subnet, the subnet of an instance.
fn owner(name: &str) -> Result<&str> {
    name.rsplit_once('/').map(|(owner, _)| owner).ok_or_else(|| WorldError(format!("'{name}' does not say where it is")))
}
