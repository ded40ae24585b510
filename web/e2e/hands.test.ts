/** What hands do on the pages: keys, names written in place, files saved, accounts switched. */
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, open } from "./browser";
import { type Daemon, start } from "./daemon";
import { client, makeLab, makeVpc, named } from "./lab";

let daemon: Daemon;
let browser: Browser;
let page: Page;
let go: (path: string) => Promise<void>;
let complaints: string[];
let lab: Awaited<ReturnType<typeof makeLab>>;

beforeAll(async () => {
  [daemon, browser] = await Promise.all([start(), launch()]);
  lab = await makeLab(daemon.url);
  ({ page, go, complaints } = await open(browser, daemon.url));
});
afterAll(async () => {
  await browser?.close();
  await daemon?.stop();
});

const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));

test("arrow keys walk the map, Enter opens", async () => {
  await go(`/vpc/vpcs/${lab.one.vpcId}?tab=resource-map`);
  const vpc = page.getByRole("button", { name: /^VPC NextWork-1-vpc/ });
  await vpc.focus();
  // The whole chain lights up, the rest is dimmed.
  const lit = (name: RegExp) => page.getByRole("button", { name }).evaluate((card) => card.className);
  expect(await lit(/^internet gateway NextWork-1-igw/)).toContain("lit");
  expect(await lit(/^route table rtb-.* \(main\)/)).toContain("dim");
  await page.keyboard.press("ArrowRight");
  expect(await focused()).toMatch(/^subnet NextWork-1-subnet-public1-us-east-1a, 10\.1\.0\.0\/20, public/);
  await page.keyboard.press("ArrowDown");
  expect(await focused()).toMatch(/^instance Instance - NextWork VPC 1/);
  await page.keyboard.press("ArrowRight");
  expect(await focused()).toMatch(/^route table NextWork-1-rtb-public/);
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(lab.one.routeTableId));
});

/** The text of what the map's menu saves. */
async function exported(kind: string, file: string) {
  await page.getByRole("button", { name: "Export" }).click();
  const saved = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: kind }).click();
  const download = await saved;
  expect(download.suggestedFilename()).toBe(file);
  return readFileSync(await download.path(), "utf8");
}

test("the map is saved as a picture and as a flowchart, and read as a table", async () => {
  await go(`/vpc/vpcs/${lab.one.vpcId}?tab=resource-map`);
  await exported("SVG picture", "NextWork-1-vpc.svg");
  await exported("Mermaid flowchart", "NextWork-1-vpc.mmd");
  await page.getByRole("button", { name: "View as table" }).click();
  await page.getByRole("row", { name: /NextWork-1-rtb-public.*Route table.*VPC 1 <> VPC 2/ }).waitFor();
});

test("peerless map shows what the console's map shows", async () => {
  const call = client(daemon.url);
  const broken = await makeVpc(daemon.url, "broken", "10.60.0.0/16", ["10.60.0.0/24", "10.60.1.0/24", "10.60.2.0/24", "10.60.3.0/24"]);
  await call("DetachInternetGateway", { InternetGatewayId: broken.gatewayId, VpcId: broken.vpcId });
  await call("CreateSubnet", { VpcId: broken.vpcId, CidrBlock: "10.60.9.0/24", TagSpecification: named("subnet", "left out") });
  await call("CreateRouteTable", { VpcId: broken.vpcId, TagSpecification: named("route-table", "unused") });
  const peers = { VpcId: broken.vpcId, PeerVpcId: lab.two.vpcId, TagSpecification: named("vpc-peering-connection", "not accepted") };
  await call("CreateVpcPeeringConnection", peers);
  for (const name of ["NextWork-1", "NextWork-2", "broken"]) {
    await go("/vpc/vpcs");
    await page
      .getByRole("row", { name: new RegExp(`${name}-vpc`) })
      .getByRole("link", { name: /^vpc-/ })
      .click();
    await page.getByRole("tab", { name: "Resource map" }).click();
    const { maps } = JSON.parse(daemon.run("map", `${name}-vpc`, "--json")) as { maps: { nodes: { title: string; mark?: string }[] }[] };
    for (const { title, mark } of maps[0]!.nodes) if (mark) await page.getByText(`${title}: ${mark}`, { exact: true }).first().waitFor();
    expect(daemon.run("map", `${name}-vpc`, "--format", "mermaid")).toBe(await exported("Mermaid flowchart", `${name}-vpc.mmd`));
  }
  await go("/vpc/map");
  expect(daemon.run("map", "--format", "mermaid")).toBe(await exported("Mermaid flowchart", "us-east-1.mmd"));
  const text = daemon.run("map", "broken-vpc");
  for (const said of [
    "┄✗ Blackhole",
    "⚠ not accepted: it is pending-acceptance: nothing passes",
    "⚠ left out: no table is associated with it",
  ])
    expect(text).toContain(said);
});

