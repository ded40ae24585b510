/** Where everything of a map stands. Pure: the columns are given, so each is a stack; nothing else needs to be found. */
import type { Graph, Node } from "./graph";
import { pathsOf } from "./lines";

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
  /** The ways of the lines, by key. */
  paths: Map<string, string>;
  columnWidth: number;
  width: number;
  height: number;
}

/** Between columns, where the lines run: where there is room, and where there is little. */
const GAP = 44;
const LITTLE_GAP = 26;
/** The narrowest column; where there is no room for it, one scrolls. */
const NARROW = 132;
const WIDE = 320;
/** The heads of columns, in one line and in two. */
const HEAD = 64;
const HIGH_HEAD = 88;
/** A title of one line, and each line of a title; a line of details. */
const TITLE = 30;
const TITLE_LINE = 16;
const DETAIL = 18;
const BELOW = 10;
/** The width of letters, and what stands beside them. */
const TITLE_LETTER = 8;
const DETAIL_LETTER = 7;
const BESIDE_TITLE = 52;
const BESIDE_DETAIL = 26;
/** The most lines of a title and of a detail; what is longer is cut. */
const TITLE_LINES = 4;
const DETAIL_LINES = 3;
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
  const gap = room < (last + 1) * (NARROW + GAP + 40) ? LITTLE_GAP : GAP;
  const wide = Math.min(WIDE, Math.max(NARROW, Math.floor((room - last * gap) / (last + 1))));
  const head = wide < 200 ? HIGH_HEAD : HEAD;
  let bottom = head;
  for (let column = 0; column <= last; column++) {
    const x = column * (wide + gap);
    const own = graph.nodes.filter((node) => node.column === column && !node.parent);
    const [title = "", subtitle = ""] = titles[column] ?? [];
    columns.push({ title, subtitle, count: own.length, x });
    let y = head;
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
  return { boxes, zones, columns, paths: pathsOf(graph, boxes), columnWidth: wide, width: (last + 1) * wide + last * gap, height: bottom };
}

function heightOf(node: Node, width: number, details: boolean): number {
  const title = Math.max(TITLE, 6 + TITLE_LINE * titleOf(node.title, width).length);
  const lines = details ? node.details.filter(Boolean).reduce((sum, detail) => sum + detailOf(detail, width).length, 0) : 0;
  return title + lines * DETAIL + BELOW;
}

/** A title in lines, as a card of this width has it. */
export const titleOf = (title: string, width: number) => wrapped(title, Math.floor((width - BESIDE_TITLE) / TITLE_LETTER), TITLE_LINES);

/** A detail in lines. */
export const detailOf = (detail: string, width: number) =>
  wrapped(detail, Math.floor((width - BESIDE_DETAIL) / DETAIL_LETTER), DETAIL_LINES);

/** A text in lines of so many letters, broken where a browser breaks it: behind spaces and hyphens, else anywhere. */
function wrapped(text: string, room: number, most: number): string[] {
  const lines = [""];
  for (const word of text.match(/[^\s-]*[\s-]*/g)?.flatMap((word) => word.match(new RegExp(`.{1,${room}}`, "gs")) ?? []) ?? []) {
    const line = lines[lines.length - 1]!;
    if (line !== "" && line.length + word.trimEnd().length > room) lines.push(word);
    else lines[lines.length - 1] = line + word;
  }
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most - 1), `${lines[most - 1]!.slice(0, room - 1).trimEnd()}…`];
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
