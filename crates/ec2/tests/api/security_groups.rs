//! Security groups and their rules.

use crate::aws::{ALICE, Aws, BOB};

fn group(aws: &mut Aws, vpc: &str, name: &str) -> String {
    aws.get(&format!("CreateSecurityGroup VpcId={vpc} GroupName={name} GroupDescription=for+{name}"), "groupId")
}

#[test]
fn a_group_is_refused_for_one_reason_after_the_other() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let web = group(&mut aws, &vpc, "web");
    let default = aws.default_group(&vpc);
    aws.refuses(&[
        ("CreateSecurityGroup GroupName=web", "MissingParameter: The request must contain the parameter GroupDescription"),
        ("CreateSecurityGroup GroupName=web GroupDescription=x", "VPCIdNotSpecified: No default VPC for this user."),
        (
            "CreateSecurityGroup VpcId=vpc-00000000000000000 GroupName=default GroupDescription=x",
            "InvalidParameterValue: Cannot use reserved security group name: default",
        ),
        ("CreateSecurityGroup VpcId=vpc-00000000000000000 GroupName=WEB GroupDescription=x", "InvalidVpcID.NotFound: "),
        (
            &format!("CreateSecurityGroup VpcId={vpc} GroupName=WEB GroupDescription=x"),
            &format!("InvalidGroup.Duplicate: The security group 'WEB' already exists for VPC '{vpc}'"),
        ),
        ("DescribeSecurityGroups GroupId.1=sg-1", "InvalidGroupId.Malformed: Invalid id: \"sg-1\" (expecting \"sg-...\")"),
        ("DescribeSecurityGroups GroupId.1=sg-00000000000000000", "InvalidGroup.NotFound: The security group 'sg-00000000000000000' does not exist"),
        ("DescribeSecurityGroups GroupName.1=web", "InvalidGroup.NotFound: The security group 'web' does not exist"),
        ("DeleteSecurityGroup", "MissingParameter: "),
        (
            &format!("DeleteSecurityGroup GroupId={default}"),
            &format!("CannotDelete: the specified group: \"{default}\" name: \"default\" cannot be deleted by a user"),
        ),
    ]);
    assert_eq!(aws.get(&format!("DeleteSecurityGroup GroupId={web}"), "groupId"), web);
}

/// Rules are listed one by one, and put together by protocol and ports with the group (6.4.8).
#[test]
fn both_views_of_the_rules_agree() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let web = group(&mut aws, &vpc, "web");
    let call = format!(
        "AuthorizeSecurityGroupIngress GroupId={web} \
         IpPermissions.1.IpProtocol=6 IpPermissions.1.FromPort=443 IpPermissions.1.ToPort=443 \
         IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0 IpPermissions.1.IpRanges.1.Description=everyone \
         IpPermissions.1.IpRanges.2.CidrIp=10.9.8.7/8 IpPermissions.1.Ipv6Ranges.1.CidrIpv6=::/0 \
         IpPermissions.1.Groups.1.GroupId={web} \
         IpPermissions.2.IpProtocol=icmp IpPermissions.2.FromPort=8 IpPermissions.2.ToPort=-1 IpPermissions.2.IpRanges.1.CidrIp=10.2.0.0/16 \
         IpPermissions.3.IpProtocol=-1 IpPermissions.3.Groups.1.GroupId={web} IpPermissions.3.Groups.1.UserId={ALICE}"
    );
    let answer = aws.ok(&call);
    assert_eq!(answer.get("return"), "true");
    assert_eq!(answer.all("securityGroupRuleSet/item/ipProtocol"), ["tcp", "tcp", "tcp", "tcp", "icmp", "-1"]);
    assert_eq!(answer.all("securityGroupRuleSet/item/toPort"), ["443", "443", "443", "443", "-1", "-1"]);
    assert_eq!(answer.all("securityGroupRuleSet/item/cidrIpv4"), ["0.0.0.0/0", "10.0.0.0/8", "10.2.0.0/16"]);
    assert_eq!(answer.all("securityGroupRuleSet/item/cidrIpv6"), ["::/0"]);
    assert_eq!(answer.all("securityGroupRuleSet/item/referencedGroupInfo/userId"), [ALICE, ALICE]);
    let mut ids: Vec<_> = answer.all("securityGroupRuleSet/item/securityGroupRuleId").into_iter().map(str::to_owned).collect();

    let listed = aws.ok(&format!("DescribeSecurityGroups GroupId.1={web}"));
    let permissions = listed.find("securityGroupInfo/item/ipPermissions/item");
    assert_eq!(permissions.iter().map(|permission| permission.get("ipProtocol")).collect::<Vec<_>>(), ["tcp", "icmp", "-1"]);
    assert_eq!(permissions[0].all("ipRanges/item/cidrIp"), ["0.0.0.0/0", "10.0.0.0/8"]);
    assert_eq!(permissions[0].all("ipRanges/item/description"), ["everyone"]);
    assert!(permissions[2].find("fromPort").is_empty());

    let filter = format!("Filter.1.Name=group-id Filter.1.Value.1={web}");
    let rules = aws.ok(&format!("DescribeSecurityGroupRules {filter}"));
    assert_eq!(rules.all("securityGroupRuleSet/item/isEgress").iter().filter(|egress| **egress == "true").count(), 1);
    let egress = rules.find("securityGroupRuleSet/item").into_iter().find(|rule| rule.get("isEgress") == "true").unwrap();
    ids.push(egress.get("securityGroupRuleId").to_owned());
    let mut all = rules.all("securityGroupRuleSet/item/securityGroupRuleId");
    all.sort();
    ids.sort();
    assert_eq!(all, ids);
}

