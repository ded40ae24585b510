//! A repair as CloudFormation: entries below `Resources` of a template, in YAML.
//!
//! Where CloudFormation has no resource for a change, or the change belongs to a resource that is declared elsewhere, a
//! comment says so. <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_EC2.html>

use model::{Direction, IdDigits, InternetGatewayId, RouteTarget, Traffic, VpcId};

use super::Repair;
use super::fix::{icmp_numbers, is_imagined, numbers, protocol_number};
use super::words::Words;

/// What a peering connection that is yet to be is called in the template.
const PEERING: &str = "Peering";

impl Words<'_> {
    /// The repair that stands at `index` among all of them; it may refer to those before it.
    pub(super) fn cloudformation(&self, repairs: &[&Repair], index: usize) -> String {
        let Some(&repair) = repairs.get(index) else { return String::new() };
        let name = format!("Fix{}", index + 1);
        let attaching = |this: &dyn Fn(InternetGatewayId, VpcId) -> bool| {
            let attaches = |repair: &&Repair| matches!(**repair, Repair::AttachGateway { gateway, vpc, .. } if this(gateway, vpc));
            repairs.iter().take(index).position(attaches).map(|place| place + 1)
        };
        match *repair {
            Repair::Authorize { group, direction, traffic, peer } => {
                let (protocol, from, to) = numbers(&traffic);
                let mut properties = vec![("GroupId", group.to_string()), ("IpProtocol", text(&protocol))];
                properties.extend(from.map(|from| ("FromPort", from.to_string())));
                properties.extend(to.map(|to| ("ToPort", to.to_string())));
                properties.push((if peer.is_ipv6() { "CidrIpv6" } else { "CidrIp" }, text(&peer)));
                let kind = if direction == Direction::Ingress { "SecurityGroupIngress" } else { "SecurityGroupEgress" };
                resource(&name, kind, None, &properties)
            }
            Repair::AllowInAcl { acl, direction, number, traffic, cidr } => {
                let mut properties = vec![
                    ("NetworkAclId", acl.to_string()),
                    ("RuleNumber", number.to_string()),
                    ("Egress", (direction == Direction::Egress).to_string()),
                    ("RuleAction", "allow".to_owned()),
                    (if cidr.is_ipv6() { "Ipv6CidrBlock" } else { "CidrBlock" }, text(&cidr)),
                    ("Protocol", protocol_number(&traffic).to_string()),
                ];
                match traffic {
                    Traffic::Tcp(range) | Traffic::Udp(range) => {
                        properties.push(("PortRange", format!("{{From: {}, To: {}}}", range.from, range.to)))
                    }
                    Traffic::Icmp(message) | Traffic::Icmpv6(message) => {
                        let (kind, code) = icmp_numbers(&message);
                        properties.push(("Icmp", format!("{{Type: {kind}, Code: {code}}}")));
                    }
                    Traffic::All | Traffic::Protocol(_) => {}
                }
                resource(&name, "NetworkAclEntry", None, &properties)
            }
            Repair::CreatePeering { requester, accepter, .. } => {
                let mut properties = vec![("VpcId", requester.to_string()), ("PeerVpcId", accepter.to_string())];
                if let Some(scope) = self.peer_scope(requester, accepter) {
                    properties.extend([("PeerOwnerId", text(&scope.account)), ("PeerRegion", scope.region.to_string())]);
                }
                resource(PEERING, "VPCPeeringConnection", None, &properties)
            }
            Repair::AcceptPeering { connection } if is_imagined(connection.digits()) => {
                format!("  # {PEERING} is accepted by CloudFormation itself; across accounts, by a role that its PeerRoleArn names\n")
            }
            Repair::AcceptPeering { connection } => format!("  # CloudFormation accepts no connection that it did not ask for: {connection}\n"),
            Repair::Route { table, destination, target, replaces } => {
                let (target, after) = match target {
                    RouteTarget::VpcPeeringConnection(id) if is_imagined(id.digits()) => {
                        (("VpcPeeringConnectionId", format!("!Ref {PEERING}")), None)
                    }
                    RouteTarget::VpcPeeringConnection(id) => (("VpcPeeringConnectionId", id.to_string()), None),
                    RouteTarget::InternetGateway(id) => {
                        // A route is refused until the gateway is attached.
                        let number = attaching(&|attached, _| attached == id);
                        (("GatewayId", gateway(id.digits(), id, number)), number.map(|number| format!("Fix{number}")))
                    }
                };
                let route = [("RouteTableId", table.to_string()), ("DestinationCidrBlock", text(&destination)), target];
                let route = resource(&name, "Route", after.as_deref(), &route);
                if replaces { format!("  # in the place of the route of {table} for {destination}\n{route}") } else { route }
            }
            Repair::AttachGateway { gateway: id, imagined, vpc } => {
                let properties = [("InternetGatewayId", gateway(id.digits(), id, Some(index + 1))), ("VpcId", vpc.to_string())];
                let attachment = resource(&name, "VPCGatewayAttachment", None, &properties);
                if imagined { resource(&format!("Gateway{}", index + 1), "InternetGateway", None, &[]) + &attachment } else { attachment }
            }
            Repair::AssociateElasticIp { interface } => match self.imagined(interface) {
                Some(imagined) => format!("  # in the Properties of {}: MapPublicIpOnLaunch: true\n", imagined.subnet),
                None => {
                    let address = format!("{name}Address");
                    let properties = [("AllocationId", format!("!GetAtt {address}.AllocationId")), ("NetworkInterfaceId", interface.to_string())];
                    let vpc = self.snapshot.get(interface).map(|interface| interface.vpc);
                    let after = attaching(&|_, attached| Some(attached) == vpc).map(|number| format!("Fix{number}"));
                    resource(&address, "EIP", None, &[("Domain", "vpc".to_owned())])
                        + &resource(&name, "EIPAssociation", after.as_deref(), &properties)
                }
            },
            Repair::EnableDnsSupport { vpc } => format!("  # in the Properties of {vpc}: EnableDnsSupport: true\n"),
            Repair::Start { instance } => format!("  # CloudFormation has no word for whether an instance runs: start {instance}\n"),
        }
    }
}

/// A gateway by its id; one that is yet to be by the resource that makes it, which stands beside its attachment.
fn gateway(digits: IdDigits, id: impl std::fmt::Display, attachment: Option<usize>) -> String {
    match attachment {
        Some(number) if is_imagined(digits) => format!("!Ref Gateway{number}"),
        _ => id.to_string(),
    }
}

/// In quotes, so that YAML takes digits and colons for nothing else.
fn text(value: &impl std::fmt::Display) -> String {
    format!("\"{value}\"")
}

fn resource(name: &str, kind: &str, after: Option<&str>, properties: &[(&str, String)]) -> String {
    let mut lines = format!("  {name}:\n    Type: AWS::EC2::{kind}\n");
    if let Some(after) = after {
        lines += &format!("    DependsOn: {after}\n");
    }
    if !properties.is_empty() {
        lines += "    Properties:\n";
    }
    lines.extend(properties.iter().map(|(name, value)| format!("      {name}: {value}\n")));
    lines
}
