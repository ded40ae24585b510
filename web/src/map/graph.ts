/**
 * What a resource map shows: the four columns of AWS's map, as nodes and lines. Pure: from Describe's answers, or from a
 * form that has made nothing yet.
 */
import { nameOf } from "../api/lists";
import { destinationOf, effectiveTable, explicitSubnets, isMain, leadsToInternet, targetOf } from "../api/network";
import type { Instance, InternetGateway, PeeringConnection, RouteTable, Subnet, Vpc } from "../api/types";
import { overlaps, parseCidr } from "../forms/cidr";

export type Kind = "vpc" | "subnet" | "instance" | "route-table" | "connection" | "peer";

export interface Node {
  id: string;
  kind: Kind;
  /** 0 to 3: AWS's columns. */
  column: number;
  title: string;
  /** The lines that "Show all details" adds. */
  details: string[];
  /** Subnets of a zone stand together; instances stand in their subnet, a peer VPC in the connection that leads to it. */
  group?: string;
  parent?: string;
  isPublic?: boolean;
  /** An instance's state. */
  state?: string;
  /** What a learner should look at. */
  mark?: string;
  /** What else is to be said of it to those who do not see the lines. */
  note?: string;
  /** Whether it is no resource any more, but the end of routes that lead nowhere. */
  isGone?: boolean;
}

export interface Line {
  from: string;
  to: string;
  /** Traffic to a network connection is dotted, a relation is solid. */
  isTraffic: boolean;
  isBroken?: boolean;
}

export interface Graph {
  nodes: Node[];
  lines: Line[];
}

export interface World {
  vpcs: readonly Vpc[];
  subnets: readonly Subnet[];
  routeTables: readonly RouteTable[];
  internetGateways: readonly InternetGateway[];
  peeringConnections: readonly PeeringConnection[];
  instances: readonly Instance[];
}

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;
const isOver = (pcx: PeeringConnection) => ["deleted", "rejected", "failed", "expired"].includes(pcx.status.code);
const titleOf = (item: { tagSet?: { key: string; value: string }[] }, id: string) => nameOf(item as never) || id;

/** As AWS draws it: nothing is said of what is wrong. */
export function withoutMarks({ nodes, lines }: Graph): Graph {
  const gone = new Set(nodes.filter((node) => node.isGone).map((node) => node.id));
  return {
    nodes: nodes.filter((node) => !node.isGone).map((node) => ({ ...node, mark: undefined })),
    lines: lines.filter((line) => !gone.has(line.to)).map((line) => ({ ...line, isBroken: false })),
  };
}

