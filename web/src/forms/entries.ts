/** What an edited list of network ACL entries asks of the API. Pure. */
import type { Call } from "../api/cli";
import type { Parameters } from "../api/form";
import { LAST_RULE } from "../api/network";
import type { AclEntry } from "../api/types";
import { KINDS, kindOf, numberOf, portsOf, protocolOf, readPorts, type Traffic } from "./traffic";

/** An entry as it stands in the editor. */
export interface Draft {
  key: number;
  number: string;
  kind: string;
  ports: string;
  cidr: string;
  action: "allow" | "deny";
  /** What it is about, where the menu does not have it. */
  traffic?: Traffic;
}

/** What an entry is about. */
export function trafficOf(entry: AclEntry): Traffic {
  const [from, to] = entry.portRange
    ? [entry.portRange.from, entry.portRange.to]
    : entry.icmpTypeCode
      ? [entry.icmpTypeCode.type, entry.icmpTypeCode.code]
      : [undefined, undefined];
  return { protocol: protocolOf(entry.protocol), from, to };
}

export function draftOf(entry: AclEntry, key: number): Draft {
  const traffic = trafficOf(entry);
  return {
    key,
    number: entry.ruleNumber,
    kind: kindOf(traffic),
    ports: portsOf(traffic),
    cidr: entry.cidrBlock ?? entry.ipv6CidrBlock ?? "",
    action: entry.ruleAction,
    traffic,
  };
}

export const newDraft = (key: number): Draft => ({ key, number: "", kind: "Custom TCP", ports: "", cidr: "0.0.0.0/0", action: "allow" });

/** What a draft is about; undefined while it is not whole. */
export function draftTraffic(draft: Draft): Traffic | undefined {
  if (draft.traffic) return draft.traffic;
  const kind = KINDS.find((kind) => kind.name === draft.kind);
  if (kind?.writes === "ports") {
    const ports = readPorts(draft.ports);
    return ports && { protocol: kind.protocol, ...ports };
  }
  if (kind?.writes === "protocol") return /^\d{1,3}$/.test(draft.ports) ? { protocol: draft.ports } : undefined;
  return kind && { protocol: kind.protocol, from: kind.from, to: kind.to };
}

export const isWhole = (draft: Draft) => /^\d+$/.test(draft.number) && draftTraffic(draft) !== undefined && draft.cidr.trim() !== "";

function parameters(acl: string, egress: boolean, draft: Draft): Parameters {
  const { protocol, from, to } = draftTraffic(draft) ?? { protocol: "-1" };
  const isIcmp = protocol === "icmp" || protocol === "icmpv6";
  const cidr = draft.cidr.trim();
  return {
    NetworkAclId: acl,
    Egress: egress,
    RuleNumber: draft.number,
    RuleAction: draft.action,
    Protocol: numberOf(protocol),
    ...(cidr.includes(":") ? { Ipv6CidrBlock: cidr } : { CidrBlock: cidr }),
    Icmp: isIcmp ? { Type: from ?? "-1", Code: to ?? "-1" } : undefined,
    PortRange: protocol === "tcp" || protocol === "udp" ? { From: from, To: to } : undefined,
  };
}

/** Entries are known by their number: what has a new one is made, what differs is replaced, what is gone is deleted. */
export function changes(acl: string, egress: boolean, entries: readonly AclEntry[], drafts: readonly Draft[]): Call[] {
  const before = entries.filter((entry) => entry.ruleNumber !== LAST_RULE).map(draftOf);
  const meaning = (draft: Draft) => JSON.stringify([draftTraffic(draft), draft.cidr.trim(), draft.action]);
  const wanted = drafts.flatMap((draft): Call[] => {
    const old = before.find((old) => old.number === draft.number);
    if (!old) return [["CreateNetworkAclEntry", parameters(acl, egress, draft)]];
    return meaning(old) === meaning(draft) ? [] : [["ReplaceNetworkAclEntry", parameters(acl, egress, draft)]];
  });
  const gone = before.filter((old) => !drafts.some((draft) => draft.number === old.number));
  return [...wanted, ...gone.map((old): Call => ["DeleteNetworkAclEntry", { NetworkAclId: acl, Egress: egress, RuleNumber: old.number }])];
}
