//! VPC peering connections, from request to oblivion.

use crate::aws::{ALICE, Aws, BOB};

fn status(aws: &mut Aws, pcx: &str) -> String {
    let connections = aws.ok(&format!("DescribeVpcPeeringConnections VpcPeeringConnectionId.1={pcx}"));
    let status = connections.find("vpcPeeringConnectionSet/item/status")[0];
    format!("{}: {}", status.get("code"), status.get("message"))
}

fn request(aws: &mut Aws, requester: &str, accepter: &str, rest: &str) -> String {
    let call = format!("CreateVpcPeeringConnection VpcId={requester} PeerVpcId={accepter} {rest}");
    aws.get(&call, "vpcPeeringConnection/vpcPeeringConnectionId")
}

/// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-lifecycle>
#[test]
fn a_request_is_accepted() {
    let mut aws = Aws::new();
    let (blue, green) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16"));
    let created = aws.ok(&format!("CreateVpcPeeringConnection VpcId={blue} PeerVpcId={green}"));
    let connection = created.find("vpcPeeringConnection")[0];
    assert_eq!(connection.get("status/code"), "initiating-request");
    assert_eq!(connection.get("status/message"), format!("Initiating Request to {ALICE}"));
    assert_eq!(connection.get("expirationTime"), "2026-02-07T12:00:00.000Z");
    assert_eq!((connection.get("requesterVpcInfo/cidrBlock"), connection.get("accepterVpcInfo/cidrBlock")), ("10.1.0.0/16", "10.2.0.0/16"));
    let pcx = connection.get("vpcPeeringConnectionId").to_owned();
    assert_eq!(status(&mut aws, &pcx), format!("pending-acceptance: Pending Acceptance by {ALICE}"));
    let accepted = aws.ok(&format!("AcceptVpcPeeringConnection VpcPeeringConnectionId={pcx}"));
    assert_eq!(accepted.get("vpcPeeringConnection/status/code"), "provisioning");
    assert!(accepted.find("vpcPeeringConnection/expirationTime").is_empty());
    assert_eq!(status(&mut aws, &pcx), "active: Active");
    aws.ok(&format!("DeleteVpcPeeringConnection VpcPeeringConnectionId={pcx}"));
    assert_eq!(status(&mut aws, &pcx), format!("deleted: Deleted by {ALICE}"));
    aws.sleep(1);
    assert_eq!(status(&mut aws, &pcx), format!("deleted: Deleted by {ALICE}"));
    aws.sleep(1);
    aws.refuses(&[(&format!("DescribeVpcPeeringConnections VpcPeeringConnectionId.1={pcx}"), "InvalidVpcPeeringConnectionID.NotFound: ")]);
}

/// Overlap and VPCs that do not exist are found out after the call (8.2.2, 8.2.3).
#[test]
fn what_cannot_be_fails_after_the_call() {
    let mut aws = Aws::new();
    let (blue, green) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.1.128.0/17"));
    let failed = "failed: Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range";
    let absent = "vpc-00000000000000000";
    for (accepter, rest) in [
        (green.as_str(), String::new()),
        (absent, String::new()),
        (&green, format!("PeerOwnerId={BOB}")),
        (&green, "PeerRegion=eu-west-1".to_owned()),
    ] {
        let pcx = request(&mut aws, &blue, accepter, &rest);
        assert_eq!(status(&mut aws, &pcx), failed);
        for verb in ["Accept", "Reject", "Delete"] {
            let to = match verb {
                "Accept" => "provisioning",
                "Reject" => "rejected",
                _ => "deleting",
            };
            let refusal = aws.refused(&format!("{verb}VpcPeeringConnection VpcPeeringConnectionId={pcx}"));
            let other_place = rest.starts_with("Peer") && verb != "Delete";
            let transition = format!("InvalidStateTransition: Invalid state transition for {pcx}, attempted to transition from failed to {to}");
            assert!(refusal == transition || other_place && refusal.starts_with("OperationNotPermitted"), "{refusal}");
        }
        if let Some(account) = rest.strip_prefix("PeerOwnerId=") {
            aws.become_caller(account, "us-east-1");
            assert!(aws.all("DescribeVpcPeeringConnections", "vpcPeeringConnectionSet/item").is_empty(), "only the requester hears of it");
            aws.become_caller(ALICE, "us-east-1");
        }
    }
    aws.refuses(&[
        ("CreateVpcPeeringConnection", "MissingParameter: "),
        (&format!("CreateVpcPeeringConnection VpcId={blue}"), "MissingParameter: The request must contain the parameter PeerVpcId"),
        (&format!("CreateVpcPeeringConnection VpcId={absent} PeerVpcId={absent}"), "InvalidVpcID.NotFound: "),
        (&format!("CreateVpcPeeringConnection VpcId={blue} PeerVpcId={blue}"), "InvalidParameterValue: "),
        (
            &format!("CreateVpcPeeringConnection VpcId={blue} PeerVpcId={green} PeerRegion=mars-north-1"),
            "InvalidParameterValue: Value (mars-north-1) for parameter peerRegion is invalid.",
        ),
    ]);
}

