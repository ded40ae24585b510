//! Route tables, routes and associations.

use crate::aws::Aws;

fn routes(aws: &mut Aws, table: &str) -> Vec<String> {
    let tables = aws.ok(&format!("DescribeRouteTables RouteTableId.1={table}"));
    tables
        .find("routeTableSet/item/routeSet/item")
        .iter()
        .map(|route| {
            let target = [route.all("gatewayId"), route.all("vpcPeeringConnectionId")].concat().concat();
            format!("{} {target} {}", route.get("destinationCidrBlock"), route.get("state"))
        })
        .collect()
}

/// The VPC's own addresses where the peer's were meant: the commonest slip (4.3.1).
/// <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html>
#[test]
fn the_vpc_s_own_addresses_are_local() {
    let mut aws = Aws::new();
    let (blue, green) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16"));
    let (table, pcx) = (aws.main_table(&blue), aws.peering(&blue, &green));
    for destination in ["10.1.0.0/16", "10.1.5.0/24"] {
        let sentence = format!(
            "InvalidParameterValue: The destination CIDR block {destination} is equal to or more specific than one of this VPC's CIDR blocks. This \
             route can target only an interface or an instance."
        );
        for operation in ["CreateRoute", "ReplaceRoute"] {
            let call = format!("{operation} RouteTableId={table} DestinationCidrBlock={destination} VpcPeeringConnectionId={pcx}");
            assert_eq!(aws.refused(&call), sentence);
        }
    }
    aws.refuses(&[(
        &format!("DeleteRoute RouteTableId={table} DestinationCidrBlock=10.1.0.0/16"),
        &format!("InvalidParameterValue: cannot remove local route 10.1.0.0/16 in route table {table}"),
    )]);
}

#[test]
fn a_route_is_refused_for_one_reason_after_the_other() {
    let mut aws = Aws::new();
    let (blue, green) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16"));
    let table = aws.main_table(&blue);
    let gateway = aws.get("CreateInternetGateway", "internetGateway/internetGatewayId");
    aws.ok(&format!("AttachInternetGateway InternetGatewayId={gateway} VpcId={green}"));
    let absent = "igw-00000000000000000";
    let create = |rest: &str| format!("CreateRoute RouteTableId={table} {rest}");
    aws.refuses(&[
        ("CreateRoute RouteTableId=rtb-1", "InvalidRouteTableId.Malformed: "),
        ("CreateRoute RouteTableId=rtb-00000000000000000", "MissingParameter: The request must contain the parameter DestinationCidrBlock"),
        (
            "CreateRoute RouteTableId=rtb-00000000000000000 DestinationCidrBlock=10.1.0.0/16",
            "InvalidRouteTableID.NotFound: The routeTable ID 'rtb-00000000000000000' does not exist",
        ),
        (&create("DestinationCidrBlock=10"), "InvalidParameterValue: Value (10) for parameter destinationCidrBlock is invalid."),
        (&create("DestinationCidrBlock=10.1.0.0/16"), "InvalidParameterCombination: The request must contain exactly one target"),
        (
            &create(&format!("DestinationCidrBlock=10.1.0.0/16 GatewayId={gateway} VpcPeeringConnectionId=pcx-00000000000000000")),
            "InvalidParameterCombination: The request must contain exactly one target",
        ),
        (&create("DestinationCidrBlock=10.1.0.0/16 NatGatewayId=nat-1"), "UnsupportedOperation: The parameter NatGatewayId "),
        (
            &create(&format!("DestinationCidrBlock=10.1.0.0/16 GatewayId={absent}")),
            &format!("InvalidGatewayID.NotFound: The gateway ID '{absent}' does not exist"),
        ),
        (&create("DestinationCidrBlock=10.1.0.0/16 GatewayId=nat-1"), "InvalidGatewayID.NotFound: The gateway ID 'nat-1' does not exist"),
        (
            &create("DestinationCidrBlock=10.1.0.0/16 VpcPeeringConnectionId=pcx-00000000000000000"),
            "InvalidVpcPeeringConnectionID.NotFound: The vpcPeeringConnection ID 'pcx-00000000000000000' does not exist",
        ),
        (&create(&format!("DestinationCidrBlock=10.1.0.0/16 GatewayId={gateway}")), "InvalidParameterValue: The destination CIDR block "),
        (&create(&format!("DestinationCidrBlock=169.254.169.254/32 GatewayId={gateway}")), "InvalidParameterValue: The destination CIDR block "),
        (
            &create(&format!("DestinationCidrBlock=0.0.0.0/0 GatewayId={gateway}")),
            &format!("InvalidParameterValue: route table {table} and network gateway {gateway} belong to different networks"),
        ),
    ]);
    aws.ok(&format!("DetachInternetGateway InternetGatewayId={gateway} VpcId={green}"));
    aws.ok(&format!("AttachInternetGateway InternetGatewayId={gateway} VpcId={blue}"));
    aws.ok(&create(&format!("DestinationCidrBlock=0.0.0.0/0 GatewayId={gateway}")));
    aws.ok(&create(&format!("DestinationIpv6CidrBlock=::/0 GatewayId={gateway}")));
    aws.refuses(&[
        (
            &create(&format!("DestinationCidrBlock=0.0.0.0/0 GatewayId={gateway}")),
            "RouteAlreadyExists: The route identified by 0.0.0.0/0 already exists.",
        ),
        (
            &format!("ReplaceRoute RouteTableId={table} DestinationCidrBlock=10.3.0.0/16 GatewayId={gateway}"),
            "InvalidParameterValue: There is no route defined for '10.3.0.0/16' in the route table. Use CreateRoute instead.",
        ),
        (
            &format!("DeleteRoute RouteTableId={table} DestinationCidrBlock=10.3.0.0/16"),
            &format!("InvalidRoute.NotFound: no route with destination-cidr-block 10.3.0.0/16 in route table {table}"),
        ),
    ]);
}

