import { expect, test } from "vitest";
import type { Graph, Node } from "./graph";
import { type Box, layout, neighbour, titleOf } from "./layout";

const node = (id: string, column: number, more: Partial<Node> = {}): Node => ({
  id,
  kind: "subnet",
  column,
  title: id,
  details: ["a"],
  ...more,
});

const graph: Graph = {
  nodes: [
    node("vpc", 0),
    node("a1", 1, { group: "a" }),
    node("a2", 1, { group: "a" }),
    node("b1", 1, { group: "b" }),
    node("i1", 1, { parent: "a2" }),
    node("i2", 1, { parent: "a2" }),
    node("rtb", 2),
    node("igw", 3),
  ],
  lines: [
    { from: "vpc", to: "a1", isTraffic: false },
    { from: "a1", to: "rtb", isTraffic: false },
    { from: "a2", to: "rtb", isTraffic: false },
    { from: "rtb", to: "igw", isTraffic: true },
  ],
};

const apart = (a: Box, b: Box) => a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;

test("nothing overlaps, with and without details, and all is inside", () => {
  for (const details of [false, true]) {
    const { boxes, width, height } = layout(graph, { details });
    const tops = graph.nodes.filter((node) => !node.parent).map((node) => boxes.get(node.id)!);
    for (const [at, box] of tops.entries()) {
      expect(box.x + box.width).toBeLessThanOrEqual(width);
      expect(box.y + box.height).toBeLessThanOrEqual(height);
      for (const other of tops.slice(at + 1)) expect(apart(box, other)).toBe(true);
    }
  }
});

test("columns fit the room, down to a width that can be read", () => {
  expect(layout(graph, { details: true, room: 1100 }).width).toBeLessThanOrEqual(1100);
  expect(layout(graph, { details: true, room: 300 }).boxes.get("vpc")!.width).toBe(132);
  // As much as a page of 1,024 pixels has beside the navigation.
  expect(layout(graph, { details: true, room: 634 }).width).toBeLessThanOrEqual(634);
});

test("instances stand inside their subnet, one under the other", () => {
  const { boxes } = layout(graph, { details: true });
  const [subnet, one, two] = ["a2", "i1", "i2"].map((id) => boxes.get(id)!) as [Box, Box, Box];
  expect(apart(one, two)).toBe(true);
  for (const inner of [one, two]) {
    expect(inner.x).toBeGreaterThan(subnet.x);
    expect(inner.y + inner.height).toBeLessThanOrEqual(subnet.y + subnet.height);
  }
});

test("each zone has one heading above its subnets; columns are counted", () => {
  const { zones, columns, boxes } = layout(graph, { details: false });
  expect(zones.map((zone) => zone.title)).toEqual(["a", "b"]);
  expect(zones[1]!.y).toBeLessThan(boxes.get("b1")!.y);
  expect(columns.map((column) => column.count)).toEqual([1, 3, 1, 1]);
});

test("a VPC of a thousand subnets is laid out", () => {
  const many: Graph = { nodes: Array.from({ length: 1000 }, (_, index) => node(`s${index}`, 1, { group: "a" })), lines: [] };
  expect(layout(many, { details: true }).boxes.size).toBe(1000);
});

test("arrow keys walk columns and lines", () => {
  const places = layout(graph, { details: false });
  const walk = (from: string, key: string) => neighbour(from, key, graph, places);
  expect(walk("a1", "ArrowDown")).toBe("a2");
  expect(walk("a2", "ArrowDown")).toBe("i1");
  expect(walk("a1", "ArrowUp")).toBeUndefined();
  expect(walk("a1", "ArrowRight")).toBe("rtb");
  expect(walk("i1", "ArrowRight")).toBe("rtb");
  expect(walk("rtb", "ArrowLeft")).toBe("a1");
  expect(walk("igw", "ArrowRight")).toBeUndefined();
});

test("lines leave at the right and arrive at the left", () => {
  const { boxes, paths } = layout(graph, { details: false });
  const [vpc, subnet] = [boxes.get("vpc")!, boxes.get("a1")!];
  const path = paths.get("vpc a1")!;
  expect(path.startsWith(`M${vpc.x + vpc.width},${vpc.y + 16} `)).toBe(true);
  expect(path.endsWith(` H${subnet.x}`)).toBe(true);
});

test("lines to one table share a track, lines to two tables do not where they pass each other", () => {
  const crossing: Graph = {
    nodes: [node("a", 1), node("b", 1), node("c", 1), node("t1", 2), node("t2", 2)],
    lines: ["a t2", "b t1", "c t2"].map((ends) => ({ from: ends.split(" ")[0]!, to: ends.split(" ")[1]!, isTraffic: false })),
  };
  const { paths } = layout(crossing, { details: false });
  const track = (key: string) => /V.* Q(\d+),/.exec(paths.get(key)!)![1];
  expect(track("a t2")).toBe(track("c t2"));
  expect(track("a t2")).not.toBe(track("b t1"));
});

test("titles are broken where a browser breaks them, and cut when they are too long", () => {
  expect(titleOf("NextWork-1-subnet-public1-us-east-1a", 320)).toEqual(["NextWork-1-subnet-public1-us-", "east-1a"]);
  expect(titleOf("Instance - NextWork VPC 1", 132)).toEqual(["Instance - ", "NextWork ", "VPC 1"]);
  expect(titleOf("x".repeat(30), 132)).toEqual(["xxxxxxxxxx", "xxxxxxxxxx", "xxxxxxxxxx"]);
  const cut = titleOf("a-very-long-name ".repeat(10), 200);
  expect(cut.length).toBe(4);
  expect(cut[3]!.endsWith("…")).toBe(true);
});
