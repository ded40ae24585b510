//! EC2 Instance Connect Endpoints: made, listed, deleted, and what else they keep others from.

use crate::aws::{Aws, BOB};

/// A VPC with a subnet.
fn place(aws: &mut Aws) -> (String, String) {
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    (vpc, subnet)
}

fn create(aws: &mut Aws, subnet: &str) -> String {
    aws.get(&format!("CreateInstanceConnectEndpoint SubnetId={subnet}"), "instanceConnectEndpoint/instanceConnectEndpointId")
}

#[test]
fn an_endpoint_has_an_interface_of_its_own_in_its_subnet() {
    let mut aws = Aws::new();
    let (vpc, subnet) = place(&mut aws);
    let tags = "TagSpecification.1.ResourceType=instance-connect-endpoint TagSpecification.1.Tag.1.Key=Name TagSpecification.1.Tag.1.Value=door";
    let made = aws.ok(&format!("CreateInstanceConnectEndpoint SubnetId={subnet} PreserveClientIp=false IpAddressType=ipv4 {tags}"));
    assert_eq!(made.get("instanceConnectEndpoint/state"), "create-in-progress");

    let listed = aws.ok("DescribeInstanceConnectEndpoints");
    let [endpoint] = listed.find("instanceConnectEndpointSet/item")[..] else { panic!("there is one") };
    let id = endpoint.get("instanceConnectEndpointId");
    assert!(id.starts_with("eice-") && id == made.get("instanceConnectEndpoint/instanceConnectEndpointId"));
    assert_eq!(endpoint.get("instanceConnectEndpointArn"), format!("arn:aws:ec2:us-east-1:111111111111:instance-connect-endpoint/{id}"));
    assert_eq!((endpoint.get("state"), endpoint.get("stateMessage"), endpoint.get("ownerId")), ("create-complete", "", "111111111111"));
    assert_eq!((endpoint.get("vpcId"), endpoint.get("subnetId")), (vpc.as_str(), subnet.as_str()));
    assert_eq!((endpoint.get("preserveClientIp"), endpoint.get("ipAddressType")), ("false", "ipv4"));
    assert_eq!((endpoint.get("createdAt"), endpoint.get("tagSet/item/value")), ("2026-01-31T12:00:00.000Z", "door"));
    assert_eq!(endpoint.get("securityGroupIdSet/item"), aws.default_group(&vpc));
    let name = endpoint.get("dnsName");
    assert!(name.starts_with(&format!("{id}.")) && name.ends_with(".ec2-instance-connect-endpoint.us-east-1.amazonaws.com"), "{name}");
    assert_eq!(endpoint.get("publicDnsNames/ipv4/fipsDnsName"), name.replacen(".ec2-", ".fips.ec2-", 1));

    let interfaces = aws.ok("DescribeNetworkInterfaces Filter.1.Name=requester-managed Filter.1.Value.1=true");
    let [interface] = interfaces.find("networkInterfaceSet/item")[..] else { panic!("there is one") };
    assert_eq!(interface.get("networkInterfaceId"), endpoint.get("networkInterfaceIdSet/item"));
    assert_eq!((interface.get("interfaceType"), interface.get("status")), ("ec2_instance_connect_endpoint", "in-use"));
    assert_eq!((interface.get("subnetId"), interface.get("sourceDestCheck")), (subnet.as_str(), "true"));
    assert_eq!(interface.get("description"), "EC2 Instance Connect Endpoint Network Interface");
    assert!(interface.find("attachment").is_empty());
}

#[test]
fn the_groups_are_those_that_are_named() {
    let mut aws = Aws::new();
    let (vpc, subnet) = place(&mut aws);
    let group = aws.get(&format!("CreateSecurityGroup VpcId={vpc} GroupName=door GroupDescription=door"), "groupId");
    let made = aws.ok(&format!("CreateInstanceConnectEndpoint SubnetId={subnet} SecurityGroupId.1={group} SecurityGroupId.2={group}"));
    assert_eq!(made.all("instanceConnectEndpoint/securityGroupIdSet/item"), [group.as_str()]);
    aws.refuses(&[
        (&format!("DeleteSecurityGroup GroupId={group}"), "DependencyViolation: "),
        (&format!("DeleteSubnet SubnetId={subnet}"), "DependencyViolation: "),
        (&format!("DeleteVpc VpcId={vpc}"), "DependencyViolation: "),
    ]);
}