#[test]
fn a_rule_is_refused_for_one_reason_after_the_other() {
    let mut aws = Aws::new();
    let (vpc, elsewhere) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16"));
    let (web, foreign) = (group(&mut aws, &vpc, "web"), aws.default_group(&elsewhere));
    let ingress = |rest: &str| format!("AuthorizeSecurityGroupIngress GroupId={web} {rest}");
    let tcp = |port: &str, peer: &str| {
        ingress(&format!("IpPermissions.1.IpProtocol=tcp IpPermissions.1.FromPort={port} IpPermissions.1.ToPort={port} IpPermissions.1.{peer}"))
    };
    aws.refuses(&[
        ("AuthorizeSecurityGroupIngress", "MissingParameter: The request must contain the parameter GroupId"),
        ("AuthorizeSecurityGroupIngress GroupId=sg-00000000000000000 IpProtocol=x", "InvalidGroup.NotFound: "),
        (&ingress(""), "MissingParameter: The request must contain the parameter IpPermissions"),
        (&ingress("CidrIp=0.0.0.0/0"), "MissingParameter: The request must contain the parameter IpProtocol"),
        (&ingress("IpPermissions.1.FromPort=22"), "MissingParameter: The request must contain the parameter IpPermissions.1.IpProtocol"),
        (&ingress("IpPermissions.1.IpProtocol=tpc"), "InvalidParameterValue: Invalid value 'tpc' for IP protocol. Unknown protocol."),
        (&ingress("IpPermissions.1.IpProtocol=tcp"), "InvalidParameterValue: Invalid value 'Must specify both from and to ports with TCP/UDP.'"),
        (&tcp("22", "IpRanges.1.CidrIp=10.0.0.1"), "InvalidParameterValue: CIDR block 10.0.0.1 is malformed"),
        (&tcp("22", "IpRanges.1.CidrIp=::/0"), "InvalidParameterValue: CIDR block ::/0 is malformed"),
        (&tcp("22", "PrefixListIds.1.PrefixListId=pl-1"), "UnsupportedOperation: The parameter IpPermissions.1.PrefixListIds.1.PrefixListId "),
        (&tcp("22", "Groups.1.GroupId=sg-1"), "InvalidGroupId.Malformed: "),
        (&tcp("22", "Groups.1.GroupId=sg-00000000000000000"), "InvalidGroup.NotFound: The security group 'sg-00000000000000000' does not exist"),
        (
            &tcp("22", &format!("Groups.1.GroupId={foreign}")),
            "InvalidGroup.NotFound: You have specified two resources that belong to different networks.",
        ),
        (
            &tcp("22", "IpRanges.1.CidrIp=10.0.0.0/8 IpPermissions.1.IpRanges.2.CidrIp=10.0.0.1/8"),
            "InvalidParameterValue: The same permission must not appear multiple times",
        ),
        (&tcp("22", "IpRanges.1.CidrIp=10.0.0.0/8 CidrIp=10.0.0.0/8"), "InvalidParameterCombination: "),
    ]);
    aws.ok(&tcp("22", "IpRanges.1.CidrIp=0.0.0.0/0"));
    aws.refuses(&[(
        &ingress("IpProtocol=tcp FromPort=22 ToPort=22 CidrIp=0.0.0.0/0"),
        "InvalidPermission.Duplicate: the specified rule \"peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW\" already exists",
    )]);
    assert_eq!(
        aws.refused(&format!("AuthorizeSecurityGroupEgress GroupId={web} IpProtocol=-1 CidrIp=0.0.0.0/0")),
        "InvalidPermission.Duplicate: the specified rule \"peer: 0.0.0.0/0, ALL, ALLOW\" already exists"
    );
}

