//! A repair as people make it: in a sentence, as a command of the AWS CLI, as Terraform, and as calls of the API. As
//! CloudFormation it is told beside this.

use model::{
    Direction, IcmpMatch, IdDigits, InternetGatewayId, NetworkInterface, NetworkInterfaceId, PortRange, ResourceId, RouteTarget, Scope, Traffic,
    VpcPeeringConnectionId,
};

use super::words::Words;
use super::{MOST_REPAIRS, Repair};

/// A repair, ready to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedFix {
    /// What it does, in a sentence.
    pub says: String,
    /// As a command of the AWS CLI; what it makes is kept in a variable of the shell.
    pub cli: String,
    /// As Terraform.
    pub terraform: String,
    /// As CloudFormation: what stands below `Resources`, in YAML. Where it has no resource for it, a comment.
    pub cloudformation: String,
    /// As calls of the API, in order.
    pub calls: Vec<RenderedCall>,
}

/// A call of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedCall {
    /// The operation.
    pub action: &'static str,
    /// Who calls, and where.
    pub scope: Scope,
    /// Its parameters, as the Query protocol has them. A value that begins with `$` is what an earlier call gave.
    pub parameters: Vec<(&'static str, String)>,
    /// What it gives to later calls, and where in its answer that stands.
    pub gives: Option<(&'static str, &'static str)>,
}

const GATEWAY: &str = "$IGW";
const CONNECTION: &str = "$PCX";
const ALLOCATION: &str = "$EIP";