#[test]
fn two_vpcs_have_one_connection() {
    let mut aws = Aws::new();
    let (blue, green) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16"));
    let pcx = request(&mut aws, &blue, &green, "");
    let exists = format!("VpcPeeringConnectionAlreadyExists: A VPC peering connection between these VPCs already exists: {pcx}");
    aws.refuses(&[
        (&format!("CreateVpcPeeringConnection VpcId={blue} PeerVpcId={green}"), &exists),
        (&format!("CreateVpcPeeringConnection VpcId={green} PeerVpcId={blue}"), &exists),
    ]);
    aws.ok(&format!("RejectVpcPeeringConnection VpcPeeringConnectionId={pcx}"));
    assert_eq!(status(&mut aws, &pcx), format!("rejected: Rejected by {ALICE}"));
    assert_ne!(request(&mut aws, &green, &blue, ""), pcx);
}

/// Only the accepter's owner accepts, in the accepter's region (8.3.1).
#[test]
fn only_the_accepter_accepts() {
    let mut aws = Aws::new();
    let blue = aws.vpc("10.1.0.0/16");
    aws.become_caller(BOB, "eu-west-1");
    let green = aws.vpc("10.2.0.0/16");
    aws.become_caller(ALICE, "us-east-1");
    let pcx = request(
        &mut aws,
        &blue,
        &green,
        &format!(
            "PeerOwnerId={BOB} PeerRegion=eu-west-1 TagSpecification.1.ResourceType=vpc-peering-connection TagSpecification.1.Tag.1.Key=Name TagSpecification.1.Tag.1.Value=mine"
        ),
    );
    let describe = format!("DescribeVpcPeeringConnections VpcPeeringConnectionId.1={pcx}");
    let seen = aws.ok(&describe);
    assert!(seen.find("vpcPeeringConnectionSet/item/accepterVpcInfo/cidrBlock").is_empty(), "not before it agrees");
    aws.refuses(&[
        (
            &format!("AcceptVpcPeeringConnection VpcPeeringConnectionId={pcx}"),
            &format!("OperationNotPermitted: User ({ALICE}) cannot accept peering {pcx}"),
        ),
        (&format!("RejectVpcPeeringConnection VpcPeeringConnectionId={pcx}"), "OperationNotPermitted: "),
    ]);
    aws.become_caller(BOB, "us-east-1");
    aws.refuses(&[(&describe, "InvalidVpcPeeringConnectionID.NotFound: ")]);
    aws.become_caller(BOB, "eu-west-1");
    let seen = aws.ok(&describe);
    assert_eq!(seen.get("vpcPeeringConnectionSet/item/requesterVpcInfo/cidrBlock"), "10.1.0.0/16");
    assert_eq!(seen.get("vpcPeeringConnectionSet/item/accepterVpcInfo/region"), "eu-west-1");
    assert!(seen.find("vpcPeeringConnectionSet/item/tagSet/item").is_empty(), "tags are one's own");
    aws.refuses(&[
        (
            &format!("DeleteVpcPeeringConnection VpcPeeringConnectionId={pcx}"),
            &format!("OperationNotPermitted: User ({BOB}) cannot delete peering {pcx}"),
        ),
        (&format!("DeleteVpc VpcId={green}"), "DependencyViolation: "),
    ]);
    aws.ok(&format!("AcceptVpcPeeringConnection VpcPeeringConnectionId={pcx}"));
    aws.become_caller(ALICE, "us-east-1");
    let seen = aws.ok(&describe);
    assert_eq!(seen.get("vpcPeeringConnectionSet/item/accepterVpcInfo/cidrBlock"), "10.2.0.0/16");
    assert_eq!(seen.get("vpcPeeringConnectionSet/item/tagSet/item/value"), "mine");
}

