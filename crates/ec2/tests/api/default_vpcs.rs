//! The network that an account finds in a region without having made it.

use crate::aws::{ALICE, Aws, BOB};

const RUN: &str = "RunInstances ImageId=ami-0123456789abcdef0 MinCount=1 MaxCount=1";

/// What is in it, and that it is there for whoever looks (2.3.1).
/// <https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html>
#[test]
fn everybody_finds_one() {
    let mut aws = Aws::untouched();
    let vpcs = aws.ok("DescribeVpcs");
    let vpc = vpcs.find("vpcSet/item")[0];
    assert_eq!((vpc.get("cidrBlock"), vpc.get("isDefault"), vpc.get("state")), ("172.31.0.0/16", "true", "available"));
    let id = vpc.get("vpcId").to_owned();
    assert_eq!(id, "vpc-01b8e18d1c149303b", "clients remember what they have seen");
    for attribute in ["enableDnsSupport", "enableDnsHostnames"] {
        assert_eq!(aws.get(&format!("DescribeVpcAttribute VpcId={id} Attribute={attribute}"), &format!("{attribute}/value")), "true");
    }
    let subnets = aws.ok("DescribeSubnets Filter.1.Name=default-for-az Filter.1.Value.1=true");
    assert_eq!(subnets.all("subnetSet/item/availableIpAddressCount"), ["4091"; 6]);
    assert_eq!(subnets.all("subnetSet/item/mapPublicIpOnLaunch"), ["true"; 6]);
    let mut zones = subnets.all("subnetSet/item/availabilityZone");
    zones.sort_unstable();
    zones.dedup();
    assert_eq!(zones.len(), 6);
    let gateway = aws
        .get(&format!("DescribeInternetGateways Filter.1.Name=attachment.vpc-id Filter.1.Value.1={id}"), "internetGatewaySet/item/internetGatewayId");
    let table = aws.main_table(&id);
    let routes = format!("DescribeRouteTables RouteTableId.1={table} Filter.1.Name=route.gateway-id Filter.1.Value.1={gateway}");
    assert_eq!(aws.all(&routes, "routeTableSet/item/routeSet/item/destinationCidrBlock"), ["172.31.0.0/16", "0.0.0.0/0"]);
    let attribute = "DescribeAccountAttributes AttributeName.1=default-vpc";
    assert_eq!(aws.get(attribute, "accountAttributeSet/item/attributeValueSet/item/attributeValue"), id);
    assert_eq!(aws.snapshot.generation(), 0, "whoever only looks leaves no trace");
    aws.become_caller(ALICE, "eu-west-1");
    assert_eq!(aws.all("DescribeSubnets", "subnetSet/item/subnetId").len(), 3);
    assert_ne!(aws.get("DescribeVpcs", "vpcSet/item/vpcId"), id);
}

/// It is the same one before and after it is stored, and it comes once.
#[test]
fn it_is_there_once() {
    let mut aws = Aws::untouched();
    let lists =
        ["DescribeVpcs", "DescribeSubnets", "DescribeRouteTables", "DescribeNetworkAcls", "DescribeSecurityGroups", "DescribeInternetGateways"];
    let without_request_id = |aws: &mut Aws| lists.map(|list| aws.call(list).0.body.split_once("</requestId>").unwrap().1.to_owned());
    let before = without_request_id(&mut aws);
    let vpc = aws.get("DescribeVpcs", "vpcSet/item/vpcId");
    aws.refuses(&[
        ("DescribeVpcs VpcId.1=vpc-00000000000000000", "InvalidVpcID.NotFound: "),
        ("CreateVpc CidrBlock=10.0.0.0/8", "InvalidVpc.Range: "),
        ("AllocateAddress DryRun=true", "DryRunOperation: "),
    ]);
    assert_eq!(aws.snapshot.generation(), 0, "a refusal leaves no trace either");
    aws.elastic_ip();
    assert_ne!(aws.snapshot.generation(), 0);
    assert_eq!(without_request_id(&mut aws), before);
    aws.refuses(&[
        ("CreateDefaultVpc", "DefaultVpcAlreadyExists: A Default VPC already exists for this account in this region."),
        (&format!("DeleteVpc VpcId={vpc}"), "DependencyViolation: "),
    ]);
    for _ in 1..5 {
        aws.vpc("172.31.0.0/16");
    }
    aws.refuses(&[("CreateVpc CidrBlock=172.31.0.0/16", "VpcLimitExceeded: "), ("CreateDefaultVpc", "DefaultVpcAlreadyExists: ")]);
    aws.delete_default_vpc();
    aws.sleep(1);
    assert_eq!(aws.all("DescribeVpcs", "vpcSet/item/isDefault"), ["false"; 4]);
}

