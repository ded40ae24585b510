import { expect, test } from "vitest";
import type { Flow, FlowDifferences } from "../api/peerless";
import { queryOf, together } from "./stream";
import { addressOf, bytes, explained, rate } from "./words";

test("bytes have three digits at most", () => {
  expect([0, 84, 999, 1000, 12_345, 999_949, 999_950, 5e12].map(bytes)).toEqual([
    "0 B",
    "84 B",
    "999 B",
    "1.0 kB",
    "12.3 kB",
    "1.0 MB",
    "1.0 MB",
    "5.0 TB",
  ]);
});

test("a slow flow has a rate, too", () => {
  expect([0, 0.2, 0.96, 5.4, 12_000].map(rate)).toEqual(["0", "0.2", "1", "5", "12,000"]);
});

test("a flow leads to its explanation, with everything filled in", () => {
  const flow = { question: { from: "i-1", to: "i-2", protocol: "tcp", port: 22 } } as Flow;
  expect(explained(flow)).toBe("/explain?from=i-1&to=i-2&protocol=tcp&port=22");
  expect(explained({ question: { from: "i-1", to: "i-2", protocol: "icmp" } } as Flow)).toBe("/explain?from=i-1&to=i-2&protocol=icmp");
  expect(explained({} as Flow)).toBeUndefined();
  expect([addressOf({ address: "10.1.0.10", port: 22 }), addressOf({ address: "10.1.0.10" })]).toEqual(["10.1.0.10:22", "10.1.0.10"]);
});

test("the server chooses, so that the page need not", () => {
  const place = { account: "000000000000", region: "us-east-1" };
  expect(queryOf({ verdict: "drop", protocol: "", text: "10.1" }, place)).toBe(
    "verdict=drop&text=10.1&account=000000000000&region=us-east-1",
  );
});

test("differences are put to what is known", () => {
  const flow = (id: string, packets: number, idle_seconds: number) => ({ id, packets, idle_seconds, age_seconds: 5 }) as Flow;
  const known = { total: 3, matching: 3, flows: [flow("busy", 1, 0.1), flow("idle", 2, 0.2), flow("leaves", 3, 0.3)] };
  const counts = [{ id: "busy", packets: 9, idle_seconds: 0.9 }] as FlowDifferences["counts"];
  const news = { seconds: 2, total: 8, matching: 3, flows: [flow("comes", 4, 0.4)], counts, gone: ["leaves"] };
  expect(together(known, news)).toEqual({
    total: 8,
    matching: 3,
    flows: [flow("comes", 4, 0.4), { ...flow("busy", 9, 0.9), age_seconds: 7 }, { ...flow("idle", 2, 2.2), age_seconds: 7 }],
  });
});
