//! Reachability Analyzer: paths, their analyses, and what analyses say
//! (<https://docs.aws.amazon.com/vpc/latest/reachability/getting-started-cli.html>).

use crate::aws::{Aws, BOB};
use crate::xml::Element;

/// Two VPCs with an instance each, peered and routed both ways; a gateway and an Elastic IP for the first one.
struct Lab {
    blue: String,
    green: String,
    one: String,
    two: String,
    subnet: String,
    gateway: String,
    peering: String,
    tables: [String; 2],
    groups: [String; 2],
}

impl Lab {
    fn new(aws: &mut Aws) -> Self {
        let (blue, green) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16"));
        let (subnet, other) = (aws.subnet(&blue, "10.1.0.0/24"), aws.subnet(&green, "10.2.0.0/24"));
        let (one, two) = (instance(aws, &subnet, "10.1.0.4"), instance(aws, &other, "10.2.0.4"));
        aws.settle();
        let (gateway, peering) = (aws.gateway(&blue), aws.peering(&blue, &green));
        let tables = [aws.main_table(&blue), aws.main_table(&green)];
        let groups = [aws.default_group(&blue), aws.default_group(&green)];
        for (table, cidr) in [(&tables[0], "10.2.0.0/16"), (&tables[1], "10.1.0.0/16")] {
            aws.ok(&format!("CreateRoute RouteTableId={table} DestinationCidrBlock={cidr} VpcPeeringConnectionId={peering}"));
        }
        aws.ok(&format!("CreateRoute RouteTableId={} DestinationCidrBlock=0.0.0.0/0 GatewayId={gateway}", tables[0]));
        let address = aws.elastic_ip();
        aws.ok(&format!("AssociateAddress AllocationId={address} InstanceId={one}"));
        Self { blue, green, one, two, subnet, gateway, peering, tables, groups }
    }

    fn let_in(&self, aws: &mut Aws, which: usize, protocol: &str, ports: (u16, u16), cidr: &str) {
        let group = &self.groups[which];
        let (from, to) = ports;
        aws.ok(&format!("AuthorizeSecurityGroupIngress GroupId={group} IpProtocol={protocol} FromPort={from} ToPort={to} CidrIp={cidr}"));
    }
}

/// An instance with that address: its id.
fn instance(aws: &mut Aws, subnet: &str, address: &str) -> String {
    let call = format!("RunInstances ImageId=ami-0123456789abcdef0 MinCount=1 MaxCount=1 SubnetId={subnet} PrivateIpAddress={address}");
    aws.get(&call, "instancesSet/item/instanceId")
}

/// Makes a path: its id.
fn path(aws: &mut Aws, parameters: &str) -> String {
    let count = aws.all("DescribeNetworkInsightsPaths", "networkInsightsPathSet/item").len();
    let call = format!("CreateNetworkInsightsPath ClientToken=path{count} {parameters}");
    aws.get(&call, "networkInsightsPath/networkInsightsPathId")
}

/// Starts an analysis: its id.
fn start(aws: &mut Aws, path: &str, parameters: &str) -> String {
    let count = aws.all("DescribeNetworkInsightsAnalyses", "networkInsightsAnalysisSet/item").len();
    let call = format!("StartNetworkInsightsAnalysis ClientToken=analysis{count} NetworkInsightsPathId={path} {parameters}");
    aws.get(&call, "networkInsightsAnalysis/networkInsightsAnalysisId")
}

/// Makes a path, analyses it: the analysis.
fn analyze(aws: &mut Aws, parameters: &str) -> Element {
    let path = path(aws, parameters);
    analysis_of(aws, &path, "")
}

fn analysis_of(aws: &mut Aws, path: &str, parameters: &str) -> Element {
    let id = start(aws, path, parameters);
    let described = aws.ok(&format!("DescribeNetworkInsightsAnalyses NetworkInsightsAnalysisId.1={id}"));
    described.find("networkInsightsAnalysisSet/item")[0].clone()
}

/// The components of a way by the kinds of their ids: `i eni sg acl rtb pcx acl sg eni i`.
fn way(analysis: &Element, set: &str) -> String {
    let ids = analysis.all(&format!("{set}/item/component/id"));
    ids.iter().map(|id| id.split('-').next().unwrap_or_default()).collect::<Vec<_>>().join(" ")
}

fn codes(analysis: &Element) -> Vec<&str> {
    analysis.all("explanationSet/item/explanationCode")
}

fn component<'e>(analysis: &'e Element, set: &str, number: usize) -> &'e Element {
    analysis.find(&format!("{set}/item"))[number - 1]
}

