/** The flows as the kernel knows them, about once a second, for as long as somebody looks at the page. */
import { useQuery } from "@tanstack/react-query";
import { startTransition, useEffect, useState } from "react";
import { carriesPackets, type Flow, type FlowDifferences, type Flows } from "../api/peerless";
import { here } from "../api/place";
import { useOurs } from "../frame/exam";

/** Whether there are packets to be seen; undefined until that is known. */
export const usePackets = (): boolean | undefined => useQuery({ queryKey: ["packets"], queryFn: carriesPackets }).data;

/** The most that the daemon tells of at a time. */
const MOST = 1000;

export interface Wanted {
  verdict?: string;
  protocol?: string;
  text?: string;
  limit?: number;
  /** Without reasons, ways and explanations. */
  plain?: boolean;
  /** How many of the latest are left out before. */
  skip?: number;
}

/** What is known, with what became different of it; the latest first. */
export function together(known: Flows, news: FlowDifferences): Flows {
  const flows = new Map(known.flows.map((flow) => [flow.id, older(flow, news.seconds)]));
  for (const id of news.gone) flows.delete(id);
  for (const flow of news.flows) flows.set(flow.id, flow);
  for (const counts of news.counts) {
    const flow = flows.get(counts.id);
    if (flow) flows.set(counts.id, { ...flow, ...counts });
  }
  return { total: news.total, matching: news.matching, flows: [...flows.values()].sort((a, b) => a.idle_seconds - b.idle_seconds) };
}

const older = (flow: Flow, seconds: number): Flow => ({
  ...flow,
  idle_seconds: flow.idle_seconds + seconds,
  age_seconds: flow.age_seconds + seconds,
});

/** The latest flows; while paused they stay as they are. A page in the background does not ask. */
export function useFlows(wanted: Wanted, isPaused = false): Flows | undefined {
  const [flows, setFlows] = useState<Flows>();
  const packets = usePackets();
  const query = queryOf({ ...wanted, plain: usePlain() });
  useEffect(() => {
    if (!packets || isPaused) return;
    let source: EventSource | undefined;
    let retry = 0;
    const listen = () => {
      clearTimeout(retry);
      source?.close();
      source = undefined;
      if (document.hidden) return;
      source = new EventSource(`/_peerless/flows/differences?${query}`);
      // What one does meanwhile comes first: a table is drawn in parts, between which the page answers.
      const show = (flows: (known?: Flows) => Flows | undefined) => startTransition(() => setFlows(flows));
      source.addEventListener("flows", ({ data }) => show(() => JSON.parse(data) as Flows));
      source.addEventListener("differences", ({ data }) => {
        const news = JSON.parse(data) as FlowDifferences;
        show((known) => known && together(known, news));
      });
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

/** As many as there are to be had, of one moment, to be looked at at leisure; asked for when that begins. */
export function useStill(wanted: Wanted, isPaused: boolean): Flows | undefined {
  const query = queryOf({ ...wanted, limit: MOST, plain: usePlain() });
  const [still, setStill] = useState<Flows>();
  useEffect(() => {
    if (!isPaused) return;
    const gone = new AbortController();
    fetch(`/_peerless/flows?${query}`, { signal: gone.signal })
      .then((response) => (response.ok ? response.json() : undefined))
      .then(setStill)
      // What was shown last stays.
      .catch(() => {});
    return () => {
      gone.abort();
      setStill(undefined);
    };
  }, [query, isPaused]);
  return still;
}

/** In an exam the server tells flows as a flow log has them, and searches no more than that. */
const usePlain = () => (useOurs()(true) ? undefined : true);

export function queryOf(wanted: Wanted, place = here): string {
  const given = Object.entries({ ...wanted, account: place.account, region: place.region });
  return new URLSearchParams(given.flatMap(([name, value]) => (value ? [[name, String(value)]] : []))).toString();
}