#[test]
fn an_endpoint_goes_with_its_interface() {
    let mut aws = Aws::new();
    let (vpc, subnet) = place(&mut aws);
    let id = create(&mut aws, &subnet);
    let deleted = aws.ok(&format!("DeleteInstanceConnectEndpoint InstanceConnectEndpointId={id}"));
    assert_eq!(deleted.get("instanceConnectEndpoint/state"), "delete-in-progress");
    assert!(aws.ok("DescribeInstanceConnectEndpoints").find("instanceConnectEndpointSet/item").is_empty());
    assert!(aws.ok("DescribeNetworkInterfaces").find("networkInterfaceSet/item").is_empty());
    aws.refuses(&[(&format!("DeleteInstanceConnectEndpoint InstanceConnectEndpointId={id}"), "InvalidInstanceConnectEndpointId.NotFound: ")]);
    create(&mut aws, &subnet);
    let id = aws.get("DescribeInstanceConnectEndpoints", "instanceConnectEndpointSet/item/instanceConnectEndpointId");
    aws.ok(&format!("DeleteInstanceConnectEndpoint InstanceConnectEndpointId={id}"));
    aws.ok(&format!("DeleteSubnet SubnetId={subnet}"));
    aws.ok(&format!("DeleteVpc VpcId={vpc}"));
}

#[test]
fn an_endpoint_is_refused_for_one_reason_after_the_other() {
    let mut aws = Aws::new();
    let (vpc, subnet) = place(&mut aws);
    let other = aws.vpc("10.2.0.0/16");
    let foreign = aws.default_group(&other);
    let full = aws.subnet(&vpc, "10.1.1.0/28");
    aws.ok(&format!("RunInstances ImageId=ami-0123456789abcdef0 MinCount=11 MaxCount=11 SubnetId={full}"));
    let create_in = |rest: &str| format!("CreateInstanceConnectEndpoint SubnetId={subnet} {rest}");
    aws.refuses(&[
        ("CreateInstanceConnectEndpoint", "MissingParameter: The request must contain the parameter SubnetId"),
        ("CreateInstanceConnectEndpoint SubnetId=x", "InvalidSubnetID.Malformed: "),
        ("CreateInstanceConnectEndpoint SubnetId=subnet-00000000000000000", "InvalidSubnetID.NotFound: "),
        (&create_in("PreserveClientIp=true"), "UnsupportedOperation: The parameter PreserveClientIp is not supported with the value 'true'."),
        (&create_in("IpAddressType=dualstack"), "UnsupportedOperation: The parameter IpAddressType is not supported with the value 'dualstack'."),
        (&create_in("Bicycle=1"), "UnknownParameter: "),
        (&create_in("TagSpecification.1.ResourceType=subnet"), "InvalidParameterValue: 'subnet' is not a valid taggable resource type"),
        (&create_in("SecurityGroupId.1=sg-00000000000000000"), "InvalidGroup.NotFound: "),
        (&create_in(&format!("SecurityGroupId.1={foreign}")), "InvalidParameter: Security group "),
        (&format!("CreateInstanceConnectEndpoint SubnetId={full}"), "InsufficientFreeAddressesInSubnet: "),
        (&create_in("DryRun=true"), "DryRunOperation: "),
    ]);
    create(&mut aws, &subnet);
    aws.refuses(&[
        (&create_in(""), "ResourceLimitExceeded: The maximum number of EC2 Instance Connect Endpoints per VPC has been reached."),
        ("DescribeInstanceConnectEndpoints MaxResults=0", "InvalidParameterValue: "),
        ("DescribeInstanceConnectEndpoints MaxResults=51", "InvalidParameterValue: "),
        ("DescribeInstanceConnectEndpoints InstanceConnectEndpointId.1=eice-1", "InvalidInstanceConnectEndpointId.Malformed: "),
        ("DescribeInstanceConnectEndpoints Filter.1.Name=dns-name Filter.1.Value.1=x", "InvalidParameterValue: The filter 'dns-name' is invalid"),
        ("DeleteInstanceConnectEndpoint", "MissingParameter: "),
        ("DeleteInstanceConnectEndpoint InstanceConnectEndpointId=eice-00000000000000000", "InvalidInstanceConnectEndpointId.NotFound: "),
    ]);
    aws.become_caller(BOB, "us-east-1");
    assert!(aws.ok("DescribeInstanceConnectEndpoints").find("instanceConnectEndpointSet/item").is_empty());
}

