/**
 * The terminal in the browser. With PEERLESS_E2E_PACKETS=yes it is a shell in an instance, which needs root and a sandbox;
 * without, what is shown where there is none.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { launch, open, PLACE, violations } from "./browser";
import { type Daemon, start } from "./daemon";
import { client, makeLab } from "./lab";

const packets = process.env.PEERLESS_E2E_PACKETS === "yes";
const PROMPT = "[ec2-user@ip-10-1-";

let daemon: Daemon;
let browser: Browser;
let page: Page;
let complaints: string[];
let lab: Awaited<ReturnType<typeof makeLab>>;
let call: ReturnType<typeof client>;

beforeAll(async () => {
  [daemon, browser] = await Promise.all([start({ packets }), launch()]);
  lab = await makeLab(daemon.url);
  call = client(daemon.url);
  ({ page, complaints } = await open(browser, daemon.url));
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
});
afterAll(async () => {
  await browser?.close();
  await daemon?.stop();
});
afterEach(async ({ task }) => {
  if (task.result?.state === "fail") await page.screenshot({ path: `e2e/failures/${task.name.replaceAll(/\W+/g, "-")}.png` });
});

const go = (path: string) => page.goto(daemon.url + PLACE + path);
const terminal = (user = "ec2-user") => `/ec2/instances/${lab.instances[0]}/terminal?via=eic&user=${user}`;
const seen = (text: string | RegExp) => page.getByText(text).first().waitFor();

/** What is on the screen. */
const screen = () => page.locator(".xterm-rows").innerText();

/** Waits until that is on the screen. */
async function shows(text: string | RegExp) {
  await expect
    .poll(screen, { timeout: 60_000 })
    .toMatch(text instanceof RegExp ? text : new RegExp(text.replaceAll(/[[\]$()*+?.^|\\]/g, "\\$&")));
}

const type = (text: string) => page.keyboard.type(text);

describe.skipIf(packets)("without packets", () => {
  test("the terminal says that there is none", async () => {
    await go(terminal());
    await seen("There is no terminal");
    await seen(/carries no packets/);
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

const group = async (number: 0 | 1) => {
  const { securityGroupInfo } = await call<{ securityGroupInfo: { groupId: string }[] }>("DescribeSecurityGroups", {
    Filter: [{ Name: "vpc-id", Value: [[lab.one, lab.two][number]!.vpcId] }],
  });
  return securityGroupInfo[0]!.groupId;
};
const permission = (IpProtocol: string, port: number, CidrIp: string) => [
  { IpProtocol, FromPort: port, ToPort: port, IpRanges: [{ CidrIp }] },
];

describe.runIf(packets)("with packets", () => {
  test("a shell, its keys, its window, copy and paste", async () => {
    await call("AssociateAddress", { InstanceId: lab.instances[0], AllocationId: lab.allocationId });
    await call("AuthorizeSecurityGroupIngress", { GroupId: await group(0), IpPermissions: permission("tcp", 22, "18.206.107.24/29") });
    await go(terminal());
    await shows(PROMPT);
    await type("echo $((6 * 7)); echo $TERM; stty size\n");
    await shows(/42\nxterm-256color\n\d+ \d+/);
    const [, rows, columns] = /\n(\d+) (\d+)\n/.exec(await screen())!.map(Number);
    await page.setViewportSize({ width: 1024, height: 768 });
    // The instance hears of the new window.
    await expect
      .poll(
        async () => {
          await type("clear; stty size\n");
          return /^(\d+) (\d+)$/m
            .exec(await screen())
            ?.slice(1)
            .map(Number);
        },
        { timeout: 60_000 },
      )
      .toEqual([expect.toSatisfy((now) => now < rows!), expect.toSatisfy((now) => now < columns!)]);
    await page.screenshot({ path: "/tmp/terminal-small.png" });
    await page.setViewportSize({ width: 1440, height: 900 });

    await page.evaluate(() => navigator.clipboard.writeText("echo it was past"));
    await page.keyboard.press("Control+Shift+V");
    await type("ed by keys\n");
    await shows(/^it was pasted by keys/m);
    await page.getByRole("button", { name: "Paste" }).click();
    await type("ed\n");
    await shows(/^it was pasted$/m);
    await type("clear; echo only-this-word\n");
    await shows(/^only-this-word$/m);
    // The word at the beginning of the first line.
    const { x, y } = (await page.locator(".xterm-screen").boundingBox())!;
    await page.mouse.dblclick(x + 20, y + 8);
    await page.getByRole("button", { name: "Copy selection" }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("only-this-word");
    await page.evaluate(() => navigator.clipboard.writeText(""));
    await page.locator(".xterm-helper-textarea").focus();
    await page.keyboard.press("Control+C");
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("only-this-word");
  });

  test("keys get out of it, a screen reader reads it, nothing is inaccessible", async () => {
    await page.locator(".xterm").click();
    await page.keyboard.press("Control+Shift+Escape");
    const switched = page.getByRole("checkbox", { name: "Screen reader mode" });
    await page.getByRole("button", { name: "Copy selection" }).focus();
    await switched.click();
    const input = page.getByRole("textbox", { name: /^Terminal of i-\w+ \/ Instance - NextWork VPC 1/ });
    await input.focus();
    await type("clear; echo $((40 + 2)) is read\n");
    await page.getByRole("list").getByText("42 is read").first().waitFor();
    expect(await violations(page)).toEqual([]);
    await switched.click();
    await input.focus();
  });

  test("a ping is silent, is counted, and wakes when the rule is saved", async () => {
    const { reservationSet } = await call<{ reservationSet: { instancesSet: { privateIpAddress: string }[] }[] }>("DescribeInstances", {
      InstanceId: [lab.instances[1]],
    });
    const other = reservationSet[0]!.instancesSet[0]!.privateIpAddress;
    await type(`clear; ping ${other}\n`);
    await page
      .getByText(new RegExp(`^[2-9] echo requests to ${other} dropped by sg-\\w+ \\| default of Instance - NextWork VPC 2$`))
      .waitFor();
    expect((await screen()).trim()).toMatch(/PING .* 56\(84\) bytes of data\.$/);
    await page.screenshot({ path: "/tmp/terminal-dropping.png" });
    expect(await violations(page)).toEqual([]);
    expect(await page.getByRole("link", { name: "Explain why these packets were dropped" }).getAttribute("href")).toContain(
      `from=${lab.instances[0]}&to=${other}&protocol=icmp`,
    );
    await call("AuthorizeSecurityGroupIngress", { GroupId: await group(1), IpPermissions: permission("icmp", -1, "10.1.0.0/16") });
    await shows(new RegExp(`64 bytes from ${other}: icmp_seq=\\d+ ttl=127`));
    expect(await screen()).not.toMatch(/icmp_seq=1 /);
    await seen(/were dropped by sg-.*, none any more/);
    await page.keyboard.press("Control+C");
    await shows(/packets transmitted, \d+ received/);
  });
});