#[test]
fn a_way_over_a_peering_connection_is_told_in_aws_s_order() {
    let mut aws = Aws::new();
    let lab = Lab::new(&mut aws);
    lab.let_in(&mut aws, 1, "tcp", (22, 22), "10.1.0.0/16");
    aws.ok(&format!("CreateTags ResourceId.1={} Tag.1.Key=Name Tag.1.Value=one", lab.one));
    let (one, two) = (&lab.one, &lab.two);
    let found = analyze(&mut aws, &format!("Source={one} Destination={two} Protocol=TCP DestinationPort=22"));
    assert_eq!((found.get("networkPathFound"), found.get("status")), ("true", "succeeded"));
    assert_eq!(way(&found, "forwardPathComponentSet"), "i eni sg acl rtb pcx acl sg eni i");
    assert_eq!(way(&found, "returnPathComponentSet"), "i eni sg acl rtb pcx acl sg eni i");
    assert!(codes(&found).is_empty());

    let there = |number| component(&found, "forwardPathComponentSet", number);
    assert_eq!((there(1).get("component/id"), there(1).get("component/name")), (one.as_str(), "one"));
    assert_eq!(there(1).get("component/arn"), format!("arn:aws:ec2:us-east-1:111111111111:instance/{one}"));
    let header = |at: &Element, set: &str| {
        let ports = |side: &str| {
            at.get(&format!("{set}/{side}PortRangeSet/item/from")).to_owned() + "-" + at.get(&format!("{set}/{side}PortRangeSet/item/to"))
        };
        let addresses = |side: &str| at.all(&format!("{set}/{side}AddressSet/item")).join(" ");
        format!(
            "{} {} {} {} {}",
            at.get(&format!("{set}/protocol")),
            addresses("source"),
            ports("source"),
            addresses("destination"),
            ports("destination")
        )
    };
    let (from, to) = ("10.1.0.4/32", "10.2.0.4/32");
    assert_eq!(header(there(1), "outboundHeader"), format!("6 {from} 0-65535 {to} 22-22"));
    assert_eq!(header(there(10), "inboundHeader"), format!("6 {from} 0-65535 {to} 22-22"));
    assert_eq!(
        (there(2).get("attachedTo/id"), there(2).get("subnet/id"), there(2).get("vpc/id")),
        (one.as_str(), lab.subnet.as_str(), lab.blue.as_str())
    );
    assert_eq!((there(3).get("securityGroupRule/direction"), there(3).get("securityGroupRule/protocol")), ("egress", "all"));
    assert!(there(3).find("securityGroupRule/portRange").is_empty());
    assert_eq!((there(4).get("aclRule/egress"), there(4).get("aclRule/protocol"), there(4).get("aclRule/ruleNumber")), ("true", "all", "100"));
    assert_eq!(
        (there(5).get("routeTableRoute/destinationCidr"), there(5).get("routeTableRoute/vpcPeeringConnectionId")),
        ("10.2.0.0/16", lab.peering.as_str())
    );
    assert_eq!((there(5).get("routeTableRoute/origin"), there(5).get("routeTableRoute/state")), ("createroute", "active"));
    assert_eq!((there(6).get("sourceVpc/id"), there(6).get("destinationVpc/id")), (lab.blue.as_str(), lab.green.as_str()));
    assert_eq!((there(7).get("aclRule/egress"), there(7).get("aclRule/ruleAction")), ("false", "allow"));
    assert_eq!((there(8).get("securityGroupRule/cidr"), there(8).get("securityGroupRule/protocol")), ("10.1.0.0/16", "tcp"));
    assert_eq!((there(8).get("securityGroupRule/portRange/from"), there(8).get("securityGroupRule/portRange/to")), ("22", "22"));
    assert_eq!(found.all("forwardPathComponentSet/item/sequenceNumber"), ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);

    let back = |number| component(&found, "returnPathComponentSet", number);
    assert_eq!(header(back(1), "outboundHeader"), format!("6 {to} 22-22 {from} 0-65535"));
    assert_eq!((back(6).get("sourceVpc/id"), back(6).get("destinationVpc/id")), (lab.green.as_str(), lab.blue.as_str()));
    assert!(found.find("returnPathComponentSet/item/securityGroupRule").is_empty(), "groups let replies pass by their state");
}

