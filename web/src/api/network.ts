/** What follows from Describe's answers: which table a subnet uses, where a route leads. Pure. */
import type { AclEntry, NetworkAcl, Route, RouteTable, Subnet } from "./types";

export const isMain = (table: RouteTable) => table.associationSet.some((association) => association.main === "true");

export const explicitSubnets = (table: RouteTable) =>
  table.associationSet.flatMap((association) => (association.subnetId ? [association.subnetId] : []));

/** The table that a subnet uses, and whether it is its own or the main one. */
export function effectiveTable(subnet: Pick<Subnet, "subnetId" | "vpcId">, tables: readonly RouteTable[]) {
  const own = tables.find((table) => explicitSubnets(table).includes(subnet.subnetId));
  const table = own ?? tables.find((table) => table.vpcId === subnet.vpcId && isMain(table));
  return { table, isExplicit: own !== undefined };
}

export const aclOf = (subnetId: string, acls: readonly NetworkAcl[]) =>
  acls.find((acl) => acl.associationSet.some((association) => association.subnetId === subnetId));

export const destinationOf = (route: Route) =>
  route.destinationCidrBlock ?? route.destinationIpv6CidrBlock ?? route.destinationPrefixListId ?? "";

export const targetOf = (route: Route) =>
  route.gatewayId ?? route.natGatewayId ?? route.vpcPeeringConnectionId ?? route.instanceId ?? route.networkInterfaceId ?? "";

/** Whether a table leads to the internet by default: this makes its subnets public, never their names. */
export const leadsToInternet = (table: RouteTable | undefined) =>
  table?.routeSet.some((route) => destinationOf(route) === "0.0.0.0/0" && targetOf(route).startsWith("igw-") && route.state === "active") ??
  false;

/** The number of the last entry of every ACL, which AWS shows as `*`. */
export const LAST_RULE = "32767";

/** Entries of one direction, in the order in which they are asked. */
export const entriesOf = (acl: NetworkAcl, egress: boolean): AclEntry[] =>
  acl.entrySet.filter((entry) => (entry.egress === "true") === egress).sort((a, b) => Number(a.ruleNumber) - Number(b.ruleNumber));
