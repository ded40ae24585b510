import { expect, test } from "vitest";
import type { AclEntry } from "../api/types";
import { changes, draftOf, newDraft } from "./entries";

const all: AclEntry = { ruleNumber: "100", protocol: "-1", ruleAction: "allow", egress: "false", cidrBlock: "0.0.0.0/0" };
const last: AclEntry = { ...all, ruleNumber: "32767", ruleAction: "deny" };

test("the last entry is never touched, and what stays asks for nothing", () => {
  expect(changes("acl-1", false, [all, last], [draftOf(all, 0)])).toEqual([]);
});

test("entries are made, replaced and deleted by number", () => {
  const ssh = { ...newDraft(1), number: "40", kind: "SSH", ports: "22", action: "deny" as const };
  const ping = { ...newDraft(2), number: "100", kind: "All ICMP - IPv4", ports: "All", cidr: "10.0.0.0/16" };
  expect(changes("acl-1", false, [all, last], [ssh, ping])).toEqual([
    [
      "CreateNetworkAclEntry",
      {
        NetworkAclId: "acl-1",
        Egress: false,
        RuleNumber: "40",
        RuleAction: "deny",
        Protocol: "6",
        CidrBlock: "0.0.0.0/0",
        PortRange: { From: "22", To: "22" },
      },
    ],
    [
      "ReplaceNetworkAclEntry",
      {
        NetworkAclId: "acl-1",
        Egress: false,
        RuleNumber: "100",
        RuleAction: "allow",
        Protocol: "1",
        CidrBlock: "10.0.0.0/16",
        Icmp: { Type: "-1", Code: "-1" },
      },
    ],
  ]);
  expect(changes("acl-1", true, [all, last], [])).toEqual([
    ["DeleteNetworkAclEntry", { NetworkAclId: "acl-1", Egress: true, RuleNumber: "100" }],
  ]);
});