/// The same owner in the wrong region is told the right one.
#[test]
fn a_region_too_far() {
    let mut aws = Aws::new();
    let blue = aws.vpc("10.1.0.0/16");
    aws.become_caller(ALICE, "eu-west-1");
    let green = aws.vpc("10.2.0.0/16");
    aws.become_caller(ALICE, "us-east-1");
    let pcx = request(&mut aws, &blue, &green, "PeerRegion=eu-west-1");
    aws.refuses(&[
        (
            &format!("AcceptVpcPeeringConnection VpcPeeringConnectionId={pcx}"),
            &format!(
                "OperationNotPermitted: Incorrect region (us-east-1) specified for this request. VPC peering connection {pcx} must be accepted in \
                 region eu-west-1"
            ),
        ),
        (
            &format!("RejectVpcPeeringConnection VpcPeeringConnectionId={pcx}"),
            &format!(
                "OperationNotPermitted: Incorrect region (us-east-1) specified for this request. VPC peering connection {pcx} must be accepted or \
                 rejected in region eu-west-1"
            ),
        ),
    ]);
    aws.become_caller(ALICE, "eu-west-1");
    aws.ok(&format!("AcceptVpcPeeringConnection VpcPeeringConnectionId={pcx}"));
    assert_eq!(status(&mut aws, &pcx), "active: Active");
}

#[test]
fn a_request_expires_after_seven_days() {
    let mut aws = Aws::new();
    let (blue, green) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16"));
    let pcx = request(&mut aws, &blue, &green, "");
    aws.sleep(7 * 24 - 1);
    assert!(status(&mut aws, &pcx).starts_with("pending-acceptance"));
    aws.sleep(1);
    assert_eq!(status(&mut aws, &pcx), "expired: Expired");
    aws.refuses(&[(&format!("AcceptVpcPeeringConnection VpcPeeringConnectionId={pcx}"), "InvalidStateTransition: ")]);
    aws.sleep(47);
    assert_eq!(status(&mut aws, &pcx), "expired: Expired");
    aws.sleep(1);
    assert!(aws.all("DescribeVpcPeeringConnections", "vpcPeeringConnectionSet/item").is_empty());
}

/// Deleting a VPC ends its peering connections (2.4.3).
#[test]
fn a_vpc_takes_its_connections_along() {
    let mut aws = Aws::new();
    let (blue, green) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16"));
    let pcx = aws.peering(&blue, &green);
    aws.ok(&format!("DeleteVpc VpcId={green}"));
    assert_eq!(status(&mut aws, &pcx), format!("deleted: Deleted by {ALICE}"));
}

