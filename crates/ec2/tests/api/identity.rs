//! Accounts and regions, and the services that share the port.

use ec2::{Call, Ctx, Reply, Request};
use model::{Draft, Snapshot, Timestamp};

use crate::aws::{ALICE, Aws, BOB};
use crate::xml::Element;

fn send(headers: &[(&str, &str)], body: &str) -> Reply {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    let call = Call::parse(&Request { method: "POST", query: "", headers: &headers, body: body.as_bytes() });
    call.apply(&mut Draft::new(&Snapshot::default()), &mut Ctx { now: Timestamp(0), random: &mut || 7, machine: &ec2::NoMachine })
}

fn signed(key: &str, region: &str, service: &str) -> String {
    format!("AWS4-HMAC-SHA256 Credential={key}/20260131/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0")
}

/// What belongs to another account, or is in another region, does not exist.
#[test]
fn resources_belong_to_an_account_in_a_region() {
    let mut aws = Aws::new();
    let vpc = aws.vpc("10.0.0.0/16");
    for (account, region) in [(BOB, "us-east-1"), (ALICE, "eu-west-1")] {
        aws.become_caller(account, region);
        assert!(!aws.all("DescribeVpcs", "vpcSet/item/vpcId").contains(&vpc));
        aws.refuses(&[
            (&format!("DescribeVpcs VpcId.1={vpc}"), "InvalidVpcID.NotFound: The vpc ID '"),
            (&format!("DeleteVpc VpcId={vpc}"), "InvalidVpcID.NotFound: "),
            (&format!("CreateTags ResourceId.1={vpc} Tag.1.Key=a Tag.1.Value=b"), "InvalidVpcID.NotFound: "),
        ]);
    }
    aws.become_caller(ALICE, "us-east-1");
    assert_eq!(aws.all("DescribeVpcs", "vpcSet/item/ownerId"), [ALICE]);
}

#[test]
fn a_region_must_exist() {
    let reply = send(&[("authorization", &signed(ALICE, "mars-north-1", "ec2"))], "Action=DescribeVpcs");
    assert_eq!((reply.status, reply.error_code), (401, Some("AuthFailure")));
}

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>
#[test]
fn sts_tells_who_one_is() {
    for (headers, body) in [
        (vec![("authorization", signed(ALICE, "us-east-1", "sts"))], "Action=GetCallerIdentity&Version=2011-06-15"),
        (vec![("authorization", signed(ALICE, "us-east-1", "sts"))], "Action=GetCallerIdentity"),
    ] {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let reply = send(&headers, body);
        let root = Element::parse(&reply.body);
        assert_eq!((root.name.as_str(), root.namespace.as_deref()), ("GetCallerIdentityResponse", Some("https://sts.amazonaws.com/doc/2011-06-15/")));
        assert_eq!(root.get("GetCallerIdentityResult/Account"), ALICE);
        assert_eq!(root.get("GetCallerIdentityResult/Arn"), format!("arn:aws:iam::{ALICE}:root"));
        assert_eq!(root.get("ResponseMetadata/RequestId"), reply.request_id);
    }
    let reply = send(&[], "Action=AssumeRole&Version=2011-06-15");
    let root = Element::parse(&reply.body);
    assert_eq!((root.name.as_str(), root.get("Error/Code"), root.get("Error/Type")), ("ErrorResponse", "UnsupportedOperation", "Sender"));
}

#[test]
fn what_json_services_do_not_do_is_refused_by_name() {
    for (target, action) in [
        ("AWSEC2InstanceConnectService.SendSerialConsoleSSHPublicKey", "SendSerialConsoleSSHPublicKey"),
        ("AmazonSSM.GetParameter", "AmazonSSM.GetParameter"),
    ] {
        let reply = send(&[("x-amz-target", target)], "{}");
        assert_eq!((reply.status, reply.content_type), (400, "application/x-amz-json-1.1"));
        let body = format!("{{\"Message\":\"The action {action} is not supported by Peerless.\",\"__type\":\"UnsupportedOperation\"}}");
        assert_eq!(reply.body, body);
    }
    let authorization = signed(ALICE, "mars-north-1", "ec2-instance-connect");
    let headers = [("x-amz-target", "AWSEC2InstanceConnectService.SendSSHPublicKey"), ("authorization", authorization.as_str())];
    assert_eq!(send(&headers, "{}").error_code, Some("AuthException"));
}

#[test]
fn an_internal_error_keeps_the_request_id() {
    let call = Call::parse(&Request { method: "POST", query: "", headers: &[], body: b"Action=CreateVpc&CidrBlock=10.0.0.0/16" });
    let reply = call.apply(&mut Draft::new(&Snapshot::default()), &mut Ctx { now: Timestamp(0), random: &mut || 7, machine: &ec2::NoMachine });
    let id = reply.request_id.clone();
    let error = call.internal_error(reply);
    assert_eq!((error.status, error.error_code, error.request_id), (500, Some("InternalError"), id));
}
