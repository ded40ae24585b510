/** What the console reads besides the EC2 API: docs/console-api.md. */
export interface Line {
  /** `beyond`: not reached, and no obstacle once those before it are gone. */
  mark: "passed" | "blocked" | "beyond";
  stage: string;
  resource: string;
  detail: string;
  code?: string;
}

export interface Explanation {
  headline: string;
  reachable: boolean;
  legs: { title: string; lines: Line[] }[];
  /** Commands of the AWS CLI. */
  fix: string[];
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
