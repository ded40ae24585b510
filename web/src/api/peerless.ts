/** What the console reads besides the EC2 API: docs/console-api.md. */
export interface Line {
  /** `beyond`: not reached, and no obstacle once those before it are gone. */
  mark: "passed" | "blocked" | "beyond";
  stage: string;
  resource: string;
  detail: string;
  code?: string;
  /** What it is, by id, as far as it is there. */
  about?: string[];
  /** How such a thing treats replies. */
  note?: string;
  /** What was looked at, row by row. */
  rows?: Row[];
}

export interface Row {
  row: string;
  says: string;
  /** `unasked`: one before it, or a better one, decided. */
  outcome: "matched" | "missed" | "unasked";
  why: string;
  /** Not there yet: the fix adds it. */
  proposed?: boolean;
}

export interface Fix {
  says: string;
  cli: string;
  terraform: string;
  calls: FixCall[];
}

export interface FixCall {
  action: string;
  account: string;
  region: string;
  /** A value that begins with `$` is what an earlier call gave. */
  parameters: [name: string, value: string][];
  gives?: [word: string, path: string];
}

/** A connection that goes on although it could not begin now. */
export interface LiveFlow {
  protocol: string;
  source: string;
  source_port?: number;
  destination: string;
  destination_port?: number;
  packets: number;
  idle_seconds: number;
}

export interface Explanation {
  headline: string;
  reachable: boolean;
  legs: { title: string; lines: Line[] }[];
  /** Commands of the AWS CLI. */
  fix: string[];
  /** The same in other forms. */
  fixes?: Fix[];
  live?: LiveFlow[];
}

/** Whether A reaches B, and what is in the way. */
export async function explain(from: string, to: string, service: { tcp: number } | { udp: number } | { icmp: true }): Promise<Explanation> {
  const query = new URLSearchParams({
    from,
    to,
    ...Object.fromEntries(Object.entries(service).map(([name, value]) => [name, String(value)])),
  });
  const response = await fetch(`/_peerless/explain?${query}`);
  const answer = (await response.json()) as Explanation & { error?: string };
  if (!response.ok) throw new Error(answer.error ?? `The question was refused (${response.status}).`);
  return answer;
}