/// <https://docs.aws.amazon.com/vpc/latest/reachability/getting-started-cli.html>
#[test]
fn a_way_in_from_the_internet_is_told_as_aws_s_guide_tells_it() {
    let mut aws = Aws::new();
    let lab = Lab::new(&mut aws);
    let (gateway, one) = (&lab.gateway, &lab.one);
    let of_ssh = format!("Source={gateway} Destination={one} Protocol=tcp DestinationPort=22");
    let not_found = analyze(&mut aws, &of_ssh);
    assert_eq!(not_found.get("networkPathFound"), "false");
    assert_eq!(codes(&not_found), ["ENI_SG_RULES_MISMATCH"]);
    let told = not_found.find("explanationSet/item")[0];
    assert_eq!((told.get("direction"), told.get("vpc/id"), told.get("subnet/id")), ("ingress", lab.blue.as_str(), lab.subnet.as_str()));
    assert_eq!(
        (told.get("securityGroupSet/item/id"), told.get("componentAccount"), told.get("componentRegion")),
        (lab.groups[0].as_str(), "111111111111", "us-east-1")
    );
    assert!(told.get("networkInterface/arn").contains(":network-interface/eni-"));
    assert_eq!(way(&not_found, "forwardPathComponentSet"), "");

    lab.let_in(&mut aws, 0, "tcp", (22, 22), "0.0.0.0/0");
    let found = analyze(&mut aws, &of_ssh);
    assert_eq!(found.get("networkPathFound"), "true");
    assert_eq!(way(&found, "forwardPathComponentSet"), "igw acl sg eni i");
    assert_eq!(way(&found, "returnPathComponentSet"), "i eni sg acl rtb igw");
    let door = component(&found, "forwardPathComponentSet", 1);
    let public = door.get("inboundHeader/destinationAddressSet/item");
    assert!(public.starts_with("198.18."), "{public}");
    assert_eq!((door.get("outboundHeader/destinationAddressSet/item"), door.get("vpc/id")), ("10.1.0.4/32", lab.blue.as_str()));
    assert!(door.find("outboundHeader/sourceAddressSet").is_empty(), "what stays as it is is not said");
    let sources = door.all("inboundHeader/sourceAddressSet/item");
    assert!(sources.contains(&"11.0.0.0/8") && sources.contains(&"128.0.0.0/3") && sources.is_sorted(), "{sources:?}");
    for private in ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "0.0.0.0/0", "224.0.0.0/4"] {
        assert!(!sources.contains(&private), "{private}");
    }
    let out = component(&found, "returnPathComponentSet", 6);
    assert_eq!(out.get("outboundHeader/sourceAddressSet/item"), public);
    assert_eq!(out.get("outboundHeader/sourcePortRangeSet/item/from"), "22");
    assert_eq!(out.all("outboundHeader/destinationAddressSet/item"), sources);
}

/// What the rules on the way leave of what the path leaves open.
#[test]
fn headers_are_what_the_rules_on_the_way_leave_of_them() {
    let mut aws = Aws::new();
    let lab = Lab::new(&mut aws);
    lab.let_in(&mut aws, 0, "tcp", (8000, 8999), "203.0.113.0/24");
    let acl = aws
        .get(&format!("DescribeNetworkAcls Filter.1.Name=association.subnet-id Filter.1.Value.1={}", lab.subnet), "networkAclSet/item/networkAclId");
    let entry = |number, action, egress, from, to, cidr| {
        format!(
            "CreateNetworkAclEntry NetworkAclId={acl} RuleNumber={number} RuleAction={action} Egress={egress} Protocol=6 \
             PortRange.From={from} PortRange.To={to} CidrBlock={cidr}"
        )
    };
    aws.ok(&entry(10, "deny", false, 8100, 8199, "0.0.0.0/0"));
    aws.ok(&entry(20, "deny", false, 0, 65535, "203.0.113.128/25"));
    aws.ok(&entry(10, "deny", true, 0, 1023, "0.0.0.0/0"));
    let found = analyze(&mut aws, &format!("Source={} Destination={} Protocol=tcp", lab.gateway, lab.one));
    let header = component(&found, "forwardPathComponentSet", 1).find("inboundHeader")[0];
    assert_eq!(header.all("sourceAddressSet/item"), ["203.0.113.0/25"]);
    assert_eq!(
        (header.all("destinationPortRangeSet/item/from"), header.all("destinationPortRangeSet/item/to")),
        (vec!["8000", "8200"], vec!["8099", "8999"])
    );
    assert_eq!((header.get("sourcePortRangeSet/item/from"), header.get("sourcePortRangeSet/item/to")), ("1024", "65535"));

    // No address and no port that is left is as good as no path.
    aws.ok(&entry(9, "deny", true, 1024, 65535, "0.0.0.0/0"));
    let not_found = analyze(&mut aws, &format!("Source={} Destination={} Protocol=tcp", lab.gateway, lab.one));
    assert_eq!(codes(&not_found), ["SUBNET_ACL_RESTRICTION"]);
    let told = not_found.find("explanationSet/item")[0];
    assert_eq!((told.get("direction"), told.get("acl/id"), told.get("aclRule/ruleAction")), ("egress", acl.as_str(), "deny"));
    // Over UDP nobody waits for a reply.
    let group = &lab.groups[0];
    aws.ok(&format!("AuthorizeSecurityGroupIngress GroupId={group} IpProtocol=udp FromPort=53 ToPort=53 CidrIp=0.0.0.0/0"));
    let found = analyze(&mut aws, &format!("Source={} Destination={} Protocol=udp DestinationPort=53", lab.gateway, lab.one));
    assert_eq!((found.get("networkPathFound"), way(&found, "returnPathComponentSet").as_str()), ("true", ""));
    assert_eq!(component(&found, "forwardPathComponentSet", 1).get("inboundHeader/protocol"), "17");
}

