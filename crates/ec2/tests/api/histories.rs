//! Whatever is called in whatever order: a refusal changes nothing, the invariants hold, and Describe can list it all.

use proptest::prelude::*;

use crate::aws::{ALICE, Aws, BOB};

/// A call with holes for ids: `{vpc}` is one of the caller's.
#[derive(Clone, Debug)]
enum Step {
    Call { template: &'static str, picks: [u8; 4] },
    Become { bob: bool },
    Settle,
    Sleep { hours: i64 },
}

const TEMPLATES: &[&str] = &[
    "CreateVpc CidrBlock=10.1.0.0/16",
    "CreateDefaultVpc",
    "CreateDefaultSubnet AvailabilityZone=us-east-1a",
    "AssociateVpcCidrBlock VpcId={vpc} CidrBlock=10.3.0.0/16",
    "AssociateVpcCidrBlock VpcId={vpc} CidrBlock=10.2.64.0/24",
    "DisassociateVpcCidrBlock AssociationId={vpc-cidr-assoc}",
    "ModifyVpcAttribute VpcId={vpc} EnableDnsHostnames.Value=true",
    "ModifyVpcPeeringConnectionOptions VpcPeeringConnectionId={pcx} RequesterPeeringConnectionOptions.AllowDnsResolutionFromRemoteVpc=true",
    "CreateRouteTable VpcId={vpc} ClientToken=t",
    "CreateNetworkAcl VpcId={vpc} ClientToken=t",
    "RunInstances ImageId=ami-0123456789abcdef0 MinCount=1 MaxCount=2",
    "RunInstances ImageId=ami-0123456789abcdef0 MinCount=1 MaxCount=1 SubnetId={subnet} DisableApiTermination=true TagSpecification.1.ResourceType=volume TagSpecification.1.Tag.1.Key=k TagSpecification.1.Tag.1.Value=v",
    "RebootInstances InstanceId.1={i}",
    "ModifyInstanceAttribute InstanceId={i} DisableApiStop.Value=true",
    "ModifyInstanceAttribute InstanceId={i} DisableApiStop.Value=false",
    "ModifyInstanceAttribute InstanceId={i} DisableApiTermination.Value=false",
    "ModifyInstanceAttribute InstanceId={i} InstanceInitiatedShutdownBehavior.Value=terminate",
    "ModifyInstanceAttribute InstanceId={i} InstanceType.Value=t3.small",
    "ModifySecurityGroupRules GroupId={sg} SecurityGroupRule.1.SecurityGroupRuleId={sgr} SecurityGroupRule.1.SecurityGroupRule.IpProtocol=-1 SecurityGroupRule.1.SecurityGroupRule.CidrIpv4=0.0.0.0/0",
    "UpdateSecurityGroupRuleDescriptionsEgress GroupId={sg} SecurityGroupRuleDescription.1.SecurityGroupRuleId={sgr} SecurityGroupRuleDescription.1.Description=d",
    "CreateTags ResourceId.1={vol} Tag.1.Key=k Tag.1.Value=v",
    "CreateVpc CidrBlock=10.2.0.0/16",
    "CreateVpc CidrBlock=10.2.128.0/24 DryRun=true",
    "DeleteVpc VpcId={vpc}",
    "CreateSubnet VpcId={vpc} CidrBlock=10.1.0.0/28",
    "CreateSubnet VpcId={vpc} CidrBlock=10.2.0.0/24",
    "CreateSubnet VpcId={vpc} CidrBlock=10.1.0.16/28 AvailabilityZone=us-east-1a",
    "DeleteSubnet SubnetId={subnet}",
    "CreateDhcpOptions DhcpConfiguration.1.Key=domain-name DhcpConfiguration.1.Value.1=example.com TagSpecification.1.ResourceType=dhcp-options TagSpecification.1.Tag.1.Key=k TagSpecification.1.Tag.1.Value=v",
    "AssociateDhcpOptions DhcpOptionsId={dopt} VpcId={vpc}",
    "AssociateDhcpOptions DhcpOptionsId=default VpcId={vpc}",
    "DeleteDhcpOptions DhcpOptionsId={dopt}",
    "CreateInternetGateway",
    "AttachInternetGateway InternetGatewayId={igw} VpcId={vpc}",
    "DetachInternetGateway InternetGatewayId={igw} VpcId={vpc}",
    "DeleteInternetGateway InternetGatewayId={igw}",
    "CreateRouteTable VpcId={vpc}",
    "CreateRoute RouteTableId={rtb} DestinationCidrBlock=0.0.0.0/0 GatewayId={igw}",
    "CreateRoute RouteTableId={rtb} DestinationCidrBlock=10.2.0.0/16 VpcPeeringConnectionId={pcx}",
    "ReplaceRoute RouteTableId={rtb} DestinationCidrBlock=10.2.0.0/16 VpcPeeringConnectionId={pcx}",
    "DeleteRoute RouteTableId={rtb} DestinationCidrBlock=10.2.0.0/16",
    "AssociateRouteTable RouteTableId={rtb} SubnetId={subnet}",
    "ReplaceRouteTableAssociation AssociationId={rtbassoc} RouteTableId={rtb}",
    "DisassociateRouteTable AssociationId={rtbassoc}",
    "DeleteRouteTable RouteTableId={rtb}",
    "CreateSecurityGroup VpcId={vpc} GroupName=web GroupDescription=web",
    "AuthorizeSecurityGroupIngress GroupId={sg} IpPermissions.1.IpProtocol=-1 IpPermissions.1.Groups.1.GroupId={sg} TagSpecification.1.ResourceType=security-group-rule TagSpecification.1.Tag.1.Key=k TagSpecification.1.Tag.1.Value=v",
    "AuthorizeSecurityGroupIngress GroupId={sg} IpProtocol=tcp FromPort=22 ToPort=22 CidrIp=0.0.0.0/0",
    "RevokeSecurityGroupIngress GroupId={sg} IpProtocol=tcp FromPort=22 ToPort=22 CidrIp=0.0.0.0/0",
    "RevokeSecurityGroupEgress GroupId={sg} SecurityGroupRuleId.1={sgr}",
    "DeleteSecurityGroup GroupId={sg}",
    "CreateVpcPeeringConnection VpcId={vpc} PeerVpcId={vpc}",
    "CreateVpcPeeringConnection VpcId={vpc} PeerVpcId={vpc} PeerOwnerId=222222222222",
    "AcceptVpcPeeringConnection VpcPeeringConnectionId={pcx}",
    "RejectVpcPeeringConnection VpcPeeringConnectionId={pcx}",
    "DeleteVpcPeeringConnection VpcPeeringConnectionId={pcx}",
    "RunInstances ImageId=ami-0123456789abcdef0 MinCount=1 MaxCount=6 SubnetId={subnet}",
    "RunInstances ImageId=ami-0123456789abcdef0 MinCount=1 MaxCount=1 SubnetId={subnet} SecurityGroupId.1={sg} ClientToken=t",
    "RunInstances ImageId=ami-0123456789abcdef0 MinCount=1 MaxCount=1 NetworkInterface.1.DeviceIndex=0 NetworkInterface.1.SubnetId={subnet} NetworkInterface.1.DeleteOnTermination=false",
    "StopInstances InstanceId.1={i}",
    "StartInstances InstanceId.1={i}",
    "TerminateInstances InstanceId.1={i}",
    "CreateInstanceConnectEndpoint SubnetId={subnet}",
    "CreateInstanceConnectEndpoint SubnetId={subnet} SecurityGroupId.1={sg} ClientToken=t",
    "DeleteInstanceConnectEndpoint InstanceConnectEndpointId={eice}",
    "CreateNetworkAcl VpcId={vpc} TagSpecification.1.ResourceType=network-acl TagSpecification.1.Tag.1.Key=k TagSpecification.1.Tag.1.Value=v",
    "CreateNetworkAclEntry NetworkAclId={acl} RuleNumber=100 RuleAction=allow Protocol=-1 Egress=true CidrBlock=0.0.0.0/0",
    "ReplaceNetworkAclEntry NetworkAclId={acl} RuleNumber=100 RuleAction=deny Protocol=6 PortRange.From=1 PortRange.To=2 Egress=true Ipv6CidrBlock=::/0",
    "DeleteNetworkAclEntry NetworkAclId={acl} RuleNumber=100 Egress=true",
    "ReplaceNetworkAclAssociation AssociationId={aclassoc} NetworkAclId={acl}",
    "DeleteNetworkAcl NetworkAclId={acl}",
    "AllocateAddress TagSpecification.1.ResourceType=elastic-ip TagSpecification.1.Tag.1.Key=k TagSpecification.1.Tag.1.Value=v",
    "AssociateAddress AllocationId={eipalloc} InstanceId={i}",
    "AssociateAddress AllocationId={eipalloc} NetworkInterfaceId={eni}",
    "AssociateAddress AllocationId={eipalloc} NetworkInterfaceId={eni} AllowReassociation=false",
    "DisassociateAddress AssociationId={eipassoc}",
    "ReleaseAddress AllocationId={eipalloc}",
    "ModifySubnetAttribute SubnetId={subnet} MapPublicIpOnLaunch.Value=true",
    "ModifySubnetAttribute SubnetId={subnet} MapPublicIpOnLaunch.Value=false",
    "RunInstances ImageId=ami-0123456789abcdef0 MinCount=1 MaxCount=1 NetworkInterface.1.DeviceIndex=0 NetworkInterface.1.SubnetId={subnet} NetworkInterface.1.AssociatePublicIpAddress=true NetworkInterface.1.DeleteOnTermination=false",
    "ModifyNetworkInterfaceAttribute NetworkInterfaceId={eni} SecurityGroupId.1={sg}",
    "ModifyNetworkInterfaceAttribute NetworkInterfaceId={eni} SourceDestCheck.Value=false",
    "ModifyInstanceAttribute InstanceId={i} GroupId.1={sg}",
    "ModifyInstanceAttribute InstanceId={i} SourceDestCheck.Value=true",
    "DescribeInstanceStatus InstanceId.1={i} IncludeAllInstances=true",
    "DescribeInstanceAttribute InstanceId={i} Attribute=groupSet",
    "DescribeNetworkInterfaceAttribute NetworkInterfaceId={eni} Attribute=attachment",
    "CreateNetworkInsightsPath Source={i} Destination={i} Protocol=tcp ClientToken=a",
    "CreateNetworkInsightsPath Source={igw} Destination={i} Protocol=udp DestinationPort=53 ClientToken=b",
    "CreateNetworkInsightsPath Source={eni} Destination={igw} Protocol=tcp ClientToken=c",
    "CreateNetworkInsightsPath Source={pcx} Destination={eni} Protocol=tcp ClientToken=d TagSpecification.1.ResourceType=network-insights-path TagSpecification.1.Tag.1.Key=k TagSpecification.1.Tag.1.Value=v",
    "CreateNetworkInsightsPath Source={i} Destination={pcx} Protocol=tcp ClientToken=e",
    "StartNetworkInsightsAnalysis NetworkInsightsPathId={nip} ClientToken=a",
    "StartNetworkInsightsAnalysis NetworkInsightsPathId={nip} ClientToken=b AdditionalAccount.1=222222222222",
    "DeleteNetworkInsightsAnalysis NetworkInsightsAnalysisId={nia}",
    "DeleteNetworkInsightsPath NetworkInsightsPathId={nip}",
    "CreateTags ResourceId.1={vpc} ResourceId.2={pcx} Tag.1.Key=Name Tag.1.Value=x",
    "CreateTags ResourceId.1={sgr} Tag.1.Key=Name Tag.1.Value=x",
    "DeleteTags ResourceId.1={vpc}",
    "EnableSerialConsoleAccess",
    "DisableSerialConsoleAccess",
];

/// Where the ids of each kind are listed.
const LISTS: &[(&str, &str, &str)] = &[
    ("vpc", "DescribeVpcs", "vpcSet/item/vpcId"),
    ("vpc-cidr-assoc", "DescribeVpcs", "vpcSet/item/cidrBlockAssociationSet/item/associationId"),
    ("vol", "DescribeVolumes", "volumeSet/item/volumeId"),
    ("dopt", "DescribeDhcpOptions", "dhcpOptionsSet/item/dhcpOptionsId"),
    ("subnet", "DescribeSubnets", "subnetSet/item/subnetId"),
    ("igw", "DescribeInternetGateways", "internetGatewaySet/item/internetGatewayId"),
    ("rtb", "DescribeRouteTables", "routeTableSet/item/routeTableId"),
    ("rtbassoc", "DescribeRouteTables", "routeTableSet/item/associationSet/item/routeTableAssociationId"),
    ("acl", "DescribeNetworkAcls", "networkAclSet/item/networkAclId"),
    ("aclassoc", "DescribeNetworkAcls", "networkAclSet/item/associationSet/item/networkAclAssociationId"),
    ("eipalloc", "DescribeAddresses", "addressesSet/item/allocationId"),
    ("eipassoc", "DescribeAddresses", "addressesSet/item/associationId"),
    ("eni", "DescribeNetworkInterfaces", "networkInterfaceSet/item/networkInterfaceId"),
    ("sg", "DescribeSecurityGroups", "securityGroupInfo/item/groupId"),
    ("sgr", "DescribeSecurityGroupRules", "securityGroupRuleSet/item/securityGroupRuleId"),
    ("pcx", "DescribeVpcPeeringConnections", "vpcPeeringConnectionSet/item/vpcPeeringConnectionId"),
    ("eice", "DescribeInstanceConnectEndpoints", "instanceConnectEndpointSet/item/instanceConnectEndpointId"),
    ("nip", "DescribeNetworkInsightsPaths", "networkInsightsPathSet/item/networkInsightsPathId"),
    ("nia", "DescribeNetworkInsightsAnalyses", "networkInsightsAnalysisSet/item/networkInsightsAnalysisId"),
    ("i", "DescribeInstances", "reservationSet/item/instancesSet/item/instanceId"),
];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => (0..TEMPLATES.len(), any::<[u8; 4]>()).prop_map(|(at, picks)| Step::Call { template: TEMPLATES[at], picks }),
        1 => any::<bool>().prop_map(|bob| Step::Become { bob }),
        2 => Just(Step::Settle),
        1 => (0i64..200).prop_map(|hours| Step::Sleep { hours }),
    ]
}

