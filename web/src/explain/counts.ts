/** What the kernel counted, in words. Pure. */
import type { Explanation, Tally } from "../api/peerless";

const number = (count: number) => count.toLocaleString("en");

/** At one station. */
export const tallied = ({ seen, dropped }: Tally) => `${number(seen)} seen${dropped > 0 ? `, ${number(dropped)} dropped` : ""}`;

/** Of all packets, since when; undefined while there are none. */
export function summed({ counted }: Explanation, now = Date.now()): string | undefined {
  if (!counted || counted.flows === 0) return undefined;
  const since = new Date(now - counted.age_seconds * 1000).toLocaleTimeString("en-GB");
  return `${number(counted.forward.seen)} sent, ${number(counted.forward.dropped + counted.reply.dropped)} dropped since ${since}`;
}
