/** Every page: it comes, complains of nothing, and can be read by everybody. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launch, open, violations } from "./browser";
import { type Daemon, start } from "./daemon";
import { makeLab } from "./lab";

let daemon: Daemon;
let browser: Browser;
let opened: Awaited<ReturnType<typeof open>>;
let lab: Awaited<ReturnType<typeof makeLab>>;

beforeAll(async () => {
  [daemon, browser] = await Promise.all([start(), launch()]);
  lab = await makeLab(daemon.url);
  opened = await open(browser, daemon.url);
});
afterAll(async () => {
  await browser?.close();
  await daemon?.stop();
});

/** Path, and a heading that it must show. */
const PAGES: [path: (ids: typeof lab) => string, heading: string][] = [
  [() => "/vpc", "VPC dashboard"],
  [({ one }) => `/vpc/vpcs?selected=${one.vpcId}`, "Your VPCs"],
  [({ one }) => `/vpc/vpcs/${one.vpcId}`, "NextWork-1-vpc"],
  [() => "/vpc/vpcs/create", "Create VPC"],
  [() => "/vpc/vpcs/create?resources=more", "Create VPC"],
  [() => "/vpc/map", "Region map"],
  [({ instances: [one, two] }) => `/explain?from=${one}&to=${two}&protocol=icmp`, "Explain"],
  [() => "/flows", "Flows"],
  [({ one }) => `/vpc/vpcs/${one.vpcId}?tab=resource-map`, "NextWork-1-vpc"],
  [({ one }) => `/vpc/subnets?selected=${one.subnetIds[0]}&tab=acl`, "Subnets"],
  [() => "/vpc/subnets/create", "Create subnet"],
  [({ one }) => `/vpc/route-tables?selected=${one.routeTableId}&tab=routes`, "Route tables"],
  [() => "/vpc/route-tables/create", "Create route table"],
  [({ one }) => `/vpc/route-tables/${one.routeTableId}/routes`, "Edit routes"],
  [({ one }) => `/vpc/route-tables/${one.routeTableId}/associations`, "Edit subnet associations"],
  [({ one }) => `/vpc/internet-gateways?selected=${one.gatewayId}`, "Internet gateways"],
  [() => "/vpc/internet-gateways/create", "Create internet gateway"],
  [({ allocationId }) => `/vpc/elastic-ips?selected=${allocationId}`, "Elastic IP addresses"],
  [() => "/vpc/elastic-ips/allocate", "Allocate Elastic IP address"],
  [({ allocationId }) => `/vpc/elastic-ips/${allocationId}/associate`, "Associate Elastic IP address"],
  [({ peering }) => `/vpc/peering-connections?selected=${peering}`, "Peering connections"],
  [() => "/vpc/peering-connections/create", "Create peering connection"],
  [() => "/vpc/network-acls", "Network ACLs"],
  [() => "/vpc/network-acls/create", "Create network ACL"],
  [() => "/vpc/security-groups", "Security groups"],
  [() => "/vpc/security-groups/create", "Create security group"],
  [() => "/vpc/reachability-analyzer", "Reachability Analyzer"],
  [() => "/vpc/reachability-analyzer/create", "Create and analyze path"],
  [() => "/vpc/network-insights-analyses", "Path analyses"],
  [({ instances }) => `/ec2/instances?selected=${instances[0]}`, "Instances"],
  [({ instances }) => `/ec2/instances/${instances[0]}/connect`, "Connect to instance"],
  [() => "/ec2/dashboard", "EC2 Dashboard"],
  [() => "/ec2/settings/serial-console", "Account attributes"],
  [() => "/ec2/settings/serial-console/manage", "Manage EC2 Serial Console"],
  [() => "/ec2/instances/launch", "Launch an instance"],
  [() => "/ec2/network-interfaces", "Network interfaces"],
  [() => "/ec2/key-pairs", "Key pairs"],
  [() => "/ec2/images", "Amazon Machine Images (AMIs)"],
  [() => "/nowhere/at/all/ever", "There is no such page"],
];

describe("every page", () => {
  for (const [path, heading] of PAGES) {
    test(`${heading} (${path.toString().replace(/^.*=> [`"]|[`"]$/g, "")})`, async () => {
      const { page, complaints, go, settled } = opened;
      complaints.length = 0;
      await go(path(lab));
      await page.getByRole("heading", { level: 1, name: heading }).or(page.getByText(heading)).first().waitFor();
      await settled();
      expect(await violations(page)).toEqual([]);
      // The same page on a small screen, in the dark.
      await page.setViewportSize({ width: 1024, height: 768 });
      await page.emulateMedia({ colorScheme: "dark" });
      await page.locator("body.awsui-dark-mode").waitFor({ state: "attached" });
      await settled();
      expect(await violations(page)).toEqual([]);
      // Nothing sticks out.
      await page.waitForFunction(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
      await page.emulateMedia({ colorScheme: "light" });
      await page.setViewportSize({ width: 1440, height: 900 });
      expect(complaints).toEqual([]);
    });
  }
});
