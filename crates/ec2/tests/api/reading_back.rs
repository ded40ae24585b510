//! What clients read right after they have made something (17.1b): Terraform, consoles and scripts end with an error where one
//! of these calls does.

use crate::aws::Aws;

const RUN: &str = "RunInstances ImageId=ami-0123456789abcdef0 MinCount=1 MaxCount=1";

/// What Terraform's `aws_instance` asks for.
#[test]
fn an_instance_is_read_back() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    let tags = "TagSpecification.1.ResourceType=volume TagSpecification.1.Tag.1.Key=Name TagSpecification.1.Tag.1.Value=root";
    let id = aws.get(&format!("{RUN} SubnetId={subnet} {tags} DisableApiTermination=true"), "instancesSet/item/instanceId");
    aws.settle();

    let described = aws.ok(&format!("DescribeInstances InstanceId.1={id}"));
    let mapping = described.find("reservationSet/item/instancesSet/item/blockDeviceMapping/item")[0];
    assert_eq!((mapping.get("deviceName"), mapping.get("ebs/status")), ("/dev/xvda", "attached"));
    let volume = mapping.get("ebs/volumeId").to_owned();
    let volumes = aws.ok(&format!("DescribeVolumes Filter.1.Name=attachment.instance-id Filter.1.Value.1={id}"));
    let root = volumes.find("volumeSet/item")[0];
    assert_eq!((root.get("volumeId"), root.get("status"), root.get("tagSet/item/value")), (volume.as_str(), "in-use", "root"));
    assert_eq!((root.get("attachmentSet/item/deleteOnTermination"), root.get("createTime")), ("true", "2026-01-31T12:00:00.000Z"));
    let by_volume = format!("DescribeInstances Filter.1.Name=block-device-mapping.volume-id Filter.1.Value.1={volume}");
    assert_eq!(aws.get(&by_volume, "reservationSet/item/instancesSet/item/instanceId"), id);

    let types = aws.ok("DescribeInstanceTypes InstanceType.1=t3.micro");
    let micro = types.find("instanceTypeSet/item")[0];
    assert_eq!((micro.get("vCpuInfo/defaultVCpus"), micro.get("memoryInfo/sizeInMiB")), ("2", "1024"));
    assert_eq!((micro.get("networkInfo/maximumNetworkInterfaces"), micro.get("burstablePerformanceSupported")), ("2", "true"));
    let credits = format!("DescribeInstanceCreditSpecifications InstanceId.1={id}");
    assert_eq!(aws.get(&credits, "instanceCreditSpecificationSet/item/cpuCredits"), "unlimited");
    let family = "GetDefaultCreditSpecification InstanceFamily=t2";
    assert_eq!(aws.get(family, "instanceFamilyCreditSpecification/cpuCredits"), "standard");
    let profiles = format!("DescribeIamInstanceProfileAssociations Filter.1.Name=instance-id Filter.1.Value.1={id}");
    assert!(aws.ok(&profiles).find("iamInstanceProfileAssociationSet/item").is_empty());
    assert!(aws.ok("DescribeLaunchTemplates").find("launchTemplates/item").is_empty());
    let attribute = |name: &str| format!("DescribeInstanceAttribute InstanceId={id} Attribute={name}");
    assert_eq!(aws.get(&attribute("disableApiTermination"), "disableApiTermination/value"), "true");
    assert_eq!(aws.get(&attribute("disableApiStop"), "disableApiStop/value"), "false");
    assert_eq!(aws.get(&attribute("blockDeviceMapping"), "blockDeviceMapping/item/ebs/volumeId"), volume);

    aws.refuses(&[
        (
            &format!("TerminateInstances InstanceId.1={id}"),
            &format!("OperationNotPermitted: The instance '{id}' may not be terminated. Modify its 'disableApiTermination' "),
        ),
        ("DescribeVolumes VolumeId.1=vol-00000000000000000", "InvalidVolume.NotFound: The volume ID 'vol-00000000000000000' does not exist"),
        ("DescribeVolumes VolumeId.1=vol-1", "InvalidVolumeID.Malformed: "),
        (
            "DescribeInstanceTypes InstanceType.1=t3.micro InstanceType.2=t9.huge",
            "InvalidInstanceType: The following supplied instance types do not exist: [t9.huge]",
        ),
        ("DescribeInstanceTypes MaxResults=101", "InvalidParameterValue: "),
        ("DescribeInstanceTypeOfferings LocationType=planet", "InvalidParameterValue: Value (planet) for parameter locationType is invalid."),
        ("GetDefaultCreditSpecification InstanceFamily=m5", "InvalidParameterValue: Value (m5) for parameter instanceFamily is invalid."),
        ("GetDefaultCreditSpecification", "MissingParameter: The request must contain the parameter InstanceFamily"),
        ("DescribeIamInstanceProfileAssociations AssociationId.1=iip-assoc-1", "InvalidAssociationID.NotFound: "),
        ("DescribeLaunchTemplates LaunchTemplateId.1=lt-00000000000000000", "InvalidLaunchTemplateId.NotFound: "),
        ("DescribeLaunchTemplates LaunchTemplateName.1=mine", "InvalidLaunchTemplateName.NotFoundException: "),
    ]);
    aws.ok(&format!("CreateTags ResourceId.1={volume} Tag.1.Key=more Tag.1.Value=x"));
    aws.ok(&format!("ModifyInstanceAttribute InstanceId={id} DisableApiTermination.Value=false"));
    aws.ok(&format!("TerminateInstances InstanceId.1={id}"));
    aws.settle();
    assert!(aws.ok("DescribeVolumes").find("volumeSet/item").is_empty());
    let tagged = format!("DescribeTags Filter.1.Name=resource-id Filter.1.Value.1={volume}");
    assert!(aws.ok(&tagged).find("tagSet/item").is_empty(), "the volume's tags go with it");
    aws.refuses(&[(&format!("CreateTags ResourceId.1={volume} Tag.1.Key=more Tag.1.Value=x"), "InvalidVolume.NotFound: ")]);
}

