/**
 * An exam: on every page that says something of ours, that is gone, and what AWS says stays. What comes from the kernel is
 * made up here, so that no packets are needed; that the daemon prunes it is told in its own tests.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Flow } from "../src/api/peerless";
import { launch, open, violations } from "./browser";
import { type Daemon, start } from "./daemon";
import { client, makeLab, makeVpc, named } from "./lab";

let daemon: Daemon;
let browser: Browser;
let page: Page;
let go: (path: string) => Promise<void>;
let settled: () => Promise<void>;
let complaints: string[];
let lab: Awaited<ReturnType<typeof makeLab>>;
let card: string;
let insights: string;
/** The VPC whose addresses are those of another one. */
let twin: string;

/** What the daemon was asked for while flows were looked at. */
const asked: URLSearchParams[] = [];

const TICKET = "0".repeat(64);
let told: object[] = [];

beforeAll(async () => {
  [daemon, browser] = await Promise.all([start(), launch()]);
  lab = await makeLab(daemon.url);
  const call = client(daemon.url);
  await call("DeleteRoute", { RouteTableId: lab.two.routeTableId, DestinationCidrBlock: "10.1.0.0/16" });
  await call("DeleteRoute", { RouteTableId: lab.one.routeTableId, DestinationCidrBlock: "10.2.0.0/16" });
  // What one could trip over: a subnet that is public by name only, addresses that are there twice, a request that waits.
  const other = await makeVpc(daemon.url, "twin", "10.1.0.0/16", ["10.1.0.0/24"]);
  twin = other.vpcId;
  await call("DeleteRoute", { RouteTableId: other.routeTableId, DestinationCidrBlock: "0.0.0.0/0" });
  const waiting = await makeVpc(daemon.url, "waiting", "10.9.0.0/16", ["10.9.0.0/24"]);
  const { vpcPeeringConnection } = await call<{ vpcPeeringConnection: { vpcPeeringConnectionId: string } }>("CreateVpcPeeringConnection", {
    VpcId: lab.one.vpcId,
    PeerVpcId: waiting.vpcId,
  });
  await call("CreateRoute", {
    RouteTableId: lab.one.routeTableId,
    DestinationCidrBlock: "10.9.0.0/16",
    VpcPeeringConnectionId: vpcPeeringConnection.vpcPeeringConnectionId,
  });
  await call("CreateRouteTable", { VpcId: lab.one.vpcId, TagSpecification: named("route-table", "unused") });
  const { networkInsightsPath } = await call<{ networkInsightsPath: { networkInsightsPathId: string } }>("CreateNetworkInsightsPath", {
    Source: lab.instances[0],
    Destination: lab.instances[1],
    Protocol: "tcp",
    DestinationPort: 22,
    ClientToken: "exam",
  });
  insights = networkInsightsPath.networkInsightsPathId;
  const { networkInterfaceSet } = await call<{ networkInterfaceSet: { networkInterfaceId: string }[] }>("DescribeNetworkInterfaces");
  card = networkInterfaceSet[0]!.networkInterfaceId;
  ({ page, go, settled, complaints } = await open(browser, daemon.url));
  await page.route("**/_peerless/status", async (route) => {
    const status = (await (await route.fetch()).json()) as object;
    await route.fulfill({ json: { ...status, packets: true } });
  });
  await page.route("**/_peerless/flows/differences?*", (route) => {
    const query = new URL(route.request().url()).searchParams;
    asked.push(query);
    const body = `event: flows\ndata: ${JSON.stringify({ total: 1, matching: 1, flows: [flow(query.get("plain") === "true")] })}\n\n`;
    return route.fulfill({ contentType: "text/event-stream", body });
  });
  await page.route("**/_peerless/terminals", (route) => route.fulfill({ status: 201, json: { ticket: TICKET } }));
  await page.routeWebSocket(/\/_peerless\/terminals\//, (socket) => {
    for (const message of told) socket.send(JSON.stringify(message));
  });
});
afterAll(async () => {
  await browser?.close();
  await daemon?.stop();
});