/** The map of one VPC. */
export function graphOf(vpcId: string, world: World): Graph {
  const vpc = world.vpcs.find((vpc) => vpc.vpcId === vpcId);
  if (!vpc) return { nodes: [], lines: [] };
  const tables = world.routeTables.filter((table) => table.vpcId === vpcId);
  const isPublic = (subnet: Subnet) => leadsToInternet(effectiveTable(subnet, tables).table);
  const inside = world.subnets.filter((subnet) => subnet.vpcId === vpcId);
  const subnets = inside.sort((a, b) => byZone(a, b) || Number(isPublic(b)) - Number(isPublic(a)) || byName(a, b));
  const gateways = world.internetGateways.filter((gateway) => gateway.attachmentSet.some((attachment) => attachment.vpcId === vpcId));
  const peerings = world.peeringConnections.filter((pcx) => !isOver(pcx) && ends(pcx).includes(vpcId));
  const tableOf = new Map(subnets.map((subnet) => [subnet.subnetId, effectiveTable(subnet, tables)]));
  // The main one, then as the subnets come that use them, so that few lines cross.
  const use = (table: RouteTable) => subnets.findIndex((subnet) => tableOf.get(subnet.subnetId)?.table === table) >>> 0;
  const uses = new Map(tables.map((table) => [table, use(table)]));
  tables.sort(
    (a, b) =>
      Number(isMain(b)) - Number(isMain(a)) ||
      uses.get(a)! - uses.get(b)! ||
      byTitle(titleOf(a, a.routeTableId), titleOf(b, b.routeTableId)),
  );

  const nodes: Node[] = [vpcNode(vpc, peerings)];
  const lines: Line[] = [];
  for (const subnet of subnets) {
    const { table, isExplicit } = tableOf.get(subnet.subnetId)!;
    nodes.push(subnetNode(subnet, table, isExplicit, tables));
    lines.push({ from: vpcId, to: subnet.subnetId, isTraffic: false });
    if (table) lines.push({ from: subnet.subnetId, to: table.routeTableId, isTraffic: false });
    nodes.push(...instancesIn(subnet, world.instances));
  }
  for (const table of tables) {
    nodes.push(
      tableNode(
        table,
        subnets.filter((subnet) => tableOf.get(subnet.subnetId)?.table === table),
      ),
    );
    const targets = new Map<string, boolean>();
    for (const route of table.routeSet.filter((route) => targetOf(route) !== "local")) {
      const target = targetOf(route);
      targets.set(target, (targets.get(target) ?? true) && route.state !== "active");
    }
    for (const [target, isBroken] of targets) lines.push({ from: table.routeTableId, to: target, isTraffic: true, isBroken });
  }
  for (const gateway of gateways)
    nodes.push(
      gatewayNode(
        gateway,
        subnets.filter((subnet) => leadsToInternet(tableOf.get(subnet.subnetId)?.table)),
      ),
    );
  for (const pcx of peerings) {
    nodes.push(peeringNode(pcx, tables));
    const peer = pcx.requesterVpcInfo.vpcId === vpcId ? pcx.accepterVpcInfo : pcx.requesterVpcInfo;
    const known = world.vpcs.find((vpc) => vpc.vpcId === peer.vpcId);
    const title = known ? titleOf(known, peer.vpcId) : peer.vpcId;
    const id = `${pcx.vpcPeeringConnectionId}/${peer.vpcId}`;
    nodes.push({
      id,
      kind: "peer",
      column: 3,
      parent: pcx.vpcPeeringConnectionId,
      title,
      details: [peer.cidrBlock ?? ""],
      note: "beyond the peering connection",
    });
  }
  // A route may lead to what is gone: the place where packets die is shown as well.
  const shown = new Set(nodes.map((node) => node.id));
  for (const { to } of lines.filter((line) => !shown.has(line.to))) {
    if (shown.has(to)) continue;
    shown.add(to);
    const mark = "routes lead here, and it is not there";
    nodes.push({ id: to, kind: "connection", column: 3, title: to, details: ["Blackhole"], mark, isGone: true });
  }
  return { nodes, lines };
}

function vpcNode(vpc: Vpc, peerings: readonly PeeringConnection[]): Node {
  const title = titleOf(vpc, vpc.vpcId);
  const mine = parseCidr(vpc.cidrBlock);
  const clash = peerings.find((pcx) => {
    const other = parseCidr((pcx.requesterVpcInfo.vpcId === vpc.vpcId ? pcx.accepterVpcInfo : pcx.requesterVpcInfo).cidrBlock ?? "");
    return mine && other && overlaps(mine, other);
  });
  const mark = clash && "its addresses overlap with those of a peer";
  return {
    id: vpc.vpcId,
    kind: "vpc",
    column: 0,
    title,
    details: [vpc.cidrBlock, "No IPv6"],
    mark,
  };
}

function subnetNode(subnet: Subnet, table: RouteTable | undefined, isExplicit: boolean, tables: readonly RouteTable[]): Node {
  const title = titleOf(subnet, subnet.subnetId);
  const isPublic = leadsToInternet(table);
  const isOrphan = !isExplicit && tables.some((other) => !isMain(other) && explicitSubnets(other).length === 0);
  const mark = isOrphan
    ? "no table is associated with it: it uses the main one, while another table is used by nobody"
    : !isPublic && /public/i.test(title)
      ? "public by name only: its route table has no route to an internet gateway"
      : undefined;
  const note = table && `routes by ${titleOf(table, table.routeTableId)}`;
  return {
    id: subnet.subnetId,
    kind: "subnet",
    column: 1,
    title,
    details: [subnet.cidrBlock],
    group: subnet.availabilityZone,
    isPublic,
    mark,
    note,
  };
}

