//! What an instance is given at launch: user data, metadata options, the size of its disk, credits.

use base64ct::{Base64, Encoding};

use crate::aws::Aws;

fn run(aws: &mut Aws, image: &str, rest: &str) -> String {
    let vpc = aws.vpc("10.1.0.0/16");
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    format!("RunInstances ImageId={image} MinCount=1 MaxCount=1 SubnetId={subnet} {rest}")
}

const ANY: &str = "ami-0123456789abcdef0";

#[test]
fn user_data_is_kept_and_changed_while_the_instance_is_off() {
    let mut aws = Aws::new();
    let script = Base64::encode_string(b"#!/bin/sh\necho hello\n");
    let call = run(&mut aws, ANY, "");
    let with = |data: &str| format!("{call} UserData={data}");
    let (most, more) = (Base64::encode_string(&[b'x'; 16384]), Base64::encode_string(&[b'x'; 16385]));
    aws.refuses(&[
        (&with("x"), "InvalidUserData.Malformed: Invalid BASE64 encoding of user data."),
        (&with(&more), "InvalidParameterValue: User data is limited to 16384 bytes"),
    ]);
    aws.ok(&with(&most));
    let id = aws.get(&format!("{} ClientToken=t", with(&script)), "instancesSet/item/instanceId");
    assert_eq!(aws.get(&format!("{} ClientToken=t", with(&script)), "instancesSet/item/instanceId"), id);
    assert!(aws.refused(&format!("{} ClientToken=t", with("eA=="))).starts_with("IdempotentParameterMismatch: "));
    let describe = format!("DescribeInstanceAttribute InstanceId={id} Attribute=userData");
    assert_eq!(aws.get(&describe, "userData/value"), script);

    aws.settle();
    let modify = |rest: &str| format!("ModifyInstanceAttribute InstanceId={id} {rest}");
    aws.refuses(&[
        (&modify("UserData.Value=eA=="), &format!("IncorrectInstanceState: The instance '{id}' is not in the 'stopped' state.")),
        (&modify("UserData.Value=x"), "InvalidUserData.Malformed: "),
        (&modify("Attribute=userData Value=x"), "InvalidUserData.Malformed: "),
        (&modify("UserData.Value=eA== SourceDestCheck.Value=false"), "InvalidParameterCombination: "),
    ]);
    aws.ok(&format!("StopInstances InstanceId.1={id}"));
    aws.settle();
    aws.ok(&modify("UserData.Value=eA=="));
    assert_eq!(aws.get(&describe, "userData/value"), "eA==");
    aws.ok(&modify("Attribute=userData Value=eQ=="));
    assert_eq!(aws.get(&describe, "userData/value"), "eQ==");
    aws.ok(&modify("UserData.Value="));
    assert!(aws.ok(&describe).find("userData")[0].children.is_empty());
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html>
#[test]
fn metadata_options_are_those_of_the_image_unless_something_else_is_said() {
    let mut aws = Aws::new();
    let options = |aws: &mut Aws, image: &str, rest: &str| {
        let call = run(aws, image, rest);
        let launched = aws.ok(&call);
        let get = |name: &str| launched.get(&format!("instancesSet/item/metadataOptions/{name}")).to_owned();
        ["httpTokens", "httpPutResponseHopLimit", "httpEndpoint", "instanceMetadataTags", "state"].map(get)
    };
    let images = aws.ok("DescribeImages Filter.1.Name=name Filter.1.Value.1=ubuntu*");
    let ubuntu = images.get("imagesSet/item/imageId").to_owned();
    assert_eq!(aws.get("DescribeImages Filter.1.Name=name Filter.1.Value.1=al2023*", "imagesSet/item/imdsSupport"), "v2.0");
    assert_eq!(options(&mut aws, ANY, ""), ["required", "2", "enabled", "disabled", "applied"], "an image that is not on offer is Amazon Linux");
    assert_eq!(options(&mut aws, &ubuntu, ""), ["optional", "1", "enabled", "disabled", "applied"]);
    let said = "MetadataOptions.HttpTokens=optional MetadataOptions.HttpEndpoint=disabled MetadataOptions.HttpPutResponseHopLimit=64 \
                MetadataOptions.InstanceMetadataTags=enabled MetadataOptions.HttpProtocolIpv6=disabled";
    assert_eq!(options(&mut aws, ANY, said), ["optional", "64", "disabled", "enabled", "applied"]);
    let call = run(&mut aws, ANY, "");
    let with = |option: &str| format!("{call} MetadataOptions.{option}");
    aws.refuses(&[
        (&with("HttpTokens=never"), "InvalidParameterValue: Value (never) for parameter httpTokens is invalid."),
        (&with("HttpPutResponseHopLimit=0"), "InvalidParameterValue: Value (0) for parameter httpPutResponseHopLimit is invalid."),
        (&with("HttpPutResponseHopLimit=65"), "InvalidParameterValue: Value (65) for parameter httpPutResponseHopLimit is invalid."),
        (&with("HttpProtocolIpv6=enabled"), "UnsupportedOperation: The parameter MetadataOptions.HttpProtocolIpv6 "),
    ]);
}

#[test]
fn metadata_options_change_while_the_instance_lives() {
    let mut aws = Aws::new();
    let call = run(&mut aws, ANY, "");
    let id = aws.get(&call, "instancesSet/item/instanceId");
    aws.settle();
    let modify = |rest: &str| format!("ModifyInstanceMetadataOptions InstanceId={id} {rest}");
    let answer = aws.ok(&modify("HttpTokens=optional HttpPutResponseHopLimit=5"));
    let said = |name: &str| answer.get(&format!("instanceMetadataOptions/{name}"));
    assert_eq!((answer.get("instanceId"), said("state"), said("httpTokens")), (id.as_str(), "pending", "optional"));
    assert_eq!((said("httpPutResponseHopLimit"), said("httpEndpoint")), ("5", "enabled"), "what is not said stays");
    let found = "DescribeInstances Filter.1.Name=metadata-options.state Filter.1.Value.1=applied Filter.2.Name=metadata-options.http-tokens \
                 Filter.2.Value.1=optional";
    assert_eq!(aws.get(found, "reservationSet/item/instancesSet/item/instanceId"), id);
    aws.refuses(&[
        (&modify("HttpPutResponseHopLimit=65"), "InvalidParameterValue: "),
        (&modify("HttpProtocolIpv6=enabled"), "UnsupportedOperation: "),
        ("ModifyInstanceMetadataOptions InstanceId=i-00000000000000000", "InvalidInstanceID.NotFound: "),
    ]);
    aws.ok(&format!("TerminateInstances InstanceId.1={id}"));
    aws.settle();
    assert!(aws.refused(&modify("HttpTokens=required")).starts_with("IncorrectInstanceState: "));
}

/// Each key is the last part of a path there.
#[test]
fn tags_that_are_metadata_have_keys_that_fit_a_path() {
    let mut aws = Aws::new();
    let call = run(&mut aws, ANY, "");
    let tagged = |key: &str, switch: &str| {
        let tag = format!("TagSpecification.1.ResourceType=instance TagSpecification.1.Tag.1.Key={key} TagSpecification.1.Tag.1.Value=a");
        format!("{call} {tag} MetadataOptions.InstanceMetadataTags={switch}")
    };
    let refusal = r"InvalidParameterValue: 'Patch Group' is not a valid tag key. Tag keys must match pattern ([0-9a-zA-Z\\-_+=,.@:]{1,255}), and ";
    aws.refuses(&[(&tagged("Patch+Group", "enabled"), refusal), (&tagged("_index", "enabled"), "InvalidParameterValue: '_index' is not ")]);
    let id = aws.get(&tagged("Patch+Group", "disabled"), "instancesSet/item/instanceId");
    let enable = format!("ModifyInstanceMetadataOptions InstanceId={id} InstanceMetadataTags=enabled");
    assert!(aws.refused(&enable).starts_with(refusal));
    aws.ok(&format!("DeleteTags ResourceId.1={id} Tag.1.Key=Patch+Group"));
    aws.ok(&enable);
    let tag = |key: &str| format!("CreateTags ResourceId.1={id} Tag.1.Key={key} Tag.1.Value=a");
    assert!(aws.refused(&tag("k8s.io/a")).starts_with("InvalidParameterValue: 'k8s.io/a' is not a valid tag key."));
    aws.ok(&tag("Name"));
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html>
#[test]
fn the_root_volume_has_the_size_that_is_asked_for() {
    let mut aws = Aws::new();
    let call = run(&mut aws, ANY, "");
    let root = |rest: &str| format!("{call} BlockDeviceMapping.1.DeviceName=/dev/xvda {rest}");
    let as_it_is = "BlockDeviceMapping.1.Ebs.VolumeType=gp3 BlockDeviceMapping.1.Ebs.Iops=3000 BlockDeviceMapping.1.Ebs.Throughput=125 \
                    BlockDeviceMapping.1.Ebs.Encrypted=false BlockDeviceMapping.1.Ebs.DeleteOnTermination=true";
    let size_of = |aws: &mut Aws, call: &str| {
        let instance = aws.get(call, "instancesSet/item/instanceId");
        let of_instance = format!("DescribeVolumes Filter.1.Name=attachment.instance-id Filter.1.Value.1={instance}");
        aws.get(&of_instance, "volumeSet/item/size")
    };
    assert_eq!(size_of(&mut aws, &call), "8");
    assert_eq!(size_of(&mut aws, &root(as_it_is)), "8");
    assert_eq!(size_of(&mut aws, &root(&format!("{as_it_is} BlockDeviceMapping.1.Ebs.VolumeSize=20"))), "20");

    let ubuntu = aws.get("DescribeImages Filter.1.Name=name Filter.1.Value.1=ubuntu*", "imagesSet/item/imageId");
    let ubuntu = format!("{} BlockDeviceMapping.1.DeviceName=/dev/sda1 BlockDeviceMapping.1.Ebs.VolumeSize=12", call.replace(ANY, &ubuntu));
    assert_eq!(size_of(&mut aws, &ubuntu), "12");
    let named = "DescribeVolumes Filter.1.Name=size Filter.1.Value.1=12";
    assert_eq!(aws.get(named, "volumeSet/item/attachmentSet/item/device"), "/dev/sda1");

    let ebs = |rest: &str| root(&format!("BlockDeviceMapping.1.Ebs.{rest}"));
    let second = |device: &str| root(&format!("BlockDeviceMapping.2.DeviceName={device} BlockDeviceMapping.2.Ebs.VolumeSize=20"));
    aws.refuses(&[
        (&ebs("VolumeSize=7"), "InvalidBlockDeviceMapping: Volume of size 7GB is smaller than the snapshot of the image, expect size >= 8GB"),
        (&ebs("VolumeSize=1025"), "UnsupportedOperation: The parameter BlockDeviceMapping.1.Ebs.VolumeSize is not supported with the value '1025'"),
        (&ebs("VolumeType=io2"), "UnsupportedOperation: The parameter BlockDeviceMapping.1.Ebs.VolumeType is not supported with the value 'io2'"),
        (&ebs("Encrypted=true"), "UnsupportedOperation: The parameter BlockDeviceMapping.1.Ebs.Encrypted "),
        (&ebs("DeleteOnTermination=false"), "UnsupportedOperation: The parameter BlockDeviceMapping.1.Ebs.DeleteOnTermination "),
        (&ebs("SnapshotId=snap-1"), "UnsupportedOperation: The parameter BlockDeviceMapping.1.Ebs.SnapshotId "),
        (&second("/dev/sdb"), "UnsupportedOperation: The parameter BlockDeviceMapping.2.DeviceName is not supported with the value '/dev/sdb'"),
        (&second("/dev/xvda"), "InvalidBlockDeviceMapping: "),
        (&format!("{call} BlockDeviceMapping.1.Ebs.VolumeSize=20"), "MissingParameter: "),
    ]);
    aws.machine.volume_trouble = Some("there is no mkfs.ext4".to_owned());
    let expected = "UnsupportedOperation: The parameter BlockDeviceMapping.1.Ebs.VolumeSize is not supported here: there is no mkfs.ext4.";
    assert_eq!(aws.refused(&ebs("VolumeSize=20")), expected);
    assert_eq!(size_of(&mut aws, &root(as_it_is)), "8");
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-performance-instances-how-to.html>
#[test]
fn credits_can_be_unlimited_or_as_they_are() {
    let mut aws = Aws::new();
    let call = run(&mut aws, ANY, "");
    let with = |kind: &str, credits: &str| format!("{call} InstanceType={kind} CreditSpecification.CpuCredits={credits}");
    for (kind, credits) in [("t3.micro", "unlimited"), ("t2.micro", "standard"), ("t2.micro", "unlimited")] {
        let instance = aws.get(&with(kind, credits), "instancesSet/item/instanceId");
        let describe = format!("DescribeInstanceCreditSpecifications InstanceId.1={instance}");
        assert_eq!(aws.get(&describe, "instanceCreditSpecificationSet/item/cpuCredits"), credits);
    }
    let refusal =
        |credits: &str| format!("UnsupportedOperation: The parameter CreditSpecification.CpuCredits is not supported with the value '{credits}'.");
    for (kind, credits) in [("t3.micro", "standard"), ("m5.large", "unlimited"), ("t3.micro", "some")] {
        assert_eq!(aws.refused(&with(kind, credits)), refusal(credits));
    }
}
