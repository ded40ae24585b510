"""The waiters of boto3 reach their end, and tell a failure from what is not yet."""

from botocore.exceptions import WaiterError

from aws import Account


class Waiters(Account):
    """Those that the lab does not use, and those that must not succeed."""

    def test_what_is_there_exists(self):
        vpc = self.vpc("10.0.0.0/16")
        self.wait("vpc_exists", VpcIds=[vpc])
        self.wait("vpc_available", VpcIds=[vpc])
        self.wait("security_group_exists", GroupIds=[self.default_group(vpc)])
        subnet = self.subnet(vpc, "10.0.0.0/24")
        self.wait("subnet_available", SubnetIds=[subnet])
        self.wait("image_exists", Owners=["amazon"])
        self.wait("image_available", Owners=["amazon"])

    def test_an_instance_passes_through_all_of_them(self):
        instance = self.instance(self.subnet(self.vpc("10.0.0.0/16"), "10.0.0.0/24"))
        for waiter in ("instance_exists", "instance_running", "instance_status_ok", "system_status_ok"):
            self.wait(waiter, InstanceIds=[instance])
        for call, waiter in (
            (self.ec2.stop_instances, "instance_stopped"),
            (self.ec2.start_instances, "instance_running"),
            (self.ec2.terminate_instances, "instance_terminated"),
        ):
            call(InstanceIds=[instance])
            self.wait(waiter, InstanceIds=[instance])

    def test_what_cannot_come_is_not_waited_for(self):
        instance = self.instance(self.subnet(self.vpc("10.0.0.0/16"), "10.0.0.0/24"))
        self.wait("instance_running", InstanceIds=[instance])
        self.ec2.terminate_instances(InstanceIds=[instance])
        self.wait("instance_terminated", InstanceIds=[instance])
        with self.assertRaisesRegex(WaiterError, "terminal failure state"):
            self.wait("instance_running", InstanceIds=[instance])

    def test_what_is_not_there_is_waited_for(self):
        once = {"Delay": 0, "MaxAttempts": 1}
        for waiter, ids in (
            ("vpc_exists", {"VpcIds": ["vpc-0123456789abcdef0"]}),
            ("instance_exists", {"InstanceIds": ["i-0123456789abcdef0"]}),
            ("security_group_exists", {"GroupIds": ["sg-0123456789abcdef0"]}),
            ("vpc_peering_connection_exists", {"VpcPeeringConnectionIds": ["pcx-0123456789abcdef0"]}),
        ):
            with self.subTest(waiter), self.assertRaisesRegex(WaiterError, "Max attempts exceeded"):
                self.ec2.get_waiter(waiter).wait(WaiterConfig=once, **ids)
        # boto3 waits for a code that EC2 does not have (InvalidInternetGateway.NotFound), and so gives up at once, as on AWS.
        with self.assertRaisesRegex(WaiterError, "InvalidInternetGatewayID.NotFound"):
            self.ec2.get_waiter("internet_gateway_exists").wait(WaiterConfig=once, InternetGatewayIds=["igw-0123456789abcdef0"])
        # One that is gone is deleted.
        self.wait("vpc_peering_connection_deleted", VpcPeeringConnectionIds=["pcx-0123456789abcdef0"])
