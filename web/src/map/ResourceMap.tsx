/**
 * A resource map: cards in columns and lines between them, from the same layout as the exported picture. The cards are
 * buttons in a page that scrolls, not a canvas: they can be read, tabbed to and searched like any text.
 */
import "./map.css";
import Box from "@cloudscape-design/components/box";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Toggle from "@cloudscape-design/components/toggle";
import { type KeyboardEvent, type ReactNode, useMemo, useRef, useState } from "react";
import { useHref, useNavigate } from "react-router";
import type { Flow } from "../api/peerless";
import { explained, rate } from "../flows/words";
import { useOurs } from "../frame/exam";
import { usePreference } from "../frame/preferences";
import { Rows } from "../table/Details";
import { To } from "../table/Ref";
import { toMermaid, toSvg } from "./export";
import { chainOf, type Graph, labelOf, type Node, withoutMarks } from "./graph";
import { detailOf, layout, neighbour, type Box as Place, titleOf } from "./layout";
import { IN, keyOf, OUT } from "./lines";
import { useRoom } from "./room";
import { type Death, type Traffic, trafficOn } from "./traffic";

/** What the frame of the map takes from its room. */
const MARGIN = 20;

interface Props {
  graph: Graph;
  /** What it is a map of, for its name and that of its files. */
  name: string;
  isRegion?: boolean;
  /** What a card opens; a preview opens nothing. */
  open?: (id: string) => void;
  empty?: ReactNode;
  /** What goes on, where somebody watches. */
  flows?: readonly Flow[];
  /** Beside the other switches. */
  toggle?: ReactNode;
}

export function ResourceMap({ graph: given, name, isRegion, open, empty, flows, toggle }: Props) {
  const ours = useOurs();
  const graph = useMemo(() => ours(given) ?? withoutMarks(given), [given, ours]);
  const traffic = useMemo(() => trafficOn(graph, flows ?? []), [graph, flows]);
  const [details, setDetails] = usePreference("mapDetails", true);
  const [view, setView] = useState("map");
  const [ref, room] = useRoom<HTMLDivElement>();
  const shape = useMemo(() => layout(graph, { details, isRegion, room: room && room - MARGIN }), [graph, details, isRegion, room]);
  const marked = graph.nodes.filter((node) => node.mark);
  return (
    <SpaceBetween size="s">
      <div ref={ref} style={{ display: "flex", gap: 16, flexWrap: "wrap", alignItems: "center", justifyContent: "space-between" }}>
        <SpaceBetween direction="horizontal" size="l" alignItems="center">
          <Toggle checked={details} onChange={({ detail }) => setDetails(detail.checked)}>
            Show all details
          </Toggle>
          {toggle}
        </SpaceBetween>
        <SpaceBetween direction="horizontal" size="s" alignItems="center">
          <SegmentedControl
            label="View as"
            selectedId={view}
            onChange={({ detail }) => setView(detail.selectedId)}
            options={[
              { id: "map", text: "View as map" },
              { id: "table", text: "View as table" },
            ]}
          />
          <ButtonDropdown
            items={[
              { id: "svg", text: "SVG picture" },
              { id: "mmd", text: "Mermaid flowchart" },
            ]}
            onItemClick={({ detail }) =>
              detail.id === "svg"
                ? save(`${name}.svg`, "image/svg+xml", toSvg(graph, shape, details))
                : save(`${name}.mmd`, "text/plain", toMermaid(graph))
            }
          >
            Export
          </ButtonDropdown>
        </SpaceBetween>
      </div>
      {graph.nodes.length === 0 && <Box padding="m">{empty ?? "There is nothing to show yet."}</Box>}
      {graph.nodes.length > 0 && view === "map" && (
        <Canvas graph={graph} shape={shape} details={details} name={name} open={open} traffic={traffic} />
      )}
      {graph.nodes.length > 0 && view === "table" && <AsTable graph={graph} />}
      {traffic.deaths.length > 0 && <Deaths graph={graph} traffic={traffic} />}
      {marked.length > 0 && (
        <div>
          {marked.map((node) => (
            <div key={node.id}>
              <StatusIndicator type="warning">
                {node.title}: {node.mark}
              </StatusIndicator>
            </div>
          ))}
        </div>
      )}
    </SpaceBetween>
  );
}

