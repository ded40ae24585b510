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
    for fix in rendered.fixes {
        let _ = writeln!(text, "fix {}", fix.cli);
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

/// The explanation of a ping through the lab, with the routes and the acceptance that it lacks or without them.
fn rendered(lab: &str) -> (World, semantics::Rendered) {
    let mut world = World::default();
    for line in lab.lines().map(str::trim).filter(|line| !line.is_empty()) {
        world.apply(&line.parse::<Statement>().unwrap()).unwrap();
    }
    let question = Question { from: world.endpoint("blue/a/1").unwrap(), to: world.endpoint("green/a/1").unwrap(), service: Service::Icmp };
    let rendered = explain(world.snapshot(), &question).unwrap().render(world.snapshot());
    (world, rendered)
}

/// What a line's rows say, with ids shortened to their kind.
fn rows(rendered: &semantics::Rendered, leg: usize, stage: &str) -> Vec<String> {
    let line = rendered.legs[leg].lines.iter().find(|line| line.stage == stage && !line.rows.is_empty()).unwrap();
    let short = |text: &str| {
        let words = text.split(' ').map(|word| match word.split_once('-') {
            Some((kind, digits)) if digits.len() >= 17 => kind.to_owned() + &digits[17..],
            _ => word.to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    };
    let row = |row: &semantics::RenderedRow| {
        let proposed = if row.proposed { " (proposed)" } else { "" };
        format!("{} {} {}: {}{proposed}", row.outcome.as_str(), short(&row.row), short(&row.says), short(&row.why))
    };
    line.rows.iter().map(row).collect()
}

/// Every row that was looked at is told, with why it did not match: by the comparisons that decided.
#[test]
fn the_evidence_is_every_row_that_was_looked_at() {
    let lab = format!("{LAB}\naccept blue green\nentry green/default ingress 50 deny udp 53 10.1.0.0/16\nroute green/main 10.1.0.0/16 peering blue");
    let (_, rendered) = rendered(&lab);
    assert_eq!(
        rows(&rendered, 0, "route"),
        ["missed 10.1.0.0/16 → local: it does not hold 10.2.0.10", "matched 10.2.0.0/16 → pcx: the longest prefix that holds 10.2.0.10",]
    );
    assert_eq!(
        rows(&rendered, 0, "NACL in"),
        [
            "missed 50 deny UDP 53, 10.1.0.0/16: it is not for ICMP echo request",
            "matched 100 allow all traffic, 0.0.0.0/0: the lowest number that matches: it allows the packet",
            "unasked * deny all traffic: a lower number decided",
        ]
    );
    assert_eq!(
        rows(&rendered, 0, "SG in"),
        [
            "missed sgr all traffic from members of sg: 10.1.0.10 is no member of sg default: it is in sg default",
            "missed sgr TCP 22 from 10.1.0.0/16: it is not for ICMP echo request",
        ]
    );
    assert!(!rendered.legs[1].lines.iter().any(|line| line.stage == "SG in" && !line.rows.is_empty()), "a reply is let in by its connection");
}

/// The longest prefix is chosen, and what it beats is shown.
#[test]
fn the_choice_of_a_route_is_told() {
    let lab = format!("{LAB}\naccept blue green\ngateway blue\nroute blue/main 0.0.0.0/0 gateway");
    let (_, rendered) = rendered(&lab);
    let told = rows(&rendered, 0, "route");
    assert!(told.contains(&"unasked 0.0.0.0/0 → igw: it holds 10.2.0.10, and 10.2.0.0/16 is the longer prefix".to_owned()), "{told:?}");
    // The way back has no route; the one that the fix adds is not there yet, and says so.
    let back: Vec<_> = rendered.legs[1].lines.iter().filter(|line| line.stage == "route").collect();
    assert!(back[0].rows.iter().all(|row| !row.proposed) && back[1].rows.iter().any(|row| row.proposed), "{back:?}");
}

/// A fix is the same in all its forms, and the calls are whole: a button makes them as they are.
#[test]
fn a_fix_is_told_as_terraform_and_as_calls() {
    let lab = LAB.replace("    peer blue green\n", "").replace("    route blue/main 10.2.0.0/16 peering green\n", "");
    let (_, rendered) = rendered(&lab);
    let calls: Vec<_> = rendered.fixes.iter().flat_map(|fix| &fix.calls).map(|call| call.action).collect();
    assert_eq!(calls, ["CreateVpcPeeringConnection", "CreateRoute", "AcceptVpcPeeringConnection", "AuthorizeSecurityGroupIngress", "CreateRoute"]);
    assert_eq!(rendered.fixes[0].calls[0].gives, Some(("$PCX", "vpcPeeringConnection.vpcPeeringConnectionId")));
    assert!(rendered.fixes[1].calls[0].parameters.contains(&("VpcPeeringConnectionId", "$PCX".to_owned())));
    let rule = &rendered.fixes[3].terraform;
    assert!(rule.starts_with("resource \"aws_vpc_security_group_ingress_rule\" \"fix_4\" {\n"), "{rule}");
    assert!(rule.contains("  cidr_ipv4         = \"10.1.0.10/32\"\n") && rule.contains("  from_port         = 8\n"), "{rule}");
    let route = &rendered.fixes[1].terraform;
    assert!(route.contains("vpc_peering_connection_id = aws_vpc_peering_connection.peering.id"), "{route}");
}

/// A group without any rule in that direction has a code of its own with AWS.
#[test]
fn a_group_without_rules_has_its_own_code() {
    let connected = format!("{LAB}\naccept blue green\nroute green/main 10.1.0.0/16 peering blue");
    let codes = |lab: &str| {
        let (_, rendered) = rendered(lab);
        rendered.legs.iter().flat_map(|leg| &leg.lines).filter_map(|line| line.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(&connected), ["ENI_SG_RULES_MISMATCH"]);
    let instance = "instance green/a/1 10.2.0.10";
    let without = connected.replace(instance, &format!("group green/none\n{instance} group green/none"));
    assert_eq!(codes(&without), ["SG_HAS_NO_RULES"]);
}