/// Whoever names a peering connection, a gateway or an interface asks about the way to there and no further.
#[test]
fn ways_end_at_what_the_path_names() {
    let mut aws = Aws::new();
    let lab = Lab::new(&mut aws);
    let (one, two, gateway, peering) = (&lab.one, &lab.two, &lab.gateway, &lab.peering);
    let interfaces = aws.ok("DescribeNetworkInterfaces");
    let interface_of = |instance: &str| {
        let all = interfaces.find("networkInterfaceSet/item");
        all.into_iter().find(|found| found.get("attachment/instanceId") == instance).unwrap().get("networkInterfaceId").to_owned()
    };
    for (parameters, there, back) in [
        (format!("Source={one} Destination={gateway} Protocol=tcp DestinationPort=443"), "i eni sg acl rtb igw", "igw acl sg eni i"),
        (format!("Source={one} Destination={peering} Protocol=tcp"), "i eni sg acl rtb pcx", "pcx acl sg eni i"),
        (format!("Source={one} DestinationIp=203.0.113.80 Protocol=tcp DestinationPort=80"), "i eni sg acl rtb igw", "igw acl sg eni i"),
        (format!("Source={one} FilterAtSource.DestinationAddress=203.0.113.80 Protocol=udp"), "i eni sg acl rtb igw", ""),
        (format!("Source={} Destination={gateway} Protocol=tcp", interface_of(one)), "eni sg acl rtb igw", "igw acl sg eni"),
    ] {
        let found = analyze(&mut aws, &parameters);
        assert_eq!(codes(&found), [""; 0], "{parameters}");
        assert_eq!((way(&found, "forwardPathComponentSet").as_str(), way(&found, "returnPathComponentSet").as_str()), (there, back), "{parameters}");
    }
    // A peering connection begins a way too: nothing at its far side is asked.
    let closed = analyze(&mut aws, &format!("Source={peering} Destination={two} Protocol=tcp DestinationPort=22"));
    assert_eq!(codes(&closed), ["ENI_SG_RULES_MISMATCH"]);
    lab.let_in(&mut aws, 1, "tcp", (22, 22), "10.1.0.0/24");
    let open = analyze(&mut aws, &format!("Source={peering} Destination={} Protocol=tcp DestinationPort=22", interface_of(two)));
    assert_eq!(
        (way(&open, "forwardPathComponentSet").as_str(), way(&open, "returnPathComponentSet").as_str()),
        ("pcx acl sg eni", "eni sg acl rtb pcx")
    );
    let first = component(&open, "forwardPathComponentSet", 1);
    assert_eq!(first.get("inboundHeader/sourceAddressSet/item"), "10.1.0.0/24");
    assert_eq!((first.get("sourceVpc/id"), first.get("destinationVpc/id")), (lab.blue.as_str(), lab.green.as_str()));

    // Two in a subnet: neither network ACL nor route table is asked.
    let neighbour = aws.instance(&lab.subnet);
    let near = analyze(&mut aws, &format!("Source={one} Destination={neighbour} Protocol=tcp"));
    assert_eq!(way(&near, "forwardPathComponentSet"), "i eni sg sg eni i");
    let rule = component(&near, "forwardPathComponentSet", 4);
    assert_eq!((rule.get("securityGroupRule/securityGroupId"), rule.find("securityGroupRule/cidr").len()), (lab.groups[0].as_str(), 0));
}

