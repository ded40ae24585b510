/** What "VPC and more" is going to make: from the form's settings to a plan, and from the plan to its map. Pure. */
import type { RouteTable, Subnet } from "../api/types";
import { countOf, formatCidr, overlaps, parseCidr, part } from "../forms/cidr";
import { type Graph, graphOf } from "../map/graph";

export interface Settings {
  /** The prefix of all names, unless each is given. */
  prefix: string;
  isAutomatic: boolean;
  cidr: string;
  zones: string[];
  publicSubnets: number;
  privateSubnets: number;
  dnsHostnames: boolean;
  dnsResolution: boolean;
  /** What was written instead of what is proposed, by key. */
  names: Record<string, string>;
  cidrs: Record<string, string>;
  tags: { key: string; value: string }[];
}

export interface PlannedSubnet {
  key: string;
  name: string;
  zone: string;
  cidr: string;
  isPublic: boolean;
  /** The key of its route table. */
  table: string;
}

export interface PlannedTable {
  key: string;
  name: string;
  isPublic: boolean;
}

export interface Plan {
  settings: Settings;
  vpcName: string;
  gatewayName: string;
  subnets: PlannedSubnet[];
  tables: PlannedTable[];
}

export const FIRST: Omit<Settings, "zones"> = {
  prefix: "project",
  isAutomatic: true,
  cidr: "10.0.0.0/16",
  publicSubnets: 2,
  privateSubnets: 2,
  dnsHostnames: true,
  dnsResolution: true,
  names: {},
  cidrs: {},
  tags: [],
};

/** The numbers of subnets to choose from: none or one a zone, and privately two a zone as well. */
export const publicChoices = (zones: number) => [0, zones];
export const privateChoices = (zones: number) => [0, zones, 2 * zones];

/** The block that is proposed for a subnet: sixteenths of the VPC, public ones from its start, private ones from its middle. */
export function proposedCidr(vpc: string, isPublic: boolean, index: number): string {
  const block = parseCidr(vpc);
  if (!block) return "";
  const length = Math.min(block.length + 4, 28);
  const half = 2 ** (length - block.length - 1);
  const found = part(block, length, isPublic ? index : half + index);
  return found ? formatCidr(found) : "";
}

export function plan(settings: Settings): Plan {
  const { prefix, isAutomatic, zones, names } = settings;
  const named = (key: string, proposed: string) => (isAutomatic ? (prefix ? `${prefix}-${proposed}` : "") : (names[key] ?? ""));
  const subnet = (isPublic: boolean, index: number): PlannedSubnet => {
    const kind = isPublic ? "public" : "private";
    const zone = zones[index % zones.length] ?? "";
    const key = `${kind}${index + 1}`;
    return {
      key,
      name: named(key, `subnet-${key}-${zone}`),
      zone,
      cidr: settings.cidrs[key] ?? proposedCidr(settings.cidr, isPublic, index),
      isPublic,
      table: isPublic ? "rtb-public" : `rtb-${key}`,
    };
  };
  const publics = Array.from({ length: settings.publicSubnets }, (_, index) => subnet(true, index));
  const privates = Array.from({ length: settings.privateSubnets }, (_, index) => subnet(false, index));
  const tables = [
    ...(publics.length > 0 ? [{ key: "rtb-public", name: named("rtb-public", "rtb-public"), isPublic: true }] : []),
    ...privates.map(({ key, zone }) => ({ key: `rtb-${key}`, name: named(`rtb-${key}`, `rtb-${key}-${zone}`), isPublic: false })),
  ];
  return { settings, vpcName: named("vpc", "vpc"), gatewayName: named("igw", "igw"), subnets: [...publics, ...privates], tables };
}

export const hasGateway = (plan: Plan) => plan.subnets.some((subnet) => subnet.isPublic);

/** What is wrong with the blocks, by key; AWS has the last word. */
export function problems(plan: Plan): Record<string, string> {
  const found: Record<string, string> = {};
  const vpc = parseCidr(plan.settings.cidr);
  if (!vpc || vpc.length < 16 || vpc.length > 28) found.vpc = "CIDR block size must be between /16 and /28.";
  for (const [at, subnet] of plan.subnets.entries()) {
    const block = parseCidr(subnet.cidr);
    if (!block) found[subnet.key] = subnet.cidr ? "This is no IPv4 CIDR block." : "There is no room for this subnet.";
    else if (plan.subnets.slice(0, at).some((other) => overlaps(parseCidr(other.cidr) ?? { first: -1, length: 32 }, block))) {
      found[subnet.key] = "It overlaps with a subnet above.";
    }
  }
  return found;
}

/** Every resource that can be named by hand: key, and what it is. */
export function nameable(plan: Plan): [key: string, what: string][] {
  return [
    ["vpc", "VPC"],
    ...plan.subnets.map((subnet): [string, string] => [
      subnet.key,
      `Subnet ${subnet.key} in ${subnet.zone} (${countOf(subnet.cidr) ?? "?"} IPs)`,
    ]),
    ...plan.tables.map((table): [string, string] => [table.key, `Route table ${table.key}`]),
    ...(hasGateway(plan) ? [["igw", "Internet gateway"] as [string, string]] : []),
  ];
}

/** The map of what would be there: the same graph as of what is. */
export function preview(plan: Plan): Graph {
  const vpcId = "VPC";
  const tags = (name: string) => (name ? [{ key: "Name", value: name }] : []);
  const local = { destinationCidrBlock: plan.settings.cidr, gatewayId: "local", state: "active", origin: "CreateRouteTable" };
  const internet = { destinationCidrBlock: "0.0.0.0/0", gatewayId: "igw-", state: "active", origin: "CreateRoute" };
  const subnets = plan.subnets.map(
    ({ key, name, zone, cidr }) => ({ subnetId: key, vpcId, availabilityZone: zone, cidrBlock: cidr, tagSet: tags(name) }) as Subnet,
  );
  const routeTables = plan.tables.map(({ key, name, isPublic }): RouteTable => {
    const own = plan.subnets.filter((subnet) => subnet.table === key);
    return {
      routeTableId: key,
      vpcId,
      ownerId: "",
      tagSet: tags(name),
      routeSet: isPublic ? [local, internet] : [local],
      associationSet: own.map((subnet) => ({ routeTableAssociationId: "", routeTableId: key, subnetId: subnet.key, main: "false" })),
    };
  });
  const vpc = { vpcId, cidrBlock: plan.settings.cidr, tagSet: tags(plan.vpcName) };
  const gateway = {
    internetGatewayId: "igw-",
    ownerId: "",
    attachmentSet: [{ vpcId, state: "available" }],
    tagSet: tags(plan.gatewayName),
  };
  return graphOf(vpcId, {
    vpcs: [vpc as never],
    subnets,
    routeTables,
    internetGateways: hasGateway(plan) ? [gateway] : [],
    peeringConnections: [],
    instances: [],
  });
}
