//! What all Describe operations have in common, and those that only describe.

use crate::aws::Aws;

/// Ids restrict first, then filters (18.4.5); what is named must exist, what is filtered need not (1.3.7).
#[test]
fn ids_and_filters_go_together() {
    let mut aws = Aws::new();
    let (blue, green) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16"));
    aws.ok(&format!("CreateTags ResourceId.1={blue} Tag.1.Key=Name Tag.1.Value=blue"));
    for (rest, wanted) in [
        (format!("VpcId.1={blue} VpcId.2={blue}"), vec![&blue]),
        ("Filter.1.Name=cidr Filter.1.Value.1=10.2.*".to_owned(), vec![&green]),
        ("Filter.1.Name=tag:Name Filter.1.Value.1=bl?e".to_owned(), vec![&blue]),
        ("Filter.1.Name=tag-key Filter.1.Value.1=Name".to_owned(), vec![&blue]),
        (format!("VpcId.1={green} Filter.1.Name=tag-key Filter.1.Value.1=Name"), vec![]),
        ("Filter.1.Name=vpc-id Filter.1.Value.1=vpc-00000000000000000".to_owned(), vec![]),
        ("Filter.1.Name=state Filter.1.Value.1=available Filter.2.Name=is-default Filter.2.Value.1=true".to_owned(), vec![]),
    ] {
        assert_eq!(aws.ok(&format!("DescribeVpcs {rest}")).all("vpcSet/item/vpcId"), wanted, "{rest}");
    }
    aws.refuses(&[
        (&format!("DescribeVpcs VpcId.1={blue} VpcId.2=vpc-00000000000000000"), "InvalidVpcID.NotFound: "),
        ("DescribeVpcs Filter.1.Name=color Filter.1.Value.1=red", "InvalidParameterValue: The filter 'color' is invalid"),
    ]);
}

#[test]
fn long_lists_come_in_pages() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let mut wanted: Vec<String> = (0..12).map(|n| aws.subnet(&vpc, &format!("10.1.{n}.0/24"))).collect();
    wanted.sort();
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let page = aws.ok(&format!("DescribeSubnets MaxResults=5 {token}"));
        seen.extend(page.all("subnetSet/item/subnetId").into_iter().map(str::to_owned));
        match page.all("nextToken").as_slice() {
            [] => break,
            [next] => token = format!("NextToken={next}"),
            _ => panic!("one token at most"),
        }
        aws.ok(&format!("DeleteSubnet SubnetId={}", seen.last().unwrap()));
    }
    assert_eq!(seen, wanted);
    aws.refuses(&[
        ("DescribeSubnets MaxResults=4", "InvalidParameterValue: Value ( 4 ) for parameter maxResults is invalid."),
        ("DescribeRouteTables MaxResults=101", "InvalidParameterValue: "),
        ("DescribeSubnets NextToken=?", "InvalidNextToken: "),
        ("DescribeInstances MaxResults=5 InstanceId.1=i-00000000000000000", "InvalidParameterCombination: "),
        ("DescribeRegions MaxResults=5", "UnknownParameter: "),
    ]);
}

#[test]
fn places_are_listed() {
    let mut aws = Aws::new();
    let zones = aws.ok("DescribeAvailabilityZones");
    assert_eq!(zones.all("availabilityZoneInfo/item/zoneName").len(), 6);
    let zones = aws.ok("DescribeAvailabilityZones ZoneId.1=use1-az2 Filter.1.Name=region-name Filter.1.Value.1=us-east-1");
    assert_eq!(zones.get("availabilityZoneInfo/item/zoneName"), "us-east-1b");
    let regions = aws.ok("DescribeRegions RegionName.1=eu-west-1");
    assert_eq!(regions.get("regionInfo/item/regionEndpoint"), "ec2.eu-west-1.amazonaws.com");
    aws.refuses(&[
        ("DescribeAvailabilityZones ZoneName.1=eu-west-1a", "InvalidParameterValue: Invalid availability zone: [eu-west-1a]"),
        ("DescribeAvailabilityZones Filter.1.Name=tag:a Filter.1.Value.1=b", "InvalidParameterValue: The filter 'tag:a' is invalid"),
        ("DescribeRegions RegionName.1=mars-north-1", "InvalidParameterValue: "),
    ]);
}

/// An image that is not on offer is described as the one that it boots.
#[test]
fn images_are_listed() {
    let mut aws = Aws::new();
    let mut names = |rest: &str| aws.all(&format!("DescribeImages {rest}"), "imagesSet/item/name");
    assert_eq!(names("Owner.1=amazon").len(), 3);
    assert_eq!(names("Owner.1=self").len(), 0);
    assert_eq!(names("Owner.1=099720109477 Filter.1.Name=name Filter.1.Value.1=ubuntu/*").len(), 1);
    let default = names("Filter.1.Name=name Filter.1.Value.1=al2023-ami-2023.*");
    assert_eq!(names("ImageId.1=ami-0123456789abcdef0"), default);
    assert_eq!(aws.get("DescribeImages ImageId.1=ami-0123456789abcdef0", "imagesSet/item/imageId"), "ami-0123456789abcdef0");
}
