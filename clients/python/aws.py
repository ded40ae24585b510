"""Clients of the daemon under test, each reply of which the referee sees."""

import itertools
import os
import time
import unittest

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from referee import Referee

REFEREE = Referee()
ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
REGION = "us-east-1"
IMAGE = "ami-0123456789abcdef0"
# The daemon that answers has no packets to wait for.
SOON = {"Delay": 0.1, "MaxAttempts": 100}

_accounts = itertools.count(100_000_000_000)
# It reads AWS's model once, for all sessions.
_loader = botocore.session.get_session().get_component("data_loader")


def session(account, region=REGION):
    """A boto3 session: the access key of an account is its number."""
    watched = botocore.session.get_session()
    watched.register_component("data_loader", _loader)
    REFEREE.watch(watched)
    return boto3.Session(aws_access_key_id=account, aws_secret_access_key="secret", region_name=region, botocore_session=watched)


def client(account, service="ec2", region=REGION, **config):
    """A client that asks once: a second attempt would hide what went wrong with the first."""
    config = Config(retries={"total_max_attempts": 1}, **config)
    return session(account, region).client(service, endpoint_url=ENDPOINT, config=config)


def named(kind, name):
    """The tag specification that names what is made."""
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]


def where(**filters):
    """Filters: where(vpc_id=x, association__main="true") are vpc-id and association.main."""

    def name(keyword):
        return keyword.replace("__", ".").replace("_", "-")

    return [{"Name": name(keyword), "Values": value if isinstance(value, list) else [value]} for keyword, value in filters.items()]


class Account(unittest.TestCase):
    """Each test has an account of its own, in which nothing is yet but the default VPC."""

    def setUp(self):
        self.account = str(next(_accounts))
        self.ec2 = client(self.account)

    def refused(self, code, call, **parameters):
        """Makes a call that must be refused with this code, and returns the sentence."""
        with self.assertRaises(ClientError) as caught:
            call(**parameters)
        error = caught.exception.response["Error"]
        self.assertEqual(error["Code"], code, error["Message"])
        return error["Message"]

    def wait(self, waiter, client=None, **parameters):
        (client or self.ec2).get_waiter(waiter).wait(WaiterConfig=SOON, **parameters)

    def eventually(self, is_so):
        """Waits, for at most ten seconds, until it is so: for states that AWS has no waiter for."""
        deadline = time.monotonic() + 10
        while not is_so():
            self.assertLess(time.monotonic(), deadline, "never")
            time.sleep(0.05)

    def vpc(self, cidr):
        return self.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]

    def subnet(self, vpc, cidr):
        return self.ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]

    def default_group(self, vpc):
        return self.ec2.describe_security_groups(Filters=where(vpc_id=vpc, group_name="default"))["SecurityGroups"][0]["GroupId"]

    def instance(self, subnet, **parameters):
        answer = self.ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, SubnetId=subnet, **parameters)
        return answer["Instances"][0]["InstanceId"]
