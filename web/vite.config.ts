import react from "@vitejs/plugin-react";
import type { ProxyOptions } from "vite";
import { defineConfig } from "vitest/config";
import { precompress } from "./build/precompress.ts";
import { theme } from "./build/theme.ts";

/** The daemon that `npm run dev` works with. */
const target = process.env.PEERLESS_ENDPOINT ?? "http://127.0.0.1:4566";

/** The daemon refuses what comes from another origin, as the development server is. */
const daemon: ProxyOptions = { target, changeOrigin: true, headers: { origin: target, "sec-fetch-site": "same-origin" } };

const proxy: Record<string, ProxyOptions> = {
  "/_peerless": daemon,
  // The API is a POST to the root; all else there is the page.
  "^/$": { ...daemon, bypass: (request) => (request.method === "POST" ? undefined : request.url) },
};

export default defineConfig({
  plugins: [react(), theme(), precompress()],
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 900 },
  server: { proxy },
  preview: { proxy },
  test: { include: ["src/**/*.test.ts"] },
});
