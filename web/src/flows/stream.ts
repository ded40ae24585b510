/** The flows as the kernel knows them, about once a second, for as long as somebody looks at the page. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { carriesPackets, type Flows } from "../api/peerless";
import { here } from "../api/place";
import { useOurs } from "../frame/exam";

/** Whether there are packets to be seen; undefined until that is known. */
export const usePackets = (): boolean | undefined => useQuery({ queryKey: ["packets"], queryFn: carriesPackets }).data;

export interface Wanted {
  verdict?: string;
  protocol?: string;
  text?: string;
  limit?: number;
  /** Without reasons, ways and explanations. */
  plain?: boolean;
}

/** The latest flows; while paused they stay as they are. A page in the background does not ask. */
export function useFlows(wanted: Wanted, isPaused = false): Flows | undefined {
  const [flows, setFlows] = useState<Flows>();
  const packets = usePackets();
  // In an exam the server tells flows as a flow log has them, and searches no more than that.
  const plain = useOurs()(true) ? undefined : true;
  const query = queryOf({ ...wanted, plain });
  useEffect(() => {
    if (!packets || isPaused) return;
    let source: EventSource | undefined;
    let retry = 0;
    const listen = () => {
      clearTimeout(retry);
      source?.close();
      source = undefined;
      if (document.hidden) return;
      source = new EventSource(`/_peerless/flows/stream?${query}`);
      source.addEventListener("flows", ({ data }) => setFlows(JSON.parse(data) as Flows));
      source.onerror = () => {
        // A refusal ends the stream for good; the browser comes back by itself only after a broken connection.
        if (source?.readyState === EventSource.CLOSED) retry = window.setTimeout(listen, 3000);
      };
    };
    listen();
    document.addEventListener("visibilitychange", listen);
    return () => {
      clearTimeout(retry);
      document.removeEventListener("visibilitychange", listen);
      source?.close();
    };
  }, [query, packets, isPaused]);
  return flows;
}

export function queryOf(wanted: Wanted, place = here): string {
  const given = Object.entries({ ...wanted, account: place.account, region: place.region });
  return new URLSearchParams(given.flatMap(([name, value]) => (value ? [[name, String(value)]] : []))).toString();
}
