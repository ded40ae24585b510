/** A file for Wireshark: what a network interface sends and receives from now on. */
import Link from "@cloudscape-design/components/link";
import type { ReactElement } from "react";
import { useOurs } from "../frame/exam";
import { usePackets } from "./stream";
import { capturePath } from "./words";

/** The instance or network interface; nothing where no packets are carried. */
export function CaptureLink({ of }: { of: string }) {
  return useCapture(of);
}

/** The same, where it matters whether there is one. */
export function useCapture(of: string): ReactElement | undefined {
  const ours = useOurs();
  const link = (
    <Link href={capturePath(of)} ariaLabel={`Capture 10 s at ${of}, as pcapng`}>
      Capture 10 s
    </Link>
  );
  return usePackets() ? ours(link) : undefined;
}
