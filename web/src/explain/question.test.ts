import { expect, test } from "vitest";
import { explainPath, isWhole, questionOf, searchOf, serviceOf, swapped } from "./question";

const ping = { from: "i-1", to: "10.2.0.10", protocol: "icmp", port: "" } as const;

test("a link holds the whole question", () => {
  for (const question of [ping, { ...ping, protocol: "tcp", port: "22" } as const, { ...ping, from: "Instance - VPC 1 <> 2" }]) {
    expect(questionOf(searchOf(question))).toEqual(question);
  }
  expect(explainPath(ping)).toBe("/explain?from=i-1&to=10.2.0.10&protocol=icmp");
});

test("what a link does not say is left open", () => {
  expect(questionOf(new URLSearchParams("from=i-1&protocol=sctp"))).toEqual({ from: "i-1", to: "", protocol: "icmp", port: "" });
  expect(isWhole(questionOf(new URLSearchParams("from=i-1")))).toBe(false);
});

test("a port is a number that there is", () => {
  const service = (port: string) => serviceOf({ ...ping, protocol: "udp", port });
  expect([service("53"), service("0"), service("65536"), service(""), service("ssh")]).toEqual([
    { udp: 53 },
    { udp: 0 },
    undefined,
    undefined,
    undefined,
  ]);
  expect(serviceOf(ping)).toEqual({ icmp: true });
});

test("both ends change places", () => {
  expect(swapped(ping)).toEqual({ ...ping, from: "10.2.0.10", to: "i-1" });
});