/// What is on offer is the same in every zone, and filters find their way in it.
#[test]
fn types_are_on_offer() {
    let mut aws = Aws::new();
    let burstable = "DescribeInstanceTypes Filter.1.Name=burstable-performance-supported Filter.1.Value.1=true Filter.2.Name=vcpu-info.default-vcpus Filter.2.Value.1=1";
    assert_eq!(aws.all(burstable, "instanceTypeSet/item/instanceType"), ["t2.micro", "t2.nano", "t2.small"]);
    let here = "DescribeInstanceTypeOfferings Filter.1.Name=instance-type Filter.1.Value.1=t3.micro";
    assert_eq!(aws.all(here, "instanceTypeOfferingSet/item/location"), ["us-east-1"]);
    let zones = aws.ok(&format!("{here} LocationType=availability-zone"));
    assert_eq!(zones.all("instanceTypeOfferingSet/item/location").len(), 6);
    assert_eq!(zones.all("instanceTypeOfferingSet/item/locationType"), ["availability-zone"; 6]);
    assert_eq!(aws.all(&format!("{here} LocationType=availability-zone-id MaxResults=5"), "instanceTypeOfferingSet/item/location").len(), 5);
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    let big = aws.get(&format!("{RUN} SubnetId={subnet} InstanceType=m5.large"), "instancesSet/item/instanceId");
    assert!(aws.ok("DescribeInstanceCreditSpecifications").find("instanceCreditSpecificationSet/item").is_empty());
    aws.refuses(&[(&format!("DescribeInstanceCreditSpecifications InstanceId.1={big}"), "InstanceCreditSpecification.NotSupported: ")]);
}

/// Who is protected is neither stopped nor terminated by a call (9.3.3); what it is built from changes while it is off.
#[test]
fn an_instance_is_protected_and_resized() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    let (id, other) = (aws.instance(&subnet), aws.instance(&subnet));
    aws.settle();
    let modify = |rest: &str| format!("ModifyInstanceAttribute InstanceId={id} {rest}");
    aws.ok(&modify("Attribute=disableApiStop Value=true"));
    let both = format!("InstanceId.1={other} InstanceId.2={id}");
    aws.refuses(&[
        (&format!("StopInstances {both}"), &format!("OperationNotPermitted: The instance '{id}' may not be stopped. Modify its 'disableApiStop' ")),
        (
            &format!("TerminateInstances {both}"),
            &format!("OperationNotPermitted: The instance '{id}' may not be terminated. Modify its 'disableApiStop' "),
        ),
        (&modify("InstanceType.Value=t3.small"), &format!("IncorrectInstanceState: The instance '{id}' is not in the 'stopped' state.")),
        (&modify("InstanceType.Value=t9.huge"), "InvalidParameterValue: Invalid value 't9.huge' for InstanceType."),
        (&modify("Attribute=instanceType Value=t9.huge"), "InvalidParameterValue: Invalid value 't9.huge' for InstanceType."),
        (&modify("Attribute=disableApiStop Value=2"), "InvalidParameterValue: Value (2) for parameter value is invalid."),
        (&modify("DisableApiStop.Value=false DisableApiTermination.Value=false"), "InvalidParameterCombination: "),
    ]);
    assert_eq!(aws.all("DescribeInstances", "reservationSet/item/instancesSet/item/instanceState/name"), ["running", "running"]);
    aws.ok(&modify("DisableApiStop.Value=false"));
    aws.ok(&format!("StopInstances InstanceId.1={id}"));
    aws.settle();
    aws.ok(&modify("InstanceType.Value=t3.small"));
    assert_eq!(aws.get(&format!("DescribeInstances InstanceId.1={id}"), "reservationSet/item/instancesSet/item/instanceType"), "t3.small");
}
