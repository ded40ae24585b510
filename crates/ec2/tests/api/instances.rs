//! Instances and their interfaces.

use model::{Observation, SummaryStatus};

use crate::aws::{ALICE, Aws};

const RUN: &str = "RunInstances ImageId=ami-0123456789abcdef0";

#[test]
fn an_instance_is_refused_for_one_reason_after_the_other() {
    let mut aws = Aws::new();
    let (vpc, elsewhere) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16"));
    let (subnet, foreign) = (aws.subnet(&vpc, "10.1.0.0/28"), aws.default_group(&elsewhere));
    let one = |rest: &str| format!("{RUN} MinCount=1 MaxCount=1 {rest}");
    let there = |rest: &str| one(&format!("SubnetId={subnet} {rest}"));
    aws.instance(&subnet);
    let taken = aws.get("DescribeInstances", "reservationSet/item/instancesSet/item/privateIpAddress");
    aws.refuses(&[
        ("RunInstances", "MissingParameter: The request must contain the parameter ImageId"),
        ("RunInstances ImageId=ami-1", "InvalidAMIID.Malformed: Invalid id: \"ami-1\" (expecting \"ami-...\")"),
        (RUN, "MissingParameter: The request must contain the parameter MinCount"),
        (&one("InstanceType=t3.huge"), "InvalidParameterValue: Invalid value 't3.huge' for InstanceType."),
        (&one("HibernationOptions.Configured=true"), "UnsupportedOperation: The parameter HibernationOptions.Configured "),
        (&one("Monitoring.Enabled=true"), "UnsupportedOperation: The parameter Monitoring.Enabled "),
        (&format!("{RUN} MinCount=0 MaxCount=1"), "InvalidParameterValue: Value (0) for parameter minCount is invalid."),
        (&format!("{RUN} MinCount=2 MaxCount=1"), "InvalidParameterValue: Value (1) for parameter maxCount is invalid."),
        (&there("NetworkInterface.1.DeviceIndex=0"), "InvalidParameterCombination: Network interfaces and an instance-level subnet ID may not "),
        (
            &one(&format!("SecurityGroupId.1={foreign} NetworkInterface.1.DeviceIndex=0")),
            "InvalidParameterCombination: Network interfaces and an instance-level security groups may not ",
        ),
        (&there("SecurityGroup.1=web"), "InvalidParameterCombination: The parameter groupName cannot be used with the parameter subnet"),
        (&one("NetworkInterface.1.DeviceIndex=1"), "InvalidParameterValue: Value (1) for parameter deviceIndex is invalid."),
        (&one("KeyName=mine"), "InvalidKeyPair.NotFound: The key pair 'mine' does not exist"),
        (&one(""), "VPCIdNotSpecified: No default VPC for this user."),
        (&one("SubnetId=subnet-00000000000000000"), "InvalidSubnetID.NotFound: The subnet ID 'subnet-00000000000000000' does not exist"),
        (&there("SecurityGroupId.1=sg-00000000000000000"), "InvalidGroup.NotFound: "),
        (
            &there(&format!("SecurityGroupId.1={foreign}")),
            &format!("InvalidParameter: Security group {foreign} and subnet {subnet} belong to different networks."),
        ),
        (&there("PrivateIpAddress=10.1"), "InvalidParameterValue: Value (10.1) for parameter privateIpAddress is invalid."),
        (&there("PrivateIpAddress=10.1.1.4"), "InvalidParameterValue: Address 10.1.1.4 does not fall within the subnet's address range"),
        (&there("PrivateIpAddress=10.1.0.3"), "InvalidParameterValue: Address 10.1.0.3 is in subnet's reserved address range"),
        (&there(&format!("PrivateIpAddress={taken}")), &format!("InvalidIPAddress.InUse: Address {taken} is in use.")),
        (&format!("{RUN} MinCount=1 MaxCount=2 SubnetId={subnet} PrivateIpAddress=10.1.0.9"), "InvalidParameterCombination: "),
        (&format!("{RUN} MinCount=11 MaxCount=12 SubnetId={subnet}"), "InsufficientFreeAddressesInSubnet: "),
    ]);
    let many = aws.ok(&format!("{RUN} MinCount=10 MaxCount=12 SubnetId={subnet}"));
    assert_eq!(many.all("instancesSet/item/amiLaunchIndex"), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    aws.refuses(&[(&there(""), "InsufficientFreeAddressesInSubnet: ")]);
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html>
#[test]
fn an_instance_lives_and_is_forgotten() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    aws.ok(&format!("ModifyVpcAttribute VpcId={vpc} EnableDnsHostnames.Value=true"));
    let call = format!(
        "{RUN} MinCount=1 MaxCount=1 InstanceType=t2.small NetworkInterface.1.DeviceIndex=0 NetworkInterface.1.SubnetId={subnet} \
         NetworkInterface.1.PrivateIpAddress=10.1.0.10 NetworkInterface.1.Description=first \
         TagSpecification.1.ResourceType=instance TagSpecification.1.Tag.1.Key=Name TagSpecification.1.Tag.1.Value=a \
         TagSpecification.2.ResourceType=network-interface TagSpecification.2.Tag.1.Key=Name TagSpecification.2.Tag.1.Value=b"
    );
    let launched = aws.ok(&call);
    let instance = launched.find("instancesSet/item")[0];
    assert_eq!((instance.get("instanceState/code"), instance.get("instanceState/name")), ("0", "pending"));
    assert_eq!((instance.get("privateIpAddress"), instance.get("privateDnsName")), ("10.1.0.10", "ip-10-1-0-10.ec2.internal"));
    assert_eq!((instance.get("instanceType"), instance.get("tagSet/item/value")), ("t2.small", "a"));
    assert_eq!(instance.get("groupSet/item/groupName"), "default");
    let id = instance.get("instanceId").to_owned();
    aws.settle();

    let interfaces = aws.ok("DescribeNetworkInterfaces");
    let interface = interfaces.find("networkInterfaceSet/item")[0];
    assert_eq!((interface.get("status"), interface.get("attachment/instanceId")), ("in-use", id.as_str()));
    assert_eq!((interface.get("description"), interface.get("tagSet/item/value")), ("first", "b"));
    assert!(interface.get("macAddress").starts_with("0a:"));

    let listed = aws.ok("DescribeInstances Filter.1.Name=instance-state-name Filter.1.Value.1=running Filter.2.Name=vpc-id Filter.2.Value.1=vpc-*");
    assert_eq!(listed.get("reservationSet/item/instancesSet/item/instanceId"), id);
    assert_eq!(listed.get("reservationSet/item/ownerId"), ALICE);

    let terminate = format!("TerminateInstances InstanceId.1={id} InstanceId.2={id}");
    let change = aws.ok(&terminate);
    assert_eq!((change.get("instancesSet/item/previousState/name"), change.get("instancesSet/item/currentState/name")), ("running", "shutting-down"));
    let change = aws.ok(&terminate);
    assert_eq!(change.get("instancesSet/item/currentState/code"), "32");
    aws.settle();
    let change = aws.ok(&terminate);
    assert_eq!((change.get("instancesSet/item/previousState/name"), change.get("instancesSet/item/currentState/name")), ("terminated", "terminated"));

    let listed = aws.ok("DescribeInstances");
    let instance = listed.find("reservationSet/item/instancesSet/item")[0];
    assert_eq!(instance.get("stateReason/code"), "Client.UserInitiatedShutdown");
    assert_eq!(instance.get("reason"), "User initiated (2026-01-31 12:00:00 GMT)");
    for gone in ["vpcId", "subnetId", "privateIpAddress", "networkInterfaceSet/item"] {
        assert!(instance.find(gone).is_empty(), "{gone}");
    }
    assert_eq!(instance.get("privateDnsName"), "");
    assert!(aws.ok("DescribeNetworkInterfaces").find("networkInterfaceSet/item").is_empty());
    assert_eq!(aws.all("DescribeTags", "tagSet/item/value"), ["a"]);
    aws.sleep(1);
    assert!(aws.ok("DescribeInstances").find("reservationSet/item").is_empty());
    assert!(aws.ok("DescribeTags").find("tagSet/item").is_empty());
}

/// Only running instances have a status, unless the others are asked for too (9.7.1).
#[test]
fn a_running_instance_has_the_status_that_was_observed() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    let id = aws.instance(&subnet);
    assert!(aws.ok("DescribeInstanceStatus").find("instanceStatusSet/item").is_empty());
    let all = format!("DescribeInstanceStatus IncludeAllInstances=true InstanceId.1={id}");
    assert_eq!(aws.get(&all, "instanceStatusSet/item/instanceStatus/status"), "not-applicable");
    aws.settle();
    let instance: model::InstanceId = id.parse().unwrap();
    let mut expect = |observed: Option<SummaryStatus>, system: [&str; 2], own: [&str; 2]| {
        if let Some(status) = observed {
            aws.observe(Observation::InstanceStatus(instance, status));
        }
        let statuses = aws.ok(&format!("DescribeInstanceStatus Filter.1.Name=instance-status.reachability Filter.1.Value.1={}", own[1]));
        let status = statuses.find("instanceStatusSet/item")[0];
        assert_eq!((status.get("instanceId"), status.get("instanceState/name")), (id.as_str(), "running"));
        for (kind, wanted) in [("systemStatus", system), ("instanceStatus", own)] {
            let found = status.find(kind)[0];
            assert_eq!(([found.get("status"), found.get("details/item/status")], found.get("details/item/name")), (wanted, "reachability"));
        }
    };
    let (initializing, ok, impaired) = (["initializing", "initializing"], ["ok", "passed"], ["impaired", "failed"]);
    expect(None, initializing, initializing);
    expect(Some(SummaryStatus::Ok), ok, ok);
    expect(Some(SummaryStatus::Impaired), ok, impaired);
    expect(Some(SummaryStatus::Ok), ok, ok);

    aws.ok(&format!("StopInstances InstanceId.1={id}"));
    aws.settle();
    aws.observe(Observation::InstanceStatus(instance, SummaryStatus::Impaired));
    assert_eq!(aws.get(&all, "instanceStatusSet/item/instanceStatus/status"), "not-applicable");
    aws.ok(&format!("StartInstances InstanceId.1={id}"));
    aws.settle();
    assert_eq!(aws.get("DescribeInstanceStatus", "instanceStatusSet/item/instanceStatus/status"), "initializing");
    aws.refuses(&[
        ("DescribeInstanceStatus InstanceId.1=i-00000000000000000", "InvalidInstanceID.NotFound: "),
        (&format!("DescribeInstanceStatus InstanceId.1={id} MaxResults=5"), "InvalidParameterCombination: "),
        ("DescribeInstanceStatus Filter.1.Name=tag:a Filter.1.Value.1=b", "InvalidParameterValue: The filter 'tag:a' is invalid"),
    ]);
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html>
#[test]
fn an_instance_stops_and_starts() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    let launched = aws.ok(&format!("{RUN} MinCount=2 MaxCount=2 SubnetId={subnet}"));
    let ids = launched.all("instancesSet/item/instanceId");
    let id = ids[0];
    let (stop, start) = (format!("StopInstances InstanceId.1={id}"), format!("StartInstances InstanceId.1={id}"));
    let states = |change: &crate::xml::Element| {
        [change.get("instancesSet/item/previousState/name"), change.get("instancesSet/item/currentState/name")].join(" ")
    };
    aws.refuses(&[
        ("StopInstances", "MissingParameter: The request must contain the parameter InstanceId"),
        ("StartInstances InstanceId.1=i-00000000000000000", "InvalidInstanceID.NotFound: "),
        (&format!("{stop} Hibernate=true"), "UnsupportedOperation: "),
        (&stop, &format!("IncorrectInstanceState: The instance '{id}' is not in a state from which it can be stopped.")),
    ]);
    assert_eq!(states(&aws.ok(&start)), "pending pending");
    aws.settle();
    assert_eq!(states(&aws.ok(&start)), "running running");
    assert_eq!(states(&aws.ok(&stop)), "running stopping");
    assert_eq!(states(&aws.ok(&stop)), "stopping stopping");
    let sentence = format!("IncorrectInstanceState: The instance '{id}' is not in a state from which it can be started.");
    assert_eq!(aws.refused(&start), sentence);
    let before = aws.ok("DescribeNetworkInterfaces");
    aws.settle();
    assert_eq!(states(&aws.ok(&format!("{stop} Force=true"))), "stopped stopped");
    let listed = aws.ok(&format!("DescribeInstances InstanceId.1={id}"));
    let stopped = listed.find("reservationSet/item/instancesSet/item")[0];
    assert_eq!((stopped.get("instanceState/code"), stopped.get("stateReason/code")), ("80", "Client.UserInitiatedShutdown"));
    assert_eq!(stopped.get("reason"), "User initiated (2026-01-31 12:00:00 GMT)");
    let path = "networkInterfaceSet/item/privateIpAddress";
    assert_eq!(aws.ok("DescribeNetworkInterfaces").all(path), before.all(path), "it keeps its address");
    assert_eq!(aws.all("DescribeInstanceStatus", "instanceStatusSet/item/instanceId"), [ids[1]]);

    aws.sleep(1);
    assert_eq!(states(&aws.ok(&start)), "stopped pending");
    let listed = aws.ok("DescribeInstances");
    assert_eq!(listed.all("reservationSet/item/instancesSet/item/instanceId"), ids, "they stay under the launch that made them");
    let times = listed.all("reservationSet/item/instancesSet/item/launchTime");
    assert_eq!(times, ["2026-01-31T13:00:00.000Z", "2026-01-31T12:00:00.000Z"]);
    assert!(listed.find("reservationSet/item/instancesSet/item/stateReason").is_empty());
    aws.settle();
    assert_eq!(states(&aws.ok(&start)), "running running");
    aws.ok(&stop);
    assert_eq!(states(&aws.ok(&format!("TerminateInstances InstanceId.1={id}"))), "stopping shutting-down");
    aws.settle();
    aws.refuses(&[
        (&stop, "IncorrectInstanceState: "),
        (&format!("StartInstances InstanceId.1={} InstanceId.2={id}", ids[1]), "IncorrectInstanceState: "),
    ]);
}

