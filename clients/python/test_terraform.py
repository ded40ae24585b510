"""What Terraform's AWS provider calls for each resource, in its order: to make it, to read it back, to change it, to take it away.

The provider is not needed for this: the calls are those of its source.
<https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service/ec2>
"""

import base64

from aws import IMAGE, Account, client, named, where

EVERYTHING = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
EVERYTHING_IPV6 = {"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}


class Terraform(Account):
    """A test for each resource of the provider."""

    def test_provider_and_data_sources(self):
        ec2 = self.ec2
        self.assertEqual(client(self.account, "sts").get_caller_identity()["Account"], self.account)
        ec2.describe_account_attributes(AttributeNames=["supported-platforms", "default-vpc"])
        zones = ec2.describe_availability_zones(AllAvailabilityZones=False, Filters=where(state="available", opt_in_status="opt-in-not-required"))
        self.assertIn("us-east-1a", [zone["ZoneName"] for zone in zones["AvailabilityZones"]])
        ec2.describe_regions(AllRegions=True, Filters=where(opt_in_status=["opt-in-not-required", "opted-in"]))
        self.assertEqual(ec2.describe_regions(RegionNames=["us-east-1"])["Regions"][0]["RegionName"], "us-east-1")
        filters = where(name="al2023-ami-*", architecture="x86_64", virtualization_type="hvm", root_device_type="ebs", owner_alias="amazon")
        images = ec2.describe_images(Owners=["amazon"], Filters=filters, IncludeDeprecated=False, IncludeDisabled=False)["Images"]
        self.assertTrue(images and all(image["RootDeviceName"] and image["CreationDate"] for image in images))
        vpc = ec2.describe_vpcs(Filters=where(isDefault="true"))["Vpcs"][0]
        subnets = ec2.describe_subnets(Filters=where(vpc_id=vpc["VpcId"], default_for_az="true"))["Subnets"]
        self.assertEqual(len(subnets), 6)
        ec2.describe_route_tables(Filters=where(association__subnet_id=subnets[0]["SubnetId"]))
        ec2.describe_instance_types(InstanceTypes=["t3.micro"])
        ec2.describe_instance_type_offerings(LocationType="availability-zone", Filters=where(instance_type=["t3.micro"]))

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
        ec2.modify_vpc_attribute(VpcId=vpc, EnableNetworkAddressUsageMetrics={"Value": True})
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "b"}])
        ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "Old"}])
        found = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]
        self.assertEqual((found["Tags"], found["InstanceTenancy"], found["IsDefault"]), ([{"Key": "Name", "Value": "b"}], "default", False))
        self.assertEqual(found["CidrBlockAssociationSet"][0]["CidrBlockState"]["State"], "associated")
        ec2.delete_vpc(VpcId=vpc)
        self.refused("InvalidVpcID.NotFound", ec2.describe_vpcs, VpcIds=[vpc])

    def test_aws_vpc_ipv4_cidr_block_association(self):
        ec2, vpc = self.ec2, self.vpc("10.0.0.0/16")
        association = ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.1.0.0/16")["CidrBlockAssociation"]["AssociationId"]
        by_id = [{"Name": "cidr-block-association.association-id", "Values": [association]}]
        self.assertEqual(len(ec2.describe_vpcs(Filters=by_id)["Vpcs"][0]["CidrBlockAssociationSet"]), 2)
        ec2.disassociate_vpc_cidr_block(AssociationId=association)
        self.assertEqual(ec2.describe_vpcs(Filters=by_id)["Vpcs"], [])
        self.refused("InvalidVpcCidrBlockAssociationID.NotFound", ec2.disassociate_vpc_cidr_block, AssociationId=association)

    def test_aws_vpc_dhcp_options(self):
        ec2, vpc = self.ec2, self.vpc("10.0.0.0/16")
        wanted = {"domain-name": ["corp.example"], "domain-name-servers": ["AmazonProvidedDNS"], "ntp-servers": ["127.0.0.1"], "netbios-node-type": ["2"]}
        configurations = [{"Key": key, "Values": values} for key, values in wanted.items()]
        options = ec2.create_dhcp_options(DhcpConfigurations=configurations, TagSpecifications=named("dhcp-options", "a"))
        options = options["DhcpOptions"]["DhcpOptionsId"]
        found = ec2.describe_dhcp_options(DhcpOptionsIds=[options])["DhcpOptions"][0]
        read = {each["Key"]: [value["Value"] for value in each["Values"]] for each in found["DhcpConfigurations"]}
        self.assertEqual((read, found["OwnerId"]), (wanted, self.account))
        ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=vpc)
        self.assertEqual(ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["DhcpOptionsId"], options)
        # It gives up the association of each VPC, and tries again while there is one.
        self.refused("DependencyViolation", ec2.delete_dhcp_options, DhcpOptionsId=options)
        for each in ec2.describe_vpcs(Filters=where(dhcp_options_id=options))["Vpcs"]:
            ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=each["VpcId"])
        ec2.delete_dhcp_options(DhcpOptionsId=options)
        self.refused("InvalidDhcpOptionID.NotFound", ec2.describe_dhcp_options, DhcpOptionsIds=[options])

    def test_aws_subnet(self):
        ec2, vpc = self.ec2, self.vpc("10.0.0.0/16")
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1b", TagSpecifications=named("subnet", "a"))
        subnet = subnet["Subnet"]["SubnetId"]
        self.wait("subnet_available", SubnetIds=[subnet])
        for value in (True, False):
            ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": value})
            found = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]
            self.assertEqual(found["MapPublicIpOnLaunch"], value)
        options = found["PrivateDnsNameOptionsOnLaunch"]
        self.assertEqual((options["HostnameType"], options["EnableResourceNameDnsARecord"]), ("ip-name", False))
        self.assertEqual((found["AvailabilityZoneId"], found["EnableDns64"], found["AssignIpv6AddressOnCreation"]), ("use1-az2", False, False))
        self.assertEqual(ec2.describe_network_interfaces(Filters=where(subnet_id=subnet))["NetworkInterfaces"], [])
        ec2.delete_subnet(SubnetId=subnet)
        self.refused("InvalidSubnetID.NotFound", ec2.describe_subnets, SubnetIds=[subnet])

    def test_aws_internet_gateway(self):
        ec2, vpc = self.ec2, self.vpc("10.0.0.0/16")
        gateway = ec2.create_internet_gateway(TagSpecifications=named("internet-gateway", "a"))["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        by_attachment = where(attachment__vpc_id=vpc, internet_gateway_id=gateway)
        found = ec2.describe_internet_gateways(Filters=by_attachment)["InternetGateways"][0]
        self.assertEqual(found["Attachments"], [{"State": "available", "VpcId": vpc}])
        self.refused("DependencyViolation", ec2.delete_internet_gateway, InternetGatewayId=gateway)
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        self.refused("Gateway.NotAttached", ec2.detach_internet_gateway, InternetGatewayId=gateway, VpcId=vpc)
        self.assertEqual(ec2.describe_internet_gateways(InternetGatewayIds=[gateway])["InternetGateways"][0]["Attachments"], [])
        ec2.delete_internet_gateway(InternetGatewayId=gateway)
        self.refused("InvalidInternetGatewayID.NotFound", ec2.describe_internet_gateways, InternetGatewayIds=[gateway])

    def test_aws_route_table_and_its_associations(self):
        ec2, vpc = self.ec2, self.vpc("10.0.0.0/16")
        subnet = self.subnet(vpc, "10.0.1.0/24")
        table = ec2.create_route_table(VpcId=vpc, ClientToken="terraform-1", TagSpecifications=named("route-table", "a"))["RouteTable"]["RouteTableId"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway}
        self.refused("InvalidParameterValue", ec2.create_route, **route)
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        ec2.create_route(**route)
        self.refused("RouteAlreadyExists", ec2.create_route, **route)
        ec2.replace_route(**route)
        found = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]
        self.assertEqual([route["GatewayId"] for route in found["Routes"]], ["local", gateway])
        self.assertEqual((found["PropagatingVgws"], found["OwnerId"]), ([], self.account))
        association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
        by_id = where(association__route_table_association_id=association)
        [found] = ec2.describe_route_tables(Filters=by_id)["RouteTables"]
        self.assertEqual(found["Associations"][0]["AssociationState"]["State"], "associated")
        # A change of the association's table.
        other = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        association = ec2.replace_route_table_association(AssociationId=association, RouteTableId=other)["NewAssociationId"]
        ec2.disassociate_route_table(AssociationId=association)
        self.assertEqual(ec2.describe_route_tables(Filters=by_id)["RouteTables"], [])
        self.refused("InvalidAssociationID.NotFound", ec2.disassociate_route_table, AssociationId=association)
        # aws_main_route_table_association remembers what was main, and puts it back.
        [main] = ec2.describe_route_tables(Filters=where(association__main="true", vpc_id=vpc))["RouteTables"]
        before = main["Associations"][0]
        new = ec2.replace_route_table_association(AssociationId=before["RouteTableAssociationId"], RouteTableId=table)["NewAssociationId"]
        self.refused("DependencyViolation", ec2.delete_route_table, RouteTableId=table)
        ec2.replace_route_table_association(AssociationId=new, RouteTableId=before["RouteTableId"])
        ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
        self.refused("InvalidRoute.NotFound", ec2.delete_route, RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
        ec2.delete_route_table(RouteTableId=table)
        self.refused("InvalidRouteTableID.NotFound", ec2.describe_route_tables, RouteTableIds=[table])

    def test_aws_security_group(self):
        ec2, vpc = self.ec2, self.vpc("10.0.0.0/16")
        group = ec2.create_security_group(GroupName="web", Description="Managed by Terraform", VpcId=vpc, TagSpecifications=named("security-group", "a"))
        self.assertIn(":security-group/", group["SecurityGroupArn"])
        group = group["GroupId"]
        self.wait("security_group_exists", GroupIds=[group])
        # It takes away the rule that AWS puts there, once, and the one that there would be with IPv6.
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[EVERYTHING])
        self.refused("InvalidPermission.NotFound", ec2.revoke_security_group_egress, GroupId=group, IpPermissions=[EVERYTHING])
        self.refused("InvalidPermission.NotFound", ec2.revoke_security_group_egress, GroupId=group, IpPermissions=[EVERYTHING_IPV6])
        ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "ssh"}]}
        itself = {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "UserIdGroupPairs": [{"GroupId": group, "UserId": self.account}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ssh, itself])
        ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[EVERYTHING, EVERYTHING_IPV6])
        found = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
        self.assertEqual((len(found["IpPermissionsEgress"]), len(found["IpPermissions"])), (1, 2))
        self.assertEqual(found["IpPermissionsEgress"][0]["Ipv6Ranges"], [{"CidrIpv6": "::/0"}])
        # What differs is revoked and authorized again.
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[ssh])
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{**ssh, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}])
        self.refused("InvalidPermission.Duplicate", ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[itself])
        self.assertEqual(ec2.describe_network_interfaces(Filters=where(group_id=group))["NetworkInterfaces"], [])
        ec2.delete_security_group(GroupId=group)
        self.refused("InvalidGroup.NotFound", ec2.describe_security_groups, GroupIds=[group])

    def test_aws_vpc_security_group_ingress_rule(self):
        ec2, vpc = self.ec2, self.vpc("10.0.0.0/16")
        group = self.default_group(vpc)
        permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "d"}]}
        answer = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission], TagSpecifications=named("security-group-rule", "a"))
        [rule] = answer["SecurityGroupRules"]
        self.assertIn(":security-group-rule/", rule["SecurityGroupRuleArn"])
        rule = rule["SecurityGroupRuleId"]
        changed = {"IpProtocol": "tcp", "FromPort": 8443, "ToPort": 8443, "CidrIpv4": "10.0.0.0/16", "Description": "e"}
        ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=[{"SecurityGroupRuleId": rule, "SecurityGroupRule": changed}])
        found = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])["SecurityGroupRules"][0]
        self.assertEqual((found["CidrIpv4"], found["FromPort"], found["IsEgress"], found["Tags"][0]["Value"]), ("10.0.0.0/16", 8443, False, "a"))
        self.assertEqual(len(ec2.describe_security_group_rules(Filters=where(group_id=group))["SecurityGroupRules"]), 3)
        ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rule])
        self.refused("InvalidSecurityGroupRuleId.NotFound", ec2.describe_security_group_rules, SecurityGroupRuleIds=[rule])

    def test_aws_network_acl(self):
        ec2, vpc = self.ec2, self.vpc("10.0.0.0/16")
        subnet = self.subnet(vpc, "10.0.1.0/24")
        acl = ec2.create_network_acl(VpcId=vpc, ClientToken="terraform-1", TagSpecifications=named("network-acl", "a"))["NetworkAcl"]["NetworkAclId"]
        entry = {"NetworkAclId": acl, "RuleNumber": 100, "Protocol": "6", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 22, "To": 22}}
        for egress in (True, False):
            ec2.create_network_acl_entry(Egress=egress, **entry)
        everything = {"RuleNumber": 101, "Protocol": "-1", "RuleAction": "deny", "Ipv6CidrBlock": "::/0", "PortRange": {"From": 0, "To": 0}}
        ec2.create_network_acl_entry(NetworkAclId=acl, Egress=False, **everything)
        ping = {"RuleNumber": 102, "Protocol": "1", "RuleAction": "allow", "CidrBlock": "10.0.0.0/8", "IcmpTypeCode": {"Type": -1, "Code": -1}}
        ec2.create_network_acl_entry(NetworkAclId=acl, Egress=False, **ping)
        by_subnet = where(association__subnet_id=subnet)

        def association():
            [found] = ec2.describe_network_acls(Filters=by_subnet)["NetworkAcls"]
            return found["NetworkAclId"], [each for each in found["Associations"] if each["SubnetId"] == subnet][0]["NetworkAclAssociationId"]

        default, before = association()
        ec2.replace_network_acl_association(AssociationId=before, NetworkAclId=acl)
        found = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]
        self.assertEqual([each["RuleNumber"] for each in found["Entries"] if not each["Egress"]], [100, 101, 102, 32767])
        self.assertEqual((found["IsDefault"], found["OwnerId"]), (False, self.account))
        self.refused("DependencyViolation", ec2.delete_network_acl, NetworkAclId=acl)
        ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=100, Egress=True)
        self.refused("InvalidNetworkAclEntry.NotFound", ec2.delete_network_acl_entry, NetworkAclId=acl, RuleNumber=100, Egress=True)
        ec2.replace_network_acl_association(AssociationId=association()[1], NetworkAclId=default)
        ec2.delete_network_acl(NetworkAclId=acl)
        self.refused("InvalidNetworkAclID.NotFound", ec2.describe_network_acls, NetworkAclIds=[acl])

    def test_aws_vpc_peering_connection_with_accepter_and_options(self):
        ec2 = self.ec2
        other = str(int(self.account) + 500_000_000_000)
        theirs = client(other)
        one, two = self.vpc("10.1.0.0/16"), theirs.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
        for its, vpc in ((ec2, one), (theirs, two)):
            its.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        peering = ec2.create_vpc_peering_connection(
            VpcId=one, PeerVpcId=two, PeerOwnerId=other, PeerRegion="us-east-1", TagSpecifications=named("vpc-peering-connection", "a")
        )
        peering = peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        self.wait("vpc_peering_connection_exists", VpcPeeringConnectionIds=[peering])

        def status(its):
            found = its.describe_vpc_peering_connections(VpcPeeringConnectionIds=[peering])["VpcPeeringConnections"]
            return found[0]["Status"]["Code"]

        self.eventually(lambda: status(ec2) == "pending-acceptance")
        options = {"VpcPeeringConnectionId": peering, "RequesterPeeringConnectionOptions": {"AllowDnsResolutionFromRemoteVpc": True}}
        self.refused("OperationNotPermitted", ec2.modify_vpc_peering_connection_options, **options)
        theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
        theirs.create_tags(Resources=[peering], Tags=[{"Key": "Side", "Value": "Accepter"}])
        self.eventually(lambda: status(theirs) == "active")
        ec2.modify_vpc_peering_connection_options(**options)
        found = theirs.describe_vpc_peering_connections(VpcPeeringConnectionIds=[peering])["VpcPeeringConnections"][0]
        self.assertTrue(found["RequesterVpcInfo"]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"])
        self.assertEqual((found["AccepterVpcInfo"]["Region"], found["Tags"]), ("us-east-1", [{"Key": "Side", "Value": "Accepter"}]))
        ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
        self.eventually(lambda: status(ec2) == "deleted")
        self.wait("vpc_peering_connection_deleted", VpcPeeringConnectionIds=[peering])

    def test_aws_eip(self):
        ec2 = self.ec2
        vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        instance = self.instance(ec2.describe_subnets(Filters=where(vpc_id=vpc))["Subnets"][0]["SubnetId"])
        self.wait("instance_running", InstanceIds=[instance])
        address = ec2.allocate_address(Domain="vpc", TagSpecifications=named("elastic-ip", "a"))
        self.assertEqual((address["NetworkBorderGroup"], address["PublicIpv4Pool"]), ("us-east-1", "amazon"))
        address = address["AllocationId"]
        self.assertEqual(ec2.describe_addresses(AllocationIds=[address])["Addresses"][0]["Domain"], "vpc")
        ec2.describe_addresses_attribute(AllocationIds=[address], Attribute="domain-name")
        association = ec2.associate_address(AllocationId=address, InstanceId=instance, AllowReassociation=True)["AssociationId"]
        found = ec2.describe_addresses(Filters=where(association_id=association))["Addresses"][0]
        self.assertEqual((found["InstanceId"], found["NetworkInterfaceOwnerId"]), (instance, self.account))
        ec2.disassociate_address(AssociationId=association)
        self.refused("InvalidAssociationID.NotFound", ec2.disassociate_address, AssociationId=association)
        ec2.release_address(AllocationId=address)
        self.refused("InvalidAllocationID.NotFound", ec2.describe_addresses, AllocationIds=[address])

    def test_aws_key_pair(self):
        ec2 = self.ec2
        material = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8J7HkLhEkLzd4zFBGSHkZlVfqzsPmWQxoWF0kSW3nf terraform"
        made = ec2.import_key_pair(KeyName="deployer", PublicKeyMaterial=material, TagSpecifications=named("key-pair", "a"))
        found = ec2.describe_key_pairs(KeyNames=["deployer"], IncludePublicKey=True)["KeyPairs"][0]
        self.assertEqual((found["KeyPairId"], found["KeyFingerprint"], found["KeyType"]), (made["KeyPairId"], made["KeyFingerprint"], "ed25519"))
        self.assertTrue(found["PublicKey"].startswith("ssh-ed25519 "))
        self.refused("InvalidKeyPair.Duplicate", ec2.import_key_pair, KeyName="deployer", PublicKeyMaterial=material)
        ec2.delete_key_pair(KeyName="deployer")
        self.refused("InvalidKeyPair.NotFound", ec2.describe_key_pairs, KeyNames=["deployer"])

    def test_aws_ec2_serial_console_access(self):
        """Destroying it disables the access."""
        self.ec2.enable_serial_console_access()
        self.assertTrue(self.ec2.get_serial_console_access_status()["SerialConsoleAccessEnabled"])
        self.ec2.disable_serial_console_access()
        self.assertFalse(self.ec2.get_serial_console_access_status()["SerialConsoleAccessEnabled"])

    def test_aws_instance(self):
        ec2 = self.ec2
        vpc = self.vpc("10.0.0.0/16")
        subnet = self.subnet(vpc, "10.0.0.0/24")
        self.assertEqual(ec2.describe_images(ImageIds=[IMAGE])["Images"][0]["RootDeviceName"], "/dev/xvda")
        script = "#!/bin/sh\ntrue\n"
        instance = self.instance(
            subnet,
            InstanceType="t3.micro",
            ClientToken="terraform-1",
            UserData=script,
            EbsOptimized=False,
            Monitoring={"Enabled": False},
            DisableApiStop=False,
            DisableApiTermination=False,
            InstanceInitiatedShutdownBehavior="terminate",
            BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "Encrypted": False, "DeleteOnTermination": True}}],
            CreditSpecification={"CpuCredits": "unlimited"},
            MetadataOptions={"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 2, "InstanceMetadataTags": "disabled"},
            TagSpecifications=named("instance", "a") + named("volume", "root"),
        )
        self.wait("instance_running", InstanceIds=[instance])
        found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        self.assertEqual((found["State"]["Name"], found["Tags"]), ("running", [{"Key": "Name", "Value": "a"}]))
        self.assertEqual((found["Monitoring"]["State"], found["Placement"]["Tenancy"]), ("disabled", "default"))
        self.assertEqual(found["MaintenanceOptions"]["AutoRecovery"], "default")
        self.assertEqual(found["PrivateDnsNameOptions"]["HostnameType"], "ip-name")
        self.assertEqual(found["CapacityReservationSpecification"]["CapacityReservationPreference"], "open")
        self.assertEqual((found["CpuOptions"]["CoreCount"], found["EnclaveOptions"]["Enabled"], found["HibernationOptions"]["Configured"]), (1, False, False))
        for attribute, value in (
            ("disableApiStop", False),
            ("disableApiTermination", False),
            ("instanceInitiatedShutdownBehavior", "terminate"),
            ("userData", base64.b64encode(script.encode()).decode()),
        ):
            member = attribute[0].upper() + attribute[1:]
            self.assertEqual(ec2.describe_instance_attribute(InstanceId=instance, Attribute=attribute)[member]["Value"], value)
        kind = ec2.describe_instance_types(InstanceTypes=["t3.micro"])["InstanceTypes"][0]
        self.assertTrue(kind["BurstablePerformanceSupported"])
        credits = ec2.describe_instance_credit_specifications(InstanceIds=[instance])["InstanceCreditSpecifications"]
        self.assertEqual(credits, [{"InstanceId": instance, "CpuCredits": "unlimited"}])
        mapped = found["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
        [volume] = ec2.describe_volumes(VolumeIds=[mapped])["Volumes"]
        self.assertEqual((volume["Attachments"][0]["InstanceId"], volume["Tags"][0]["Value"]), (instance, "root"))
        self.assertEqual((volume["VolumeType"], volume["Encrypted"], volume["Size"]), ("gp3", False, 20))
        ec2.describe_volumes(Filters=where(attachment__instance_id=instance))
        [interface] = ec2.describe_network_interfaces(Filters=where(attachment__instance_id=instance))["NetworkInterfaces"]
        self.assertEqual(interface["Attachment"]["DeviceIndex"], 0)
        ec2.describe_tags(Filters=where(resource_id=instance, resource_type="instance"))
        ec2.describe_iam_instance_profile_associations(Filters=where(instance_id=instance))
        # Changes in place, and those for which it is stopped.
        ec2.modify_instance_attribute(InstanceId=instance, InstanceInitiatedShutdownBehavior={"Value": "stop"})
        ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": True})
        ec2.modify_instance_attribute(InstanceId=instance, Groups=[self.default_group(vpc)])
        ec2.modify_instance_attribute(InstanceId=instance, SourceDestCheck={"Value": False})
        ec2.modify_instance_metadata_options(InstanceId=instance, HttpEndpoint="enabled", HttpTokens="optional", HttpPutResponseHopLimit=1)
        ec2.stop_instances(InstanceIds=[instance], Force=False)
        self.wait("instance_stopped", InstanceIds=[instance])
        ec2.modify_instance_attribute(InstanceId=instance, InstanceType={"Value": "t3.small"})
        ec2.modify_instance_attribute(InstanceId=instance, UserData={"Value": b"other"})
        ec2.start_instances(InstanceIds=[instance])
        self.wait("instance_running", InstanceIds=[instance])
        self.refused("OperationNotPermitted", ec2.terminate_instances, InstanceIds=[instance])
        ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": False})
        ec2.modify_instance_attribute(InstanceId=instance, DisableApiStop={"Value": False})
        ec2.terminate_instances(InstanceIds=[instance])
        self.wait("instance_terminated", InstanceIds=[instance])

    def test_defaults_are_adopted(self):
        """aws_default_vpc, aws_default_security_group, aws_default_network_acl, aws_default_route_table."""
        ec2 = self.ec2
        vpc = ec2.describe_vpcs(Filters=where(isDefault="true"))["Vpcs"][0]["VpcId"]
        self.refused("DefaultVpcAlreadyExists", ec2.create_default_vpc)
        group = ec2.describe_security_groups(Filters=where(group_name="default", vpc_id=vpc))["SecurityGroups"][0]
        ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
        ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])
        acl = ec2.describe_network_acls(Filters=where(default="true", vpc_id=vpc))["NetworkAcls"][0]
        for entry in acl["Entries"]:
            if entry["RuleNumber"] < 32767:
                ec2.delete_network_acl_entry(NetworkAclId=acl["NetworkAclId"], RuleNumber=entry["RuleNumber"], Egress=entry["Egress"])
        table = ec2.describe_route_tables(Filters=where(association__main="true", vpc_id=vpc))["RouteTables"][0]
        for route in table["Routes"]:
            if route["GatewayId"] != "local":
                ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock=route["DestinationCidrBlock"])

    def test_data_sources(self):
        """aws_instances, aws_subnets, aws_security_groups, aws_route_tables, aws_internet_gateway, aws_network_acls and their kin."""
        ec2, vpc = self.ec2, self.vpc("10.0.0.0/16")
        subnet = self.subnet(vpc, "10.0.1.0/24")
        [ubuntu] = ec2.describe_images(Owners=["099720109477"], Filters=where(name="ubuntu/images/hvm-ssd*/ubuntu-noble-24.04-amd64-server-*"))["Images"]
        # With associate_public_ip_address, it writes the instance's interface out.
        interface = {"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": True, "Groups": [self.default_group(vpc)], "PrivateIpAddress": "10.0.1.20"}
        instance = ec2.run_instances(
            ImageId=ubuntu["ImageId"],
            MinCount=1,
            MaxCount=1,
            InstanceType="t2.micro",
            NetworkInterfaces=[interface],
            BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 30}}],
            CreditSpecification={"CpuCredits": "unlimited"},
            TagSpecifications=named("instance", "b"),
        )["Instances"][0]
        self.assertEqual((instance["RootDeviceName"], instance["PrivateIpAddress"]), ("/dev/sda1", "10.0.1.20"))
        instance = instance["InstanceId"]
        self.wait("instance_running", InstanceIds=[instance])
        credits = ec2.describe_instance_credit_specifications(InstanceIds=[instance])["InstanceCreditSpecifications"]
        self.assertEqual(credits, [{"InstanceId": instance, "CpuCredits": "unlimited"}])
        by_tag = [{"Name": "tag:Name", "Values": ["b"]}, *where(instance_state_name=["running", "stopped"])]
        found = ec2.describe_instances(Filters=by_tag)["Reservations"][0]["Instances"][0]
        self.assertEqual((found["InstanceId"], bool(found["PublicIpAddress"])), (instance, True))
        in_vpc = where(vpc_id=vpc)
        for call, member, number in (
            (ec2.describe_subnets, "Subnets", 1),
            (ec2.describe_security_groups, "SecurityGroups", 1),
            (ec2.describe_route_tables, "RouteTables", 1),
            (ec2.describe_network_acls, "NetworkAcls", 1),
            (ec2.describe_network_interfaces, "NetworkInterfaces", 1),
        ):
            self.assertEqual(len(call(Filters=in_vpc)[member]), number, member)
        self.assertEqual(ec2.describe_internet_gateways(Filters=where(attachment__vpc_id=vpc))["InternetGateways"], [])
        self.assertEqual(ec2.describe_vpc_peering_connections(Filters=where(requester_vpc_info__vpc_id=vpc))["VpcPeeringConnections"], [])
        self.assertEqual(ec2.describe_addresses(Filters=where(domain="vpc"))["Addresses"], [])
        self.assertEqual(ec2.describe_dhcp_options(Filters=where(key="domain-name"))["DhcpOptions"][0]["OwnerId"], self.account)
        self.assertEqual(ec2.describe_availability_zones(ZoneNames=["us-east-1a"])["AvailabilityZones"][0]["ZoneType"], "availability-zone")
