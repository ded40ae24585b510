import { expect, test } from "vitest";
import { only, read, write } from "./search";

test("a question survives the address", () => {
  const query = {
    operation: "or" as const,
    tokens: [
      { propertyKey: "vpc", operator: "=", value: "vpc-1" },
      { propertyKey: undefined, operator: ":", value: 'free "text", with ; & =' },
    ],
  };
  expect(read(write(query)!)).toEqual(query);
  expect(write(read(null))).toBeUndefined();
});

test("what is no question asks nothing", () => {
  for (const text of ["", "{", "7", '"and"', "[1,2]", "nonsense"]) expect(read(text), text).toEqual({ operation: "and", tokens: [] });
});

test("a link to a part of a list", () => {
  expect(only("/vpc/subnets", "vpc", "vpc-1")).toBe("/vpc/subnets?filter=%5B%22and%22%2C%5B%22vpc%22%2C%22%3D%22%2C%22vpc-1%22%5D%5D");
});
