import { describe, expect, test } from "vitest";
import { asCli, asCloudFormation, asTerraform } from "./code";
import { FIRST, plan, preview, problems, proposedCidr, type Settings } from "./plan";
import { resolve, steps } from "./steps";

const settings = (more: Partial<Settings>): Settings => ({ ...FIRST, zones: ["us-east-1a", "us-east-1b"], ...more });
/** The settings of the peering lab. */
const lab = plan(settings({ prefix: "NextWork-1", cidr: "10.1.0.0/16", zones: ["us-east-1a"], publicSubnets: 1, privateSubnets: 0 }));

describe("a plan", () => {
  test("of the peering lab has AWS's names and blocks", () => {
    expect([lab.vpcName, lab.gatewayName]).toEqual(["NextWork-1-vpc", "NextWork-1-igw"]);
    expect(lab.subnets.map(({ name, cidr }) => [name, cidr])).toEqual([["NextWork-1-subnet-public1-us-east-1a", "10.1.0.0/20"]]);
    expect(lab.tables.map((table) => table.name)).toEqual(["NextWork-1-rtb-public"]);
  });

  test("by default: two zones, a table for all public subnets, one for each private one", () => {
    const { subnets, tables } = plan(settings({ privateSubnets: 4 }));
    expect(subnets.map(({ name, cidr }) => [name, cidr])).toEqual([
      ["project-subnet-public1-us-east-1a", "10.0.0.0/20"],
      ["project-subnet-public2-us-east-1b", "10.0.16.0/20"],
      ["project-subnet-private1-us-east-1a", "10.0.128.0/20"],
      ["project-subnet-private2-us-east-1b", "10.0.144.0/20"],
      ["project-subnet-private3-us-east-1a", "10.0.160.0/20"],
      ["project-subnet-private4-us-east-1b", "10.0.176.0/20"],
    ]);
    expect(tables.map((table) => table.name)).toEqual([
      "project-rtb-public",
      "project-rtb-private1-us-east-1a",
      "project-rtb-private2-us-east-1b",
      "project-rtb-private3-us-east-1a",
      "project-rtb-private4-us-east-1b",
    ]);
  });

  test("finds what does not fit", () => {
    expect(proposedCidr("10.0.0.0/26", false, 1)).toBe("10.0.0.48/28");
    expect(problems(plan(settings({ cidr: "10.0.0.0/28" })))).toMatchObject({ public2: expect.anything(), private1: expect.anything() });
    expect(problems(plan(settings({ cidr: "10.0.0.0/8" })))).toMatchObject({ vpc: expect.stringContaining("/16") });
    expect(problems(plan(settings({ cidrs: { public2: "10.0.0.0/24" } })))).toEqual({ public2: "It overlaps with a subnet above." });
    expect(problems(plan(settings({})))).toEqual({});
  });

  test("has the map of what it makes, without marks", () => {
    const { nodes, lines } = preview(lab);
    expect(nodes.map((node) => node.title)).toEqual([
      "NextWork-1-vpc",
      "NextWork-1-subnet-public1-us-east-1a",
      "NextWork-1-rtb-public",
      "NextWork-1-igw",
    ]);
    expect(lines.length).toBe(3);
    expect(nodes.filter((node) => node.mark)).toEqual([]);
  });
});

describe("the steps", () => {
  test("are AWS's, in AWS's order", () => {
    expect(steps(lab).map((step) => step.title)).toEqual([
      "Create VPC",
      "Enable DNS hostnames",
      "Enable DNS resolution",
      "Verifying VPC creation",
      "Create subnet",
      "Create internet gateway",
      "Attach internet gateway to the VPC",
      "Create route table",
      "Create route",
      "Associate route table",
      "Verifying route table creation",
    ]);
  });

  test("never turn on public addresses, and name only what was given before", () => {
    const given = new Set<string>();
    for (const step of steps(plan(settings({ privateSubnets: 4 })))) {
      for (const [, name] of JSON.stringify(step.parameters).matchAll(/"\$([\w-]+)"/g))
        expect(given.has(name!), `${step.title}: ${name}`).toBe(true);
      if (step.gives) given.add(step.gives.name);
      expect(step.action).not.toBe("ModifySubnetAttribute");
    }
  });

  test("take the ids of earlier ones", () => {
    expect(resolve({ A: "$vpc", B: ["$vpc", "x"], C: { D: "$igw" } }, { vpc: "vpc-1" })).toEqual({
      A: "vpc-1",
      B: ["vpc-1", "x"],
      C: { D: "$igw" },
    });
  });
});

describe("the code", () => {
  test("for the AWS CLI is the steps", () => {
    const lines = asCli(lab).split("\n");
    expect(lines[0]).toBe(
      "VPC=$(aws ec2 create-vpc --cidr-block 10.1.0.0/16 --tag-specifications 'ResourceType=vpc,Tags=[{Key=Name,Value=NextWork-1-vpc}]' --query Vpc.VpcId --output text)",
    );
    expect(lines).toContain('aws ec2 modify-vpc-attribute --vpc-id "$VPC" --enable-dns-hostnames');
    expect(lines).toContain('aws ec2 wait vpc-available --vpc-ids "$VPC"');
    expect(lines).toContain('aws ec2 create-route --route-table-id "$RTB_PUBLIC" --destination-cidr-block 0.0.0.0/0 --gateway-id "$IGW"');
    expect(lines).toContain('aws ec2 associate-route-table --route-table-id "$RTB_PUBLIC" --subnet-id "$PUBLIC1"');
  });

  test("cannot be broken out of by a name", () => {
    const evil = plan(settings({ prefix: `a'; rm -rf $HOME; echo "\${x}` }));
    expect(asCli(evil)).toContain(`a'\\''; rm -rf $HOME`);
    expect(JSON.parse(asCloudFormation(evil)).Resources.Vpc.Properties.Tags[0].Value).toBe(`a'; rm -rf $HOME; echo "\${x}-vpc`);
    expect(asTerraform(evil)).toContain('\\"$${x}-vpc"');
  });

  test("as a template has a resource for everything", () => {
    const { Resources } = JSON.parse(asCloudFormation(plan(settings({}))));
    const types = Object.values(Resources as Record<string, { Type: string }>).map((resource) => resource.Type.replace("AWS::EC2::", ""));
    expect(types.filter((type) => type === "SubnetRouteTableAssociation").length).toBe(4);
    expect(types.filter((type) => type === "RouteTable").length).toBe(3);
    expect(Resources.RtbPublicInternet).toMatchObject({ DependsOn: "IgwAttachment" });
    expect(asTerraform(plan(settings({}))).match(/^resource /gm)?.length).toBe(types.length - 1);
  });
});
