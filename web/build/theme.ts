/**
 * The system's fonts in place of those that Cloudscape would download: a style sheet that sets its token, made at build
 * time. Cloudscape's own way does this at run time by an inline style, which the content security policy refuses.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";

const SYSTEM_FONTS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", "Liberation Sans", sans-serif';
const NAME = "virtual:theme.css";

interface Theming {
  preset: { propertiesMap: Record<string, string> };
}

export function theme(): Plugin {
  return {
    name: "theme",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load: (id) => (id === `\0${NAME}` ? css() : undefined),
  };
}

function css(): string {
  const require = createRequire(import.meta.url);
  // Its list of tokens is not exported by name.
  const theming = require.resolve("@cloudscape-design/components/theming");
  const { preset } = require(join(dirname(theming), "../internal/generated/theming/index.cjs")) as Theming;
  const token = (name: string) => preset.propertiesMap[name] ?? fail(name);
  return `
    html body {
      ${token("fontFamilyBase")}: ${SYSTEM_FONTS};
      font: 14px/20px ${SYSTEM_FONTS};
      color: var(${token("colorTextBodyDefault")});
      background: var(${token("colorBackgroundLayoutMain")});
    }`;
}

function fail(name: string): never {
  throw new Error(`Cloudscape has no token ${name}`);
}