/// A route whose target is gone stays, and leads nowhere (4.4.5).
#[test]
fn routes_outlive_their_targets() {
    let mut aws = Aws::new();
    let (blue, green) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16"));
    let table = aws.main_table(&blue);
    let request = format!("CreateVpcPeeringConnection VpcId={blue} PeerVpcId={green}");
    let pcx = aws.get(&request, "vpcPeeringConnection/vpcPeeringConnectionId");
    aws.ok(&format!("CreateRoute RouteTableId={table} DestinationCidrBlock=10.2.0.0/16 VpcPeeringConnectionId={pcx}"));
    let local = "10.1.0.0/16 local active";
    assert_eq!(routes(&mut aws, &table), [local, &format!("10.2.0.0/16 {pcx} blackhole")], "while it is pending");
    aws.ok(&format!("AcceptVpcPeeringConnection VpcPeeringConnectionId={pcx}"));
    assert_eq!(routes(&mut aws, &table), [local, &format!("10.2.0.0/16 {pcx} active")]);
    aws.ok(&format!("DeleteVpcPeeringConnection VpcPeeringConnectionId={pcx}"));
    assert_eq!(routes(&mut aws, &table), [local, &format!("10.2.0.0/16 {pcx} blackhole")], "after its end");
    aws.refuses(&[(
        &format!("ReplaceRoute RouteTableId={table} DestinationCidrBlock=10.2.0.0/16 VpcPeeringConnectionId={pcx}"),
        "InvalidVpcPeeringConnectionID.NotFound: ",
    )]);
    aws.sleep(3);
    assert_eq!(routes(&mut aws, &table), [local, &format!("10.2.0.0/16 {pcx} blackhole")], "when it is forgotten");
    let again = aws.peering(&blue, &green);
    assert_eq!(routes(&mut aws, &table), [local, &format!("10.2.0.0/16 {pcx} blackhole")], "another connection is another target");
    aws.ok(&format!("ReplaceRoute RouteTableId={table} DestinationCidrBlock=10.2.0.0/16 VpcPeeringConnectionId={again}"));
    assert_eq!(routes(&mut aws, &table), [local, &format!("10.2.0.0/16 {again} active")]);
    aws.ok(&format!("DeleteRoute RouteTableId={table} DestinationCidrBlock=10.2.0.0/16"));
    assert_eq!(routes(&mut aws, &table), [local]);
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/WorkWithRouteTables.html>
#[test]
fn associations_are_made_replaced_and_undone() {
    let mut aws = Aws::new();
    let (vpc, elsewhere) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16"));
    let (subnet, foreign) = (aws.subnet(&vpc, "10.1.0.0/24"), aws.subnet(&elsewhere, "10.2.0.0/24"));
    let main = aws.main_table(&vpc);
    let created = aws.ok(&format!("CreateRouteTable VpcId={vpc} ClientToken=abc"));
    assert_eq!(created.get("clientToken"), "abc");
    let own = created.get("routeTable/routeTableId").to_owned();
    let other = aws.get(&format!("CreateRouteTable VpcId={vpc}"), "routeTable/routeTableId");

    let associate = format!("AssociateRouteTable RouteTableId={own} SubnetId={subnet}");
    let association = aws.get(&associate, "associationId");
    assert_eq!(aws.get(&associate, "associationId"), association, "the same again is no news");
    aws.refuses(&[
        (
            &format!("AssociateRouteTable RouteTableId={own} SubnetId={foreign}"),
            &format!("InvalidParameterValue: route table {own} and subnet {foreign} belong to different networks"),
        ),
        (
            &format!("AssociateRouteTable RouteTableId={other} SubnetId={subnet}"),
            &format!("Resource.AlreadyAssociated: the specified association for route table {other} conflicts with an existing association"),
        ),
        (&format!("AssociateRouteTable RouteTableId={own} GatewayId=igw-1"), "UnsupportedOperation: The parameter GatewayId "),
        (
            &format!("DeleteRouteTable RouteTableId={own}"),
            &format!("DependencyViolation: The routeTable '{own}' has dependencies and cannot be deleted."),
        ),
        (&format!("DeleteRouteTable RouteTableId={main}"), "DependencyViolation: "),
        ("DisassociateRouteTable AssociationId=rtbassoc-1", "InvalidAssociationID.NotFound: The association ID 'rtbassoc-1' does not exist"),
    ]);

    let replaced = aws.get(&format!("ReplaceRouteTableAssociation AssociationId={association} RouteTableId={other}"), "newAssociationId");
    assert_ne!(replaced, association);
    aws.refuses(&[(&format!("DisassociateRouteTable AssociationId={association}"), "InvalidAssociationID.NotFound: ")]);
    let filter = format!("Filter.1.Name=association.subnet-id Filter.1.Value.1={subnet}");
    assert_eq!(aws.all(&format!("DescribeRouteTables {filter}"), "routeTableSet/item/routeTableId"), [other]);
    aws.ok(&format!("DisassociateRouteTable AssociationId={replaced}"));
    assert!(aws.all(&format!("DescribeRouteTables {filter}"), "routeTableSet/item/routeTableId").is_empty());

    let tables = aws.ok(&format!("DescribeRouteTables RouteTableId.1={main}"));
    let main_association = tables.get("routeTableSet/item/associationSet/item/routeTableAssociationId").to_owned();
    aws.refuses(&[(
        &format!("DisassociateRouteTable AssociationId={main_association}"),
        &format!("InvalidParameterValue: cannot disassociate the main route table association {main_association}"),
    )]);
    aws.ok(&format!("ReplaceRouteTableAssociation AssociationId={main_association} RouteTableId={own}"));
    assert_eq!(aws.main_table(&vpc), own);
    aws.ok(&format!("DeleteRouteTable RouteTableId={main}"));
}
