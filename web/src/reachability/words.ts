/** What Reachability Analyzer answers, in words; and the same question as the Explain page asks it. Pure. */
import type {
  AnalysisAclRule,
  AnalysisGroupRule,
  AnalysisRoute,
  NetworkInsightsAnalysis,
  NetworkInsightsPath,
  NetworkInterface,
  PacketHeader,
  PathComponent,
  PathExplanation,
} from "../api/types";
import type { Question } from "../explain/question";

/** The newest analysis of a path. */
export function latest(pathId: string, analyses: readonly NetworkInsightsAnalysis[]): NetworkInsightsAnalysis | undefined {
  const own = analyses.filter((analysis) => analysis.networkInsightsPathId === pathId);
  return own.sort((a, b) => b.startDate.localeCompare(a.startDate))[0];
}

const KINDS: Record<string, string> = {
  i: "Instance",
  eni: "Network interface",
  sg: "Security group",
  acl: "Network ACL",
  rtb: "Route table",
  pcx: "VPC peering connection",
  igw: "Internet gateway",
  eice: "EC2 Instance Connect Endpoint",
  vpc: "VPC",
};

/** What kind of thing an id names. */
export const kindOf = (id: string) => KINDS[id.split("-")[0] ?? ""] ?? "Resource";

const ports = (ranges: readonly { from: string; to: string }[]) =>
  ranges.map(({ from, to }) => (from === to ? from : `${from}-${to}`)).join(", ");

const traffic = ({ protocol, portRange }: { protocol: string; portRange?: { from: string; to: string } }) =>
  protocol === "all" ? "all traffic" : `${protocol.toUpperCase()}${portRange ? ` ${ports([portRange])}` : ""}`;

export const aclRule = (rule: AnalysisAclRule) =>
  `${rule.egress === "true" ? "Outbound" : "Inbound"} rule ${rule.ruleNumber === "32767" ? "*" : rule.ruleNumber}: ${rule.ruleAction} ${traffic(rule)} ${rule.egress === "true" ? "to" : "from"} ${rule.cidr}`;

export const groupRule = (rule: AnalysisGroupRule) =>
  `${rule.direction === "egress" ? "Outbound" : "Inbound"} rule: ${traffic(rule)} ${rule.direction === "egress" ? "to" : "from"} ${rule.cidr ?? rule.securityGroupId ?? ""}`;

export const route = (route: AnalysisRoute) =>
  `${route.destinationCidr} → ${route.gatewayId ?? route.vpcPeeringConnectionId ?? ""}${route.state === "active" ? "" : ` (${route.state})`}`;

/** The addresses of a header; long lists are cut. */
function addresses(blocks: readonly string[]): string {
  const shown = blocks.slice(0, 3).map((block) => block.replace(/\/32$/, ""));
  return blocks.length > 3 ? `${shown.join(", ")} and ${blocks.length - 3} more` : shown.join(", ");
}

/** A header, as far as it is said. */
export function header(of: PacketHeader): string {
  const end = (blocks?: readonly string[], range?: readonly { from: string; to: string }[]) =>
    [blocks && addresses(blocks), range && `port ${ports(range)}`].filter(Boolean).join(" ");
  const source = end(of.sourceAddressSet, of.sourcePortRangeSet);
  const destination = end(of.destinationAddressSet, of.destinationPortRangeSet);
  return [source && `from ${source}`, destination && `to ${destination}`].filter(Boolean).join(", ");
}

/** What a component does to the packet, a line each. */
export function doings(of: PathComponent): string[] {
  return [
    of.inboundHeader && `Comes in: ${header(of.inboundHeader)}`,
    of.aclRule && aclRule(of.aclRule),
    of.securityGroupRule && groupRule(of.securityGroupRule),
    of.component.id.startsWith("sg-") && !of.securityGroupRule && "Stateful: the reply needs no rule",
    of.routeTableRoute && route(of.routeTableRoute),
    of.sourceVpc && of.destinationVpc && `${of.sourceVpc.id} → ${of.destinationVpc.id}`,
    of.outboundHeader && `Goes out: ${header(of.outboundHeader)}`,
  ].filter((line): line is string => !!line);
}

const way = (told: PathExplanation) => (told.direction === "egress" ? "outbound" : "inbound");

