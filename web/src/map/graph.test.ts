import { expect, test } from "vitest";
import type { Instance, PeeringConnection, RouteTable, Subnet, Vpc } from "../api/types";
import { chainOf, graphOf, labelOf, regionOf, type World } from "./graph";

const named = (name: string) => [{ key: "Name", value: name }];
const vpc = (vpcId: string, cidrBlock: string) => ({ vpcId, cidrBlock, tagSet: named(`${vpcId}-name`) }) as Vpc;
const subnet = (subnetId: string, name: string, availabilityZone = "us-east-1a", vpcId = "vpc-1") =>
  ({ subnetId, vpcId, availabilityZone, cidrBlock: "10.1.0.0/20", tagSet: named(name) }) as Subnet;
const table = (routeTableId: string, main: boolean, subnets: string[], routes: [string, string, string?][] = []) =>
  ({
    routeTableId,
    vpcId: "vpc-1",
    tagSet: [],
    associationSet: [
      ...(main ? [{ routeTableAssociationId: "m", routeTableId, main: "true" }] : []),
      ...subnets.map((subnetId) => ({ routeTableAssociationId: subnetId, routeTableId, subnetId, main: "false" })),
    ],
    routeSet: [["10.1.0.0/16", "local"] as const, ...routes].map(([destinationCidrBlock, target, state = "active"]) => ({
      destinationCidrBlock,
      ...(target.startsWith("pcx") ? { vpcPeeringConnectionId: target } : { gatewayId: target }),
      state,
      origin: "CreateRoute",
    })),
  }) as unknown as RouteTable;
const peering = (code: string, cidrBlock = "10.2.0.0/16") =>
  ({
    vpcPeeringConnectionId: "pcx-1",
    requesterVpcInfo: { vpcId: "vpc-1", ownerId: "1", cidrBlock: "10.1.0.0/16", region: "us-east-1" },
    accepterVpcInfo: { vpcId: "vpc-2", ownerId: "1", cidrBlock, region: "us-east-1" },
    status: { code, message: "" },
    tagSet: [],
  }) as PeeringConnection;
const igw = { internetGatewayId: "igw-1", ownerId: "1", attachmentSet: [{ vpcId: "vpc-1", state: "available" }], tagSet: [] };

const world = (more: Partial<World> = {}): World => ({
  vpcs: [vpc("vpc-1", "10.1.0.0/16")],
  subnets: [subnet("subnet-1", "a-public1")],
  routeTables: [table("rtb-main", true, []), table("rtb-own", false, ["subnet-1"], [["0.0.0.0/0", "igw-1"]])],
  internetGateways: [igw],
  peeringConnections: [],
  instances: [],
  ...more,
});
const find = (world_: World, id: string) => graphOf("vpc-1", world_).nodes.find((node) => node.id === id);

test("what the wizard makes: two tables, one association, one connection", () => {
  const { nodes, lines } = graphOf("vpc-1", world());
  expect(nodes.map((node) => [node.id, node.column])).toEqual([
    ["vpc-1", 0],
    ["subnet-1", 1],
    ["rtb-main", 2],
    ["rtb-own", 2],
    ["igw-1", 3],
  ]);
  expect(find(world(), "rtb-main")?.details).toEqual(["No subnet associations", "1 route including local"]);
  expect(find(world(), "rtb-own")?.details).toEqual(["1 subnet association", "2 routes including local"]);
  expect(find(world(), "igw-1")?.details).toEqual(["Internet routes to 1 public subnet"]);
  expect(lines.map((line) => `${line.from} ${line.to} ${line.isTraffic}`)).toEqual([
    "vpc-1 subnet-1 false",
    "subnet-1 rtb-own false",
    "rtb-own igw-1 true",
  ]);
  expect(nodes.filter((node) => node.mark)).toEqual([]);
});

test("a subnet is public by its table, never by its name", () => {
  const byName = world({ routeTables: [table("rtb-main", true, [])] });
  expect(find(byName, "subnet-1")).toMatchObject({ isPublic: false, mark: expect.stringContaining("by name only") });
  expect(find(world(), "subnet-1")).toMatchObject({ isPublic: true, mark: undefined });
});

