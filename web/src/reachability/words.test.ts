import { expect, test } from "vitest";
import type { NetworkInsightsAnalysis, NetworkInsightsPath, NetworkInterface } from "../api/types";
import { aclRule, doings, groupRule, header, kindOf, latest, questionOf, sentenceOf } from "./words";

const path = (more: Partial<NetworkInsightsPath>) =>
  ({ source: "i-1", destination: "i-2", protocol: "tcp", ...more }) as NetworkInsightsPath;

test("rules are told as tables tell them", () => {
  const acl = { cidr: "0.0.0.0/0", egress: "true", protocol: "all", ruleAction: "deny", ruleNumber: "32767" } as const;
  expect(aclRule(acl)).toBe("Outbound rule *: deny all traffic to 0.0.0.0/0");
  const group = { securityGroupId: "sg-1", direction: "ingress", protocol: "tcp", portRange: { from: "22", to: "22" } };
  expect(groupRule(group)).toBe("Inbound rule: TCP 22 from sg-1");
  expect(kindOf("pcx-0")).toBe("VPC peering connection");
});

test("headers are as short as they can be", () => {
  const blocks = ["0.0.0.1/32", "0.0.0.2/31", "11.0.0.0/8", "12.0.0.0/6", "128.0.0.0/3"];
  expect(
    header({ sourceAddressSet: blocks, destinationAddressSet: ["10.1.0.4/32"], destinationPortRangeSet: [{ from: "80", to: "443" }] }),
  ).toBe("from 0.0.0.1, 0.0.0.2/31, 11.0.0.0/8 and 2 more, to 10.1.0.4 port 80-443");
  const gateway = { sequenceNumber: "1", component: { id: "igw-1", arn: "" }, outboundHeader: { destinationAddressSet: ["10.1.0.4/32"] } };
  expect(doings(gateway)).toEqual(["Goes out: to 10.1.0.4"]);
  expect(doings({ sequenceNumber: "1", component: { id: "sg-1", arn: "" } })).toEqual(["Stateful: the reply needs no rule"]);
});

test("codes have sentences", () => {
  const group = { id: "sg-1", arn: "" };
  expect(sentenceOf({ explanationCode: "ENI_SG_RULES_MISMATCH", direction: "ingress", securityGroupSet: [group] })).toBe(
    "No inbound rule applies of: sg-1.",
  );
  expect(sentenceOf({ explanationCode: "NO_ROUTE_TO_DESTINATION", address: "10.1.0.4" })).toBe("It has no route to 10.1.0.4.");
  expect(sentenceOf({ explanationCode: "SOMETHING_NEW" })).toBe("");
});

test("the newest analysis counts", () => {
  const analysis = (id: string, path: string, startDate: string) =>
    ({ networkInsightsAnalysisId: id, networkInsightsPathId: path, startDate }) as NetworkInsightsAnalysis;
  const all = [analysis("a", "one", "2026-01-01"), analysis("b", "one", "2026-02-01"), analysis("c", "two", "2026-03-01")];
  expect(latest("one", all)?.networkInsightsAnalysisId).toBe("b");
  expect(latest("none", all)).toBeUndefined();
});

test("the Explain page is asked the same", () => {
  const interfaces = [
    { networkInterfaceId: "eni-1", attachment: { instanceId: "i-9" } },
    { networkInterfaceId: "eni-2" },
  ] as NetworkInterface[];
  expect(questionOf(path({ destinationPort: "22" }), [])).toEqual({ from: "i-1", to: "i-2", protocol: "tcp", port: "22" });
  expect(questionOf(path({ source: "igw-1", destination: "eni-1" }), interfaces)).toMatchObject({ from: "laptop", to: "i-9" });
  expect(questionOf(path({ destination: "igw-1", protocol: "udp" }), [])).toMatchObject({ to: "internet", protocol: "udp" });
  const filtered = path({
    destination: undefined,
    filterAtSource: { destinationAddress: "1.2.3.4", destinationPortRange: { fromPort: "80", toPort: "90" } },
  });
  expect(questionOf(filtered, [])).toMatchObject({ to: "1.2.3.4", port: "80" });
  expect(questionOf(path({ source: "pcx-1" }), interfaces)).toBeUndefined();
});
