import { expect, test } from "vitest";
import { KINDS, kindOf, numberOf, portsOf, protocolOf, readPorts } from "./traffic";

test("every kind is recognised by what it carries", () => {
  for (const kind of KINDS.filter((kind) => !kind.writes)) expect(kindOf(kind)).toBe(kind.name);
  expect(kindOf({ protocol: "tcp", from: "8080", to: "8080" })).toBe("Custom TCP");
  expect(kindOf({ protocol: "tcp", from: "22", to: "23" })).toBe("Custom TCP");
  expect(kindOf({ protocol: "icmp", from: "3", to: "4" })).toBe("Custom ICMP - IPv4");
  expect(kindOf({ protocol: "47" })).toBe("Custom Protocol");
});

test("ports are shown and read", () => {
  expect(portsOf({ protocol: "tcp", from: "22", to: "22" })).toBe("22");
  expect(portsOf({ protocol: "udp", from: "1", to: "9" })).toBe("1 - 9");
  expect(portsOf({ protocol: "-1" })).toBe("All");
  expect(portsOf({ protocol: "icmp", from: "8", to: "-1" })).toBe("Type 8");
  expect(readPorts("22")).toEqual({ from: "22", to: "22" });
  expect(readPorts(" 8000-8080 ")).toEqual({ from: "8000", to: "8080" });
  for (const text of ["", "a", "1-", "123456"]) expect(readPorts(text), text).toBeUndefined();
});

test("ACLs write protocols as numbers", () => {
  for (const [number, name] of [
    ["6", "tcp"],
    ["17", "udp"],
    ["1", "icmp"],
    ["-1", "-1"],
    ["47", "47"],
  ] as const) {
    expect(protocolOf(number)).toBe(name);
    expect(numberOf(name)).toBe(number);
  }
});
