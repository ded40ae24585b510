"""What Terraform's AWS provider, and Ansible, read right before or after they make something: they give up if one of these fails.

Neither is needed for this: the calls are those of their sources.
<https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service/ec2>,
<https://github.com/ansible-collections/amazon.aws/tree/main/plugins/modules>
"""

from aws import IMAGE, Account, named, where


class Terraform(Account):
    """A test for each resource of the provider."""

    def test_aws_vpc(self):
        ec2 = self.ec2
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", InstanceTenancy="default", AmazonProvidedIpv6CidrBlock=False, TagSpecifications=named("vpc", "a"))
        vpc = vpc["Vpc"]["VpcId"]
        self.wait("vpc_available", VpcIds=[vpc])
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        for attribute, value in (("enableDnsHostnames", True), ("enableDnsSupport", True), ("enableNetworkAddressUsageMetrics", False)):
            member = attribute[0].upper() + attribute[1:]
            self.assertEqual(ec2.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)[member]["Value"], value)
        for found in (
            ec2.describe_network_acls(Filters=where(default="true", vpc_id=vpc))["NetworkAcls"],
            ec2.describe_route_tables(Filters=where(association__main="true", vpc_id=vpc))["RouteTables"],
            ec2.describe_security_groups(Filters=where(group_name="default", vpc_id=vpc))["SecurityGroups"],
        ):
            self.assertEqual(len(found), 1)
        ec2.delete_vpc(VpcId=vpc)
        self.refused("InvalidVpcID.NotFound", ec2.describe_vpcs, VpcIds=[vpc])

    def test_aws_subnet_and_its_route_table(self):
        ec2 = self.ec2
        vpc = self.vpc("10.0.0.0/16")
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", TagSpecifications=named("subnet", "a"))["Subnet"]["SubnetId"]
        self.wait("subnet_available", SubnetIds=[subnet])
        table = ec2.create_route_table(VpcId=vpc, TagSpecifications=named("route-table", "a"))["RouteTable"]["RouteTableId"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        self.assertEqual([route["GatewayId"] for route in routes if route["DestinationCidrBlock"] == "0.0.0.0/0"], [gateway])
        association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
        by_id = where(association__route_table_association_id=association)
        [found] = ec2.describe_route_tables(Filters=by_id)["RouteTables"]
        self.assertEqual(found["Associations"][0]["AssociationState"]["State"], "associated")
        ec2.disassociate_route_table(AssociationId=association)
        self.assertEqual(ec2.describe_route_tables(Filters=by_id)["RouteTables"], [])

    def test_aws_security_group(self):
        ec2 = self.ec2
        vpc = self.vpc("10.0.0.0/16")
        group = ec2.create_security_group(GroupName="web", Description="Managed by Terraform", VpcId=vpc)["GroupId"]
        # It takes away the rule that AWS puts there, once.
        everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything)
        self.refused("InvalidPermission.NotFound", ec2.revoke_security_group_egress, GroupId=group, IpPermissions=everything)
        ec2.authorize_security_group_ingress(
            GroupId=group,
            IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "ssh"}]}],
        )
        found = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
        self.assertEqual((found["IpPermissionsEgress"], len(found["IpPermissions"])), ([], 1))
        ec2.delete_security_group(GroupId=group)

    def test_aws_vpc_peering_connection(self):
        ec2 = self.ec2
        one, two = self.vpc("10.1.0.0/16"), self.vpc("10.2.0.0/16")
        peering = ec2.create_vpc_peering_connection(VpcId=one, PeerVpcId=two, TagSpecifications=named("vpc-peering-connection", "a"))
        peering = peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]

        def is_in(*states):
            found = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[peering])["VpcPeeringConnections"]
            return found[0]["Status"]["Code"] in states

        self.eventually(lambda: is_in("pending-acceptance", "active"))
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
        self.eventually(lambda: is_in("active"))
        ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
        self.eventually(lambda: is_in("deleted"))

    def test_aws_eip(self):
        ec2 = self.ec2
        address = ec2.allocate_address(Domain="vpc", TagSpecifications=named("elastic-ip", "a"))["AllocationId"]
        self.assertEqual(ec2.describe_addresses(AllocationIds=[address])["Addresses"][0]["Domain"], "vpc")
        ec2.describe_addresses_attribute(AllocationIds=[address], Attribute="domain-name")
        ec2.release_address(AllocationId=address)
        self.refused("InvalidAllocationID.NotFound", ec2.describe_addresses, AllocationIds=[address])

    def test_aws_instance(self):
        ec2 = self.ec2
        subnet = self.subnet(self.vpc("10.0.0.0/16"), "10.0.0.0/24")
        self.assertEqual(len(ec2.describe_images(ImageIds=[IMAGE])["Images"]), 1)
        instance = self.instance(subnet, InstanceType="t3.micro", ClientToken="terraform-1", TagSpecifications=named("instance", "a"))
        self.wait("instance_running", InstanceIds=[instance])
        found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        self.assertEqual((found["State"]["Name"], found["Tags"]), ("running", [{"Key": "Name", "Value": "a"}]))
        for attribute in ("disableApiStop", "disableApiTermination", "instanceInitiatedShutdownBehavior", "userData"):
            ec2.describe_instance_attribute(InstanceId=instance, Attribute=attribute)
        ec2.describe_tags(Filters=where(resource_id=instance, resource_type="instance"))
        ec2.terminate_instances(InstanceIds=[instance])
        self.wait("instance_terminated", InstanceIds=[instance])


class Ansible(Account):
    """By tags and by what it wants, Ansible looks for what is there, before it makes anything."""

    def test_ec2_vpc_net(self):
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=named("vpc", "a"))["Vpc"]["VpcId"]
        found = self.ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["a"]}, {"Name": "cidr-block", "Values": ["10.0.0.0/16"]}])["Vpcs"]
        self.assertEqual([found["VpcId"] for found in found], [vpc])

    def test_ec2_instance(self):
        subnet = self.subnet(self.vpc("10.0.0.0/16"), "10.0.0.0/24")
        tags = named("instance", "one") + named("volume", "one")
        instance = self.instance(subnet, InstanceType="t2.micro", TagSpecifications=tags, Monitoring={"Enabled": False}, EbsOptimized=False)
        states = ["pending", "running", "stopping", "stopped"]
        filters = [{"Name": "tag:Name", "Values": ["one"]}, *where(subnet_id=subnet, instance_state_name=states)]
        found = [found for page in self.ec2.describe_instances(Filters=filters)["Reservations"] for found in page["Instances"]]
        self.assertEqual([found["InstanceId"] for found in found], [instance])
        self.ec2.terminate_instances(InstanceIds=[instance])
        self.wait("instance_terminated", InstanceIds=[instance])
