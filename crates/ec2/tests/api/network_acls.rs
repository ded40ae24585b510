//! Network ACLs, their rules and associations.

use crate::aws::{ALICE, Aws};

/// The default ACL of a VPC.
fn default_acl(aws: &mut Aws, vpc: &str) -> String {
    let filters = format!("Filter.1.Name=vpc-id Filter.1.Value.1={vpc} Filter.2.Name=default Filter.2.Value.1=true");
    aws.get(&format!("DescribeNetworkAcls {filters}"), "networkAclSet/item/networkAclId")
}

fn acl(aws: &mut Aws, vpc: &str) -> String {
    aws.get(&format!("CreateNetworkAcl VpcId={vpc}"), "networkAcl/networkAclId")
}

/// The rules of an ACL as one line each.
fn rules(aws: &mut Aws, acl: &str) -> Vec<String> {
    let acls = aws.ok(&format!("DescribeNetworkAcls NetworkAclId.1={acl}"));
    acls.find("networkAclSet/item/entrySet/item")
        .iter()
        .map(|rule| {
            let way = if rule.get("egress") == "true" { "egress" } else { "ingress" };
            let cidr = [rule.all("cidrBlock"), rule.all("ipv6CidrBlock")].concat().concat();
            let ports = [rule.all("portRange/from"), rule.all("portRange/to")].concat().join("-");
            let icmp = [rule.all("icmpTypeCode/type"), rule.all("icmpTypeCode/code")].concat().join("/");
            format!("{way} {} {} {} {cidr} {ports}{icmp}", rule.get("ruleNumber"), rule.get("ruleAction"), rule.get("protocol")).trim_end().to_owned()
        })
        .collect()
}

/// One that is made later denies everything (7.1.4).
/// <https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html>
#[test]
fn an_acl_is_born_empty() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let created = aws.ok(&format!(
        "CreateNetworkAcl VpcId={vpc} ClientToken=abc TagSpecification.1.ResourceType=network-acl TagSpecification.1.Tag.1.Key=Name \
         TagSpecification.1.Tag.1.Value=strict"
    ));
    assert_eq!((created.get("clientToken"), created.get("networkAcl/default")), ("abc", "false"));
    assert_eq!((created.get("networkAcl/ownerId"), created.get("networkAcl/vpcId")), (ALICE, vpc.as_str()));
    assert_eq!(created.get("networkAcl/tagSet/item/value"), "strict");
    assert!(created.find("networkAcl/associationSet/item").is_empty());
    let acl = created.get("networkAcl/networkAclId").to_owned();
    assert_eq!(rules(&mut aws, &acl), ["egress 32767 deny -1 0.0.0.0/0", "ingress 32767 deny -1 0.0.0.0/0"]);
    let default = default_acl(&mut aws, &vpc);
    let wanted =
        ["egress 100 allow -1 0.0.0.0/0", "egress 32767 deny -1 0.0.0.0/0", "ingress 100 allow -1 0.0.0.0/0", "ingress 32767 deny -1 0.0.0.0/0"];
    assert_eq!(rules(&mut aws, &default), wanted);
    aws.refuses(&[
        ("CreateNetworkAcl", "MissingParameter: The request must contain the parameter VpcId"),
        ("CreateNetworkAcl VpcId=vpc-00000000000000000", "InvalidVpcID.NotFound: "),
        (&format!("CreateNetworkAcl VpcId={vpc} TagSpecification.1.ResourceType=vpc"), "InvalidParameterValue: 'vpc' is not a valid taggable"),
        (&format!("DeleteVpc VpcId={vpc}"), "DependencyViolation: "),
        (&format!("DeleteNetworkAcl NetworkAclId={default}"), &format!("InvalidParameterValue: cannot delete default network ACL {default}")),
        ("DeleteNetworkAcl NetworkAclId=acl-1", "InvalidNetworkAclId.Malformed: Invalid id: \"acl-1\" (expecting \"acl-...\")"),
        (
            "DeleteNetworkAcl NetworkAclId=acl-00000000000000000",
            "InvalidNetworkAclID.NotFound: The networkAcl ID 'acl-00000000000000000' does not exist",
        ),
    ]);
    assert_eq!(aws.get(&format!("DeleteNetworkAcl NetworkAclId={acl}"), "return"), "true");
    assert!(aws.ok("DescribeTags").find("tagSet/item").is_empty());
    aws.ok(&format!("DeleteVpc VpcId={vpc}"));
}

