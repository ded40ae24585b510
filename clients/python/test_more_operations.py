"""What clients read back after they have made something, and the finer operations."""

from aws import IMAGE, Account, named, where


class ReadingBack(Account):
    """Each test makes what it needs."""

    def test_an_instance_and_what_it_is_made_of(self):
        ec2 = self.ec2
        instance = ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, DisableApiStop=True, TagSpecifications=named("volume", "root"))
        instance = instance["Instances"][0]["InstanceId"]
        self.wait("instance_running", InstanceIds=[instance])
        ec2.reboot_instances(InstanceIds=[instance])
        volume = ec2.describe_volumes(Filters=where(attachment__instance_id=instance))["Volumes"][0]
        found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        mapped = ec2.describe_instance_attribute(InstanceId=instance, Attribute="blockDeviceMapping")["BlockDeviceMappings"]
        self.assertEqual(mapped, found["BlockDeviceMappings"])
        self.assertEqual(found["BlockDeviceMappings"][0]["Ebs"]["VolumeId"], volume["VolumeId"])
        self.assertEqual(ec2.describe_instance_types(InstanceTypes=["t3.micro"])["InstanceTypes"][0]["VCpuInfo"]["DefaultVCpus"], 2)
        self.assertEqual(len(ec2.describe_instance_type_offerings(LocationType="availability-zone", Filters=where(instance_type="t3.micro"))["InstanceTypeOfferings"]), 6)
        self.assertEqual(ec2.describe_instance_credit_specifications(InstanceIds=[instance])["InstanceCreditSpecifications"][0]["CpuCredits"], "unlimited")
        self.assertEqual(ec2.get_default_credit_specification(InstanceFamily="t2")["InstanceFamilyCreditSpecification"]["CpuCredits"], "standard")
        self.assertEqual(ec2.describe_iam_instance_profile_associations(Filters=where(instance_id=instance))["IamInstanceProfileAssociations"], [])
        self.assertEqual(ec2.describe_launch_templates()["LaunchTemplates"], [])

    def test_dhcp_options(self):
        ec2 = self.ec2
        vpc = self.vpc("10.0.0.0/16")
        default = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["DhcpOptionsId"]
        found = ec2.describe_dhcp_options(DhcpOptionsIds=[default])["DhcpOptions"][0]["DhcpConfigurations"]
        self.assertEqual(found[0], {"Key": "domain-name", "Values": [{"Value": "ec2.internal"}]})
        configurations = [{"Key": "domain-name-servers", "Values": ["10.0.0.53", "AmazonProvidedDNS"]}]
        made = ec2.create_dhcp_options(DhcpConfigurations=configurations, TagSpecifications=named("dhcp-options", "own"))
        made = made["DhcpOptions"]["DhcpOptionsId"]
        ec2.associate_dhcp_options(DhcpOptionsId=made, VpcId=vpc)
        self.assertEqual(ec2.describe_vpcs(Filters=where(dhcp_options_id=made))["Vpcs"][0]["VpcId"], vpc)
        pages = ec2.get_paginator("describe_dhcp_options").paginate(Filters=where(key="domain-name-servers", value="10.0.0.53"))
        self.assertEqual([options["DhcpOptionsId"] for page in pages for options in page["DhcpOptions"]], [made])
        self.refused("DependencyViolation", ec2.delete_dhcp_options, DhcpOptionsId=made)
        ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc)
        ec2.delete_dhcp_options(DhcpOptionsId=made)
        self.refused("InvalidDhcpOptionID.NotFound", ec2.describe_dhcp_options, DhcpOptionsIds=[made])

    def test_blocks_of_a_vpc(self):
        ec2 = self.ec2
        vpc = self.vpc("10.0.0.0/16")
        added = ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.1.0.0/16")["CidrBlockAssociation"]
        self.assertEqual(added["CidrBlock"], "10.1.0.0/16")
        removed = ec2.disassociate_vpc_cidr_block(AssociationId=added["AssociationId"])["CidrBlockAssociation"]
        self.assertEqual(removed["CidrBlockState"]["State"], "disassociating")

    def test_rules_that_change(self):
        ec2 = self.ec2
        vpc, peer = self.vpc("10.0.0.0/16"), self.vpc("10.1.0.0/16")
        connection = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=peer)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
        group = ec2.create_security_group(VpcId=vpc, GroupName="web", Description="web")["GroupId"]
        theirs = ec2.create_security_group(VpcId=peer, GroupName="db", Description="db")["GroupId"]
        pair = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": theirs}]}
        rule = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[pair])["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        changed = {"IpProtocol": "tcp", "FromPort": 23, "ToPort": 23, "ReferencedGroupId": theirs}
        ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=[{"SecurityGroupRuleId": rule, "SecurityGroupRule": changed}])
        described = [{"SecurityGroupRuleId": rule, "Description": "telnet"}]
        ec2.update_security_group_rule_descriptions_ingress(GroupId=group, SecurityGroupRuleDescriptions=described)
        everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "out"}]}
        ec2.update_security_group_rule_descriptions_egress(GroupId=group, IpPermissions=[everything])
        reference = ec2.describe_security_group_references(GroupId=[theirs])["SecurityGroupReferenceSet"][0]
        self.assertEqual((reference["ReferencingVpcId"], reference["VpcPeeringConnectionId"]), (vpc, connection))
        ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=connection)
        stale = ec2.describe_stale_security_groups(VpcId=vpc)["StaleSecurityGroupSet"][0]
        self.assertEqual(stale["StaleIpPermissions"][0]["UserIdGroupPairs"][0]["Description"], "telnet")
        groups = ec2.get_security_groups_for_vpc(VpcId=vpc, Filters=where(group_name="web"))["SecurityGroupForVpcs"]
        self.assertEqual([found["GroupId"] for found in groups], [group])

    def test_options_of_a_peering_connection(self):
        ec2 = self.ec2
        vpc, peer = self.vpc("10.0.0.0/16"), self.vpc("10.1.0.0/16")
        for each in (vpc, peer):
            ec2.modify_vpc_attribute(VpcId=each, EnableDnsHostnames={"Value": True})
        connection = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=peer)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
        yes = {"AllowDnsResolutionFromRemoteVpc": True}
        answer = ec2.modify_vpc_peering_connection_options(
            VpcPeeringConnectionId=connection, RequesterPeeringConnectionOptions=yes, AccepterPeeringConnectionOptions=yes
        )
        self.assertTrue(answer["AccepterPeeringConnectionOptions"]["AllowDnsResolutionFromRemoteVpc"])