/// One bad id and nothing happens (9.3.3).
#[test]
fn a_batch_is_all_or_nothing() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    let id = aws.instance(&subnet);
    let absent = ["i-00000000000000000", "i-00000000000000001"];
    aws.refuses(&[
        ("TerminateInstances", "MissingParameter: The request must contain the parameter InstanceId"),
        (&format!("TerminateInstances InstanceId.1={id} InstanceId.2=i-1"), "InvalidInstanceID.Malformed: "),
        (
            &format!("TerminateInstances InstanceId.1={id} InstanceId.2={}", absent[0]),
            "InvalidInstanceID.NotFound: The instance ID 'i-00000000000000000' does not exist",
        ),
        (
            &format!("DescribeInstances InstanceId.1={} InstanceId.2={id} InstanceId.3={}", absent[0], absent[1]),
            "InvalidInstanceID.NotFound: The instance IDs 'i-00000000000000000, i-00000000000000001' do not exist",
        ),
    ]);
    assert_eq!(aws.all("DescribeInstances", "reservationSet/item/instancesSet/item/instanceState/name"), ["pending"]);
}

/// A reboot is something to do while the instance goes on running; it keeps what it has (9.4).
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-reboot.html>
#[test]
fn an_instance_is_rebooted() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    let (one, other) = (aws.instance(&subnet), aws.instance(&subnet));
    let reboot = format!("RebootInstances InstanceId.1={one}");
    let sentence = format!("IncorrectInstanceState: The instance '{one}' is not in a state from which it can be rebooted.");
    assert_eq!(aws.refused(&reboot), sentence);
    aws.settle();
    let before = aws.ok("DescribeInstances");
    let listed = before.all("reservationSet/item/instancesSet/item/privateIpAddress");
    aws.refuses(&[
        ("RebootInstances", "MissingParameter: The request must contain the parameter InstanceId"),
        (&format!("{reboot} InstanceId.2=i-00000000000000000"), "InvalidInstanceID.NotFound: "),
        (&format!("{reboot} DryRun=true"), "DryRunOperation: "),
    ]);
    let due = |aws: &Aws| aws.snapshot.all::<model::Instance>().filter(|instance| instance.reboots.is_due()).count();
    assert_eq!((aws.get(&reboot, "return").as_str(), due(&aws)), ("true", 1));
    assert_eq!(aws.all("DescribeInstances", "reservationSet/item/instancesSet/item/instanceState/name"), ["running", "running"]);
    aws.settle();
    assert_eq!(due(&aws), 0);
    assert_eq!(aws.ok("DescribeInstances").all("reservationSet/item/instancesSet/item/privateIpAddress"), listed);
    // Who stops it has no use for the reboot any more.
    aws.ok(&reboot);
    aws.ok(&format!("StopInstances InstanceId.1={one}"));
    aws.settle();
    assert_eq!(due(&aws), 0);
    aws.refuses(&[(&format!("{reboot} InstanceId.2={other}"), &sentence)]);
    assert_eq!(due(&aws), 0, "a batch is all or nothing");
}