/// What is said comes back, in numbers (7.1.5, 7.1.7, 7.3.3).
#[test]
fn rules_come_back_in_numbers() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let acl = acl(&mut aws, &vpc);
    for (rest, wanted) in [
        ("Protocol=6 PortRange.From=22 PortRange.To=22 CidrBlock=10.2.0.7/16", "allow 6 10.2.0.0/16 22-22"),
        ("Protocol=tcp PortRange.From=1024 PortRange.To=65535 CidrBlock=0.0.0.0/0", "allow 6 0.0.0.0/0 1024-65535"),
        ("Protocol=17 PortRange.From=53 PortRange.To=53 Ipv6CidrBlock=::/0", "allow 17 ::/0 53-53"),
        ("Protocol=1 Icmp.Type=8 Icmp.Code=-1 CidrBlock=0.0.0.0/0", "allow 1 0.0.0.0/0 8/-1"),
        ("Protocol=icmp Icmp.Type=-1 Icmp.Code=-1 CidrBlock=0.0.0.0/0", "allow 1 0.0.0.0/0 -1/-1"),
        ("Protocol=58 Icmp.Type=128 Icmp.Code=0 Ipv6CidrBlock=2001:db8::/32", "allow 58 2001:db8::/32 128/0"),
        ("Protocol=58 Icmp.Type=128 Icmp.Code=0 CidrBlock=0.0.0.0/0", "allow 58 0.0.0.0/0 -1/-1"),
        ("Protocol=-1 PortRange.From=22 PortRange.To=22 CidrBlock=0.0.0.0/0", "allow -1 0.0.0.0/0"),
        ("Protocol=50 CidrBlock=0.0.0.0/0", "allow 50 0.0.0.0/0"),
    ] {
        aws.ok(&format!("CreateNetworkAclEntry NetworkAclId={acl} RuleNumber=7 RuleAction=allow Egress=true {rest}"));
        assert_eq!(rules(&mut aws, &acl)[0], format!("egress 7 {wanted}"));
        aws.ok(&format!("DeleteNetworkAclEntry NetworkAclId={acl} RuleNumber=7 Egress=true"));
    }
    assert_eq!(rules(&mut aws, &acl).len(), 2);
}

/// A rule is its direction and number: they are taken once, and there to be replaced (7.3.2).
#[test]
fn a_rule_is_refused_for_one_reason_after_the_other() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let acl = acl(&mut aws, &vpc);
    let rule = |operation: &str, rest: &str| format!("{operation}NetworkAclEntry NetworkAclId={acl} RuleAction=deny Egress=false {rest}");
    let all = "Protocol=-1 CidrBlock=0.0.0.0/0";
    for operation in ["Create", "Replace"] {
        aws.refuses(&[
            (
                &format!("{operation}NetworkAclEntry NetworkAclId=acl-00000000000000000 RuleNumber=0 Protocol=x RuleAction=deny Egress=false"),
                "InvalidNetworkAclID.NotFound: ",
            ),
            (&rule(operation, &format!("{all} RuleNumber=x")), "InvalidParameterValue: Value (x) for parameter ruleNumber is invalid."),
            (&rule(operation, &format!("{all} RuleNumber=0")), "InvalidParameterValue: Value (0) for parameter ruleNumber is invalid."),
            (&rule(operation, &format!("{all} RuleNumber=32767")), "InvalidParameterValue: Value (32767) for parameter ruleNumber is invalid."),
            (&rule(operation, "RuleNumber=1 CidrBlock=0.0.0.0/0"), "MissingParameter: The request must contain the parameter Protocol"),
            (&rule(operation, "RuleNumber=1 Protocol=-1"), "MissingParameter: The request must contain the parameter CidrBlock"),
            (&rule(operation, &format!("RuleNumber=1 {all} Ipv6CidrBlock=::/0")), "InvalidParameterCombination: "),
            (
                &rule(operation, "RuleNumber=1 Protocol=-1 CidrBlock=0.0.0.0"),
                "InvalidParameterValue: Value (0.0.0.0) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
            ),
            (
                &rule(operation, "RuleNumber=1 Protocol=-1 Ipv6CidrBlock=0.0.0.0/0"),
                "InvalidParameterValue: Value (0.0.0.0/0) for parameter ipv6CidrBlock is invalid. This is not a valid CIDR block.",
            ),
            (
                &rule(operation, "RuleNumber=1 Protocol=tpc CidrBlock=0.0.0.0/0"),
                "InvalidParameterValue: Invalid value 'tpc' for IP protocol. Unknown protocol.",
            ),
            (
                &rule(operation, "RuleNumber=1 Protocol=6 CidrBlock=0.0.0.0/0"),
                "InvalidParameterValue: Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
            ),
            (
                &rule(operation, "RuleNumber=1 Protocol=1 CidrBlock=0.0.0.0/0 PortRange.From=8 PortRange.To=0"),
                "InvalidParameterValue: Invalid value 'Must specify both type and code with ICMP.' for portRange.",
            ),
            (&rule(operation, "RuleNumber=1 Protocol=58 Ipv6CidrBlock=::/0"), "InvalidParameterValue: "),
            (
                &format!("{operation}NetworkAclEntry NetworkAclId={acl} RuleAction=permit Egress=false RuleNumber=1 {all}"),
                "InvalidParameterValue: Value (permit) for parameter ruleAction is invalid.",
            ),
            (
                &format!("{operation}NetworkAclEntry NetworkAclId={acl} RuleAction=deny RuleNumber=1 {all}"),
                "MissingParameter: The request must contain the parameter Egress",
            ),
        ]);
    }
    aws.ok(&rule("Create", &format!("RuleNumber=120 {all}")));
    let delete = format!("DeleteNetworkAclEntry NetworkAclId={acl}");
    aws.refuses(&[
        (&rule("Create", &format!("RuleNumber=120 {all}")), "NetworkAclEntryAlreadyExists: The network acl entry identified by 120 already exists."),
        (&rule("Replace", &format!("RuleNumber=110 {all}")), "InvalidNetworkAclEntry.NotFound: no ingress entry with number 110"),
        (&format!("{delete} RuleNumber=120 Egress=true"), "InvalidNetworkAclEntry.NotFound: no egress entry with number 120"),
        (&format!("{delete} RuleNumber=32767 Egress=true"), "InvalidParameterValue: "),
    ]);
    aws.ok(&rule("Replace", "RuleNumber=120 Protocol=-1 Ipv6CidrBlock=::/0"));
    assert_eq!(rules(&mut aws, &acl)[1], "ingress 120 deny -1 ::/0");
}

