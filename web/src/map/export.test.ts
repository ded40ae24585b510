import { expect, test } from "vitest";
import { toMermaid, toSvg } from "./export";
import type { Graph } from "./graph";
import { layout } from "./layout";

const graph: Graph = {
  nodes: [
    { id: "vpc-1", kind: "vpc", column: 0, title: 'A <b> & "c"', details: ["10.0.0.0/16", ""] },
    { id: "subnet-1", kind: "subnet", column: 1, title: "a", details: [], mark: "look" },
  ],
  lines: [{ from: "vpc-1", to: "subnet-1", isTraffic: true, isBroken: true }],
};

test("names cannot break out of the picture or the text", () => {
  const svg = toSvg(graph, layout(graph, { details: true }), true);
  expect(svg).toContain("A &lt;b&gt; &amp; &quot;c&quot;");
  expect(svg).not.toContain("<b>");
  expect(toMermaid(graph)).toBe(
    ["flowchart LR", '  n0["A #lt;b#gt; & #quot;c#quot;<br>10.0.0.0/16"]', '  n1["a"]', "  n0 -. blackhole .-> n1", ""].join("\n"),
  );
});
