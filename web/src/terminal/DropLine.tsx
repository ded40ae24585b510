/** The slim line below the terminal: what the instance sent and what did not arrive, which its own screen never says. */
import { useHref } from "react-router";
import type { Dropped } from "../api/terminal";
import { explanationOf, restOf, sentenceOf } from "./words";

export function DropLine({ instance, flows, others }: { instance: string; flows: readonly Dropped[]; others: number }) {
  const [first, ...more] = flows;
  const rest = restOf(more, others);
  const href = useHref(first ? explanationOf(instance, first) : "/");
  // Counts change all the time: only who drops what is read out.
  const spoken = first?.goesOn ? sentenceOf({ ...first, packets: 2 }).replace(/^2 /, "") : "";
  return (
    <div className={`terminal-drops ${first?.goesOn ? "dropping" : ""}`}>
      <span role="status" className="terminal-unseen">
        {spoken}
      </span>
      {first ? (
        <>
          <span aria-hidden={spoken !== ""}>{sentenceOf(first)}</span>
          {rest && <span>{rest}</span>}
          <a href={href} target="_blank" rel="noreferrer" aria-label="Explain why these packets were dropped">
            Explain
          </a>
        </>
      ) : (
        <span>
          {others === 0
            ? "No packet of this instance was dropped since the terminal was opened."
            : `${others.toLocaleString("en")} packets of many kinds were dropped.`}
        </span>
      )}
    </div>
  );
}
