//! What is common to all calls: actions, versions, parameters, dry runs.

use crate::aws::Aws;
use crate::xml::Element;

#[test]
fn get_and_post_are_the_same() {
    let mut aws = Aws::new();
    for (method, query, body) in [
        ("POST", "", "Action=DescribeVpcs&Version=2016-11-15"),
        ("GET", "Action=DescribeVpcs&Version=2016-11-15", ""),
        ("POST", "Action=DescribeVpcs", "Version=2016-11-15"),
        ("POST", "", "Action=DescribeVpcs"),
        ("GET", "Action=DescribeVpcs&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20260131T120000Z&X-Amz-Signature=0", ""),
    ] {
        let (reply, _) = aws.send(method, query, body.as_bytes());
        assert_eq!(reply.status, 200, "{method} {query} {body}: {}", reply.body);
    }
}

#[test]
fn what_cannot_be_understood_says_why() {
    let mut aws = Aws::new();
    aws.refuses(&[
        ("DescribeBicycles", "InvalidAction: The action DescribeBicycles is not valid for this web service."),
        ("CreateTransitGateway", "UnsupportedOperation: The action CreateTransitGateway is not supported by Peerless."),
        ("DescribeVpcs Color=red", "UnknownParameter: The parameter Color is not recognized"),
        ("DescribeVpcs VpcId=vpc-1", "UnknownParameter: The parameter VpcId is not recognized"),
        ("DescribeVpcs VpcId.1=vpc-1", "InvalidVpcID.Malformed: Invalid id: \"vpc-1\" (expecting \"vpc-...\")"),
        ("DeleteVpc", "MissingParameter: The request must contain the parameter VpcId"),
        ("DescribeVpcs DryRun=perhaps", "InvalidParameterValue: Value (perhaps) for parameter dryRun is invalid."),
        ("DescribeVpcs &Color", "UnknownParameter: The parameter Color is not recognized"),
        ("DescribeVpcs VpcId.1=%zz", "MalformedQueryString: "),
    ]);
    for (body, code) in [("", "MissingAction"), ("Version=x&Action=DescribeVpcs", "NoSuchVersion"), ("\u{0}\u{1}", "MalformedQueryString")] {
        assert_eq!(aws.send("POST", "", body.as_bytes()).0.error_code, Some(code), "{body}");
    }
}

#[test]
fn the_version_of_the_client_names_the_answer() {
    let mut aws = Aws::new();
    let call = ec2::Call::parse(&ec2::Request { method: "GET", query: "Action=DescribeVpcs&Version=2015-10-01", headers: &[], body: b"" });
    let reply = call.read(&aws.snapshot, &mut ec2::Ctx { now: aws.now, random: &mut || 7, machine: &ec2::NoMachine });
    assert_eq!(Element::parse(&reply.body).namespace.as_deref(), Some("http://ec2.amazonaws.com/doc/2015-10-01/"));
    aws.sleep(0);
}

/// A dry run is always an error, and tells what the call would have said (1.4.1).
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html>
#[test]
fn a_dry_run_changes_nothing() {
    let mut aws = Aws::new();
    let (reply, _) = aws.call("CreateVpc CidrBlock=10.0.0.0/16 DryRun=true");
    assert_eq!((reply.status, reply.error_code), (412, Some("DryRunOperation")));
    aws.refuses(&[
        ("DescribeVpcs DryRun=True", "DryRunOperation: Request would have succeeded, but DryRun flag is set."),
        ("CreateVpc CidrBlock=10.0.0.0/8 DryRun=true", "InvalidVpc.Range: "),
        ("CreateVpc DryRun=true", "MissingParameter: "),
    ]);
    assert_eq!(aws.all("DescribeVpcs DryRun=false", "vpcSet/item/vpcId"), Vec::<String>::new());
}

