//! VPCs and internet gateways.

use crate::aws::{ALICE, Aws};

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html>
#[test]
fn a_vpc_is_born_with_a_table_an_acl_and_a_group() {
    let mut aws = Aws::new();
    let created = aws.ok("CreateVpc CidrBlock=10.1.2.3/16");
    assert_eq!(created.get("vpc/state"), "pending");
    let vpc = created.get("vpc/vpcId").to_owned();

    let described = aws.ok(&format!("DescribeVpcs VpcId.1={vpc}"));
    let item = described.find("vpcSet/item")[0];
    assert_eq!((item.get("state"), item.get("cidrBlock"), item.get("isDefault")), ("available", "10.1.0.0/16", "false"));
    assert_eq!((item.get("ownerId"), item.get("instanceTenancy")), (ALICE, "default"));
    assert_eq!(item.get("cidrBlockAssociationSet/item/cidrBlockState/state"), "associated");
    assert!(item.get("dhcpOptionsId").starts_with("dopt-"));

    let tables = aws.ok("DescribeRouteTables");
    assert_eq!(tables.all("routeTableSet/item/vpcId"), [&vpc]);
    assert_eq!(tables.get("routeTableSet/item/associationSet/item/main"), "true");
    assert!(tables.find("routeTableSet/item/associationSet/item/subnetId").is_empty());
    assert_eq!(tables.get("routeTableSet/item/routeSet/item/gatewayId"), "local");
    assert_eq!(tables.get("routeTableSet/item/routeSet/item/origin"), "CreateRouteTable");

    let acls = aws.ok("DescribeNetworkAcls Filter.1.Name=default Filter.1.Value.1=true");
    assert_eq!(acls.all("networkAclSet/item/entrySet/item/ruleNumber"), ["100", "32767", "100", "32767"]);
    assert_eq!(acls.all("networkAclSet/item/entrySet/item/ruleAction"), ["allow", "deny", "allow", "deny"]);
    assert_eq!(acls.all("networkAclSet/item/entrySet/item/egress"), ["true", "true", "false", "false"]);

    let groups = aws.ok("DescribeSecurityGroups");
    let group = groups.find("securityGroupInfo/item")[0];
    assert_eq!((group.get("groupName"), group.get("groupDescription")), ("default", "default VPC security group"));
    assert_eq!(group.get("ipPermissions/item/groups/item/groupId"), group.get("groupId"));
    assert_eq!(group.get("ipPermissionsEgress/item/ipRanges/item/cidrIp"), "0.0.0.0/0");
}

#[test]
fn five_vpcs_are_all_there_may_be() {
    let mut aws = Aws::new();
    for _ in 0..5 {
        aws.vpc("10.0.0.0/16");
    }
    aws.refuses(&[
        ("CreateVpc", "MissingParameter: The request must contain the parameter CidrBlock"),
        ("CreateVpc CidrBlock=10.0.0.0", "InvalidParameterValue: Value (10.0.0.0) for parameter cidrBlock is invalid."),
        ("CreateVpc CidrBlock=10.0.0.0/8", "InvalidVpc.Range: The CIDR '10.0.0.0/8' is invalid."),
        ("CreateVpc CidrBlock=169.254.0.0/16", "InvalidParameterValue: Value (169.254.0.0/16) for parameter cidrBlock is invalid."),
        ("CreateVpc CidrBlock=10.0.0.0/16", "VpcLimitExceeded: The maximum number of VPCs has been reached."),
    ]);
}