impl Words<'_> {
    /// The repairs, in order: some refer to what those before them make.
    pub(super) fn fixes(&self, repairs: &[&Repair]) -> Vec<RenderedFix> {
        let fix = |(index, repair): (usize, &&Repair)| RenderedFix {
            says: self.says(repair),
            cli: self.command(repair),
            terraform: self.terraform(repair, &format!("fix_{}", index + 1)),
            cloudformation: self.cloudformation(repairs, index),
            calls: self.calls(repair),
        };
        repairs.iter().enumerate().map(fix).collect()
    }

    fn says(&self, repair: &Repair) -> String {
        match *repair {
            Repair::Authorize { group, direction, traffic, peer } => {
                let which = if direction == Direction::Ingress { "inbound" } else { "outbound" };
                format!("Add an {which} rule to {}: {} {} {peer}", self.group(group), super::words::traffic(&traffic), super::words::arrow(direction))
            }
            Repair::AllowInAcl { acl, direction, number, traffic, cidr } => {
                let which = if direction == Direction::Ingress { "inbound" } else { "outbound" };
                let traffic = super::words::traffic(&traffic);
                format!("Add {which} rule {number} to {}: allow {traffic} {} {cidr}", self.named(acl), super::words::arrow(direction))
            }
            Repair::CreatePeering { requester, accepter, .. } => {
                format!("Ask for a peering connection from {} to {}", self.named(requester), self.named(accepter))
            }
            Repair::AcceptPeering { connection } => format!("Accept the peering connection {}", self.connection_name(connection)),
            Repair::Route { table, destination, target, replaces } => {
                let verb = if replaces { "Change the" } else { "Add a" };
                let target = match target {
                    RouteTarget::VpcPeeringConnection(id) => self.connection_name(id),
                    RouteTarget::InternetGateway(id) => self.gateway_name(id),
                };
                format!("{verb} route in {}: {destination} → {target}", self.named(table))
            }
            Repair::AttachGateway { gateway, vpc, .. } => format!("Attach {} to {}", self.gateway_name(gateway), self.named(vpc)),
            Repair::AssociateElasticIp { interface } => match self.imagined(interface) {
                Some(imagined) => format!("Have new instances in {} get a public address", self.named(imagined.subnet)),
                None => format!("Allocate an Elastic IP address, and associate it with {}", self.interface(interface)),
            },
            Repair::EnableDnsSupport { vpc } => format!("Enable DNS resolution in {}", self.named(vpc)),
            Repair::Start { instance } => format!("Start {}", self.named(instance)),
        }
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
            Repair::CreatePeering { requester, accepter, .. } => {
                let elsewhere = match self.peer_scope(requester, accepter) {
                    Some(scope) => format!(" --peer-owner-id {} --peer-region {}", scope.account, scope.region),
                    None => String::new(),
                };
                format!(
                    "PCX=$(aws ec2 create-vpc-peering-connection --vpc-id {requester} --peer-vpc-id {accepter}{elsewhere} \
                     --query VpcPeeringConnection.VpcPeeringConnectionId --output text)"
                )
            }
            Repair::AcceptPeering { connection } => {
                format!("aws ec2 accept-vpc-peering-connection --vpc-peering-connection-id {}", quoted(&connection_word(connection)))
            }
            Repair::Route { table, destination, target, replaces } => {
                let verb = if replaces { "replace" } else { "create" };
                let target = match target {
                    RouteTarget::VpcPeeringConnection(id) => format!("--vpc-peering-connection-id {}", quoted(&connection_word(id))),
                    RouteTarget::InternetGateway(id) => format!("--gateway-id {}", quoted(&gateway_word(id))),
                };
                format!("aws ec2 {verb}-route --route-table-id {table} --destination-cidr-block {destination} {target}")
            }
            Repair::AttachGateway { gateway, imagined, vpc } => {
                let create = "IGW=$(aws ec2 create-internet-gateway --query InternetGateway.InternetGatewayId --output text)";
                let attach = format!("aws ec2 attach-internet-gateway --internet-gateway-id {} --vpc-id {vpc}", quoted(&gateway_word(gateway)));
                if imagined { format!("{create} && {attach}") } else { attach }
            }
            Repair::AssociateElasticIp { interface } => match self.imagined(interface) {
                Some(imagined) => format!("aws ec2 modify-subnet-attribute --subnet-id {} --map-public-ip-on-launch", imagined.subnet),
                None => format!(
                    "aws ec2 associate-address --network-interface-id {interface} \
                     --allocation-id $(aws ec2 allocate-address --query AllocationId --output text)"
                ),
            },
            Repair::EnableDnsSupport { vpc } => format!("aws ec2 modify-vpc-attribute --vpc-id {vpc} --enable-dns-support Value=true"),
            Repair::Start { instance } => format!("aws ec2 start-instances --instance-ids {instance}"),
        }
    }

    /// The repair as calls.
    fn calls(&self, repair: &Repair) -> Vec<RenderedCall> {
        let call = |of: ResourceId, action, parameters| {
            let call = RenderedCall { action, scope: self.scope_of(of)?, parameters, gives: None };
            Some(call)
        };
        let calls = match *repair {
            Repair::Authorize { group, direction, traffic, peer } => {
                let action = match direction {
                    Direction::Ingress => "AuthorizeSecurityGroupIngress",
                    Direction::Egress => "AuthorizeSecurityGroupEgress",
                };
                let (protocol, from, to) = numbers(&traffic);
                let mut parameters = vec![("GroupId", group.to_string()), ("IpPermissions.1.IpProtocol", protocol)];
                parameters.extend(from.map(|from| ("IpPermissions.1.FromPort", from.to_string())));
                parameters.extend(to.map(|to| ("IpPermissions.1.ToPort", to.to_string())));
                let range = if peer.is_ipv6() { "IpPermissions.1.Ipv6Ranges.1.CidrIpv6" } else { "IpPermissions.1.IpRanges.1.CidrIp" };
                parameters.push((range, peer.to_string()));
                vec![call(group.into(), action, parameters)]
            }
            Repair::AllowInAcl { acl, direction, number, traffic, cidr } => {
                let mut parameters = vec![
                    ("NetworkAclId", acl.to_string()),
                    ("Egress", (direction == Direction::Egress).to_string()),
                    ("RuleNumber", number.to_string()),
                    ("RuleAction", "allow".to_owned()),
                    (if cidr.is_ipv6() { "Ipv6CidrBlock" } else { "CidrBlock" }, cidr.to_string()),
                    ("Protocol", protocol_number(&traffic).to_string()),
                ];
                match traffic {
                    Traffic::Tcp(range) | Traffic::Udp(range) => {
                        parameters.extend([("PortRange.From", range.from.to_string()), ("PortRange.To", range.to.to_string())]);
                    }
                    Traffic::Icmp(message) | Traffic::Icmpv6(message) => {
                        let (kind, code) = icmp_numbers(&message);
                        parameters.extend([("Icmp.Type", kind.to_string()), ("Icmp.Code", code.to_string())]);
                    }
                    Traffic::All | Traffic::Protocol(_) => {}
                }
                vec![call(acl.into(), "CreateNetworkAclEntry", parameters)]
            }
            Repair::CreatePeering { requester, accepter, .. } => {
                let mut parameters = vec![("VpcId", requester.to_string()), ("PeerVpcId", accepter.to_string())];
                if let Some(scope) = self.peer_scope(requester, accepter) {
                    parameters.extend([("PeerOwnerId", scope.account.to_string()), ("PeerRegion", scope.region.to_string())]);
                }
                let gives = Some((CONNECTION, "vpcPeeringConnection.vpcPeeringConnectionId"));
                vec![call(requester.into(), "CreateVpcPeeringConnection", parameters).map(|call| RenderedCall { gives, ..call })]
            }
            Repair::AcceptPeering { connection } => {
                let accepter = self.snapshot.get(connection).map(|connection| connection.accepter.scope);
                let parameters = vec![("VpcPeeringConnectionId", connection_word(connection))];
                vec![accepter.map(|scope| RenderedCall { action: "AcceptVpcPeeringConnection", scope, parameters, gives: None })]
            }
            Repair::Route { table, destination, target, replaces } => {
                let target = match target {
                    RouteTarget::VpcPeeringConnection(id) => ("VpcPeeringConnectionId", connection_word(id)),
                    RouteTarget::InternetGateway(id) => ("GatewayId", gateway_word(id)),
                };
                let destination = ("DestinationCidrBlock", destination.to_string());
                let action = if replaces { "ReplaceRoute" } else { "CreateRoute" };
                vec![call(table.into(), action, vec![("RouteTableId", table.to_string()), destination, target])]
            }
            Repair::AttachGateway { gateway, imagined, vpc } => {
                let gives = Some((GATEWAY, "internetGateway.internetGatewayId"));
                let create = imagined.then(|| call(vpc.into(), "CreateInternetGateway", vec![]).map(|call| RenderedCall { gives, ..call }));
                let parameters = vec![("InternetGatewayId", gateway_word(gateway)), ("VpcId", vpc.to_string())];
                create.into_iter().chain([call(vpc.into(), "AttachInternetGateway", parameters)]).collect()
            }
            Repair::AssociateElasticIp { interface } => {
                let Some(known) = self.snapshot.get(interface) else { return Vec::new() };
                let subnet = known.subnet;
                if self.imagined(interface).is_some() {
                    let parameters = vec![("SubnetId", subnet.to_string()), ("MapPublicIpOnLaunch.Value", "true".to_owned())];
                    vec![call(subnet.into(), "ModifySubnetAttribute", parameters)]
                } else {
                    let gives = Some((ALLOCATION, "allocationId"));
                    let parameters = vec![("Domain", "vpc".to_owned())];
                    let allocate = call(subnet.into(), "AllocateAddress", parameters).map(|call| RenderedCall { gives, ..call });
                    let parameters = vec![("NetworkInterfaceId", interface.to_string()), ("AllocationId", ALLOCATION.to_owned())];
                    vec![allocate, call(subnet.into(), "AssociateAddress", parameters)]
                }
            }
            Repair::EnableDnsSupport { vpc } => {
                let parameters = vec![("VpcId", vpc.to_string()), ("EnableDnsSupport.Value", "true".to_owned())];
                vec![call(vpc.into(), "ModifyVpcAttribute", parameters)]
            }
            Repair::Start { instance } => vec![call(instance.into(), "StartInstances", vec![("InstanceId.1", instance.to_string())])],
        };
        calls.into_iter().flatten().collect()
    }

    /// The repair as Terraform: a resource of its own, or where what is there has to say something else, that.
    fn terraform(&self, repair: &Repair, name: &str) -> String {
        let text = |value: &dyn std::fmt::Display| format!("\"{value}\"");
        match *repair {
            Repair::Authorize { group, direction, traffic, peer } => {
                let (protocol, from, to) = numbers(&traffic);
                let mut arguments = vec![
                    ("security_group_id", text(&group)),
                    (if peer.is_ipv6() { "cidr_ipv6" } else { "cidr_ipv4" }, text(&peer)),
                    ("ip_protocol", text(&protocol)),
                ];
                arguments.extend(from.map(|from| ("from_port", from.to_string())));
                arguments.extend(to.map(|to| ("to_port", to.to_string())));
                resource(&format!("vpc_security_group_{}_rule", direction.as_str()), name, &arguments)
            }
            Repair::AllowInAcl { acl, direction, number, traffic, cidr } => {
                let mut arguments = vec![
                    ("network_acl_id", text(&acl)),
                    ("rule_number", number.to_string()),
                    ("egress", (direction == Direction::Egress).to_string()),
                    ("rule_action", text(&"allow")),
                    (if cidr.is_ipv6() { "ipv6_cidr_block" } else { "cidr_block" }, text(&cidr)),
                    ("protocol", text(&protocol_number(&traffic))),
                ];
                match traffic {
                    Traffic::Tcp(range) | Traffic::Udp(range) => {
                        arguments.extend([("from_port", range.from.to_string()), ("to_port", range.to.to_string())]);
                    }
                    Traffic::Icmp(message) | Traffic::Icmpv6(message) => {
                        let (kind, code) = icmp_numbers(&message);
                        arguments.extend([("icmp_type", kind.to_string()), ("icmp_code", code.to_string())]);
                    }
                    Traffic::All | Traffic::Protocol(_) => {}
                }
                resource("network_acl_rule", name, &arguments)
            }
            Repair::CreatePeering { requester, accepter, .. } => {
                let mut arguments = vec![("vpc_id", text(&requester)), ("peer_vpc_id", text(&accepter))];
                if let Some(scope) = self.peer_scope(requester, accepter) {
                    arguments.extend([("peer_owner_id", text(&scope.account)), ("peer_region", text(&scope.region))]);
                }
                resource("vpc_peering_connection", "peering", &arguments)
            }
            Repair::AcceptPeering { connection } => {
                let arguments = [("vpc_peering_connection_id", connection_reference(connection)), ("auto_accept", "true".to_owned())];
                resource("vpc_peering_connection_accepter", name, &arguments)
            }
            Repair::Route { table, destination, target, replaces } => {
                let target = match target {
                    RouteTarget::VpcPeeringConnection(id) => ("vpc_peering_connection_id", connection_reference(id)),
                    RouteTarget::InternetGateway(id) => ("gateway_id", gateway_reference(id)),
                };
                let route = resource("route", name, &[("route_table_id", text(&table)), ("destination_cidr_block", text(&destination)), target]);
                if replaces { format!("# in the place of the route of {table} for {destination}\n{route}") } else { route }
            }
            Repair::AttachGateway { gateway, imagined, vpc } => {
                let arguments = [("internet_gateway_id", gateway_reference(gateway)), ("vpc_id", text(&vpc))];
                let attachment = resource("internet_gateway_attachment", name, &arguments);
                match gateway_label(gateway).filter(|_| imagined) {
                    Some(label) => format!("{}\n\n{attachment}", resource("internet_gateway", &label, &[])),
                    None => attachment,
                }
            }
            Repair::AssociateElasticIp { interface } => match self.imagined(interface) {
                Some(imagined) => format!("# in the aws_subnet of {}\nmap_public_ip_on_launch = true", imagined.subnet),
                None => resource("eip", name, &[("domain", text(&"vpc")), ("network_interface", text(&interface))]),
            },
            Repair::EnableDnsSupport { vpc } => format!("# in the aws_vpc of {vpc}\nenable_dns_support = true"),
            Repair::Start { instance } => resource("ec2_instance_state", name, &[("instance_id", text(&instance)), ("state", text(&"running"))]),
        }
    }

    /// The interface, if it is not there yet.
    pub(super) fn imagined(&self, id: NetworkInterfaceId) -> Option<&NetworkInterface> {
        self.snapshot.get(id).filter(|_| self.before.get(id).is_none())
    }

    /// Where the accepter is, if that is not where the requester is.
    pub(super) fn peer_scope(&self, requester: model::VpcId, accepter: model::VpcId) -> Option<Scope> {
        let scope = |id| self.snapshot.get(id).map(|vpc: &model::Vpc| vpc.scope);
        scope(accepter).filter(|&accepter| scope(requester) != Some(accepter))
    }

    fn connection_name(&self, id: VpcPeeringConnectionId) -> String {
        if is_imagined(id.digits()) { "that connection".to_owned() } else { self.named(id) }
    }

    fn gateway_name(&self, id: InternetGatewayId) -> String {
        if is_imagined(id.digits()) { "a new internet gateway".to_owned() } else { self.named(id) }
    }
}

