"""What Ansible reads right before or after it makes something: it gives up if one of these fails.

Ansible is not needed for this: the calls are those of its source.
<https://github.com/ansible-collections/amazon.aws/tree/main/plugins/modules>
"""

from aws import Account, named, where


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
