/** Edit routes: the local routes stay, the others are a list to write in. */
import Autosuggest from "@cloudscape-design/components/autosuggest";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import { useParams } from "react-router";
import { describe, nameOf, titled, useList } from "../api/lists";
import { destinationOf, targetOf } from "../api/network";
import type { RouteTable } from "../api/types";
import { CRAMPED } from "../frame/Page";
import { State } from "../table/State";
import { FormPage, perform } from "./FormPage";
import { changes, type Draft, editable } from "./routes";

/** What a route can lead to here, by the names of AWS's menu; a target is chosen in two steps, kind and id. */
const KINDS = [
  { value: "igw-", label: "Internet Gateway" },
  { value: "pcx-", label: "Peering Connection" },
];

export function EditRoutes() {
  const { id = "" } = useParams();
  const table = useList("routeTables").items.find((table) => table.routeTableId === id);
  return table ? <Editor key={id} table={table} /> : null;
}

type Row = { local: true; destination: string; key: number } | (Draft & { local?: false });

function Editor({ table }: { table: RouteTable }) {
  const [drafts, setDrafts] = useState<Draft[]>(() =>
    editable(table.routeSet).map((route, key) => ({ key, destination: destinationOf(route), target: targetOf(route) })),
  );
  const set = (key: number, change: Partial<Draft>) =>
    setDrafts(drafts.map((draft) => (draft.key === key ? { ...draft, ...change } : draft)));
  const title = titled(table.routeTableId, nameOf(table));
  const local = table.routeSet.filter((route) => targetOf(route) === "local");
  const rows: Row[] = [...local.map((route, at) => ({ local: true as const, destination: destinationOf(route), key: -1 - at })), ...drafts];
  const routeOf = (row: Row) => table.routeSet.find((route) => destinationOf(route) === row.destination.trim());
  // As the table is now: after a refusal half way, a second try goes on with what is left.
  const wanted = async () => {
    const now = (await describe("routeTables")).find((other) => other.routeTableId === table.routeTableId);
    return changes(table.routeTableId, now?.routeSet ?? [], drafts);
  };
  const save = async () => {
    await perform(await wanted());
    return {
      href: `/vpc/route-tables/${table.routeTableId}?tab=routes`,
      results: [{ type: "success" as const, content: `Updated routes for ${title} successfully` }],
    };
  };
  return (
    <FormPage
      title="Edit routes"
      description={title}
      path={[
        ["/vpc/route-tables", "Route tables"],
        [`/vpc/route-tables/${table.routeTableId}?tab=routes`, title],
      ]}
      submit="Save changes"
      isReady={drafts.every((draft) => draft.destination.trim() !== "" && draft.target.length > 4)}
      changes={wanted}
      onSubmit={save}
    >
      <SpaceBetween size="s">
        <Table
          items={rows}
          trackBy={(row) => String(row.key)}
          ariaLabels={{ tableLabel: "Routes" }}
          columnDefinitions={[
            {
              id: "destination",
              header: "Destination",
              minWidth: 190,
              cell: (row) =>
                row.local ? row.destination : <Destination value={row.destination} set={(destination) => set(row.key, { destination })} />,
            },
            {
              id: "target",
              header: "Target",
              minWidth: 255,
              cell: (row) =>
                row.local ? "local" : <Target vpcId={table.vpcId} value={row.target} set={(target) => set(row.key, { target })} />,
            },
            { id: "status", header: "Status", minWidth: 110, cell: (row) => <State of={routeOf(row)?.state} /> },
            ...(innerWidth < CRAMPED
              ? []
              : [
                  { id: "propagated", header: "Propagated", cell: () => "No" },
                  { id: "origin", header: "Route Origin", cell: (row: Row) => routeOf(row)?.origin ?? "CreateRoute" },
                ]),
            {
              id: "remove",
              header: "",
              minWidth: 60,
              cell: (row) =>
                !row.local && (
                  <Button
                    formAction="none"
                    variant="icon"
                    iconName="remove"
                    ariaLabel={`Remove the route to ${row.destination || "nowhere yet"}`}
                    onClick={() => setDrafts(drafts.filter((draft) => draft.key !== row.key))}
                  />
                ),
            },
          ]}
          empty={<Box>No routes</Box>}
        />
        <Button
          formAction="none"
          onClick={() =>
            setDrafts([...drafts, { key: Math.max(-1, ...drafts.map((draft) => draft.key)) + 1, destination: "", target: "" }])
          }
        >
          Add route
        </Button>
      </SpaceBetween>
    </FormPage>
  );
}

/** A destination: anything, with the blocks at hand proposed. */
function Destination({ value, set }: { value: string; set(value: string): void }) {
  const vpcs = useList("vpcs").items;
  const options = [
    { value: "0.0.0.0/0" },
    ...vpcs.map((vpc) => ({ value: vpc.cidrBlock, description: titled(vpc.vpcId, nameOf(vpc)) })),
  ].filter((option, at, all) => all.findIndex((other) => other.value === option.value) === at);
  return (
    <Autosuggest
      value={value}
      options={options}
      ariaLabel="Destination"
      placeholder="10.2.0.0/16"
      enteredTextLabel={(text) => `Use: "${text}"`}
      onChange={({ detail }) => set(detail.value)}
    />
  );
}

function Target({ vpcId, value, set }: { vpcId: string; value: string; set(value: string): void }) {
  const gateways = useList("internetGateways").items.map((gateway) => ({ value: gateway.internetGatewayId, name: nameOf(gateway) }));
  const peerings = useList("peeringConnections")
    .items.filter((pcx) => [pcx.requesterVpcInfo.vpcId, pcx.accepterVpcInfo.vpcId].includes(vpcId))
    .filter((pcx) => !["deleted", "rejected", "failed", "expired"].includes(pcx.status.code))
    .map((pcx) => ({ value: pcx.vpcPeeringConnectionId, name: nameOf(pcx) }));
  const kind = KINDS.find((kind) => value.startsWith(kind.value));
  const targets = (kind?.value === "pcx-" ? peerings : gateways).map(({ value, name }) => ({
    value,
    label: name ? `${value} (${name})` : value,
  }));
  return (
    <SpaceBetween size="xxs">
      <Select
        ariaLabel="Kind of target"
        selectedOption={kind ?? null}
        placeholder="Select a target"
        options={KINDS}
        onChange={({ detail }) => set(detail.selectedOption.value ?? "")}
        expandToViewport
      />
      {kind && (
        <Select
          ariaLabel="Target"
          selectedOption={targets.find((option) => option.value === value) ?? (value === kind.value ? null : { value, label: value })}
          placeholder={`${kind.value}…`}
          options={targets}
          empty={`No ${kind.label.toLowerCase()}`}
          onChange={({ detail }) => set(detail.selectedOption.value ?? "")}
          expandToViewport
        />
      )}
    </SpaceBetween>
  );
}
