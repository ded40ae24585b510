/**
 * What a terminal carries, and what the page is like meanwhile: `make flood-bench`. In one run the same bytes go from the same
 * instance by `peerless connect` into nothing, without and with a terminal, by the console's terminal into nothing, and by it onto the
 * screen; and the Flows page shows ten thousand live flows beside a terminal, and beside one that is flooded.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, open, PATIENCE, PLACE } from "../browser";
import { type Daemon, start } from "../daemon";
import { client, makeLab, openSsh } from "../lab";
import { type Felt, feel } from "./feel";

const MEGABYTES = Number(process.env.PEERLESS_FLOOD_MB ?? 200);
const LINE = "x".repeat(98);
/** So much arrives. */
const ARRIVES = MEGABYTES * 1_000_000;
const flood = (bytes: number) => `yes ${LINE} | head -c ${bytes}`;
/** Lines of 99 bytes, which are 100 on a terminal. */
const FLOOD = flood(ARRIVES * 0.99);

let daemon: Daemon;
let browser: Browser;
let page: Page;
let lab: Awaited<ReturnType<typeof makeLab>>;

beforeAll(async () => {
  [daemon, browser] = await Promise.all([start({ packets: true }), launch()]);
  lab = await makeLab(daemon.url);
  await openSsh(daemon, lab);
  ({ page } = await open(browser, daemon.url));
});
afterAll(async () => {
  await browser?.close();
  await daemon?.stop();
});

const say = (text: string) => console.log(text);
const rate = (seconds: number) => (ARRIVES * 8) / seconds / 1e6;

/** Processor time that processes have taken until now, in seconds, by what they are. */
function taken(): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const line of execFileSync("ps", ["-eo", "pid=,comm="], { encoding: "utf8" }).trim().split("\n")) {
    const [pid, name] = line.trim().split(/\s+/, 2) as [string, string];
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /, "")
        .split(" ");
      sums[name] = (sums[name] ?? 0) + (Number(fields[11]) + Number(fields[12])) / 100;
    } catch {
      // It has just ended.
    }
  }
  return sums;
}

async function measured<T>(what: string, work: () => Promise<T>): Promise<{ seconds: number; result: T }> {
  const before = taken();
  const began = performance.now();
  const result = await work();
  const seconds = (performance.now() - began) / 1000;
  const cost = Object.entries(taken())
    .map(([name, now]) => [name, (now - (before[name] ?? 0)) / seconds] as const)
    .filter(([, share]) => share >= 0.03)
    .sort(([, a], [, b]) => b - a)
    .map(([name, share]) => `${name} ${(share * 100).toFixed(0)} %`);
  say(`${what}: ${seconds.toFixed(1)} s; processors: ${cost.join(", ")}`);
  return { seconds, result };
}

/** A terminal that shows nobody what it hears, and gives credit at once. */
async function intoNothing(page: Page, instance: string, flood: string, bytes: number) {
  await page.evaluate(
    async ({ instance, flood, bytes }) => {
      const asked = await fetch("/_peerless/terminals", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ instance, via: "eic" }),
      });
      const { ticket } = (await asked.json()) as { ticket: string };
      const socket = new WebSocket(`${location.origin.replace("http", "ws")}/_peerless/terminals/${ticket}?columns=150&rows=40`);
      socket.binaryType = "arraybuffer";
      await new Promise<void>((done, fail) => {
        let seen = 0;
        socket.onclose = ({ reason }) => fail(new Error(`closed: ${reason}`));
        socket.onmessage = ({ data }) => {
          if (typeof data === "string") {
            if ((JSON.parse(data) as { type: string }).type === "connected") socket.send(new TextEncoder().encode(`${flood}\r`));
            return;
          }
          seen += (data as ArrayBuffer).byteLength;
          socket.send(JSON.stringify({ type: "credit", bytes: (data as ArrayBuffer).byteLength }));
          if (seen >= bytes) done();
        };
      });
      socket.onclose = null;
      socket.close();
    },
    { instance, flood, bytes },
  );
}

const screen = async () => (await page.locator(".xterm-rows").innerText()).replaceAll("\u00a0", " ");
const shows = (text: RegExp) => expect.poll(screen, { timeout: 10 * PATIENCE, interval: 100 }).toMatch(text);

function told({ frames, late, inputs }: Felt) {
  return `frames: p50 ${frames.p50} ms, p95 ${frames.p95} ms, longest ${frames.most} ms; tasks of over 50 ms: ${late}; input to paint: p95 ${inputs.p95} ms, longest ${inputs.most} ms of ${inputs.count}`;
}

/** Clicks and keys, as a person who waits for each. */
async function use(page: Page, times: number) {
  for (let at = 0; at < times; at++) {
    await page.mouse.click(720, 8);
    await page.keyboard.press("Shift");
    await page.waitForTimeout(200);
  }
}

/** The terminal's page, with a shell. */
async function shell(page: Page) {
  await page.goto(`${daemon.url}${PLACE}/ec2/instances/${lab.instances[0]}/terminal?via=eic&user=ec2-user`);
  await shows(/\]\$ *$/m);
}

