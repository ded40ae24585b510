import { expect, test } from "vitest";
import type { SecurityGroupRule } from "../api/types";
import { changes, type Draft, draftOf, permission } from "./rules";

const rule = (id: string, more: Partial<SecurityGroupRule>): SecurityGroupRule => ({
  securityGroupRuleId: id,
  groupId: "sg-1",
  isEgress: "false",
  ipProtocol: "-1",
  tagSet: [],
  ...more,
});
const itself = rule("sgr-1", { referencedGroupInfo: { groupId: "sg-1" } });
const ssh = rule("sgr-2", { ipProtocol: "tcp", fromPort: "22", toPort: "22", cidrIpv4: "0.0.0.0/0" });
const draft = (kind: string, peer: string, ports = ""): Draft => ({ key: 9, kind, ports, peer, description: "" });

test("a rule that stays asks for nothing", () => {
  expect(changes([itself, ssh], [draftOf(itself, 0), draftOf(ssh, 1)])).toEqual({ first: [], added: [], last: [] });
});

test("a new rule is added, a removed one revoked after", () => {
  const icmp = draft("All ICMP - IPv4", "10.1.0.0/16");
  const { first, added, last } = changes([itself, ssh], [draftOf(itself, 0), icmp]);
  expect([first, added, last.map((old) => old.rule)]).toEqual([[], [icmp], ["sgr-2"]]);
});

test("another description of the same rule takes the old one away first", () => {
  const described = { ...draftOf(ssh, 0), description: "me" };
  const { first, added, last } = changes([ssh], [described]);
  expect([first.map((old) => old.rule), added, last]).toEqual([["sgr-2"], [described], []]);
});

test("permissions say what the menu says", () => {
  expect(permission(draft("SSH", "0.0.0.0/0"))).toEqual({
    IpProtocol: "tcp",
    FromPort: "22",
    ToPort: "22",
    IpRanges: [{ CidrIp: "0.0.0.0/0", Description: undefined }],
  });
  expect(permission(draft("All ICMP - IPv4", "10.1.0.0/16"))).toMatchObject({ IpProtocol: "icmp", FromPort: "-1", ToPort: "-1" });
  expect(permission(draft("Custom TCP", "sg-9", "8000-8080"))).toMatchObject({
    FromPort: "8000",
    ToPort: "8080",
    Groups: [{ GroupId: "sg-9" }],
  });
  expect(permission(draft("All traffic", "::/0"))).toMatchObject({ IpProtocol: "-1", Ipv6Ranges: [{ CidrIpv6: "::/0" }] });
});