/// Five in a region; there are as many VPCs, so one of them must be the last.
#[test]
fn endpoints_are_listed_by_filters_and_in_pages() {
    let mut aws = Aws::new();
    let mut ids = Vec::new();
    for number in 0..5 {
        let vpc = aws.vpc("10.1.0.0/16");
        let subnet = aws.subnet(&vpc, "10.1.0.0/24");
        let id = create(&mut aws, &subnet);
        aws.ok(&format!("CreateTags ResourceId.1={id} Tag.1.Key=number Tag.1.Value={number}"));
        for (name, value) in [("vpc-id", &vpc), ("subnet-id", &subnet), ("instance-connect-endpoint-id", &id), ("tag-value", &number.to_string())] {
            let call = format!("DescribeInstanceConnectEndpoints Filter.1.Name={name} Filter.1.Value.1={value}");
            assert_eq!(aws.all(&call, "instanceConnectEndpointSet/item/instanceConnectEndpointId"), [id.as_str()], "{name}");
        }
        ids.push(id);
    }
    let complete = "DescribeInstanceConnectEndpoints Filter.1.Name=state Filter.1.Value.1=create-complete";
    assert_eq!(aws.all(complete, "instanceConnectEndpointSet/item").len(), 5);
    let mut seen = Vec::new();
    let mut token = String::new();
    while seen.len() < 5 {
        let page = aws.ok(&format!("DescribeInstanceConnectEndpoints MaxResults=2 NextToken={token}"));
        seen.extend(page.all("instanceConnectEndpointSet/item/instanceConnectEndpointId").into_iter().map(str::to_owned));
        token = page.all("nextToken").first().map(|token| (*token).to_owned()).unwrap_or_default();
    }
    ids.sort();
    assert_eq!(seen, ids);
}

#[test]
fn a_call_that_is_repeated_makes_one_endpoint() {
    let mut aws = Aws::new();
    let (vpc, subnet) = place(&mut aws);
    let call = format!("CreateInstanceConnectEndpoint SubnetId={subnet} ClientToken=once");
    let first = aws.ok(&call);
    assert_eq!(first.get("clientToken"), "once");
    let again = aws.get(&call, "instanceConnectEndpoint/instanceConnectEndpointId");
    assert_eq!(again, first.get("instanceConnectEndpoint/instanceConnectEndpointId"));
    let elsewhere = aws.subnet(&vpc, "10.1.1.0/24");
    aws.refuses(&[(&format!("CreateInstanceConnectEndpoint SubnetId={elsewhere} ClientToken=once"), "IdempotentParameterMismatch: ")]);
}

/// What is managed is not for its owner to change, whatever the call.
#[test]
fn nobody_but_the_endpoint_changes_its_interface() {
    let mut aws = Aws::new();
    let (vpc, subnet) = place(&mut aws);
    aws.gateway(&vpc);
    let group = aws.default_group(&vpc);
    create(&mut aws, &subnet);
    let interface = aws.get("DescribeNetworkInterfaces", "networkInterfaceSet/item/networkInterfaceId");
    let allocation = aws.elastic_ip();
    let refusal = "AuthFailure: You do not have permission to access the specified resource.";
    aws.refuses(&[
        (&format!("ModifyNetworkInterfaceAttribute NetworkInterfaceId={interface} SourceDestCheck.Value=false"), refusal),
        (&format!("ModifyNetworkInterfaceAttribute NetworkInterfaceId={interface} SecurityGroupId.1={group}"), refusal),
        (&format!("ModifyNetworkInterfaceAttribute NetworkInterfaceId={interface} Description.Value=mine"), refusal),
        (&format!("AssociateAddress AllocationId={allocation} NetworkInterfaceId={interface}"), refusal),
    ]);
    aws.ok(&format!("DescribeNetworkInterfaceAttribute NetworkInterfaceId={interface} Attribute=groupSet"));
}
