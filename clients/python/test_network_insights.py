"""Reachability Analyzer as boto3 and Terraform's AWS provider use it.

<https://docs.aws.amazon.com/vpc/latest/reachability/getting-started-cli.html>,
<https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ec2_network_insights_path>
"""

from aws import Account, named, where


class NetworkInsights(Account):
    """A web server with a public address, and a neighbour over a peering connection."""

    def setUp(self):
        super().setUp()
        ec2 = self.ec2
        self.blue, self.green = self.vpc("10.1.0.0/16"), self.vpc("10.2.0.0/16")
        self.web, self.other = (self.instance(self.subnet(vpc, block)) for vpc, block in ((self.blue, "10.1.0.0/24"), (self.green, "10.2.0.0/24")))
        self.gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.blue)
        connection = ec2.create_vpc_peering_connection(VpcId=self.blue, PeerVpcId=self.green)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
        self.connection = connection
        for vpc, block, target in (
            (self.blue, "0.0.0.0/0", {"GatewayId": self.gateway}),
            (self.blue, "10.2.0.0/16", {"VpcPeeringConnectionId": connection}),
            (self.green, "10.1.0.0/16", {"VpcPeeringConnectionId": connection}),
        ):
            table = ec2.describe_route_tables(Filters=where(vpc_id=vpc, association__main="true"))["RouteTables"][0]["RouteTableId"]
            ec2.create_route(RouteTableId=table, DestinationCidrBlock=block, **target)
        address = ec2.allocate_address(Domain="vpc")
        self.public = address["PublicIp"]
        self.wait("instance_running", InstanceIds=[self.web, self.other])
        ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=self.web)

    def private(self, instance):
        return self.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["PrivateIpAddress"]

    def let_in(self, vpc, port, block="0.0.0.0/0"):
        group = self.default_group(vpc)
        self.ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp=block)

    def analyze(self, path, **conditions):
        """Starts an analysis and waits until it has come to an end."""
        started = self.ec2.start_network_insights_analysis(NetworkInsightsPathId=path, **conditions)["NetworkInsightsAnalysis"]
        self.assertEqual((started["Status"], started["NetworkInsightsPathId"]), ("running", path))
        self.assertNotIn("NetworkPathFound", started)
        ids = [started["NetworkInsightsAnalysisId"]]
        self.eventually(lambda: self.described(ids)["Status"] == "succeeded")
        return self.described(ids)

    def described(self, ids):
        [found] = self.ec2.describe_network_insights_analyses(NetworkInsightsAnalysisIds=ids)["NetworkInsightsAnalyses"]
        return found

    @staticmethod
    def way(components):
        return " ".join(component["Component"]["Id"].split("-")[0] for component in components)

    def test_from_the_internet_to_an_instance(self):
        ec2 = self.ec2
        made = ec2.create_network_insights_path(
            Source=self.gateway, Destination=self.web, DestinationPort=22, Protocol="tcp", TagSpecifications=named("network-insights-path", "ssh")
        )["NetworkInsightsPath"]
        path = made["NetworkInsightsPathId"]
        self.assertEqual([each for each in ec2.describe_network_insights_paths(Filters=where(source=self.gateway))["NetworkInsightsPaths"]], [made])
        closed = self.analyze(path)
        self.assertFalse(closed["NetworkPathFound"])
        [why] = closed["Explanations"]
        self.assertEqual((why["ExplanationCode"], why["Direction"], why["Vpc"]["Id"]), ("ENI_SG_RULES_MISMATCH", "ingress", self.blue))
        self.assertEqual((why["ComponentAccount"], why["ComponentRegion"]), (self.account, "us-east-1"))

        self.let_in(self.blue, 22)
        found = self.analyze(path, TagSpecifications=named("network-insights-analysis", "after"))
        self.assertTrue(found["NetworkPathFound"])
        self.assertEqual(found["Explanations"], [])
        forward, back = found["ForwardPathComponents"], found["ReturnPathComponents"]
        self.assertEqual((self.way(forward), self.way(back)), ("igw acl sg eni i", "i eni sg acl rtb igw"))
        self.assertEqual([component["SequenceNumber"] for component in forward], [1, 2, 3, 4, 5])
        door = forward[0]
        self.assertEqual(door["InboundHeader"]["DestinationAddresses"], [f"{self.public}/32"])
        self.assertEqual(door["InboundHeader"]["DestinationPortRanges"], [{"From": 22, "To": 22}])
        self.assertEqual(door["InboundHeader"]["SourcePortRanges"], [{"From": 0, "To": 65535}])
        self.assertEqual(door["InboundHeader"]["Protocol"], "6")
        self.assertEqual(door["OutboundHeader"], {"DestinationAddresses": [f"{self.private(self.web)}/32"]})
        self.assertEqual(forward[1]["AclRule"], {"Cidr": "0.0.0.0/0", "Egress": False, "Protocol": "all", "RuleAction": "allow", "RuleNumber": 100})
        rule = {"Cidr": "0.0.0.0/0", "Direction": "ingress", "PortRange": {"From": 22, "To": 22}, "Protocol": "tcp"}
        self.assertEqual((forward[2]["SecurityGroupRule"], "SecurityGroupRule" in back[2]), (rule, False))
        self.assertEqual((forward[3]["AttachedTo"]["Id"], forward[3]["Vpc"]["Id"]), (self.web, self.blue))
        route = {"DestinationCidr": "0.0.0.0/0", "GatewayId": self.gateway, "Origin": "createroute", "State": "active"}
        self.assertEqual(back[4]["RouteTableRoute"], route)
        self.assertEqual(back[5]["OutboundHeader"]["SourceAddresses"], [f"{self.public}/32"])

        # What was found stays as it was found.
        by_result = ec2.describe_network_insights_analyses(NetworkInsightsPathId=path, Filters=where(path_found="false"))["NetworkInsightsAnalyses"]
        self.assertEqual(by_result, [closed])
        pages = ec2.get_paginator("describe_network_insights_analyses").paginate(NetworkInsightsPathId=path, PaginationConfig={"PageSize": 1})
        self.assertEqual(len([each for page in pages for each in page["NetworkInsightsAnalyses"]]), 2)
        self.refused("AnalysisExistsForNetworkInsightsPath", ec2.delete_network_insights_path, NetworkInsightsPathId=path)

    def test_over_a_peering_connection_with_filters(self):
        ec2 = self.ec2
        made = ec2.create_network_insights_path(
            Source=f"arn:aws:ec2:us-east-1:{self.account}:instance/{self.web}",
            Destination=self.other,
            Protocol="tcp",
            FilterAtSource={"SourcePortRange": {"FromPort": 1024, "ToPort": 65535}, "DestinationPortRange": {"FromPort": 1, "ToPort": 1023}},
            FilterAtDestination={"DestinationAddress": self.private(self.other)},
        )["NetworkInsightsPath"]
        self.assertEqual((made["Source"], made["FilterAtSource"]["SourcePortRange"]), (self.web, {"FromPort": 1024, "ToPort": 65535}))
        path = made["NetworkInsightsPathId"]
        self.assertEqual([why["ExplanationCode"] for why in self.analyze(path)["Explanations"]], ["ENI_SG_RULES_MISMATCH"])
        self.let_in(self.green, 443, block="10.1.0.0/16")
        arn = f"arn:aws:ec2:us-east-1:{self.account}:vpc-peering-connection/{self.connection}"
        found = self.analyze(path, FilterInArns=[arn])
        self.assertEqual(self.way(found["ForwardPathComponents"]), "i eni sg acl rtb pcx acl sg eni i")
        header = found["ForwardPathComponents"][0]["OutboundHeader"]
        self.assertEqual((header["SourcePortRanges"], header["DestinationPortRanges"]), ([{"From": 1024, "To": 65535}], [{"From": 443, "To": 443}]))
        self.assertEqual(found["FilterInArns"], [arn])
        self.assertFalse(self.analyze(path, FilterOutArns=[arn])["NetworkPathFound"])

    def test_out_to_an_address(self):
        path = self.ec2.create_network_insights_path(Source=self.web, DestinationIp="203.0.113.80", Protocol="udp", DestinationPort=53)
        found = self.analyze(path["NetworkInsightsPath"]["NetworkInsightsPathId"])
        self.assertEqual((found["NetworkPathFound"], self.way(found["ForwardPathComponents"])), (True, "i eni sg acl rtb igw"))
        hairpin = self.ec2.create_network_insights_path(Source=self.web, DestinationIp=self.public, Protocol="tcp")["NetworkInsightsPath"]
        codes = [why["ExplanationCode"] for why in self.analyze(hairpin["NetworkInsightsPathId"])["Explanations"]]
        self.assertEqual(codes, ["IGW_NAT_REFLECTION"])

    def test_terraform_makes_reads_and_takes_away_both(self):
        ec2 = self.ec2
        made = ec2.create_network_insights_path(
            ClientToken="terraform-1", Source=self.web, Destination=self.gateway, Protocol="tcp", TagSpecifications=named("network-insights-path", "a")
        )["NetworkInsightsPath"]
        path = made["NetworkInsightsPathId"]
        [read] = ec2.describe_network_insights_paths(NetworkInsightsPathIds=[path])["NetworkInsightsPaths"]
        self.assertEqual((read["SourceArn"].endswith(self.web), read["DestinationArn"].endswith(self.gateway)), (True, True))
        analysis = self.analyze(path, ClientToken="terraform-2", TagSpecifications=named("network-insights-analysis", "a"))
        self.assertTrue(analysis["NetworkPathFound"])
        ec2.create_tags(Resources=[path, analysis["NetworkInsightsAnalysisId"]], Tags=[{"Key": "Name", "Value": "b"}])
        deleted = ec2.delete_network_insights_analysis(NetworkInsightsAnalysisId=analysis["NetworkInsightsAnalysisId"])
        self.assertEqual(deleted["NetworkInsightsAnalysisId"], analysis["NetworkInsightsAnalysisId"])
        gone = [analysis["NetworkInsightsAnalysisId"]]
        self.refused("InvalidNetworkInsightsAnalysisId.NotFound", ec2.describe_network_insights_analyses, NetworkInsightsAnalysisIds=gone)
        ec2.delete_network_insights_path(NetworkInsightsPathId=path)
        self.refused("InvalidNetworkInsightsPathId.NotFound", ec2.describe_network_insights_paths, NetworkInsightsPathIds=[path])

    def test_what_is_no_path(self):
        create = self.ec2.create_network_insights_path
        self.refused("InvalidParameterValue", create, Source=self.web, Destination=self.other, Protocol="icmp")
        self.refused("NetworkInsightsSource.NotFound", create, Source="i-00000000000000000", Destination=self.other, Protocol="tcp")
        self.refused("NetworkInsightsDestination.NotFound", create, Source=self.web, Destination="eni-00000000000000000", Protocol="tcp")
        self.refused("UnsupportedOperation", create, Source=self.web, Destination="tgw-00000000000000000", Protocol="tcp")
        self.refused("InvalidParameterCombination", create, Source=self.web, Destination=self.other, Protocol="tcp", SourceIp="10.1.0.4", FilterAtSource={"SourceAddress": "10.1.0.4"})
        self.refused("DryRunOperation", create, Source=self.web, Destination=self.other, Protocol="tcp", DryRun=True)