/// A launch whose instances are all gone is not repeated (1.4.7).
#[test]
fn a_launch_can_be_repeated() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    let call = format!("{RUN} MinCount=2 MaxCount=2 SubnetId={subnet} ClientToken=once");
    let first = aws.ok(&call);
    let again = aws.ok(&call);
    assert_eq!(first.all("instancesSet/item/instanceId"), again.all("instancesSet/item/instanceId"));
    assert_eq!(first.all("instancesSet/item/clientToken"), ["once"; 2]);
    aws.refuses(&[(&format!("{call} InstanceType=t2.nano"), "IdempotentParameterMismatch: ")]);
    let ids = first.all("instancesSet/item/instanceId");
    aws.ok(&format!("TerminateInstances InstanceId.1={}", ids[0]));
    aws.settle();
    assert_eq!(aws.ok(&call).all("instancesSet/item/instanceId"), ids, "one of them is there");
    aws.ok(&format!("TerminateInstances InstanceId.1={}", ids[1]));
    aws.settle();
    aws.refuses(&[(&call, "IdempotentInstanceTerminated: ")]);
    aws.sleep(23);
    aws.refuses(&[(&call, "IdempotentInstanceTerminated: ")]);
    aws.sleep(1);
    assert_ne!(aws.ok(&call).get("reservationId"), first.get("reservationId"));
}