#[test]
fn sixty_rules_are_all_a_group_may_have() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let web = group(&mut aws, &vpc, "web");
    let ranges = |family: &str, prefix: &str, count: usize| {
        let range = |n: usize| match family {
            "Ipv6Ranges" => format!("IpPermissions.1.Ipv6Ranges.{n}.CidrIpv6=2001:db8:{n}::/48"),
            _ => format!("IpPermissions.1.IpRanges.{n}.CidrIp=10.{prefix}.{n}.0/24"),
        };
        (1..=count).map(range).collect::<Vec<_>>().join(" ")
    };
    let ingress = |rest: &str| format!("AuthorizeSecurityGroupIngress GroupId={web} IpPermissions.1.IpProtocol=-1 {rest}");
    aws.refuses(&[(&ingress(&ranges("IpRanges", "1", 61)), "RulesPerSecurityGroupLimitExceeded: ")]);
    aws.ok(&ingress(&ranges("IpRanges", "1", 60)));
    aws.ok(&ingress(&ranges("Ipv6Ranges", "", 60)));
    aws.refuses(&[
        (
            &ingress(&ranges("IpRanges", "2", 1)),
            "RulesPerSecurityGroupLimitExceeded: The maximum number of rules per security group has been reached.",
        ),
        (&ingress(&format!("IpPermissions.1.Groups.1.GroupId={web}")), "RulesPerSecurityGroupLimitExceeded: "),
    ]);
}

/// Revoking is by what a rule says or by its id, all or nothing (6.4.5). Terraform takes the first egress rule away.
#[test]
fn rules_are_revoked() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let web = group(&mut aws, &vpc, "web");
    let revoke = format!("RevokeSecurityGroupEgress GroupId={web} IpPermissions.1.IpProtocol=-1 IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0");
    let answer = aws.ok(&revoke);
    assert_eq!(answer.get("revokedSecurityGroupRuleSet/item/cidrIpv4"), "0.0.0.0/0");
    assert!(answer.find("unknownIpPermissionSet/item").is_empty());
    aws.refuses(&[(&revoke, "InvalidPermission.NotFound: The specified rule does not exist in this security group.")]);

    let authorize = format!(
        "AuthorizeSecurityGroupIngress GroupId={web} IpPermissions.1.IpProtocol=tcp IpPermissions.1.FromPort=1 IpPermissions.1.ToPort=1 \
         IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0/8 IpPermissions.1.IpRanges.2.CidrIp=11.0.0.0/8 \
         TagSpecification.1.ResourceType=security-group-rule TagSpecification.1.Tag.1.Key=Name TagSpecification.1.Tag.1.Value=x"
    );
    let answer = aws.ok(&authorize);
    assert_eq!(answer.all("securityGroupRuleSet/item/tagSet/item/value"), ["x", "x"]);
    let ids = answer.all("securityGroupRuleSet/item/securityGroupRuleId");
    aws.refuses(&[
        (
            &format!("RevokeSecurityGroupIngress GroupId={web} SecurityGroupRuleId.1={} SecurityGroupRuleId.2=sgr-00000000000000000", ids[0]),
            "InvalidSecurityGroupRuleId.NotFound: The security group rule ID 'sgr-00000000000000000' does not exist",
        ),
        (&format!("RevokeSecurityGroupEgress GroupId={web} SecurityGroupRuleId.1={}", ids[0]), "InvalidSecurityGroupRuleId.NotFound: "),
        (&format!("RevokeSecurityGroupIngress GroupId={web} IpProtocol=tcp FromPort=1 ToPort=1 CidrIp=12.0.0.0/8"), "InvalidPermission.NotFound: "),
    ]);
    aws.ok(&format!("RevokeSecurityGroupIngress GroupId={web} SecurityGroupRuleId.1={}", ids[0]));
    assert_eq!(aws.all("DescribeTags", "tagSet/item/resourceId"), [ids[1]], "the tags of a rule go with it");
    aws.ok(&format!("RevokeSecurityGroupIngress GroupId={web} IpProtocol=tcp FromPort=1 ToPort=1 CidrIp=11.0.0.0/8"));
    assert!(aws.all("DescribeTags", "tagSet/item/resourceId").is_empty());
}

