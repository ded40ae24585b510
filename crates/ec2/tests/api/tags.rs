//! Tags.

use crate::aws::Aws;

fn tags(aws: &mut Aws) -> Vec<String> {
    let listed = aws.ok("DescribeTags");
    listed.find("tagSet/item").iter().map(|tag| format!("{} {}={}", tag.get("resourceType"), tag.get("key"), tag.get("value"))).collect()
}

#[test]
fn tags_come_and_go() {
    let mut aws = Aws::new();
    let call = "CreateVpc CidrBlock=10.0.0.0/16 TagSpecification.1.ResourceType=vpc TagSpecification.1.Tag.1.Key=Name \
                TagSpecification.1.Tag.1.Value=blue+sky";
    let created = aws.ok(call);
    assert_eq!(created.get("vpc/tagSet/item/value"), "blue sky");
    let vpc = created.get("vpc/vpcId").to_owned();
    assert_eq!(tags(&mut aws), ["vpc Name=blue sky"], "what comes with it has none");
    let table = aws.main_table(&vpc);
    aws.ok(&format!("CreateTags ResourceId.1={vpc} ResourceId.2={table} Tag.1.Key=Name Tag.1.Value=x Tag.2.Key=empty Tag.2.Value="));
    assert_eq!(tags(&mut aws), ["route-table Name=x", "route-table empty=", "vpc Name=x", "vpc empty="]);
    for (call, left) in [
        (format!("DeleteTags ResourceId.1={vpc} Tag.1.Key=Name Tag.1.Value=other"), vec!["vpc Name=x", "vpc empty="]),
        (format!("DeleteTags ResourceId.1={vpc} Tag.1.Key=Name Tag.1.Value="), vec!["vpc Name=x", "vpc empty="]),
        (format!("DeleteTags ResourceId.1={vpc} Tag.1.Key=absent"), vec!["vpc Name=x", "vpc empty="]),
        (format!("DeleteTags ResourceId.1={vpc} Tag.1.Key=Name"), vec!["vpc empty="]),
        (format!("DeleteTags ResourceId.1={vpc}"), vec![]),
    ] {
        aws.ok(&call);
        let all = tags(&mut aws);
        assert_eq!(all.iter().filter(|tag| tag.starts_with("vpc ")).collect::<Vec<_>>(), left, "{call}");
    }
    aws.ok(&format!("DeleteVpc VpcId={vpc}"));
    assert!(tags(&mut aws).is_empty());
}

#[test]
fn tags_are_refused() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    aws.refuses(&[
        (&format!("CreateTags ResourceId.1={vpc}"), "MissingParameter: The request must contain the parameter Tag"),
        ("CreateTags Tag.1.Key=a Tag.1.Value=b", "MissingParameter: The request must contain the parameter ResourceId"),
        ("CreateTags ResourceId.1=x Tag.1.Key=a Tag.1.Value=b", "InvalidID: The ID 'x' is not valid"),
        (&format!("CreateTags ResourceId.1={vpc} Tag.1.Key=a"), "InvalidParameterValue: Tag value cannot be null. Use empty string instead."),
        (
            &format!("CreateTags ResourceId.1={vpc} ResourceId.2=subnet-00000000000000000 Tag.1.Key=a Tag.1.Value=b"),
            "InvalidSubnetID.NotFound: The subnet ID 'subnet-00000000000000000' does not exist",
        ),
        (
            "CreateVpc CidrBlock=10.0.0.0/16 TagSpecification.1.ResourceType=subnet TagSpecification.1.Tag.1.Key=a",
            "InvalidParameterValue: 'subnet' is not a valid taggable resource type for this operation.",
        ),
        ("DescribeVpcs TagSpecification.1.ResourceType=vpc", "UnknownParameter: The parameter TagSpecification.1.ResourceType "),
    ]);
    assert!(tags(&mut aws).is_empty());
}

/// A peering connection has other tags for each of its sides (8.2.7), and they go with it.
#[test]
fn fifty_tags_are_all_there_may_be() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    let many = |range: std::ops::Range<usize>| {
        let tags: Vec<_> = range.enumerate().map(|(at, n)| format!("Tag.{}.Key=k{n} Tag.{}.Value=", at + 1, at + 1)).collect();
        format!("CreateTags ResourceId.1={vpc} {}", tags.join(" "))
    };
    aws.ok(&many(0..50));
    aws.ok(&many(0..50));
    aws.refuses(&[(&many(50..51), "TagLimitExceeded: ")]);
}