/// One attribute at a time, and names need a resolver (2.2.4, 2.2.5).
#[test]
fn attributes_are_changed_one_at_a_time() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let attribute = |aws: &mut Aws, name: &str| aws.get(&format!("DescribeVpcAttribute VpcId={vpc} Attribute={name}"), &format!("{name}/value"));
    assert_eq!(attribute(&mut aws, "enableDnsSupport"), "true");
    assert_eq!(attribute(&mut aws, "enableDnsHostnames"), "false");
    assert_eq!(attribute(&mut aws, "enableNetworkAddressUsageMetrics"), "false");

    aws.ok(&format!("ModifyVpcAttribute VpcId={vpc} EnableDnsHostnames.Value=true"));
    assert_eq!(attribute(&mut aws, "enableDnsHostnames"), "true");
    aws.ok(&format!("ModifyVpcAttribute VpcId={vpc} EnableDnsHostnames.Value=false"));
    aws.ok(&format!("ModifyVpcAttribute VpcId={vpc} EnableDnsSupport.Value=false"));

    let absent = "vpc-00000000000000000";
    aws.refuses(&[
        (&format!("ModifyVpcAttribute VpcId={absent}"), "InvalidVpcID.NotFound: "),
        (&format!("ModifyVpcAttribute VpcId={vpc}"), "InvalidParameterCombination: No attributes specified."),
        (
            &format!("ModifyVpcAttribute VpcId={vpc} EnableDnsHostnames.Value=true EnableDnsSupport.Value=true"),
            "InvalidParameterCombination: Fields for multiple attribute types specified",
        ),
        (&format!("ModifyVpcAttribute VpcId={vpc} EnableDnsHostnames.Value=true"), "InvalidParameterCombination: enableDnsHostnames"),
        (&format!("ModifyVpcAttribute VpcId={vpc} EnableDnsHostnames=true"), "UnknownParameter: The parameter EnableDnsHostnames "),
        (&format!("DescribeVpcAttribute VpcId={vpc} Attribute=color"), "InvalidParameterValue: Value (color) for parameter attribute"),
        (&format!("DescribeVpcAttribute VpcId={vpc}"), "MissingParameter: The request must contain the parameter Attribute"),
    ]);
}

/// Only what came with the VPC goes with it (2.4.1, 2.4.2).
/// <https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html>
#[test]
fn what_stands_in_a_vpc_keeps_it() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let subnet = aws.subnet(&vpc, "10.0.1.0/24");
    let table = aws.get(&format!("CreateRouteTable VpcId={vpc}"), "routeTable/routeTableId");
    let group = aws.get(&format!("CreateSecurityGroup VpcId={vpc} GroupName=a GroupDescription=b"), "groupId");
    let gateway = aws.get("CreateInternetGateway", "internetGateway/internetGatewayId");
    aws.ok(&format!("AttachInternetGateway VpcId={vpc} InternetGatewayId={gateway}"));
    for removal in [
        format!("DeleteSubnet SubnetId={subnet}"),
        format!("DeleteRouteTable RouteTableId={table}"),
        format!("DeleteSecurityGroup GroupId={group}"),
        format!("DetachInternetGateway VpcId={vpc} InternetGatewayId={gateway}"),
    ] {
        let refusal = aws.refused(&format!("DeleteVpc VpcId={vpc}"));
        assert_eq!(refusal, format!("DependencyViolation: The vpc '{vpc}' has dependencies and cannot be deleted."));
        assert_eq!(aws.all(&removal, "return"), ["true"]);
    }
    assert_eq!(aws.get(&format!("DeleteVpc VpcId={vpc}"), "return"), "true");
    for (call, set) in
        [("DescribeRouteTables", "routeTableSet"), ("DescribeNetworkAcls", "networkAclSet"), ("DescribeSecurityGroups", "securityGroupInfo")]
    {
        assert!(aws.ok(call).find(&format!("{set}/item")).is_empty(), "{call}");
    }
    aws.refuses(&[(&format!("DeleteVpc VpcId={vpc}"), &format!("InvalidVpcID.NotFound: The vpc ID '{vpc}' does not exist"))]);
}

