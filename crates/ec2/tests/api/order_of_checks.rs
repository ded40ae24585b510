//! In which order calls are checked: what they look like, what they name, whether that allows it, and dry runs last.
//!
//! In each table a row mends what the row above was refused for, and leaves everything else as wrong as it was.

use crate::aws::Aws;

/// Two VPCs and one of everything that calls can name. `{vpc}` in a call is the id of the first VPC, `{nil}` that of nothing.
struct World {
    aws: Aws,
    ids: Vec<(&'static str, String)>,
}

impl World {
    fn new() -> Self {
        let mut aws = Aws::new();
        let (vpc, other) = (aws.vpc("10.1.0.0/16"), aws.vpc("10.2.0.0/16"));
        let (subnet, far) = (aws.subnet(&vpc, "10.1.0.0/24"), aws.subnet(&other, "10.2.0.0/24"));
        let main = aws.main_table(&vpc);
        let table = aws.get(&format!("CreateRouteTable VpcId={vpc}"), "routeTable/routeTableId");
        let assoc = aws.get(&format!("AssociateRouteTable RouteTableId={table} SubnetId={subnet}"), "associationId");
        let associations = "routeTableSet/item/associationSet/item/routeTableAssociationId";
        let mainassoc = aws.get(&format!("DescribeRouteTables RouteTableId.1={main}"), associations);
        let igw = aws.get("CreateInternetGateway", "internetGateway/internetGatewayId");
        let group = aws.get(&format!("CreateSecurityGroup VpcId={vpc} GroupName=g GroupDescription=d"), "groupId");
        let acl = aws.get(&format!("CreateNetworkAcl VpcId={vpc}"), "networkAcl/networkAclId");
        let aclassoc = aws.all("DescribeNetworkAcls", "networkAclSet/item/associationSet/item/networkAclAssociationId").remove(0);
        let pcx = aws.get(&format!("CreateVpcPeeringConnection VpcId={vpc} PeerVpcId={other}"), "vpcPeeringConnection/vpcPeeringConnectionId");
        let instance = aws.instance(&subnet);
        aws.settle();
        let ids = [
            ("{vpc}", vpc),
            ("{other}", other),
            ("{subnet}", subnet),
            ("{far}", far),
            ("{main}", main),
            ("{table}", table),
            ("{assoc}", assoc),
            ("{mainassoc}", mainassoc),
            ("{igw}", igw),
            ("{group}", group),
            ("{acl}", acl),
            ("{aclassoc}", aclassoc),
            ("{pcx}", pcx),
            ("{instance}", instance),
            ("{nil}", "00000000000000000".to_owned()),
        ];
        Self { aws, ids: ids.into() }
    }

