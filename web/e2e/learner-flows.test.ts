/**
 * What a learner sees of packets: flows, the red spot on the map, a probe, and an exam without our sentences. With
 * PEERLESS_E2E_PACKETS=yes the packets are real, which needs root and a sandbox; without it, there are none to be seen.
 */
import type { ChildProcess } from "node:child_process";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, open, PATIENCE, violations } from "./browser";
import { type Daemon, start } from "./daemon";
import { client, makeLab } from "./lab";

const packets = process.env.PEERLESS_E2E_PACKETS === "yes";
let daemon: Daemon;
let browser: Browser;
let page: Page;
let go: (path: string) => Promise<void>;
let complaints: string[];
let lab: Awaited<ReturnType<typeof makeLab>>;
let ping: ChildProcess | undefined;

interface Instances {
  reservationSet: { instancesSet: { instanceId: string; privateIpAddress: string; instanceState: { name: string } }[] }[];
}

beforeAll(async () => {
  [daemon, browser] = await Promise.all([start({ packets }), launch()]);
  lab = await makeLab(daemon.url);
  ({ page, go, complaints } = await open(browser, daemon.url, { width: 1024, height: 768 }));
});
afterAll(async () => {
  ping?.kill();
  await browser?.close();
  await daemon?.stop();
});

const seen = (text: string | RegExp) =>
  page
    .getByText(text, { exact: typeof text === "string" })
    .first()
    .waitFor();

async function instances() {
  const { reservationSet } = await client(daemon.url)<Instances>("DescribeInstances");
  return reservationSet.flatMap((reservation) => reservation.instancesSet);
}

test.skipIf(packets)("a network that is a model only has no flows, and says so", async () => {
  await go("/flows");
  await seen("There are no packets to be seen");
  await go(`/explain?from=${lab.instances[0]}&to=${lab.instances[1]}&protocol=icmp`);
  await seen("This daemon runs with --model-only: it computes, and there are no packets to count.");
  expect(await page.getByRole("button", { name: "Send a probe" }).isDisabled()).toBe(true);
});

test.skipIf(!packets)("a ping that nobody answers is seen, with the rule that drops it", async () => {
  await expect.poll(async () => (await instances()).every((one) => one.instanceState.name === "running"), { timeout: 60_000 }).toBe(true);
  const two = (await instances()).find((one) => one.instanceId === lab.instances[1])!;
  ping = daemon.begin("run", lab.instances[0]!, "--", "ping", two.privateIpAddress);
  await go("/flows?verdict=drop");
  const row = page.getByRole("row", { name: /Instance - NextWork VPC 1.*Instance - NextWork VPC 2.*ICMP echo request/ });
  await row.getByText("Dropped by SG in").waitFor();
  expect(await violations(page)).toEqual([]);
  // What is captured is a file for Wireshark.
  const saved = page.waitForEvent("download");
  await row.getByRole("link", { name: /^Capture 10 s at eni-/ }).click();
  expect((await saved).suggestedFilename()).toMatch(/^eni-\w+\.pcapng$/);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Go on" }).click();
  await row.getByRole("link", { name: "Explain" }).click();
  await page.waitForURL(new RegExp(`/explain\\?from=${lab.instances[0]}&to=${lab.instances[1]}&protocol=icmp$`));
});

test.skipIf(!packets)("what the kernel counted stands beside each hop, and goes on", async () => {
  const way = page.getByRole("list", { name: "The way there" });
  const count = async (hop: RegExp) => {
    const text = await way.getByRole("link", { name: hop }).innerText();
    return Number(/([\d,]+) seen/.exec(text)?.[1]?.replace(",", ""));
  };
  await way.getByRole("link", { name: /Security group, in.*\d+ seen, \d+ dropped\s*, dropped here/ }).waitFor();
  const before = await count(/Security group, in/);
  await expect.poll(() => count(/Security group, in/), { timeout: PATIENCE }).toBeGreaterThan(before);
  expect(await count(/Route table/)).toBeGreaterThanOrEqual(before);
  expect(await count(/^.*To/)).toBe(0);
  await seen(/^[\d,]+ sent, [\d,]+ dropped since \d\d:\d\d:\d\d$/);
  const saved = page.waitForEvent("download");
  await page
    .getByRole("link", { name: `Capture 10 s at ${lab.instances[1]}, as pcapng` })
    .first()
    .click();
  expect((await saved).suggestedFilename()).toMatch(/^eni-\w+\.pcapng$/);
});

test.skipIf(!packets)("a probe agrees with what is computed", async () => {
  await page.getByRole("button", { name: "Send a probe" }).click();
  await seen("They agree");
  await page
    .getByRole("row", { name: /The way there dropped by SG in sg-\w+ default 3 packets dropped by SG in sg-\w+ default/ })
    .waitFor();
  expect(await violations(page)).toEqual([]);
});

test.skipIf(!packets)("the map shows where packets go and where they die, and leads to the reason", async () => {
  await go(`/vpc/vpcs/${lab.one.vpcId}?tab=resource-map`);
  const spot = page.getByRole("link", {
    name: /dropped: ICMP echo request from Instance - NextWork VPC 1 to Instance - NextWork VPC 2, at SG in/,
  });
  await spot.waitFor();
  await expect.poll(() => page.locator("svg .map-traffic").count(), { timeout: PATIENCE }).toBe(3);
  expect(await violations(page)).toEqual([]);
  await spot.focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/explain\?from=/);
  await page.getByRole("button", { name: "Make this change" }).click();
  await seen("Reachable");
  // The same ping wakes up, and nothing dies any more.
  await go(`/vpc/vpcs/${lab.two.vpcId}?tab=resource-map`);
  await page.locator("svg .map-traffic").first().waitFor({ state: "attached" });
  await page.getByRole("link", { name: /dropped: ICMP/ }).waitFor({ state: "detached" });
});

test("in an exam, the console says what AWS's says, and no more", async () => {
  await client(daemon.url)("DeleteRoute", { RouteTableId: lab.two.routeTableId, DestinationCidrBlock: "10.1.0.0/16" });
  await go(`/vpc/vpcs/${lab.two.vpcId}?tab=resource-map`);
  await seen(/VPC 1 <> VPC 2: no route of this VPC leads over it/);
  await page.getByRole("button", { name: "Exam mode: off" }).click();
  await page.getByRole("button", { name: "Exam mode: on" }).waitFor();
  await page.getByText(/no route of this VPC leads over it/).waitFor({ state: "detached" });
  // It is kept, and a link may switch it, too.
  await go(`/explain?from=${lab.instances[0]}&to=${lab.instances[1]}&protocol=icmp`);
  // One code, as Reachability Analyzer gives it: without packets nobody has opened the group yet.
  await seen(packets ? "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS" : "ENI_SG_RULES_MISMATCH");
  expect(await page.getByText("The fix").count()).toBe(0);
  expect(await page.getByText("The way there").count()).toBe(0);
  expect(await violations(page)).toEqual([]);
  await go(`/explain?from=${lab.instances[0]}&to=${lab.instances[1]}&protocol=icmp&exam=off`);
  await seen("The fix");
});

test("none of this made the page complain", () => {
  expect(complaints).toEqual([]);
});
