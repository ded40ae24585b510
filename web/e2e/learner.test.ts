/**
 * A learner's way through the console: the "VPC Peering" lab, from the first VPC to the ping that wakes, and the clean-up.
 * It is one test: each step works with what the steps before have made. With PEERLESS_E2E_PACKETS=yes the instances are
 * real, which needs root and a sandbox; without, nobody logs in to them and nobody pings.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, open, PATIENCE } from "./browser";
import { type Daemon, start } from "./daemon";
import { client } from "./lab";

const packets = process.env.PEERLESS_E2E_PACKETS === "yes";

let daemon: Daemon;
let browser: Browser;
let page: Page;
let go: (path: string) => Promise<void>;
let complaints: string[];

beforeAll(async () => {
  [daemon, browser] = await Promise.all([start({ packets }), launch()]);
  ({ page, go, complaints } = await open(browser, daemon.url));
});
afterAll(async () => {
  await browser?.close();
  await daemon?.stop();
});

/** What the learner does, in order; the name of a step that fails is told with what went wrong. */
const steps: [name: string, does: () => Promise<void>][] = [];
const step = (name: string, does: () => Promise<void>) => steps.push([name, does]);
/** A step with real instances. */
const stepWithPackets = (name: string, does: () => Promise<void>) => packets && step(name, does);

const button = (name: string | RegExp) => page.getByRole("button", { name, exact: typeof name === "string" });
const follow = (name: string) => page.getByRole("navigation").getByRole("link", { name, exact: true }).first().click();
const seen = (text: string | RegExp) => page.getByText(text).first().waitFor();

/** Chooses an option of a select; `options` have the name in them somewhere. */
async function choose(select: Locator, name: string | RegExp) {
  await select.click();
  await page.getByRole("option", { name }).first().click();
}

/** Picks a row of a list, and an action for it. */
async function act(row: RegExp, action: string, menu = "Actions") {
  const box = page.getByRole("checkbox", { name: row });
  if (!(await box.isChecked())) await box.click();
  await button(menu).click();
  await page.getByRole("menuitem", { name: action, exact: true }).click();
}

const dialog = () => page.getByRole("dialog");

async function createVpc(name: string, cidr: string) {
  await go("/vpc/vpcs");
  await button("Create VPC").first().click();
  await page.getByRole("radio", { name: "VPC and more" }).click();
  await page.getByRole("textbox", { name: "Name tag auto-generation" }).fill(name);
  await page.getByRole("textbox", { name: "IPv4 CIDR block" }).fill(cidr);
  await page
    .getByRole("radio", { name: "1", exact: true })
    .or(page.getByRole("button", { name: "1", exact: true }))
    .first()
    .click();
  const privates = page
    .getByRole("group", { name: "Number of private subnets" })
    .or(page.getByRole("toolbar", { name: "Number of private subnets" }));
  await privates.getByText("0", { exact: true }).first().click();
  // The preview follows every keystroke.
  const map = page.getByRole("region", { name: /Resource map/ });
  for (const title of [`${name}-vpc`, `${name}-subnet-public1-us-east-1a`, `${name}-rtb-public`, `${name}-igw`])
    await map.getByText(title).waitFor();
  await button("Create VPC").click();
  await seen("11 of 11 steps");
  await seen("Verifying route table creation");
  await button("View VPC").click();
  // The map of what is there: the unnamed main table stays, and nobody uses it.
  const made = page.getByRole("region", { name: `Resource map of ${name}-vpc` });
  await made.getByRole("button", { name: /^route table rtb-.* \(main\), No subnet associations, 1 route including local/ }).waitFor();
  await made.getByRole("button", { name: /rtb-public, 1 subnet association, 2 routes including local/ }).waitFor();
  await made.getByRole("button", { name: new RegExp(`subnet ${name}-subnet-public1-us-east-1a, .*/20, public`) }).waitFor();
  await seen("Network connections (1)");
}

step("A1, A2: two VPCs by the wizard", async () => {
  await createVpc("NextWork-1", "10.1.0.0/16");
  await createVpc("NextWork-2", "10.2.0.0/16");
  const { subnetSet } = await client(daemon.url)<{ subnetSet: { cidrBlock: string; mapPublicIpOnLaunch: string }[] }>("DescribeSubnets", {
    Filter: [{ Name: "tag:Name", Value: ["NextWork-*"] }],
  });
  expect(subnetSet.map((subnet) => [subnet.cidrBlock, subnet.mapPublicIpOnLaunch]).sort()).toEqual([
    ["10.1.0.0/20", "false"],
    ["10.2.0.0/20", "false"],
  ]);
});

