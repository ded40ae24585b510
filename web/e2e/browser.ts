/** A browser that complains: whatever a page logs as an error fails the test that saw it. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, chromium, type Page, type Request } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Whatever is waited for comes at once, or on a machine that is busy with other things after so long. */
export const PATIENCE = 60_000;
export const PLACE = "/000000000000/us-east-1";

/** A browser. One that dies as it starts (Chromium does so once in a hundred times or two) has seen nothing yet: another is started. */
export async function launch(more: string[] = []): Promise<Browser> {
  const args = ["--no-sandbox", "--disable-background-networking", "--disable-dev-shm-usage", "--disable-gpu", ...more];
  for (let tries = 1; ; tries++) {
    try {
      return await chromium.launch({ executablePath: CHROMIUM, timeout: PATIENCE, args });
    } catch (error) {
      if (tries === 5) throw error;
      console.log(`the browser did not start: ${String(error).split("\n")[0]}`);
    }
  }
}

/** A page of the console at the daemon, with what it logged. */
export async function open(browser: Browser, url: string, options: { width?: number; height?: number; dark?: boolean } = {}) {
  const { width = 1440, height = 900, dark = false } = options;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: dark ? "dark" : "light", reducedMotion: "reduce" });
  page.setDefaultTimeout(PATIENCE);
  const complaints: string[] = [];
  page.on("console", (message) => {
    // The browser logs every refused call; that AWS's refusals are shown is what tests look for.
    if (message.type() === "error" && !message.text().includes("status of 400")) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  const go = async (path: string) => {
    await page.goto(url + PLACE + path);
    await page.getByRole("navigation").first().waitFor();
    await page.waitForLoadState("load");
  };
  const asked = new Set<Request>();
  page.on("request", (request) => request.resourceType() === "fetch" && asked.add(request));
  page.on("requestfinished", (request) => asked.delete(request));
  page.on("requestfailed", (request) => asked.delete(request));
  /** Waits until the page has all answers, and shows them. */
  const settled = async () => {
    do {
      while (asked.size > 0) await page.waitForTimeout(20);
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
    } while (asked.size > 0);
  };
  return { page, complaints, go, settled };
}

interface Violation {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}

/** What axe finds serious or critical on the page. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const axe = (globalThis as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } }).axe;
    return (await axe.run({ resultTypes: ["violations"] })).violations;
  });
  return found
    .filter((violation) => violation.impact === "serious" || violation.impact === "critical")
    .map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html.slice(0, 300)).join("\n   ")}`);
}