test("a flood", async () => {
  const instance = lab.instances[0]!;
  const ssh = await measured("by the SSH client into nothing, no terminal", async () => {
    await once(daemon.begin("connect", instance, "--", flood(ARRIVES)), "exit");
  });
  say(`  ${rate(ssh.seconds).toFixed(0)} Mbit/s`);
  // Its own input is a terminal, so that it asks for one there; what is shown goes nowhere.
  const alone = await measured("the same with a terminal", async () => {
    const words = [process.env.PEERLESS, "connect", "--tty", instance, "--", `'${FLOOD}'`].join(" ");
    await once(daemon.beside("script", "-qec", `${words} >/dev/null`, "/dev/null"), "exit");
  });
  say(`  ${rate(alone.seconds).toFixed(0)} Mbit/s, which is what there is to be shown`);
  const ratios = (seconds: number) =>
    `${(alone.seconds / seconds).toFixed(2)} of that, ${(ssh.seconds / seconds).toFixed(2)} of what goes without a terminal`;
  await page.goto(`${daemon.url}${PLACE}/vpcs`);
  const nothing = await measured("by a terminal into nothing", () => intoNothing(page, instance, FLOOD, ARRIVES));
  say(`  ${rate(nothing.seconds).toFixed(0)} Mbit/s, ${ratios(nothing.seconds)}`);

  await shell(page);
  await page.keyboard.type(`clear; ${FLOOD}; echo all of $((1 + 1)) parts\n`);
  const felt = await feel(page);
  const shown = await measured("by a terminal onto the screen", async () => {
    const using = use(page, 20);
    await shows(/all of 2 parts/);
    await using;
  });
  say(`  ${rate(shown.seconds).toFixed(0)} Mbit/s, ${ratios(shown.seconds)}`);
  say(`  ${told(await felt.end())}`);

  await page.locator(".xterm-helper-textarea").focus();
  await page.keyboard.type("clear; yes\n");
  await shows(/^y\n(y\n){10}/m);
  await page.waitForTimeout(3000);
  // Listening has begun before the key is pressed.
  await page.evaluate(() => {
    const notes = globalThis as unknown as { interrupted: Promise<number> };
    notes.interrupted = new Promise<number>((done) => {
      const pressed = ({ key, ctrlKey, timeStamp }: KeyboardEvent) => {
        if (key !== "c" || !ctrlKey) return;
        removeEventListener("keydown", pressed, { capture: true });
        const look = (now: number) => {
          const rows = [...document.querySelectorAll(".xterm-rows > div")].map((row) => (row.textContent ?? "").replaceAll("\u00a0", " "));
          if (rows.some((row) => /\]\$\s*$/.test(row))) done(now - timeStamp);
          else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
      };
      addEventListener("keydown", pressed, { capture: true });
    });
  });
  await page.keyboard.press("Control+c");
  say(
    `from Control+C to the prompt, while "yes" floods: ${(await page.evaluate(() => (globalThis as unknown as { interrupted: Promise<number> }).interrupted)).toFixed(0)} ms`,
  );
});

/** Ten thousand flows, a packet of each a second: to as many ports of the other instance. */
const MANY = `python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    for port in range(10000, 20000): s.sendto(b"x", (sys.argv[1], port))
    time.sleep(1)
'`;

test("ten thousand flows", async () => {
  const other = await addressOf(lab.instances[1]!);
  await shell(page);
  const sender = daemon.begin("connect", lab.instances[0]!, "--", `${MANY} ${other}`);
  const total = () => (JSON.parse(daemon.run("flows", "--json", "--limit", "1")) as { total: number }).total;
  await expect.poll(total, { timeout: PATIENCE }).toBeGreaterThan(10_000);
  const { page: flows } = await open(browser, daemon.url);
  const wire = await flows.context().newCDPSession(flows);
  await wire.send("Network.enable");
  let bytes = 0;
  wire.on("Network.dataReceived", ({ dataLength }) => {
    bytes += dataLength;
  });
  for (const isFlooded of [false, true]) {
    await flows.goto(`${daemon.url}${PLACE}/flows`);
    await flows.getByRole("row").nth(40).waitFor();
    if (isFlooded) await page.keyboard.type("clear; yes\n");
    await flows.bringToFront();
    const felt = await feel(flows);
    bytes = 0;
    const { seconds } = await measured(`the Flows page, ${total()} flows, beside a terminal${isFlooded ? " that is flooded" : ""}`, () =>
      use(flows, 40),
    );
    say(`  ${(bytes / seconds / 1000).toFixed(1)} kB a second to the page`);
    say(`  ${told(await felt.end())}`);
  }
  await page.bringToFront();
  await page.locator(".xterm-helper-textarea").focus();
  await page.keyboard.press("Control+c");
  await shows(/\]\$ *$/m);
  say(`below the terminal: ${await page.locator(".terminal-drops").innerText()}`);
  sender.kill("SIGTERM");
});

async function addressOf(instance: string) {
  const { reservationSet } = await client(daemon.url)<{ reservationSet: { instancesSet: { privateIpAddress: string }[] }[] }>(
    "DescribeInstances",
    { InstanceId: [instance] },
  );
  return reservationSet[0]!.instancesSet[0]!.privateIpAddress;
}
