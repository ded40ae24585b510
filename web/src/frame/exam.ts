/**
 * Exam mode: what AWS's console says stays, what only Peerless says is hidden. It is kept in this browser; a link with
 * `?exam=on` or `?exam=off` sets it.
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

/** Whether our own sentences are to be hidden. */
export const useExam = () => useSyncExternalStore(listen, isExam);

function listen(listener: () => void) {
  listeners.add(listener);
  // Another tab may switch it.
  addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("storage", listener);
  };
}
