/** A daemon of its own for a test file: own port, own state, gone afterwards. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Daemon {
  url: string;
  /** What a command prints that speaks with this daemon. */
  run(...command: string[]): string;
  /** Begins a command that goes on until it is killed, or its daemon ends. */
  begin(...command: string[]): ChildProcess;
  /** Begins any other command, which would speak with this daemon. */
  beside(program: string, ...words: string[]): ChildProcess;
  stop(): Promise<void>;
}

const PEERLESS = process.env.PEERLESS ?? join(import.meta.dirname, "../../target/debug/peerless");

/** Starts it; model-only unless packets are wanted, which needs root and a sandbox. */
export async function start({ packets = false } = {}): Promise<Daemon> {
  // While one works on the page: a development server before a fresh daemon, instead of a build for every change.
  if (process.env.PEERLESS_URL)
    return { url: process.env.PEERLESS_URL, run: () => "", begin: () => spawn("true"), beside: () => spawn("true"), stop: async () => {} };
  const folder = mkdtempSync(join(tmpdir(), "peerless-e2e-"));
  const env = { ...process.env, PEERLESS_RUNTIME_DIR: join(folder, "run") };
  // Process numbers repeat in sandboxes, and the cgroups are the host's.
  const name = `e2e-${process.pid}-${statSync("/proc/self/ns/pid").ino}`;
  const options = ["up", "--name", name, "--listen", "127.0.0.1:0", "--state", join(folder, "state"), ...(packets ? [] : ["--model-only"])];
  const child = spawn(PEERLESS, options, { env, stdio: ["ignore", "pipe", "inherit"] });
  // Also when the tests themselves break off.
  process.once("exit", () => child.kill("SIGTERM"));
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    child.stdout.on("data", (data) => {
      said += data;
      const [, found] = /(http:\/\/127\.0\.0\.1:\d+)/.exec(said) ?? [];
      if (found) resolve(found.replace("127.0.0.1", "localhost"));
    });
    child.once("error", reject);
    child.once("exit", (status) => reject(new Error(`peerless up ended with ${status}: ${said}`)));
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
  const own = { ...env, PEERLESS_NAME: name, PEERLESS_STATE: join(folder, "state") };
  const run = (...command: string[]) => execFileSync(PEERLESS, command, { env: own, encoding: "utf8" });
  const beside = (program: string, ...words: string[]) => spawn(program, words, { env: own, stdio: "ignore" });
  const begin = (...command: string[]) => beside(PEERLESS, ...command);
  return { url, run, begin, beside, stop };
}
