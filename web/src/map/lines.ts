/**
 * The ways of a map's lines between its columns. Pure. Lines with a common end share a track, so that many of them are one
 * line that branches; tracks that would lie on each other stand side by side.
 */
import type { Graph, Line } from "./graph";
import type { Box } from "./layout";

/** Where lines leave and come in, below the top of a card: never at one height, where cards stand in a row. */
export const OUT = 16;
export const IN = 24;
const RADIUS = 8;

export const keyOf = ({ from, to }: Pick<Line, "from" | "to">) => `${from} ${to}`;

interface Ends {
  line: Line;
  x1: number;
  y1: number;
  x2: number;
  y2: number;
}

/** The path of each line, by its key. */
export function pathsOf(graph: Graph, boxes: ReadonlyMap<string, Box>): Map<string, string> {
  const gaps = new Map<number, Ends[]>();
  for (const line of graph.lines) {
    const [from, to] = [boxes.get(line.from), boxes.get(line.to)];
    if (!from || !to) continue;
    const ends = { line, x1: from.x + from.width, y1: from.y + OUT, x2: to.x, y2: to.y + IN };
    gaps.set(ends.x1, [...(gaps.get(ends.x1) ?? []), ends]);
  }
  return new Map([...gaps.values()].flatMap(through));
}

/** Through one gap between columns. */
function through(all: Ends[]): [key: string, path: string][] {
  const source = ({ line }: Ends) => `${line.isTraffic} ${line.from}`;
  const target = ({ line }: Ends) => `${line.isTraffic} ${line.to}`;
  const common = new Set(all.map(source)).size < new Set(all.map(target)).size ? source : target;
  const bundles = new Map<string, Ends[]>();
  for (const ends of all) {
    const bundle = bundles.get(common(ends));
    if (bundle) bundle.push(ends);
    else bundles.set(common(ends), [ends]);
  }
  const rows = (bundle: Ends[]) => bundle.flatMap(({ y1, y2 }) => [y1, y2]);
  const reaches = [...bundles.values()].map((bundle) => ({ bundle, top: Math.min(...rows(bundle)), bottom: Math.max(...rows(bundle)) }));
  reaches.sort((a, b) => a.top - b.top || a.bottom - b.bottom);
  const bottoms: number[] = [];
  const tracked = reaches.map(({ bundle, top, bottom }) => {
    const free = bottoms.findIndex((end) => end < top - RADIUS);
    const track = free < 0 ? bottoms.length : free;
    bottoms[track] = bottom;
    return { bundle, track };
  });
  return tracked.flatMap(({ bundle, track }) =>
    bundle.map((ends): [string, string] => {
      const x = ends.x1 + ((ends.x2 - ends.x1) * (track + 1)) / (bottoms.length + 1);
      return [keyOf(ends.line), elbow(ends, Math.round(x))];
    }),
  );
}

/** Across, along the track, across, with round corners. */
function elbow({ x1, y1, x2, y2 }: Ends, x: number): string {
  const radius = Math.min(RADIUS, Math.abs(y2 - y1) / 2, x - x1, x2 - x);
  const turn = y2 > y1 ? radius : -radius;
  return `M${x1},${y1} H${x - radius} Q${x},${y1} ${x},${y1 + turn} V${y2 - turn} Q${x},${y2} ${x + radius},${y2} H${x2}`;
}
