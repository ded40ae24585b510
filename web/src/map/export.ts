/** The map as a picture and as text. Pure. */
import { type Graph, type Kind, labelOf } from "./graph";
import { detailOf, type Layout, titleOf } from "./layout";
import { keyOf } from "./lines";

const COLORS: Record<Kind, string> = {
  vpc: "#7d4fc4",
  subnet: "#2f6fb7",
  instance: "#b8601a",
  "route-table": "#1d7f6e",
  connection: "#8a5a00",
  peer: "#6b7280",
};

const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (letter) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[letter] ?? letter);

/** A picture that stands alone: no style sheet, no fonts of its own. */
export function toSvg(graph: Graph, layout: Layout, details: boolean): string {
  const lines = graph.lines.flatMap((line) => {
    const path = layout.paths.get(keyOf(line));
    if (!path) return [];
    const dash = line.isTraffic ? ' stroke-dasharray="3 4"' : "";
    return `<path d="${path}" fill="none" stroke="${line.isBroken ? "#c33" : "#7b8794"}" stroke-width="1.6"${dash}/>`;
  });
  const boxes = graph.nodes.flatMap((node) => {
    const box = layout.boxes.get(node.id);
    if (!box) return [];
    const { x, y, width, height } = box;
    const text = (content: string, dy: number, size: number, weight = 400) =>
      `<text x="${x + 14}" y="${y + dy}" font-size="${size}" font-weight="${weight}" fill="#1b2733">${escaped(content)}</text>`;
    const titles = titleOf(node.title, width);
    const shown = details ? node.details.filter(Boolean).flatMap((detail) => detailOf(detail, width)) : [];
    return [
      `<g><title>${escaped(labelOf(node))}</title>`,
      `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8" fill="#fff" stroke="${node.mark ? "#c33" : "#c6ccd4"}"/>`,
      `<rect x="${x}" y="${y + 6}" width="4" height="${height - 12}" rx="2" fill="${COLORS[node.kind]}"/>`,
      ...titles.map((title, at) => text(title, (titles.length > 1 ? 18 : 24) + 16 * at, 13, 600)),
      ...shown.map((detail, at) => text(detail, Math.max(30, 6 + 16 * titles.length) + 14 + 18 * at, 12)),
      node.mark ? `<text x="${x + width - 22}" y="${y + 22}" font-size="13" fill="#c33">⚠</text>` : "",
      "</g>",
    ];
  });
  const heads = layout.columns.map(
    ({ title, subtitle, count, x }) =>
      `<text x="${x}" y="18" font-size="15" font-weight="700" fill="#1b2733">${escaped(`${title} (${count})`)}</text><text x="${x}" y="38" font-size="12" fill="#5a6675">${escaped(subtitle)}</text>`,
  );
  const zones = layout.zones.map(
    ({ title, x, y }) => `<text x="${x}" y="${y + 16}" font-size="12" fill="#5a6675">${escaped(title)}</text>`,
  );
  const [width, height] = [layout.width + 40, layout.height + 40];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="-20 -20 ${width} ${height}" font-family="system-ui, 'Segoe UI', Roboto, sans-serif">`,
    `<rect x="-20" y="-20" width="${width}" height="${height}" fill="#f7f8fa"/>`,
    ...heads,
    ...zones,
    ...lines,
    ...boxes,
    "</svg>",
    "",
  ].join("\n");
}

/** A flowchart in Mermaid's language, as README files show it. */
export function toMermaid(graph: Graph): string {
  const key = new Map(graph.nodes.map((node, at) => [node.id, `n${at}`]));
  const quoted = (text: string) => `"${text.replaceAll('"', "#quot;").replaceAll("<", "#lt;").replaceAll(">", "#gt;")}"`;
  const box = (id: string, title: string, details: string[]) =>
    `  ${key.get(id)}[${quoted([title, ...details.filter(Boolean)].join("\n")).replaceAll("\n", "<br>")}]`;
  return [
    "flowchart LR",
    ...graph.nodes.map((node) => box(node.id, node.title, node.details)),
    ...graph.nodes.flatMap((node) => (node.parent ? [`  ${key.get(node.parent)} --- ${key.get(node.id)}`] : [])),
    ...graph.lines.map(
      ({ from, to, isTraffic, isBroken }) =>
        `  ${key.get(from)} ${isBroken ? "-. blackhole .->" : isTraffic ? "-.->" : "---"} ${key.get(to)}`,
    ),
    "",
  ].join("\n");
}
