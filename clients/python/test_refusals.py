"""Refusals as boto3 gives them to those who handle them: a code, a sentence, the id of the request."""

from botocore import xform_name
from botocore.exceptions import ClientError

from aws import Account, client, where
from table import operations


class Refusals(Account):
    """Nothing here changes anything."""

    def test_a_refusal_has_code_sentence_and_id(self):
        with self.assertRaises(ClientError) as caught:
            self.ec2.describe_vpcs(VpcIds=["vpc-0123456789abcdef0"])
        response = caught.exception.response
        self.assertEqual(response["Error"], {"Code": "InvalidVpcID.NotFound", "Message": "The vpc ID 'vpc-0123456789abcdef0' does not exist"})
        self.assertEqual(response["ResponseMetadata"]["HTTPStatusCode"], 400)
        self.assertRegex(response["ResponseMetadata"]["RequestId"], r"^[0-9a-f-]{36}$")

    def test_what_does_not_exist(self):
        for code, call, parameters in (
            ("InvalidSubnetID.NotFound", self.ec2.delete_subnet, {"SubnetId": "subnet-0123456789abcdef0"}),
            ("InvalidInternetGatewayID.NotFound", self.ec2.delete_internet_gateway, {"InternetGatewayId": "igw-0123456789abcdef0"}),
            ("InvalidRouteTableID.NotFound", self.ec2.delete_route_table, {"RouteTableId": "rtb-0123456789abcdef0"}),
            ("InvalidGroup.NotFound", self.ec2.delete_security_group, {"GroupId": "sg-0123456789abcdef0"}),
            ("InvalidNetworkAclID.NotFound", self.ec2.delete_network_acl, {"NetworkAclId": "acl-0123456789abcdef0"}),
            ("InvalidInstanceID.NotFound", self.ec2.terminate_instances, {"InstanceIds": ["i-0123456789abcdef0"]}),
            ("InvalidInstanceID.Malformed", self.ec2.terminate_instances, {"InstanceIds": ["i-x"]}),
            ("InvalidAllocationID.NotFound", self.ec2.release_address, {"AllocationId": "eipalloc-0123456789abcdef0"}),
            ("InvalidVpcPeeringConnectionID.NotFound", self.ec2.delete_vpc_peering_connection, {"VpcPeeringConnectionId": "pcx-0123456789abcdef0"}),
        ):
            with self.subTest(code):
                self.refused(code, call, **parameters)

    def test_what_would_have_been(self):
        self.refused("DryRunOperation", self.ec2.create_vpc, CidrBlock="10.0.0.0/16", DryRun=True)
        self.assertEqual(self.ec2.describe_vpcs(Filters=where(is_default="false"))["Vpcs"], [])

    def test_what_is_not_built(self):
        sentence = self.refused("UnsupportedOperation", self.ec2.create_transit_gateway)
        self.assertIn("CreateTransitGateway", sentence)

    def test_every_operation_says_what_it_misses(self):
        """An operation without its parameters answers, or names one that it needs."""
        sensible = ("MissingParameter", "InvalidParameterCombination", "MissingInput", "DefaultVpcAlreadyExists", "InvalidArgsException")
        for service, names in operations().items():
            bare = client(self.account, service, parameter_validation=False)
            for name in names:
                with self.subTest(name):
                    try:
                        getattr(bare, xform_name(name))()
                    except ClientError as error:
                        self.assertIn(error.response["Error"]["Code"], sensible)