/// Whether it will have another id when it is made.
pub(super) fn is_imagined(digits: IdDigits) -> bool {
    imagined_number(digits).is_some()
}

/// Which of the imagined ones of its kind it is, from 0 on.
fn imagined_number(digits: IdDigits) -> Option<usize> {
    (0..MOST_REPAIRS).find(|&number| digits == IdDigits::from_random(u64::MAX - number as u64))
}

fn gateway_word(id: InternetGatewayId) -> String {
    if is_imagined(id.digits()) { GATEWAY.to_owned() } else { id.to_string() }
}

fn connection_word(id: VpcPeeringConnectionId) -> String {
    if is_imagined(id.digits()) { CONNECTION.to_owned() } else { id.to_string() }
}

fn gateway_reference(id: InternetGatewayId) -> String {
    gateway_label(id).map_or_else(|| format!("\"{id}\""), |label| format!("aws_internet_gateway.{label}.id"))
}

/// What Terraform calls a gateway that is yet to be created; two VPCs may each need one.
fn gateway_label(id: InternetGatewayId) -> Option<String> {
    imagined_number(id.digits()).map(|number| if number == 0 { "gateway".to_owned() } else { format!("gateway_{}", number + 1) })
}

fn connection_reference(id: VpcPeeringConnectionId) -> String {
    if is_imagined(id.digits()) { "aws_vpc_peering_connection.peering.id".to_owned() } else { format!("\"{id}\"") }
}

