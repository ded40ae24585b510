/** The stream of generations: when the state changes, whatever is shown is asked again. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { refreshAll } from "./lists";

/** Keeps the page up to date; says whether the daemon is there. A page that nobody looks at does not listen. */
export function useLive(): boolean {
  const client = useQueryClient();
  const [isThere, setThere] = useState(true);
  useEffect(() => {
    let source: EventSource | undefined;
    let shown: string | undefined;
    const listen = () => {
      source?.close();
      source = undefined;
      if (document.hidden) return;
      source = new EventSource("/_peerless/events");
      source.onopen = () => setThere(true);
      source.onerror = () => {
        setThere(false);
        // A refusal, such as a full house, ends the stream; the browser tries again only after a broken connection.
        if (source?.readyState === EventSource.CLOSED) retry = window.setTimeout(listen, 3000);
      };
      source.addEventListener("generation", ({ data }) => {
        if (shown !== undefined && shown !== data) refreshAll(client);
        shown = data;
      });
    };
    let retry = 0;
    listen();
    document.addEventListener("visibilitychange", listen);
    return () => {
      clearTimeout(retry);
      document.removeEventListener("visibilitychange", listen);
      source?.close();
    };
  }, [client]);
  return isThere;
}
