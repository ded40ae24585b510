/** What an edited list of security group rules asks of the API. Pure. */
import type { Call } from "../api/cli";
import type { Parameter } from "../api/form";
import type { SecurityGroupRule } from "../api/types";
import { KINDS, kindOf, portsOf, readPorts, type Traffic } from "./traffic";

/** A rule as it stands in the editor. */
export interface Draft {
  key: number;
  /** The rule that it was, when it is not new. */
  rule?: string;
  kind: string;
  /** What was written as ports or protocol, where the kind leaves it open. */
  ports: string;
  peer: string;
  description: string;
  /** An existing rule of a kind that the menu does not have, as it is. */
  traffic?: Traffic;
}

export const peerOf = (rule: SecurityGroupRule) =>
  rule.cidrIpv4 ?? rule.cidrIpv6 ?? rule.referencedGroupInfo?.groupId ?? rule.prefixListId ?? "";

export function draftOf(rule: SecurityGroupRule, key: number): Draft {
  const traffic = { protocol: rule.ipProtocol, from: rule.fromPort, to: rule.toPort };
  const kind = kindOf(traffic);
  const ports = portsOf(traffic);
  return { key, rule: rule.securityGroupRuleId, kind, ports, peer: peerOf(rule), description: rule.description ?? "", traffic };
}

export const newDraft = (key: number): Draft => ({ key, kind: "Custom TCP", ports: "", peer: "", description: "" });

/** What a draft is about; undefined while it is not whole. */
export function trafficOf(draft: Draft): Traffic | undefined {
  const kind = KINDS.find((kind) => kind.name === draft.kind);
  if (draft.traffic && kindOf(draft.traffic) === draft.kind && portsOf(draft.traffic) === draft.ports) return draft.traffic;
  if (!kind) return draft.traffic;
  if (kind.writes === "ports") {
    const ports = readPorts(draft.ports);
    return ports && { protocol: kind.protocol, ...ports };
  }
  if (kind.writes === "protocol") return /^\d{1,3}$/.test(draft.ports) ? { protocol: draft.ports } : undefined;
  return { protocol: kind.protocol, from: kind.from, to: kind.to };
}

/** One permission of `AuthorizeSecurityGroupIngress`. */
export function permission(draft: Draft): Parameter {
  const { protocol, from, to } = trafficOf(draft) ?? { protocol: draft.ports };
  const Description = draft.description || undefined;
  const peer = draft.peer.trim();
  const peers = peer.startsWith("sg-")
    ? { Groups: [{ GroupId: peer, Description }] }
    : peer.startsWith("pl-")
      ? { PrefixListIds: [{ PrefixListId: peer, Description }] }
      : peer.includes(":")
        ? { Ipv6Ranges: [{ CidrIpv6: peer, Description }] }
        : { IpRanges: [{ CidrIp: peer, Description }] };
  return { IpProtocol: protocol, FromPort: from, ToPort: to, ...peers };
}

const same = (a: Draft, b: Draft) => JSON.stringify([trafficOf(a), a.peer.trim()]) === JSON.stringify([trafficOf(b), b.peer.trim()]);

/**
 * What to add and what to take away. What is new comes first, so that nothing is shut in between; but a rule of which
 * only the description changed would be its own duplicate, and goes first.
 */
export function changes(rules: readonly SecurityGroupRule[], drafts: readonly Draft[]) {
  const before = rules.map(draftOf);
  const kept = (old: Draft) => drafts.some((draft) => same(old, draft) && old.description === draft.description);
  const gone = before.filter((old) => !kept(old));
  const added = drafts.filter((draft) => !before.some((old) => same(old, draft) && old.description === draft.description));
  const renamed = gone.filter((old) => added.some((draft) => same(old, draft)));
  return { first: renamed, added, last: gone.filter((old) => !renamed.includes(old)) };
}

/** The calls that do this. */
export function calls(GroupId: string, way: "Ingress" | "Egress", { first, added, last }: ReturnType<typeof changes>): Call[] {
  const revoked = (old: readonly Draft[]): Call[] =>
    old.length > 0 ? [[`RevokeSecurityGroup${way}`, { GroupId, SecurityGroupRuleId: old.map((draft) => draft.rule) }]] : [];
  const authorized: Call[] = added.length > 0 ? [[`AuthorizeSecurityGroup${way}`, { GroupId, IpPermissions: added.map(permission) }]] : [];
  return [...revoked(first), ...authorized, ...revoked(last)];
}
