import { expect, test } from "vitest";
import { effectiveTable, entriesOf, leadsToInternet } from "./network";
import type { NetworkAcl, RouteTable } from "./types";

const table = (id: string, main: boolean, subnets: string[], routes: [string, string, string?][] = []): RouteTable => ({
  routeTableId: id,
  vpcId: "vpc-1",
  ownerId: "0",
  tagSet: [],
  routeSet: routes.map(([destinationCidrBlock, gatewayId, state = "active"]) => ({
    destinationCidrBlock,
    gatewayId,
    state,
    origin: "CreateRoute",
  })),
  associationSet: [
    ...(main ? [{ routeTableAssociationId: "a", routeTableId: id, main: "true" as const }] : []),
    ...subnets.map((subnetId) => ({ routeTableAssociationId: subnetId, routeTableId: id, subnetId, main: "false" as const })),
  ],
});

test("a subnet without a table of its own uses the main one of its VPC", () => {
  const tables = [table("rtb-own", false, ["subnet-1"]), table("rtb-main", true, []), { ...table("rtb-other", true, []), vpcId: "vpc-2" }];
  expect(effectiveTable({ subnetId: "subnet-1", vpcId: "vpc-1" }, tables)).toMatchObject({
    table: { routeTableId: "rtb-own" },
    isExplicit: true,
  });
  expect(effectiveTable({ subnetId: "subnet-2", vpcId: "vpc-1" }, tables)).toMatchObject({
    table: { routeTableId: "rtb-main" },
    isExplicit: false,
  });
});

test("only an active default route to an internet gateway makes a table public", () => {
  expect(leadsToInternet(table("a", true, [], [["0.0.0.0/0", "igw-1"]]))).toBe(true);
  expect(leadsToInternet(table("a", true, [], [["0.0.0.0/0", "igw-1", "blackhole"]]))).toBe(false);
  expect(leadsToInternet(table("a", true, [], [["8.8.8.0/24", "igw-1"]]))).toBe(false);
  expect(leadsToInternet(table("a", true, [], [["10.0.0.0/16", "local"]]))).toBe(false);
  expect(leadsToInternet(undefined)).toBe(false);
});

test("entries of an ACL are asked by number, not by text", () => {
  const entry = (ruleNumber: string, egress: "true" | "false") => ({ ruleNumber, egress, protocol: "-1", ruleAction: "allow" as const });
  const acl = { entrySet: [entry("32767", "false"), entry("100", "false"), entry("90", "false"), entry("1", "true")] } as NetworkAcl;
  expect(entriesOf(acl, false).map((entry) => entry.ruleNumber)).toEqual(["90", "100", "32767"]);
});
