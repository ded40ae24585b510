"""The VPC peering lab, as somebody with boto3 would do it."""

from aws import IMAGE, Account, named, where


class Lab(Account):
    """Two VPCs, peered; an instance in each; an Elastic IP; the rules; the clean-up."""

    def test_peering(self):
        one, two = self.vpc_and_more("NextWork-1", "10.1.0.0/16"), self.vpc_and_more("NextWork-2", "10.2.0.0/16")
        vpcs = self.ec2.describe_vpcs(VpcIds=[one["vpc"], two["vpc"]])["Vpcs"]
        self.assertEqual({vpc["State"] for vpc in vpcs}, {"available"})

        peering = self.peer(one, two)
        self.route_both_ways(one, two, peering)
        first, second = self.launch(one, "Instance - NextWork VPC 1"), self.launch(two, "Instance - NextWork VPC 2")
        allocation = self.associate_elastic_ip(first)
        self.open(one, two)
        self.clean_up(one, two, [first, second], peering, allocation)

    def vpc_and_more(self, name, cidr):
        """What the console's wizard calls, in its order."""
        ec2 = self.ec2
        vpc = ec2.create_vpc(CidrBlock=cidr, TagSpecifications=named("vpc", f"{name}-vpc"))["Vpc"]
        self.assertEqual((vpc["State"], vpc["CidrBlock"], vpc["InstanceTenancy"]), ("pending", cidr, "default"))
        vpc = vpc["VpcId"]
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
        self.wait("vpc_available", VpcIds=[vpc])
        block = cidr.replace("/16", "/20")
        name_of_subnet = named("subnet", f"{name}-subnet-public1-us-east-1a")
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone="us-east-1a", TagSpecifications=name_of_subnet)["Subnet"]
        self.assertEqual((subnet["AvailabilityZone"], subnet["MapPublicIpOnLaunch"], subnet["AvailableIpAddressCount"]), ("us-east-1a", False, 4091))
        self.wait("subnet_available", SubnetIds=[subnet["SubnetId"]])
        gateway = ec2.create_internet_gateway(TagSpecifications=named("internet-gateway", f"{name}-igw"))["InternetGateway"]["InternetGatewayId"]
        self.wait("internet_gateway_exists", InternetGatewayIds=[gateway])
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        table = ec2.create_route_table(VpcId=vpc, TagSpecifications=named("route-table", f"{name}-rtb-public"))["RouteTable"]["RouteTableId"]
        self.assertTrue(ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)["Return"])
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet["SubnetId"])
        tables = ec2.describe_route_tables(Filters=where(vpc_id=vpc))["RouteTables"]
        self.assertEqual(sorted(len(table["Routes"]) for table in tables), [1, 2])
        return {"cidr": cidr, "vpc": vpc, "subnet": subnet["SubnetId"], "gateway": gateway, "table": table}

    def peer(self, one, two):
        name = named("vpc-peering-connection", "VPC 1 <> VPC 2")
        peering = self.ec2.create_vpc_peering_connection(VpcId=one["vpc"], PeerVpcId=two["vpc"], TagSpecifications=name)["VpcPeeringConnection"]
        self.assertIn(peering["Status"]["Code"], ("initiating-request", "pending-acceptance"))
        peering = peering["VpcPeeringConnectionId"]
        self.wait("vpc_peering_connection_exists", VpcPeeringConnectionIds=[peering])
        self.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
        active = where(status_code="active")
        self.eventually(lambda: self.ec2.describe_vpc_peering_connections(Filters=active)["VpcPeeringConnections"])
        found = self.ec2.describe_vpc_peering_connections(Filters=active)["VpcPeeringConnections"]
        self.assertEqual([connection["VpcPeeringConnectionId"] for connection in found], [peering])
        self.assertEqual(found[0]["AccepterVpcInfo"]["CidrBlock"], two["cidr"])
        self.assertEqual(found[0]["Tags"], [{"Key": "Name", "Value": "VPC 1 <> VPC 2"}])
        return peering

    def route_both_ways(self, one, two, peering):
        slip = {"RouteTableId": one["table"], "DestinationCidrBlock": one["cidr"], "VpcPeeringConnectionId": peering}
        sentence = self.refused("InvalidParameterValue", self.ec2.create_route, **slip)
        self.assertIn("10.1.0.0/16 is equal to or more specific than one of this VPC's CIDR blocks", sentence)
        for here, there in ((one, two), (two, one)):
            self.ec2.create_route(RouteTableId=here["table"], DestinationCidrBlock=there["cidr"], VpcPeeringConnectionId=peering)
        routes = self.ec2.describe_route_tables(RouteTableIds=[one["table"]])["RouteTables"][0]["Routes"]
        self.assertEqual({route["DestinationCidrBlock"]: route["State"] for route in routes}, dict.fromkeys(["10.1.0.0/16", "10.2.0.0/16", "0.0.0.0/0"], "active"))

    def launch(self, side, name):
        interface = {"DeviceIndex": 0, "SubnetId": side["subnet"], "AssociatePublicIpAddress": False, "Groups": [self.default_group(side["vpc"])]}
        answer = self.ec2.run_instances(
            ImageId=IMAGE,
            InstanceType="t2.micro",
            MinCount=1,
            MaxCount=1,
            NetworkInterfaces=[interface],
            TagSpecifications=named("instance", name),
        )
        instance = answer["Instances"][0]["InstanceId"]
        self.wait("instance_running", InstanceIds=[instance])
        self.wait("instance_status_ok", InstanceIds=[instance])
        found = self.ec2.describe_instances(Filters=[{"Name": "tag:Name", "Values": [name]}])["Reservations"][0]["Instances"][0]
        self.assertEqual((found["InstanceId"], found["State"]["Name"]), (instance, "running"))
        self.assertNotIn("PublicIpAddress", found)
        return instance

    def associate_elastic_ip(self, instance):
        address = self.ec2.allocate_address(Domain="vpc")
        self.ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=instance)
        found = self.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        self.assertEqual(found["PublicIpAddress"], address["PublicIp"])
        self.refused("InvalidIPAddress.InUse", self.ec2.release_address, AllocationId=address["AllocationId"])
        return address["AllocationId"]

    def open(self, one, two):
        for side, permission in (
            (one, {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}),
            (two, {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": "10.1.0.0/16", "Description": "ping"}]}),
        ):
            group = self.default_group(side["vpc"])
            rules = self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])["SecurityGroupRules"]
            self.assertEqual([rule["CidrIpv4"] for rule in rules], [permission["IpRanges"][0]["CidrIp"]])
            self.refused("InvalidPermission.Duplicate", self.ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[permission])
            permissions = self.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
            self.assertEqual(len(permissions), 2)

    def clean_up(self, one, two, instances, peering, allocation):
        self.refused("DependencyViolation", self.ec2.delete_vpc, VpcId=one["vpc"])
        for change in self.ec2.terminate_instances(InstanceIds=instances)["TerminatingInstances"]:
            self.assertEqual((change["PreviousState"]["Name"], change["CurrentState"]["Name"]), ("running", "shutting-down"))
        self.wait("instance_terminated", InstanceIds=instances)
        self.ec2.release_address(AllocationId=allocation)
        self.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
        self.wait("vpc_peering_connection_deleted", VpcPeeringConnectionIds=[peering])
        for side in (one, two):
            routes = self.ec2.describe_route_tables(RouteTableIds=[side["table"]])["RouteTables"][0]["Routes"]
            self.assertEqual([route["State"] for route in routes if route.get("VpcPeeringConnectionId") == peering], ["blackhole"])
            self.ec2.delete_subnet(SubnetId=side["subnet"])
            self.ec2.delete_route_table(RouteTableId=side["table"])
            self.ec2.detach_internet_gateway(InternetGatewayId=side["gateway"], VpcId=side["vpc"])
            self.ec2.delete_internet_gateway(InternetGatewayId=side["gateway"])
            self.ec2.delete_vpc(VpcId=side["vpc"])
        self.assertEqual(self.ec2.describe_vpcs(Filters=where(vpc_id=[one["vpc"], two["vpc"]]))["Vpcs"], [])
