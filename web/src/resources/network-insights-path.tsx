/** Reachability Analyzer: paths, each with its analyses. */
import Box from "@cloudscape-design/components/box";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { call } from "../api/ec2";
import { nameOf, titled, useList } from "../api/lists";
import type { NetworkInsightsPath, PathFilter } from "../api/types";
import { Findings, Reachability, ToExplain } from "../reachability/Findings";
import { analyze } from "../reachability/start";
import { latest } from "../reachability/words";
import { ConfirmDialog } from "../table/ConfirmDialog";
import { Details, Rows } from "../table/Details";
import { Ref } from "../table/Ref";
import { type DialogProps, define } from "../table/resource";
import { State } from "../table/State";

type Path = NetworkInsightsPath;

const destinationOf = (path: Path) => path.destination ?? path.destinationIp ?? path.filterAtSource?.destinationAddress ?? "";
const portOf = (path: Path) => path.destinationPort ?? rangeOf(path.filterAtSource?.destinationPortRange) ?? "";
const rangeOf = (range: PathFilter["sourcePortRange"]) =>
  range && (range.fromPort === range.toPort ? range.fromPort : `${range.fromPort}-${range.toPort}`);
const title = (path: Path) => titled(path.networkInsightsPathId, nameOf(path));

export const networkInsightsPath = define<Path>({
  kind: "networkInsightsPaths",
  path: "/vpc/reachability-analyzer",
  one: "path",
  many: "Reachability Analyzer",
  idHeader: "Path ID",
  id: (path) => path.networkInsightsPathId,
  create: { text: "Create and analyze path", href: "/vpc/reachability-analyzer/create" },
  columns: [
    { id: "reachability", header: "Reachability status", text: () => "", cell: (path) => <Latest of={path} />, width: 200 },
    { id: "source", header: "Source", text: (path) => path.source, cell: (path) => <Ref id={path.source} />, width: 300 },
    { id: "destination", header: "Destination", text: destinationOf, cell: (path) => <Ref id={destinationOf(path)} />, width: 300 },
    { id: "protocol", header: "Protocol", text: (path) => path.protocol.toUpperCase() },
    { id: "port", header: "Destination port", text: portOf },
    { id: "created", header: "Created", text: (path) => path.createdDate, width: 240 },
  ],
  tabs: [
    { id: "analysis", label: "Latest analysis", Content: LatestAnalysis },
    { id: "details", label: "Details", Content: PathDetails },
    { id: "analyses", label: "Analyses", Content: Analyses },
  ],
  actions: [
    { id: "analyze", text: "Analyze path", menu: "button", Dialog: AnalyzeDialog },
    { id: "delete", text: "Delete path", Dialog: DeleteDialog },
  ],
});

function useAnalyses(path: Path) {
  const analyses = useList("networkInsightsAnalyses").items.filter(
    (analysis) => analysis.networkInsightsPathId === path.networkInsightsPathId,
  );
  return analyses.sort((a, b) => b.startDate.localeCompare(a.startDate));
}

function Latest({ of: path }: { of: Path }) {
  return <Reachability of={latest(path.networkInsightsPathId, useList("networkInsightsAnalyses").items)} />;
}

function LatestAnalysis({ item: path }: { item: Path }) {
  const [analysis] = useAnalyses(path);
  if (!analysis) return <Box color="text-body-secondary">The path was not analyzed yet.</Box>;
  return (
    <SpaceBetween size="m">
      <div>
        Analysis <Ref id={analysis.networkInsightsAnalysisId} /> of {analysis.startDate}
      </div>
      <Findings item={analysis} />
    </SpaceBetween>
  );
}

function PathDetails({ item: path }: { item: Path }) {
  const { filterAtSource: source, filterAtDestination: destination } = path;
  return (
    <SpaceBetween size="m">
      <Details
        facts={[
          ["Path ID", path.networkInsightsPathId],
          ["Path ARN", path.networkInsightsPathArn],
          ["Created", path.createdDate],
          ["Protocol", path.protocol.toUpperCase()],
          ["Source", <Ref key="" id={path.source} />],
          ["Source IP address", path.sourceIp ?? source?.sourceAddress],
          ["Source port", rangeOf(source?.sourcePortRange)],
          ["Destination", <Ref key="" id={path.destination} />],
          ["Destination IP address", path.destinationIp ?? source?.destinationAddress],
          ["Destination port", portOf(path)],
          ["Addresses at the destination", [destination?.sourceAddress, destination?.destinationAddress].filter(Boolean).join(" → ")],
          [
            "Ports at the destination",
            [rangeOf(destination?.sourcePortRange), rangeOf(destination?.destinationPortRange)].filter(Boolean).join(" → "),
          ],
        ]}
      />
      <ToExplain path={path} />
    </SpaceBetween>
  );
}

function Analyses({ item: path }: { item: Path }) {
  return (
    <Rows
      label="Analyses"
      items={useAnalyses(path)}
      columns={[
        ["Analysis ID", (analysis) => <Ref id={analysis.networkInsightsAnalysisId} />],
        ["Reachability status", (analysis) => <Reachability of={analysis} />],
        ["State", (analysis) => <State of={analysis.status} />],
        ["Start date", (analysis) => analysis.startDate],
      ]}
      empty="The path was not analyzed yet"
    />
  );
}

function AnalyzeDialog({ items, close }: DialogProps<Path>) {
  const path = items[0]!;
  return (
    <ConfirmDialog title="Analyze path" confirm="Confirm" close={close} run={() => analyze(path.networkInsightsPathId)}>
      <Box>
        <Box variant="strong">{title(path)}</Box> is analyzed in the network as it is now. Earlier analyses stay as they are.
      </Box>
    </ConfirmDialog>
  );
}

function DeleteDialog({ items, close }: DialogProps<Path>) {
  const path = items[0]!;
  const analyses = useAnalyses(path);
  const remove = async () => {
    for (const { networkInsightsAnalysisId } of analyses) {
      await call("DeleteNetworkInsightsAnalysis", { NetworkInsightsAnalysisId: networkInsightsAnalysisId });
    }
    await call("DeleteNetworkInsightsPath", { NetworkInsightsPathId: path.networkInsightsPathId });
    return { type: "success", content: `You successfully deleted ${title(path)}.` } as const;
  };
  return (
    <ConfirmDialog title="Delete path" confirm="Delete" typed="delete" close={close} run={remove}>
      <Box>
        Will be deleted: <Box variant="strong">{title(path)}</Box>
        {analyses.length > 0 && ` with ${analyses.length} ${analyses.length === 1 ? "analysis" : "analyses"}`}
      </Box>
    </ConfirmDialog>
  );
}