#[test]
fn instances_keep_their_group_and_subnet() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    let group = aws.get(&format!("CreateSecurityGroup VpcId={vpc} GroupName=web GroupDescription=web"), "groupId");
    aws.ok(&format!("{RUN} MinCount=1 MaxCount=1 SubnetId={subnet} SecurityGroupId.1={group} SecurityGroupId.2={group}"));
    assert_eq!(aws.all("DescribeNetworkInterfaces", "networkInterfaceSet/item/groupSet/item/groupId"), [group.as_str()]);
    aws.refuses(&[
        (&format!("DeleteSecurityGroup GroupId={group}"), "DependencyViolation: "),
        (&format!("DeleteSubnet SubnetId={subnet}"), "DependencyViolation: "),
        (&format!("DeleteVpc VpcId={vpc}"), "DependencyViolation: "),
    ]);
}

/// 9.2.8
#[test]
fn vcpus_are_limited() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/20");
    let large = |least: usize, most: usize| format!("{RUN} InstanceType=t3.xlarge SubnetId={subnet} MinCount={least} MaxCount={most}");
    let launched = aws.ok(&large(640, 640));
    let first = launched.all("instancesSet/item/instanceId")[0].to_owned();
    let sentence = "VcpuLimitExceeded: You have requested more vCPU capacity than your current vCPU limit of 2560 allows for the instance bucket that \
                    the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.";
    aws.refuses(&[(&large(1, 1), sentence)]);
    aws.settle();
    aws.ok(&format!("StopInstances InstanceId.1={first}"));
    aws.settle();
    let small = format!("{RUN} InstanceType=t3.nano SubnetId={subnet} MinCount=1 MaxCount=5");
    assert_eq!(aws.ok(&small).all("instancesSet/item/instanceId").len(), 2, "as many as there is room for");
    aws.refuses(&[(&format!("StartInstances InstanceId.1={first}"), "VcpuLimitExceeded: ")]);
    assert_eq!(aws.get(&format!("DescribeInstances InstanceId.1={first}"), "reservationSet/item/instancesSet/item/instanceState/name"), "stopped");
    aws.become_caller(crate::aws::BOB, "us-east-1");
    let (vpc, zone) = (aws.vpc("10.1.0.0/16"), "10.1.0.0/24");
    let subnet = aws.subnet(&vpc, zone);
    aws.ok(&format!("{RUN} SubnetId={subnet} MinCount=1 MaxCount=1"));
}
