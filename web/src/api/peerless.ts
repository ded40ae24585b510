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
  /** What the kernel counted there, where there were such packets. */
  counted?: Tally;
}

/** What was seen of packets. */
export interface Tally {
  seen: number;
  dropped: number;
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
  /** What stands below `Resources`; comments where CloudFormation has no word for it. */
  cloudformation: string;
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
  flips?: Flips;
  /** The flows that the question is about; nothing where no packets are carried. */
  counted?: { flows: number; age_seconds: number; forward: Tally; reply: Tally };
  live?: LiveFlow[];
}

/** What else a fix would open. */
export interface Flips {
  pairs: { from: string; to: string; services: string[] }[];
  /** How many more there are. */
  more: number;
  /** So many interfaces were asked about, of so many. */
  asked: number;
  of: number;
}

type Service = { tcp: number } | { udp: number } | { icmp: true };

/** Whether A reaches B, and what is in the way; what else the fix would open takes a little longer. */
export async function explain(from: string, to: string, service: Service, options: { flips?: boolean } = {}): Promise<Explanation> {
  const query = new URLSearchParams({
    from,
    to,
    ...Object.fromEntries(Object.entries({ ...service, ...options }).map(([name, value]) => [name, String(value)])),
  });
  const response = await fetch(`/_peerless/explain?${query}`);
  const answer = (await response.json()) as Explanation & { error?: string };
  if (!response.ok) throw new Error(answer.error ?? `The question was refused (${response.status}).`);
  return answer;
}

/** One end of a flow. */
export interface FlowEnd {
  address?: string;
  port?: number;
  /** The instance or endpoint, else the interface. */
  id?: string;
  interface?: string;
  name?: string;
}

/** One direction of a conversation that the kernel knows. */
export interface Flow {
  id: string;
  from: FlowEnd;
  to: FlowEnd;
  protocol: string;
  carries: string;
  is_reply: boolean;
  verdict: "accept" | "drop";
  dropped?: Line;
  packets: number;
  bytes: number;
  packets_per_second: number;
  bytes_per_second: number;
  idle_seconds: number;
  age_seconds: number;
  /** What it passes, in order; `internet` is the internet. */
  way: string[];
  /** Where it dies, the nearest thing first. */
  grave?: string[];
  question?: { from: string; to: string; protocol: "icmp" | "tcp" | "udp"; port?: number };
}

export interface Flows {
  total: number;
  matching: number;
  flows: Flow[];
}

/** What became different of flows that were told. */
export interface FlowDifferences {
  /** How many seconds ago that was. */
  seconds: number;
  total: number;
  matching: number;
  /** New ones, or such of which more than numbers is different. */
  flows: Flow[];
  counts: Pick<Flow, "id" | "packets" | "bytes" | "packets_per_second" | "bytes_per_second" | "idle_seconds">[];
  gone: string[];
}

/** What the kernel did with a probe's packets, one way. */
export interface Counted {
  packets: number;
  verdict: "accept" | "drop";
  dropped?: Line;
}

/** What became of packets that were sent, beside what is computed for them. */
export interface Probed {
  sent: string;
  outcome: string;
  answered: boolean;
  computed: Explanation;
  request?: Counted;
  reply?: Counted;
  disagreement?: string;
  incomparable?: string;
}

/** Sends real packets. */
export async function probe(question: NonNullable<Flow["question"]>): Promise<Probed> {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch("/_peerless/probe", { method: "POST", headers, body: JSON.stringify(question) });
  const answer = (await response.json()) as Probed & { error?: string };
  if (!response.ok) throw new Error(answer.error ?? `The probe was refused (${response.status}).`);
  return answer;
}

/** Whether the daemon carries packets. */
export async function carriesPackets(): Promise<boolean> {
  const response = await fetch("/_peerless/status");
  return ((await response.json()) as { packets: boolean }).packets;
}
