/** One direction as a row of stations: passed, dropped here, or not reached. */
import type { Line } from "../api/peerless";
import { tallied } from "./counts";

const SIGNS = { passed: "✓", blocked: "✗", beyond: "·" } as const;
const WORDS = { passed: "passes", blocked: "dropped here", beyond: "not reached" } as const;

const STAGES: Record<string, string> = {
  "SG out": "Security group, out",
  "SG in": "Security group, in",
  "NACL out": "Network ACL, out",
  "NACL in": "Network ACL, in",
  route: "Route table",
  peering: "Peering",
  gateway: "Gateway",
  from: "From",
  to: "To",
  subnet: "Subnet",
  service: "Service",
  router: "Router",
};

export const stageOf = (line: Line) => STAGES[line.stage] ?? line.stage;

interface Props {
  title: string;
  lines: readonly Line[];
  /** What a station leads to. */
  anchor(index: number): string;
}

export function HopStrip({ title, lines, anchor }: Props) {
  return (
    <ol className="explain-strip" aria-label={title}>
      {lines.map((line, index) => (
        // A way has no station twice in the same place.
        // biome-ignore lint/suspicious/noArrayIndexKey: the place is what tells two stations apart
        <li key={index} className={line.mark}>
          <a href={`#${anchor(index)}`} onClick={(event) => jump(event, anchor(index))}>
            <span className="explain-sign" aria-hidden="true">
              {SIGNS[line.mark]}
            </span>
            <span>
              <b>{stageOf(line)}</b>
              <small>{line.stage === "from" || line.stage === "to" ? line.detail || line.resource : line.resource}</small>
              {line.counted && <small className="explain-tally">{tallied(line.counted)}</small>}
              <span className="explain-hidden">, {WORDS[line.mark]}</span>
            </span>
          </a>
        </li>
      ))}
    </ol>
  );
}

/** The address is the question; a station of it is none. */
function jump(event: { preventDefault(): void }, id: string) {
  event.preventDefault();
  const station = document.getElementById(id);
  station?.scrollIntoView({ block: "center" });
  station?.focus({ preventScroll: true });
}
