/**
 * The finished lab of the peering walkthrough, in which everything works; then one thing is broken at a time, and mended
 * again. The Explain page names that thing and nothing else. What packets make of it is told in scenarios.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, open } from "./browser";
import { type Daemon, start } from "./daemon";
import { client, makeLab, makeVpc, named } from "./lab";

let daemon: Daemon;
let browser: Browser;
let page: Page;
let go: (path: string) => Promise<void>;
let complaints: string[];
let call: ReturnType<typeof client>;
let lab: Awaited<ReturnType<typeof makeLab>>;
/** Of the two VPCs: the default group, and the private address of the instance. */
const groups: string[] = [];
const addresses: string[] = [];
/** The public addresses of the two instances. */
const elastic: string[] = [];

interface Instances {
  reservationSet: { instancesSet: { instanceId: string; privateIpAddress: string; instanceState: { name: string } }[] }[];
}

async function instance(id: string) {
  const { reservationSet } = await call<Instances>("DescribeInstances", { InstanceId: [id] });
  return reservationSet[0]!.instancesSet[0]!;
}

/** An address is given to an instance that runs. */
async function running(id: string) {
  while ((await instance(id)).instanceState.name !== "running") await new Promise((again) => setTimeout(again, 100));
}

beforeAll(async () => {
  [daemon, browser] = await Promise.all([start(), launch()]);
  lab = await makeLab(daemon.url);
  call = client(daemon.url);
  ({ page, go, complaints } = await open(browser, daemon.url));
  for (const [index, { vpcId }] of [lab.one, lab.two].entries()) {
    const { securityGroupInfo } = await call<{ securityGroupInfo: { groupId: string }[] }>("DescribeSecurityGroups", {
      Filter: [{ Name: "vpc-id", Value: [vpcId] }],
    });
    groups.push(securityGroupInfo[0]!.groupId);
    await running(lab.instances[index]!);
    addresses.push((await instance(lab.instances[index]!)).privateIpAddress);
    const { allocationId, publicIp } = await call<{ allocationId: string; publicIp: string }>("AllocateAddress", { Domain: "vpc" });
    await call("AssociateAddress", { AllocationId: allocationId, InstanceId: lab.instances[index] });
    elastic.push(publicIp);
  }
  await rule("Authorize", 1, "10.1.0.0/16");
});
afterAll(async () => {
  await browser?.close();
  await daemon?.stop();
});

const seen = (text: string) => page.getByText(text, { exact: true }).first().waitFor();

const rule = (verb: "Authorize" | "Revoke", group: number, from: string, type = -1) =>
  call(`${verb}SecurityGroupIngress`, {
    GroupId: groups[group],
    IpPermissions: [{ IpProtocol: "icmp", FromPort: type, ToPort: -1, IpRanges: [{ CidrIp: from }] }],
  });

const route = (RouteTableId: string, DestinationCidrBlock: string, pcx = lab.peering) =>
  call("CreateRoute", { RouteTableId, DestinationCidrBlock, VpcPeeringConnectionId: pcx });

const unroute = (RouteTableId: string, DestinationCidrBlock: string) => call("DeleteRoute", { RouteTableId, DestinationCidrBlock });

/** What the page says of a ping; all that drops it, by its own words. */
async function blockers(to = lab.instances[1]!) {
  await go(`/explain?from=${lab.instances[0]}&to=${to}&protocol=icmp`);
  await page.getByRole("heading", { name: /^(Not reachable|Reachable)/ }).waitFor();
  const stations = page.getByRole("listitem").filter({ has: page.getByText("Dropped here", { exact: true }) });
  return (await stations.allInnerTexts()).map((text) => text.replaceAll(/\s+/g, " "));
}

/** One thing is in the way, and it is this. */
async function onlyThis(what: RegExp, to?: string) {
  const found = await blockers(to);
  expect(found).toEqual([expect.stringMatching(what)]);
  await seen("Not reachable");
  await page.getByText(/^One thing is in the way\./).waitFor();
}

