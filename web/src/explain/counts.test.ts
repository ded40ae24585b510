import { expect, test } from "vitest";
import type { Explanation } from "../api/peerless";
import { summed, tallied } from "./counts";

test("a station says what it saw, and what it dropped of that", () => {
  expect(tallied({ seen: 1234, dropped: 0 })).toBe("1,234 seen");
  expect(tallied({ seen: 41, dropped: 41 })).toBe("41 seen, 41 dropped");
});

test("the sum says since when, and nothing where nothing was sent", () => {
  const counted = { flows: 1, age_seconds: 90, forward: { seen: 41, dropped: 0 }, reply: { seen: 41, dropped: 40 } };
  const now = new Date(2026, 0, 1, 10, 15, 32).getTime();
  expect(summed({ counted } as Explanation, now)).toBe("41 sent, 40 dropped since 10:14:02");
  expect(summed({ counted: { ...counted, flows: 0 } } as Explanation)).toBeUndefined();
  expect(summed({} as Explanation)).toBeUndefined();
});