/// Who ended a connection forgets it after two hours, the other side after two days; what failed only the requester ever sees (8.1).
#[test]
fn each_side_forgets_in_its_time() {
    let mut aws = Aws::new();
    let blue = aws.vpc("10.1.0.0/16");
    aws.become_caller(BOB, "us-east-1");
    let green = aws.vpc("10.2.0.0/16");
    let sees = |aws: &mut Aws, account: &str, pcx: &str| {
        aws.become_caller(account, "us-east-1");
        aws.all("DescribeVpcPeeringConnections", "vpcPeeringConnectionSet/item/vpcPeeringConnectionId").iter().any(|id| id == pcx)
    };
    for (accept, actor, verb) in [(false, BOB, "Reject"), (true, BOB, "Delete"), (true, ALICE, "Delete"), (false, ALICE, "Delete")] {
        aws.become_caller(ALICE, "us-east-1");
        let pcx = request(&mut aws, &blue, &green, &format!("PeerOwnerId={BOB}"));
        if accept {
            aws.become_caller(BOB, "us-east-1");
            aws.ok(&format!("AcceptVpcPeeringConnection VpcPeeringConnectionId={pcx}"));
        }
        aws.become_caller(actor, "us-east-1");
        aws.ok(&format!("{verb}VpcPeeringConnection VpcPeeringConnectionId={pcx}"));
        let other = if actor == ALICE { BOB } else { ALICE };
        aws.sleep(1);
        assert!(sees(&mut aws, actor, &pcx) && sees(&mut aws, other, &pcx), "{verb}: both for two hours");
        aws.sleep(1);
        assert!(!sees(&mut aws, actor, &pcx), "{verb}: who did it has forgotten");
        aws.refuses(&[(&format!("DescribeVpcPeeringConnections VpcPeeringConnectionId.1={pcx}"), "InvalidVpcPeeringConnectionID.NotFound: ")]);
        aws.sleep(45);
        assert!(sees(&mut aws, other, &pcx), "{verb}: the other side has two days");
        aws.sleep(1);
        assert!(!sees(&mut aws, other, &pcx), "{verb}: now nobody");
        assert!(aws.snapshot.all::<model::VpcPeeringConnection>().next().is_none());
    }
}

/// Rules 8.5.1 to 8.5.3 and 8.5.6.
#[test]
fn each_side_says_what_its_names_mean() {
    let mut aws = Aws::new();
    let (blue, green) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16"));
    let pcx = request(&mut aws, &blue, &green, "");
    let modify = format!("ModifyVpcPeeringConnectionOptions VpcPeeringConnectionId={pcx}");
    let (requester, accepter) = ("RequesterPeeringConnectionOptions", "AccepterPeeringConnectionOptions");
    let allow = |side: &str, value: bool| format!("{modify} {side}.AllowDnsResolutionFromRemoteVpc={value}");
    aws.refuses(&[(&allow(accepter, true), "OperationNotPermitted: Peering pcx-")]);
    aws.ok(&format!("AcceptVpcPeeringConnection VpcPeeringConnectionId={pcx}"));
    aws.settle();
    let classic = format!("{modify} {accepter}.AllowEgressFromLocalVpcToRemoteClassicLink=true");
    aws.refuses(&[(&allow(accepter, true), "InvalidVpcPeeringConnectionState.DnsHostnamesDisabled: "), (&classic, "UnsupportedOperation: ")]);
    for vpc in [&blue, &green] {
        aws.ok(&format!("ModifyVpcAttribute VpcId={vpc} EnableDnsHostnames.Value=true"));
    }
    let both = format!("{} {requester}.AllowDnsResolutionFromRemoteVpc=false", allow(accepter, true));
    let answer = aws.ok(&both);
    let said = |side: &str| answer.get(&format!("{side}PeeringConnectionOptions/allowDnsResolutionFromRemoteVpc")).to_owned();
    assert_eq!((said("accepter"), said("requester")), ("true".to_owned(), "false".to_owned()));
    let listed = aws.ok(&format!("DescribeVpcPeeringConnections VpcPeeringConnectionId.1={pcx}"));
    let listed =
        |side: &str| listed.get(&format!("vpcPeeringConnectionSet/item/{side}VpcInfo/peeringOptions/allowDnsResolutionFromRemoteVpc")).to_owned();
    assert_eq!((listed("accepter"), listed("requester")), ("true".to_owned(), "false".to_owned()));
}