#[test]
fn all_that_is_in_the_way_is_told_under_aws_s_codes() {
    let mut aws = Aws::new();
    let lab = Lab::new(&mut aws);
    let (one, two) = (&lab.one, &lab.two);
    let [blue_table, green_table] = &lab.tables;
    let to_two = format!("Source={one} Destination={two} Protocol=tcp DestinationPort=22");
    aws.ok(&format!("DeleteRoute RouteTableId={green_table} DestinationCidrBlock=10.1.0.0/16"));
    let analysis = analyze(&mut aws, &to_two);
    assert_eq!(codes(&analysis), ["ENI_SG_RULES_MISMATCH", "NO_ROUTE_TO_DESTINATION"]);
    let no_route = analysis.find("explanationSet/item")[1];
    assert_eq!(
        (no_route.get("routeTable/id"), no_route.get("vpc/id"), no_route.get("address")),
        (green_table.as_str(), lab.green.as_str(), "10.1.0.4")
    );

    aws.ok(&format!("DeleteVpcPeeringConnection VpcPeeringConnectionId={}", lab.peering));
    let analysis = analyze(&mut aws, &to_two);
    assert_eq!(codes(&analysis)[0], "DISCONNECTED_VPCS");
    assert!(codes(&analysis).contains(&"BAD_STATE_ROUTE") && codes(&analysis).contains(&"ENI_SG_RULES_MISMATCH"));
    let lost = analysis.find("explanationSet/item").into_iter().find(|told| told.get("explanationCode") == "BAD_STATE_ROUTE").unwrap();
    assert_eq!((lost.get("routeTable/id"), lost.get("routeTableRoute/state")), (blue_table.as_str(), "blackhole"));

    // Out by the gateway and back in: AWS analyses either half, and never both.
    lab.let_in(&mut aws, 0, "tcp", (80, 80), "0.0.0.0/0");
    let public = aws.get("DescribeAddresses", "addressesSet/item/publicIp");
    let neighbour = aws.instance(&lab.subnet);
    aws.settle();
    let other = aws.elastic_ip();
    aws.ok(&format!("AssociateAddress AllocationId={other} InstanceId={neighbour}"));
    let round = analyze(&mut aws, &format!("Source={neighbour} DestinationIp={public} Protocol=tcp DestinationPort=80"));
    assert_eq!(codes(&round), ["IGW_NAT_REFLECTION"]);
    assert_eq!(round.get("explanationSet/item/internetGateway/id"), lab.gateway);

    for (parameters, code) in [
        (format!("Source={} Destination={two} Protocol=tcp", lab.gateway), "DISCONNECTED_VPCS"),
        (format!("Source={} Destination={two} Protocol=tcp", lab.peering), "BAD_STATE"),
        (format!("Source={one} DestinationIp=10.1.0.77 Protocol=tcp"), "NO_POSSIBLE_DESTINATION"),
        (format!("Source={one} DestinationIp=192.168.0.1 Protocol=tcp"), "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"),
        (format!("Source={one} SourceIp=10.1.0.99 Destination={} Protocol=tcp", lab.gateway), "ENI_SOURCE_DEST_CHECK_RESTRICTION"),
        (
            format!("Source={one} Destination={} Protocol=tcp FilterAtDestination.SourceAddress=10.1.0.4", lab.gateway),
            "FILTER_AT_DESTINATION_SOURCE_ADDRESS",
        ),
        (
            format!(
                "Source={one} Destination={} Protocol=tcp FilterAtSource.SourcePortRange.FromPort=1 FilterAtSource.SourcePortRange.ToPort=2 \
                 FilterAtDestination.SourcePortRange.FromPort=3 FilterAtDestination.SourcePortRange.ToPort=4",
                lab.gateway
            ),
            "FILTER_AT_DESTINATION_SOURCE_PORT_RANGE",
        ),
    ] {
        assert_eq!(codes(&analyze(&mut aws, &parameters)), [code], "{parameters}");
    }
    // Whoever has no public address cannot be reached from outside, nor get there.
    let bare = aws.instance(&lab.subnet);
    aws.settle();
    assert_eq!(
        codes(&analyze(&mut aws, &format!("Source={} Destination={bare} Protocol=tcp DestinationPort=80", lab.gateway))),
        ["IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"]
    );
    assert_eq!(
        codes(&analyze(&mut aws, &format!("Source={bare} Destination={} Protocol=udp", lab.gateway))),
        ["IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"]
    );
    // What is gone or detached since the path was made.
    let to_bare = path(&mut aws, &format!("Source={} Destination={bare} Protocol=tcp", lab.gateway));
    let from_bare = path(&mut aws, &format!("Source={bare} Destination={} Protocol=udp", lab.gateway));
    aws.ok(&format!("StopInstances InstanceId.1={bare}"));
    aws.settle();
    let stopped = analysis_of(&mut aws, &from_bare, "");
    assert_eq!(codes(&stopped)[0], "BAD_STATE");
    assert_eq!((stopped.all("explanationSet/item/component/id")[0], stopped.all("explanationSet/item/state")[0]), (bare.as_str(), "stopped"));
    aws.ok(&format!("TerminateInstances InstanceId.1={bare}"));
    aws.settle();
    assert_eq!(codes(&analysis_of(&mut aws, &to_bare, "")), ["UNASSOCIATED_COMPONENT"]);
    aws.sleep(2);
    assert_eq!(codes(&analysis_of(&mut aws, &to_bare, "")), ["NO_SOURCE_OR_DESTINATION"]);
}

/// Conditions under which a way counts (`FilterInArn`, `FilterOutArn`, `AdditionalAccount`).
#[test]
fn a_way_counts_if_it_passes_what_it_must() {
    let mut aws = Aws::new();
    let lab = Lab::new(&mut aws);
    lab.let_in(&mut aws, 1, "tcp", (22, 22), "10.1.0.0/16");
    let path = path(&mut aws, &format!("Source={} Destination={} Protocol=tcp", lab.one, lab.two));
    let arn = format!("arn:aws:ec2:us-east-1:111111111111:vpc-peering-connection/{}", lab.peering);
    let through = analysis_of(&mut aws, &path, &format!("FilterInArn.1={arn}"));
    assert_eq!((through.get("networkPathFound"), through.get("filterInArnSet/item")), ("true", arn.as_str()));
    let without = analysis_of(&mut aws, &path, &format!("FilterOutArn.1={arn}"));
    assert_eq!((without.get("networkPathFound"), codes(&without)), ("false", vec!["COMPONENT_FILTER_RESTRICTION_REMOVED_COMPONENT"]));
    let third = aws.vpc("10.3.0.0/16");
    let other = aws.peering(&lab.blue, &third);
    let elsewhere = analysis_of(&mut aws, &path, &format!("FilterInArn.1={}", arn.replace(&lab.peering, &other)));
    assert_eq!(codes(&elsewhere), ["COMPONENT_FILTER_RESTRICTION"]);

    let begin = format!("StartNetworkInsightsAnalysis ClientToken=c NetworkInsightsPathId={path}");
    aws.refuses(&[
        (&format!("{begin} FilterInArn.1=pcx"), "InvalidParameterValue: Value (pcx) for parameter FilterInArn is invalid"),
        (
            &format!("{begin} FilterOutArn.1=arn:aws:ec2:us-east-1:111111111111:natgateway/nat-0123456789abcdef0"),
            "UnsupportedOperation: The parameter FilterOutArn.1 is not supported",
        ),
        (&format!("{begin} FilterInArn.1={}", arn.replace("111111111111", BOB)), "InvalidVpcPeeringConnectionID.NotFound: "),
        (&format!("{begin} AdditionalAccount.1=me"), "InvalidParameterValue: "),
    ]);
}

