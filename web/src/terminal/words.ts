/** What is said about a terminal. Pure. */
import type { Dropped } from "../api/terminal";
import { explainPath } from "../explain/question";

const PACKETS = {
  icmp: ["echo request", "echo requests"],
  tcp: ["TCP packet", "TCP packets"],
  udp: ["UDP packet", "UDP packets"],
} as const;

/** How many of what. */
function counted({ protocol, to, port, packets, by }: Dropped): string {
  const [one, many] = PACKETS[protocol];
  const what = `${packets} ${packets === 1 ? one : many} to ${port === undefined ? to : `${to}:${port}`}`;
  const answers = by?.onTheWayBack ? (packets === 1 ? ": its answer" : ": their answers") : "";
  return `${what}${answers}`;
}

/** Who did it. */
function culprit({ by }: Dropped): string {
  if (!by) return "";
  const [id, ...name] = by.resource.split(" ");
  const resource = name.length > 0 ? `${id} | ${name.join(" ")}` : id;
  return ` by ${resource}${by.of ? ` of ${by.of}` : ""}`;
}

/** The sentence: what goes on first. */
export function sentenceOf(flow: Dropped): string {
  const was = flow.packets === 1 && !flow.by?.onTheWayBack ? "was" : "were";
  return flow.goesOn ? `${counted(flow)} dropped${culprit(flow)}` : `${counted(flow)} ${was} dropped${culprit(flow)}, none any more`;
}

/** What there is besides: of other kinds, or of more kinds than are told apart. */
export function restOf(more: readonly Dropped[], others: number): string {
  const packets = more.reduce((sum, flow) => sum + flow.packets, others);
  return packets > 0 ? `and ${packets.toLocaleString("en")} ${packets === 1 ? "packet" : "packets"} of other kinds` : "";
}

/** Where the console explains it. */
export const explanationOf = (instance: string, { to, protocol, port }: Dropped) =>
  explainPath({ from: instance, to, protocol, port: port === undefined ? "" : String(port) });