test("a name is written in place", async () => {
  await go("/vpc/vpcs");
  await page.getByRole("button", { name: `Edit Name of ${lab.two.vpcId}` }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("renamed");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("row", { name: /renamed/ }).waitFor();
});

test("keys search and go", async () => {
  await go("/vpc");
  await page.getByRole("heading", { name: "VPC dashboard" }).waitFor();
  // On a busy machine the second key may come too late to count.
  while (!page.url().includes("/vpc/vpcs")) {
    await page.keyboard.press("g");
    await page.keyboard.press("v");
    await page.waitForURL(/\/vpc\/vpcs/, { timeout: 2000 }).catch(() => {});
  }
  await page.getByRole("row", { name: /NextWork-1-vpc/ }).waitFor();
  await page.keyboard.press("/");
  expect(await focused()).toBe("Find resources by attribute or tag");
  // What is written is no key.
  await page.keyboard.type("gi");
  expect(page.url()).toMatch(/\/vpc\/vpcs/);
});

test("a key pair's private half is saved once", async () => {
  await go("/ec2/key-pairs/create");
  await page.getByRole("textbox", { name: "Key pair name" }).fill("mine");
  await page.getByRole("radio", { name: "ED25519" }).click();
  const saved = page.waitForEvent("download");
  await page.getByRole("dialog").getByRole("button", { name: "Create key pair" }).click();
  expect((await saved).suggestedFilename()).toBe("mine.pem");
  await page.getByText("Successfully created key pair mine.").first().waitFor();
  await page.waitForURL(/key-pairs$/);
});

test("a refused call is shown in AWS's words, and what was typed stays", async () => {
  await go("/vpc/vpcs/create");
  await page.getByRole("textbox", { name: "IPv4 CIDR" }).fill("10.0.0.0/8");
  await page.getByRole("button", { name: "Create VPC" }).click();
  await page.getByText("The CIDR '10.0.0.0/8' is invalid.").first().waitFor();
  expect(await page.getByRole("textbox", { name: "IPv4 CIDR" }).inputValue()).toBe("10.0.0.0/8");
});

test("the wizard goes on from the line that failed", async () => {
  const call = client(daemon.url);
  // As many gateways as an account may have: the line that makes one is refused.
  const spare: string[] = [];
  for (;;) {
    const made = await call<{ internetGateway: { internetGatewayId: string } }>("CreateInternetGateway").catch(() => undefined);
    if (!made) break;
    spare.push(made.internetGateway.internetGatewayId);
  }
  await go("/vpc/vpcs/create?resources=more");
  await page.getByRole("textbox", { name: "Name tag auto-generation" }).fill("again");
  await page
    .getByRole("region", { name: /Resource map/ })
    .getByText("again-igw")
    .waitFor();
  await page.getByRole("button", { name: "Create VPC" }).click();
  await page.getByText("The maximum number of internet gateways has been reached.").first().waitFor();
  for (const id of spare) await call("DeleteInternetGateway", { InternetGatewayId: id });
  await page.getByRole("button", { name: "Retry" }).click();
  await page.getByRole("button", { name: "View VPC" }).and(page.locator(":not([aria-disabled=true])")).click();
  await page.getByRole("button", { name: /^internet gateway again-igw/ }).waitFor();
  // What was made before the failure was made once.
  const { subnetSet } = await call<{ subnetSet: unknown[] }>("DescribeSubnets", { Filter: [{ Name: "tag:Name", Value: ["again-*"] }] });
  expect(subnetSet.length).toBe(4);
});

test("another account has networks of its own", async () => {
  await go("/vpc/vpcs");
  await page.getByRole("button", { name: /^Account 0000-0000-0000/ }).click();
  await page.getByRole("textbox", { name: "Account ID" }).fill("111122223333");
  await page.getByRole("dialog").getByRole("button", { name: "Switch account" }).click();
  await page.waitForURL(/\/111122223333\/us-east-1\/vpc/);
  await page.getByRole("link", { name: "Your VPCs" }).first().click();
  await page.getByRole("heading", { name: /Your VPCs/ }).waitFor();
  expect(await page.getByRole("row", { name: /NextWork/ }).count()).toBe(0);
});

test("the first page is small", async () => {
  const { page, go } = await open(browser, daemon.url);
  await go("/vpc");
  await page.getByRole("heading", { name: "VPC dashboard" }).waitFor();
  const { bytes, paint } = await page.evaluate(() => {
    const loaded = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
    const bytes = loaded.filter((one) => /\.(js|css|svg)$/.test(one.name)).reduce((sum, one) => sum + one.encodedBodySize, 0);
    return { bytes, paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime };
  });
  console.log(`first page: ${Math.round(bytes / 1000)} kB, painted after ${Math.round(paint ?? 0)} ms`);
  // A development server compresses nothing.
  if (!process.env.PEERLESS_URL) expect(bytes).toBeLessThan(600_000);
  await page.close();
});

test("what an editor would save is shown as commands first", async () => {
  const shows = async (command: RegExp) => {
    await page.getByRole("button", { name: "Preview changes" }).click();
    await page.getByRole("dialog").getByText(command).waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
  };
  const call = client(daemon.url);
  const OfVpc = { Filter: [{ Name: "vpc-id", Value: [lab.one.vpcId] }] };
  const { securityGroupInfo } = await call<{ securityGroupInfo: { groupId: string }[] }>("DescribeSecurityGroups", OfVpc);
  const { networkAclSet } = await call<{ networkAclSet: { networkAclId: string }[] }>("DescribeNetworkAcls", OfVpc);

  await go(`/vpc/route-tables/${lab.one.routeTableId}/routes`);
  await page.getByRole("combobox", { name: "Destination" }).first().waitFor();
  await shows(/Nothing would change/);
  await page.getByRole("button", { name: "Remove the route to 10.2.0.0/16" }).click();
  await shows(new RegExp(`aws ec2 delete-route --route-table-id ${lab.one.routeTableId} --destination-cidr-block 10.2.0.0/16`));

  await go(`/vpc/route-tables/${lab.one.routeTableId}/associations`);
  await page.getByRole("checkbox", { name: /^Select subnet-/ }).click();
  await shows(/aws ec2 disassociate-route-table --association-id rtbassoc-/);

  await go(`/vpc/security-groups/${securityGroupInfo[0]!.groupId}/inbound`);
  await page.getByRole("button", { name: "Add rule" }).click();
  await page.getByRole("textbox", { name: "Port range" }).last().fill("8080");
  await page.getByRole("combobox", { name: "Source" }).last().fill("10.9.0.0/16");
  await page.keyboard.press("Escape");
  await shows(/aws ec2 authorize-security-group-ingress .*"FromPort":8080,"ToPort":8080,"IpRanges":\[{"CidrIp":"10\.9\.0\.0\/16"}\]/);

  await go(`/vpc/network-acls/${networkAclSet[0]!.networkAclId}/inbound`);
  await page.getByRole("button", { name: "Remove rule 100" }).click();
  await shows(/aws ec2 delete-network-acl-entry --network-acl-id acl-\w+ --ingress --rule-number 100/);
  // It was a preview: all is as it was.
  const { routeTableSet } = await call<{ routeTableSet: { routeSet: unknown[] }[] }>("DescribeRouteTables", {
    RouteTableId: [lab.one.routeTableId],
  });
  expect(routeTableSet[0]!.routeSet.length).toBe(3);
});

test("names of the other side are resolved when both sides say so", async () => {
  const edit = async () => {
    await go(`/vpc/peering-connections/${lab.peering}`);
    await page.getByRole("button", { name: "Actions" }).click();
    await page.getByRole("menuitem", { name: "Edit DNS settings" }).click();
    await page.getByRole("checkbox", { name: /^Requester DNS resolution/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Save changes" }).click();
  };
  // Neither VPC gives names yet, which AWS refuses.
  await edit();
  await page
    .getByRole("dialog")
    .getByText(/DNS hostnames/i)
    .last()
    .waitFor();
  for (const { vpcId } of [lab.one, lab.two])
    await client(daemon.url)("ModifyVpcAttribute", { VpcId: vpcId, EnableDnsHostnames: { Value: true } });
  await edit();
  await page.getByText("You have successfully modified the DNS settings").first().waitFor();
  await page.getByText("Enabled", { exact: true }).first().waitFor();
});

test("a second default VPC is refused", async () => {
  await go("/vpc/vpcs");
  await page.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Create default VPC" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Create default VPC" }).click();
  await page
    .getByRole("dialog")
    .getByText(/default VPC/i)
    .last()
    .waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
});

test("none of this made the page complain", () => {
  expect(complaints).toEqual([]);
});
