import { expect, test } from "vitest";
import { flatten } from "./form";

test("lists are numbered, structures dotted, nothing is left out", () => {
  const form = flatten({
    VpcId: "vpc-1",
    Absent: undefined,
    EnableDnsHostnames: { Value: true },
    TagSpecification: [{ ResourceType: "vpc", Tag: [{ Key: "Name", Value: "a" }] }],
    Empty: [],
  });
  expect(form).toEqual([
    ["VpcId", "vpc-1"],
    ["EnableDnsHostnames.Value", "true"],
    ["TagSpecification.1.ResourceType", "vpc"],
    ["TagSpecification.1.Tag.1.Key", "Name"],
    ["TagSpecification.1.Tag.1.Value", "a"],
  ]);
});
