//! DHCP option sets: made, given to VPCs, listed, deleted.

use crate::aws::{Aws, BOB};

const CREATE: &str = "CreateDhcpOptions \
    DhcpConfiguration.1.Key=domain-name DhcpConfiguration.1.Value.1=example.com \
    DhcpConfiguration.2.Key=domain-name-servers DhcpConfiguration.2.Value.1=10.1.0.10 DhcpConfiguration.2.Value.2=AmazonProvidedDNS \
    DhcpConfiguration.3.Key=ntp-servers DhcpConfiguration.3.Value.1=169.254.169.123 \
    DhcpConfiguration.4.Key=netbios-name-servers DhcpConfiguration.4.Value.1=10.1.0.11 \
    DhcpConfiguration.5.Key=netbios-node-type DhcpConfiguration.5.Value.1=2";

const ID: &str = "dhcpOptions/dhcpOptionsId";

fn options_of(aws: &mut Aws, vpc: &str) -> String {
    aws.get(&format!("DescribeVpcs VpcId.1={vpc}"), "vpcSet/item/dhcpOptionsId")
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSetConcepts.html#ArchitectureDiagram>: the default set.
#[test]
fn vpcs_are_born_with_the_default_set_of_the_region() {
    let mut aws = Aws::untouched();
    for (region, domain) in [("us-east-1", "ec2.internal"), ("eu-west-1", "eu-west-1.compute.internal")] {
        aws.become_caller(BOB, region);
        let found = aws.ok("DescribeDhcpOptions");
        assert_eq!(found.all("dhcpOptionsSet/item/dhcpConfigurationSet/item/key"), ["domain-name", "domain-name-servers"]);
        assert_eq!(found.all("dhcpOptionsSet/item/dhcpConfigurationSet/item/valueSet/item/value"), [domain, "AmazonProvidedDNS"]);
        let id = found.get("dhcpOptionsSet/item/dhcpOptionsId").to_owned();
        let default_vpc = aws.get("DescribeVpcs", "vpcSet/item/vpcId");
        let vpc = aws.vpc("10.1.0.0/16");
        assert_eq!([options_of(&mut aws, &default_vpc), options_of(&mut aws, &vpc)], [id.as_str(), id.as_str()]);
        assert_eq!(
            aws.all("DescribeDhcpOptions", "dhcpOptionsSet/item/dhcpOptionsId"),
            [id],
            "looking at it stores nothing, and using it makes no other"
        );
    }
}

#[test]
fn a_set_is_told_as_it_was_made() {
    let mut aws = Aws::new();
    let made = aws
        .ok(&format!("{CREATE} TagSpecification.1.ResourceType=dhcp-options TagSpecification.1.Tag.1.Key=Name TagSpecification.1.Tag.1.Value=corp"));
    let id = made.get(ID).to_owned();
    assert_eq!((made.get("dhcpOptions/ownerId"), made.get("dhcpOptions/tagSet/item/value")), ("111111111111", "corp"));
    for found in [
        format!("DescribeDhcpOptions DhcpOptionsId.1={id}"),
        "DescribeDhcpOptions Filter.1.Name=tag:Name Filter.1.Value.1=corp".to_owned(),
        "DescribeDhcpOptions Filter.1.Name=key Filter.1.Value.1=ntp-servers".to_owned(),
        "DescribeDhcpOptions Filter.1.Name=value Filter.1.Value.1=10.1.0.*".to_owned(),
        format!("DescribeDhcpOptions Filter.1.Name=dhcp-options-id Filter.1.Value.1={id}"),
    ] {
        let found = aws.ok(&found);
        assert_eq!(found.all("dhcpOptionsSet/item/dhcpOptionsId"), [id.as_str()]);
        let keys = found.all("dhcpOptionsSet/item/dhcpConfigurationSet/item/key");
        assert_eq!(keys, ["domain-name", "domain-name-servers", "netbios-name-servers", "netbios-node-type", "ntp-servers"]);
        let values = found.all("dhcpOptionsSet/item/dhcpConfigurationSet/item/valueSet/item/value");
        assert_eq!(values, ["example.com", "10.1.0.10", "AmazonProvidedDNS", "10.1.0.11", "2", "169.254.169.123"]);
    }
    assert_eq!(aws.all("DescribeDhcpOptions Filter.1.Name=owner-id Filter.1.Value.1=111111111111", "dhcpOptionsSet/item/dhcpOptionsId").len(), 2);
    aws.become_caller(BOB, "us-east-1");
    aws.refuses(&[(&format!("DescribeDhcpOptions DhcpOptionsId.1={id}"), "InvalidDhcpOptionID.NotFound: The dhcpOptions ID")]);
}

/// Linux takes several domains, which are one value with spaces.
#[test]
fn several_domains_are_one_value() {
    let mut aws = Aws::new();
    let made = aws.ok("CreateDhcpOptions DhcpConfiguration.1.Key=domain-name DhcpConfiguration.1.Value.1=a.example+b.example");
    assert_eq!(made.all("dhcpOptions/dhcpConfigurationSet/item/valueSet/item/value"), ["a.example b.example"]);
}

#[test]
fn a_vpc_is_given_another_set_or_none() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let default = options_of(&mut aws, &vpc);
    let id = aws.get(CREATE, ID);
    aws.ok(&format!("AssociateDhcpOptions DhcpOptionsId={id} VpcId={vpc}"));
    assert_eq!(aws.all(&format!("DescribeVpcs Filter.1.Name=dhcp-options-id Filter.1.Value.1={id}"), "vpcSet/item/vpcId"), [vpc.as_str()]);
    aws.refuses(&[(&format!("DeleteDhcpOptions DhcpOptionsId={id}"), "DependencyViolation: The dhcpOptions '")]);
    aws.ok(&format!("AssociateDhcpOptions DhcpOptionsId=default VpcId={vpc}"));
    assert_eq!(options_of(&mut aws, &vpc), "default");
    aws.ok(&format!("AssociateDhcpOptions DhcpOptionsId={default} VpcId={vpc}"));
    assert_eq!(options_of(&mut aws, &vpc), default);
    aws.ok(&format!("DeleteDhcpOptions DhcpOptionsId={id}"));
    aws.refuses(&[(&format!("DeleteDhcpOptions DhcpOptionsId={id}"), "InvalidDhcpOptionID.NotFound")]);
}

