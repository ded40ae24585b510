/** One direction, station by station: what it says of the packet, and the rows by which it decided. */
import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { Line, Row } from "../api/peerless";
import { CaptureLink } from "../flows/CaptureLink";
import { pageOf, To } from "../table/Ref";
import { tallied } from "./counts";
import { stageOf } from "./HopStrip";

export const CODES = "https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html";

const LOOKS = { passed: "success", blocked: "error", beyond: "pending" } as const;
const WORDS = { passed: "Passes", blocked: "Dropped here", beyond: "Not reached" } as const;

interface Props {
  lines: readonly Line[];
  anchor(index: number): string;
}

export function Way({ lines, anchor }: Props) {
  return (
    <ol className="explain-way">
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the place is what tells two stations apart
        <li key={`${index} ${line.mark}`} id={anchor(index)} tabIndex={-1} className={line.mark}>
          <div className="explain-station">
            <StatusIndicator type={LOOKS[line.mark]}>{WORDS[line.mark]}</StatusIndicator>
            <div>
              <b>{stageOf(line)}</b> <Resource line={line} />
              <div className="explain-detail">{line.detail}</div>
              {line.counted && <div className="explain-tally">{tallied(line.counted)}</div>}
              {(line.stage === "from" || line.stage === "to") && line.about?.[0] && <CaptureLink of={line.about[0]} />}
              {line.code && (
                <Box margin={{ top: "xxs" }}>
                  <Code code={line.code} />
                </Box>
              )}
              {line.rows && line.rows.length > 0 && <Evidence line={line} rows={line.rows} />}
            </div>
          </div>
        </li>
      ))}
    </ol>
  );
}

/** AWS's own name for what is in the way. */
export function Code({ code }: { code: string }) {
  return (
    <span className="explain-code">
      <Badge color="grey">{code}</Badge>
    </span>
  );
}

/** Each resource that a station is about, as a link where it has a page. */
function Resource({ line }: { line: Line }) {
  const ids = (line.about ?? []).filter((id) => pageOf(id) && line.resource.includes(id));
  if (ids.length === 0) return <span>{line.resource}</span>;
  const parts = line.resource.split(" + ");
  return (
    <>
      {parts.map((part, index) => {
        const id = ids.find((id) => part.startsWith(id));
        return (
          <span key={part}>
            {index > 0 && " + "}
            {id ? <To href={pageOf(id)!}>{part}</To> : part}
          </span>
        );
      })}
    </>
  );
}

const OUTCOMES = { matched: "Matches", missed: "Does not match", unasked: "Not asked" } as const;
const NOUNS: Record<string, string> = { route: "route", "NACL in": "rule", "NACL out": "rule" };

function Evidence({ line, rows }: { line: Line; rows: readonly Row[] }) {
  const noun = NOUNS[line.stage] ?? "rule";
  const title = `${rows.length} ${noun}${rows.length === 1 ? "" : "s"} looked at`;
  return (
    <ExpandableSection
      variant="footer"
      headerText={title}
      headerAriaLabel={`${title}: ${stageOf(line)}`}
      defaultExpanded={line.mark === "blocked"}
    >
      <table className="explain-rows">
        <thead>
          <tr>
            <th scope="col">{noun === "route" ? "Destination" : "Rule"}</th>
            <th scope="col">{noun === "route" ? "Target" : "Says"}</th>
            <th scope="col">Outcome</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.row} ${row.says}`} className={row.outcome}>
              <th scope="row">
                {row.row} {row.proposed && <Badge color="blue">added by the fix</Badge>}
              </th>
              <td>{row.says}</td>
              <td>{OUTCOMES[row.outcome]}</td>
              <td>{row.why}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {line.note && <Box color="text-body-secondary">{line.note}</Box>}
    </ExpandableSection>
  );
}
