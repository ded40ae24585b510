import { expect, test } from "vitest";
import type { Instance, RouteTable, SecurityGroupRule, Subnet } from "../api/types";
import { notes, rangeOf, userOf } from "./notes";

const instance = (name: string, ipAddress?: string) => ({ instanceState: { code: "", name }, ipAddress }) as Instance;
const subnet = { mapPublicIpOnLaunch: "false" } as Subnet;
const table = (target: string) =>
  ({
    routeTableId: "rtb-1",
    tagSet: [],
    routeSet: [{ destinationCidrBlock: "0.0.0.0/0", gatewayId: target, state: "active" }],
  }) as unknown as RouteTable;
const facts: Parameters<typeof notes>[0] = {
  instance: instance("running", "198.18.0.1"),
  subnet,
  table: table("igw-1"),
  isExplicit: true,
  rules: [],
  region: "us-east-1",
};
const headers = (more: Partial<typeof facts>) => notes({ ...facts, ...more }).map((note) => note.header);

test("an instance in a public subnet with a public address has nothing to be said", () => {
  expect(headers({})).toEqual([]);
});

test("what keeps EC2 Instance Connect out is said before anybody tries", () => {
  expect(headers({ instance: instance("stopped") })).toEqual(["This instance is not running"]);
  const [note] = notes({ ...facts, instance: instance("running") });
  expect(note).toMatchObject({ header: "No public IPv4 address assigned", isShut: true, why: expect.stringContaining("Elastic IP") });
  expect(headers({ table: table("pcx-1") })).toEqual(["Instance is not in public subnet"]);
  expect(notes({ ...facts, table: table("pcx-1"), isExplicit: false })[0]?.why).toContain("the main route table");
});

test("port 22 open to all is a note, with the range of the Region", () => {
  const rule = (fromPort: string, toPort: string, cidrIpv4: string) =>
    ({ ipProtocol: "tcp", fromPort, toPort, cidrIpv4 }) as SecurityGroupRule;
  expect(headers({ rules: [rule("22", "22", "0.0.0.0/0")] })).toEqual(["Port 22 (SSH) is open to all IPv4 addresses"]);
  expect(headers({ rules: [rule("80", "80", "0.0.0.0/0"), rule("22", "22", "203.0.113.10/32")] })).toEqual([]);
  expect([rangeOf("us-east-1"), rangeOf("us-west-2")]).toEqual(["18.206.107.24/29", "18.237.140.160/29"]);
});

test("the login is the image's", () => {
  expect(["al2023-ami", "ubuntu/images/x", "debian-12"].map(userOf)).toEqual(["ec2-user", "ubuntu", "admin"]);
});