/// Something to begin with, so that short histories get somewhere.
fn prepare(aws: &mut Aws) {
    let (blue, green) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16"));
    aws.subnet(&blue, "10.1.1.0/28");
    aws.subnet(&green, "10.2.1.0/28");
    aws.gateway(&blue);
    aws.ok("CreateInternetGateway");
    aws.elastic_ip();
    aws.ok(&format!("CreateRouteTable VpcId={blue}"));
    aws.ok(&format!("CreateSecurityGroup VpcId={blue} GroupName=first GroupDescription=first"));
    aws.peering(&blue, &green);
}

/// The template with ids of the caller's in its holes, and now and then with one of nothing.
fn fill(aws: &mut Aws, template: &str, picks: [u8; 4]) -> String {
    let mut picks = picks.into_iter().map(usize::from);
    let mut filled = template.to_owned();
    while let Some((before, rest)) = filled.split_once('{') {
        let (kind, after) = rest.split_once('}').unwrap();
        let &(_, call, path) = LISTS.iter().find(|(listed, ..)| *listed == kind).unwrap();
        let ids = aws.all(call, path);
        let pick = picks.next().unwrap();
        let exists = !ids.is_empty() && pick < 240;
        let id = if exists { ids[pick % ids.len()].clone() } else { format!("{kind}-00000000000000000") };
        filled = format!("{before}{id}{after}");
    }
    filled
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// The fake AWS asks after the invariants, and whether a refusal changed anything, behind every step.
    #[test]
    fn any_history_keeps_the_invariants(steps in prop::collection::vec(step(), 1..80)) {
        let mut aws = Aws::new();
        prepare(&mut aws);
        for step in steps {
            match step {
                Step::Call { template, picks } => {
                    let call = fill(&mut aws, template, picks);
                    let (reply, _) = aws.call(&call);
                    prop_assert!(reply.status != 500, "{call} answered {}", reply.body);
                }
                Step::Become { bob } => aws.become_caller(if bob { BOB } else { ALICE }, "us-east-1"),
                Step::Settle => aws.settle(),
                Step::Sleep { hours } => aws.sleep(hours),
            }
        }
        for (_, call, _) in LISTS.iter().chain(&[("", "DescribeTags", "")]) {
            aws.ok(call);
        }
    }

    /// Whatever is sent, there is an answer.
    #[test]
    fn any_request_is_answered(query in "[ -~]{0,60}", body in prop::collection::vec(any::<u8>(), 0..200)) {
        Aws::new().send("POST", &query, &body);
    }

    /// Whatever an operation is given, there is an answer.
    #[test]
    fn any_parameters_are_answered(
        at in any::<prop::sample::Index>(),
        parameters in prop::collection::vec(("[A-Z][A-Za-z]{0,8}(\\.[A-Za-z0-9]{1,8}){0,3}", "[ -~]{0,20}"), 0..6),
    ) {
        let operations: Vec<_> = ec2::operations().collect();
        let form: String = parameters.iter().map(|(name, value)| format!("&{name}={}", value.replace(['%', '&', '+'], ""))).collect();
        Aws::new().send("POST", "", format!("Action={}{form}", at.get(&operations)).as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The same calls at the same moments make the same world: no clock, no chance and no order of hashing is in it.
    #[test]
    fn the_same_history_makes_the_same_world(steps in prop::collection::vec(step(), 1..40)) {
        let play = || {
            let mut aws = Aws::untouched();
            prepare(&mut aws);
            let mut replies = Vec::new();
            for step in &steps {
                match step {
                    Step::Call { template, picks } => {
                        let call = fill(&mut aws, template, *picks);
                        replies.push(aws.call(&call).0.body);
                    }
                    Step::Become { bob } => aws.become_caller(if *bob { BOB } else { ALICE }, "us-east-1"),
                    Step::Settle => aws.settle(),
                    Step::Sleep { hours } => aws.sleep(*hours),
                }
            }
            replies.extend(LISTS.iter().map(|(_, call, _)| aws.call(call).0.body));
            (aws.snapshot.generation(), replies)
        };
        prop_assert_eq!(play(), play());
    }
}