test("everything works", async () => {
  expect(await blockers()).toEqual([]);
  await seen("Reachable");
});

test("the route is only in the second VPC", async () => {
  await unroute(lab.one.routeTableId, "10.2.0.0/16");
  await onlyThis(/NextWork-1-rtb-public sends 10\.2\.\S+ here by 0\.0\.0\.0\/0; the internet carries no private destination/);
  await route(lab.one.routeTableId, "10.2.0.0/16");
});

test("the route is only in the first VPC", async () => {
  await unroute(lab.two.routeTableId, "10.1.0.0/16");
  await onlyThis(/NextWork-2-rtb-public sends 10\.1\.\S+ here by 0\.0\.0\.0\/0; the internet carries no private destination/);
});

test("the route is in the main table, and in one that was never associated", async () => {
  const { routeTableSet } = await call<{ routeTableSet: { routeTableId: string }[] }>("DescribeRouteTables", {
    Filter: [
      { Name: "vpc-id", Value: [lab.two.vpcId] },
      { Name: "association.main", Value: ["true"] },
    ],
  });
  await route(routeTableSet[0]!.routeTableId, "10.1.0.0/16");
  const { routeTable } = await call<{ routeTable: { routeTableId: string } }>("CreateRouteTable", { VpcId: lab.two.vpcId });
  await route(routeTable.routeTableId, "10.1.0.0/16");
  await onlyThis(/NextWork-2-rtb-public sends 10\.1\.\S+ here by 0\.0\.0\.0\/0; the internet carries no private destination/);
  await unroute(routeTableSet[0]!.routeTableId, "10.1.0.0/16");
  await call("DeleteRouteTable", { RouteTableId: routeTable.routeTableId });
  await route(lab.two.routeTableId, "10.1.0.0/16");
});

test("the rule is in the first VPC's group, is for echo replies, or means the peer's public address", async () => {
  const shut = new RegExp(`Security group, in ${groups[1]} default no ingress rule admits it`);
  await rule("Revoke", 1, "10.1.0.0/16");
  await rule("Authorize", 0, "10.2.0.0/16");
  await onlyThis(shut);
  await rule("Authorize", 1, "10.1.0.0/16", 0);
  await onlyThis(new RegExp(`${shut.source}; the rule for ICMP type 0 from 10\\.1\\.0\\.0/16 does not mean ICMP echo request`));
  await rule("Revoke", 1, "10.1.0.0/16", 0);
  await rule("Authorize", 1, `${elastic[0]}/32`);
  await onlyThis(new RegExp(`${shut.source}; the rule for ICMP from ${elastic[0]}/32 does not mean ${addresses[0]}`));
  await rule("Revoke", 1, `${elastic[0]}/32`);
  await rule("Revoke", 0, "10.2.0.0/16");
  await rule("Authorize", 1, "10.1.0.0/16");
});

test("the second VPC's network ACL denies", async () => {
  const { networkAclSet } = await call<{ networkAclSet: { networkAclId: string }[] }>("DescribeNetworkAcls", {
    Filter: [{ Name: "vpc-id", Value: [lab.two.vpcId] }],
  });
  const [acl] = networkAclSet;
  const entry = { NetworkAclId: acl!.networkAclId, RuleNumber: 40, Egress: false };
  await call("CreateNetworkAclEntry", {
    ...entry,
    RuleAction: "deny",
    Protocol: "1",
    CidrBlock: "0.0.0.0/0",
    Icmp: { Type: -1, Code: -1 },
  });
  await onlyThis(new RegExp(`Network ACL, in ${acl!.networkAclId} rule 40 denies it`));
  await call("DeleteNetworkAclEntry", entry);
});