/// One gateway to a VPC, one VPC to a gateway (5.1.1, 5.1.8).
#[test]
fn a_gateway_is_attached_to_one_vpc() {
    let mut aws = Aws::new();
    let (blue, green) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16"));
    let one = aws.get("CreateInternetGateway", "internetGateway/internetGatewayId");
    let other = aws.get("CreateInternetGateway", "internetGateway/internetGatewayId");
    let absent = "igw-00000000000000000";
    aws.refuses(&[
        (&format!("AttachInternetGateway InternetGatewayId={one}"), "MissingParameter: "),
        (&format!("AttachInternetGateway InternetGatewayId=igw-1 VpcId={blue}"), "InvalidInternetGatewayId.Malformed: "),
        (
            &format!("AttachInternetGateway InternetGatewayId={absent} VpcId=vpc-00000000000000000"),
            &format!("InvalidInternetGatewayID.NotFound: The internetGateway ID '{absent}' does not exist"),
        ),
        (&format!("AttachInternetGateway InternetGatewayId={one} VpcId=vpc-00000000000000000"), "InvalidVpcID.NotFound: "),
        (&format!("DetachInternetGateway InternetGatewayId={one} VpcId={blue}"), "Gateway.NotAttached: "),
    ]);
    aws.ok(&format!("AttachInternetGateway InternetGatewayId={one} VpcId={blue}"));
    aws.refuses(&[
        (
            &format!("AttachInternetGateway InternetGatewayId={one} VpcId={green}"),
            &format!("Resource.AlreadyAssociated: resource {one} is already attached to network {blue}"),
        ),
        (
            &format!("AttachInternetGateway InternetGatewayId={other} VpcId={blue}"),
            &format!("InvalidParameterValue: Network {blue} already has an internet gateway attached"),
        ),
        (
            &format!("DeleteInternetGateway InternetGatewayId={one}"),
            &format!("DependencyViolation: The internetGateway '{one}' has dependencies and cannot be deleted."),
        ),
        (&format!("DetachInternetGateway InternetGatewayId={one} VpcId={green}"), "Gateway.NotAttached: "),
    ]);
    let filter = format!("Filter.1.Name=attachment.vpc-id Filter.1.Value.1={blue}");
    assert_eq!(aws.all(&format!("DescribeInternetGateways {filter}"), "internetGatewaySet/item/attachmentSet/item/state"), ["available"]);
    aws.ok(&format!("DetachInternetGateway InternetGatewayId={one} VpcId={blue}"));
    aws.ok(&format!("DeleteInternetGateway InternetGatewayId={one}"));
}

