/**
 * A learner's way through the console: the "VPC Peering" lab, from the first VPC to an Elastic IP, and the clean-up. With
 * PEERLESS_E2E_PACKETS=yes the instances are real, which needs root and a sandbox.
 */
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { launch, open } from "./browser";
import { type Daemon, start } from "./daemon";
import { client } from "./lab";

let daemon: Daemon;
let browser: Browser;
let page: Page;
let go: (path: string) => Promise<void>;
let complaints: string[];

beforeAll(async () => {
  [daemon, browser] = await Promise.all([start({ packets: process.env.PEERLESS_E2E_PACKETS === "yes" }), launch()]);
  ({ page, go, complaints } = await open(browser, daemon.url));
});
afterAll(async () => {
  await browser?.close();
  await daemon?.stop();
});

/** What the page looked like when it failed; each step stands on those before it. */
let failed: string | undefined;
beforeEach(({ skip }) => skip(failed !== undefined, `${failed} has failed`));
afterEach(async ({ task }) => {
  if (task.result?.state !== "fail") return;
  failed = task.name.split(":")[0];
  await page.screenshot({ path: `e2e/failures/${failed}.png` });
});

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

test("A1, A2: two VPCs by the wizard", async () => {
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

test("A3: a peering connection is requested", async () => {
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

test("A4: and accepted, with the way to the route tables", async () => {
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

test("A5: a refused route keeps the form; the right ones are taken", async () => {
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

test("A6: an instance in each, without public addresses", async () => {
  await launchInstance(1);
  await launchInstance(2);
  const { reservationSet } = await client(daemon.url)<{
    reservationSet: { instancesSet: { ipAddress?: string; privateIpAddress: string }[] }[];
  }>("DescribeInstances");
  const instances = reservationSet.flatMap((reservation) => reservation.instancesSet);
  expect(instances.map((instance) => instance.ipAddress)).toEqual([undefined, undefined]);
  expect(instances.map((instance) => instance.privateIpAddress.split(".")[1]).sort()).toEqual(["1", "2"]);
});

test("A7: without a public address, the Connect page says so, and why", async () => {
  await go("/ec2/instances");
  await page.getByRole("checkbox", { name: /Instance - NextWork VPC 1/ }).click();
  await button("Connect").click();
  await page.getByRole("tab", { name: "EC2 Instance Connect" }).waitFor();
  await seen("No public IPv4 address assigned");
  await seen("With no public IPv4 address, you can't use EC2 Instance Connect.");
  await seen(/associate an Elastic IP address with it/);
  await seen("Not reachable");
});

test("A8: an Elastic IP is allocated and associated, and is shown at once", async () => {
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

test("A10: SSH from anywhere is let in, with AWS's warning, and the rule of the group itself stays", async () => {
  await go("/vpc/security-groups");
  const { vpcSet } = await client(daemon.url)<{ vpcSet: { vpcId: string }[] }>("DescribeVpcs", {
    Filter: [{ Name: "tag:Name", Value: ["NextWork-1-vpc"] }],
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
  await choose(page.getByRole("button", { name: "Type Custom TCP" }), "SSH");
  await choose(page.getByRole("button", { name: /^Source type/ }).last(), "Anywhere-IPv4");
  await seen(/Rules with source of 0\.0\.0\.0\/0 allow all IP addresses to access your instance\./);
  await button("Save rules").click();
  await seen(/Inbound security group rules successfully modified on security group \(sg-\w+ \| default\)/);
  await page.waitForURL(/tab=inbound/);
  await page.getByRole("table", { name: "Inbound rules" }).getByRole("row").nth(2).waitFor();
  await seen("(members of this same group)");
});

test("A9, A11: the Connect page explains by the same author as the packets", async () => {
  await go("/ec2/instances");
  await page.getByRole("checkbox", { name: /Instance - NextWork VPC 1/ }).click();
  await button("Connect").click();
  await seen("Port 22 (SSH) is open to all IPv4 addresses");
  await seen(/18\.206\.107\.24\/29/);
  await page.getByText("Reachable", { exact: true }).first().waitFor();
});

test("the page follows what others do", async () => {
  await go("/vpc/vpcs");
  await page.getByRole("row", { name: /NextWork-1-vpc/ }).waitFor();
  const call = client(daemon.url);
  const { vpc } = await call<{ vpc: { vpcId: string } }>("CreateVpc", { CidrBlock: "10.77.0.0/16" });
  await page.getByRole("row", { name: /10\.77\.0\.0\/16/ }).waitFor();
  await call("DeleteVpc", { VpcId: vpc.vpcId });
  await page.getByRole("row", { name: /10\.77\.0\.0\/16/ }).waitFor({ state: "detached" });
});

test("A14: everything is cleaned up, and AWS's refusals are shown on the way", async () => {
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
