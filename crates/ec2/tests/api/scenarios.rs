//! The scenarios of the repository, their worlds built by calls and nothing else.

use std::fmt::Write as _;

use model::{Direction, IcmpMatch, IdKind, PortRange, ResourceId, RuleAction, Snapshot, Traffic};
use scenario::{AclEntry, CoreEngine, Lab, Names, Peer, Permission, RouteVia, Scenario, Statement, run};

use crate::aws::Aws;

#[test]
fn every_scenario_holds_through_the_api() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios");
    let mut failures = String::new();
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let scenario = Scenario::parse(&std::fs::read_to_string(&file).unwrap()).unwrap();
        for failure in run(&scenario, &mut CoreEngine::new(ApiLab { aws: Aws::new(), names: Names::default() })) {
            let _ = writeln!(failures, "{}: {failure}", file.display());
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

/// A world that calls build. Its names are given to the ids that replies name.
struct ApiLab {
    aws: Aws,
    names: Names,
}

impl Lab for ApiLab {
    fn change(&mut self, statement: &Statement) -> Result<(), String> {
        self.make(statement)?;
        self.aws.settle();
        Ok(())
    }

    fn snapshot(&self) -> &Snapshot {
        &self.aws.snapshot
    }

    fn names(&self) -> &Names {
        &self.names
    }
}

impl ApiLab {
    fn make(&mut self, statement: &Statement) -> Result<(), String> {
        match statement {
            Statement::Vpc { name, cidr } => {
                let vpc = self.aws.vpc(&cidr.to_string());
                let (table, group) = (self.aws.main_table(&vpc), self.aws.default_group(&vpc));
                let filters = format!("Filter.1.Name=vpc-id Filter.1.Value.1={vpc} Filter.2.Name=default Filter.2.Value.1=true");
                let acl = self.aws.get(&format!("DescribeNetworkAcls {filters}"), "networkAclSet/item/networkAclId");
                self.give(name, &vpc);
                self.give(&format!("{name}/main"), &table);
                self.give(&format!("{name}/default"), &group);
                self.give(&format!("{name}/default"), &acl);
            }
            Statement::Dns { vpc, on } => {
                let vpc = self.id(IdKind::VpcId, vpc)?;
                self.call(&format!("ModifyVpcAttribute VpcId={vpc} EnableDnsSupport.Value={on}"), "return")?;
            }
            Statement::Subnet { name, cidr } => {
                let vpc = self.id(IdKind::VpcId, owner(name))?;
                let id = self.call(&format!("CreateSubnet VpcId={vpc} CidrBlock={cidr}"), "subnet/subnetId")?;
                self.give(name, &id);
            }
            Statement::Instance { name, address, groups } => {
                let subnet = self.id(IdKind::SubnetId, owner(name))?;
                let mut call = format!("RunInstances ImageId=ami-12345678 MinCount=1 MaxCount=1 SubnetId={subnet} PrivateIpAddress={address}");
                for (index, group) in (1..).zip(groups) {
                    let _ = write!(call, " SecurityGroupId.{index}={}", self.id(IdKind::SecurityGroupId, group)?);
                }
                let id = self.call(&call, "instancesSet/item/instanceId")?;
                self.give(name, &id);
            }
            Statement::Endpoint { name, groups } => {
                let mut call = format!("CreateInstanceConnectEndpoint SubnetId={}", self.id(IdKind::SubnetId, owner(name))?);
                for (index, group) in (1..).zip(groups) {
                    let _ = write!(call, " SecurityGroupId.{index}={}", self.id(IdKind::SecurityGroupId, group)?);
                }
                let id = self.call(&call, "instanceConnectEndpoint/instanceConnectEndpointId")?;
                self.give(name, &id);
            }
            Statement::Close { endpoint } => {
                let id = self.id(IdKind::InstanceConnectEndpointId, endpoint)?;
                let call = format!("DeleteInstanceConnectEndpoint InstanceConnectEndpointId={id}");
                self.call(&call, "instanceConnectEndpoint/state")?;
            }
            Statement::Stop { instance } => self.ask_instance("Stop", instance)?,
            Statement::Start { instance } => self.ask_instance("Start", instance)?,
            Statement::Terminate { instance } => self.ask_instance("Terminate", instance)?,
            Statement::Gateway { vpc } => {
                let id = self.call("CreateInternetGateway", "internetGateway/internetGatewayId")?;
                let attach = format!("AttachInternetGateway InternetGatewayId={id} VpcId={}", self.id(IdKind::VpcId, vpc)?);
                self.call(&attach, "return")?;
                self.give(vpc, &id);
            }
            Statement::Table { name } => {
                let vpc = self.id(IdKind::VpcId, owner(name))?;
                let id = self.call(&format!("CreateRouteTable VpcId={vpc}"), "routeTable/routeTableId")?;
                self.give(name, &id);
            }
            Statement::Associate { subnet, table } => {
                let (subnet, table) = (self.id(IdKind::SubnetId, subnet)?, self.id(IdKind::RouteTableId, table)?);
                self.call(&format!("AssociateRouteTable SubnetId={subnet} RouteTableId={table}"), "associationId")?;
            }
            Statement::Route { table, destination, via } => {
                let target = match via {
                    RouteVia::Gateway => format!("GatewayId={}", self.id(IdKind::InternetGatewayId, owner(table))?),
                    RouteVia::Peering(other) => format!("VpcPeeringConnectionId={}", self.peering(owner(table), other)?),
                };
                let table = self.id(IdKind::RouteTableId, table)?;
                self.call(&format!("CreateRoute RouteTableId={table} DestinationCidrBlock={destination} {target}"), "return")?;
            }
            Statement::Unroute { table, destination } => {
                let table = self.id(IdKind::RouteTableId, table)?;
                self.call(&format!("DeleteRoute RouteTableId={table} DestinationCidrBlock={destination}"), "return")?;
            }
            Statement::Peer { requester, accepter } => {
                let (one, other) = (self.id(IdKind::VpcId, requester)?, self.id(IdKind::VpcId, accepter)?);
                let call = format!("CreateVpcPeeringConnection VpcId={one} PeerVpcId={other}");
                let id = self.call(&call, "vpcPeeringConnection/vpcPeeringConnectionId")?;
                self.give(&format!("{requester}+{accepter}"), &id);
            }
            Statement::Accept { requester, accepter } => self.answer("Accept", requester, accepter)?,
            Statement::Reject { requester, accepter } => self.answer("Reject", requester, accepter)?,
            Statement::Unpeer { requester, accepter } => self.answer("Delete", requester, accepter)?,
            Statement::Group { name } => {
                let vpc = self.id(IdKind::VpcId, owner(name))?;
                let short = name.rsplit('/').next().unwrap_or(name);
                let id = self.call(&format!("CreateSecurityGroup GroupName={short} GroupDescription=a VpcId={vpc}"), "groupId")?;
                self.give(name, &id);
            }
            Statement::Allow(permission) => self.permit("Authorize", permission)?,
            Statement::Revoke(permission) => self.permit("Revoke", permission)?,
            Statement::Acl { name } => {
                let vpc = self.id(IdKind::VpcId, owner(name))?;
                let id = self.call(&format!("CreateNetworkAcl VpcId={vpc}"), "networkAcl/networkAclId")?;
                self.give(name, &id);
            }
            Statement::Guard { subnet, acl } => {
                let (subnet, acl) = (self.id(IdKind::SubnetId, subnet)?, self.id(IdKind::NetworkAclId, acl)?);
                let of_subnet = format!("DescribeNetworkAcls Filter.1.Name=association.subnet-id Filter.1.Value.1={subnet}");
                let described = self.aws.ok(&of_subnet);
                let associations = described.find("networkAclSet/item/associationSet/item");
                let own = associations.iter().find(|association| association.get("subnetId") == subnet).ok_or("it has no network ACL")?;
                let association = own.get("networkAclAssociationId").to_owned();
                self.call(&format!("ReplaceNetworkAclAssociation AssociationId={association} NetworkAclId={acl}"), "newAssociationId")?;
            }
            Statement::Entry(entry) => self.enter(entry)?,
            Statement::NoEntry { acl, direction, number } => {
                let (acl, egress) = (self.id(IdKind::NetworkAclId, acl)?, *direction == Direction::Egress);
                self.call(&format!("DeleteNetworkAclEntry NetworkAclId={acl} RuleNumber={number} Egress={egress}"), "return")?;
            }
            Statement::Elastic { instance, address } => {
                let id = self.id(IdKind::InstanceId, instance)?;
                let allocation = self.call(&format!("AllocateAddress Address={address}"), "allocationId")?;
                self.call(&format!("AssociateAddress InstanceId={id} AllocationId={allocation}"), "associationId")?;
                self.give(instance, &allocation);
            }
            Statement::Release { instance } => {
                let allocation = self.id(IdKind::AllocationId, instance)?;
                let described = format!("DescribeAddresses AllocationId.1={allocation}");
                let association = self.call(&described, "addressesSet/item/associationId")?;
                self.call(&format!("DisassociateAddress AssociationId={association}"), "return")?;
                self.call(&format!("ReleaseAddress AllocationId={allocation}"), "return")?;
            }
        }
        Ok(())
    }

    fn ask_instance(&mut self, verb: &str, instance: &str) -> Result<(), String> {
        let id = self.id(IdKind::InstanceId, instance)?;
        self.call(&format!("{verb}Instances InstanceId.1={id}"), "instancesSet/item/instanceId").map(drop)
    }

    /// Makes a call and takes one text from its answer; a refusal is why the statement cannot be made.
    fn call(&mut self, call: &str, path: &str) -> Result<String, String> {
        let (reply, root) = self.aws.call(call);
        if reply.is_error() { Err(reply.body) } else { Ok(root.get(path).to_owned()) }
    }

    fn give(&mut self, name: &str, id: &str) {
        self.names.give(name, id.parse::<ResourceId>().unwrap());
    }

    fn id(&self, kind: IdKind, name: &str) -> Result<String, String> {
        self.names.find(kind, name).map(|id| id.to_string()).map_err(|error| error.to_string())
    }

    fn peering(&self, one: &str, other: &str) -> Result<String, String> {
        let kind = IdKind::VpcPeeringConnectionId;
        self.id(kind, &format!("{one}+{other}")).or_else(|_| self.id(kind, &format!("{other}+{one}")))
    }

    fn answer(&mut self, verb: &str, requester: &str, accepter: &str) -> Result<(), String> {
        let id = self.peering(requester, accepter)?;
        let (reply, _) = self.aws.call(&format!("{verb}VpcPeeringConnection VpcPeeringConnectionId={id}"));
        if reply.is_error() { Err(reply.body) } else { Ok(()) }
    }

    fn permit(&mut self, verb: &str, permission: &Permission) -> Result<(), String> {
        let direction = match permission.direction {
            Direction::Ingress => "Ingress",
            Direction::Egress => "Egress",
        };
        let (protocol, from, to) = numbers(&permission.traffic);
        let group = self.id(IdKind::SecurityGroupId, &permission.group)?;
        let mut call = format!("{verb}SecurityGroup{direction} GroupId={group} IpPermissions.1.IpProtocol={protocol}");
        if protocol != "-1" {
            let _ = write!(call, " IpPermissions.1.FromPort={from} IpPermissions.1.ToPort={to}");
        }
        let _ = match &permission.peer {
            Peer::Cidr(cidr) => write!(call, " IpPermissions.1.IpRanges.1.CidrIp={cidr}"),
            Peer::Group(peer) => write!(call, " IpPermissions.1.Groups.1.GroupId={}", self.id(IdKind::SecurityGroupId, peer)?),
        };
        self.call(&call, "return").map(drop)
    }

    fn enter(&mut self, entry: &AclEntry) -> Result<(), String> {
        let acl = self.id(IdKind::NetworkAclId, &entry.acl)?;
        let action = if entry.action == RuleAction::Allow { "allow" } else { "deny" };
        let (protocol, from, to) = numbers(&entry.traffic);
        let detail = match entry.traffic {
            Traffic::Tcp(_) | Traffic::Udp(_) => format!("PortRange.From={from} PortRange.To={to}"),
            Traffic::Icmp(_) | Traffic::Icmpv6(_) => format!("Icmp.Type={from} Icmp.Code={to}"),
            Traffic::All | Traffic::Protocol(_) => String::new(),
        };
        let egress = entry.direction == Direction::Egress;
        let call = format!(
            "CreateNetworkAclEntry NetworkAclId={acl} RuleNumber={} Protocol={protocol} RuleAction={action} Egress={egress} CidrBlock={} {detail}",
            entry.number, entry.cidr
        );
        self.call(&call, "return").map(drop)
    }
}

/// Protocol and ports, or type and code, as the API writes them.
fn numbers(traffic: &Traffic) -> (String, i32, i32) {
    let ports = |protocol: &str, range: &PortRange| (protocol.to_owned(), i32::from(range.from), i32::from(range.to));
    let message = |protocol: &str, message: &IcmpMatch| match *message {
        IcmpMatch::Any => (protocol.to_owned(), -1, -1),
        IcmpMatch::Type(kind) => (protocol.to_owned(), i32::from(kind), -1),
        IcmpMatch::TypeAndCode(kind, code) => (protocol.to_owned(), i32::from(kind), i32::from(code)),
    };
    match traffic {
        Traffic::All => ("-1".to_owned(), -1, -1),
        Traffic::Tcp(range) => ports("6", range),
        Traffic::Udp(range) => ports("17", range),
        Traffic::Icmp(kind) => message("1", kind),
        Traffic::Icmpv6(kind) => message("58", kind),
        Traffic::Protocol(number) => (number.to_string(), -1, -1),
    }
}

/// What stands before the last slash.
fn owner(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(owner, _)| owner)
}
