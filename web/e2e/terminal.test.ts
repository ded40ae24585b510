/**
 * The terminal in the browser. With PEERLESS_E2E_PACKETS=yes it is a shell in an instance, which needs root and a sandbox;
 * without, what is shown where there is none.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { launch, open, PATIENCE, PLACE, violations } from "./browser";
import { type Daemon, start } from "./daemon";
import { client, makeLab } from "./lab";

const packets = process.env.PEERLESS_E2E_PACKETS === "yes";
const PROMPT = /\[ec2-user@ip-10-1-\d+-\d+ ~\]\$$/m;
const SERVICE = "18.206.107.24/29";

let daemon: Daemon;
let browser: Browser;
let page: Page;
let complaints: string[];
let lab: Awaited<ReturnType<typeof makeLab>>;
let call: ReturnType<typeof client>;
/** The default groups of the two VPCs. */
const groups: string[] = [];

beforeAll(async () => {
  [daemon, browser] = await Promise.all([start({ packets }), launch()]);
  lab = await makeLab(daemon.url);
  call = client(daemon.url);
  // An address is given to an instance that runs.
  while ((await states()).some((state) => state !== "running")) await new Promise((again) => setTimeout(again, 100));
  ({ page, complaints } = await open(browser, daemon.url));
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  for (const { vpcId } of [lab.one, lab.two]) {
    const { securityGroupInfo } = await call<{ securityGroupInfo: { groupId: string }[] }>("DescribeSecurityGroups", {
      Filter: [{ Name: "vpc-id", Value: [vpcId] }],
    });
    groups.push(securityGroupInfo[0]!.groupId);
  }
});
afterAll(async () => {
  await browser?.close();
  await daemon?.stop();
});
afterEach(async ({ task }) => {
  if (task.result?.state === "fail" && !page.isClosed())
    await page.screenshot({ path: `e2e/failures/${task.name.replaceAll(/\W+/g, "-")}.png` });
});

async function states() {
  const { reservationSet } = await call<{ reservationSet: { instancesSet: { instanceState: { name: string } }[] }[] }>("DescribeInstances");
  return reservationSet.flatMap(({ instancesSet }) => instancesSet.map((instance) => instance.instanceState.name));
}

const go = (path: string) => page.goto(daemon.url + PLACE + path);
const terminal = (user = "ec2-user") => `/ec2/instances/${lab.instances[0]}/terminal?via=eic&user=${user}`;

/** What is on the screen, and waiting until something is. */
const screen = async () => (await page.locator(".xterm-rows").innerText()).replaceAll(/[\u00a0 ]+$/gm, "").replaceAll("\u00a0", " ");
const shows = (text: RegExp) => expect.poll(screen, { timeout: PATIENCE }).toMatch(text);
const type = (text: string) => page.keyboard.type(text);