/// What belongs to another account is not looked at unless it is named, and what it could be named for is suggested.
#[test]
fn another_account_s_network_is_not_looked_at_unless_it_is_named() {
    let mut aws = Aws::new();
    let lab = Lab::new(&mut aws);
    aws.become_caller(BOB, "us-east-1");
    let theirs = aws.vpc("10.9.0.0/16");
    let subnet = aws.subnet(&theirs, "10.9.0.0/24");
    instance(&mut aws, &subnet, "10.9.0.4");
    let (table, group) = (aws.main_table(&theirs), aws.default_group(&theirs));
    aws.become_caller(crate::aws::ALICE, "us-east-1");
    let call = format!("CreateVpcPeeringConnection VpcId={} PeerVpcId={theirs} PeerOwnerId={BOB}", lab.blue);
    let connection = aws.get(&call, "vpcPeeringConnection/vpcPeeringConnectionId");
    aws.ok(&format!("CreateRoute RouteTableId={} DestinationCidrBlock=10.9.0.0/16 VpcPeeringConnectionId={connection}", lab.tables[0]));
    aws.become_caller(BOB, "us-east-1");
    aws.ok(&format!("AcceptVpcPeeringConnection VpcPeeringConnectionId={connection}"));
    aws.ok(&format!("CreateRoute RouteTableId={table} DestinationCidrBlock=10.1.0.0/16 VpcPeeringConnectionId={connection}"));
    aws.become_caller(crate::aws::ALICE, "us-east-1");
    let path = path(&mut aws, &format!("Source={} DestinationIp=10.9.0.4 Protocol=tcp DestinationPort=22", lab.one));
    let blind = |aws: &mut Aws| {
        let analysis = analysis_of(aws, &path, "");
        assert_eq!((codes(&analysis), analysis.get("suggestedAccountSet/item")), (vec!["NO_POSSIBLE_DESTINATION"], BOB));
        assert_eq!(analysis.get("explanationSet/item/vpcPeeringConnection/id"), connection);
        assert_eq!(analysis.find("explanationSet/item/securityGroupSet").len(), 0);
    };
    blind(&mut aws);
    let named = format!("AdditionalAccount.1={BOB}");
    let seeing = analysis_of(&mut aws, &path, &named);
    assert_eq!((codes(&seeing), seeing.get("explanationSet/item/componentAccount")), (vec!["ENI_SG_RULES_MISMATCH"], BOB));
    aws.become_caller(BOB, "us-east-1");
    aws.ok(&format!("AuthorizeSecurityGroupIngress GroupId={group} IpProtocol=tcp FromPort=22 ToPort=22 CidrIp=0.0.0.0/0"));
    assert!(aws.ok("DescribeNetworkInsightsPaths").find("networkInsightsPathSet/item").is_empty());
    assert!(aws.ok("DescribeNetworkInsightsAnalyses").find("networkInsightsAnalysisSet/item").is_empty());
    aws.become_caller(crate::aws::ALICE, "us-east-1");
    blind(&mut aws);
    let seeing = analysis_of(&mut aws, &path, &named);
    assert_eq!((seeing.get("networkPathFound"), seeing.get("additionalAccountSet/item")), ("true", BOB));
    assert!(component(&seeing, "forwardPathComponentSet", 7).get("component/arn").contains(&format!(":{BOB}:network-acl/")));
}

