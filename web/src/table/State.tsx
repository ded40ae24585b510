/** A state as AWS's console shows it: a glyph, a colour and a word. */
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";

const LOOKS: Record<string, StatusIndicatorProps.Type> = {
  available: "success",
  active: "success",
  running: "success",
  associated: "success",
  succeeded: "success",
  attached: "success",
  "in-use": "success",
  pending: "pending",
  "pending-acceptance": "pending",
  "initiating-request": "in-progress",
  provisioning: "in-progress",
  attaching: "in-progress",
  detaching: "in-progress",
  deleting: "in-progress",
  stopping: "in-progress",
  "shutting-down": "in-progress",
  stopped: "stopped",
  terminated: "stopped",
  deleted: "stopped",
  detached: "stopped",
  rejected: "error",
  failed: "error",
  expired: "error",
  blackhole: "error",
};

const WORDS: Record<string, string> = {
  "pending-acceptance": "Pending acceptance",
  "initiating-request": "Initiating request",
  "shutting-down": "Shutting-down",
  "in-use": "In-use",
};

export const wordOf = (state: string) => WORDS[state] ?? state.charAt(0).toUpperCase() + state.slice(1);

export function State({ of: state }: { of: string | undefined }) {
  if (!state) return "–";
  return <StatusIndicator type={LOOKS[state] ?? "info"}>{wordOf(state)}</StatusIndicator>;
}

export const yesNo = (flag: string | undefined) => (flag === "true" ? "Yes" : "No");