describe.skipIf(packets)("without packets", () => {
  test("the terminal says that there is none", async () => {
    await go(terminal());
    await page.getByText("There is no terminal").waitFor();
    await page.getByText(/carries no packets/).waitFor();
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

const serial = () => `/ec2/instances/${lab.instances[0]}/terminal?via=serial`;

/** From the Connect page's refusal to the account attribute and back. */
test("the serial console waits for the account to allow it", async () => {
  await go(`/ec2/instances/${lab.instances[0]}/connect`);
  await page.getByRole("tab", { name: "EC2 serial console" }).click();
  await page.getByText("This account is not authorized to use the EC2 serial console").waitFor();
  await page.getByText("ttyS0").waitFor();
  expect(await violations(page)).toEqual([]);
  const connect = page.getByRole("link", { name: "Connect", exact: true });
  expect(await connect.getAttribute("aria-disabled")).toBe("true");
  await page.getByRole("button", { name: "Manage access" }).click();
  await page.getByRole("checkbox", { name: "Allow" }).check();
  await page.getByRole("button", { name: "Update" }).click();
  await page.getByText("EC2 serial console access is allowed for this account in this Region.").waitFor();
  await go(`/ec2/instances/${lab.instances[0]}/connect`);
  await page.getByRole("tab", { name: "EC2 serial console" }).click();
  await expect.poll(() => connect.getAttribute("aria-disabled"), { timeout: PATIENCE }).not.toBe("true");
  expect(complaints).toEqual([]);
});

test.skipIf(packets)("without packets there is no serial console either", async () => {
  await go(serial());
  await page.getByText("There is no terminal").waitFor();
  await page.getByText(/carries no packets/).waitFor();
  expect(await violations(page)).toEqual([]);
  expect(complaints).toEqual([]);
});

const permission = (IpProtocol: string, port: number, CidrIp: string) => [
  { IpProtocol, FromPort: port, ToPort: port, IpRanges: [{ CidrIp }] },
];
const ssh = (verb: "Authorize" | "Revoke", from: string) =>
  call(`${verb}SecurityGroupIngress`, { GroupId: groups[0], IpPermissions: permission("tcp", 22, from) });

/** Opens the Connect page. */
async function connectPage() {
  await go(`/ec2/instances/${lab.instances[0]}/connect`);
  await page.getByRole("textbox", { name: "Username" }).waitFor();
}

const connect = () => page.getByRole("link", { name: "Connect", exact: true });

/** Connects, and hears AWS's words and the cause beneath. */
async function isRefused(said: string[], cause: RegExp, user = "ec2-user") {
  await page.getByRole("textbox", { name: "Username" }).fill(user);
  const [tab] = await Promise.all([page.waitForEvent("popup"), connect().click()]);
  tab.setDefaultTimeout(PATIENCE);
  const alert = tab.getByRole("group").filter({ hasText: said[0] }).first();
  await alert.waitFor();
  for (const line of said) await alert.getByText(line, { exact: true }).waitFor();
  await alert.getByText(cause).waitFor();
  expect(await violations(tab)).toEqual([]);
  await tab.close();
}

const NO_CONNECTION = ["Failed to connect to your instance", "Error establishing SSH connection to your instance. Try again later."];
const NOT_PUBLIC = [
  "Instance is not in public subnet",
  "EC2 Instance Connect is unable to connect to your instance. Ensure your instance network settings are configured correctly for EC2 Instance Connect.",
];

describe.runIf(packets)("who does not get in", () => {
  test("no public address", async () => {
    await connectPage();
    await page.getByText("No public IPv4 address assigned").waitFor();
    await page.getByText("With no public IPv4 address, you can't use EC2 Instance Connect.").waitFor();
    await page.getByText(/associate an Elastic IP address with it/).waitFor();
    expect(await connect().getAttribute("aria-disabled")).toBe("true");
    await call("AssociateAddress", { InstanceId: lab.instances[0], AllocationId: lab.allocationId });
    await page.getByText("No public IPv4 address assigned").waitFor({ state: "detached" });
  });

  test("no default route to an internet gateway", async () => {
    await ssh("Authorize", SERVICE);
    const route = { RouteTableId: lab.one.routeTableId, DestinationCidrBlock: "0.0.0.0/0" };
    await call("DeleteRoute", route);
    await page.getByText(NOT_PUBLIC[0]!).waitFor();
    await isRefused(
      NOT_PUBLIC,
      /The answer to 18\.206\.107\.28 finds no way out by rtb-\w+ NextWork-1-rtb-public, with which the subnet is associated/,
    );
    await call("CreateRoute", { ...route, GatewayId: lab.one.gatewayId });
    await ssh("Revoke", SERVICE);
    await page.getByText(NOT_PUBLIC[0]!).waitFor({ state: "detached" });
  });

  test("port 22 shut", async () => {
    await isRefused(NO_CONNECTION, /Inbound TCP 22 from 18\.206\.107\.28 is dropped by sg-\w+ default: no ingress rule admits it/);
  });

  test("port 22 open to My IP only", async () => {
    await ssh("Authorize", "203.0.113.10/32");
    await isRefused(
      NO_CONNECTION,
      /My IP \(203\.0\.113\.10\) is let in, but EC2 Instance Connect calls from AWS's 18\.206\.107\.24\/29, not from you/,
    );
    await ssh("Revoke", "203.0.113.10/32");
  });

  test("port 22 open to all is a note; a rule of the network ACL is named by its number", async () => {
    await ssh("Authorize", "0.0.0.0/0");
    await page.getByText("Port 22 (SSH) is open to all IPv4 addresses").waitFor();
    const { networkAclSet } = await call<{ networkAclSet: { networkAclId: string }[] }>("DescribeNetworkAcls", {
      Filter: [{ Name: "vpc-id", Value: [lab.one.vpcId] }],
    });
    const entry = { NetworkAclId: networkAclSet[0]!.networkAclId, RuleNumber: 40, Egress: false };
    await call("CreateNetworkAclEntry", {
      ...entry,
      Protocol: "6",
      RuleAction: "deny",
      CidrBlock: "0.0.0.0/0",
      PortRange: { From: 22, To: 22 },
    });
    await isRefused(NO_CONNECTION, /is dropped by acl-\w+: rule 40 denies it/);
    await call("DeleteNetworkAclEntry", entry);
    await ssh("Revoke", "0.0.0.0/0");
  });

  test("a wrong user name", async () => {
    await ssh("Authorize", SERVICE);
    await isRefused(NO_CONNECTION, /There is no user 'ubuntu' in i-\w+: people log in to its image as 'ec2-user'/, "ubuntu");
    await ssh("Revoke", SERVICE);
  });
});

describe.runIf(packets)("who gets in", () => {
  beforeAll(async () => {
    await call("AssociateAddress", { InstanceId: lab.instances[0], AllocationId: lab.allocationId });
    await ssh("Authorize", SERVICE);
  });

  test("a shell, its keys, its window, copy and paste", async () => {
    await go(terminal());
    await shows(PROMPT);
    await type("echo $((6 * 7)); echo $TERM; stty size\n");
    await shows(/42\nxterm-256color\n\d+ \d+/);
    const [, rows, columns] = /\n(\d+) (\d+)\n/.exec(await screen())!.map(Number);
    await page.setViewportSize({ width: 1024, height: 768 });
    // The instance hears of the new window.
    const size = async () => {
      await type("clear; stty size\n");
      await shows(/^\d+ \d+$/m);
      return /^(\d+) (\d+)$/m
        .exec(await screen())!
        .slice(1)
        .map(Number);
    };
    await expect.poll(async () => (await size()).every((now, index) => now < [rows!, columns!][index]!), { timeout: PATIENCE }).toBe(true);
    await page.setViewportSize({ width: 1440, height: 900 });

    await page.evaluate(() => navigator.clipboard.writeText("echo it was past"));
    await page.keyboard.press("Control+Shift+V");
    await type("ed by keys\n");
    await shows(/^it was pasted by keys/m);
    await page.getByRole("button", { name: "Paste" }).click();
    await expect.poll(screen, { timeout: PATIENCE }).toMatch(/\$ echo it was past$/m);
    await type("ed\n");
    await shows(/^it was pasted$/m);
    await type("clear; echo only-this-word\n");
    await shows(/^only-this-word$/m);
    // The word at the beginning of the first line.
    const { x, y } = (await page.locator(".xterm-screen").boundingBox())!;
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await page.mouse.dblclick(x + 20, y + 8);
    await page.getByRole("button", { name: "Copy selection" }).click();
    await expect.poll(copied, { timeout: PATIENCE }).toBe("only-this-word");
    await page.evaluate(() => navigator.clipboard.writeText(""));
    await page.locator(".xterm-helper-textarea").focus();
    await page.keyboard.press("Control+C");
    await expect.poll(copied, { timeout: PATIENCE }).toBe("only-this-word");
  });

  test("keys get out of it, a screen reader reads it, and it is accessible", async () => {
    const input = page.getByRole("textbox", { name: /^Terminal of i-\w+ \/ Instance - NextWork VPC 1/ });
    const focused = () => page.evaluate(() => document.activeElement?.textContent || document.activeElement?.getAttribute("type"));
    for (const keys of ["Control+Shift+Escape", "Control+F6"]) {
      await input.focus();
      await page.keyboard.press(keys);
      expect(await focused()).toBe("checkbox");
    }
    await page.keyboard.press("Space");
    await input.focus();
    await page.keyboard.press("Tab");
    expect(await input.evaluate((input) => input === document.activeElement)).toBe(true);
    await type("clear; echo $((40 + 2)) is read\n");
    await page.getByRole("list").getByText("42 is read").first().waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("checkbox", { name: "Screen reader mode" }).click();
    await input.focus();
  });

  test("a ping is silent, is counted, and wakes when the rule is saved", async () => {
    const { reservationSet } = await call<{ reservationSet: { instancesSet: { privateIpAddress: string }[] }[] }>("DescribeInstances", {
      InstanceId: [lab.instances[1]],
    });
    const other = reservationSet[0]!.instancesSet[0]!.privateIpAddress;
    await type(`clear; ping ${other}\n`);
    await page
      .getByText(new RegExp(`^([2-9]|\\d\\d+) echo requests to ${other} dropped by sg-\\w+ \\| default of Instance - NextWork VPC 2$`))
      .waitFor();
    expect((await screen()).trim()).toMatch(/^PING .* 56\(84\) bytes of data\.$/);
    expect(await violations(page)).toEqual([]);
    const link = page.getByRole("link", { name: "Explain why these packets were dropped" });
    const [explained] = await Promise.all([page.waitForEvent("popup"), link.click()]);
    await explained.getByText("Not reachable").first().waitFor();
    await explained.close();
    await call("AuthorizeSecurityGroupIngress", { GroupId: groups[1], IpPermissions: permission("icmp", -1, "10.1.0.0/16") });
    await shows(new RegExp(`64 bytes from ${other}: icmp_seq=\\d+ ttl=127`));
    expect(await screen()).not.toMatch(/icmp_seq=1 /);
    await page.getByText(/were dropped by sg-.*, none any more/).waitFor();
    await page.locator(".xterm-helper-textarea").focus();
    await page.keyboard.press("Control+C");
    await shows(/packets transmitted, \d+ received/);
  });

  test("a flood keeps the page responsive, and is interrupted", async () => {
    const megabytes = 20;
    const began = Date.now();
    await type(`clear; head -c ${megabytes}000000 /dev/zero | tr '\\0' x | fold -w 99; echo all of $((1 + 1))0 MB\n`);
    await page.evaluate(() => {
      const watch = globalThis as unknown as { gap: number };
      watch.gap = 0;
      let last = performance.now();
      const frame = (now: number) => {
        watch.gap = Math.max(watch.gap, now - last);
        last = now;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
    await shows(/all of 20 MB$/m);
    const seconds = (Date.now() - began) / 1000;
    const gap = await page.evaluate(() => (globalThis as unknown as { gap: number }).gap);
    console.log(`${((megabytes * 8) / seconds).toFixed(0)} Mbit/s on the screen, the longest frame ${gap.toFixed(0)} ms`);
    await type("clear; yes floods\n");
    await shows(/^floods\nfloods\nfloods$/m);
    // Whatever else is on the page is used meanwhile, and answers while the flood goes on.
    const reads = page.getByRole("checkbox", { name: "Screen reader mode" });
    for (const isRead of [true, false]) {
      await reads.click();
      expect(await reads.isChecked()).toBe(isRead);
      expect(runs("yes", "floods")).toBe(true);
    }
    await page.locator(".xterm-helper-textarea").focus();
    await page.keyboard.press("Control+C");
    await shows(PROMPT);
    await expect.poll(() => runs("yes", "floods"), { timeout: PATIENCE }).toBe(false);
    await type("clear; echo over $((40 + 2))\n");
    await shows(/^over 42$/m);
    const heap = await page.evaluate(() => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize);
    expect(heap).toBeLessThan(300_000_000);
  });

  test("ten thousand flows are dropped, and counted below the terminal", async () => {
    const { reservationSet } = await call<{ reservationSet: { instancesSet: { privateIpAddress: string }[] }[] }>("DescribeInstances", {
      InstanceId: [lab.instances[1]],
    });
    const other = reservationSet[0]!.instancesSet[0]!.privateIpAddress;
    const line = page.locator(".terminal-drops");
    // As many as were counted since the terminal was opened: in the sentence about one kind, and of the others.
    const counted = async () => {
      const text = (await line.innerText()).replaceAll(",", "");
      const sentence = /^(\d+) (?:UDP|TCP|echo)/m.exec(text);
      const others = /(\d+) packets of (?:other|many) kinds/.exec(text);
      return Number(sentence?.[1] ?? 0) + Number(others?.[1] ?? 0);
    };
    const before = await counted();
    // In heaps, for an interface may begin so many flows at once only; and some more, for a slow machine may lose one.
    const sent = 12_000;
    await type(
      `clear; for p in {10001..${10_000 + sent}}; do echo >/dev/udp/${other}/$p; ((p % 200)) || sleep 0.01; done; echo sent $((40 + 2))\n`,
    );
    await shows(/^sent 42$/m);
    await expect.poll(counted, { timeout: PATIENCE }).toBeGreaterThanOrEqual(before + 10_000);
    // None is counted twice: when the kernel has forgotten them all, there were not more.
    await line
      .getByText(/none any more$/)
      .first()
      .waitFor();
    expect(await counted()).toBeLessThanOrEqual(before + sent);
    await page.getByRole("link", { name: "Explain why these packets were dropped" }).waitFor();
  });

  test("a session that has ended is opened again, and a closed tab leaves nothing behind", async () => {
    await type("exit 3\n");
    await page.getByText("The session has ended with status 3.").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole("button", { name: "Reconnect" }).click();
    await shows(PROMPT);
    await type("sleep 98763\n");
    await expect.poll(() => runs("sleep", "98763"), { timeout: PATIENCE }).toBe(true);
    expect(complaints).toEqual([]);
    // Away to another page, by a link or by the address bar, in the middle of a flood, and by closing the tab.
    await go("/ec2/instances");
    await nothingIsLeft("sleep", "98763");
    await go(terminal());
    await shows(PROMPT);
    await type("yes away\n");
    await shows(/^away\naway\naway$/m);
    await page.close();
    await nothingIsLeft("yes", "away");
    ({ page, complaints } = await open(browser, daemon.url, { dark: true }));
  });

  test("the serial console asks for a password, and for no network", async () => {
    await go(terminal());
    await shows(PROMPT);
    await type("su -c 'echo ec2-user:correct-horse | chpasswd' && echo it $((40 + 2)) has one\n");
    await shows(/^it 42 has one$/m);
    await ssh("Revoke", SERVICE);
    await go(`/ec2/instances/${lab.instances[0]}/connect`);
    await page.getByRole("tab", { name: "EC2 serial console" }).click();
    const [tab] = await Promise.all([page.waitForEvent("popup"), connect().click()]);
    const shown = async () => (await tab.locator(".xterm-rows").innerText()).replaceAll("\u00a0", " ");
    const sees = (text: RegExp) => expect.poll(shown, { timeout: PATIENCE }).toMatch(text);
    for (const [password, answer] of [
      ["wrong", /Login incorrect/],
      ["correct-horse", /\[ec2-user@ip-10-1-\d+-\d+ ~\]\$/],
    ] as const) {
      await sees(/login: *$/);
      await tab.keyboard.type("ec2-user\n");
      await sees(/Password: *$/);
      await tab.keyboard.type(`${password}\n`);
      await sees(answer);
    }
    await tab.keyboard.type("clear; tty\n");
    await sees(/^\/dev\/ttyS0$/m);
    expect(await violations(tab)).toEqual([]);
    // There is one at a time.
    await go(serial());
    await page.getByText("Only 1 session is supported at a time.").waitFor();
    await tab.close();
    // The daemon notices in its own time that the tab is closed.
    const retry = page.getByRole("button", { name: "Retry" });
    const isThere = async () => {
      if (await retry.isVisible()) await retry.click();
      return /login: *$/.test(await page.locator(".xterm-rows").innerText());
    };
    await expect.poll(isThere, { timeout: PATIENCE, interval: 500 }).toBe(true);
    await ssh("Authorize", SERVICE);
    expect(complaints).toEqual([]);
  });

  test("a stopped instance cannot be connected to", async () => {
    await connectPage();
    await call("StopInstances", { InstanceId: [lab.instances[0]] });
    await page.getByText("This instance is not running").waitFor();
    expect(await connect().getAttribute("aria-disabled")).toBe("true");
    await go(terminal());
    await page.getByText(/is (stopped: start it, and connect again|stopping)/).waitFor();
    await page.getByText(NO_CONNECTION[0]!).waitFor();
    expect(complaints).toEqual([]);
  });
});

/** Waits until a session's program has ended, and nobody has a session or watches. */
async function nothingIsLeft(...command: string[]) {
  await expect.poll(() => runs(...command), { timeout: PATIENCE }).toBe(false);
  const inUse = () => {
    const { sessions, watchers } = JSON.parse(daemon.run("status", "--json")) as { sessions: number; watchers: number };
    return { sessions, watchers };
  };
  await expect.poll(inUse, { timeout: PATIENCE }).toEqual({ sessions: 0, watchers: 0 });
}

/** Whether that command runs anywhere in this sandbox. */
function runs(...command: string[]): boolean {
  const wanted = command.map((word) => `${word}\0`).join("");
  return readdirSync("/proc").some((entry) => {
    try {
      return readFileSync(`/proc/${entry}/cmdline`, "utf8") === wanted;
    } catch {
      return false;
    }
  });
}
