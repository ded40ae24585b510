//! Security group rules that are changed in place, and what names a group from elsewhere.

use crate::aws::{ALICE, Aws, BOB};

fn group(aws: &mut Aws, vpc: &str, name: &str) -> String {
    aws.get(&format!("CreateSecurityGroup VpcId={vpc} GroupName={name} GroupDescription=x"), "groupId")
}

/// A rule keeps its id, its direction and the kind of its peer (6.4.7).
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySecurityGroupRules.html>
#[test]
fn a_rule_is_changed_in_place() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let (web, other) = (group(&mut aws, &vpc, "web"), group(&mut aws, &vpc, "other"));
    let allow = |port: u16| format!("AuthorizeSecurityGroupIngress GroupId={web} IpProtocol=tcp FromPort={port} ToPort={port} CidrIp=10.0.0.0/8");
    let path = "securityGroupRuleSet/item/securityGroupRuleId";
    let (one, two) = (aws.get(&allow(1), path), aws.get(&allow(2), path));
    let absent = "sgr-00000000000000000";
    let modify = |rule: &str, rest: &str| {
        let rest: Vec<String> = rest.split_whitespace().map(|part| format!("SecurityGroupRule.1.SecurityGroupRule.{part}")).collect();
        format!("ModifySecurityGroupRules GroupId={web} SecurityGroupRule.1.SecurityGroupRuleId={rule} {}", rest.join(" "))
    };
    let tcp = "IpProtocol=tcp FromPort=2 ToPort=2";
    aws.refuses(&[
        ("ModifySecurityGroupRules", "MissingParameter: The request must contain the parameter GroupId"),
        (&format!("ModifySecurityGroupRules GroupId={web}"), "MissingParameter: The request must contain the parameter SecurityGroupRule"),
        (&modify(absent, ""), "MissingParameter: The request must contain the parameter SecurityGroupRule.1.SecurityGroupRule"),
        (&modify(absent, "FromPort=1"), "MissingParameter: The request must contain the parameter SecurityGroupRule.1.SecurityGroupRule.IpProtocol"),
        (&modify(absent, tcp).replace(&web, "sg-00000000000000000"), "InvalidGroup.NotFound: "),
        (&modify(absent, tcp), &format!("InvalidSecurityGroupRuleId.NotFound: The security group rule ID '{absent}' does not exist")),
        (&modify(&one, "IpProtocol=tcp"), "InvalidParameterValue: "),
        (&modify(&one, tcp), "InvalidParameterCombination: Exactly one of CidrIpv4, "),
        (&modify(&one, &format!("{tcp} CidrIpv4=10.0.0.0/8 CidrIpv6=::/0")), "InvalidParameterCombination: Exactly one of CidrIpv4, "),
        (&modify(&one, &format!("{tcp} CidrIpv4=10.0.0.0")), "InvalidParameterValue: CIDR block 10.0.0.0 is malformed"),
        (&modify(&one, &format!("{tcp} PrefixListId=pl-1")), "UnsupportedOperation: "),
        (&modify(&one, &format!("{tcp} CidrIpv6=::/0")), &format!("InvalidParameterValue: The source or destination type of the rule {one} cannot ")),
        (&modify(&one, &format!("{tcp} ReferencedGroupId={other}")), "InvalidParameterValue: The source or destination type "),
        (
            &modify(&one, &format!("{tcp} CidrIpv4=10.0.0.0/8")),
            "InvalidPermission.Duplicate: the specified rule \"peer: 10.0.0.0/8, TCP, from port: 2, ",
        ),
    ]);
    // Two rules may change places, for only the outcome counts.
    let swap = format!(
        "{} SecurityGroupRule.2.SecurityGroupRuleId={two} SecurityGroupRule.2.SecurityGroupRule.IpProtocol=tcp \
         SecurityGroupRule.2.SecurityGroupRule.FromPort=1 SecurityGroupRule.2.SecurityGroupRule.ToPort=1 \
         SecurityGroupRule.2.SecurityGroupRule.CidrIpv4=10.0.0.0/8",
        modify(&one, &format!("{tcp} CidrIpv4=10.0.0.0/8 Description=first"))
    );
    assert_eq!(aws.get(&swap, "return"), "true");
    let listed = aws.ok(&format!("DescribeSecurityGroupRules SecurityGroupRuleId.1={one}"));
    let rule = listed.find("securityGroupRuleSet/item")[0];
    assert_eq!((rule.get("fromPort"), rule.get("isEgress"), rule.get("description")), ("2", "false", "first"));
}

/// A description that is left out goes (17.1).
#[test]
fn descriptions_are_changed() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let web = group(&mut aws, &vpc, "web");
    let permission =
        "IpPermissions.1.IpProtocol=tcp IpPermissions.1.FromPort=22 IpPermissions.1.ToPort=22 IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0/8";
    let id = aws.get(&format!("AuthorizeSecurityGroupIngress GroupId={web} {permission}"), "securityGroupRuleSet/item/securityGroupRuleId");
    let update = |rest: &str| format!("UpdateSecurityGroupRuleDescriptionsIngress GroupId={web} {rest}");
    let by_id = format!("SecurityGroupRuleDescription.1.SecurityGroupRuleId={id}");
    let description =
        |aws: &mut Aws| aws.all(&format!("DescribeSecurityGroupRules SecurityGroupRuleId.1={id}"), "securityGroupRuleSet/item/description");
    aws.ok(&update(&format!("{permission} IpPermissions.1.IpRanges.1.Description=ssh")));
    assert_eq!(description(&mut aws), ["ssh"]);
    aws.ok(&update(&format!("{by_id} SecurityGroupRuleDescription.1.Description=shell")));
    assert_eq!(description(&mut aws), ["shell"]);
    aws.ok(&update(&by_id));
    assert!(description(&mut aws).is_empty());
    aws.refuses(&[
        ("UpdateSecurityGroupRuleDescriptionsIngress", "MissingParameter: The request must contain the parameter GroupId"),
        (&update(""), "MissingParameter: The request must contain the parameter IpPermissions"),
        (&update(&format!("{permission} {by_id}")), "InvalidParameterCombination: "),
        (&update(&permission.replace("22", "23")), "InvalidPermission.NotFound: The specified rule does not exist in this security group."),
        (&update(&by_id).replace("Ingress", "Egress"), &format!("InvalidSecurityGroupRuleId.NotFound: The security group rule ID '{id}' ")),
        (&update(&format!("{by_id} SecurityGroupRuleDescription.1.Description=%C3%A9")), "InvalidParameterValue: Invalid rule description."),
    ]);
}

