/** Networks made by calls, for pages that need something to show. */
import { once } from "node:events";
import { flatten, type Parameters } from "../src/api/form";
import { parse } from "../src/api/xml";
import type { Daemon } from "./daemon";

export function client(url: string) {
  return async function call<Answer = Record<string, never>>(action: string, parameters: Parameters = {}): Promise<Answer> {
    const body = new URLSearchParams([["Action", action], ["Version", "2016-11-15"], ...flatten(parameters)]);
    const response = await fetch(`${url}/`, { method: "POST", body });
    const text = await response.text();
    if (!response.ok) throw new Error(`${action}: ${text}`);
    return parse(text) as Answer;
  };
}

export const named = (ResourceType: string, Value: string) => [{ ResourceType, Tag: [{ Key: "Name", Value }] }];

/** A VPC with public subnets, and what the wizard makes beside them. */
export async function makeVpc(url: string, name: string, cidr: string, subnets: string[]) {
  const call = client(url);
  const { vpc } = await call<{ vpc: { vpcId: string } }>("CreateVpc", { CidrBlock: cidr, TagSpecification: named("vpc", `${name}-vpc`) });
  const { internetGateway } = await call<{ internetGateway: { internetGatewayId: string } }>("CreateInternetGateway", {
    TagSpecification: named("internet-gateway", `${name}-igw`),
  });
  await call("AttachInternetGateway", { InternetGatewayId: internetGateway.internetGatewayId, VpcId: vpc.vpcId });
  const { routeTable } = await call<{ routeTable: { routeTableId: string } }>("CreateRouteTable", {
    VpcId: vpc.vpcId,
    TagSpecification: named("route-table", `${name}-rtb-public`),
  });
  await call("CreateRoute", {
    RouteTableId: routeTable.routeTableId,
    DestinationCidrBlock: "0.0.0.0/0",
    GatewayId: internetGateway.internetGatewayId,
  });
  const subnetIds: string[] = [];
  for (const [index, CidrBlock] of subnets.entries()) {
    const zone = `us-east-1${"abc"[index % 3]}`;
    const { subnet } = await call<{ subnet: { subnetId: string } }>("CreateSubnet", {
      VpcId: vpc.vpcId,
      CidrBlock,
      AvailabilityZone: zone,
      TagSpecification: named("subnet", `${name}-subnet-public${index + 1}-${zone}`),
    });
    subnetIds.push(subnet.subnetId);
    await call("AssociateRouteTable", { SubnetId: subnet.subnetId, RouteTableId: routeTable.routeTableId });
  }
  return { vpcId: vpc.vpcId, subnetIds, routeTableId: routeTable.routeTableId, gatewayId: internetGateway.internetGatewayId };
}

/** The lab of two peered VPCs, an instance in each, and an Elastic IP. */
export async function makeLab(url: string) {
  const call = client(url);
  const one = await makeVpc(url, "NextWork-1", "10.1.0.0/16", ["10.1.0.0/20"]);
  const two = await makeVpc(url, "NextWork-2", "10.2.0.0/16", ["10.2.0.0/20"]);
  const { vpcPeeringConnection } = await call<{ vpcPeeringConnection: { vpcPeeringConnectionId: string } }>("CreateVpcPeeringConnection", {
    VpcId: one.vpcId,
    PeerVpcId: two.vpcId,
    TagSpecification: named("vpc-peering-connection", "VPC 1 <> VPC 2"),
  });
  const VpcPeeringConnectionId = vpcPeeringConnection.vpcPeeringConnectionId;
  await call("AcceptVpcPeeringConnection", { VpcPeeringConnectionId });
  await call("CreateRoute", { RouteTableId: one.routeTableId, DestinationCidrBlock: "10.2.0.0/16", VpcPeeringConnectionId });
  await call("CreateRoute", { RouteTableId: two.routeTableId, DestinationCidrBlock: "10.1.0.0/16", VpcPeeringConnectionId });
  const instances: string[] = [];
  for (const [index, { subnetIds }] of [one, two].entries()) {
    const { instancesSet } = await call<{ instancesSet: { instanceId: string }[] }>("RunInstances", {
      ImageId: "ami-00a12023000000001",
      InstanceType: "t2.micro",
      MinCount: 1,
      MaxCount: 1,
      SubnetId: subnetIds[0],
      TagSpecification: named("instance", `Instance - NextWork VPC ${index + 1}`),
    });
    instances.push(instancesSet[0]!.instanceId);
  }
  const { allocationId } = await call<{ allocationId: string }>("AllocateAddress", { Domain: "vpc" });
  await call("CreateKeyPair", { KeyName: "NextWork key pair", KeyType: "ed25519" });
  return { one, two, peering: VpcPeeringConnectionId, instances, allocationId };
}

/** Lets EC2 Instance Connect in at the first instance, by a public address and a rule; until somebody has got in. */
export async function openSsh(daemon: Daemon, lab: Awaited<ReturnType<typeof makeLab>>) {
  const [instance] = lab.instances;
  const call = client(daemon.url);
  interface Described {
    reservationSet: { instancesSet: { instanceState: { name: string }; groupSet: { groupId: string }[] }[] }[];
  }
  const described = async () =>
    (await call<Described>("DescribeInstances", { InstanceId: [instance] })).reservationSet[0]!.instancesSet[0]!;
  const again = () => new Promise((done) => setTimeout(done, 100));
  while ((await described()).instanceState.name !== "running") await again();
  await call("AssociateAddress", { InstanceId: instance, AllocationId: lab.allocationId });
  const IpPermissions = [{ IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: "18.206.107.24/29" }] }];
  await call("AuthorizeSecurityGroupIngress", { GroupId: (await described()).groupSet[0]!.groupId, IpPermissions });
  while ((await once(daemon.begin("connect", instance!, "--", "true"), "exit"))[0] !== 0) await again();
}
