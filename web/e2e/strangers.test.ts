/** Pages of others, in the browser in which the console is open: whatever they try, nothing is answered and nothing changes. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, open } from "./browser";
import { type Daemon, start } from "./daemon";
import { client } from "./lab";

/** A name that somebody's name server lets point at this machine. */
const REBOUND = "rebound.example";

let daemon: Daemon;
let browser: Browser;
let strangers: Server;
let port: number;

beforeAll(async () => {
  [daemon, browser] = await Promise.all([
    start(),
    launch([`--host-resolver-rules=MAP ${REBOUND} 127.0.0.1, MAP stranger.example 127.0.0.1`]),
  ]);
  strangers = createServer((_, answer) => answer.setHeader("Content-Type", "text/html").end("<!doctype html><title>Stranger</title>"));
  await new Promise<void>((listening) => strangers.listen(0, "127.0.0.1", listening));
  port = (strangers.address() as AddressInfo).port;
});
afterAll(async () => {
  await browser?.close();
  strangers?.close();
  await daemon?.stop();
});

const CREATE = "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.66.0.0/16";

/** What is there: a call by somebody who is no page. */
async function vpcs() {
  const { vpcSet } = await client(daemon.url)<{ vpcSet: { cidrBlock: string }[] }>("DescribeVpcs");
  return vpcSet.map((vpc) => vpc.cidrBlock);
}

/** A page at that origin, and what the daemon answered to all that it sent: the statuses, by path. */
async function visit(origin: string) {
  const { page } = await open(browser, daemon.url);
  const answers: [string, number][] = [];
  page.on("response", (response) => {
    const url = new URL(response.url());
    if (url.port === new URL(daemon.url).port) answers.push([url.pathname, response.status()]);
  });
  await page.goto(origin);
  return { page, answers };
}