/// The default set can be deleted as any other, once no VPC has it; the next VPC brings a new one.
#[test]
fn the_default_set_comes_back_with_the_next_vpc() {
    let mut aws = Aws::new();
    let default = aws.get("DescribeDhcpOptions", "dhcpOptionsSet/item/dhcpOptionsId");
    aws.ok(&format!("DeleteDhcpOptions DhcpOptionsId={default}"));
    assert!(aws.all("DescribeDhcpOptions", "dhcpOptionsSet/item/dhcpOptionsId").is_empty());
    let vpc = aws.vpc("10.1.0.0/16");
    let next = options_of(&mut aws, &vpc);
    assert_ne!(next, default);
    assert_eq!(
        aws.all("DescribeDhcpOptions", "dhcpOptionsSet/item/dhcpConfigurationSet/item/valueSet/item/value"),
        ["ec2.internal", "AmazonProvidedDNS"]
    );
    let other = aws.vpc("10.2.0.0/16");
    assert_eq!(options_of(&mut aws, &other), next);
}

/// States of before there were option sets: their VPCs had Amazon's DNS.
#[test]
fn older_states_are_given_the_default_set() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let default = options_of(&mut aws, &vpc);
    let mut draft = model::Draft::new(&aws.snapshot);
    draft.update(vpc.parse::<model::VpcId>().unwrap(), |vpc| vpc.dhcp_options = None);
    draft.remove(default.parse::<model::DhcpOptionsId>().unwrap());
    let scopes: Vec<_> = draft.all::<model::AccountRegion>().map(|region| region.scope).collect();
    for scope in scopes {
        draft.update(scope, |region| region.default_dhcp_options = None);
    }
    aws.snapshot = draft.finish().0;
    aws.sleep(1);
    assert_eq!(options_of(&mut aws, &vpc), default);
}