/// Up to five blocks, apart from each other, from routes and from peers (2.1.6 to 2.1.10).
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>
#[test]
fn a_vpc_takes_more_blocks() {
    let mut aws = Aws::new();
    let (vpc, peer, asked) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16"), aws.vpc("10.3.0.0/16"));
    let table = aws.main_table(&vpc);
    aws.peering(&vpc, &peer);
    let igw = aws.gateway(&vpc);
    aws.ok(&format!("CreateRoute RouteTableId={table} DestinationCidrBlock=10.9.9.0/24 GatewayId={igw}"));
    let associate = |cidr: &str| format!("AssociateVpcCidrBlock VpcId={vpc} CidrBlock={cidr}");
    let absent = "vpc-cidr-assoc-00000000000000000";
    aws.refuses(&[
        ("AssociateVpcCidrBlock", "MissingParameter: The request must contain the parameter VpcId"),
        (&associate("10.4.0.0/16").replace(&vpc, "vpc-00000000000000000"), "InvalidVpcID.NotFound: "),
        (&format!("AssociateVpcCidrBlock VpcId={vpc}"), "MissingParameter: The request must contain the parameter CidrBlock"),
        (&format!("AssociateVpcCidrBlock VpcId={vpc} AmazonProvidedIpv6CidrBlock=true"), "UnsupportedOperation: "),
        (&associate("10.4.0.0"), "InvalidParameterValue: Value (10.4.0.0) for parameter cidrBlock is invalid."),
        (&associate("10.4.0.0/15"), "InvalidVpc.Range: The CIDR '10.4.0.0/15' is invalid."),
        (&associate("10.1.9.0/24"), "InvalidVpc.Range: The CIDR '10.1.9.0/24' conflicts with another block of the VPC."),
        (&associate("172.16.0.0/16"), "InvalidVpc.Range: The CIDR '172.16.0.0/16' is restricted. Use a CIDR from the same private address range "),
        (&associate("10.9.0.0/16"), "InvalidVpc.Range: The CIDR '10.9.0.0/16' conflicts with the destination of a route."),
        (&associate("10.2.1.0/24"), "InvalidVpc.Range: The CIDR '10.2.1.0/24' conflicts with a block of a peered VPC."),
    ]);
    let added = aws.ok(&associate("10.4.0.5/16"));
    assert_eq!((added.get("vpcId"), added.get("cidrBlockAssociation/cidrBlock")), (vpc.as_str(), "10.4.0.0/16"));
    assert_eq!(added.get("cidrBlockAssociation/cidrBlockState/state"), "associating");
    let association = added.get("cidrBlockAssociation/associationId").to_owned();
    let described = aws.ok(&format!("DescribeVpcs VpcId.1={vpc}"));
    assert_eq!(described.get("vpcSet/item/cidrBlock"), "10.1.0.0/16", "the primary one stays the primary one");
    assert_eq!(described.all("vpcSet/item/cidrBlockAssociationSet/item/cidrBlock"), ["10.1.0.0/16", "10.4.0.0/16"]);
    assert_eq!(described.all("vpcSet/item/cidrBlockAssociationSet/item/cidrBlockState/state"), ["associated"; 2]);
    let routes = aws.all(&format!("DescribeRouteTables RouteTableId.1={table}"), "routeTableSet/item/routeSet/item/destinationCidrBlock");
    assert_eq!(routes, ["10.1.0.0/16", "10.4.0.0/16", "10.9.9.0/24"]);
    let told = aws.all("DescribeVpcPeeringConnections", "vpcPeeringConnectionSet/item/requesterVpcInfo/cidrBlockSet/item/cidrBlock");
    assert_eq!(told, ["10.1.0.0/16", "10.4.0.0/16"]);
    let subnet = aws.subnet(&vpc, "10.4.1.0/24");
    let primary = described.all("vpcSet/item/cidrBlockAssociationSet/item/associationId")[0];
    let disassociate = |id: &str| format!("DisassociateVpcCidrBlock AssociationId={id}");
    aws.refuses(&[
        (&disassociate(absent), &format!("InvalidVpcCidrBlockAssociationID.NotFound: The vpcCidrBlockAssociation ID '{absent}' does not exist")),
        (&disassociate(primary), &format!("OperationNotPermitted: The vpc CIDR block with association ID {primary} may not be disassociated.")),
        (&disassociate(&association), "InvalidCidrBlock.InUse: The vpc currently has a subnet within CIDR block 10.4.0.0/16"),
    ]);
    aws.ok(&format!("DeleteSubnet SubnetId={subnet}"));
    let removed = aws.ok(&disassociate(&association));
    assert_eq!(removed.get("cidrBlockAssociation/cidrBlockState/state"), "disassociating");
    for n in 5..9 {
        aws.ok(&associate(&format!("10.{n}.0.0/16")));
    }
    aws.refuses(&[(&associate("10.10.0.0/16"), &format!("CidrLimitExceeded: This network {vpc} has met its maximum number of allowed CIDRs: 5"))]);

    // Who has asked waits; who was asked may add, and so makes a request fail (2.1.8).
    let call = format!("CreateVpcPeeringConnection VpcId={peer} PeerVpcId={asked}");
    let pcx = aws.get(&call, "vpcPeeringConnection/vpcPeeringConnectionId");
    aws.refuses(&[(&associate("10.20.0.0/16").replace(&vpc, &peer), "OperationNotPermitted: No CIDR block may be added to ")]);
    let status = format!("DescribeVpcPeeringConnections VpcPeeringConnectionId.1={pcx}");
    aws.ok(&associate("10.20.0.0/16").replace(&vpc, &asked));
    assert_eq!(aws.get(&status, "vpcPeeringConnectionSet/item/status/code"), "pending-acceptance");
    aws.ok(&associate("10.2.3.0/24").replace(&vpc, &asked));
    assert_eq!(aws.get(&status, "vpcPeeringConnectionSet/item/status/code"), "failed");
}
