/** Analyses of Reachability Analyzer: each is of the network as it was when it was started. */
import Box from "@cloudscape-design/components/box";
import { call } from "../api/ec2";
import type { NetworkInsightsAnalysis } from "../api/types";
import { Findings, Reachability } from "../reachability/Findings";
import { ConfirmDialog } from "../table/ConfirmDialog";
import { Details } from "../table/Details";
import { Ref } from "../table/Ref";
import { type DialogProps, define } from "../table/resource";
import { State } from "../table/State";

type Analysis = NetworkInsightsAnalysis;

export const reachabilityOf = (analysis: Analysis | undefined) =>
  analysis?.networkPathFound === undefined ? "" : analysis.networkPathFound === "true" ? "Reachable" : "Not reachable";

export const networkInsightsAnalysis = define<Analysis>({
  kind: "networkInsightsAnalyses",
  path: "/vpc/network-insights-analyses",
  one: "analysis",
  many: "Path analyses",
  idHeader: "Analysis ID",
  id: (analysis) => analysis.networkInsightsAnalysisId,
  columns: [
    { id: "reachability", header: "Reachability status", text: reachabilityOf, cell: (analysis) => <Reachability of={analysis} /> },
    {
      id: "path",
      header: "Path",
      text: (analysis) => analysis.networkInsightsPathId,
      cell: (analysis) => <Ref id={analysis.networkInsightsPathId} />,
    },
    { id: "status", header: "State", text: (analysis) => analysis.status, cell: (analysis) => <State of={analysis.status} /> },
    { id: "start", header: "Start date", text: (analysis) => analysis.startDate, width: 240 },
  ],
  tabs: [
    { id: "details", label: "Path details", Content: Findings },
    { id: "about", label: "Details", Content: AnalysisDetails },
  ],
  actions: [{ id: "delete", text: "Delete analysis", Dialog: DeleteDialog }],
});

function AnalysisDetails({ item: analysis }: { item: Analysis }) {
  return (
    <Details
      facts={[
        ["Analysis ID", analysis.networkInsightsAnalysisId],
        ["Analysis ARN", analysis.networkInsightsAnalysisArn],
        ["Path", <Ref key="" id={analysis.networkInsightsPathId} />],
        ["Reachability status", <Reachability key="" of={analysis} />],
        ["State", <State key="" of={analysis.status} />],
        ["Start date", analysis.startDate],
        ["Must traverse", analysis.filterInArnSet.join(", ")],
        ["Must not traverse", analysis.filterOutArnSet.join(", ")],
        ["Additional accounts", analysis.additionalAccountSet.join(", ")],
      ]}
    />
  );
}

function DeleteDialog({ items, close }: DialogProps<Analysis>) {
  const id = items[0]!.networkInsightsAnalysisId;
  const remove = async () => {
    await call("DeleteNetworkInsightsAnalysis", { NetworkInsightsAnalysisId: id });
    return { type: "success", content: `You successfully deleted ${id}.` } as const;
  };
  return (
    <ConfirmDialog title="Delete analysis" confirm="Delete" close={close} run={remove}>
      <Box>
        Will be deleted: <Box variant="strong">{id}</Box>
      </Box>
    </ConfirmDialog>
  );
}
