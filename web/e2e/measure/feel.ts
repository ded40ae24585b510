/** What a page is like for who uses it: how long frames take, and how long until input is painted. */
import type { Page } from "playwright-core";

export interface Distribution {
  count: number;
  p50: number;
  p95: number;
  most: number;
}

export interface Felt {
  /** From one frame to the next, in milliseconds. */
  frames: Distribution;
  /** Tasks of more than 50 ms. */
  late: number;
  /** From input to the frame that shows it, in milliseconds; 16 stands for whatever is faster. */
  inputs: Distribution;
}

interface Notes {
  notes?: { frames: number[]; late: number[]; inputs: number[]; goesOn: boolean };
}

function distribution(values: number[]): Distribution {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), most: at(1) };
}

/** Begins to take notes. */
export async function feel(page: Page): Promise<{ end(): Promise<Felt> }> {
  await page.evaluate(() => {
    const notes: NonNullable<Notes["notes"]> = { frames: [], late: [], inputs: [], goesOn: true };
    (globalThis as Notes).notes = notes;
    let last = performance.now();
    const frame = (now: number) => {
      notes.frames.push(now - last);
      last = now;
      if (notes.goesOn) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    new PerformanceObserver((list) => notes.late.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: "longtask" });
    const inputs = new PerformanceObserver((list) => {
      for (const { name, duration } of list.getEntries()) if (name === "pointerdown" || name === "keydown") notes.inputs.push(duration);
    });
    inputs.observe({ type: "event", durationThreshold: 16 } as PerformanceObserverInit);
  });
  const end = async () => {
    await page.waitForTimeout(300);
    const { frames, late, inputs } = await page.evaluate(() => {
      const notes = (globalThis as Notes).notes!;
      notes.goesOn = false;
      return notes;
    });
    return { frames: distribution(frames.slice(1)), late: late.length, inputs: distribution(inputs) };
  };
  return { end };
}
