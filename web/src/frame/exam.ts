/**
 * Exam mode: what AWS's console says stays, what only Peerless says is hidden. It is kept in this browser; a link with
 * `?exam=on` or `?exam=off` sets it.
 *
 * This is the one place that knows of it. A page passes what is ours through `useOurs`, and what it draws through a function
 * that leaves what AWS has: a map without marks, rates and red spots; flows as a flow log has them, which the server
 * prunes; of an explanation its status, and the first code with its component, as Reachability Analyzer gives them.
 * Gone are reasons, fixes, probes, captures, links to explanations and the line below a terminal. AWS's own notes and
 * refusals stay, and so do states such as a route's "Blackhole".
 */
import { useSyncExternalStore } from "react";

const KEY = "peerless.exam";
const listeners = new Set<() => void>();

const asked = new URLSearchParams(globalThis.location?.search ?? "").get("exam");
if (asked === "on" || asked === "off") setExam(asked === "on");

export function isExam(): boolean {
  return globalThis.localStorage?.getItem(KEY) === "on";
}

export function setExam(on: boolean) {
  localStorage.setItem(KEY, on ? "on" : "off");
  for (const listener of listeners) listener();
}

/** Whether our own sentences are to be hidden: for the switch itself. Pages ask `useOurs`. */
export const useExam = () => useSyncExternalStore(listen, isExam);

/** What is ours, as it is; in an exam, nothing. */
export type Ours = <T>(thing: T) => T | undefined;

export function useOurs(): Ours {
  return useExam() ? hidden : shown;
}

const hidden: Ours = () => undefined;
const shown: Ours = (thing) => thing;

function listen(listener: () => void) {
  listeners.add(listener);
  // Another tab may switch it.
  addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("storage", listener);
  };
}
