/** The Explain page: a link, everything in the way, the rows, and the fix that is made by a button. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, open, PATIENCE, violations } from "./browser";
import { type Daemon, start } from "./daemon";
import { client, makeLab, named } from "./lab";

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
  ({ page, go, settled, complaints } = await open(browser, daemon.url, { dark: true }));
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

test("both ends change places, whoever they are", async () => {
  await page.getByRole("button", { name: "Swap the two ends" }).click();
  await page.waitForURL(new RegExp(`from=${lab.instances[1]}&to=${lab.instances[0]}`));
  await page.goBack();
  await go(`/explain?from=laptop&to=${lab.instances[0]}&protocol=tcp&port=22`);
  await seen("Not reachable");
  await page.getByRole("button", { name: "Swap the two ends" }).click();
  await page.waitForURL(new RegExp(`from=${lab.instances[0]}&to=laptop&protocol=tcp&port=22`));
  await seen(/TCP 22 10\.1\.\d+\.\d+ → 203\.0\.113\.10/);
});

test("the whole question is asked by the keyboard alone, on a slow machine, too", async () => {
  await go("/explain");
  // Keys come faster than the page is drawn, and nothing that was said is lost.
  const browser = await page.context().newCDPSession(page);
  await browser.send("Emulation.setCPUThrottlingRate", { rate: 10 });
  const from = page.getByRole("combobox", { name: "From" });
  await from.focus();
  await page.keyboard.type("NextWork VPC 1");
  await page.getByRole("option", { name: /Instance - NextWork VPC 1/ }).waitFor();
  for (const key of ["ArrowDown", "ArrowDown", "Enter"]) await page.keyboard.press(key);
  await page.waitForURL(new RegExp(`from=${lab.instances[0]}`));
  const next = async (isIt: () => boolean | undefined) => {
    for (let steps = 0; steps < 8; steps++) {
      if (await page.evaluate(isIt)) return;
      await page.keyboard.press("Tab");
    }
    throw new Error("Tab does not lead there");
  };
  await page.keyboard.press("Tab");
  await next(() => document.activeElement?.getAttribute("role") === "combobox");
  await page.keyboard.type("NextWork VPC 2");
  await page.getByRole("option", { name: /Instance - NextWork VPC 2/ }).waitFor();
  for (const key of ["ArrowDown", "ArrowDown", "Enter"]) await page.keyboard.press(key);
  await page.waitForURL(new RegExp(`to=${lab.instances[1]}`));
  await page.keyboard.press("Tab");
  await next(() => document.activeElement?.textContent?.includes("Ping (ICMP)"));
  for (const key of ["Enter", "ArrowDown", "Enter"]) await page.keyboard.press(key);
  await page.waitForURL(/protocol=tcp&port=22/);
  await seen(/^not reachable: TCP 22 /);
  await browser.detach();
});

/** The page in each of its states: its address is all that it needs, and nobody is kept out. */
test("a reload gives the same page, in every state", async () => {
  const call = client(daemon.url);
  const [one, two] = lab.instances;
  const before: [state: string, path: string, says: RegExp][] = [
    ["nothing asked", "/explain", /^Say who is to reach whom\.$/],
    ["no port", `/explain?from=${one}&to=${two}&protocol=udp`, /^Say which port\.$/],
    ["forward", `/explain?from=${one}&to=${two}&protocol=icmp&fix=cloudformation`, /AWS::EC2::SecurityGroupIngress/],
    ["no end of that name", `/explain?from=${one}&to=nobody&protocol=icmp`, /^'nobody' is no /],
    ["unanswerable", `/explain?from=10.1.0.99&to=${two}&protocol=icmp`, /10\.1\.0\.99 is private/],
    [
      "from a subnet",
      `/explain?from=${lab.one.subnetIds[0]}&to=${two}&protocol=tcp&port=80&fix=terraform`,
      /aws_vpc_security_group_ingress_rule/,
    ],
    ["reachable", `/explain?from=${one}&to=dns&protocol=udp&port=53`, /^Reachable$/],
  ];
  const look = async ([state, path, says]: (typeof before)[number]) => {
    await go(path);
    await seen(says);
    const address = page.url();
    const text = await page.getByRole("main").innerText();
    await page.reload();
    await seen(says);
    await settled();
    expect(await violations(page), state).toEqual([]);
    expect(page.url()).toBe(address);
    await expect.poll(() => page.getByRole("main").innerText(), { timeout: PATIENCE }).toContain(text.split("\n")[0]);
  };
  for (const state of before) await look(state);
  await call("DeleteRoute", { RouteTableId: lab.two.routeTableId, DestinationCidrBlock: "10.1.0.0/16" });
  await look(["return", `/explain?from=${one}&to=${two}&protocol=icmp`, /NextWork-2-rtb-public sends 10\.1\./]);
  await call("CreateRoute", {
    RouteTableId: lab.two.routeTableId,
    DestinationCidrBlock: "10.1.0.0/16",
    VpcPeeringConnectionId: lab.peering,
  });
  await call("StopInstances", { InstanceId: [two] });
  await look(["stopped", `/explain?from=${one}&to=${two}&protocol=icmp`, /^Start i-/]);
  await call("StartInstances", { InstanceId: [two] });
});

