"""boto3's resources: objects that load themselves."""

from aws import ENDPOINT, IMAGE, SOON, Account, session, where


class Resources(Account):
    """`boto3.resource('ec2')`"""

    def test_a_network_by_resources(self):
        ec2 = session(self.account).resource("ec2", endpoint_url=ENDPOINT)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")
        vpc.wait_until_available(WaiterConfig=SOON)
        vpc.create_tags(Tags=[{"Key": "Name", "Value": "by resources"}])
        vpc.modify_attribute(EnableDnsHostnames={"Value": True})
        self.assertTrue(vpc.describe_attribute(Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"])
        vpc.reload()
        self.assertEqual(vpc.tags, [{"Key": "Name", "Value": "by resources"}])
        subnet = vpc.create_subnet(CidrBlock="10.0.0.0/24")
        gateway = ec2.create_internet_gateway()
        gateway.attach_to_vpc(VpcId=vpc.id)
        table = vpc.create_route_table()
        table.create_route(DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway.id)
        table.reload()
        routes = [(route.gateway_id, route.state, route.origin) for route in table.routes]
        self.assertEqual(sorted(routes), [(gateway.id, "active", "CreateRoute"), ("local", "active", "CreateRouteTable")])
        association = table.associate_with_subnet(SubnetId=subnet.id)
        main = vpc.route_tables.filter(Filters=where(association__main="true"))
        self.assertEqual({found.id for found in vpc.route_tables.all()}, {table.id, *(found.id for found in main)})
        group = vpc.create_security_group(GroupName="web", Description="d")
        group.authorize_ingress(IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="0.0.0.0/0")
        self.assertEqual(group.ip_permissions[0]["IpRanges"], [{"CidrIp": "0.0.0.0/0"}])
        [instance] = subnet.create_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, SecurityGroupIds=[group.id])
        instance.wait_until_running(WaiterConfig=SOON)
        instance.reload()
        self.assertEqual((instance.state["Name"], instance.vpc.id, instance.subnet.id), ("running", vpc.id, subnet.id))
        self.assertEqual([interface.private_ip_address for interface in instance.network_interfaces], [instance.private_ip_address])
        address = ec2.VpcAddress(ec2.meta.client.allocate_address(Domain="vpc")["AllocationId"])
        address.associate(InstanceId=instance.id)
        address.reload()
        address.association.delete()
        address.release()
        self.assertEqual([found.id for found in ec2.instances.filter(Filters=where(vpc_id=vpc.id))], [instance.id])
        self.assertEqual(ec2.Image(IMAGE).state, "available")
        instance.terminate()
        instance.wait_until_terminated(WaiterConfig=SOON)
        association.delete()
        for thing in (group, subnet, table):
            thing.delete()
        gateway.detach_from_vpc(VpcId=vpc.id)
        gateway.delete()
        vpc.delete()
        self.assertEqual(list(ec2.vpcs.filter(Filters=where(is_default="false"))), [])