#[test]
fn bad_requests_are_refused() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    aws.become_caller(BOB, "us-east-1");
    let theirs = aws.get(CREATE, ID);
    aws.become_caller(crate::aws::ALICE, "us-east-1");
    let one = "DhcpConfiguration.1.Key=domain-name DhcpConfiguration.1.Value.1=a.example DhcpConfiguration.2";
    aws.refuses(&[
        ("CreateDhcpOptions", "MissingParameter: The request must contain the parameter DhcpConfiguration"),
        (&format!("CreateDhcpOptions {one}.Value.1=x"), "MissingParameter: The request must contain the parameter DhcpConfiguration.2.Key"),
        (&format!("CreateDhcpOptions {one}.Key=colour"), "MissingParameter: The request must contain the parameter DhcpConfiguration.2.Value"),
        ("CreateDhcpOptions DhcpConfiguration.1.Key=colour DhcpConfiguration.1.Value.1=red", "InvalidParameterValue: Value (colour)"),
        (&format!("CreateDhcpOptions {one}.Key=domain-name DhcpConfiguration.2.Value.1=x"), "InvalidParameterValue: Value (domain-name)"),
        ("CreateDhcpOptions DhcpConfiguration.1.Key=domain-name DhcpConfiguration.1.Value.1=a DhcpConfiguration.1.Value.2=b", "InvalidParameterValue: Value (a,b) for parameter domain-name"),
        ("CreateDhcpOptions DhcpConfiguration.1.Key=domain-name DhcpConfiguration.1.Value.1=a..b", "InvalidParameterValue: Value (a..b) for parameter domain-name"),
        ("CreateDhcpOptions DhcpConfiguration.1.Key=domain-name DhcpConfiguration.1.Value.1=", "InvalidParameterValue: Value () for parameter domain-name"),
        ("CreateDhcpOptions DhcpConfiguration.1.Key=netbios-node-type DhcpConfiguration.1.Value.1=3", "InvalidParameterValue: Value (3) for parameter netbios-node-type"),
        ("CreateDhcpOptions DhcpConfiguration.1.Key=ntp-servers DhcpConfiguration.1.Value.1=time.example", "InvalidParameterValue: Value (time.example) for parameter ntp-servers"),
        ("CreateDhcpOptions DhcpConfiguration.1.Key=domain-name-servers DhcpConfiguration.1.Value.1=fd00::2", "UnsupportedOperation: The parameter domain-name-servers is not supported with the value 'fd00::2'"),
        ("CreateDhcpOptions DhcpConfiguration.1.Key=ipv6-address-preferred-lease-time DhcpConfiguration.1.Value.1=140", "UnsupportedOperation: The parameter ipv6-address-preferred-lease-time"),
        (
            "CreateDhcpOptions DhcpConfiguration.1.Key=ntp-servers DhcpConfiguration.1.Value.1=1.1.1.1 DhcpConfiguration.1.Value.2=1.1.1.2 \
             DhcpConfiguration.1.Value.3=1.1.1.3 DhcpConfiguration.1.Value.4=1.1.1.4 DhcpConfiguration.1.Value.5=1.1.1.5",
            "InvalidParameterValue: Value (1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4,1.1.1.5) for parameter ntp-servers is invalid. The option has up to four values.",
        ),
        (&format!("{CREATE} TagSpecification.1.ResourceType=vpc TagSpecification.1.Tag.1.Key=k"), "InvalidParameterValue: 'vpc' is not a valid taggable resource type"),
        (&format!("{CREATE} DryRun=true"), "DryRunOperation"),
        ("AssociateDhcpOptions", "MissingParameter: The request must contain the parameter DhcpOptionsId"),
        ("AssociateDhcpOptions DhcpOptionsId=other", "MissingParameter: The request must contain the parameter VpcId"),
        (&format!("AssociateDhcpOptions DhcpOptionsId=other VpcId={theirs}"), "InvalidVpcID.Malformed"),
        ("AssociateDhcpOptions DhcpOptionsId=other VpcId=vpc-00000000000000000", "InvalidDhcpOptionsId.Malformed: Invalid id: \"other\" (expecting \"dopt-...\")"),
        (&format!("AssociateDhcpOptions DhcpOptionsId={theirs} VpcId=vpc-00000000000000000"), "InvalidDhcpOptionID.NotFound: The dhcpOptions ID"),
        ("AssociateDhcpOptions DhcpOptionsId=default VpcId=vpc-00000000000000000", "InvalidVpcID.NotFound"),
        (&format!("AssociateDhcpOptions DhcpOptionsId=default VpcId={vpc} DryRun=true"), "DryRunOperation"),
        ("DescribeDhcpOptions DhcpOptionsId.1=dopt-1", "InvalidDhcpOptionsId.Malformed"),
        ("DescribeDhcpOptions MaxResults=4", "InvalidParameterValue: Value ( 4 ) for parameter maxResults"),
        ("DescribeDhcpOptions Filter.1.Name=colour Filter.1.Value.1=red", "InvalidParameterValue: The filter 'colour' is invalid"),
        ("DeleteDhcpOptions", "MissingParameter: The request must contain the parameter DhcpOptionsId"),
        ("DeleteDhcpOptions DhcpOptionsId=default", "InvalidDhcpOptionsId.Malformed"),
        (&format!("DeleteDhcpOptions DhcpOptionsId={theirs}"), "InvalidDhcpOptionID.NotFound"),
    ]);
}

#[test]
fn there_is_a_limit() {
    let mut aws = Aws::new();
    for _ in 1..100 {
        aws.ok(CREATE);
    }
    aws.refuses(&[(CREATE, "DhcpOptionsLimitExceeded: The maximum number of DHCP option sets has been reached.")]);
    assert_eq!(aws.all("DescribeDhcpOptions MaxResults=40", "dhcpOptionsSet/item/dhcpOptionsId").len(), 40);
}
