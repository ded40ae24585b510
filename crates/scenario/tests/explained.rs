//! What explanations say, word for word.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use scenario::{Statement, World};
use semantics::{Question, Service, explain};

/// Peered, accepted; routed on one side only, and no group lets a ping in.
const LAB: &str = "
    vpc blue 10.1.0.0/16
    subnet blue/a 10.1.0.0/24
    instance blue/a/1 10.1.0.10
    vpc green 10.2.0.0/16
    subnet green/a 10.2.0.0/24
    instance green/a/1 10.2.0.10
    peer blue green
    route blue/main 10.2.0.0/16 peering green
    allow green/default ingress tcp 22 10.1.0.0/16";

/// The explanation as text, with the scenario's names for ids.
fn told(lab: &str, from: &str, to: &str, service: Service) -> String {
    let mut world = World::default();
    for line in lab.lines().map(str::trim).filter(|line| !line.is_empty()) {
        world.apply(&line.parse::<Statement>().unwrap()).unwrap();
    }
    let question = Question { from: world.endpoint(from).unwrap(), to: world.endpoint(to).unwrap(), service };
    let rendered = explain(world.snapshot(), &question).unwrap().render(world.snapshot());
    let mut text = rendered.headline + "\n";
    for leg in rendered.legs {
        let _ = writeln!(text, "{}", leg.title);
        for line in leg.lines {
            let _ = writeln!(text, "  {} {}: {} {}", line.mark.as_str(), line.stage, line.detail, line.code.unwrap_or_default());
        }
    }
    for command in rendered.fix {
        let _ = writeln!(text, "fix {command}");
    }
    let mut text = text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    for (kind, name) in [
        (model::IdKind::RouteTableId, "blue/main"),
        (model::IdKind::RouteTableId, "green/main"),
        (model::IdKind::SecurityGroupId, "green/default"),
        (model::IdKind::VpcPeeringConnectionId, "blue+green"),
        (model::IdKind::VpcId, "blue"),
    ] {
        text = text.replace(&world.names().find(kind, name).unwrap().to_string(), name);
    }
    text
}

#[test]
fn every_obstacle_is_told_in_the_order_in_which_one_meets_it() {
    let expected = "\
not reachable: ICMP echo request 10.1.0.10 → 10.2.0.10
forward
  passed from: 10.1.0.10
  passed SG out: all traffic to 0.0.0.0/0
  passed NACL out: rule 100 allows it
  blocked route: 10.2.0.0/16 → blue+green is a blackhole: it is not accepted yet BAD_STATE_ROUTE
  beyond route: 10.2.0.0/16 → blue+green
  beyond peering: active
  beyond NACL in: rule 100 allows it
  blocked SG in: no ingress rule admits it; the rule for TCP 22 from 10.1.0.0/16 does not mean ICMP echo request ENI_SG_RULES_MISMATCH
  beyond to: 10.2.0.10
reply
  beyond from: 10.2.0.10
  beyond SG out: lets the reply of a tracked flow pass
  beyond NACL out: rule 100 allows it
  blocked route: no route to 10.1.0.10 NO_ROUTE_TO_DESTINATION
  beyond route: 10.1.0.0/16 → blue+green
  beyond peering: active
  beyond NACL in: rule 100 allows it
  beyond SG in: lets the reply of a tracked flow pass
  beyond to: 10.1.0.10
fix aws ec2 accept-vpc-peering-connection --vpc-peering-connection-id blue+green
fix aws ec2 authorize-security-group-ingress --group-id green/default --ip-permissions 'IpProtocol=icmp,FromPort=8,ToPort=-1,IpRanges=[{CidrIp=10.1.0.10/32}]'
fix aws ec2 create-route --route-table-id green/main --destination-cidr-block 10.1.0.0/16 --vpc-peering-connection-id blue+green";
    assert_eq!(told(LAB, "blue/a/1", "green/a/1", Service::Icmp), expected);
}

#[test]
fn what_nothing_helps_with_has_no_fix() {
    let twins = LAB.replace("vpc green 10.2.0.0/16", "vpc green 10.1.0.0/16").replace("subnet green/a 10.2.0.0/24", "subnet green/a 10.1.8.0/24");
    let twins = twins.replace("green/a/1 10.2.0.10", "green/a/1 10.1.8.10").replace("route blue/main 10.2.0.0/16 peering green\n", "");
    let text = told(&twins, "blue/a/1", "green/a/1", Service::Tcp(22));
    assert!(text.contains("blocked to: nothing has the address 10.1.8.10 NO_POSSIBLE_DESTINATION"), "{text}");
    assert!(!text.contains("fix"), "{text}");
}

/// Nothing is asked on the way to a service but whether it is there.
#[test]
fn a_service_that_is_off_is_told_with_its_switch() {
    let expected = "\
not reachable: UDP 53 10.1.0.10 → 169.254.169.253
forward
  passed from: 10.1.0.10
  blocked service: enableDnsSupport is off: its DNS server does not answer NO_POSSIBLE_DESTINATION
reply
  beyond service: no route, group or network ACL is asked
  beyond to: 10.1.0.10
fix aws ec2 modify-vpc-attribute --vpc-id blue --enable-dns-support Value=true";
    assert_eq!(told(&format!("{LAB}\ndns blue off"), "blue/a/1", "dns", Service::Udp(53)), expected);
}

/// It calls from any address of its range, so a rule for one of them would be no help tomorrow.
#[test]
fn instance_connect_is_let_in_by_its_range() {
    let public = "gateway blue\nroute blue/main 0.0.0.0/0 gateway";
    let text = told(&format!("{LAB}\n{public}"), "18.206.107.28", "blue/a/1", Service::Tcp(22));
    assert!(text.contains("'IpProtocol=tcp,FromPort=22,ToPort=22,IpRanges=[{CidrIp=18.206.107.24/29}]'"), "{text}");
    let text = told(&format!("{LAB}\n{public}"), "203.0.113.10", "blue/a/1", Service::Tcp(22));
    assert!(text.contains("IpRanges=[{CidrIp=203.0.113.10/32}]'"), "{text}");
}