    fn refuses(&mut self, rows: &[(&str, &str)]) {
        for (template, wanted) in rows {
            let call = self.ids.iter().fold((*template).to_owned(), |call, (name, id)| call.replace(name, id));
            self.aws.refuses(&[(&call, wanted)]);
        }
    }
}

/// 2.1.1, 2.1.2, 2.1.3
#[test]
fn a_vpc_s_block_is_checked_before_it_counts() {
    World::new().refuses(&[
        ("CreateVpc", "MissingParameter: The request must contain the parameter CidrBlock"),
        (
            "CreateVpc CidrBlock=10.0.0.0",
            "InvalidParameterValue: Value (10.0.0.0) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
        ),
        ("CreateVpc CidrBlock=10.0.0.0/15", "InvalidVpc.Range: The CIDR '10.0.0.0/15' is invalid."),
        (
            "CreateVpc CidrBlock=169.254.0.0/16",
            "InvalidParameterValue: Value (169.254.0.0/16) for parameter cidrBlock is invalid. This range cannot be used in a VPC.",
        ),
        ("CreateVpc CidrBlock=10.0.0.1/16 Color=red", "UnknownParameter: The parameter Color is not recognized"),
        (
            "CreateVpc CidrBlock=10.0.0.1/16 InstanceTenancy=host",
            "UnsupportedOperation: The parameter InstanceTenancy is not supported with the value 'host'.",
        ),
        ("CreateVpc CidrBlock=10.0.0.1/16 DryRun=true", "DryRunOperation: "),
    ]);
}

/// 2.2.5
#[test]
fn an_attribute_of_a_vpc_is_one_at_a_time() {
    World::new().refuses(&[
        ("ModifyVpcAttribute", "MissingParameter: The request must contain the parameter VpcId"),
        ("ModifyVpcAttribute VpcId=x", "InvalidVpcID.Malformed: Invalid id: \"x\" (expecting \"vpc-...\")"),
        ("ModifyVpcAttribute VpcId=vpc-{nil}", "InvalidVpcID.NotFound: The vpc ID '"),
        ("ModifyVpcAttribute VpcId={vpc}", "InvalidParameterCombination: No attributes specified."),
        (
            "ModifyVpcAttribute VpcId={vpc} EnableDnsSupport.Value=true EnableDnsHostnames.Value=true",
            "InvalidParameterCombination: Fields for multiple attribute types specified.",
        ),
        ("ModifyVpcAttribute VpcId={vpc} EnableDnsSupport.Value=true DryRun=true", "DryRunOperation: "),
        ("DescribeVpcAttribute", "MissingParameter: The request must contain the parameter VpcId"),
        ("DescribeVpcAttribute VpcId=vpc-{nil}", "MissingParameter: The request must contain the parameter Attribute"),
        ("DescribeVpcAttribute VpcId=vpc-{nil} Attribute=color", "InvalidVpcID.NotFound: The vpc ID '"),
        (
            "DescribeVpcAttribute VpcId={vpc} Attribute=color",
            "InvalidParameterValue: Value (color) for parameter attribute is invalid. Unknown VPC attribute.",
        ),
    ]);
}

/// 3.11
#[test]
fn a_subnet_is_deleted_when_it_is_empty() {
    World::new().refuses(&[
        ("DeleteSubnet", "MissingParameter: The request must contain the parameter SubnetId"),
        ("DeleteSubnet SubnetId=x", "InvalidSubnetID.Malformed: Invalid id: \"x\" (expecting \"subnet-...\")"),
        ("DeleteSubnet SubnetId=subnet-{nil}", "InvalidSubnetID.NotFound: The subnet ID '"),
        ("DeleteSubnet SubnetId={subnet}", "DependencyViolation: The subnet '"),
    ]);
}

/// 5.1.8
#[test]
fn a_gateway_has_one_vpc_and_a_vpc_one_gateway() {
    World::new().refuses(&[
        ("AttachInternetGateway", "MissingParameter: The request must contain the parameter InternetGatewayId"),
        ("AttachInternetGateway InternetGatewayId=x", "InvalidInternetGatewayId.Malformed: Invalid id: \"x\" (expecting \"igw-...\")"),
        ("AttachInternetGateway InternetGatewayId=igw-{nil} VpcId=vpc-{nil}", "InvalidInternetGatewayID.NotFound: The internetGateway ID '"),
        ("AttachInternetGateway InternetGatewayId={igw} VpcId=vpc-{nil}", "InvalidVpcID.NotFound: The vpc ID '"),
        ("AttachInternetGateway InternetGatewayId={igw} VpcId={vpc} DryRun=true", "DryRunOperation: "),
        ("DetachInternetGateway InternetGatewayId={igw}", "MissingParameter: The request must contain the parameter VpcId"),
        ("DetachInternetGateway InternetGatewayId=igw-{nil} VpcId=vpc-{nil}", "InvalidInternetGatewayID.NotFound: The internetGateway ID '"),
        ("DetachInternetGateway InternetGatewayId={igw} VpcId=vpc-{nil}", "InvalidVpcID.NotFound: The vpc ID '"),
        ("DetachInternetGateway InternetGatewayId={igw} VpcId={vpc}", "Gateway.NotAttached: resource "),
    ]);
}

/// 4.1.2, 4.5
#[test]
fn a_route_is_replaced_or_deleted_where_there_is_one() {
    World::new().refuses(&[
        (
            "ReplaceRoute RouteTableId={table} DestinationCidrBlock=10.2.0.0/16 VpcPeeringConnectionId=pcx-{nil}",
            "InvalidVpcPeeringConnectionID.NotFound: The vpcPeeringConnection ID '",
        ),
        (
            "ReplaceRoute RouteTableId={table} DestinationCidrBlock=10.2.0.0/16 VpcPeeringConnectionId={pcx}",
            "InvalidParameterValue: There is no route defined for '10.2.0.0/16' in the route table. Use CreateRoute instead.",
        ),
        ("DeleteRoute RouteTableId={table}", "MissingParameter: The request must contain the parameter DestinationCidrBlock"),
        (
            "DeleteRoute RouteTableId={table} DestinationCidrBlock=10.1.0.0/16",
            "InvalidParameterValue: cannot remove local route 10.1.0.0/16 in route table ",
        ),
        (
            "DeleteRoute RouteTableId={table} DestinationCidrBlock=0.0.0.0/0",
            "InvalidRoute.NotFound: no route with destination-cidr-block 0.0.0.0/0 in route table ",
        ),
    ]);
}

/// 4.6
#[test]
fn a_route_table_is_associated_within_its_vpc() {
    World::new().refuses(&[
        ("AssociateRouteTable", "MissingParameter: The request must contain the parameter RouteTableId"),
        ("AssociateRouteTable RouteTableId=rtb-{nil}", "MissingParameter: The request must contain the parameter SubnetId"),
        ("AssociateRouteTable RouteTableId=rtb-{nil} SubnetId=subnet-{nil}", "InvalidRouteTableID.NotFound: The routeTable ID '"),
        ("AssociateRouteTable RouteTableId={table} SubnetId=subnet-{nil}", "InvalidSubnetID.NotFound: The subnet ID '"),
        ("AssociateRouteTable RouteTableId={table} SubnetId={far}", "InvalidParameterValue: route table "),
        ("AssociateRouteTable RouteTableId={main} SubnetId={subnet}", "Resource.AlreadyAssociated: the specified association for route table "),
        ("ReplaceRouteTableAssociation", "MissingParameter: The request must contain the parameter AssociationId"),
        ("ReplaceRouteTableAssociation AssociationId=x RouteTableId=y", "InvalidAssociationID.NotFound: The association ID 'x' does not exist"),
        ("ReplaceRouteTableAssociation AssociationId=rtbassoc-{nil} RouteTableId=rtb-{nil}", "InvalidAssociationID.NotFound: The association ID '"),
        ("ReplaceRouteTableAssociation AssociationId={assoc} RouteTableId=rtb-{nil}", "InvalidRouteTableID.NotFound: The routeTable ID '"),
        ("DisassociateRouteTable", "MissingParameter: The request must contain the parameter AssociationId"),
        ("DisassociateRouteTable AssociationId=rtbassoc-{nil}", "InvalidAssociationID.NotFound: The association ID '"),
        ("DisassociateRouteTable AssociationId={mainassoc}", "InvalidParameterValue: cannot disassociate the main route table association "),
        ("DeleteRouteTable RouteTableId=rtb-{nil}", "InvalidRouteTableID.NotFound: The routeTable ID '"),
        ("DeleteRouteTable RouteTableId={main}", "DependencyViolation: The routeTable '"),
        ("DeleteRouteTable RouteTableId={table}", "DependencyViolation: The routeTable '"),
    ]);
}

/// 6.4.5
#[test]
fn a_rule_is_revoked_where_there_is_one() {
    World::new().refuses(&[
        ("RevokeSecurityGroupIngress GroupId={group}", "MissingParameter: The request must contain the parameter IpPermissions"),
        (
            "RevokeSecurityGroupIngress GroupId={group} SecurityGroupRuleId.1=x",
            "InvalidSecurityGroupRuleId.Malformed: Invalid id: \"x\" (expecting \"sgr-...\")",
        ),
        (
            "RevokeSecurityGroupIngress GroupId={group} SecurityGroupRuleId.1=sgr-{nil}",
            "InvalidSecurityGroupRuleId.NotFound: The security group rule ID '",
        ),
        (
            "RevokeSecurityGroupIngress GroupId={group} IpProtocol=tcp FromPort=22 ToPort=22 CidrIp=1.2.3.4/32",
            "InvalidPermission.NotFound: The specified rule does not exist in this security group.",
        ),
    ]);
}

/// 7.3
#[test]
fn an_entry_of_a_network_acl_is_replaced_or_deleted_where_there_is_one() {
    World::new().refuses(&[
        (
            "ReplaceNetworkAclEntry NetworkAclId={acl} RuleNumber=100 Protocol=-1 RuleAction=allow Egress=true CidrBlock=0.0.0.0/0",
            "InvalidNetworkAclEntry.NotFound: no egress entry with number 100",
        ),
        ("DeleteNetworkAclEntry NetworkAclId={acl} RuleNumber=100", "MissingParameter: The request must contain the parameter Egress"),
        (
            "DeleteNetworkAclEntry NetworkAclId={acl} RuleNumber=32767 Egress=true",
            "InvalidParameterValue: Value (32767) for parameter ruleNumber is invalid. Rule numbers are from 1 to 32766.",
        ),
        ("DeleteNetworkAclEntry NetworkAclId={acl} RuleNumber=100 Egress=true", "InvalidNetworkAclEntry.NotFound: no egress entry with number 100"),
        ("ReplaceNetworkAclAssociation AssociationId=x NetworkAclId=y", "InvalidAssociationID.NotFound: The association ID 'x' does not exist"),
        ("ReplaceNetworkAclAssociation AssociationId=aclassoc-{nil} NetworkAclId=acl-{nil}", "InvalidAssociationID.NotFound: The association ID '"),
        ("ReplaceNetworkAclAssociation AssociationId={aclassoc} NetworkAclId=acl-{nil}", "InvalidNetworkAclID.NotFound: The networkAcl ID '"),
    ]);
}

/// 8.2, 8.3, 8.5.2
#[test]
fn a_peering_is_asked_for_between_two_vpcs_once() {
    World::new().refuses(&[
        ("CreateVpcPeeringConnection", "MissingParameter: The request must contain the parameter VpcId"),
        ("CreateVpcPeeringConnection VpcId=vpc-{nil}", "MissingParameter: The request must contain the parameter PeerVpcId"),
        (
            "CreateVpcPeeringConnection VpcId=vpc-{nil} PeerVpcId={vpc} PeerRegion=mars",
            "InvalidParameterValue: Value (mars) for parameter peerRegion is invalid. 'mars' is not known.",
        ),
        ("CreateVpcPeeringConnection VpcId=vpc-{nil} PeerVpcId={vpc}", "InvalidVpcID.NotFound: The vpc ID '"),
        ("CreateVpcPeeringConnection VpcId={vpc} PeerVpcId={vpc}", "InvalidParameterValue: The VPC "),
        (
            "CreateVpcPeeringConnection VpcId={other} PeerVpcId={vpc}",
            "VpcPeeringConnectionAlreadyExists: A VPC peering connection between these VPCs already exists: ",
        ),
        ("AcceptVpcPeeringConnection", "MissingParameter: The request must contain the parameter VpcPeeringConnectionId"),
        ("AcceptVpcPeeringConnection VpcPeeringConnectionId=x", "InvalidVpcPeeringConnectionId.Malformed: Invalid id: \"x\" (expecting \"pcx-...\")"),
        ("AcceptVpcPeeringConnection VpcPeeringConnectionId=pcx-{nil}", "InvalidVpcPeeringConnectionID.NotFound: The vpcPeeringConnection ID '"),
        ("AcceptVpcPeeringConnection VpcPeeringConnectionId={pcx} DryRun=true", "DryRunOperation: "),
        (
            "ModifyVpcPeeringConnectionOptions VpcPeeringConnectionId=pcx-{nil}",
            "InvalidVpcPeeringConnectionID.NotFound: The vpcPeeringConnection ID '",
        ),
        (
            "ModifyVpcPeeringConnectionOptions VpcPeeringConnectionId={pcx} RequesterPeeringConnectionOptions.AllowDnsResolutionFromRemoteVpc=true",
            "OperationNotPermitted: Peering ",
        ),
    ]);
}

/// 1.3.8, 9.3.3
#[test]
fn a_batch_of_instances_is_all_or_nothing() {
    World::new().refuses(&[
        ("StartInstances", "MissingParameter: The request must contain the parameter InstanceId"),
        ("StartInstances InstanceId.1=x", "InvalidInstanceID.Malformed: Invalid id: \"x\" (expecting \"i-...\")"),
        ("StartInstances InstanceId.1={instance} InstanceId.2=i-{nil}", "InvalidInstanceID.NotFound: The instance ID '"),
        ("StopInstances InstanceId.1={instance} InstanceId.2=i-{nil}", "InvalidInstanceID.NotFound: The instance ID '"),
        ("TerminateInstances InstanceId.1={instance} InstanceId.2=i-{nil}", "InvalidInstanceID.NotFound: The instance ID '"),
        ("TerminateInstances InstanceId.1={instance} DryRun=true", "DryRunOperation: "),
    ]);
}

/// 10.8, 10.9
#[test]
fn an_elastic_ip_is_given_up_by_its_ids() {
    World::new().refuses(&[
        ("DisassociateAddress", "MissingParameter: The request must contain the parameter AssociationId"),
        ("DisassociateAddress AssociationId=eipassoc-{nil}", "InvalidAssociationID.NotFound: The association ID '"),
        ("ReleaseAddress", "MissingParameter: The request must contain the parameter AllocationId"),
        ("ReleaseAddress AllocationId=eipalloc-{nil}", "InvalidAllocationID.NotFound: The allocation ID '"),
    ]);
}