step("A3: a peering connection is requested", async () => {
  await follow("Peering connections");
  await button("Create peering connection").first().click();
  await page.getByRole("textbox", { name: "Name - optional" }).fill("VPC 1 <> VPC 2");
  await choose(page.getByRole("button", { name: "VPC ID (Requester)" }), /NextWork-1-vpc/);
  await seen(/VPC CIDRs for vpc-/);
  await choose(page.getByRole("button", { name: "VPC ID (Accepter)" }), /NextWork-2-vpc/);
  await button("Create peering connection").click();
  await seen(/A VPC peering connection pcx-\w+ \/ VPC 1 <> VPC 2 has been requested\./);
  await seen("Pending acceptance");
});

step("A4: and accepted, with the way to the route tables", async () => {
  await button("Actions").click();
  await page.getByRole("menuitem", { name: "Accept request" }).click();
  await dialog().getByText("Accept VPC peering connection request").waitFor();
  await dialog().getByRole("button", { name: "Accept request" }).click();
  await seen(/Your VPC peering connection \(pcx-\w+ \/ VPC 1 <> VPC 2\) has been established\./);
  await seen("Traffic does not flow yet");
  await button("Modify my route tables now").click();
  await page.getByRole("heading", { name: /^Route tables/ }).waitFor();
});

/** Adds a route over the peering connection in the editor that is open. */
async function addRoute(destination: string) {
  await button("Add route").click();
  await page.getByRole("combobox", { name: "Destination" }).last().fill(destination);
  await page.keyboard.press("Escape");
  await choose(page.getByRole("button", { name: "Kind of target" }).last(), "Peering Connection");
  await choose(page.getByRole("button", { name: /^Target/ }).last(), /VPC 1 <> VPC 2/);
}

