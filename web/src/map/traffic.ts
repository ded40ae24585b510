/**
 * What goes on, on a map: packets on its lines, and where they die. Pure. Which way a flow takes is said by its author;
 * here it is only laid on the lines that the map has.
 */
import type { Flow } from "../api/peerless";
import type { Graph } from "./graph";
import { keyOf } from "./lines";

/** Where packets die, and of what. */
export interface Death {
  /** The node. */
  at: string;
  /** One of the flows that die there, the busiest. */
  flow: Flow;
  /** Dropped packets in a second, of all that die there. */
  perSecond: number;
}

export interface Traffic {
  /** Packets in a second, by line. */
  lines: Map<string, number>;
  deaths: Death[];
}

/** A flow of which nothing was heard for so long is no news, in seconds. */
const STALE = 4;

/** The way and the end of each flow that goes on. */
export function trafficOn(graph: Graph, flows: readonly Flow[]): Traffic {
  const nodes = nodesOf(graph);
  const links = new Map(
    graph.lines.flatMap(({ from, to }) => [
      [keyOf({ from, to }), keyOf({ from, to })] as const,
      [keyOf({ from: to, to: from }), keyOf({ from, to })] as const,
    ]),
  );
  const next = new Map<string, string[]>();
  for (const { from, to } of graph.lines) {
    next.set(from, [...(next.get(from) ?? []), to]);
    next.set(to, [...(next.get(to) ?? []), from]);
  }
  const lines = new Map<string, number>();
  const deaths = new Map<string, Death>();
  for (const flow of flows.filter((flow) => flow.idle_seconds < STALE)) {
    // An instance stands in its subnet, and has no lines of its own.
    const stops = flow.way.flatMap((stop) => nodes.get(stop) ?? []).filter((stop) => next.has(stop));
    const used = new Set<string>();
    for (const [index, from] of stops.entries()) {
      const to = stops[index + 1];
      if (to === undefined) break;
      // What arrives is drawn on the lines between the two: a map has no other way into a subnet.
      const between = links.has(`${from} ${to}`) ? [] : (next.get(from) ?? []).filter((middle) => links.has(`${middle} ${to}`)).slice(0, 1);
      const path = [from, ...between, to];
      for (const [at, one] of path.entries()) {
        const line = links.get(`${one} ${path[at + 1]}`);
        if (line) used.add(line);
      }
    }
    for (const line of used) lines.set(line, (lines.get(line) ?? 0) + flow.packets_per_second);
    const at = flow.grave?.flatMap((stop) => nodes.get(stop) ?? [])[0];
    if (flow.dropped && at !== undefined) {
      const known = deaths.get(at);
      const perSecond = (known?.perSecond ?? 0) + flow.packets_per_second;
      const busiest = known && known.flow.packets_per_second >= flow.packets_per_second ? known.flow : flow;
      deaths.set(at, { at, flow: busiest, perSecond });
    }
  }
  return { lines, deaths: [...deaths.values()] };
}

/** The node of each resource; a VPC beyond a peering connection stands for all that is in it. */
function nodesOf({ nodes }: Graph): Map<string, string> {
  const found = new Map(nodes.map((node) => [node.id, node.id]));
  for (const { id } of nodes) {
    const beyond = id.split("/")[1];
    if (beyond && !found.has(beyond)) found.set(beyond, id);
  }
  return found;
}
