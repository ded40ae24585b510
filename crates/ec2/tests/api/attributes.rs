//! Attributes of interfaces and instances, one at a time.

use crate::aws::Aws;

/// A running instance in a VPC of its own, its interface, its VPC.
fn instance(aws: &mut Aws) -> (String, String, String) {
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    let instance = aws.instance(&subnet);
    aws.settle();
    (instance, aws.get("DescribeNetworkInterfaces", "networkInterfaceSet/item/networkInterfaceId"), vpc)
}

fn group(aws: &mut Aws, vpc: &str, name: &str) -> String {
    aws.get(&format!("CreateSecurityGroup VpcId={vpc} GroupName={name} GroupDescription=x"), "groupId")
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html>
#[test]
fn an_interface_is_changed() {
    let mut aws = Aws::new();
    let (instance, eni, vpc) = instance(&mut aws);
    let elsewhere = aws.vpc("10.2.0.0/16");
    let (web, admin, foreign) = (group(&mut aws, &vpc, "web"), group(&mut aws, &vpc, "admin"), group(&mut aws, &elsewhere, "web"));
    let modify = |rest: &str| format!("ModifyNetworkInterfaceAttribute NetworkInterfaceId={eni} {rest}");
    let describe = |attribute: &str| format!("DescribeNetworkInterfaceAttribute NetworkInterfaceId={eni} Attribute={attribute}");

    assert_eq!(aws.get(&describe("sourceDestCheck"), "sourceDestCheck/value"), "true");
    aws.ok(&modify("SourceDestCheck.Value=false"));
    assert_eq!(aws.get(&describe("sourceDestCheck"), "sourceDestCheck/value"), "false");
    assert_eq!(aws.get("DescribeInstances", "reservationSet/item/instancesSet/item/sourceDestCheck"), "false");
    aws.ok(&modify(&format!("SecurityGroupId.1={web} SecurityGroupId.2={admin} SecurityGroupId.3={web}")));
    assert_eq!(aws.all(&describe("groupSet"), "groupSet/item/groupId"), [web.as_str(), &admin]);
    assert_eq!(aws.all("DescribeInstances", "reservationSet/item/instancesSet/item/groupSet/item/groupName"), ["web", "admin"]);
    aws.ok(&modify("Description.Value=mine"));
    assert_eq!(aws.get(&describe("description"), "description/value"), "mine");
    aws.ok(&modify("Description.Value="));
    assert_eq!(aws.get(&describe("description"), "description/value"), "");
    assert_eq!(aws.get(&describe("associatePublicIpAddress"), "associatePublicIpAddress"), "false");
    let attachment = aws.get(&describe("attachment"), "attachment/attachmentId");
    aws.ok(&modify(&format!("Attachment.AttachmentId={attachment} Attachment.DeleteOnTermination=false")));
    assert_eq!(aws.get(&describe("attachment"), "attachment/deleteOnTermination"), "false");
    assert_eq!(aws.get(&describe("attachment"), "attachment/instanceId"), instance);

    let absent = "eni-attach-00000000000000000";
    aws.refuses(&[
        ("ModifyNetworkInterfaceAttribute NetworkInterfaceId=eni-00000000000000000", "InvalidNetworkInterfaceID.NotFound: "),
        (&modify(""), "InvalidParameterCombination: No attributes specified."),
        (&modify("SourceDestCheck.Value=false Description.Value=x"), "InvalidParameterCombination: Fields for multiple attribute types specified."),
        (&modify("SecurityGroupId.1=sg-00000000000000000"), "InvalidGroup.NotFound: The security group 'sg-00000000000000000' does not exist"),
        (
            &modify(&format!("SecurityGroupId.1={web} SecurityGroupId.2={foreign}")),
            "InvalidGroup.NotFound: You have specified two resources that belong to different networks.",
        ),
        (
            &modify(&format!("Attachment.AttachmentId={absent} Attachment.DeleteOnTermination=true")),
            &format!("InvalidAttachmentID.NotFound: The attachment ID '{absent}' does not exist"),
        ),
        (&modify("Attachment.DeleteOnTermination=true"), "MissingParameter: The request must contain the parameter Attachment.AttachmentId"),
        (&modify("AssociatePublicIpAddress=true"), "UnsupportedOperation: "),
        (&describe("color"), "InvalidParameterValue: Value (color) for parameter attribute is invalid."),
    ]);
    let many: Vec<String> = (0..6).map(|n| format!("SecurityGroupId.{n}={}", group(&mut aws, &vpc, &format!("g{n}")))).collect();
    aws.refuses(&[(&modify(&many.join(" ")), "SecurityGroupsPerInterfaceLimitExceeded: ")]);
    aws.ok(&format!("TerminateInstances InstanceId.1={instance}"));
    aws.settle();
    assert!(aws.ok(&describe("attachment")).find("attachment").is_empty());
}

/// What is said about an instance is meant for its interface (9.1.5, 9.1.6).
#[test]
fn an_instance_is_changed() {
    let mut aws = Aws::new();
    let (instance, eni, vpc) = instance(&mut aws);
    let elsewhere = aws.vpc("10.2.0.0/16");
    let (web, foreign) = (group(&mut aws, &vpc, "web"), aws.default_group(&elsewhere));
    let modify = |rest: &str| format!("ModifyInstanceAttribute InstanceId={instance} {rest}");
    let check = format!("DescribeNetworkInterfaceAttribute NetworkInterfaceId={eni} Attribute=sourceDestCheck");
    aws.ok(&modify("SourceDestCheck.Value=false"));
    assert_eq!(aws.get(&check, "sourceDestCheck/value"), "false");
    aws.ok(&modify("Attribute=sourceDestCheck Value=true"));
    assert_eq!(aws.get(&check, "sourceDestCheck/value"), "true");
    aws.ok(&modify(&format!("GroupId.1={web}")));
    assert_eq!(aws.all("DescribeNetworkInterfaces", "networkInterfaceSet/item/groupSet/item/groupId"), [web.as_str()]);
    aws.ok(&modify("DisableApiTermination.Value=false"));
    aws.refuses(&[
        ("ModifyInstanceAttribute", "MissingParameter: The request must contain the parameter InstanceId"),
        ("ModifyInstanceAttribute InstanceId=i-00000000000000000", "InvalidInstanceID.NotFound: "),
        (&modify("EbsOptimized.Value=true"), "UnsupportedOperation: "),
        (&modify("InstanceInitiatedShutdownBehavior.Value=sleep"), "InvalidParameterValue: Value (sleep) for parameter "),
        (&modify("Attribute=instanceInitiatedShutdownBehavior Value=sleep"), "InvalidParameterValue: Value (sleep) for parameter value "),
        (&modify("Attribute=kernel Value=eA=="), "UnsupportedOperation: The parameter kernel "),
        (&modify("Attribute=sourceDestCheck"), "MissingParameter: The request must contain the parameter Value"),
        (&modify("Value=true"), "MissingParameter: The request must contain the parameter Attribute"),
        (&modify("Attribute=sourceDestCheck Value=2"), "InvalidParameterValue: Value (2) for parameter value is invalid."),
        (&modify(&format!("GroupId.1={web} SourceDestCheck.Value=true")), "InvalidParameterCombination: "),
        (&modify(&format!("GroupId.1={foreign}")), "InvalidGroup.NotFound: You have specified two resources that belong to different networks."),
    ]);
    aws.ok(&format!("TerminateInstances InstanceId.1={instance}"));
    aws.settle();
    let sentence = format!("InvalidInstanceID: The terminated instance '{instance}' is not in a valid state for this operation.");
    assert_eq!(aws.refused(&modify("SourceDestCheck.Value=false")), sentence);
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceAttribute.html>
#[test]
fn an_instance_tells_its_attributes() {
    let mut aws = Aws::new();
    let (instance, ..) = instance(&mut aws);
    let describe = |attribute: &str| format!("DescribeInstanceAttribute InstanceId={instance} Attribute={attribute}");
    for (attribute, value) in [
        ("disableApiStop", "false"),
        ("disableApiTermination", "false"),
        ("ebsOptimized", "false"),
        ("enaSupport", "true"),
        ("instanceInitiatedShutdownBehavior", "stop"),
        ("instanceType", "t3.micro"),
        ("rootDeviceName", "/dev/xvda"),
        ("sourceDestCheck", "true"),
    ] {
        let answer = aws.ok(&describe(attribute));
        assert_eq!((answer.get("instanceId"), answer.get(&format!("{attribute}/value"))), (instance.as_str(), value));
        assert_eq!(answer.children.len(), 3, "{attribute} and nothing else");
    }
    for attribute in ["kernel", "productCodes", "ramdisk", "sriovNetSupport", "userData"] {
        let answer = aws.ok(&describe(attribute));
        assert!(answer.find(attribute)[0].children.is_empty(), "{attribute}");
    }
    assert_eq!(aws.get(&describe("groupSet"), "groupSet/item/groupName"), "default");
    assert_eq!(aws.get(&describe("enclaveOptions"), "enclaveOptions/enabled"), "false");
    aws.refuses(&[
        (&describe("color"), "InvalidParameterValue: Value (color) for parameter attribute is invalid."),
        (&format!("DescribeInstanceAttribute InstanceId={instance}"), "MissingParameter: The request must contain the parameter Attribute"),
    ]);
}
