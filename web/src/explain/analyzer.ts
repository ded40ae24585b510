/** An explanation as AWS's Reachability Analyzer gives one: a status, and the component that it met first. Pure. */
import type { Explanation } from "../api/peerless";

export interface Finding {
  code: string;
  /** Its ID. */
  component: string;
}

export function asAnalyzer({ legs }: Explanation): Finding | undefined {
  const first = legs.flatMap((leg) => leg.lines).find((line) => line.mark === "blocked");
  return first?.code === undefined ? undefined : { code: first.code, component: first.about?.[0] ?? "" };
}