step("A5: a refused route keeps the form; the right ones are taken", async () => {
  await act(/NextWork-1-rtb-public/, "Edit routes");
  await addRoute("10.1.0.0/16");
  await button("Save changes").click();
  await seen(/The destination CIDR block 10\.1\.0\.0\/16 is equal to or more specific than one of this VPC's CIDR blocks\./);
  const destination = page.getByRole("combobox", { name: "Destination" }).last();
  expect(await destination.inputValue()).toBe("10.1.0.0/16");
  await destination.fill("10.2.0.0/16");
  await page.keyboard.press("Escape");
  await button("Save changes").click();
  await seen(/Updated routes for rtb-\w+ \/ NextWork-1-rtb-public successfully/);
  await page.waitForURL(/tab=routes/);
  // The editor's table is called so, too: only the tab counts its rows.
  await page.getByRole("heading", { name: "Routes (3)" }).waitFor();
  await follow("Route tables");
  await act(/NextWork-2-rtb-public/, "Edit routes");
  await addRoute("10.1.0.0/16");
  await button("Save changes").click();
  await seen(/Updated routes for rtb-\w+ \/ NextWork-2-rtb-public successfully/);
  await follow("Your VPCs");
  await page
    .getByRole("row", { name: /NextWork-1-vpc/ })
    .getByRole("link", { name: /^vpc-/ })
    .click();
  await page.getByRole("tab", { name: "Resource map" }).click();
  await seen("Network connections (2)");
  await page.getByRole("button", { name: "peering connection VPC 1 <> VPC 2, Peering connection, active" }).waitFor();
});

async function launchInstance(number: 1 | 2) {
  await go("/ec2/instances");
  await button("Launch instances").first().click();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill(`Instance - NextWork VPC ${number}`);
  await page.getByRole("radio", { name: "Amazon Linux 2023 AMI" }).waitFor();
  await choose(page.getByRole("button", { name: "Instance type" }), /t2\.micro/);
  await choose(page.getByRole("button", { name: "Key pair name - required" }), /Proceed without a key pair/);
  await button("Edit network settings").click();
  await choose(page.getByRole("button", { name: /^VPC/ }), new RegExp(`NextWork-${number}-vpc`));
  await choose(page.getByRole("button", { name: /^Subnet/ }), new RegExp(`NextWork-${number}-subnet-public1`));
  await page.getByRole("button", { name: /^Auto-assign public IP Disable/ }).waitFor();
  await page.getByRole("radio", { name: "Select existing security group" }).click();
  await page.getByRole("button", { name: /Common security groups/ }).click();
  // Only the groups of the chosen VPC are offered.
  await page.getByRole("option", { name: /default/ }).waitFor();
  expect(await page.getByRole("option").count()).toBe(1);
  await page.getByRole("option", { name: /default/ }).click();
  await page.keyboard.press("Escape");
  await button("Launch instance").click();
  await seen(/Successfully initiated launch of instance \(i-\w+\)/);
  await page
    .getByRole("row", { name: new RegExp(`Instance - NextWork VPC ${number}`) })
    .getByText("Running")
    .waitFor();
}

step("A6: an instance in each, without public addresses", async () => {
  await launchInstance(1);
  await launchInstance(2);
  const { reservationSet } = await client(daemon.url)<{
    reservationSet: { instancesSet: { ipAddress?: string; privateIpAddress: string }[] }[];
  }>("DescribeInstances");
  const instances = reservationSet.flatMap((reservation) => reservation.instancesSet);
  expect(instances.map((instance) => instance.ipAddress)).toEqual([undefined, undefined]);
  expect(instances.map((instance) => instance.privateIpAddress.split(".")[1]).sort()).toEqual(["1", "2"]);
});

step("A7: without a public address, the Connect page says so, and why", async () => {
  await go("/ec2/instances");
  await page.getByRole("checkbox", { name: /Instance - NextWork VPC 1/ }).click();
  await button("Connect").click();
  await page.getByRole("tab", { name: "EC2 Instance Connect" }).waitFor();
  await seen("No public IPv4 address assigned");
  await seen("With no public IPv4 address, you can't use EC2 Instance Connect.");
  await seen(/associate an Elastic IP address with it/);
  await seen("Not reachable");
});

step("A8: an Elastic IP is allocated and associated, and is shown at once", async () => {
  await follow("Elastic IPs");
  await button("Allocate Elastic IP address").first().click();
  await button("Allocate").click();
  await seen("Elastic IP address allocated successfully.");
  await button("Associate this Elastic IP address").click();
  await choose(page.getByRole("button", { name: /^Instance/ }), /Instance - NextWork VPC 1/);
  await button("Associate").click();
  await seen("Elastic IP address associated successfully.");
  await go("/ec2/instances");
  await page
    .getByRole("row", { name: /Instance - NextWork VPC 1/ })
    .getByText(/^198\.18\.\d+\.\d+$/)
    .first()
    .waitFor();
});

/** Opens the editor of the inbound rules of a VPC's default group. */
async function editInbound(vpc: string) {
  await go("/vpc/security-groups");
  const { vpcSet } = await client(daemon.url)<{ vpcSet: { vpcId: string }[] }>("DescribeVpcs", {
    Filter: [{ Name: "tag:Name", Value: [vpc] }],
  });
  // Pasting a VPC's id offers a filter for it.
  const search = page.getByRole("combobox", { name: "Find resources by attribute or tag" });
  await search.fill(vpcSet[0]!.vpcId);
  await page
    .getByRole("option", { name: new RegExp(`VPC ID.*${vpcSet[0]!.vpcId}`) })
    .first()
    .click();
  await seen("1 match");
  await act(/^Select sg-/, "Edit inbound rules");
  await button("Add rule").click();
}

async function saveRules() {
  await button("Save rules").click();
  await seen(/Inbound security group rules successfully modified on security group \(sg-\w+ \| default\)/);
  await page.waitForURL(/tab=inbound/);
  await page.getByRole("table", { name: "Inbound rules" }).getByRole("row").nth(2).waitFor();
  await seen("(members of this same group)");
}

/** Opens the Connect page of the first instance. */
async function connectPage() {
  await go("/ec2/instances");
  await page.getByRole("checkbox", { name: /Instance - NextWork VPC 1/ }).click();
  await button("Connect").click();
  await page.getByRole("textbox", { name: "Username" }).waitFor();
}

/** The tab that Connect opens. */
async function connect() {
  expect(await page.getByRole("textbox", { name: "Username" }).inputValue()).toBe("ec2-user");
  const [tab] = await Promise.all([page.waitForEvent("popup"), page.getByRole("link", { name: "Connect", exact: true }).click()]);
  tab.setDefaultTimeout(PATIENCE);
  tab.on("pageerror", (error) => complaints.push(error.message));
  return tab;
}

stepWithPackets("A9: nobody gets in yet, in AWS's words, and the cause beneath", async () => {
  await connectPage();
  const tab = await connect();
  await tab.getByText("Failed to connect to your instance").waitFor();
  await tab.getByText("Error establishing SSH connection to your instance. Try again later.").waitFor();
  await tab.getByText(/Inbound TCP 22 from 18\.206\.107\.28 is dropped by sg-\w+ default: no ingress rule admits it/).waitFor();
  await tab.close();
});

step("A10: SSH from anywhere is let in, with AWS's warning, and the rule of the group itself stays", async () => {
  await editInbound("NextWork-1-vpc");
  await choose(page.getByRole("button", { name: "Type Custom TCP" }), "SSH");
  await choose(page.getByRole("button", { name: /^Source type/ }).last(), "Anywhere-IPv4");
  await seen(/Rules with source of 0\.0\.0\.0\/0 allow all IP addresses to access your instance\./);
  await saveRules();
});

/** The learner's terminal, and what is on its screen. */
let terminal: Page;
const screen = async () => (await terminal.locator(".xterm-rows").innerText()).replaceAll(/[\u00a0 ]+$/gm, "").replaceAll("\u00a0", " ");
const shows = (text: RegExp) => expect.poll(screen, { timeout: PATIENCE }).toMatch(text);

step("A11: the Connect page notes that all may come, and there is a prompt", async () => {
  await connectPage();
  await seen("Port 22 (SSH) is open to all IPv4 addresses");
  await seen(/18\.206\.107\.24\/29/);
  await page.getByText("Reachable", { exact: true }).first().waitFor();
  if (!packets) return;
  terminal = await connect();
  await shows(/\[ec2-user@ip-10-1-\d+-\d+ ~\]\$$/m);
  await terminal.keyboard.type("echo $SSH_CONNECTION\n");
  // From the service's range, through the gateway, to the private address.
  await shows(/^18\.206\.107\.28 \d+ 10\.1\.\d+\.\d+ 22$/m);
  await terminal.keyboard.type("clear\n");
});

/** The private address of the second instance, copied from the console. */
let other: string;

stepWithPackets("A12: the ping is silent, is counted beside the terminal, and explained", async () => {
  await go("/ec2/instances");
  const row = page.getByRole("row", { name: /Instance - NextWork VPC 2/ });
  other = /10\.2\.\d+\.\d+/.exec(await row.innerText())![0];
  await terminal.keyboard.type(`ping ${other}\n`);
  const counted = new RegExp(`^([3-9]|\\d\\d+) echo requests to ${other} dropped by sg-\\w+ \\| default of Instance - NextWork VPC 2$`);
  await terminal.getByText(counted).waitFor();
  expect((await screen()).split("\n").slice(-2)).toEqual([`PING ${other} (${other}) 56(84) bytes of data.`, ""]);
  const link = terminal.getByRole("link", { name: "Explain why these packets were dropped" });
  const [explained] = await Promise.all([terminal.waitForEvent("popup"), link.click()]);
  explained.setDefaultTimeout(PATIENCE);
  await explained.getByText("Not reachable").first().waitFor();
  await explained.getByText(/^One thing is in the way\./).waitFor();
  const way = explained.getByRole("list", { name: "The way there" });
  await way.getByRole("link", { name: /Security group, in.*dropped here/ }).waitFor();
  await explained.close();
});

stepWithPackets("A13: the rule is saved, and the same ping wakes", async () => {
  await editInbound("NextWork-2-vpc");
  await choose(page.getByRole("button", { name: "Type Custom TCP" }), "All ICMP - IPv4");
  await page.getByRole("combobox", { name: "Source" }).last().fill("10.1.0.0/16");
  await page.keyboard.press("Escape");
  await saveRules();
  await shows(new RegExp(`^64 bytes from ${other}: icmp_seq=\\d+ ttl=127 time=`, "m"));
  const [, first] = /icmp_seq=(\d+)/.exec(await screen())!;
  expect(Number(first)).toBeGreaterThan(3);
  await terminal.getByText(/were dropped by sg-\w+ \| default of Instance - NextWork VPC 2, none any more$/).waitFor();
  await terminal.locator(".xterm-helper-textarea").focus();
  await terminal.keyboard.press("Control+C");
  await shows(/^\d+ packets transmitted, \d+ received, [\d.]+% packet loss/m);
  await go(`/explain?from=Instance+-+NextWork+VPC+1&to=${other}&protocol=icmp`);
  await page.getByText("Reachable", { exact: true }).first().waitFor();
});

step("the page follows what others do", async () => {
  await go("/vpc/vpcs");
  await page.getByRole("row", { name: /NextWork-1-vpc/ }).waitFor();
  const call = client(daemon.url);
  const { vpc } = await call<{ vpc: { vpcId: string } }>("CreateVpc", { CidrBlock: "10.77.0.0/16" });
  await page.getByRole("row", { name: /10\.77\.0\.0\/16/ }).waitFor();
  await call("DeleteVpc", { VpcId: vpc.vpcId });
  await page.getByRole("row", { name: /10\.77\.0\.0\/16/ }).waitFor({ state: "detached" });
});

step("A14: everything is cleaned up, and AWS's refusals are shown on the way", async () => {
  // A VPC with network interfaces stays, and the dialog says so.
  await act(/NextWork-1-vpc/, "Delete VPC");
  await dialog()
    .getByText(/There are 1 network interfaces/)
    .waitFor();
  await dialog().getByRole("button", { name: "Cancel" }).click();

  await go("/ec2/instances");
  for (const number of [1, 2]) await page.getByRole("checkbox", { name: new RegExp(`Instance - NextWork VPC ${number}`) }).click();
  await button("Instance state").first().click();
  await page.getByRole("menuitem", { name: "Terminate (delete) instance" }).click();
  await dialog().getByRole("button", { name: "Terminate (delete)" }).click();
  await seen(/Successfully initiated termination \(deletion\) of i-/);
  await page.getByRole("row", { name: /VPC 1.*Terminated/ }).waitFor();
  await page.getByRole("row", { name: /VPC 2.*Terminated/ }).waitFor();
  if (packets) {
    await terminal.getByText(/^The (connection was lost|session has ended)/).waitFor();
    await terminal.close();
    await expect.poll(guests, { timeout: PATIENCE }).toEqual([]);
  }

  await follow("Elastic IPs");
  await act(/^Select eipalloc-/, "Release Elastic IP addresses");
  await dialog().getByRole("button", { name: "Release" }).click();
  await seen("Elastic IP addresses released.");

  await go("/vpc/peering-connections");
  await act(/VPC 1 <> VPC 2/, "Delete peering connection");
  await dialog().getByRole("checkbox", { name: "Delete related route table entries" }).click();
  const confirm = dialog().getByRole("button", { name: "Delete" });
  expect(await confirm.isDisabled()).toBe(true);
  await dialog().getByRole("textbox").fill("delete");
  await confirm.click();
  await seen(/You successfully deleted pcx-/);

  for (const name of ["NextWork-1", "NextWork-2"]) {
    await go("/vpc/vpcs");
    await act(new RegExp(`${name}-vpc`), "Delete VPC");
    await dialog().getByText(`${name}-igw`).waitFor();
    await dialog().getByRole("textbox").fill("delete");
    await dialog().getByRole("button", { name: "Delete" }).click();
    await seen(/You successfully deleted vpc-/);
  }
  const call = client(daemon.url);
  const { vpcSet } = await call<{ vpcSet: { isDefault: string }[] }>("DescribeVpcs");
  expect(vpcSet.map((vpc) => vpc.isDefault)).toEqual(["true"]);
  const { routeTableSet } = await call<{ routeTableSet: unknown[] }>("DescribeRouteTables");
  expect(routeTableSet.length).toBe(1);
  expect(complaints).toEqual([]);
});

/** The processes that are an instance's init, anywhere in this sandbox. */
function guests(): string[] {
  const commands = readdirSync("/proc").map((entry) => {
    try {
      return readFileSync(`/proc/${entry}/cmdline`, "utf8");
    } catch {
      return "";
    }
  });
  return commands.filter((command) => command.startsWith("init[i-"));
}

test("the lab of the VPC peering, from the first VPC to the clean-up", { timeout: 600_000 }, async () => {
  for (const [name, does] of steps) {
    try {
      await does();
    } catch (error) {
      const file = `e2e/failures/${name.split(":")[0]}`;
      await page.screenshot({ path: `${file}.png` });
      if (terminal && !terminal.isClosed()) await terminal.screenshot({ path: `${file}-terminal.png` });
      throw new Error(`${name}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }
});
