import { defineConfig } from "vitest/config";

// One after the other: what is tested is no slower than the machine. Nothing is tried twice.
export default defineConfig({
  test: { include: ["e2e/**/*.test.ts"], testTimeout: 240_000, hookTimeout: 240_000, fileParallelism: false, retry: 0 },
});
