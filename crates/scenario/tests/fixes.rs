//! What a fix is in other people's languages, and what else it changes; and what was counted on the way.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use model::NetworkInterfaceId;
use scenario::{Statement, World};
use semantics::{Counted, Denial, Endpoint, Explanation, Flip, Origin, Packet, Question, Rendered, Service, Transport, Verdict, evaluate, explain};

/// Two peered VPCs with two instances each, all routed; the second one lets nobody in.
const LAB: &str = "
    vpc blue 10.1.0.0/16
    subnet blue/a 10.1.0.0/24
    instance blue/a/1 10.1.0.10
    instance blue/a/2 10.1.0.20
    vpc green 10.2.0.0/16
    subnet green/a 10.2.0.0/24
    instance green/a/1 10.2.0.10
    instance green/a/2 10.2.0.20
    peer blue green
    accept blue green
    route blue/main 10.2.0.0/16 peering green
    route green/main 10.1.0.0/16 peering blue";

fn world(lab: &str) -> World {
    let mut world = World::default();
    for line in lab.lines().map(str::trim).filter(|line| !line.is_empty()) {
        world.apply(&line.parse::<Statement>().unwrap()).unwrap();
    }
    world
}

fn ask(world: &World, from: &str, to: &str, service: Service) -> Explanation {
    let question = Question { from: world.endpoint(from).unwrap(), to: world.endpoint(to).unwrap(), service };
    explain(world.snapshot(), &question).unwrap()
}

fn interface(world: &World, name: &str) -> NetworkInterfaceId {
    match world.endpoint(name).unwrap() {
        Endpoint::Interface(id) => id,
        other => unreachable!("{other:?} is no interface"),
    }
}

/// Pairs by their addresses.
fn pairs(world: &World, flips: &[Flip]) -> Vec<String> {
    let known = ["blue/a/1", "blue/a/2", "green/a/1", "green/a/2"].into_iter().filter_map(|name| Some((name, world.endpoint(name).ok()?)));
    let instances: Vec<(&str, String)> = known
        .map(|(name, end)| {
            let Endpoint::Interface(id) = end else { unreachable!("{name} is an instance") };
            (name, world.snapshot().resolve(id).attachment.unwrap().instance.to_string())
        })
        .collect();
    let name =
        |id: &str| instances.iter().find(|(_, known)| id.starts_with(known.as_str())).map_or_else(|| id.to_owned(), |(name, _)| (*name).to_owned());
    let services = |flip: &Flip| flip.services.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    flips.iter().map(|flip| format!("{} -> {}: {}", name(&flip.from), name(&flip.to), services(flip))).collect()
}

/// The least rule opens what is asked for to one address: that lets it reach the others of the group as well, and no more.
#[test]
fn a_rule_for_a_group_opens_all_that_have_the_group() {
    let world = world(LAB);
    let flips = ask(&world, "blue/a/1", "green/a/1", Service::Tcp(22)).flips(world.snapshot());
    assert_eq!(pairs(&world, &flips.pairs), ["blue/a/1 -> green/a/2: TCP 22"]);
    assert_eq!((flips.more, flips.asked, flips.of), (0, 4, 4));
    let flips = ask(&world, "blue/a/1", "blue/a/2", Service::Icmp).flips(world.snapshot());
    assert_eq!((flips.pairs.len(), flips.asked), (0, 0), "nothing is to be repaired");
}

/// A route opens whatever the groups let through, which is more than what was asked for.
#[test]
fn a_route_opens_what_rules_were_waiting_for() {
    let lab = LAB.replace("    route green/main 10.1.0.0/16 peering blue", "")
        + "\nallow green/default ingress all 10.1.0.10/32\nallow green/default ingress udp 5353 10.1.0.20/32";
    let world = world(&lab);
    let flips = ask(&world, "blue/a/1", "green/a/1", Service::Icmp).flips(world.snapshot());
    assert_eq!(
        pairs(&world, &flips.pairs),
        [
            "blue/a/1 -> green/a/1: TCP 22, TCP 80, TCP 443, UDP 5353",
            "blue/a/2 -> green/a/1: UDP 5353",
            "blue/a/1 -> green/a/2: ping, TCP 22, TCP 80, TCP 443, UDP 5353",
            "blue/a/2 -> green/a/2: UDP 5353",
        ]
    );
}