/// A deleted one does not come back; a new one is made (2.3.2).
#[test]
fn a_deleted_one_is_replaced() {
    let mut aws = Aws::untouched();
    let old = aws.get("DescribeVpcs", "vpcSet/item/vpcId");
    aws.delete_default_vpc();
    let attribute = "DescribeAccountAttributes AttributeName.1=default-vpc";
    assert_eq!(aws.get(attribute, "accountAttributeSet/item/attributeValueSet/item/attributeValue"), "none");
    aws.refuses(&[
        ("CreateDefaultSubnet", "MissingParameter: The request must contain the parameter AvailabilityZone"),
        ("CreateDefaultSubnet AvailabilityZone=us-east-1z", "InvalidParameterValue: Value (us-east-1z) for parameter availabilityZone is invalid."),
        ("CreateDefaultSubnet AvailabilityZone=us-east-1a", "DefaultVpcDoesNotExist: No default VPC exists for this account in this region."),
        (RUN, "VPCIdNotSpecified: No default VPC for this user."),
        ("CreateSecurityGroup GroupName=web GroupDescription=web", "VPCIdNotSpecified: "),
        ("DescribeAccountAttributes AttributeName.1=color", "InvalidParameterValue: Value (color) for parameter attributeName is invalid."),
    ]);
    let created = aws.ok("CreateDefaultVpc");
    assert_eq!((created.get("vpc/isDefault"), created.get("vpc/state")), ("true", "pending"));
    assert_ne!(created.get("vpc/vpcId"), old);
    let subnets = aws.ok("DescribeSubnets Filter.1.Name=availability-zone Filter.1.Value.1=us-east-1b");
    let subnet = subnets.find("subnetSet/item")[0];
    let (id, cidr) = (subnet.get("subnetId").to_owned(), subnet.get("cidrBlock").to_owned());
    let again = "CreateDefaultSubnet AvailabilityZoneId=use1-az2";
    let exists = format!("DefaultSubnetAlreadyExistsInAvailabilityZone: '{id}' is already the default subnet in us-east-1b.");
    assert_eq!(aws.refused(again), exists);
    aws.ok(&format!("DeleteSubnet SubnetId={id}"));
    aws.refuses(&[(&format!("{RUN} Placement.AvailabilityZone=us-east-1b"), "MissingInput: No default subnet for availability zone: 'us-east-1b'.")]);
    let made = aws.ok(again);
    assert_eq!((made.get("subnet/cidrBlock"), made.get("subnet/defaultForAz")), (cidr.as_str(), "true"));
}

/// Who does not say where gets a public address in a default subnet (2.3.3, 2.3.4, 6.5.1).
#[test]
fn it_is_where_things_go_that_are_given_no_place() {
    let mut aws = Aws::untouched();
    let vpc = aws.get("DescribeVpcs", "vpcSet/item/vpcId");
    let group = aws.get("CreateSecurityGroup GroupName=web GroupDescription=web", "groupId");
    let launched = aws.ok(&format!("{RUN} SecurityGroup.1=web Placement.AvailabilityZone=us-east-1c"));
    let instance = launched.find("instancesSet/item")[0];
    assert_eq!((instance.get("vpcId"), instance.get("placement/availabilityZone")), (vpc.as_str(), "us-east-1c"));
    assert_eq!(instance.get("groupSet/item/groupId"), group);
    assert!(instance.get("dnsName").ends_with(".compute-1.amazonaws.com"), "it has a public address and a name");
    assert_eq!(aws.get(RUN, "instancesSet/item/placement/availabilityZone"), "us-east-1a");
    aws.refuses(&[(&format!("{RUN} SecurityGroup.1=db"), "InvalidGroup.NotFound: The security group 'db' does not exist")]);
}

/// Another account may ask for peering with it before its owner has ever called.
#[test]
fn it_can_be_peered_with_unseen() {
    let mut aws = Aws::untouched();
    aws.become_caller(BOB, "us-east-1");
    let theirs = aws.get("DescribeVpcs", "vpcSet/item/vpcId");
    aws.become_caller(ALICE, "us-east-1");
    let mine = aws.vpc("10.1.0.0/16");
    let call = format!("CreateVpcPeeringConnection VpcId={mine} PeerVpcId={theirs} PeerOwnerId={BOB}");
    let pcx = aws.get(&call, "vpcPeeringConnection/vpcPeeringConnectionId");
    aws.become_caller(BOB, "us-east-1");
    aws.ok(&format!("AcceptVpcPeeringConnection VpcPeeringConnectionId={pcx}"));
    assert_eq!(aws.get("DescribeVpcPeeringConnections", "vpcPeeringConnectionSet/item/status/code"), "active");
    assert_eq!(aws.get("DescribeVpcs", "vpcSet/item/vpcId"), theirs);
}
