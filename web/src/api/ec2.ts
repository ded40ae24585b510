/** The EC2 API: one POST a call, as any SDK sends it but for the signature, which nobody checks on loopback. */
import { flatten, type Parameters } from "./form";
import { here, type Place } from "./place";
import { parse } from "./xml";

/** A refusal, in AWS's words. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly action: string,
  ) {
    super(message);
  }
}

/** Calls an operation; what it answers has the shape that AWS's reference gives it. */
export async function call<Answer = unknown>(action: string, parameters: Parameters = {}, place: Place = here): Promise<Answer> {
  const body = new URLSearchParams([["Action", action], ["Version", "2016-11-15"], ...flatten(parameters)]);
  let response: Response;
  let text: string;
  try {
    response = await fetch("/", { method: "POST", body, headers: { Authorization: scope(place) } });
    text = await response.text();
  } catch {
    throw new Refusal("Unreachable", "Peerless does not answer. Is it still running?", action);
  }
  if (!response.ok) throw refusal(action, response.status, text);
  return parse(text) as Answer;
}

/** SigV4's credential scope names account and region to the server. */
function scope({ account, region }: Place): string {
  const day = new Date().toISOString().slice(0, 10).replaceAll("-", "");
  return `AWS4-HMAC-SHA256 Credential=${account}/${day}/${region}/ec2/aws4_request, SignedHeaders=host, Signature=0`;
}

function refusal(action: string, status: number, text: string): Refusal {
  try {
    const reply = parse(text) as { Errors: { Error: { Code: string; Message: string } } };
    const { Code, Message } = reply.Errors.Error;
    return new Refusal(Code, Message, action);
  } catch {
    return new Refusal(`HTTP ${status}`, text.trim() || "The request was refused.", action);
  }
}

/** A tag specification for a resource that is being made; undefined when there are no tags. */
export function tagged(ResourceType: string, tags: Record<string, string | undefined>) {
  const Tag = Object.entries(tags).flatMap(([Key, Value]) => (Value ? [{ Key, Value }] : []));
  return Tag.length > 0 ? [{ ResourceType, Tag }] : undefined;
}