test("a table that nobody uses, beside a subnet on the main one, is the trap that is marked", () => {
  const trap = world({ routeTables: [table("rtb-main", true, []), table("rtb-own", false, [], [["0.0.0.0/0", "igw-1"]])] });
  expect(find(trap, "subnet-1")?.mark).toContain("no table is associated");
});

test("peering: pending, unused, used; and the VPC beyond", () => {
  expect(find(world({ peeringConnections: [peering("pending-acceptance")] }), "pcx-1")?.mark).toContain("pending-acceptance");
  expect(find(world({ peeringConnections: [peering("active")] }), "pcx-1")?.mark).toContain("no route");
  const used = world({ peeringConnections: [peering("active")], routeTables: [table("rtb-main", true, [], [["10.2.0.0/16", "pcx-1"]])] });
  expect(find(used, "pcx-1")?.mark).toBeUndefined();
  expect(find(used, "pcx-1/vpc-2")).toMatchObject({ parent: "pcx-1", kind: "peer" });
  expect(find(world({ peeringConnections: [peering("deleted")] }), "pcx-1")).toBeUndefined();
  expect(find(world({ peeringConnections: [peering("active", "10.1.128.0/17")] }), "vpc-1")?.mark).toContain("overlap");
});

test("a route to what is gone leads to a blackhole that is shown", () => {
  const broken = world({ routeTables: [table("rtb-main", true, [], [["10.9.0.0/16", "pcx-gone", "blackhole"]])] });
  expect(find(broken, "pcx-gone")?.mark).toBeDefined();
  expect(find(broken, "rtb-main")?.mark).toContain("blackhole");
  expect(graphOf("vpc-1", broken).lines.find((line) => line.to === "pcx-gone")?.isBroken).toBe(true);
});

test("instances stand in their subnet until they are terminated", () => {
  const instance = (instanceId: string, name: string) =>
    ({ instanceId, subnetId: "subnet-1", instanceState: { code: "", name }, tagSet: [] }) as unknown as Instance;
  const { nodes } = graphOf("vpc-1", world({ instances: [instance("i-1", "running"), instance("i-2", "terminated")] }));
  expect(nodes.filter((node) => node.kind === "instance").map((node) => [node.id, node.parent])).toEqual([["i-1", "subnet-1"]]);
});

test("a chain goes one way in each direction: siblings stay dark", () => {
  const two = world({ subnets: [subnet("subnet-1", "a"), subnet("subnet-2", "b")], instances: [] });
  const graph = graphOf("vpc-1", two);
  expect([...chainOf("subnet-1", graph)].sort()).toEqual(["igw-1", "rtb-own", "subnet-1", "vpc-1"]);
  expect([...chainOf("igw-1", graph)].sort()).toEqual(["igw-1", "rtb-own", "subnet-1", "vpc-1"]);
  expect(chainOf("vpc-1", graph).size).toBe(graph.nodes.length);
});

test("a Region: VPCs, what connects them, the internet, and VPCs that cannot be peered", () => {
  const region = regionOf(
    world({ vpcs: [vpc("vpc-1", "10.1.0.0/16"), vpc("vpc-3", "10.1.0.0/16")], peeringConnections: [peering("active")] }),
  );
  expect(region.nodes.find((node) => node.id === "vpc-1")?.mark).toContain("overlap");
  expect(region.nodes.map((node) => node.id)).toEqual(["vpc-1", "vpc-3", "igw-1", "pcx-1", "pcx-1/vpc-2", "internet"]);
  expect(region.lines).toContainEqual({ from: "igw-1", to: "internet", isTraffic: true });
});

test("a card in words begins with what it shows", () => {
  const words = graphOf("vpc-1", world()).nodes.map(labelOf);
  expect(words[1]).toBe("subnet a-public1, 10.1.0.0/20, public, routes by rtb-own");
  expect(words[2]).toBe("route table rtb-main (main), No subnet associations, 1 route including local");
  expect(words[4]).toBe("internet gateway igw-1, Internet routes to 1 public subnet");
});

test("a VPC that is not there has an empty map", () => {
  expect(graphOf("vpc-9", world())).toEqual({ nodes: [], lines: [] });
});
