/** What the Explain page asks, as its address says it. Pure. */
export type Protocol = "icmp" | "tcp" | "udp";

export interface Question {
  from: string;
  to: string;
  protocol: Protocol;
  /** As it was written; a ping has none. */
  port: string;
}

const OWN = new Set(["from", "to", "protocol", "port"]);
const PROTOCOLS: readonly string[] = ["icmp", "tcp", "udp"];

export function questionOf(search: URLSearchParams): Question {
  const protocol = search.get("protocol") ?? "icmp";
  return {
    from: search.get("from") ?? "",
    to: search.get("to") ?? "",
    protocol: (PROTOCOLS.includes(protocol) ? protocol : "icmp") as Protocol,
    port: search.get("port") ?? "",
  };
}

/** Its address; what is not part of the question stays as it was before. */
export function searchOf({ from, to, protocol, port }: Question, before?: URLSearchParams): URLSearchParams {
  const search = new URLSearchParams({ from, to, protocol });
  if (protocol !== "icmp" && port) search.set("port", port);
  for (const [name, value] of before ?? []) if (!OWN.has(name)) search.set(name, value);
  return search;
}

/** The page that explains it. */
export const explainPath = (question: Question) => `/explain?${searchOf(question)}`;

/** Who begins becomes who is called; a name that only can begin stays where it is. */
export const swapped = (question: Question): Question => ({ ...question, from: question.to, to: question.from });

/** What is asked for; undefined while the question is not whole. */
export function serviceOf({ protocol, port }: Question): { icmp: true } | { tcp: number } | { udp: number } | undefined {
  if (protocol === "icmp") return { icmp: true };
  const number = /^\d{1,5}$/.test(port.trim()) ? Number(port) : Number.NaN;
  if (!(number <= 65535)) return undefined;
  return protocol === "tcp" ? { tcp: number } : { udp: number };
}

export const isWhole = (question: Question) => question.from !== "" && question.to !== "" && serviceOf(question) !== undefined;
