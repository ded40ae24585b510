/** Reachability Analyzer: a path is put together, analyzed, mended and analyzed again. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, open, violations } from "./browser";
import { type Daemon, start } from "./daemon";
import { client, makeLab } from "./lab";

let daemon: Daemon;
let browser: Browser;
let page: Page;
let go: (path: string) => Promise<void>;
let settled: () => Promise<void>;
let complaints: string[];
let lab: Awaited<ReturnType<typeof makeLab>>;

beforeAll(async () => {
  [daemon, browser] = await Promise.all([start(), launch()]);
  lab = await makeLab(daemon.url);
  ({ page, go, settled, complaints } = await open(browser, daemon.url));
});
afterAll(async () => {
  await browser?.close();
  await daemon?.stop();
});

const seen = (text: string | RegExp) =>
  page
    .getByText(text, { exact: typeof text === "string" })
    .first()
    .waitFor();

async function choose(label: string, option: RegExp) {
  await page.getByRole("button", { name: label }).click();
  await page.getByRole("option", { name: option }).click();
}

/** Read by everybody, in the light and in the dark. */
async function isReadable() {
  await settled();
  expect(await violations(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.locator("body.awsui-dark-mode").waitFor({ state: "attached" });
  await settled();
  expect(await violations(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: "light" });
  await page.locator("body:not(.awsui-dark-mode)").waitFor({ state: "attached" });
}

test("without paths the list offers to make one", async () => {
  await go("/vpc");
  await page.getByRole("navigation").getByRole("link", { name: "Reachability Analyzer" }).click();
  await page.getByText("No path in this Region").waitFor();
  await isReadable();
  await page.getByRole("button", { name: "Create and analyze path" }).first().click();
  await page.getByRole("heading", { level: 1, name: "Create and analyze path" }).waitFor();
});

test("a path is created and analyzed, and what is in the way is told", async () => {
  await page.getByLabel("Name tag - optional").fill("ssh to two");
  await choose("Source Select a source", new RegExp(lab.instances[0]!));
  await choose("Destination Select a destination", new RegExp(lab.instances[1]!));
  await page.getByLabel("Destination port - optional").fill("22222222");
  await seen("0 to 65535");
  await page.getByLabel("Destination port - optional").fill("2222");
  await isReadable();
  await page.getByRole("button", { name: "Create and analyze path" }).click();
  await page.waitForURL(/\/vpc\/reachability-analyzer\/nip-/);
  await seen(/^The analysis nia-\w+ of nip-\w+ was started\.$/);
  await seen("Not reachable");
  await page.getByRole("row", { name: /ENI_SG_RULES_MISMATCH .*eni-\w+.* vpc-\w+ .* No inbound rule applies of: sg-\w+\./ }).waitFor();
  await isReadable();
});

test("our own page is asked the same, but not in an exam", async () => {
  const link = page.getByRole("link", { name: "Explain it as things are now" });
  expect(await link.getAttribute("href")).toMatch(
    new RegExp(`/explain\\?from=${lab.instances[0]}&to=${lab.instances[1]}&protocol=tcp&port=2222$`),
  );
  const here = page.url();
  await page.goto(`${here}?exam=on`);
  await seen("ENI_SG_RULES_MISMATCH");
  await settled();
  expect(await link.count()).toBe(0);
  await page.goto(`${here}?exam=off`);
  await link.waitFor();
});

test("what was found stays; a new analysis finds the way, hop by hop", async () => {
  const call = client(daemon.url);
  const { securityGroupInfo } = await call<{ securityGroupInfo: { groupId: string; vpcId: string }[] }>("DescribeSecurityGroups");
  const group = securityGroupInfo.find(({ vpcId }) => vpcId === lab.two.vpcId)!.groupId;
  await call("AuthorizeSecurityGroupIngress", {
    GroupId: group,
    IpPermissions: [{ IpProtocol: "tcp", FromPort: 2222, ToPort: 2222, IpRanges: [{ CidrIp: "10.1.0.0/16" }] }],
  });
  await settled();
  await seen("Not reachable");
  await page.getByRole("button", { name: "Analyze path" }).click();
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByRole("button", { name: "View analysis" }).click();
  await page.waitForURL(/\/vpc\/network-insights-analyses\/nia-/);
  await seen("Reachable");
  const there = page.getByRole("table", { name: "Forward path" });
  await there
    .getByRole("row", { name: /^1 Instance i-\w+.* Goes out: from 10\.1\.\d+\.\d+ port 0-65535, to 10\.2\.\d+\.\d+ port 2222$/ })
    .waitFor();
  await there.getByRole("row", { name: /^6 VPC peering connection pcx-/ }).waitFor();
  await there.getByRole("row", { name: /^8 Security group .* Inbound rule: TCP 2222 from 10\.1\.0\.0\/16$/ }).waitFor();
  await page
    .getByRole("table", { name: "Return path" })
    .getByRole("row", { name: /^10 Instance / })
    .waitFor();
  await isReadable();
  await page.getByRole("tab", { name: "Details", exact: true }).click();
  await seen("Must traverse");
});

test("the list tells the newest, and a path goes with its analyses", async () => {
  await go("/vpc/reachability-analyzer");
  const row = page.getByRole("row", { name: /ssh to two .*nip-\w+ Reachable .*TCP 2222/ });
  await row.waitFor();
  await row.getByRole("checkbox").click();
  await page.getByRole("tab", { name: "Analyses" }).click();
  await page
    .getByRole("table", { name: "Analyses" })
    .getByRole("row", { name: /Not reachable/ })
    .waitFor();
  await isReadable();
  await page.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Delete path" }).click();
  await seen(/with 2 analyses$/);
  await page.getByRole("textbox", { name: /To confirm deletion/ }).fill("delete");
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByText("No path in this Region").waitFor();
  await go("/vpc/network-insights-analyses");
  await page.getByText("No analysis in this Region").waitFor();
});

test("the way in from the internet has a gateway at its door", async () => {
  const call = client(daemon.url);
  const { networkInsightsPath } = await call<{ networkInsightsPath: { networkInsightsPathId: string } }>("CreateNetworkInsightsPath", {
    Source: lab.one.gatewayId,
    Destination: lab.instances[0],
    Protocol: "tcp",
    ClientToken: "door",
  });
  const id = networkInsightsPath.networkInsightsPathId;
  await call("StartNetworkInsightsAnalysis", { NetworkInsightsPathId: id, ClientToken: "door" });
  await go(`/vpc/reachability-analyzer/${id}`);
  await page.getByRole("link", { name: "Explain it as things are now" }).waitFor();
  await page.getByRole("tab", { name: "Details", exact: true }).click();
  await seen("Source IP address");
  await isReadable();
});

test("none of this made the page complain", () => {
  expect(complaints).toEqual([]);
});