interface CanvasProps {
  graph: Graph;
  shape: ReturnType<typeof layout>;
  details: boolean;
  name: string;
  open?: (id: string) => void;
  traffic: Traffic;
}

function Canvas({ graph, shape, details, name, open, traffic }: CanvasProps) {
  const [lit, setLit] = useState<string>();
  const [tabbable, setTabbable] = useState(graph.nodes[0]?.id);
  const canvas = useRef<HTMLDivElement>(null);
  const chain = useMemo(() => (lit === undefined ? undefined : chainOf(lit, graph)), [lit, graph]);
  const look = (...ids: string[]) => (!chain ? "" : ids.every((id) => chain.has(id)) ? "lit" : "dim");
  const first = graph.nodes.some((node) => node.id === tabbable) ? tabbable : graph.nodes[0]?.id;
  const walk = (event: KeyboardEvent, id: string) => {
    if (event.key === "Escape") setLit(undefined);
    const next = neighbour(id, event.key, graph, shape);
    if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    if (next) canvas.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(next)}"]`)?.focus();
  };
  return (
    <section className="map" aria-label={`Resource map of ${name}`}>
      <div ref={canvas} className="map-canvas" style={{ width: shape.width, height: shape.height }}>
        {shape.columns.map(({ title, subtitle, count, x }) => (
          <div key={title} className="map-head" style={{ left: x, top: 0, width: shape.columnWidth }}>
            <b>{title === "VPC" ? title : `${title} (${count})`}</b>
            <span>{subtitle}</span>
          </div>
        ))}
        {shape.zones.map(({ title, x, y }) => (
          <div key={`${title} ${y}`} className="map-zone" style={{ left: x, top: y + 2 }}>
            {title}
          </div>
        ))}
        <svg width={shape.width} height={shape.height} aria-hidden="true">
          {graph.lines.map((line) => {
            const path = shape.paths.get(keyOf(line));
            const kind = `${line.isTraffic ? "traffic" : ""} ${line.isBroken ? "broken" : ""}`;
            return path && <path key={keyOf(line)} className={`map-line ${kind} ${look(line.from, line.to)}`} d={path} />;
          })}
          {graph.lines.map((line) => {
            const [to, path, perSecond] = [shape.boxes.get(line.to), shape.paths.get(keyOf(line)), traffic.lines.get(keyOf(line))];
            const from = shape.boxes.get(line.from);
            if (!from || !to || !path || perSecond === undefined) return null;
            // At the end that no other line has.
            const isAlone = graph.lines.filter((other) => other.to === line.to).length === 1;
            const at = isAlone ? { x: to.x - 4, y: to.y + IN - 5 } : { x: from.x + from.width + 4, y: from.y + OUT - 5 };
            return (
              <g key={keyOf(line)} className="map-traffic">
                <path d={path} />
                <text x={at.x} y={at.y} textAnchor={isAlone ? "end" : "start"}>
                  {rate(perSecond)}/s
                </text>
              </g>
            );
          })}
        </svg>
        {graph.nodes.map((node) => {
          const { x, y, width, height } = shape.boxes.get(node.id)!;
          return (
            <button
              key={node.id}
              type="button"
              data-id={node.id}
              className={`map-card ${node.kind} ${look(node.id)}`}
              style={{ left: x, top: y, width, height }}
              aria-label={labelOf(node)}
              title={node.mark ? `${node.title}: ${node.mark}` : node.title}
              tabIndex={node.id === first ? 0 : -1}
              onMouseEnter={() => setLit(node.id)}
              onMouseLeave={() => setLit(undefined)}
              onFocus={() => {
                setLit(node.id);
                setTabbable(node.id);
              }}
              onBlur={() => setLit(undefined)}
              onKeyDown={(event) => walk(event, node.id)}
              onClick={() => open?.(node.id)}
            >
              <Card node={node} details={details} width={width} />
            </button>
          );
        })}
        {traffic.deaths.map((death) => {
          const box = shape.boxes.get(death.at);
          return box && <Grave key={death.at} death={death} box={box} />;
        })}
      </div>
    </section>
  );
}