#[test]
fn an_analysis_runs_before_it_succeeds_and_stays_as_it_was() {
    let mut aws = Aws::new();
    let lab = Lab::new(&mut aws);
    let path = path(&mut aws, &format!("Source={} Destination={} Protocol=tcp DestinationPort=22", lab.one, lab.two));
    let tags = "TagSpecification.1.ResourceType=network-insights-analysis TagSpecification.1.Tag.1.Key=Name TagSpecification.1.Tag.1.Value=before";
    let call = format!("StartNetworkInsightsAnalysis NetworkInsightsPathId={path} ClientToken=once {tags}");
    let started = aws.ok(&call);
    let started = started.find("networkInsightsAnalysis")[0];
    let id = started.get("networkInsightsAnalysisId").to_owned();
    assert!(id.starts_with("nia-"));
    assert_eq!(started.get("networkInsightsAnalysisArn"), format!("arn:aws:ec2:us-east-1:111111111111:network-insights-analysis/{id}"));
    assert_eq!(
        (started.get("status"), started.get("startDate"), started.get("tagSet/item/value")),
        ("running", "2026-01-31T12:00:00.000Z", "before")
    );
    assert!(started.find("networkPathFound").is_empty() && started.find("explanationSet").is_empty());
    assert_eq!(aws.get(&call, "networkInsightsAnalysis/networkInsightsAnalysisId"), id, "a repeated call starts nothing");

    lab.let_in(&mut aws, 1, "tcp", (22, 22), "10.1.0.0/16");
    aws.sleep(1);
    let later = start(&mut aws, &path, "");
    let describe = |rest: &str| format!("DescribeNetworkInsightsAnalyses {rest}");
    let listed = |aws: &mut Aws, rest: &str| aws.all(&describe(rest), "networkInsightsAnalysisSet/item/networkInsightsAnalysisId");
    let before = aws.ok(&describe(&format!("NetworkInsightsAnalysisId.1={id}")));
    assert_eq!(
        (before.get("networkInsightsAnalysisSet/item/status"), before.get("networkInsightsAnalysisSet/item/networkPathFound")),
        ("succeeded", "false")
    );
    for (rest, wanted) in [
        (format!("NetworkInsightsPathId={path} Filter.1.Name=path-found Filter.1.Value.1=true"), vec![&later]),
        ("Filter.1.Name=path-found Filter.1.Value.1=false".to_owned(), vec![&id]),
        ("Filter.1.Name=status Filter.1.Value.1=running".to_owned(), vec![]),
        ("Filter.1.Name=tag:Name Filter.1.Value.1=before".to_owned(), vec![&id]),
        ("AnalysisStartTime=2026-01-31T12:30:00Z".to_owned(), vec![&later]),
        ("AnalysisEndTime=2026-01-31T12:30:00Z".to_owned(), vec![&id]),
    ] {
        assert_eq!(listed(&mut aws, &rest).iter().collect::<Vec<_>>(), wanted, "{rest}");
    }
    let first = aws.ok(&describe("MaxResults=1"));
    let second = aws.ok(&describe(&format!("MaxResults=1 NextToken={}", first.get("nextToken"))));
    assert!(second.find("nextToken").is_empty());

    // A path goes after its analyses.
    aws.refuses(&[(&format!("DeleteNetworkInsightsPath NetworkInsightsPathId={path}"), "AnalysisExistsForNetworkInsightsPath: ")]);
    assert_eq!(aws.get(&format!("DeleteNetworkInsightsAnalysis NetworkInsightsAnalysisId={later}"), "networkInsightsAnalysisId"), later);
    aws.sleep(120 * 24 - 2);
    assert_eq!(listed(&mut aws, "").len(), 1);
    aws.sleep(1);
    assert!(listed(&mut aws, "").is_empty(), "an analysis is kept for 120 days");
    assert_eq!(aws.get(&format!("DeleteNetworkInsightsPath NetworkInsightsPathId={path}"), "networkInsightsPathId"), path);
    assert!(aws.ok("DescribeNetworkInsightsPaths").find("networkInsightsPathSet/item").is_empty());
}

#[test]
fn a_path_reads_back_as_it_was_made() {
    let mut aws = Aws::new();
    let lab = Lab::new(&mut aws);
    let (one, two) = (&lab.one, &lab.two);
    let arn = |id: &str| format!("arn:aws:ec2:us-east-1:111111111111:instance/{id}");
    let tags = "TagSpecification.1.ResourceType=network-insights-path TagSpecification.1.Tag.1.Key=Name TagSpecification.1.Tag.1.Value=ssh";
    let call = format!(
        "CreateNetworkInsightsPath Source={} Destination={two} Protocol=tcp SourceIp=10.1.0.4 DestinationIp=10.2.0.4 DestinationPort=22 ClientToken=c {tags}",
        arn(one)
    );
    let made = aws.ok(&call);
    let id = made.get("networkInsightsPath/networkInsightsPathId").to_owned();
    assert_eq!(aws.get(&call, "networkInsightsPath/networkInsightsPathId"), id);
    assert_eq!(made.find("networkInsightsPath")[0].children, aws.ok("DescribeNetworkInsightsPaths").find("networkInsightsPathSet/item")[0].children);
    let made = made.find("networkInsightsPath")[0];
    assert_eq!(made.get("networkInsightsPathArn"), format!("arn:aws:ec2:us-east-1:111111111111:network-insights-path/{id}"));
    assert_eq!((made.get("source"), made.get("sourceArn"), made.get("destinationArn")), (one.as_str(), arn(one).as_str(), arn(two).as_str()));
    assert_eq!((made.get("sourceIp"), made.get("destinationIp"), made.get("destinationPort")), ("10.1.0.4", "10.2.0.4", "22"));
    assert_eq!((made.get("createdDate"), made.get("tagSet/item/value"), made.get("protocol")), ("2026-01-31T12:00:00.000Z", "ssh", "tcp"));

    let filters = "FilterAtSource.SourcePortRange.FromPort=1024 FilterAtSource.SourcePortRange.ToPort=2048 FilterAtSource.DestinationPortRange.FromPort=22 \
                   FilterAtSource.DestinationPortRange.ToPort=22 FilterAtDestination.DestinationAddress=10.2.0.4";
    let other = path(&mut aws, &format!("Source={one} Destination={two} Protocol=udp {filters}"));
    for (name, value) in [
        ("filter-at-source.source-port-range", "1024-2048"),
        ("filter-at-source.destination-port-range", "22"),
        ("filter-at-destination.destination-address", "10.2.0.4"),
        ("protocol", "udp"),
    ] {
        let call = format!("DescribeNetworkInsightsPaths Filter.1.Name={name} Filter.1.Value.1={value}");
        assert_eq!(aws.all(&call, "networkInsightsPathSet/item/networkInsightsPathId"), [other.as_str()], "{name}");
    }
    let both = format!("DescribeNetworkInsightsPaths Filter.1.Name=source Filter.1.Value.1={one} Filter.2.Name=destination Filter.2.Value.1={two}");
    assert_eq!(aws.ok(&both).find("networkInsightsPathSet/item").len(), 2);
}