/// Twenty in each direction and of each family, the `*` rule among them (7.3.6).
#[test]
fn nineteen_rules_are_all_an_acl_may_have() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.1.0.0/16");
    let acl = acl(&mut aws, &vpc);
    let create =
        |number: u32, rest: &str| format!("CreateNetworkAclEntry NetworkAclId={acl} RuleNumber={number} RuleAction=allow Protocol=-1 {rest}");
    for number in 1..20 {
        aws.ok(&create(number, "Egress=false CidrBlock=0.0.0.0/0"));
    }
    aws.refuses(&[(&create(20, "Egress=false CidrBlock=0.0.0.0/0"), "NetworkAclEntryLimitExceeded: ")]);
    aws.ok(&create(20, "Egress=false Ipv6CidrBlock=::/0"));
    aws.ok(&create(20, "Egress=true CidrBlock=0.0.0.0/0"));
}

/// A subnet always has one, and each association a new id (7.3.1, 7.3.5).
#[test]
fn associations_are_replaced() {
    let mut aws = Aws::new();
    let (vpc, elsewhere) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16"));
    let subnet = aws.subnet(&vpc, "10.1.0.0/24");
    let (own, foreign) = (acl(&mut aws, &vpc), acl(&mut aws, &elsewhere));
    let of_subnet = format!("DescribeNetworkAcls Filter.1.Name=association.subnet-id Filter.1.Value.1={subnet}");
    let first = aws.get(&of_subnet, "networkAclSet/item/associationSet/item/networkAclAssociationId");
    let replace = |association: &str, acl: &str| format!("ReplaceNetworkAclAssociation AssociationId={association} NetworkAclId={acl}");
    let second = aws.get(&replace(&first, &own), "newAssociationId");
    let third = aws.get(&replace(&second, &own), "newAssociationId");
    assert!(first != second && second != third);
    assert_eq!(aws.get(&of_subnet, "networkAclSet/item/networkAclId"), own);
    assert_eq!(aws.get(&of_subnet, "networkAclSet/item/associationSet/item/networkAclAssociationId"), third);
    aws.refuses(&[
        (&replace(&first, &own), &format!("InvalidAssociationID.NotFound: The association ID '{first}' does not exist")),
        (&replace("aclassoc-1", &own), "InvalidAssociationID.NotFound: The association ID 'aclassoc-1' does not exist"),
        (&replace(&third, "acl-00000000000000000"), "InvalidNetworkAclID.NotFound: "),
        (&replace(&third, &foreign), &format!("InvalidParameterValue: network ACL {foreign} and subnet {subnet} belong to different networks")),
        (
            &format!("DeleteNetworkAcl NetworkAclId={own}"),
            &format!("DependencyViolation: The networkAcl '{own}' has dependencies and cannot be deleted."),
        ),
    ]);
    let default = default_acl(&mut aws, &vpc);
    aws.ok(&replace(&third, &default));
    aws.ok(&format!("DeleteNetworkAcl NetworkAclId={own}"));
}