/// The internet is one of those who might get in.
#[test]
fn a_public_address_opens_a_door_to_the_internet() {
    let public = "gateway blue\nroute blue/main 0.0.0.0/0 gateway\nallow blue/default ingress tcp 22 0.0.0.0/0";
    let world = world(&format!("{LAB}\n{public}"));
    let flips = ask(&world, "18.206.107.28", "blue/a/1", Service::Tcp(22)).flips(world.snapshot());
    assert_eq!(
        pairs(&world, &flips.pairs),
        [
            "the internet, as 203.0.113.10 -> blue/a/1: TCP 22",
            // It may go out now, too.
            "blue/a/1 -> EC2 Instance Connect, 18.206.107.28: TCP 22, ping, TCP 80, TCP 443",
            "blue/a/1 -> the internet, as 203.0.113.10: TCP 22, ping, TCP 80, TCP 443",
        ]
    );
}

fn cloudformation(lab: &str, from: &str, to: &str, service: Service) -> String {
    let world = world(lab);
    let rendered = ask(&world, from, to, service).render(world.snapshot());
    let text: String = rendered.fixes.iter().map(|fix| fix.cloudformation.as_str()).collect();
    let kinds = ["rtb-", "sg-", "acl-", "vpc-", "igw-", "eni-", "subnet-", "i-"];
    let word = |word: &str| {
        kinds
            .iter()
            .find(|kind| word.strip_prefix(**kind).is_some_and(|digits| digits.len() == 17))
            .map_or(word.to_owned(), |kind| format!("{kind}1"))
    };
    text.lines().map(|line| line.split(' ').map(word).collect::<Vec<_>>().join(" ") + "\n").collect()
}

/// What it makes itself it refers to by name, and what must be first is first.
#[test]
fn a_fix_is_told_as_cloudformation() {
    let lab = LAB.replace("    peer blue green\n    accept blue green\n", "").replace("    route blue/main 10.2.0.0/16 peering green\n", "");
    let lab = lab.replace("    route green/main 10.1.0.0/16 peering blue", "");
    let expected = "  Peering:
    Type: AWS::EC2::VPCPeeringConnection
    Properties:
      VpcId: vpc-1
      PeerVpcId: vpc-1
  Fix2:
    Type: AWS::EC2::Route
    Properties:
      RouteTableId: rtb-1
      DestinationCidrBlock: \"10.2.0.0/16\"
      VpcPeeringConnectionId: !Ref Peering
  # Peering is accepted by CloudFormation itself; across accounts, by a role that its PeerRoleArn names
  Fix4:
    Type: AWS::EC2::SecurityGroupIngress
    Properties:
      GroupId: sg-1
      IpProtocol: \"icmp\"
      FromPort: 8
      ToPort: -1
      CidrIp: \"10.1.0.10/32\"
  Fix5:
    Type: AWS::EC2::Route
    Properties:
      RouteTableId: rtb-1
      DestinationCidrBlock: \"10.1.0.0/16\"
      VpcPeeringConnectionId: !Ref Peering
";
    assert_eq!(cloudformation(&lab, "blue/a/1", "green/a/1", Service::Icmp), expected);

    let told = cloudformation(&format!("{LAB}\nentry blue/default egress 40 deny tcp 443 0.0.0.0/0"), "blue/a/1", "203.0.113.80", Service::Tcp(443));
    let expected = "\
Fix1: NetworkAclEntry NetworkAclId: acl-1 RuleNumber: 39 Egress: true RuleAction: allow CidrBlock: \"203.0.113.80/32\" Protocol: 6 \
PortRange: {From: 443, To: 443}
Gateway2: InternetGateway
Fix2: VPCGatewayAttachment InternetGatewayId: !Ref Gateway2 VpcId: vpc-1
Fix3: Route DependsOn: Fix2 RouteTableId: rtb-1 DestinationCidrBlock: \"0.0.0.0/0\" GatewayId: !Ref Gateway2
Fix4Address: EIP Domain: vpc
Fix4: EIPAssociation DependsOn: Fix2 AllocationId: !GetAtt Fix4Address.AllocationId NetworkInterfaceId: eni-1";
    let one_line = told
        .replace("\n    Type: AWS::EC2::", " ")
        .replace("\n    Properties:", "")
        .replace("\n    D", " D")
        .replace("\n      ", " ")
        .replace("\n  ", "\n");
    assert_eq!(one_line.trim(), expected);
}