/// A variable of the shell stands in quotes.
fn quoted(word: &str) -> String {
    if word.starts_with('$') { format!("\"{word}\"") } else { word.to_owned() }
}

/// A block of Terraform, its arguments aligned as `terraform fmt` aligns them.
fn resource(kind: &str, name: &str, arguments: &[(&str, String)]) -> String {
    let width = arguments.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let lines: String = arguments.iter().map(|(name, value)| format!("  {name:width$} = {value}\n")).collect();
    let body = if lines.is_empty() { String::new() } else { format!("\n{lines}") };
    format!("resource \"aws_{kind}\" \"{name}\" {{{body}}}")
}

/// Protocol and ports as a security group's permission has them: type and code for ICMP, nothing for all.
pub(super) fn numbers(traffic: &Traffic) -> (String, Option<i32>, Option<i32>) {
    let ports = |protocol: &str, range: &PortRange| (protocol.to_owned(), Some(range.from.into()), Some(range.to.into()));
    let messages = |protocol: &str, message: &IcmpMatch| {
        let (kind, code) = icmp_numbers(message);
        (protocol.to_owned(), Some(kind.into()), Some(code.into()))
    };
    match traffic {
        Traffic::All => ("-1".to_owned(), None, None),
        Traffic::Tcp(range) => ports("tcp", range),
        Traffic::Udp(range) => ports("udp", range),
        Traffic::Icmp(message) => messages("icmp", message),
        Traffic::Icmpv6(message) => messages("icmpv6", message),
        Traffic::Protocol(number) => (number.to_string(), None, None),
    }
}

