import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["e2e/measure/*.measure.ts"], testTimeout: 1_800_000, hookTimeout: 240_000, fileParallelism: false, retry: 0 },
});
