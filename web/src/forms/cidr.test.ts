import { expect, test } from "vitest";
import { countOf, covers, firstFree, formatCidr, overlaps, parseCidr, part } from "./cidr";

const cidr = (text: string) => parseCidr(text)!;

test("blocks are read and written", () => {
  for (const text of ["0.0.0.0/0", "10.1.0.0/16", "255.255.255.255/32", "192.168.1.128/25"]) expect(formatCidr(cidr(text))).toBe(text);
  expect(formatCidr(cidr("10.1.2.3/16"))).toBe("10.1.0.0/16");
  for (const text of ["", "10.0.0.0", "10.0.0.256/24", "10.0.0.0/33", "a", "10.0.0/8"]) expect(parseCidr(text), text).toBeUndefined();
});

test("addresses are counted", () => {
  expect(countOf("10.0.0.0/16")).toBe("65,536");
  expect(countOf("10.0.0.0/28")).toBe("16");
  expect(countOf("10.0")).toBeUndefined();
});

test("blocks overlap or cover each other", () => {
  expect(overlaps(cidr("10.0.0.0/16"), cidr("10.0.255.0/24"))).toBe(true);
  expect(overlaps(cidr("10.0.0.0/16"), cidr("10.1.0.0/16"))).toBe(false);
  expect(covers(cidr("10.0.0.0/16"), cidr("10.0.0.0/16"))).toBe(true);
  expect(covers(cidr("10.0.0.0/24"), cidr("10.0.0.0/16"))).toBe(false);
});

test("parts, and the first that is free", () => {
  expect(formatCidr(part(cidr("10.1.0.0/16"), 20, 8)!)).toBe("10.1.128.0/20");
  expect(part(cidr("10.1.0.0/16"), 20, 16)).toBeUndefined();
  expect(part(cidr("10.1.0.0/16"), 15, 0)).toBeUndefined();
  expect(formatCidr(firstFree(cidr("10.1.0.0/16"), 24, [cidr("10.1.0.0/23"), cidr("10.1.3.0/24")])!)).toBe("10.1.2.0/24");
  expect(firstFree(cidr("10.1.0.0/24"), 24, [cidr("10.1.0.128/25")])).toBeUndefined();
});