// Of the same site and of another one.
for (const host of ["localhost", "127.0.0.1", "stranger.example"]) {
  const attack = async (act: (page: Awaited<ReturnType<typeof visit>>["page"], target: string) => Promise<unknown>) => {
    const before = await vpcs();
    const { page, answers } = await visit(`http://${host}:${port}/`);
    const outcome = await act(page, daemon.url);
    await page.close();
    expect(await vpcs()).toEqual(before);
    for (const [path, status] of answers) expect([path, status]).toEqual([path, 403]);
    return { outcome, answers };
  };

  test(`a page at ${host} calls the API by fetch`, async () => {
    const { outcome, answers } = await attack((page, target) =>
      page
        .evaluate(
          async ([target, create]) => {
            const tries: [string, RequestInit][] = [
              ["/", { method: "POST", body: new URLSearchParams(create) }],
              ["/", { method: "POST", body: new URLSearchParams(create), mode: "no-cors" }],
              ["/", { method: "POST", body: create, mode: "no-cors", headers: { "Content-Type": "text/plain" } }],
              [
                "/",
                { method: "POST", body: create, headers: { Authorization: "AWS4-HMAC-SHA256 Credential=1/2/us-east-1/ec2/aws4_request" } },
              ],
              [`/?${create}`, { mode: "no-cors" }],
              [`/?${create}`, {}],
              ["/?Action=DescribeVpcs&Version=2016-11-15", {}],
              ["/_peerless/status", {}],
              ["/_peerless/explain?from=laptop&to=10.0.0.1&icmp=true", {}],
            ];
            const read: string[] = [];
            for (const [path, init] of tries) {
              const answer = await fetch(target + path, init).catch(() => undefined);
              // An answer that the page cannot read is opaque: status 0 and no text.
              if (answer?.ok) read.push(path + (await answer.text()));
            }
            return read;
          },
          [daemon.url, CREATE] as const,
        )
        .then((read) => ({ read, target })),
    );
    expect(outcome).toMatchObject({ read: [] });
    expect(answers.length).toBeGreaterThan(0);
  });

  test(`a page at ${host} sends a form`, async () => {
    const { outcome } = await attack(async (page, target) => {
      await page.evaluate(
        ([target, create]) => {
          const form = Object.assign(document.createElement("form"), { method: "POST", action: target });
          for (const [name, value] of new URLSearchParams(create))
            form.append(Object.assign(document.createElement("input"), { name, value }));
          document.body.append(form);
          form.submit();
        },
        [`${target}/`, CREATE] as const,
      );
      await page.waitForURL(`${target}/`);
      return page.locator("body").innerText();
    });
    expect(outcome).toContain("may not call this");
  });

  test(`a page at ${host} shows the API as pictures, frames, scripts, styles and links`, async () => {
    const { answers } = await attack(async (page, target) => {
      await page.evaluate(
        (url) =>
          Promise.all(
            (["img", "script", "iframe", "link"] as const).map(
              (kind) =>
                new Promise((done) => {
                  const element = document.createElement(kind);
                  element.addEventListener("load", done);
                  element.addEventListener("error", done);
                  if (element instanceof HTMLLinkElement) Object.assign(element, { rel: "stylesheet", href: url });
                  else element.src = url;
                  document.body.append(element);
                }),
            ),
          ),
        `${target}/?${CREATE}`,
      );
      await page.evaluate(
        (url) => document.body.append(Object.assign(document.createElement("a"), { href: url, textContent: "prize" })),
        `${target}/?${CREATE}`,
      );
      await page.getByText("prize").click();
      await page.waitForURL(`${target}/**`);
    });
    expect(answers.length).toBe(5);
  });

  test(`a page at ${host} opens sockets`, async () => {
    const { outcome } = await attack((page, target) =>
      page.evaluate(
        (target) =>
          Promise.all(
            [
              "/openTunnel?instanceConnectEndpointId=eice-00000000000000000&privateIpAddress=10.0.0.1&remotePort=22",
              "/_peerless/events",
            ].map(
              (path) =>
                new Promise((done) => {
                  const socket = new WebSocket(target.replace("http", "ws") + path);
                  socket.onopen = () => done("opened");
                  socket.onerror = () => done("refused");
                }),
            ),
          ),
        target,
      ),
    );
    expect(outcome).toEqual(["refused", "refused"]);
    const { outcome: heard } = await attack((page, target) =>
      page.evaluate(
        (target) =>
          new Promise((done) => {
            const events = new EventSource(`${target}/_peerless/events`);
            events.onopen = () => done("opened");
            events.onerror = () => done("refused");
          }),
        target,
      ),
    );
    expect(heard).toBe("refused");
  });
}

test("a page whose name is turned to this machine gets nothing", async () => {
  const { page, answers } = await visit(daemon.url.replace("localhost", REBOUND));
  expect(await page.locator("body").innerText()).toContain("this host name is not Peerless's");
  const statuses = await page.evaluate(
    async (create) => [
      (await fetch("/?Action=DescribeVpcs&Version=2016-11-15")).status,
      (await fetch("/", { method: "POST", body: new URLSearchParams(create) })).status,
      (await fetch("/_peerless/status")).status,
    ],
    CREATE,
  );
  expect(statuses).toEqual([403, 403, 403]);
  expect(answers.length).toBeGreaterThanOrEqual(4);
  expect(await vpcs()).not.toContain("10.66.0.0/16");
});

test("nobody frames the console", async () => {
  const { page } = await visit(`http://127.0.0.1:${port}/`);
  const frame = await page.evaluate(
    (url) =>
      new Promise<string>((done) => {
        const frame = Object.assign(document.createElement("iframe"), { src: url });
        frame.addEventListener("load", () => done(frame.contentDocument ? "its own" : "a stranger's"));
        document.body.append(frame);
      }),
    `${daemon.url}/000000000000/us-east-1/vpc`,
  );
  expect(frame).toBe("a stranger's");
  expect(await page.frames()[1]!.getByRole("navigation").count()).toBe(0);
});