/** Sentences by AWS's codes; a code that is not here says enough by itself. */
const SENTENCES: Record<string, (told: PathExplanation) => string> = {
  BAD_STATE: (told) => `It is not in a state in which packets get past it: ${told.state ?? "unknown"}.`,
  BAD_STATE_ATTACHMENT: () => "The VPC has no internet gateway attached.",
  BAD_STATE_ROUTE: (told) => `The route for the packet is a blackhole${told.routeTableRoute ? `: ${route(told.routeTableRoute)}` : ""}.`,
  COMPONENT_FILTER_RESTRICTION: () => "There is a way, but not through this.",
  COMPONENT_FILTER_RESTRICTION_REMOVED_COMPONENT: () => "There is a way, but only through this.",
  DISCONNECTED_VPCS: (told) => `Nothing joins ${told.sourceVpc?.id ?? "the one VPC"} and ${told.destinationVpc?.id ?? "the other"}.`,
  ENI_SG_RULES_MISMATCH: (told) =>
    `No ${way(told)} rule applies of: ${told.securityGroupSet?.map((group) => group.id).join(", ") ?? "its security groups"}.`,
  ENI_SOURCE_DEST_CHECK_RESTRICTION: (told) =>
    `${told.address ?? "The sender's address"} is not its own, and its source/destination check is on.`,
  GATEWAY_REJECTS_SPOOFED_TRAFFIC: (told) => `${told.address ?? "The sender's address"} is not an address of this VPC.`,
  IGW_NAT_REFLECTION: () => "The way leaves by this gateway and comes back in by it: analyze the two halves.",
  IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS: () => "No attached interface has that public address: from the internet it cannot be called.",
  IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS: () => "It has no public address with which it could go out.",
  NO_PATH: () => "There is no way between the two.",
  NO_POSSIBLE_DESTINATION: (told) =>
    told.address ? `Nothing there has the address ${told.address}.` : "What is behind it is not known here.",
  NO_ROUTE_TO_DESTINATION: (told) => `It has no route to ${told.address ?? "the destination"}.`,
  NO_SOURCE_OR_DESTINATION: () => "It does not exist any more.",
  PCX_REQUIRES_ADDRESS_IN_VPC_CIDR: (told) =>
    `${told.address ?? "The address"} is not one of the VPC at its other end${told.cidrSet ? `, which has ${told.cidrSet.join(", ")}` : ""}.`,
  SG_HAS_NO_RULES: (told) => `It has no ${way(told)} rules at all.`,
  SUBNET_ACL_RESTRICTION: (told) => (told.aclRule ? `${aclRule(told.aclRule)}.` : `Its ${way(told)} rules deny it.`),
  UNASSOCIATED_COMPONENT: () => "It is in no VPC.",
};

/** Why there is no way, in a sentence. */
export function sentenceOf(told: PathExplanation): string {
  if (told.explanationCode.startsWith("IGW_DESTINATION_ADDRESS_NOT"))
    return `The internet carries nothing for ${told.address ?? "a private address"}.`;
  if (told.explanationCode.startsWith("IGW_SOURCE_ADDRESS_NOT"))
    return `Nothing on the internet comes from ${told.address ?? "a private address"}.`;
  if (told.explanationCode.startsWith("FILTER_AT_")) return "There is a way, but none that the filters of the path let through.";
  return SENTENCES[told.explanationCode]?.(told) ?? "";
}

/** The same question, as the Explain page asks it; none where that page has no word for an end. */
export function questionOf(path: NetworkInsightsPath, interfaces: readonly NetworkInterface[]): Question | undefined {
  const end = (id: string | undefined, address: string | undefined, internet: string): string | undefined => {
    if (!id) return address;
    if (id.startsWith("igw-")) return address ?? internet;
    if (id.startsWith("i-")) return id;
    const known = interfaces.find((each) => each.networkInterfaceId === id);
    return known && (known.attachment?.instanceId ?? known.networkInterfaceId);
  };
  const from = end(path.source, path.sourceIp ?? path.filterAtSource?.sourceAddress, "laptop");
  const to = end(path.destination, path.destinationIp ?? path.filterAtSource?.destinationAddress, "internet");
  const range = path.filterAtSource?.destinationPortRange ?? path.filterAtDestination?.destinationPortRange;
  const port = path.destinationPort ?? range?.fromPort ?? "";
  return from && to ? { from, to, protocol: path.protocol, port } : undefined;
}