fn seen(rendered: &Rendered, leg: usize) -> Vec<String> {
    let line = |line: &semantics::RenderedLine| line.counted.map(|tally| format!("{} {} {}", line.stage, tally.seen, tally.dropped));
    rendered.legs[leg].lines.iter().filter_map(line).collect()
}

fn ping(world: &World, identifier: u16, packets: u64) -> Counted {
    let from = interface(world, "blue/a/1");
    let packet = Packet::echo_request("10.1.0.10".parse().unwrap(), "10.2.0.10".parse().unwrap(), identifier);
    let verdict = evaluate(world.snapshot(), &packet, from, &(), &mut ()).verdict;
    Counted { from: from.into(), packet, verdict, packets }
}

/// What the kernel dropped was seen everywhere up to there, and nowhere behind.
#[test]
fn packets_are_counted_at_each_thing_up_to_what_drops_them() {
    let world = world(LAB);
    let explanation = ask(&world, "blue/a/1", "green/a/1", Service::Icmp);
    let flows = [ping(&world, 7, 40), ping(&world, 8, 1)];
    assert!(flows.iter().all(|flow| explanation.is_about(flow.from, &flow.packet)));
    let rendered = explanation.render_with(world.snapshot(), [&flows, &[]]);
    let expected = ["from 41 0", "SG out 41 0", "NACL out 41 0", "route 41 0", "peering 41 0", "NACL in 41 0", "SG in 41 41", "to 0 0"];
    assert_eq!(seen(&rendered, 0), expected);
    assert!(seen(&rendered, 1).iter().all(|line| line.ends_with(" 0 0")), "{rendered:?}");
    // Nothing was counted: nothing is told.
    assert!(seen(&explanation.render(world.snapshot()), 0).is_empty());
}

/// A tracked flow goes on where a new one could not begin.
#[test]
fn what_is_tracked_is_counted_past_what_would_drop_it() {
    let world = world(LAB);
    let (from, to) = (interface(&world, "blue/a/1"), interface(&world, "green/a/1"));
    let flow = ping(&world, 7, 0);
    let verdict = Verdict::Deliver(semantics::Delivery { to, source_mac: model::MacAddress::interface(0), rewrite: semantics::Rewrite::default() });
    let there = Counted { verdict, packets: 9, ..flow };
    let back = Counted { from: Origin::Interface(to), packet: flow.packet.reply().unwrap(), verdict, packets: 8 };
    let rendered = ask(&world, "blue/a/1", "green/a/1", Service::Icmp).render_with(world.snapshot(), [&[there], &[back]]);
    assert_eq!(seen(&rendered, 0).last().map(String::as_str), Some("to 9 0"));
    assert!(seen(&rendered, 0).contains(&"SG in 9 0".to_owned()), "{rendered:?}");
    assert_eq!(seen(&rendered, 1).first().map(String::as_str), Some("from 8 0"));
    let Denial::SecurityGroup { .. } = ask(&world, "blue/a/1", "green/a/1", Service::Icmp).denials().next().copied().unwrap() else {
        unreachable!("the group refuses a new one")
    };
    let _ = from;
}