/** The red spot where packets die; it leads to the reason. */
function Grave({ death, box }: { death: Death; box: Place }) {
  const page = explained(death.flow);
  const navigate = useNavigate();
  const href = useHref(page ?? "");
  const style = { left: box.x + box.width - 11, top: box.y - 9 };
  const label = `${sentenceOf(death)}. Explain`;
  if (!page) return <span className="map-grave" role="img" style={style} aria-label={sentenceOf(death)} />;
  return (
    <a
      className="map-grave"
      style={style}
      href={href}
      aria-label={label}
      title={label}
      onClick={(event) => {
        event.preventDefault();
        navigate(page);
      }}
    >
      {rate(death.perSecond)}
    </a>
  );
}

function sentenceOf({ flow, perSecond }: Death): string {
  const [from, to] = [flow.from, flow.to].map((end) => end.name ?? end.id ?? end.address);
  const packets = perSecond > 0 ? `${rate(perSecond)} packet${rate(perSecond) === "1" ? "" : "s"} a second dropped` : "packets dropped";
  return `${packets}: ${flow.carries} from ${from} to ${to}, at ${flow.dropped?.stage} ${flow.dropped?.resource}`;
}

/** The same in words, for those who do not see the picture. */
function Deaths({ graph, traffic }: { graph: Graph; traffic: Traffic }) {
  const title = (id: string) => graph.nodes.find((node) => node.id === id)?.title ?? id;
  return (
    <div>
      {traffic.deaths.map((death) => {
        const page = explained(death.flow);
        return (
          <div key={death.at}>
            <StatusIndicator type="error">{title(death.at)}</StatusIndicator> {sentenceOf(death)}. {page && <To href={page}>Explain</To>}
          </div>
        );
      })}
    </div>
  );
}

function Card({ node, details, width }: { node: Node; details: boolean; width: number }) {
  const dot = dotOf(node);
  return (
    <>
      <span className="map-title">
        {dot && <i className={dot} />}
        <span style={{ WebkitLineClamp: titleOf(node.title, width).length }}>{node.title}</span>{" "}
        {node.mark && <span className="map-mark" />}
      </span>
      {details &&
        node.details.filter(Boolean).map((detail) => (
          <span key={detail} className="map-detail" style={{ height: 18 * detailOf(detail, width).length }}>
            {detail}{" "}
          </span>
        ))}
    </>
  );
}

function dotOf(node: Node): string | undefined {
  if (node.kind === "subnet") return node.isPublic ? "map-dot-good" : "map-dot-private";
  if (node.kind !== "instance") return undefined;
  if (node.state === "running") return "map-dot-good";
  return node.state === "stopped" ? "map-dot-off" : "map-dot-waiting";
}

const KINDS: Record<Node["kind"], string> = {
  vpc: "VPC",
  subnet: "Subnet",
  instance: "Instance",
  "route-table": "Route table",
  connection: "Network connection",
  peer: "Beyond",
};

function AsTable({ graph }: { graph: Graph }) {
  const title = (id: string) => graph.nodes.find((node) => node.id === id)?.title ?? id;
  return (
    <Rows
      label="Resources of the map"
      items={graph.nodes}
      columns={[
        ["Name", (node) => node.title],
        ["Kind", (node) => KINDS[node.kind]],
        ["ID", (node) => (node.kind === "peer" ? (node.id.split("/")[1] ?? "–") : node.id)],
        ["Details", (node) => [node.group, node.parent && `in ${title(node.parent)}`, ...node.details].filter(Boolean).join("; ")],
        [
          "Leads to",
          (node) =>
            graph.lines
              .filter((line) => line.from === node.id)
              .map((line) => title(line.to))
              .join(", ") || "–",
        ],
        ["To look at", (node) => node.mark ?? "–"],
      ]}
      empty="Nothing"
    />
  );
}

function save(name: string, type: string, text: string) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