test("the ping is to the public address, which is no matter of the peering", async () => {
  await onlyThis(new RegExp(`Security group, in ${groups[1]} default no ingress rule admits it.*does not mean ${elastic[0]}`), elastic[1]);
  expect(await page.getByRole("list", { name: "The way there" }).getByText("Peering").count()).toBe(0);
  await rule("Authorize", 1, `${elastic[0]}/32`);
  expect(await blockers(elastic[1])).toEqual([]);
  await rule("Revoke", 1, `${elastic[0]}/32`);
});

test("the connection is not accepted", async () => {
  await call("DeleteVpcPeeringConnection", { VpcPeeringConnectionId: lab.peering });
  const { vpcPeeringConnection } = await call<{ vpcPeeringConnection: { vpcPeeringConnectionId: string } }>("CreateVpcPeeringConnection", {
    VpcId: lab.one.vpcId,
    PeerVpcId: lab.two.vpcId,
  });
  lab.peering = vpcPeeringConnection.vpcPeeringConnectionId;
  for (const [table, destination] of [
    [lab.one.routeTableId, "10.2.0.0/16"],
    [lab.two.routeTableId, "10.1.0.0/16"],
  ] as const) {
    await unroute(table, destination);
    await route(table, destination);
  }
  await onlyThis(new RegExp(`NextWork-1-rtb-public 10\\.2\\.0\\.0/16 → ${lab.peering} is a blackhole: it is not accepted yet`));
  await call("AcceptVpcPeeringConnection", { VpcPeeringConnectionId: lab.peering });
  expect(await blockers()).toEqual([]);
});

test("the instance is in the wrong VPC", async () => {
  const { instancesSet } = await call<{ instancesSet: { instanceId: string }[] }>("RunInstances", {
    ImageId: "ami-00a12023000000001",
    InstanceType: "t2.micro",
    MinCount: 1,
    MaxCount: 1,
    SubnetId: lab.one.subnetIds[0],
    TagSpecification: named("instance", "Instance - NextWork VPC 2, misplaced"),
  });
  await running(instancesSet[0]!.instanceId);
  // Where it should be is nobody; where it is, it is reached without any peering.
  await onlyThis(new RegExp(`To ${lab.two.vpcId} NextWork-2-vpc nothing has the address 10\\.2\\.15\\.200`), "10.2.15.200");
  expect(await blockers(instancesSet[0]!.instanceId)).toEqual([]);
  expect(await page.getByRole("list", { name: "The way there" }).getByText("Peering").count()).toBe(0);
});

test("a third VPC is only reached by a peering of its own", async () => {
  const three = await makeVpc(daemon.url, "NextWork-3", "10.3.0.0/16", ["10.3.0.0/20"]);
  const { vpcPeeringConnection } = await call<{ vpcPeeringConnection: { vpcPeeringConnectionId: string } }>("CreateVpcPeeringConnection", {
    VpcId: lab.two.vpcId,
    PeerVpcId: three.vpcId,
  });
  const second = vpcPeeringConnection.vpcPeeringConnectionId;
  await call("AcceptVpcPeeringConnection", { VpcPeeringConnectionId: second });
  // Who believes that it leads through the middle routes it there, on both sides.
  await route(lab.one.routeTableId, "10.3.0.0/16");
  await route(lab.two.routeTableId, "10.3.0.0/16", second);
  await route(three.routeTableId, "10.1.0.0/16", second);
  const found = await blockers(three.subnetIds[0]);
  const there = new RegExp(`Peering ${lab.peering} 10\\.3\\.0\\.0/16 leads here, and the VPC at its other end does not have 10\\.3\\.`);
  const back = new RegExp(`Peering ${second} 10\\.1\\.0\\.0/16 leads here, and the VPC at its other end does not have 10\\.1\\.`);
  expect(found.filter((text) => !/Security group, in sg-\w+ default no ingress rule/.test(text))).toEqual([
    expect.stringMatching(there),
    expect.stringMatching(back),
  ]);
});

test("none of this made the page complain", () => {
  expect(complaints).toEqual([]);
});
