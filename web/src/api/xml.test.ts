import { expect, test } from "vitest";
import { parse } from "./xml";

test("elements are objects, items are lists, text is text", () => {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<R xmlns="http://x/"><vpcSet><item><vpcId>vpc-1</vpcId><tagSet><item><key>a</key><value>1 &lt; 2 &amp; &#x41;</value></item></tagSet></item></vpcSet></R>`;
  expect(parse(xml)).toEqual({ vpcSet: [{ vpcId: "vpc-1", tagSet: [{ key: "a", value: "1 < 2 & A" }] }] });
});

test("an empty element is a list only by its name", () => {
  expect(parse("<R><tagSet/><ipRanges></ipRanges><value/><description></description></R>")).toEqual({
    tagSet: [],
    ipRanges: [],
    value: "",
    description: "",
  });
});

test("a tag named true stays a string", () => {
  expect(parse("<R><value>true</value></R>")).toEqual({ value: "true" });
});

test("what is cut off is refused", () => {
  expect(() => parse("<R><a>")).toThrow();
  expect(() => parse("<R></a></R>")).toThrow();
  expect(() => parse("")).toThrow();
});
