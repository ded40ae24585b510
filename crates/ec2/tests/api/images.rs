//! Images of one's own, once they are imported: seen, launched and given up by their owner.

use model::ImportedImage;

use crate::aws::{Aws, BOB};

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html>
#[test]
fn an_image_is_its_owners() {
    let mut aws = Aws::new();
    let id = aws.register_image("mine").unwrap();
    let own = aws.ok("DescribeImages Owner.1=self");
    let [image] = own.find("imagesSet/item")[..] else { panic!("there is one") };
    assert_eq!((image.get("imageId"), image.get("name"), image.get("imageLocation")), (id.to_string().as_str(), "mine", "111111111111/mine"));
    assert_eq!((image.get("imageOwnerId"), image.get("isPublic"), image.get("creationDate")), ("111111111111", "false", "2026-01-31T12:00:00.000Z"));
    assert!(image.find("imageOwnerAlias").is_empty() && image.find("imdsSupport").is_empty());
    assert_eq!(aws.all("DescribeImages", "imagesSet/item/imageId").len(), 4);
    assert_eq!(aws.all("DescribeImages Filter.1.Name=is-public Filter.1.Value.1=false", "imagesSet/item/name"), ["mine"]);
    assert!(aws.all("DescribeImages ExecutableBy.1=all", "imagesSet/item/name").iter().all(|name| name != "mine"));
    aws.ok(&format!("CreateTags ResourceId.1={id} Tag.1.Key=a Tag.1.Value=b"));
    assert_eq!(aws.all("DescribeImages Filter.1.Name=tag:a Filter.1.Value.1=b", "imagesSet/item/name"), ["mine"]);

    aws.become_caller(BOB, "us-east-1");
    assert!(aws.all("DescribeImages Owner.1=self", "imagesSet/item/name").is_empty());
    assert!(aws.get(&format!("DescribeImages ImageId.1={id}"), "imagesSet/item/name").starts_with("al2023"), "an id like any that is not known");
    aws.refuses(&[(&format!("DeregisterImage ImageId={id}"), "InvalidAMIID.NotFound")]);
    assert!(aws.register_image("mine").is_ok(), "names are an account's own");
}

#[test]
fn names_are_aws_s_and_taken_once() {
    let mut aws = Aws::new();
    let id = aws.register_image("mine").unwrap();
    assert_eq!(aws.register_image("mine").unwrap_err(), format!("AMI name mine is already in use by AMI {id}"));
    for name in ["ab", "a\nb", "a&b", &"a".repeat(129)] {
        assert!(aws.register_image(name).unwrap_err().starts_with("AMI names must be between 3 and 128"), "{name:?}");
    }
    assert!(aws.register_image("my image (2) [x]").is_ok());
}

#[test]
fn an_image_that_the_machine_cannot_boot_is_refused_with_the_reason() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let subnet = aws.subnet(&vpc, "10.0.0.0/24");
    let id = aws.register_image("mine").unwrap();
    let launch = |image: &str| format!("RunInstances ImageId={image} MinCount=1 MaxCount=1 SubnetId={subnet}");
    let instance = aws.get(&launch(&id.to_string()), "instancesSet/item/instanceId");
    aws.settle();
    aws.ok(&format!("StopInstances InstanceId.1={instance}"));
    aws.settle();
    aws.machine.image_trouble = Some("the state folder is on an overlay".to_owned());
    let start = format!("StartInstances InstanceId.1={instance}");
    for call in [&launch(&id.to_string()), &start] {
        let expected = format!("UnsupportedOperation: The image {id} cannot be booted here: the state folder is on an overlay.");
        assert_eq!(aws.refused(call), expected);
    }
    aws.ok(&launch("ami-12345678"));
    aws.machine.image_trouble = None;
    aws.ok(&start);
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeregisterImage.html>
#[test]
fn an_image_that_is_given_up_stays_for_its_instances() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let subnet = aws.subnet(&vpc, "10.0.0.0/24");
    let id = aws.register_image("mine").unwrap();
    let launch = format!("RunInstances ImageId={id} MinCount=1 MaxCount=1 SubnetId={subnet}");
    let instance = aws.get(&launch, "instancesSet/item/instanceId");
    assert_eq!(aws.get("DescribeInstances", "reservationSet/item/instancesSet/item/metadataOptions/httpTokens"), "optional");
    aws.settle();
    assert_eq!(aws.get(&format!("DeregisterImage ImageId={id}"), "return"), "true");
    assert_eq!(aws.snapshot.get(id).map(|image: &ImportedImage| image.deregistered), Some(true));
    let offered = aws.snapshot.all::<model::Instance>().next().map(|instance| model::Image::login_of(&aws.snapshot, instance).to_owned());
    assert_eq!(offered.as_deref(), Some("me"));
    assert_eq!(aws.all("DescribeImages", "imagesSet/item/name").len(), 3);
    let amazons = aws.all("DescribeImages Owner.1=amazon", "imagesSet/item/imageId")[0].clone();
    aws.refuses(&[
        (&format!("DescribeImages ImageId.1={id}"), "InvalidAMIID.NotFound"),
        ("DeregisterImage", "MissingParameter"),
        ("DeregisterImage ImageId=ami-12345678", "InvalidAMIID.NotFound"),
        (&format!("DeregisterImage ImageId={amazons}"), "AuthFailure"),
        (&format!("DeregisterImage ImageId={id}"), "InvalidAMIID.Unavailable"),
        (&launch, "InvalidAMIID.Unavailable"),
    ]);
    assert!(aws.register_image("mine").is_ok(), "the name is free again");
    aws.ok(&format!("TerminateInstances InstanceId.1={instance}"));
    aws.settle();
    assert!(aws.snapshot.get(id).is_none(), "nothing boots it any more");
}