/// Rules that name a group across a peering connection are told of on both sides, and go stale (6.3.5).
/// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html>
#[test]
fn rules_across_a_peering_go_stale() {
    let mut aws = Aws::new();
    let blue = aws.vpc("10.1.0.0/16");
    let web = group(&mut aws, &blue, "web");
    aws.become_caller(BOB, "us-east-1");
    let green = aws.vpc("10.2.0.0/16");
    let theirs = group(&mut aws, &green, "theirs");
    aws.become_caller(ALICE, "us-east-1");
    let request = format!("CreateVpcPeeringConnection VpcId={blue} PeerVpcId={green} PeerOwnerId={BOB}");
    let pcx = aws.get(&request, "vpcPeeringConnection/vpcPeeringConnectionId");
    aws.become_caller(BOB, "us-east-1");
    aws.ok(&format!("AcceptVpcPeeringConnection VpcPeeringConnectionId={pcx}"));
    let references = format!("DescribeSecurityGroupReferences GroupId.1={theirs}");
    assert!(aws.ok(&references).find("securityGroupReferenceSet/item").is_empty());
    aws.become_caller(ALICE, "us-east-1");
    aws.ok(&format!(
        "AuthorizeSecurityGroupIngress GroupId={web} IpPermissions.1.IpProtocol=tcp IpPermissions.1.FromPort=22 IpPermissions.1.ToPort=22 \
         IpPermissions.1.Groups.1.GroupId={theirs} IpPermissions.1.Groups.1.UserId={BOB}"
    ));
    let stale = format!("DescribeStaleSecurityGroups VpcId={blue}");
    assert!(aws.ok(&stale).find("staleSecurityGroupSet/item").is_empty());
    aws.become_caller(BOB, "us-east-1");
    let told = aws.ok(&references);
    let reference = told.find("securityGroupReferenceSet/item")[0];
    assert_eq!((reference.get("groupId"), reference.get("referencingVpcId")), (theirs.as_str(), blue.as_str()));
    assert_eq!(reference.get("vpcPeeringConnectionId"), pcx);
    aws.ok(&format!("DeleteVpcPeeringConnection VpcPeeringConnectionId={pcx}"));
    aws.become_caller(ALICE, "us-east-1");
    let listed = aws.ok(&stale);
    let found = listed.find("staleSecurityGroupSet/item")[0];
    assert_eq!((found.get("groupId"), found.get("groupName"), found.get("vpcId")), (web.as_str(), "web", blue.as_str()));
    let permission = found.find("staleIpPermissions/item")[0];
    assert_eq!((permission.get("ipProtocol"), permission.get("fromPort"), permission.get("groups/item/groupId")), ("tcp", "22", theirs.as_str()));
    assert_eq!(permission.get("groups/item/peeringStatus"), "deleted");
    assert!(found.find("staleIpPermissionsEgress/item").is_empty());
    aws.refuses(&[
        ("DescribeStaleSecurityGroups", "MissingParameter: The request must contain the parameter VpcId"),
        ("DescribeStaleSecurityGroups VpcId=vpc-00000000000000000", "InvalidVpcID.NotFound: "),
        (&format!("{stale} MaxResults=256"), "InvalidParameterValue: "),
        (&format!("{stale} Filter.1.Name=a Filter.1.Value.1=b"), "UnknownParameter: "),
        ("DescribeSecurityGroupReferences", "MissingParameter: The request must contain the parameter GroupId"),
        (&references, "InvalidGroup.NotFound: "),
    ]);
}

/// Newer consoles ask so for the groups that they offer.
#[test]
fn groups_are_told_for_a_vpc() {
    let mut aws = Aws::new();
    let (vpc, other) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16"));
    let (web, default) = (group(&mut aws, &vpc, "web"), aws.default_group(&vpc));
    group(&mut aws, &other, "web");
    let path = "securityGroupForVpcSet/item/groupId";
    let mut groups = aws.all(&format!("GetSecurityGroupsForVpc VpcId={vpc}"), path);
    groups.sort();
    let mut wanted = [web.clone(), default];
    wanted.sort();
    assert_eq!(groups, wanted);
    let named = aws.ok(&format!("GetSecurityGroupsForVpc VpcId={vpc} Filter.1.Name=group-name Filter.1.Value.1=w*"));
    assert_eq!((named.get(path), named.get("securityGroupForVpcSet/item/primaryVpcId")), (web.as_str(), vpc.as_str()));
    aws.refuses(&[
        ("GetSecurityGroupsForVpc", "MissingParameter: "),
        ("GetSecurityGroupsForVpc VpcId=vpc-00000000000000000", "InvalidVpcID.NotFound: "),
    ]);
}