/** A ping that dies, as the daemon tells it. */
function flow(isPlain: boolean): Flow {
  const end = (index: number) => ({
    address: `10.${index + 1}.0.10`,
    id: lab.instances[index]!,
    interface: card,
    name: `Instance - NextWork VPC ${index + 1}`,
  });
  const numbers = { packets: 41, bytes: 3444, packets_per_second: 1, bytes_per_second: 84, idle_seconds: 0.2, age_seconds: 41 };
  const known = {
    id: "1",
    from: end(0),
    to: end(1),
    protocol: "icmp",
    carries: "ICMP echo request",
    is_reply: false,
    verdict: "drop" as const,
  };
  if (isPlain) return { ...known, ...numbers, way: [] };
  return {
    ...known,
    ...numbers,
    dropped: {
      mark: "blocked",
      stage: "SG in",
      resource: "sg-0a1 default",
      detail: "no ingress rule admits it",
      code: "ENI_SG_RULES_MISMATCH",
    },
    way: [lab.one.vpcId, lab.one.subnetIds[0]!, lab.instances[0]!, lab.one.routeTableId, lab.peering],
    grave: [lab.instances[0]!, lab.one.subnetIds[0]!, lab.one.vpcId],
    question: { from: lab.instances[0]!, to: lab.instances[1]!, protocol: "icmp" },
  };
}

const dropped = {
  type: "dropped",
  flows: [
    {
      protocol: "icmp",
      to: "10.2.0.10",
      packets: 41,
      goesOn: true,
      by: { stage: "SG in", resource: "sg-0a1 default", onTheWayBack: false },
    },
  ],
};
const open_ = { type: "connected", from: "18.206.107.28", to: "198.18.0.1", note: null };
const refused = {
  type: "refused",
  said: ["Failed to connect to your instance", "Error establishing SSH connection to your instance. Try again later."],
  cause: "the security group sg-0a1 lets nobody in",
  explanation: { headline: "not reachable: TCP 22", reachable: false, legs: [], fix: ["aws ec2 authorize-security-group-ingress"] },
};

interface Case {
  name: string;
  path: () => string;
  ours: RegExp[];
  theirs: RegExp[];
  told?: object[];
}

