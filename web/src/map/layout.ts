/** Where everything of a map stands. Pure: the columns are given, so each is a stack; nothing else needs to be found. */
import type { Graph, Node } from "./graph";

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Layout {
  boxes: Map<string, Box>;
  /** The headings of availability zones, above their subnets. */
  zones: { title: string; x: number; y: number }[];
  columns: { title: string; subtitle: string; count: number; x: number }[];
  width: number;
  height: number;
}

/** Between columns, where the lines run. */
const GAP = 44;
/** The narrowest column; where there is no room for it, one scrolls. */
const NARROW = 180;
const WIDE = 320;
const HEAD = 64;
const TITLE = 40;
const DETAIL = 18;
/** Another line of a title; the width of its letters, and what stands beside it. */
const LINE = 10;
const LETTER = 7.6;
const BESIDE = 52;
const ZONE = 26;
const SPACE = 14;
const INSET = 10;

const COLUMNS: [title: string, subtitle: string][] = [
  ["VPC", "Your AWS virtual network"],
  ["Subnets", "Subnets within this VPC"],
  ["Route tables", "Route network traffic to resources"],
  ["Network connections", "Connections to other networks"],
];

const REGION_COLUMNS: [title: string, subtitle: string][] = [
  ["VPCs", "Your AWS virtual networks"],
  ["Network connections", "Gateways and peering connections"],
  ["Beyond", "The internet, VPCs elsewhere"],
];

export interface Options {
  details: boolean;
  isRegion?: boolean;
  /** The room that there is. */
  room?: number;
}

export function layout(graph: Graph, { details, isRegion = false, room = 1240 }: Options): Layout {
  const titles = isRegion ? REGION_COLUMNS : COLUMNS;
  const boxes = new Map<string, Box>();
  const zones: Layout["zones"] = [];
  const last = Math.max(isRegion ? 2 : 3, ...graph.nodes.map((node) => node.column));
  const columns: Layout["columns"] = [];
  const wide = Math.min(WIDE, Math.max(NARROW, Math.floor((room - last * GAP) / (last + 1))));
  let bottom = HEAD;
  for (let column = 0; column <= last; column++) {
    const x = column * (wide + GAP);
    const own = graph.nodes.filter((node) => node.column === column && !node.parent);
    const [title = "", subtitle = ""] = titles[column] ?? [];
    columns.push({ title, subtitle, count: own.length, x });
    let y = HEAD;
    let zone: string | undefined;
    for (const node of own) {
      if (node.group !== undefined && node.group !== zone) {
        zones.push({ title: node.group, x, y });
        y += ZONE;
        zone = node.group;
      }
      const children = graph.nodes.filter((child) => child.parent === node.id);
      let height = heightOf(node, wide, details);
      for (const child of children) {
        const inner = heightOf(child, wide - 2 * INSET, details);
        boxes.set(child.id, { x: x + INSET, y: y + height, width: wide - 2 * INSET, height: inner });
        height += inner + INSET;
      }
      boxes.set(node.id, { x, y, width: wide, height });
      y += height + SPACE;
    }
    bottom = Math.max(bottom, y);
  }
  return { boxes, zones, columns, width: (last + 1) * wide + last * GAP, height: bottom };
}

function heightOf(node: Node, width: number, details: boolean): number {
  return TITLE + (linesOf(node.title, width) - 1) * LINE + (details ? node.details.filter(Boolean).length * DETAIL : 0);
}

/** How many lines a title takes, one or two, by the width of an ordinary letter. */
export function linesOf(title: string, width: number): 1 | 2 {
  return title.length * LETTER > width - BESIDE ? 2 : 1;
}

/** The curve of a line between two boxes: out at the right, in at the left. */
export function curve(from: Box, to: Box): string {
  const [x1, y1, x2, y2] = [from.x + from.width, from.y + TITLE / 2, to.x, to.y + TITLE / 2];
  if (x2 < x1) {
    // Back to a column on the left, as a peering connection's second VPC: round the near side of both.
    return `M${from.x},${y1} C${from.x - GAP / 2},${y1} ${to.x + to.width + GAP / 2},${y2} ${to.x + to.width},${y2}`;
  }
  const middle = (x1 + x2) / 2;
  return `M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}`;
}

/** The middle of a line between two boxes: a curve's ends are as far from it as each other. */
export function middleOf(from: Box, to: Box): { x: number; y: number } {
  const [right, left] = to.x < from.x ? [from.x, to.x + to.width] : [from.x + from.width, to.x];
  return { x: (right + left) / 2, y: (from.y + to.y + TITLE) / 2 };
}

/** The node that an arrow key leads to: up and down in a column, left and right along a line. */
export function neighbour(id: string, key: string, graph: Graph, { boxes }: Layout): string | undefined {
  const here = boxes.get(id);
  if (!here) return undefined;
  const at = (other: string) => boxes.get(other) ?? here;
  const nearest = (ids: string[]) => ids.sort((a, b) => Math.abs(at(a).y - here.y) - Math.abs(at(b).y - here.y))[0];
  const column = graph.nodes.find((node) => node.id === id)?.column;
  const stack = graph.nodes.filter((node) => node.column === column).map((node) => node.id);
  stack.sort((a, b) => at(a).y - at(b).y);
  const place = stack.indexOf(id);
  switch (key) {
    case "ArrowDown":
      return stack[place + 1];
    case "ArrowUp":
      return stack[place - 1];
    case "ArrowRight":
    case "ArrowLeft": {
      const start = graph.nodes.find((node) => node.id === id)?.parent ?? id;
      const linked = graph.lines.flatMap((line) => (line.from === start ? [line.to] : line.to === start ? [line.from] : []));
      return nearest(linked.filter((other) => (key === "ArrowRight" ? at(other).x > here.x : at(other).x < here.x)));
    }
    default:
      return undefined;
  }
}
