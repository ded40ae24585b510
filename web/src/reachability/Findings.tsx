/** What an analysis found: the way there and back, or what is in the way. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useList } from "../api/lists";
import type { AnalysisComponent, NetworkInsightsAnalysis, NetworkInsightsPath, PathComponent } from "../api/types";
import { explainPath } from "../explain/question";
import { Code } from "../explain/Way";
import { useOurs } from "../frame/exam";
import { Rows } from "../table/Details";
import { Ref, To } from "../table/Ref";
import { doings, kindOf, questionOf, sentenceOf } from "./words";

export function Findings({ item: analysis }: { item: NetworkInsightsAnalysis }) {
  const paths = useList("networkInsightsPaths").items;
  const path = paths.find((path) => path.networkInsightsPathId === analysis.networkInsightsPathId);
  if (analysis.status === "running") return <StatusIndicator type="in-progress">The analysis runs</StatusIndicator>;
  return (
    <SpaceBetween size="l">
      <SpaceBetween direction="horizontal" size="l">
        <Reachability of={analysis} />
        {path && <ToExplain path={path} />}
      </SpaceBetween>
      {analysis.networkPathFound === "true" ? (
        <>
          <Way label="Forward path" components={analysis.forwardPathComponentSet ?? []} />
          {(analysis.returnPathComponentSet ?? []).length > 0 && (
            <Way label="Return path" components={analysis.returnPathComponentSet ?? []} />
          )}
        </>
      ) : (
        <Explanations analysis={analysis} />
      )}
    </SpaceBetween>
  );
}

/** Reachable or not, in a glyph and a word. */
export function Reachability({ of: analysis }: { of: NetworkInsightsAnalysis | undefined }) {
  if (!analysis) return "–";
  if (analysis.status === "running") return <StatusIndicator type="in-progress">Running</StatusIndicator>;
  const found = analysis.networkPathFound === "true";
  return <StatusIndicator type={found ? "success" : "error"}>{found ? "Reachable" : "Not reachable"}</StatusIndicator>;
}

/** Our own page about the same question: it knows the fix, and what has become of the network since. */
export function ToExplain({ path }: { path: NetworkInsightsPath }) {
  const ours = useOurs();
  const interfaces = useList("networkInterfaces").items;
  const question = questionOf(path, interfaces);
  return question && ours(<To href={explainPath(question)}>Explain it as things are now</To>);
}

function Way({ label, components }: { label: string; components: readonly PathComponent[] }) {
  return (
    <Rows
      label={label}
      items={components}
      columns={[
        ["#", (told) => told.sequenceNumber],
        ["Type", (told) => kindOf(told.component.id)],
        ["Component", (told) => <Named component={told.component} />],
        ["Details", (told) => <Lines lines={doings(told)} />],
      ]}
      empty="Nothing is on the way"
    />
  );
}

function Explanations({ analysis }: { analysis: NetworkInsightsAnalysis }) {
  const accounts = analysis.suggestedAccountSet ?? [];
  return (
    <>
      {accounts.length > 0 && (
        <Alert type="info" statusIconAriaLabel="Info" header="Another account's resources are on the way">
          Start the analysis with AdditionalAccounts to look at those of {accounts.join(", ")}.
        </Alert>
      )}
      <Rows
        label="Explanations"
        items={analysis.explanationSet ?? []}
        columns={[
          ["Explanation code", (told) => <Code code={told.explanationCode} />],
          ["Component", (told) => (told.component ? <Named component={told.component} /> : "–")],
          ["VPC", (told) => <Ref id={told.vpc?.id} />],
          ["Explanation", (told) => sentenceOf(told) || "–"],
        ]}
        empty="No explanations"
      />
    </>
  );
}

function Named({ component }: { component: AnalysisComponent }) {
  return <Ref id={component.id} name={component.name} />;
}

function Lines({ lines }: { lines: string[] }) {
  return lines.length > 0 ? lines.map((line) => <Box key={line}>{line}</Box>) : "–";
}
