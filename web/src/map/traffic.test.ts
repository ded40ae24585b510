import { expect, test } from "vitest";
import type { Flow } from "../api/peerless";
import type { Graph, Node } from "./graph";
import { trafficOn } from "./traffic";

const node = (id: string, parent?: string): Node => ({ id, kind: "subnet", column: 0, title: id, details: [], parent });
const line = (from: string, to: string) => ({ from, to, isTraffic: true });

/** The map of the first VPC, of the second, and of the Region. */
const one: Graph = {
  nodes: ["vpc-1", "subnet-1", "rtb-1", "igw-1", "pcx-1"]
    .map((id) => node(id))
    .concat(node("i-1", "subnet-1"), node("pcx-1/vpc-2", "pcx-1")),
  lines: [line("vpc-1", "subnet-1"), line("subnet-1", "rtb-1"), line("rtb-1", "igw-1"), line("rtb-1", "pcx-1")],
};
const two: Graph = {
  nodes: ["vpc-2", "subnet-2", "rtb-2", "pcx-1"].map((id) => node(id)).concat(node("i-2", "subnet-2"), node("pcx-1/vpc-1", "pcx-1")),
  lines: [line("vpc-2", "subnet-2"), line("subnet-2", "rtb-2"), line("rtb-2", "pcx-1")],
};
const region: Graph = {
  nodes: ["vpc-1", "vpc-2", "pcx-1"].map((id) => node(id)),
  lines: [line("vpc-1", "pcx-1"), line("vpc-2", "pcx-1")],
};

const ping = (more: Partial<Flow> = {}): Flow =>
  ({
    id: "ping",
    way: ["vpc-1", "subnet-1", "i-1", "rtb-1", "pcx-1"],
    grave: ["i-2", "subnet-2", "vpc-2"],
    dropped: { stage: "SG in" },
    packets_per_second: 1,
    idle_seconds: 0.5,
    ...more,
  }) as Flow;

test("a ping that dies on the other side is seen on every map", () => {
  const here = trafficOn(one, [ping()]);
  expect([...here.lines.keys()]).toEqual(["vpc-1 subnet-1", "subnet-1 rtb-1", "rtb-1 pcx-1"]);
  expect(here.deaths.map((death) => death.at)).toEqual(["pcx-1/vpc-2"]);
  const there = trafficOn(two, [ping()]);
  expect([there.lines.size, there.deaths.map((death) => death.at)]).toEqual([0, ["i-2"]]);
  const all = trafficOn(region, [ping()]);
  expect([[...all.lines.keys()], all.deaths.map((death) => death.at)]).toEqual([["vpc-1 pcx-1"], ["vpc-2"]]);
});

test("what arrives is drawn where its subnet is joined to where it came from", () => {
  const arriving = ping({
    way: ["vpc-1", "subnet-1", "i-1", "rtb-1", "pcx-1", "i-2", "subnet-2", "vpc-2"],
    grave: undefined,
    dropped: undefined,
  });
  expect([...trafficOn(two, [arriving]).lines.keys()]).toEqual(["rtb-2 pcx-1", "subnet-2 rtb-2", "vpc-2 subnet-2"]);
});

test("rates add up, and what is silent is no news", () => {
  const flows = [ping(), ping({ id: "other", packets_per_second: 4 }), ping({ id: "old", packets_per_second: 9, idle_seconds: 60 })];
  const { lines, deaths } = trafficOn(one, flows);
  expect(lines.get("rtb-1 pcx-1")).toBe(5);
  expect(deaths.map(({ flow, perSecond }) => [flow.id, perSecond])).toEqual([["other", 5]]);
});