/// A group that another one of the VPC names must stay (6.3.6, 6.5).
#[test]
fn a_group_that_is_named_stays() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let (web, database) = (group(&mut aws, &vpc, "web"), group(&mut aws, &vpc, "database"));
    aws.ok(&format!("AuthorizeSecurityGroupIngress GroupId={database} IpPermissions.1.IpProtocol=-1 IpPermissions.1.Groups.1.GroupId={web}"));
    aws.ok(&format!("AuthorizeSecurityGroupIngress GroupId={web} IpPermissions.1.IpProtocol=-1 IpPermissions.1.Groups.1.GroupId={web}"));
    aws.refuses(&[(&format!("DeleteSecurityGroup GroupId={web}"), &format!("DependencyViolation: resource {web} has a dependent object"))]);
    aws.ok(&format!("DeleteSecurityGroup GroupId={database}"));
    aws.ok(&format!("DeleteSecurityGroup GroupId={web}"));
}

/// Across an active peering connection a rule may name the peer's group, and outlives it (6.3.2, 6.3.3, 6.3.5).
/// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html>
#[test]
fn a_rule_may_name_a_peer_s_group() {
    let mut aws = Aws::new();
    let blue = aws.vpc("10.1.0.0/16");
    let web = group(&mut aws, &blue, "web");
    aws.become_caller(BOB, "us-east-1");
    let green = aws.vpc("10.2.0.0/16");
    let theirs = group(&mut aws, &green, "theirs");
    aws.become_caller(ALICE, "us-east-1");
    let request = format!("CreateVpcPeeringConnection VpcId={blue} PeerVpcId={green} PeerOwnerId={BOB}");
    let pcx = aws.get(&request, "vpcPeeringConnection/vpcPeeringConnectionId");
    let authorize = format!(
        "AuthorizeSecurityGroupIngress GroupId={web} IpPermissions.1.IpProtocol=-1 IpPermissions.1.Groups.1.GroupId={theirs} \
         IpPermissions.1.Groups.1.UserId={BOB}"
    );
    aws.refuses(&[(&authorize, "InvalidGroup.NotFound: You have specified two resources that belong to different networks.")]);
    aws.become_caller(BOB, "us-east-1");
    aws.ok(&format!("AcceptVpcPeeringConnection VpcPeeringConnectionId={pcx}"));
    aws.become_caller(ALICE, "us-east-1");
    aws.refuses(&[(&authorize.replace(BOB, ALICE), "InvalidGroup.NotFound: The security group ")]);
    aws.ok(&authorize);
    let describe = format!("DescribeSecurityGroups GroupId.1={web}");
    let listed = aws.ok(&describe);
    let pair = listed.find("securityGroupInfo/item/ipPermissions/item/groups/item")[0];
    assert_eq!((pair.get("vpcId"), pair.get("vpcPeeringConnectionId"), pair.get("peeringStatus")), (green.as_str(), pcx.as_str(), "active"));
    assert_eq!(pair.get("userId"), BOB);

    aws.become_caller(BOB, "us-east-1");
    aws.ok(&format!("DeleteSecurityGroup GroupId={theirs}"));
    aws.become_caller(ALICE, "us-east-1");
    let listed = aws.ok(&describe);
    let pair = listed.find("securityGroupInfo/item/ipPermissions/item/groups/item")[0];
    assert_eq!((pair.get("groupId"), pair.find("vpcId").len()), (theirs.as_str(), 0));
    aws.ok(&authorize.replace("Authorize", "Revoke"));
}