function instancesIn(subnet: Subnet, instances: readonly Instance[]): Node[] {
  const inside = instances.filter((instance) => instance.subnetId === subnet.subnetId && instance.instanceState.name !== "terminated");
  const named = inside.map((instance) => ({ instance, title: titleOf(instance, instance.instanceId) }));
  named.sort((a, b) => byTitle(a.title, b.title));
  return named.map(({ instance, title }) => {
    const state = instance.instanceState.name;
    const details = [[instance.privateIpAddress, instance.ipAddress && `⇄ ${instance.ipAddress}`].filter(Boolean).join("  ")];
    const note = instance.ipAddress && "with a public address";
    return { id: instance.instanceId, kind: "instance", column: 1, title, details, parent: subnet.subnetId, state, note };
  });
}

function tableNode(table: RouteTable, users: readonly Subnet[]): Node {
  const main = isMain(table);
  const title = titleOf(table, table.routeTableId);
  const explicit = explicitSubnets(table).length;
  const blackhole = table.routeSet.find((route) => route.state === "blackhole");
  const mark = blackhole && `its route ${destinationOf(blackhole)} → ${targetOf(blackhole)} is a blackhole`;
  const associations = explicit > 0 ? plural(explicit, "subnet association") : "No subnet associations";
  const details = [associations, `${plural(table.routeSet.length, "route")} including local`];
  if (main && users.length > explicit) details[0] = `${associations}, ${plural(users.length - explicit, "subnet")} by default`;
  return {
    id: table.routeTableId,
    kind: "route-table",
    column: 2,
    title: main ? `${title} (main)` : title,
    details,
    mark,
  };
}

function gatewayNode(gateway: InternetGateway, publicSubnets: readonly Subnet[]): Node {
  const title = titleOf(gateway, gateway.internetGatewayId);
  const details = [`Internet routes to ${plural(publicSubnets.length, "public subnet")}`];
  return {
    id: gateway.internetGatewayId,
    kind: "connection",
    column: 3,
    title,
    details,
  };
}

function peeringNode(pcx: PeeringConnection, tables: readonly RouteTable[]): Node {
  const id = pcx.vpcPeeringConnectionId;
  const title = titleOf(pcx, id);
  const isActive = pcx.status.code === "active";
  const isUsed = tables.some((table) => table.routeSet.some((route) => targetOf(route) === id));
  const mark = !isActive ? `it is ${pcx.status.code}: nothing passes` : !isUsed ? "no route of this VPC leads over it" : undefined;
  const details = [`Peering connection, ${pcx.status.code}`];
  return { id, kind: "connection", column: 3, title, details, mark };
}

