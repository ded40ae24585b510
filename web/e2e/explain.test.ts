/** The Explain page: a link, everything in the way, the rows, and the fix that is made by a button. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, open, violations } from "./browser";
import { type Daemon, start } from "./daemon";
import { client, makeLab } from "./lab";

let daemon: Daemon;
let browser: Browser;
let page: Page;
let go: (path: string) => Promise<void>;
let complaints: string[];
let lab: Awaited<ReturnType<typeof makeLab>>;

beforeAll(async () => {
  [daemon, browser] = await Promise.all([start(), launch()]);
  lab = await makeLab(daemon.url);
  ({ page, go, complaints } = await open(browser, daemon.url, { dark: true }));
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

test("the question is put together, and is in the address", async () => {
  await go("/explain");
  await seen("Say who is to reach whom.");
  for (const [label, number] of [
    ["From", 1],
    ["To", 2],
  ] as const) {
    await page.getByRole("combobox", { name: label }).fill(`NextWork VPC ${number}`);
    await page.getByRole("option", { name: new RegExp(`Instance - NextWork VPC ${number}`) }).click();
  }
  await page.waitForURL(new RegExp(`from=${lab.instances[0]}&to=${lab.instances[1]}&protocol=icmp`));
  await seen("Not reachable");
  await seen(/^One thing is in the way\./);
});

test("every row that was looked at says why it does not match, and AWS's code stands beside it", async () => {
  await go(`/explain?from=${lab.instances[0]}&to=${lab.instances[1]}&protocol=icmp`);
  await page
    .getByRole("row", {
      name: /all traffic from members of sg-\w+ Does not match 10\.1\.\d+\.\d+ is no member of sg-\w+ default: it is in sg-\w+/,
    })
    .waitFor();
  await seen("ENI_SG_RULES_MISMATCH");
  // The choice of a route is told, too, for who opens it.
  await page.getByRole("button", { name: "3 routes looked at: Route table" }).first().click();
  await page
    .getByRole("row", { name: /^0\.0\.0\.0\/0 → igw-\w+ Not asked it holds 10\.2\.\d+\.\d+, and 10\.2\.0\.0\/16 is the longer prefix/ })
    .waitFor();
  expect(await violations(page)).toEqual([]);
});

test("stations of the way are reached by keys", async () => {
  const way = page.getByRole("list", { name: "The way there" });
  await way.getByRole("link", { name: /Security group, in.*dropped here/ }).focus();
  await page.keyboard.press("Enter");
  const focused = await page.evaluate(() => document.activeElement?.textContent);
  expect(focused).toMatch(/^Dropped hereSecurity group, in/);
});

test("both ends change places", async () => {
  await page.getByRole("button", { name: "Swap the two ends" }).click();
  await page.waitForURL(new RegExp(`from=${lab.instances[1]}&to=${lab.instances[0]}`));
  await page.goBack();
});

test("the fix is told in three forms, and a button makes it", async () => {
  await page.getByRole("tab", { name: "Terraform" }).click();
  await seen(/resource "aws_vpc_security_group_ingress_rule" "fix_1"/);
  await page.getByRole("tab", { name: "AWS CLI" }).click();
  await seen(/aws ec2 authorize-security-group-ingress --group-id sg-\w+ --ip-permissions/);
  await page.getByRole("tab", { name: "Changes" }).click();
  await seen(/^Add an inbound rule to sg-\w+ default: ICMP type 8 from 10\.1\.\d+\.\d+\/32$/);
  await page.getByRole("button", { name: "Make this change" }).click();
  await seen("The fix was made.");
  await seen("Reachable");
  const { securityGroupRuleSet } = await client(daemon.url)<{ securityGroupRuleSet: { ipProtocol: string; cidrIpv4?: string }[] }>(
    "DescribeSecurityGroupRules",
  );
  expect(securityGroupRuleSet.filter((rule) => rule.ipProtocol === "icmp").map((rule) => rule.cidrIpv4)).toEqual([
    expect.stringMatching(/^10\.1\.\d+\.\d+\/32$/),
  ]);
});

test("a fix of many parts is made in order, with what each gives to the next", async () => {
  const call = client(daemon.url);
  await call("DeleteVpcPeeringConnection", { VpcPeeringConnectionId: lab.peering });
  await call("DeleteRoute", { RouteTableId: lab.one.routeTableId, DestinationCidrBlock: "10.2.0.0/16" });
  await go(`/explain?from=${lab.instances[0]}&to=${lab.instances[1]}&protocol=tcp&port=80`);
  await seen(/^\d things are in the way, in the order in which one meets them/);
  await page.getByRole("button", { name: /^Make these \d changes$/ }).click();
  await seen(/^All \d parts of the fix were made\.$/);
  await seen("Reachable");
});

test("what cannot be asked is said", async () => {
  await go(`/explain?from=nobody&to=${lab.instances[1]}&protocol=icmp`);
  await seen("This cannot be answered yet");
  await seen(/'nobody' is no instance, subnet or address/);
});

test("a link without an account is about the one where the browser was", async () => {
  await page.goto(`${daemon.url}/explain?from=${lab.instances[0]}&to=${lab.instances[1]}&protocol=tcp&port=80`);
  await page.waitForURL(/\/000000000000\/us-east-1\/explain\?from=/);
  await seen("Reachable");
});

test("none of this made the page complain", () => {
  expect(complaints).toEqual([]);
});
