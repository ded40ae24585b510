"""What the lab does not use: the other operations, and the other parameters of some."""

import os
import subprocess
import tempfile

from aws import IMAGE, Account, client, named, where

PUBLIC_KEY = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA8k3GxOdYRSxYwpzS2oHyDCAkpmvqPqlJs8jKRbKkLY somebody"


class Operations(Account):
    """Each test makes what it needs."""

    def test_places(self):
        ec2 = self.ec2
        zones = ec2.describe_availability_zones(ZoneNames=["us-east-1a"], AllAvailabilityZones=True)["AvailabilityZones"]
        self.assertEqual([zone["ZoneName"] for zone in zones], ["us-east-1a"])
        self.assertIn("eu-west-1", [region["RegionName"] for region in ec2.describe_regions()["Regions"]])
        self.assertTrue(ec2.describe_images(Owners=["amazon"])["Images"])

    def test_images(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(f"{folder}/bin")
            os.symlink("busybox", f"{folder}/bin/sh")
            command = ["peerless", "image", "import", "mine", folder, "--account", self.account, "--region", "us-east-1"]
            image = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        found = self.ec2.describe_images(Owners=["self"])["Images"]
        self.assertEqual([(each["ImageId"], each["Name"], each["Public"]) for each in found], [(image, "mine", False)])
        self.wait("image_available", ImageIds=[image])
        self.assertTrue(self.ec2.deregister_image(ImageId=image)["Return"])
        amazons = self.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        self.refused("AuthFailure", self.ec2.deregister_image, ImageId=amazons)
        self.refused("InvalidAMIID.NotFound", self.ec2.deregister_image, ImageId="ami-12345678")
        self.assertEqual(self.ec2.describe_images(Owners=["self"])["Images"], [])

    def test_who_am_i(self):
        self.assertEqual(client(self.account, "sts").get_caller_identity()["Account"], self.account)

    def test_the_default_vpc(self):
        default = self.ec2.describe_vpcs(Filters=where(is_default="true"))["Vpcs"][0]["VpcId"]
        instance = self.ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1)["Instances"][0]
        self.assertEqual(instance["VpcId"], default)
        self.wait("instance_running", InstanceIds=[instance["InstanceId"]])
        self.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
        self.wait("instance_terminated", InstanceIds=[instance["InstanceId"]])
        for subnet in self.ec2.describe_subnets(Filters=where(vpc_id=default))["Subnets"]:
            self.ec2.delete_subnet(SubnetId=subnet["SubnetId"])
        again = self.ec2.create_default_subnet(AvailabilityZone="us-east-1a")["Subnet"]
        self.assertTrue(again["DefaultForAz"])
        self.ec2.delete_subnet(SubnetId=again["SubnetId"])
        gateway = self.ec2.describe_internet_gateways(Filters=where(attachment__vpc_id=default))["InternetGateways"][0]["InternetGatewayId"]
        self.ec2.detach_internet_gateway(VpcId=default, InternetGatewayId=gateway)
        self.ec2.delete_internet_gateway(InternetGatewayId=gateway)
        self.ec2.delete_vpc(VpcId=default)
        self.assertTrue(self.ec2.create_default_vpc()["Vpc"]["IsDefault"])

    def test_key_pairs(self):
        made = self.ec2.create_key_pair(KeyName="made", KeyType="ed25519", TagSpecifications=named("key-pair", "made"))
        self.assertIn("PRIVATE KEY", made["KeyMaterial"])
        self.ec2.import_key_pair(KeyName="brought", PublicKeyMaterial=PUBLIC_KEY)
        self.wait("key_pair_exists", KeyNames=["made", "brought"])
        found = self.ec2.describe_key_pairs(KeyNames=["made"], IncludePublicKey=True)["KeyPairs"][0]
        self.assertEqual((found["KeyPairId"], found["KeyFingerprint"]), (made["KeyPairId"], made["KeyFingerprint"]))
        self.ec2.delete_key_pair(KeyName="made")
        self.assertEqual([pair["KeyName"] for pair in self.ec2.describe_key_pairs()["KeyPairs"]], ["brought"])

    def test_instance_connect(self):
        instance = self.instance(self.subnet(self.vpc("10.0.0.0/16"), "10.0.0.0/24"))
        self.wait("instance_running", InstanceIds=[instance])
        connect = client(self.account, "ec2-instance-connect")
        key = {"InstanceOSUser": "ec2-user", "SSHPublicKey": PUBLIC_KEY.decode()}
        self.assertTrue(connect.send_ssh_public_key(InstanceId=instance, **key)["Success"])
        self.refused("EC2InstanceNotFoundException", connect.send_ssh_public_key, InstanceId="i-0123456789abcdef0", **key)
        self.ec2.stop_instances(InstanceIds=[instance])
        self.wait("instance_stopped", InstanceIds=[instance])
        self.refused("EC2InstanceStateInvalidException", connect.send_ssh_public_key, InstanceId=instance, **key)

    def test_console_output(self):
        instance = self.instance(self.subnet(self.vpc("10.0.0.0/16"), "10.0.0.0/24"))
        self.wait("instance_running", InstanceIds=[instance])
        self.assertEqual(self.ec2.get_console_output(InstanceId=instance)["InstanceId"], instance)

    def test_serial_console_access(self):
        for call, enabled in (
            (self.ec2.enable_serial_console_access, True),
            (self.ec2.disable_serial_console_access, False),
        ):
            self.assertEqual(call()["SerialConsoleAccessEnabled"], enabled)
            status = self.ec2.get_serial_console_access_status()
            self.assertEqual((status["SerialConsoleAccessEnabled"], status["ManagedBy"]), (enabled, "account"))

    def test_attributes_of_a_vpc(self):
        vpc = self.vpc("10.0.0.0/16")
        for attribute in ("enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics"):
            member = attribute[0].upper() + attribute[1:]
            self.ec2.modify_vpc_attribute(VpcId=vpc, **{member: {"Value": True}})
            self.assertEqual(self.ec2.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)[member], {"Value": True})

    def test_subnets(self):
        ec2 = self.ec2
        vpc = self.vpc("10.0.0.0/16")
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZoneId="use1-az2", TagSpecifications=named("subnet", "a"))["Subnet"]["SubnetId"]
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
        found = ec2.describe_subnets(SubnetIds=[subnet], Filters=[*where(state="available"), {"Name": "availabilityZoneId", "Values": ["use1-az2"]}])["Subnets"][0]
        self.assertTrue(found["MapPublicIpOnLaunch"])
        self.assertEqual(found["AvailabilityZoneId"], "use1-az2")

    def test_route_tables(self):
        ec2 = self.ec2
        vpc = self.vpc("10.0.0.0/16")
        subnet = self.subnet(vpc, "10.0.1.0/24")
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        one, two = (ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2))
        ec2.create_route(RouteTableId=one, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        ec2.create_route(RouteTableId=one, DestinationIpv6CidrBlock="::/0", GatewayId=gateway)
        ec2.replace_route(RouteTableId=one, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        ec2.delete_route(RouteTableId=one, DestinationIpv6CidrBlock="::/0")
        association = ec2.associate_route_table(RouteTableId=one, SubnetId=subnet)
        self.assertEqual(association["AssociationState"], {"State": "associated"})
        again = ec2.replace_route_table_association(AssociationId=association["AssociationId"], RouteTableId=two)
        found = ec2.describe_route_tables(Filters=where(association__subnet_id=subnet))["RouteTables"]
        self.assertEqual([table["RouteTableId"] for table in found], [two])
        ec2.disassociate_route_table(AssociationId=again["NewAssociationId"])

    def test_internet_gateways(self):
        vpc = self.vpc("10.0.0.0/16")
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        found = self.ec2.describe_internet_gateways(Filters=where(attachment__vpc_id=vpc))["InternetGateways"]
        self.assertEqual([gateway["Attachments"] for gateway in found], [[{"State": "available", "VpcId": vpc}]])

    def test_network_acls(self):
        ec2 = self.ec2
        vpc = self.vpc("10.0.0.0/16")
        subnet = self.subnet(vpc, "10.0.1.0/24")
        acl = ec2.create_network_acl(VpcId=vpc, TagSpecifications=named("network-acl", "strict"))["NetworkAcl"]["NetworkAclId"]
        entry = {"NetworkAclId": acl, "RuleNumber": 100, "Egress": False, "CidrBlock": "10.0.0.0/8"}
        ec2.create_network_acl_entry(**entry, RuleAction="allow", Protocol="6", PortRange={"From": 22, "To": 22})
        ec2.replace_network_acl_entry(**entry, RuleAction="deny", Protocol="1", IcmpTypeCode={"Type": 8, "Code": -1})
        ec2.create_network_acl_entry(NetworkAclId=acl, RuleNumber=100, Egress=True, Ipv6CidrBlock="::/0", RuleAction="allow", Protocol="-1")
        default = ec2.describe_network_acls(Filters=where(vpc_id=vpc, default="true"))["NetworkAcls"][0]
        ec2.replace_network_acl_association(AssociationId=default["Associations"][0]["NetworkAclAssociationId"], NetworkAclId=acl)
        found = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]
        self.assertEqual([association["SubnetId"] for association in found["Associations"]], [subnet])
        ingress = [entry for entry in found["Entries"] if not entry["Egress"]]
        self.assertEqual([entry["RuleNumber"] for entry in ingress], [100, 32767])
        self.assertEqual(ingress[0]["IcmpTypeCode"], {"Type": 8, "Code": -1})
        ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=100, Egress=False)
        another = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
        ec2.delete_network_acl(NetworkAclId=another)

    def test_security_groups(self):
        ec2 = self.ec2
        vpc = self.vpc("10.0.0.0/16")
        group = ec2.create_security_group(GroupName="web", Description="d", VpcId=vpc, TagSpecifications=named("security-group", "web"))["GroupId"]
        ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
        anyone = {"IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "ssh"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
        ec2.authorize_security_group_ingress(
            GroupId=group,
            IpPermissions=[{**ssh, **anyone, "UserIdGroupPairs": [{"GroupId": group, "Description": "us"}]}],
            TagSpecifications=named("security-group-rule", "ssh"),
        )
        ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="192.0.2.1/32")
        ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[{"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}])
        found = ec2.describe_security_groups(Filters=where(group_name="web"))["SecurityGroups"][0]
        # What is described can be revoked as it stands.
        revoked = ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=found["IpPermissions"])
        self.assertTrue(revoked["Return"])
        rules = ec2.describe_security_group_rules(Filters=where(group_id=group))["SecurityGroupRules"]
        self.assertEqual({rule["IsEgress"] for rule in rules}, {True})
        ec2.revoke_security_group_egress(GroupId=group, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"] for rule in rules])
        self.assertEqual(ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissionsEgress"], [])
        ec2.delete_security_group(GroupId=group)

    def test_peering_that_comes_to_nothing(self):
        ec2 = self.ec2
        one, two, overlapping = (self.vpc(cidr) for cidr in ("10.1.0.0/16", "10.2.0.0/16", "10.1.0.0/17"))
        peering = ec2.create_vpc_peering_connection(VpcId=one, PeerVpcId=two, PeerOwnerId=self.account, PeerRegion="us-east-1")
        peering = peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        ec2.reject_vpc_peering_connection(VpcPeeringConnectionId=peering)
        failed = ec2.create_vpc_peering_connection(VpcId=one, PeerVpcId=overlapping)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        self.wait("vpc_peering_connection_exists", VpcPeeringConnectionIds=[failed])
        self.eventually(lambda: self.status(failed) == "failed")
        self.assertEqual(self.status(peering), "rejected")

    def status(self, peering):
        found = self.ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[peering])["VpcPeeringConnections"]
        return found[0]["Status"]["Code"]

    def test_options_of_a_peering(self):
        one, two = self.vpc("10.1.0.0/16"), self.vpc("10.2.0.0/16")
        for vpc in (one, two):
            self.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        peering = self.ec2.create_vpc_peering_connection(VpcId=one, PeerVpcId=two)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        self.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
        self.eventually(lambda: self.status(peering) == "active")
        options = {"AllowDnsResolutionFromRemoteVpc": True}
        answer = self.ec2.modify_vpc_peering_connection_options(VpcPeeringConnectionId=peering, RequesterPeeringConnectionOptions=options)
        self.assertTrue(answer["RequesterPeeringConnectionOptions"]["AllowDnsResolutionFromRemoteVpc"])

    def test_life_of_an_instance(self):
        ec2 = self.ec2
        vpc = self.vpc("10.0.0.0/16")
        subnet = self.subnet(vpc, "10.0.1.0/24")
        answer = ec2.run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=2, SubnetId=subnet, ClientToken="once", TagSpecifications=named("instance", "a") + named("network-interface", "b") + named("volume", "c"))
        ids = [instance["InstanceId"] for instance in answer["Instances"]]
        self.wait("instance_running", InstanceIds=ids)
        self.assertEqual(len(ec2.describe_instance_status(InstanceIds=ids)["InstanceStatuses"]), 2)
        ec2.reboot_instances(InstanceIds=ids)
        # Nothing boots here, so that nothing is shown.
        self.assertEqual(ec2.get_console_output(InstanceId=ids[0], Latest=True)["Output"], "")
        ec2.stop_instances(InstanceIds=ids)
        self.wait("instance_stopped", InstanceIds=ids)
        every = ec2.describe_instance_status(InstanceIds=ids, IncludeAllInstances=True)["InstanceStatuses"]
        self.assertEqual({status["InstanceState"]["Name"] for status in every}, {"stopped"})
        ec2.modify_instance_attribute(InstanceId=ids[0], SourceDestCheck={"Value": False})
        options = ec2.modify_instance_metadata_options(InstanceId=ids[0], HttpTokens="required")["InstanceMetadataOptions"]
        self.assertEqual(options["HttpTokens"], "required")
        ec2.start_instances(InstanceIds=ids)
        self.wait("instance_running", InstanceIds=ids)
        ec2.terminate_instances(InstanceIds=ids)
        self.wait("instance_terminated", InstanceIds=ids)
        gone = ec2.describe_instances(InstanceIds=ids[:1])["Reservations"][0]["Instances"][0]
        self.assertEqual(gone["StateReason"]["Code"], "Client.UserInitiatedShutdown")

    def test_attributes_of_an_instance_and_its_interface(self):
        ec2 = self.ec2
        vpc = self.vpc("10.0.0.0/16")
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        instance = self.instance(self.subnet(vpc, "10.0.1.0/24"))
        self.wait("instance_running", InstanceIds=[instance])
        for attribute in ("instanceType", "disableApiTermination", "sourceDestCheck", "groupSet", "instanceInitiatedShutdownBehavior", "userData"):
            answer = ec2.describe_instance_attribute(InstanceId=instance, Attribute=attribute)
            self.assertEqual(answer["InstanceId"], instance)
        interface = ec2.describe_network_interfaces(Filters=where(attachment__instance_id=instance))["NetworkInterfaces"][0]
        interface = interface["NetworkInterfaceId"]
        ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": False})
        ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Description={"Value": "of the router"})
        for attribute in ("description", "groupSet", "sourceDestCheck", "attachment"):
            answer = ec2.describe_network_interface_attribute(NetworkInterfaceId=interface, Attribute=attribute)
            self.assertEqual(answer["NetworkInterfaceId"], interface)
        self.assertEqual(ec2.describe_instance_attribute(InstanceId=instance, Attribute="sourceDestCheck")["SourceDestCheck"], {"Value": False})

    def test_elastic_ips(self):
        ec2 = self.ec2
        vpc = self.vpc("10.0.0.0/16")
        subnet = self.subnet(vpc, "10.0.1.0/24")
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
        instance = self.instance(subnet)
        self.wait("instance_running", InstanceIds=[instance])
        found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        self.assertTrue(found["PublicIpAddress"])
        address = ec2.allocate_address(Domain="vpc", TagSpecifications=named("elastic-ip", "door"))
        association = ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=instance)["AssociationId"]
        found = ec2.describe_addresses(AllocationIds=[address["AllocationId"]])["Addresses"][0]
        self.assertEqual((found["InstanceId"], found["AssociationId"]), (instance, association))
        ec2.describe_addresses_attribute(AllocationIds=[address["AllocationId"]], Attribute="domain-name")
        ec2.describe_network_interfaces(Filters=where(attachment__instance_id=instance))
        ec2.disassociate_address(AssociationId=association)
        ec2.release_address(AllocationId=address["AllocationId"])

    def test_instance_connect_endpoint(self):
        ec2 = self.ec2
        vpc = self.vpc("10.1.0.0/16")
        subnet = self.subnet(vpc, "10.1.0.0/24")
        tags = [{"ResourceType": "instance-connect-endpoint", "Tags": [{"Key": "Name", "Value": "door"}]}]
        made = ec2.create_instance_connect_endpoint(SubnetId=subnet, PreserveClientIp=False, TagSpecifications=tags)
        self.assertTrue(made["ClientToken"])
        id = made["InstanceConnectEndpoint"]["InstanceConnectEndpointId"]
        find = lambda: ec2.describe_instance_connect_endpoints(InstanceConnectEndpointIds=[id], MaxResults=50)["InstanceConnectEndpoints"]
        self.eventually(lambda: find()[0]["State"] == "create-complete")
        interface = ec2.describe_network_interfaces(Filters=where(interface_type="ec2_instance_connect_endpoint", vpc_id=vpc))
        self.assertEqual([found["NetworkInterfaceId"] for found in interface["NetworkInterfaces"]], find()[0]["NetworkInterfaceIds"])
        self.assertEqual(ec2.delete_instance_connect_endpoint(InstanceConnectEndpointId=id)["InstanceConnectEndpoint"]["State"], "delete-in-progress")
        self.eventually(lambda: not ec2.describe_instance_connect_endpoints()["InstanceConnectEndpoints"])

    def test_tags(self):
        vpc = self.vpc("10.0.0.0/16")
        self.ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "a & b <c>"}, {"Key": "empty", "Value": ""}])
        tags = self.ec2.describe_tags(Filters=where(resource_id=vpc))["Tags"]
        self.assertEqual({tag["Key"]: tag["Value"] for tag in tags}, {"Name": "a & b <c>", "empty": ""})
        self.ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "empty"}])
        self.assertEqual(self.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Tags"], [{"Key": "Name", "Value": "a & b <c>"}])