/** The map of a Region: VPCs, and what is between them. */
export function regionOf(world: World): Graph {
  const nodes: Node[] = [];
  const lines: Line[] = [];
  const INTERNET = "internet";
  const vpcs = [...world.vpcs].sort((a, b) => byTitle(titleOf(a, a.vpcId), titleOf(b, b.vpcId)));
  // A gateway beside its VPC: fewer lines cross.
  const place = (gateway: InternetGateway) => vpcs.findIndex((vpc) => vpc.vpcId === gateway.attachmentSet[0]?.vpcId) >>> 0;
  const gateways = [...world.internetGateways].sort((a, b) => place(a) - place(b));
  for (const vpc of vpcs) {
    const count = (items: readonly { vpcId?: string }[]) => items.filter((item) => item.vpcId === vpc.vpcId).length;
    const title = titleOf(vpc, vpc.vpcId);
    const running = world.instances.filter((instance) => instance.vpcId === vpc.vpcId && instance.instanceState.name === "running").length;
    const details = [vpc.cidrBlock, `${plural(count(world.subnets), "subnet")}, ${plural(running, "running instance")}`];
    const twins = world.vpcs.filter((other) => other !== vpc && clash(vpc.cidrBlock, other.cidrBlock));
    const mark =
      twins.length > 0
        ? `its addresses overlap with ${twins.map((twin) => titleOf(twin, twin.vpcId)).join(", ")}: they cannot be peered`
        : undefined;
    nodes.push({ id: vpc.vpcId, kind: "vpc", column: 0, title, details, mark });
  }
  for (const gateway of gateways) {
    const vpcId = gateway.attachmentSet[0]?.vpcId;
    const title = titleOf(gateway, gateway.internetGatewayId);
    const mark = vpcId ? undefined : "it is not attached to a VPC";
    nodes.push({
      id: gateway.internetGatewayId,
      kind: "connection",
      column: 1,
      title,
      details: ["Internet gateway"],
      mark,
    });
    if (!vpcId) continue;
    lines.push({ from: vpcId, to: gateway.internetGatewayId, isTraffic: false });
    lines.push({ from: gateway.internetGatewayId, to: INTERNET, isTraffic: true });
  }
  for (const pcx of world.peeringConnections.filter((pcx) => !isOver(pcx))) {
    const id = pcx.vpcPeeringConnectionId;
    const title = titleOf(pcx, id);
    const isBroken = pcx.status.code !== "active";
    const mark = isBroken ? `it is ${pcx.status.code}: nothing passes` : undefined;
    nodes.push({
      id,
      kind: "connection",
      column: 1,
      title,
      details: [`Peering connection, ${pcx.status.code}`],
      mark,
    });
    for (const end of [pcx.requesterVpcInfo, pcx.accepterVpcInfo]) {
      const isHere = world.vpcs.some((vpc) => vpc.vpcId === end.vpcId);
      if (isHere) lines.push({ from: end.vpcId, to: id, isTraffic: true, isBroken });
      else {
        const far = `${id}/${end.vpcId}`;
        const where = `${end.ownerId}, ${end.region ?? ""}`;
        nodes.push({
          id: far,
          kind: "peer",
          column: 2,
          title: end.vpcId,
          details: [end.cidrBlock ?? "", where],
          note: "elsewhere",
        });
        lines.push({ from: id, to: far, isTraffic: true, isBroken });
      }
    }
  }
  if (lines.some((line) => line.to === INTERNET)) {
    nodes.push({ id: INTERNET, kind: "peer", column: 2, title: "Internet", details: ["simulated on this machine"] });
  }
  return { nodes, lines };
}

/** A node in words, for those who do not see the picture: what it is, then what its card says, then what its place says. */
export function labelOf({ id, kind, title, details, isPublic, state, note, mark }: Node): string {
  const place = isPublic === undefined ? undefined : isPublic ? "public" : "private";
  const parts = [`${wordOf(id, kind)} ${title}`, ...details, place, state, note, mark];
  return parts.filter(Boolean).join(", ");
}

function wordOf(id: string, kind: Kind): string {
  if (kind === "vpc") return "VPC";
  if (kind === "route-table") return "route table";
  if (kind !== "connection") return kind;
  if (id.startsWith("igw-")) return "internet gateway";
  return id.startsWith("pcx-") ? "peering connection" : "network connection";
}

/** Everything that a node's chain holds: what leads to it, and what it leads to. Lines are followed one way only. */
export function chainOf(id: string, { nodes, lines }: Graph): Set<string> {
  const chain = new Set<string>();
  const parent = nodes.find((node) => node.id === id)?.parent;
  const walk = (from: string, next: (id: string) => string[]) => {
    const seen = new Set<string>();
    const queue = [from];
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      chain.add(at);
      queue.push(...next(at));
    }
  };
  const start = parent ?? id;
  walk(start, (id) => lines.filter((line) => line.from === id).map((line) => line.to));
  walk(start, (id) => lines.filter((line) => line.to === id).map((line) => line.from));
  chain.add(id);
  for (const node of nodes) if (node.parent && !parent && chain.has(node.parent)) chain.add(node.id);
  return chain;
}

const ends = (pcx: PeeringConnection) => [pcx.requesterVpcInfo.vpcId, pcx.accepterVpcInfo.vpcId];
const byZone = (a: Subnet, b: Subnet) => a.availabilityZone.localeCompare(b.availabilityZone);
const byTitle = (a: string, b: string) => a.localeCompare(b, "en", { numeric: true });
const byName = (a: Subnet, b: Subnet) => byTitle(titleOf(a, a.subnetId), titleOf(b, b.subnetId));

function clash(a: string, b: string) {
  const [one, two] = [parseCidr(a), parseCidr(b)];
  return one !== undefined && two !== undefined && overlaps(one, two);
}