#[test]
fn a_path_is_refused_for_one_reason_after_the_other() {
    let mut aws = Aws::new();
    let lab = Lab::new(&mut aws);
    let (one, two) = (&lab.one, &lab.two);
    let create = |rest: &str| format!("CreateNetworkInsightsPath ClientToken=t {rest}");
    let to_two = |rest: &str| create(&format!("Source={one} Destination={two} Protocol=tcp {rest}"));
    aws.refuses(&[
        (&create(""), "MissingParameter: The request must contain the parameter Source"),
        (&create("Source=x"), "MissingParameter: The request must contain the parameter Protocol"),
        ("CreateNetworkInsightsPath Source=x Protocol=icmp", "MissingParameter: The request must contain the parameter ClientToken"),
        (&create("Source=x Protocol=icmp"), "InvalidParameterValue: Value (icmp) for parameter protocol is invalid."),
        (&create("Source=x Protocol=tcp"), "MissingParameter: The request must contain the parameter Destination"),
        (&create("Source=x Destination=y Protocol=tcp"), "InvalidParameterValue: Value (x) for parameter source is invalid."),
        (&create(&format!("Source={} Destination=y Protocol=tcp", lab.blue)), "InvalidParameterValue: "),
        (&create("Source=tgw-0123456789abcdef0 Destination=y Protocol=tcp"), "UnsupportedOperation: The parameter Source is not supported"),
        (&create("Source=i-00000000000000000 Destination=y Protocol=tcp"), "NetworkInsightsSource.NotFound: "),
        (&create(&format!("Source=arn:aws:ec2:us-east-1:{BOB}:instance/{one} Destination=y Protocol=tcp")), "NetworkInsightsSource.NotFound: "),
        (&create(&format!("Source={one} Destination=y Protocol=tcp")), "InvalidParameterValue: Value (y) for parameter destination is invalid."),
        (&create(&format!("Source={one} Destination=eni-00000000000000000 Protocol=tcp")), "NetworkInsightsDestination.NotFound: "),
        (&to_two("DestinationPort=65536"), "InvalidParameterValue: "),
        (&to_two("DestinationIp=fd00::1"), "InvalidParameterValue: "),
        (&to_two("DestinationPort=22 FilterAtSource.SourceAddress=10.1.0.4"), "InvalidParameterCombination: "),
        (&to_two("DestinationIp=10.2.0.4 FilterAtDestination.SourceAddress=10.1.0.4"), "InvalidParameterCombination: "),
        (&to_two("FilterAtSource.SourcePortRange.FromPort=5"), "MissingParameter: "),
        (
            &to_two("FilterAtSource.SourcePortRange.FromPort=5 FilterAtSource.SourcePortRange.ToPort=4"),
            "InvalidParameterValue: Value (5-4) for parameter sourcePortRange",
        ),
        (&to_two("Bicycle=1"), "UnknownParameter: "),
        (&to_two("DryRun=true"), "DryRunOperation: "),
    ]);
    let path = path(&mut aws, &format!("Source={one} Destination={two} Protocol=tcp"));
    let begin = |rest: &str| format!("StartNetworkInsightsAnalysis NetworkInsightsPathId={path} {rest}");
    aws.refuses(&[
        ("StartNetworkInsightsAnalysis ClientToken=u", "MissingParameter: "),
        ("StartNetworkInsightsAnalysis ClientToken=u NetworkInsightsPathId=nip-00000000000000000", "InvalidNetworkInsightsPathId.NotFound: "),
        (&begin(""), "MissingParameter: The request must contain the parameter ClientToken"),
        (&begin("ClientToken=u DryRun=true"), "DryRunOperation: "),
        ("DescribeNetworkInsightsAnalyses NetworkInsightsAnalysisId.1=nia-00000000000000000", "InvalidNetworkInsightsAnalysisId.NotFound: "),
        ("DescribeNetworkInsightsAnalyses NetworkInsightsPathId=nip-00000000000000000", "InvalidNetworkInsightsPathId.NotFound: "),
        ("DescribeNetworkInsightsAnalyses AnalysisStartTime=noon", "InvalidParameterValue: "),
        ("DescribeNetworkInsightsPaths MaxResults=101", "InvalidParameterValue: "),
        ("DescribeNetworkInsightsPaths NetworkInsightsPathId.1=nip-00000000000000000", "InvalidNetworkInsightsPathId.NotFound: "),
        ("DeleteNetworkInsightsAnalysis NetworkInsightsAnalysisId=nia-00000000000000000", "InvalidNetworkInsightsAnalysisId.NotFound: "),
    ]);
}
