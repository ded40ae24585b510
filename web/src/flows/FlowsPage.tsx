/** Live flows: who, to whom, how much, and what drops them. The server chooses and limits; the page shows a page of it. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Pagination from "@cloudscape-design/components/pagination";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { useEffect, useState } from "react";
import { useSearchParams } from "react-router";
import type { Flow, FlowEnd } from "../api/peerless";
import { useRemember } from "../frame/address";
import { useOurs } from "../frame/exam";
import { Page } from "../frame/Page";
import { pageOf, To } from "../table/Ref";
import { CaptureLink } from "./CaptureLink";
import { useFlows, usePackets, useStill } from "./stream";
import { addressOf, bytes, explained, rate } from "./words";

const VERDICTS = [
  { value: "", label: "Accepted and dropped" },
  { value: "drop", label: "Dropped" },
  { value: "accept", label: "Accepted" },
];

const PROTOCOLS = [
  { value: "", label: "All protocols" },
  { value: "icmp", label: "ICMP" },
  { value: "tcp", label: "TCP" },
  { value: "udp", label: "UDP" },
];

/** How many rows are shown, and asked for, at a time. */
const PAGE = 50;

export function FlowsPage() {
  const [search] = useSearchParams();
  const remember = useRemember();
  const [isPaused, setPaused] = useState(false);
  const [page, setPage] = useState(1);
  const packets = usePackets();
  const ours = useOurs();
  const wanted = { verdict: search.get("verdict") ?? "", protocol: search.get("protocol") ?? "", text: search.get("text") ?? "" };
  const skip = (page - 1) * PAGE;
  const live = useFlows({ ...wanted, limit: PAGE, skip }, isPaused);
  const still = useStill(wanted, isPaused);
  const flows = still ?? live;
  const set = (name: string, value: string) => {
    remember({ [name]: value });
    setPage(1);
  };
  const shown = still ? still.flows.slice(skip, skip + PAGE) : (live?.flows ?? []);
  const pages = Math.max(page, Math.ceil((still?.flows.length ?? live?.matching ?? 0) / PAGE));
  const place = ours("Name, ID, address, port or rule") ?? "Name, ID, address or port";
  return (
    <Page title="Flows" contentType="table">
      {packets === false ? (
        <SpaceBetween size="l">
          <Header variant="h1">Flows</Header>
          <Alert type="info" statusIconAriaLabel="Info" header="There are no packets to be seen">
            This daemon runs with --model-only: it answers questions and carries no packets.
          </Alert>
        </SpaceBetween>
      ) : (
        <Table
          variant="full-page"
          stickyHeader
          wrapLines
          items={shown}
          trackBy="id"
          loading={packets === undefined || (flows === undefined && !isPaused)}
          loadingText="Looking"
          ariaLabels={{ tableLabel: "Flows" }}
          header={
            <Header
              variant="h1"
              counter={flows && `(${flows.matching.toLocaleString("en")})`}
              description="Each direction of each conversation that the kernel knows, the latest first. It looks once a second while this page is open."
              actions={
                <Button iconName={isPaused ? "caret-right-filled" : "pause"} onClick={() => setPaused(!isPaused)}>
                  {isPaused ? "Go on" : "Pause"}
                </Button>
              }
            >
              Flows
            </Header>
          }
          filter={
            <div style={{ display: "flex", gap: 12, flexWrap: "wrap" }}>
              <Search text={wanted.text} placeholder={place} set={(text) => set("text", text)} />
              <Choice label="Verdict" options={VERDICTS} value={wanted.verdict} set={(verdict) => set("verdict", verdict)} />
              <Choice label="Protocol" options={PROTOCOLS} value={wanted.protocol} set={(protocol) => set("protocol", protocol)} />
            </div>
          }
          pagination={
            pages > 1 && (
              <Pagination currentPageIndex={page} pagesCount={pages} onChange={({ detail }) => setPage(detail.currentPageIndex)} />
            )
          }
          footer={
            still &&
            still.matching > still.flows.length && (
              <Box textAlign="center" color="text-body-secondary">
                The latest {still.flows.length.toLocaleString("en")} of {still.matching.toLocaleString("en")}. Search to see others, or go
                on.
              </Box>
            )
          }
          empty={
            <Box textAlign="center" padding="l">
              <b>Nothing goes on</b>
              <Box variant="p">
                {wanted.text || wanted.verdict || wanted.protocol ? "No flow matches." : "Send a packet from an instance: ping another."}
              </Box>
            </Box>
          }
          columnDefinitions={[
            { id: "from", header: "From", cell: (flow) => <End end={flow.from} />, isRowHeader: true, minWidth: 190 },
            { id: "to", header: "To", cell: (flow) => <End end={flow.to} />, minWidth: 190 },
            {
              id: "carries",
              header: "Carries",
              cell: (flow) => (flow.is_reply ? `${flow.carries}, a reply` : flow.carries),
              minWidth: 110,
            },
            {
              id: "verdict",
              header: "Verdict",
              cell: (flow) => ours(<Verdict flow={flow} />) ?? (flow.verdict === "drop" ? "REJECT" : "ACCEPT"),
              minWidth: 220,
            },
            {
              id: "packets",
              header: "Packets",
              cell: (flow) => amount(flow.packets.toLocaleString("en"), `${rate(flow.packets_per_second)}/s`),
              minWidth: 90,
            },
            { id: "bytes", header: "Bytes", cell: (flow) => amount(bytes(flow.bytes), `${bytes(flow.bytes_per_second)}/s`), minWidth: 90 },
            { id: "last", header: "Last", cell: (flow) => `${Math.round(flow.idle_seconds)} s ago`, minWidth: 80 },
            ...(ours([{ id: "more", header: "Look closer", cell: (flow: Flow) => <More flow={flow} />, minWidth: 110 }]) ?? []),
          ]}
        />
      )}
    </Page>
  );
}

