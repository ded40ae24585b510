import { expect, test } from "vitest";
import { changes } from "./routes";

const route = (destinationCidrBlock: string, gatewayId: string) => ({
  destinationCidrBlock,
  gatewayId,
  state: "active",
  origin: "CreateRoute",
});
const routes = [route("10.1.0.0/16", "local"), route("0.0.0.0/0", "igw-1"), route("10.9.0.0/16", "igw-1")];

test("what is new is created, what differs replaced, what is gone deleted; the local route is left alone", () => {
  const wanted = [
    { key: 1, destination: "0.0.0.0/0", target: "igw-1" },
    { key: 2, destination: " 10.2.0.0/16 ", target: "pcx-1" },
  ];
  expect(changes("rtb-1", routes, wanted)).toEqual([
    ["CreateRoute", { RouteTableId: "rtb-1", DestinationCidrBlock: "10.2.0.0/16", VpcPeeringConnectionId: "pcx-1" }],
    ["DeleteRoute", { RouteTableId: "rtb-1", DestinationCidrBlock: "10.9.0.0/16" }],
  ]);
  const moved = [
    { key: 1, destination: "0.0.0.0/0", target: "pcx-1" },
    { key: 2, destination: "10.9.0.0/16", target: "igw-1" },
    { key: 3, destination: "::/0", target: "igw-1" },
  ];
  expect(changes("rtb-1", routes, moved)).toEqual([
    ["ReplaceRoute", { RouteTableId: "rtb-1", DestinationCidrBlock: "0.0.0.0/0", VpcPeeringConnectionId: "pcx-1" }],
    ["CreateRoute", { RouteTableId: "rtb-1", DestinationIpv6CidrBlock: "::/0", GatewayId: "igw-1" }],
  ]);
});

test("nothing changed is nothing to call", () => {
  expect(
    changes("rtb-1", routes, [
      { key: 1, destination: "0.0.0.0/0", target: "igw-1" },
      { key: 2, destination: "10.9.0.0/16", target: "igw-1" },
    ]),
  ).toEqual([]);
});

test("a destination like the local one is asked for, so that AWS refuses it in its own words", () => {
  const [first] = changes("rtb-1", routes, [{ key: 1, destination: "10.1.0.0/16", target: "pcx-1" }]);
  expect(first?.[0]).toBe("CreateRoute");
});