const pages: Case[] = [
  {
    name: "the map of a VPC",
    path: () => `/vpc/vpcs/${lab.one.vpcId}?tab=resource-map`,
    ours: [
      /10\.9\.0\.0\/16 → pcx-\w+ is a blackhole/,
      /pending-acceptance: nothing passes/,
      /1 packet a second dropped: ICMP echo request/,
      /^1\/s$/,
      /^Live packets$/,
    ],
    theirs: [/^VPC 1 <> VPC 2$/, /^Show all details$/],
  },
  {
    name: "the map of the Region",
    path: () => "/vpc/map",
    ours: [/its addresses overlap with/, /^Live packets$/],
    theirs: [/^NextWork-1-vpc$/],
  },
  {
    name: "the map of a VPC whose subnet is public by name only",
    path: () => `/vpc/vpcs/${twin}?tab=resource-map`,
    ours: [/public by name only/],
    theirs: [/^twin-rtb-public$/],
  },
  {
    name: "flows",
    path: () => "/flows",
    ours: [/^Dropped by SG in$/, /no ingress rule admits it/, /^Capture 10 s$/, /^Look closer$/],
    theirs: [/^ICMP echo request$/],
  },
  {
    name: "an explanation",
    path: () => `/explain?from=${lab.instances[0]}&to=${lab.instances[1]}&protocol=icmp`,
    ours: [
      /^The fix$/,
      /^The way there$/,
      /^Computed and counted$/,
      /^What else would this open\?$/,
      /things are in the way/,
      /^Capture 10 s$/,
      /routes? looked at/,
    ],
    theirs: [/^Not reachable$/, /^IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS$/],
  },
  {
    name: "a network interface",
    path: () => `/ec2/network-interfaces/${card}`,
    ours: [/^Capture 10 s$/],
    theirs: [/^MAC address$/],
  },
  {
    name: "a path of Reachability Analyzer",
    path: () => `/vpc/reachability-analyzer/${insights}?tab=details`,
    ours: [/^Explain it as things are now$/],
    theirs: [/^Path ARN$/],
  },
  {
    name: "a peering connection",
    path: () => `/vpc/peering-connections/${lab.peering}`,
    ours: [/^Traffic does not flow yet$/],
    theirs: [/^Accepter VPC$/, /^Active$/],
  },
  {
    name: "Connect",
    path: () => `/ec2/instances/${lab.instances[0]}/connect`,
    ours: [/Ways out: associate an Elastic IP/, /^Would it get in now\?$/],
    theirs: [/^No public IPv4 address assigned$/, /With no public IPv4 address, you can't use EC2 Instance Connect\./],
  },
  {
    name: "a terminal",
    path: () => `/ec2/instances/${lab.instances[0]}/terminal?via=eic&user=ec2-user`,
    told: [open_, dropped],
    ours: [/41 echo requests to 10\.2\.0\.10 dropped/, /^Explain$/],
    theirs: [/^Private IP$/],
  },
  {
    name: "a terminal that is refused",
    path: () => `/ec2/instances/${lab.instances[0]}/terminal?via=eic&user=ec2-user`,
    told: [refused],
    ours: [/lets nobody in/, /^What is in the way$/],
    theirs: [/^Failed to connect to your instance$/, /^Error establishing SSH connection to your instance\. Try again later\.$/],
  },
];

/** What the pages themselves say; the navigation leads to Explain and to Flows always. */
const said = (text: RegExp) => page.getByRole("main").getByText(text);

async function show(one: Case, exam: "on" | "off") {
  told = one.told ?? [];
  const path = one.path();
  if (one.told) await page.goto(`${daemon.url}/000000000000/us-east-1${path}&exam=${exam}`);
  else await go(`${path}${path.includes("?") ? "&" : "?"}exam=${exam}`);
  for (const text of one.theirs) await said(text).first().waitFor();
}

describe.each(pages)("$name", (one) => {
  test("says it all when there is no exam", async () => {
    await show(one, "off");
    for (const text of one.ours) await said(text).first().waitFor({ state: "attached" });
  });

  test("says in an exam what AWS says, and no more", async () => {
    asked.length = 0;
    await show(one, "on");
    await settled();
    for (const text of one.ours) expect(await said(text).count(), String(text)).toBe(0);
    expect(await violations(page)).toEqual([]);
    // A rule that drops is not found by searching for it, either.
    expect(asked.filter((query) => query.get("plain") !== "true")).toEqual([]);
  });
});

test("flows are told as a flow log tells them", async () => {
  await go("/flows?exam=on");
  await page.getByRole("row", { name: /Instance - NextWork VPC 1.*ICMP echo request REJECT 41/ }).waitFor();
});

test("an explanation is what Reachability Analyzer gives: the first code, with its component", async () => {
  await go(`/explain?from=${lab.instances[0]}&to=${lab.instances[1]}&protocol=icmp&exam=on`);
  await page.getByText(`IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS ${lab.one.gatewayId}`).waitFor();
  await said(/^There might be additional components that block the path\.$/).waitFor();
  expect(await page.getByText("SUBNET_ACL_RESTRICTION").count()).toBe(0);
});

test("the switch is in the bar, and is kept", async () => {
  await go(`/vpc/vpcs/${lab.two.vpcId}?tab=resource-map`);
  await page.getByRole("button", { name: "Exam mode: on" }).click();
  await said(/no route of this VPC leads over it/)
    .first()
    .waitFor();
  await page.getByRole("button", { name: "Exam mode: off" }).click();
  await page.reload();
  await page.getByRole("button", { name: "Exam mode: on" }).waitFor();
  expect(await said(/no route of this VPC leads over it/).count()).toBe(0);
});

test("none of this made the page complain", () => {
  expect(complaints).toEqual([]);
});
