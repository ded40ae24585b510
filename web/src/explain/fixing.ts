/** Making a fix: its calls, in order, by the public API. */
import { call } from "../api/ec2";
import type { Fix } from "../api/peerless";

type Caller = typeof call;

/** Makes all calls of the fixes; what one gives, later ones use. */
export async function make(fixes: readonly Fix[], caller: Caller = call): Promise<void> {
  const given = new Map<string, string>();
  for (const { action, account, region, parameters, gives } of fixes.flatMap((fix) => fix.calls)) {
    const known = parameters.map(([name, value]) => [name, given.get(value) ?? value]);
    const answer = await caller(action, Object.fromEntries(known), { account, region });
    if (gives) given.set(gives[0], at(answer, gives[1]));
  }
}

/** All of it as one template. */
export function templateOf(fixes: readonly Fix[]): string {
  const body = fixes.map((fix) => fix.cloudformation).join("");
  const hasResources = body.split("\n").some((line) => line !== "" && !line.startsWith("  #"));
  return hasResources ? `AWSTemplateFormatVersion: "2010-09-09"\nResources:\n${body}` : body.replace(/^ {2}/gm, "");
}

/** Whether all of it can be done by calls. */
export const isMakeable = (fixes: readonly Fix[]) => fixes.length > 0 && fixes.every((fix) => fix.calls.length > 0);

function at(answer: unknown, path: string): string {
  const found = path.split(".").reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], answer);
  if (typeof found !== "string") throw new Error(`The answer has no ${path}.`);
  return found;
}
