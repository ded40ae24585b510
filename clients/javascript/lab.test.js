// The VPC peering lab, as somebody with the AWS SDK for JavaScript would do it.
"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const ec2 = require("@aws-sdk/client-ec2");
const { GetCallerIdentityCommand, STSClient } = require("@aws-sdk/client-sts");

const account = "300000000000";
const settings = {
  region: "us-east-1",
  endpoint: process.env.AWS_ENDPOINT_URL,
  credentials: { accessKeyId: account, secretAccessKey: "secret" },
  // A second attempt would hide what went wrong with the first.
  maxAttempts: 1,
};
const client = new ec2.EC2Client(settings);
const waiting = { client, maxWaitTime: 10, minDelay: 0.1, maxDelay: 0.2 };

/** Calls an operation by its name. */
const call = (name, input = {}) => client.send(new ec2[`${name}Command`](input));
const named = (ResourceType, Value) => [{ ResourceType, Tags: [{ Key: "Name", Value }] }];

/** What the console's wizard calls, in its order. */
async function vpcAndMore(name, cidr) {
  const { Vpc } = await call("CreateVpc", { CidrBlock: cidr, TagSpecifications: named("vpc", `${name}-vpc`) });
  const vpc = Vpc.VpcId;
  await call("ModifyVpcAttribute", { VpcId: vpc, EnableDnsHostnames: { Value: true } });
  await ec2.waitUntilVpcAvailable(waiting, { VpcIds: [vpc] });
  const { Subnet } = await call("CreateSubnet", { VpcId: vpc, CidrBlock: cidr.replace("/16", "/20") });
  await ec2.waitUntilSubnetAvailable(waiting, { SubnetIds: [Subnet.SubnetId] });
  const gateway = (await call("CreateInternetGateway")).InternetGateway.InternetGatewayId;
  await call("AttachInternetGateway", { VpcId: vpc, InternetGatewayId: gateway });
  const table = (await call("CreateRouteTable", { VpcId: vpc })).RouteTable.RouteTableId;
  await call("CreateRoute", { RouteTableId: table, DestinationCidrBlock: "0.0.0.0/0", GatewayId: gateway });
  await call("AssociateRouteTable", { RouteTableId: table, SubnetId: Subnet.SubnetId });
  const { SecurityGroups } = await call("DescribeSecurityGroups", { Filters: [{ Name: "vpc-id", Values: [vpc] }] });
  return { cidr, vpc, subnet: Subnet.SubnetId, gateway, table, group: SecurityGroups[0].GroupId };
}

async function launch(side, name) {
  const { Instances } = await call("RunInstances", {
    ImageId: "ami-0123456789abcdef0",
    InstanceType: "t2.micro",
    MinCount: 1,
    MaxCount: 1,
    SubnetId: side.subnet,
    SecurityGroupIds: [side.group],
    TagSpecifications: named("instance", name),
  });
  assert.ok(Instances[0].LaunchTime instanceof Date);
  const ids = { InstanceIds: [Instances[0].InstanceId] };
  await ec2.waitUntilInstanceRunning(waiting, ids);
  await ec2.waitUntilInstanceStatusOk(waiting, ids);
  return Instances[0].InstanceId;
}

test("two VPCs are peered and taken down again", async () => {
  const [one, two] = [await vpcAndMore("NextWork-1", "10.1.0.0/16"), await vpcAndMore("NextWork-2", "10.2.0.0/16")];

  const { VpcPeeringConnection } = await call("CreateVpcPeeringConnection", { VpcId: one.vpc, PeerVpcId: two.vpc });
  const peering = VpcPeeringConnection.VpcPeeringConnectionId;
  await ec2.waitUntilVpcPeeringConnectionExists(waiting, { VpcPeeringConnectionIds: [peering] });
  await call("AcceptVpcPeeringConnection", { VpcPeeringConnectionId: peering });

  const route = (side, cidr) => call("CreateRoute", { RouteTableId: side.table, DestinationCidrBlock: cidr, VpcPeeringConnectionId: peering });
  await assert.rejects(route(one, one.cidr), (error) => {
    assert.equal(error.name, "InvalidParameterValue");
    assert.match(error.message, /10\.1\.0\.0\/16 is equal to or more specific than one of this VPC's CIDR blocks/);
    assert.equal(error.$metadata.httpStatusCode, 400);
    assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
    return true;
  });
  assert.equal((await route(one, two.cidr)).Return, true);
  await route(two, one.cidr);

  const instances = [await launch(one, "Instance - NextWork VPC 1"), await launch(two, "Instance - NextWork VPC 2")];
  const { AllocationId, PublicIp } = await call("AllocateAddress", { Domain: "vpc" });
  await call("AssociateAddress", { AllocationId, InstanceId: instances[0] });
  const { Reservations } = await call("DescribeInstances", { InstanceIds: [instances[0]] });
  assert.equal(Reservations[0].Instances[0].PublicIpAddress, PublicIp);

  const ping = { IpProtocol: "icmp", FromPort: -1, ToPort: -1, IpRanges: [{ CidrIp: one.cidr }] };
  const { SecurityGroupRules } = await call("AuthorizeSecurityGroupIngress", { GroupId: two.group, IpPermissions: [ping] });
  assert.deepEqual(SecurityGroupRules.map((rule) => rule.CidrIpv4), [one.cidr]);

  await call("TerminateInstances", { InstanceIds: instances });
  await ec2.waitUntilInstanceTerminated(waiting, { InstanceIds: instances });
  await call("ReleaseAddress", { AllocationId });
  await call("DeleteVpcPeeringConnection", { VpcPeeringConnectionId: peering });
  await ec2.waitUntilVpcPeeringConnectionDeleted(waiting, { VpcPeeringConnectionIds: [peering] });
  for (const side of [one, two]) {
    await call("DeleteSubnet", { SubnetId: side.subnet });
    await call("DeleteRouteTable", { RouteTableId: side.table });
    await call("DetachInternetGateway", { VpcId: side.vpc, InternetGatewayId: side.gateway });
    await call("DeleteInternetGateway", { InternetGatewayId: side.gateway });
    await call("DeleteVpc", { VpcId: side.vpc });
  }
  await assert.rejects(call("DescribeVpcs", { VpcIds: [one.vpc] }), { name: "InvalidVpcID.NotFound" });
});

test("pages join to the whole", async () => {
  const { Vpc } = await call("CreateVpc", { CidrBlock: "10.3.0.0/16" });
  const made = [];
  for (let number = 0; number < 12; number++) {
    const { Subnet } = await call("CreateSubnet", { VpcId: Vpc.VpcId, CidrBlock: `10.3.${number}.0/24` });
    made.push(Subnet.SubnetId);
  }
  const sizes = [];
  const listed = [];
  const filter = { Filters: [{ Name: "vpc-id", Values: [Vpc.VpcId] }] };
  for await (const page of ec2.paginateDescribeSubnets({ client, pageSize: 5 }, filter)) {
    sizes.push(page.Subnets.length);
    listed.push(...page.Subnets.map((subnet) => subnet.SubnetId));
  }
  assert.deepEqual(sizes, [5, 5, 2]);
  assert.deepEqual(listed.sort(), made.sort());
});

test("it knows who calls", async () => {
  assert.equal((await new STSClient(settings).send(new GetCallerIdentityCommand({}))).Account, account);
});
