import { expect, test } from "vitest";
import type { Fix } from "../api/peerless";
import { isMakeable, make, templateOf } from "./fixing";

const fix = (action: string, parameters: [string, string][], gives?: [string, string]): Fix => ({
  says: "",
  cli: "",
  terraform: "",
  cloudformation: "",
  calls: [{ action, account: "000000000000", region: "us-east-1", parameters, gives }],
});

test("what a call gives, later ones use", async () => {
  const made: unknown[] = [];
  const caller = async (action: string, parameters: object) => {
    made.push([action, parameters]);
    return { vpcPeeringConnection: { vpcPeeringConnectionId: "pcx-1" } };
  };
  const fixes = [
    fix("CreateVpcPeeringConnection", [["VpcId", "vpc-1"]], ["$PCX", "vpcPeeringConnection.vpcPeeringConnectionId"]),
    fix("AcceptVpcPeeringConnection", [["VpcPeeringConnectionId", "$PCX"]]),
  ];
  await make(fixes, caller as never);
  expect(made).toEqual([
    ["CreateVpcPeeringConnection", { VpcId: "vpc-1" }],
    ["AcceptVpcPeeringConnection", { VpcPeeringConnectionId: "pcx-1" }],
  ]);
});

test("a refused call ends it", async () => {
  let calls = 0;
  const caller = async () => {
    calls += 1;
    throw new Error("no");
  };
  await expect(make([fix("CreateRoute", []), fix("CreateRoute", [])], caller as never)).rejects.toThrow("no");
  expect(calls).toBe(1);
});

test("what has no calls is no button", () => {
  expect(isMakeable([])).toBe(false);
  expect(isMakeable([fix("CreateRoute", [])])).toBe(true);
  expect(isMakeable([{ says: "", cli: "", terraform: "", cloudformation: "", calls: [] }])).toBe(false);
});

test("a template has resources, or is a comment", () => {
  const told = (cloudformation: string) => ({ ...fix("StartInstances", []), cloudformation });
  expect(templateOf([told("  # start i-1\n")])).toBe("# start i-1\n");
  const rule = "  Fix2:\n    Type: AWS::EC2::Route\n";
  expect(templateOf([told("  # start i-1\n"), told(rule)])).toBe(
    `AWSTemplateFormatVersion: "2010-09-09"\nResources:\n  # start i-1\n${rule}`,
  );
});
