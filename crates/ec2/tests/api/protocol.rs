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
    let reply = call.read(&aws.snapshot, &mut ec2::Ctx { now: aws.now, random: &mut || 7, consoles: &ec2::NoConsoles });
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