test("computed and counted that disagree are told aloud", async () => {
  await page.route("**/_peerless/status", async (route) => {
    const status = (await (await route.fetch()).json()) as object;
    await route.fulfill({ json: { ...status, packets: true } });
  });
  await page.route("**/_peerless/probe", (route) =>
    route.fulfill({
      json: {
        sent: "ICMP echo request 10.1.0.10 → 10.2.0.10",
        outcome: "answered",
        answered: true,
        computed: { headline: "", reachable: false, legs: [], fix: [] },
        disagreement: "computed: not reachable; and yet an answer came",
      },
    }),
  );
  await go(`/explain?from=${lab.instances[0]}&to=${lab.instances[1]}&protocol=icmp`);
  await page.getByRole("button", { name: "Send a probe" }).click();
  await seen("Computed and counted disagree: this is a bug in Peerless");
  await seen(/computed: not reachable; and yet an answer came\. Trust the packets/);
  await page.getByRole("button", { name: "Copy the report" }).waitFor();
  expect(await page.getByText("They agree").count()).toBe(0);
  expect(await violations(page)).toEqual([]);
  await page.unrouteAll({ behavior: "wait" });
});

test("the fix is told in four forms, each at its own address, and a button makes it", async () => {
  await go(`/explain?from=${lab.instances[0]}&to=${lab.instances[1]}&protocol=icmp`);
  await page.getByRole("tab", { name: "CloudFormation" }).click();
  await seen(/AWSTemplateFormatVersion: "2010-09-09"\s+Resources:\s+Fix1:\s+Type: AWS::EC2::SecurityGroupIngress/);
  await page.waitForURL(/&fix=cloudformation$/);
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

test("what else a fix would open is told beside it", async () => {
  const call = client(daemon.url);
  const { instancesSet } = await call<{ instancesSet: { instanceId: string }[] }>("RunInstances", {
    ImageId: "ami-00a12023000000001",
    InstanceType: "t2.micro",
    MinCount: 1,
    MaxCount: 1,
    SubnetId: lab.two.subnetIds[0],
    TagSpecification: named("instance", "Bystander"),
  });
  await go(`/explain?from=${lab.instances[0]}&to=${lab.instances[1]}&protocol=tcp&port=443`);
  const pairs = page.getByRole("list").filter({ hasText: "Bystander" });
  await pairs.getByText(`${lab.instances[0]} Instance - NextWork VPC 1 → ${instancesSet[0]!.instanceId} Bystander: TCP 443`).waitFor();
  expect(await pairs.getByRole("listitem").count()).toBe(1);
  await seen(/^Of all 3 interfaces here, each was asked about each and about the internet/);
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