function amount(sum: string, perSecond: string) {
  return (
    <>
      {sum}
      <Box color="text-body-secondary" fontSize="body-s">
        {perSecond}
      </Box>
    </>
  );
}

function End({ end }: { end: FlowEnd }) {
  const page = end.id && pageOf(end.id);
  const title = end.name ?? end.id;
  return (
    <>
      {page ? <To href={page}>{title}</To> : title}
      <Box color="text-body-secondary" fontSize="body-s">
        {addressOf(end)}
      </Box>
    </>
  );
}

function Verdict({ flow }: { flow: Flow }) {
  if (!flow.dropped) return <StatusIndicator>Accepted</StatusIndicator>;
  const { stage, resource, detail } = flow.dropped;
  return (
    <>
      <StatusIndicator type="error">Dropped by {stage}</StatusIndicator>
      <Box fontSize="body-s">
        {resource}: {detail}
      </Box>
    </>
  );
}

function More({ flow }: { flow: Flow }) {
  const page = explained(flow);
  const card = flow.from.interface ?? flow.to.interface;
  return (
    <SpaceBetween size="xxs">
      {page && <To href={page}>Explain</To>}
      {card && <CaptureLink of={card} />}
    </SpaceBetween>
  );
}

function Choice(props: { label: string; options: { value: string; label: string }[]; value: string; set(value: string): void }) {
  const { label, options, value, set } = props;
  return (
    <div style={{ minWidth: 190 }}>
      <Select
        ariaLabel={label}
        options={options}
        selectedOption={options.find((option) => option.value === value) ?? options[0]!}
        onChange={({ detail }) => set(detail.selectedOption.value ?? "")}
      />
    </div>
  );
}

/** What is written is asked for when one has stopped writing. */
function Search({ text, placeholder, set }: { text: string; placeholder: string; set(text: string): void }) {
  const [typed, setTyped] = useState(text);
  useEffect(() => setTyped(text), [text]);
  useEffect(() => {
    if (typed === text) return;
    const timer = setTimeout(() => set(typed), 300);
    return () => clearTimeout(timer);
  });
  return (
    <div style={{ flex: "1 1 260px", maxWidth: 460 }}>
      <Input
        type="search"
        ariaLabel={`Find flows: ${placeholder}`}
        placeholder={placeholder}
        value={typed}
        onChange={({ detail }) => setTyped(detail.value)}
      />
    </div>
  );
}