/// A call that is repeated under its token is answered as before and not done again (1.4.7, 1.4.8). What of it counts are
/// its parameters, in whatever order they come.
/// <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html>
#[test]
fn a_call_can_be_repeated_under_its_token() {
    let mut aws = Aws::new();
    let (vpc, other) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16"));
    let tag = "TagSpecification.1.Tag.1.Key=Name TagSpecification.1.Tag.1.Value=a";
    for (operation, kind, list, path) in [
        ("CreateRouteTable", "route-table", "DescribeRouteTables", "routeTableSet/item/routeTableId"),
        ("CreateNetworkAcl", "network-acl", "DescribeNetworkAcls", "networkAclSet/item/networkAclId"),
    ] {
        let tagged = format!("TagSpecification.1.ResourceType={kind} {tag}");
        let answer = |aws: &mut Aws, call: &str| {
            let (reply, _) = aws.call(call);
            assert!(!reply.is_error(), "{}", reply.body);
            reply.body.split_once("</requestId>").unwrap().1.to_owned()
        };
        aws.refuses(&[(&format!("{operation} VpcId=vpc-00000000000000000 ClientToken=t"), "InvalidVpcID.NotFound: ")]);
        let first = answer(&mut aws, &format!("{operation} VpcId={vpc} {tagged} ClientToken=t"));
        assert!(first.contains("<clientToken>t</clientToken>"));
        let listed = aws.all(list, path);
        assert_eq!(answer(&mut aws, &format!("{operation} ClientToken=t {tagged} VpcId={vpc} DryRun=false")), first);
        aws.refuses(&[
            (&format!("{operation} VpcId={other} {tagged} ClientToken=t"), "IdempotentParameterMismatch: "),
            (&format!("{operation} VpcId={vpc} ClientToken=t"), "IdempotentParameterMismatch: "),
            (&format!("{operation} VpcId={vpc} {tagged} ClientToken=t DryRun=true"), "DryRunOperation: "),
            (&format!("{operation} VpcId={vpc} ClientToken={}", "t".repeat(65)), "InvalidClientToken: "),
            (&format!("{operation} VpcId={vpc} ClientToken=%C3%A9"), "InvalidClientToken: "),
        ]);
        assert_eq!(aws.all(list, path), listed);
        aws.become_caller(crate::aws::BOB, "us-east-1");
        aws.refuses(&[(&format!("{operation} VpcId={vpc} {tagged} ClientToken=t"), "InvalidVpcID.NotFound: ")]);
        aws.become_caller(crate::aws::ALICE, "us-east-1");
        for token in ["", "ClientToken=", "ClientToken=u"] {
            assert_ne!(answer(&mut aws, &format!("{operation} VpcId={vpc} {tagged} {token}")), first);
        }
        aws.sleep(24);
        assert_ne!(answer(&mut aws, &format!("{operation} VpcId={vpc} {tagged} ClientToken=t")), first, "a day later it is forgotten");
    }
    aws.refuses(&[("CreateVpc CidrBlock=10.0.0.0/16 ClientToken=t", "UnknownParameter: The parameter ClientToken is not recognized")]);
}

#[test]
fn what_is_not_acted_on_is_refused_by_name() {
    let mut aws = Aws::new();
    aws.refuses(&[
        (
            "CreateVpc CidrBlock=10.0.0.0/16 InstanceTenancy=dedicated",
            "UnsupportedOperation: The parameter InstanceTenancy is not supported with the value 'dedicated'.",
        ),
        (
            "CreateVpc CidrBlock=10.0.0.0/16 AmazonProvidedIpv6CidrBlock=true",
            "UnsupportedOperation: The parameter AmazonProvidedIpv6CidrBlock is not supported with the value 'true'.",
        ),
    ]);
    aws.ok("CreateVpc CidrBlock=10.0.0.0/16 InstanceTenancy=default AmazonProvidedIpv6CidrBlock=false");
}

#[test]
fn operations_are_listed_once_each() {
    let names: Vec<_> = ec2::operations().collect();
    let (ec2_names, others) = names.split_at(names.len() - 2);
    assert!(ec2_names.is_sorted_by(|one, other| one < other), "{names:?}");
    assert_eq!(others, ["SendSSHPublicKey", "GetCallerIdentity"]);
}