/// The traffic in the AWS CLI's shorthand for `--ip-permissions`.
fn permission(traffic: &Traffic) -> String {
    let (protocol, from, to) = numbers(traffic);
    let from = from.map(|from| format!(",FromPort={from}")).unwrap_or_default();
    let to = to.map(|to| format!(",ToPort={to}")).unwrap_or_default();
    format!("IpProtocol={protocol}{from}{to}")
}

/// Protocol as a network ACL's entry has it, by IANA's number; -1 for all.
pub(super) fn protocol_number(traffic: &Traffic) -> i16 {
    match *traffic {
        Traffic::All => -1,
        Traffic::Tcp(_) => 6,
        Traffic::Udp(_) => 17,
        Traffic::Icmp(_) => 1,
        Traffic::Icmpv6(_) => 58,
        Traffic::Protocol(number) => number.into(),
    }
}

/// Type and code as the API writes them, -1 for any.
pub(super) fn icmp_numbers(message: &IcmpMatch) -> (i16, i16) {
    match *message {
        IcmpMatch::Any => (-1, -1),
        IcmpMatch::Type(kind) => (kind.into(), -1),
        IcmpMatch::TypeAndCode(kind, code) => (kind.into(), code.into()),
    }
}

/// The traffic as options of `create-network-acl-entry`.
fn acl_traffic(traffic: &Traffic) -> String {
    let protocol = protocol_number(traffic);
    match traffic {
        Traffic::Tcp(range) | Traffic::Udp(range) => format!("--protocol {protocol} --port-range From={},To={}", range.from, range.to),
        Traffic::Icmp(message) | Traffic::Icmpv6(message) => {
            let (kind, code) = icmp_numbers(message);
            format!("--protocol {protocol} --icmp-type-code Type={kind},Code={code}")
        }
        Traffic::All | Traffic::Protocol(_) => format!("--protocol {protocol}"),
    }
}
