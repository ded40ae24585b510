//! Subnets.

use crate::aws::{ALICE, Aws};

/// Each row fixes one thing more; the order is AWS's.
#[test]
fn a_subnet_is_refused_for_one_reason_after_the_other() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    aws.subnet(&vpc, "10.1.0.0/24");
    aws.refuses(&[
        ("CreateSubnet VpcId=x", "InvalidVpcID.Malformed: "),
        ("CreateSubnet CidrBlock=10.1.0.0/24", "MissingParameter: The request must contain the parameter VpcId"),
        (&format!("CreateSubnet VpcId={vpc}"), "MissingParameter: The request must contain the parameter CidrBlock"),
        ("CreateSubnet VpcId=vpc-00000000000000000 CidrBlock=10.0.0.0/8 AvailabilityZone=x", "InvalidVpcID.NotFound: "),
        (&format!("CreateSubnet VpcId={vpc} CidrBlock=10.0.0.0/8 AvailabilityZone=x"), "InvalidSubnet.Range: "),
        (&format!("CreateSubnet VpcId={vpc} CidrBlock=10.1.0.0/29 AvailabilityZone=x"), "InvalidSubnet.Range: "),
        (&format!("CreateSubnet VpcId={vpc} CidrBlock=10.2.0.0/24 AvailabilityZone=x"), "InvalidSubnet.Range: "),
        (
            &format!("CreateSubnet VpcId={vpc} CidrBlock=10.1.0.0/25 AvailabilityZone=x"),
            "InvalidSubnet.Conflict: The CIDR '10.1.0.0/25' conflicts with another subnet",
        ),
        (
            &format!("CreateSubnet VpcId={vpc} CidrBlock=10.1.1.0/24 AvailabilityZone=eu-west-1a"),
            "InvalidParameterValue: Value (eu-west-1a) for parameter availabilityZone is invalid. Subnets can currently only be created in the \
             following availability zones: us-east-1a, us-east-1b, us-east-1c, us-east-1d, us-east-1e, us-east-1f.",
        ),
        (
            &format!("CreateSubnet VpcId={vpc} CidrBlock=10.1.1.0/24 AvailabilityZone=us-east-1a AvailabilityZoneId=use1-az1"),
            "InvalidParameterCombination: ",
        ),
    ]);
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html>
#[test]
fn addresses_are_counted() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let created = aws.ok(&format!("CreateSubnet VpcId={vpc} CidrBlock=10.1.0.77/28 AvailabilityZoneId=use1-az3"));
    let subnet = created.get("subnet/subnetId").to_owned();
    assert_eq!(created.get("subnet/availabilityZone"), "us-east-1c");
    assert_eq!(created.get("subnet/cidrBlock"), "10.1.0.64/28");
    assert_eq!(created.get("subnet/state"), "pending");
    assert_eq!(created.get("subnet/subnetArn"), format!("arn:aws:ec2:us-east-1:{ALICE}:subnet/{subnet}"));
    let available =
        |aws: &mut Aws| aws.get("DescribeSubnets Filter.1.Name=state Filter.1.Value.1=available", "subnetSet/item/availableIpAddressCount");
    assert_eq!(available(&mut aws), "11");
    let instance = aws.instance(&subnet);
    assert_eq!(available(&mut aws), "10");
    aws.refuses(&[(
        &format!("DeleteSubnet SubnetId={subnet}"),
        &format!("DependencyViolation: The subnet '{subnet}' has dependencies and cannot be deleted."),
    )]);
    aws.ok(&format!("TerminateInstances InstanceId.1={instance}"));
    assert_eq!(available(&mut aws), "10", "an instance that shuts down still has its address");
    aws.settle();
    assert_eq!(available(&mut aws), "11");
    aws.ok(&format!("DeleteSubnet SubnetId={subnet}"));
}

#[test]
fn attributes_are_changed() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/16");
    for value in ["true", "false"] {
        aws.ok(&format!("ModifySubnetAttribute SubnetId={subnet} MapPublicIpOnLaunch.Value={value}"));
        let filter = format!("Filter.1.Name=map-public-ip-on-launch Filter.1.Value.1={value}");
        assert_eq!(aws.all(&format!("DescribeSubnets {filter}"), "subnetSet/item/subnetId"), [subnet.as_str()]);
    }
    aws.ok(&format!("ModifySubnetAttribute SubnetId={subnet} AssignIpv6AddressOnCreation.Value=false"));
    aws.refuses(&[(&format!("ModifySubnetAttribute SubnetId={subnet} EnableDns64.Value=true"), "UnsupportedOperation: ")]);
}