/// A route that leads wrong is passed; the gateway that it leads to drops. The route that the fix adds was never seen.
#[test]
fn a_wrong_route_is_passed_and_the_right_one_is_not_seen() {
    let lab = LAB.replace("    route blue/main 10.2.0.0/16 peering green\n", "") + "\ngateway blue\nroute blue/main 0.0.0.0/0 gateway";
    let world = world(&lab);
    let rendered = ask(&world, "blue/a/1", "green/a/1", Service::Icmp).render_with(world.snapshot(), [&[ping(&world, 7, 5)], &[]]);
    let expected =
        ["from 5 0", "SG out 5 0", "NACL out 5 0", "route 5 0", "gateway 5 5", "route 0 0", "peering 0 0", "NACL in 0 0", "SG in 0 0", "to 0 0"];
    assert_eq!(seen(&rendered, 0), expected);
}

/// Only what the question is about is counted for it.
#[test]
fn a_flow_to_another_port_is_another_matter() {
    let world = world(LAB);
    let explanation = ask(&world, "blue/a/1", "green/a/1", Service::Tcp(22));
    let from = interface(&world, "blue/a/1");
    let packet = |source_port, destination_port| Packet {
        transport: Transport::Tcp { source_port, destination_port },
        ..Packet::echo_request("10.1.0.10".parse().unwrap(), "10.2.0.10".parse().unwrap(), 1)
    };
    assert!(explanation.is_about(from.into(), &packet(50_000, 22)) && explanation.is_about(from.into(), &packet(40_000, 22)));
    assert!(!explanation.is_about(from.into(), &packet(22, 23)) && !explanation.is_about(Origin::Internet, &packet(50_000, 22)));
}

/// A connection that the fix asks for is in nobody's way: what is told is what is wrong as things are.
#[test]
fn what_the_fix_makes_is_no_obstacle() {
    let lab = LAB.replace("    peer blue green\n    accept blue green\n", "").replace("    route blue/main 10.2.0.0/16 peering green\n", "");
    let world = world(&lab.replace("    route green/main 10.1.0.0/16 peering blue", ""));
    let explanation = ask(&world, "blue/a/1", "green/a/1", Service::Icmp);
    let denials: Vec<&str> = explanation.denials().map(Denial::code).collect();
    assert_eq!(denials, ["NO_ROUTE_TO_DESTINATION", "ENI_SG_RULES_MISMATCH", "NO_ROUTE_TO_DESTINATION"]);
    assert_eq!(explanation.repairs().count(), 5);
}

/// Two VPCs that each lack a gateway get one each, under names of their own.
#[test]
fn two_gateways_have_two_names() {
    let lab = LAB.replace("    instance green/a/1 10.2.0.10", "    instance green/a/1 10.2.0.10\n    elastic green/a/1 198.18.0.20");
    let rendered = {
        let world = world(&lab);
        ask(&world, "blue/a/1", "198.18.0.20", Service::Icmp).render(world.snapshot())
    };
    let all = |form: fn(&semantics::RenderedFix) -> &String| rendered.fixes.iter().map(form).cloned().collect::<Vec<_>>().join("\n");
    let (terraform, template) = (all(|fix| &fix.terraform), all(|fix| &fix.cloudformation));
    for name in ["\"aws_internet_gateway\" \"gateway\"", "\"aws_internet_gateway\" \"gateway_2\"", "= aws_internet_gateway.gateway_2.id"] {
        assert!(terraform.contains(name), "{name}: {terraform}");
    }
    assert_eq!(template.matches("Type: AWS::EC2::InternetGateway").count(), 2, "{template}");
    assert!(!all(|fix| &fix.cli).contains("igw-0ffff"), "{rendered:?}");
}
