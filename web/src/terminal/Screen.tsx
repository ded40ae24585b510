/** The black area: xterm.js, and the keys that are about it and not for the instance. */
import "@xterm/xterm/css/xterm.css";
import { FitAddon } from "@xterm/addon-fit";
import { Terminal as Xterm } from "@xterm/xterm";
import { type Ref, useEffect, useImperativeHandle, useRef } from "react";
import type { Size } from "../api/terminal";

/** What others do with the black area. */
export interface Hands {
  /** Shows it, and says when it is shown. */
  show(bytes: Uint8Array, seen?: () => void): void;
  say(text: string): void;
  /** What it looked like before. */
  clear(): void;
  focus(): void;
  size(): Size;
  selection(): string;
  paste(text: string): void;
}

interface Props {
  hands: Ref<Hands>;
  label: string;
  /** The element that says how to leave it by keyboard. */
  describedBy: string;
  isRead: boolean;
  onType(bytes: Uint8Array): void;
  onResize(size: Size): void;
  /** Somebody wants to leave it by keyboard. */
  onLeave(): void;
}

/** Colours that can be read on black (WCAG 2.2, 1.4.3), brighter than xterm's own blue. */
const THEME = { background: "#000000", foreground: "#e6e6e6", blue: "#5c8fff", brightBlue: "#86adff", red: "#f0605f" };
const FONT = '"DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace';
const SCROLLBACK = 5000;

export function Screen({ hands, label, describedBy, isRead, onType, onResize, onLeave }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const xterm = useRef<Xterm>(undefined);
  const latest = useRef({ onType, onResize, onLeave });
  latest.current = { onType, onResize, onLeave };

  useEffect(() => {
    const terminal = new Xterm({ fontFamily: FONT, fontSize: 14, scrollback: SCROLLBACK, theme: THEME });
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    terminal.open(place.current!);
    xterm.current = terminal;
    const utf8 = new TextEncoder();
    terminal.onData((text) => latest.current.onType(utf8.encode(text)));
    // What mice report is no text.
    terminal.onBinary((bytes) => latest.current.onType(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0))));
    terminal.onResize(({ cols, rows }) => latest.current.onResize({ columns: cols, rows }));
    terminal.attachCustomKeyEventHandler((event) => {
      if (event.type !== "keydown" || !isOurs(event, terminal)) return true;
      if (event.key === "Escape" || event.key === "F6") latest.current.onLeave();
      else copy(terminal);
      event.preventDefault();
      return false;
    });
    let frame = 0;
    const watch = new ResizeObserver(() => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => fit.fit());
    });
    watch.observe(place.current!);
    fit.fit();
    return () => {
      watch.disconnect();
      cancelAnimationFrame(frame);
      terminal.dispose();
    };
  }, []);

  useEffect(() => {
    const terminal = xterm.current!;
    terminal.options.screenReaderMode = isRead;
    terminal.textarea?.setAttribute("aria-label", label);
    terminal.textarea?.setAttribute("aria-describedby", describedBy);
  }, [isRead, label, describedBy]);

  useImperativeHandle(hands, () => ({
    show: (bytes, seen) => xterm.current?.write(bytes, seen),
    say: (text) => xterm.current?.write(`\r\n${text}\r\n`),
    clear: () => xterm.current?.reset(),
    focus: () => xterm.current?.focus(),
    size: () => ({ columns: xterm.current?.cols ?? 80, rows: xterm.current?.rows ?? 24 }),
    selection: () => xterm.current?.getSelection() ?? "",
    paste: (text) => xterm.current?.paste(text),
  }));

  return <div ref={place} className="terminal-screen" />;
}

/** Leaving, and copying: Ctrl+C is the instance's interrupt unless something is selected. */
function isOurs({ key, ctrlKey, shiftKey, metaKey, altKey }: KeyboardEvent, terminal: Xterm): boolean {
  if (!ctrlKey || metaKey || altKey) return false;
  if (key === "Escape") return shiftKey;
  return key === "F6" || (key.toLowerCase() === "c" && terminal.hasSelection());
}

function copy(terminal: Xterm) {
  navigator.clipboard.writeText(terminal.getSelection());
  terminal.clearSelection();
}
