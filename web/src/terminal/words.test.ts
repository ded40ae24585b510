import { expect, test } from "vitest";
import type { Dropped } from "../api/terminal";
import { explanationOf, restOf, sentenceOf } from "./words";

const flow: Dropped = {
  protocol: "icmp",
  to: "10.2.0.9",
  packets: 41,
  goesOn: true,
  by: { stage: "SG in", resource: "sg-0b2 default", of: "Instance - NextWork VPC 2", onTheWayBack: false },
};

test("what is dropped is told with its culprit", () => {
  expect(sentenceOf(flow)).toBe("41 echo requests to 10.2.0.9 dropped by sg-0b2 | default of Instance - NextWork VPC 2");
  const route = { stage: "route", resource: "rtb-01", onTheWayBack: true };
  expect(sentenceOf({ ...flow, packets: 1, by: route })).toBe("1 echo request to 10.2.0.9: its answer dropped by rtb-01");
  expect(sentenceOf({ ...flow, protocol: "tcp", port: 22, by: undefined })).toBe("41 TCP packets to 10.2.0.9:22 dropped");
});

test("what is over is told as what was", () => {
  expect(sentenceOf({ ...flow, goesOn: false, packets: 1 })).toMatch(/^1 echo request to 10\.2\.0\.9 was dropped by .*, none any more$/);
});

test("the link asks the same question", () => {
  expect(explanationOf("i-1", flow)).toBe("/explain?from=i-1&to=10.2.0.9&protocol=icmp");
  expect(explanationOf("i-1", { ...flow, protocol: "udp", port: 53 })).toBe("/explain?from=i-1&to=10.2.0.9&protocol=udp&port=53");
});

test("the rest is a sum", () => {
  expect(restOf([], 0)).toBe("");
  expect(restOf([{ ...flow, packets: 1 }], 0)).toBe("and 1 packet of other kinds");
  expect(restOf([flow, flow], 9_918)).toBe("and 10,000 packets of other kinds");
});
