/** Flows in words. Pure. */
import type { Flow, FlowEnd } from "../api/peerless";
import { explainPath } from "../explain/question";

export const addressOf = ({ address, port }: FlowEnd) => (port === undefined ? (address ?? "") : `${address}:${port}`);

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** Bytes as people write them: three digits at most. */
export function bytes(count: number): string {
  let [value, unit] = [count, 0];
  while (value >= 999.5 && unit < UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** Packets in a second. */
export const rate = (perSecond: number) =>
  perSecond === 0 ? "0" : perSecond < 0.95 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString("en");

/** The page that explains a flow; nothing does for protocols that nobody can ask about. */
export function explained({ question }: Flow): string | undefined {
  return question && explainPath({ ...question, port: question.port === undefined ? "" : String(question.port) });
}

/** What is sent and received at a network interface from now on for a while, as a file. */
export const capturePath = (card: string, seconds = 10) =>
  `/_peerless/capture?${new URLSearchParams({ of: card, seconds: String(seconds) })}`;
