"""The paginators of boto3: small pages join to the whole."""

from aws import Account, client, where

# The sizes of pages that AWS takes begin at 5.
PAGE = 5
MORE = 12


class Pages(Account):
    """What a paginator lists in pages is what the call lists at once."""

    def check(self, operation, member, key, least, **parameters):
        whole = getattr(self.ec2, operation)(**parameters)[member]
        pages = list(self.ec2.get_paginator(operation).paginate(PaginationConfig={"PageSize": PAGE}, **parameters))
        for page in pages:
            self.assertLessEqual(len(page[member]), PAGE)
        ids = [item[key] for page in pages for item in page[member]]
        self.assertEqual(sorted(ids), sorted(item[key] for item in whole))
        self.assertGreaterEqual(len(ids), least)
        self.assertGreaterEqual(len(pages), -(-least // PAGE))

    def test_everything_in_pages(self):
        ec2 = self.ec2
        vpc = self.vpc("10.0.0.0/16")
        subnets = [self.subnet(vpc, f"10.0.{number}.0/24") for number in range(MORE)]
        for number in range(MORE):
            ec2.create_route_table(VpcId=vpc)
            ec2.create_network_acl(VpcId=vpc)
            ec2.create_security_group(GroupName=f"group {number}", Description="d", VpcId=vpc)
        # An account may have five, and the default VPC has one.
        for _ in range(4):
            ec2.create_internet_gateway()
        instances = [self.instance(subnet) for subnet in subnets[:7]]
        self.wait("instance_running", InstanceIds=instances)
        ec2.create_tags(Resources=subnets, Tags=[{"Key": "Name", "Value": "one of many"}])
        for operation, member, key, least in (
            ("describe_vpcs", "Vpcs", "VpcId", 1),
            ("describe_subnets", "Subnets", "SubnetId", MORE),
            ("describe_internet_gateways", "InternetGateways", "InternetGatewayId", 4),
            ("describe_route_tables", "RouteTables", "RouteTableId", MORE + 1),
            ("describe_network_acls", "NetworkAcls", "NetworkAclId", MORE + 1),
            ("describe_security_groups", "SecurityGroups", "GroupId", MORE + 1),
            ("describe_security_group_rules", "SecurityGroupRules", "SecurityGroupRuleId", MORE + 2),
            ("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId", len(instances)),
            ("describe_instances", "Reservations", "ReservationId", len(instances)),
            ("describe_instance_status", "InstanceStatuses", "InstanceId", len(instances)),
            ("describe_tags", "Tags", "ResourceId", MORE),
            ("describe_images", "Images", "ImageId", 1),
        ):
            with self.subTest(operation):
                self.check(operation, member, key, least)
        with self.subTest("a filter and pages"):
            self.check("describe_subnets", "Subnets", "SubnetId", MORE, Filters=where(vpc_id=vpc))

    def test_peering_connections_in_pages(self):
        """Two accounts, for one may have but five VPCs."""
        ours = [self.vpc(f"10.{number}.0.0/16") for number in range(2)]
        other = client(str(int(self.account) + 500_000_000_000))
        theirs = [other.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"] for number in range(10, 14)]
        for one in ours:
            for two in theirs:
                self.ec2.create_vpc_peering_connection(VpcId=one, PeerVpcId=two, PeerOwnerId=str(int(self.account) + 500_000_000_000))
        self.check("describe_vpc_peering_connections", "VpcPeeringConnections", "VpcPeeringConnectionId", 8)

    def test_what_is_no_page_is_refused(self):
        self.refused("InvalidParameterValue", client(self.account, parameter_validation=False).describe_subnets, MaxResults=4)
        self.refused("InvalidNextToken", self.ec2.describe_subnets, NextToken="of somebody else")
