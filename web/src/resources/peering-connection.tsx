/** VPC peering connections. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Checkbox from "@cloudscape-design/components/checkbox";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import { useState } from "react";
import { call } from "../api/ec2";
import { nameOf, titled, useList } from "../api/lists";
import { destinationOf } from "../api/network";
import { here } from "../api/place";
import type { PeeringConnection } from "../api/types";
import { useOurs } from "../frame/exam";
import { ConfirmDialog } from "../table/ConfirmDialog";
import { Details, Rows } from "../table/Details";
import { Ref } from "../table/Ref";
import { type DialogProps, define } from "../table/resource";
import { State } from "../table/State";

type Pcx = PeeringConnection;

const waits = (pcx: Pcx | undefined) => pcx?.status.code === "pending-acceptance";
const isOver = (pcx: Pcx) => ["deleted", "rejected", "failed", "expired"].includes(pcx.status.code);

export const peeringConnection = define<Pcx>({
  kind: "peeringConnections",
  path: "/vpc/peering-connections",
  one: "peering connection",
  many: "Peering connections",
  idHeader: "Peering connection ID",
  id: (pcx) => pcx.vpcPeeringConnectionId,
  create: { text: "Create peering connection", href: "/vpc/peering-connections/create" },
  columns: [
    { id: "status", header: "Status", text: (pcx) => pcx.status.code, cell: (pcx) => <State of={pcx.status.code} />, width: 180 },
    {
      id: "requester",
      header: "Requester VPC",
      text: (pcx) => pcx.requesterVpcInfo.vpcId,
      cell: (pcx) => <Ref id={pcx.requesterVpcInfo.vpcId} />,
      width: 330,
    },
    {
      id: "accepter",
      header: "Accepter VPC",
      text: (pcx) => pcx.accepterVpcInfo.vpcId,
      cell: (pcx) => <Ref id={pcx.accepterVpcInfo.vpcId} />,
      width: 330,
    },
    { id: "requesterCidr", header: "Requester CIDRs", text: (pcx) => pcx.requesterVpcInfo.cidrBlock ?? "" },
    { id: "accepterCidr", header: "Accepter CIDRs", text: (pcx) => pcx.accepterVpcInfo.cidrBlock ?? "" },
    { id: "requesterOwner", header: "Requester owner ID", text: (pcx) => pcx.requesterVpcInfo.ownerId },
    { id: "accepterOwner", header: "Accepter owner ID", text: (pcx) => pcx.accepterVpcInfo.ownerId },
  ],
  tabs: [
    { id: "details", label: "Details", Content: PeeringDetails },
    { id: "routes", label: "Route tables", Content: PeeringRoutes },
  ],
  actions: [
    {
      id: "accept",
      text: "Accept request",
      Dialog: AcceptDialog,
      refusal: ([pcx]) => (waits(pcx) ? undefined : "It does not wait for acceptance."),
    },
    {
      id: "reject",
      text: "Reject request",
      Dialog: RejectDialog,
      refusal: ([pcx]) => (waits(pcx) ? undefined : "It does not wait for acceptance."),
    },
    {
      id: "dns",
      text: "Edit DNS settings",
      Dialog: DnsDialog,
      refusal: ([pcx]) => (pcx?.status.code === "active" ? undefined : "It is not active."),
    },
    {
      id: "delete",
      text: "Delete peering connection",
      Dialog: DeleteDialog,
      refusal: ([pcx]) => (pcx && isOver(pcx) ? "It is over already; it disappears by itself." : undefined),
    },
  ],
});

const title = (pcx: Pcx) => titled(pcx.vpcPeeringConnectionId, nameOf(pcx));
const owner = (id: string) => (id === here.account ? `${id} (This account)` : id);
const region = (name: string | undefined) => (name === here.region ? `${name} (This Region)` : name);

/** Whether public names of instances of this end mean private addresses at the other. */
const resolves = (end: Pcx["requesterVpcInfo"]) => end.peeringOptions?.allowDnsResolutionFromRemoteVpc === "true";

function PeeringDetails({ item: pcx }: { item: Pcx }) {
  const ours = useOurs();
  const tables = useList("routeTables").items;
  const side = (vpcId: string) => tables.some((table) => table.vpcId === vpcId && routesOver(pcx, table.routeSet).length > 0);
  const missing = [pcx.requesterVpcInfo, pcx.accepterVpcInfo].filter(
    (end) => end.ownerId === here.account && end.region === here.region && !side(end.vpcId),
  );
  return (
    <>
      {pcx.status.code === "active" &&
        missing.length > 0 &&
        ours(
          <Box margin={{ bottom: "m" }}>
            <Alert type="info" header="Traffic does not flow yet">
              No route table of {missing.map((end) => end.vpcId).join(" and ")} sends anything over this connection. Both sides need a route
              to the other VPC.
            </Alert>
          </Box>,
        )}
      <Details
        facts={[
          ["Peering connection ID", pcx.vpcPeeringConnectionId],
          ["Status", <State key="" of={pcx.status.code} />],
          ["Status message", pcx.status.message],
          ["Expiration time", waits(pcx) ? pcx.expirationTime : "–"],
          ["Requester VPC", <Ref key="" id={pcx.requesterVpcInfo.vpcId} />],
          ["Requester CIDRs", pcx.requesterVpcInfo.cidrBlock],
          ["Requester Region", region(pcx.requesterVpcInfo.region)],
          ["Requester owner ID", owner(pcx.requesterVpcInfo.ownerId)],
          ["Accepter VPC", <Ref key="" id={pcx.accepterVpcInfo.vpcId} />],
          ["Accepter CIDRs", pcx.accepterVpcInfo.cidrBlock],
          ["Accepter Region", region(pcx.accepterVpcInfo.region)],
          ["Accepter owner ID", owner(pcx.accepterVpcInfo.ownerId)],
          ["Requester DNS resolution", resolves(pcx.requesterVpcInfo) ? "Enabled" : "Disabled"],
          ["Accepter DNS resolution", resolves(pcx.accepterVpcInfo) ? "Enabled" : "Disabled"],
        ]}
      />
    </>
  );
}

function routesOver<R extends { vpcPeeringConnectionId?: string }>(pcx: Pcx, routes: readonly R[]): R[] {
  return routes.filter((route) => route.vpcPeeringConnectionId === pcx.vpcPeeringConnectionId);
}

function PeeringRoutes({ item: pcx }: { item: Pcx }) {
  const rows = useList("routeTables").items.flatMap((table) => routesOver(pcx, table.routeSet).map((route) => ({ table, route })));
  return (
    <Rows
      label="Routes over this connection"
      items={rows}
      columns={[
        ["Route table", ({ table }) => <Ref id={table.routeTableId} />],
        ["VPC", ({ table }) => <Ref id={table.vpcId} />],
        ["Destination", ({ route }) => destinationOf(route)],
        ["Status", ({ route }) => <State of={route.state} />],
      ]}
      empty="No route of this account leads over it"
    />
  );
}

function Ends({ pcx }: { pcx: Pcx }) {
  const end = (who: "Requester" | "Accepter", info: Pcx["requesterVpcInfo"]) => [
    { label: `${who} VPC`, value: info.vpcId },
    { label: `${who} CIDRs`, value: info.cidrBlock ?? "–" },
    { label: `${who} Region`, value: region(info.region) ?? "–" },
    { label: `${who} owner ID`, value: owner(info.ownerId) },
  ];
  return <KeyValuePairs columns={2} items={[...end("Requester", pcx.requesterVpcInfo), ...end("Accepter", pcx.accepterVpcInfo)]} />;
}

function AcceptDialog({ items, close }: DialogProps<Pcx>) {
  const pcx = items[0]!;
  const accept = async () => {
    await call("AcceptVpcPeeringConnection", { VpcPeeringConnectionId: pcx.vpcPeeringConnectionId });
    return [
      { type: "success" as const, content: `Your VPC peering connection (${title(pcx)}) has been established.` },
      {
        type: "info" as const,
        content:
          "To send and receive traffic across this VPC peering connection, you must add a route to the peered VPC in one or more of your VPC route tables.",
        next: { text: "Modify my route tables now", href: "/vpc/route-tables" },
      },
    ];
  };
  return (
    <ConfirmDialog title="Accept VPC peering connection request" confirm="Accept request" size="large" close={close} run={accept}>
      <Box>
        Are you sure you want to accept this VPC peering connection request? <Box variant="strong">{title(pcx)}</Box>
      </Box>
      <Ends pcx={pcx} />
    </ConfirmDialog>
  );
}

function RejectDialog({ items, close }: DialogProps<Pcx>) {
  const pcx = items[0]!;
  const reject = async () => {
    await call("RejectVpcPeeringConnection", { VpcPeeringConnectionId: pcx.vpcPeeringConnectionId });
    return { type: "success", content: `Your VPC peering connection (${title(pcx)}) has been rejected.` } as const;
  };
  return (
    <ConfirmDialog title="Reject VPC peering connection request" confirm="Reject request" size="large" close={close} run={reject}>
      <Box>
        Are you sure you want to reject this VPC peering connection request? <Box variant="strong">{title(pcx)}</Box>
      </Box>
      <Ends pcx={pcx} />
    </ConfirmDialog>
  );
}

function DnsDialog({ items, close }: DialogProps<Pcx>) {
  const pcx = items[0]!;
  const ends = [
    { who: "Requester", other: "accepter", info: pcx.requesterVpcInfo, option: "RequesterPeeringConnectionOptions" },
    { who: "Accepter", other: "requester", info: pcx.accepterVpcInfo, option: "AccepterPeeringConnectionOptions" },
  ].map((end) => ({ ...end, isMine: end.info.ownerId === here.account && end.info.region === here.region }));
  const [wanted, setWanted] = useState<Record<string, boolean>>({});
  const save = async () => {
    const changed = ends.filter(({ who, info }) => wanted[who] !== undefined && wanted[who] !== resolves(info));
    const options = changed.map(({ who, option }) => [option, { AllowDnsResolutionFromRemoteVpc: wanted[who] }]);
    const parameters = { VpcPeeringConnectionId: pcx.vpcPeeringConnectionId, ...Object.fromEntries(options) };
    if (options.length > 0) await call("ModifyVpcPeeringConnectionOptions", parameters);
    return { type: "success", content: `You have successfully modified the DNS settings of ${title(pcx)}.` } as const;
  };
  return (
    <ConfirmDialog title="Edit DNS settings" confirm="Save changes" size="large" close={close} run={save}>
      {ends.map(({ who, other, info, isMine }) => (
        <Checkbox
          key={who}
          checked={wanted[who] ?? resolves(info)}
          disabled={!isMine}
          description={isMine ? "Both VPCs need DNS hostnames and DNS resolution." : "It is set in the account and Region of that VPC."}
          onChange={({ detail }) => setWanted({ ...wanted, [who]: detail.checked })}
        >
          {who} DNS resolution: allow the {other} VPC to resolve public DNS names of hosts in {info.vpcId} to private IP addresses
        </Checkbox>
      ))}
    </ConfirmDialog>
  );
}

function DeleteDialog({ items, close }: DialogProps<Pcx>) {
  const pcx = items[0]!;
  const [withRoutes, setWithRoutes] = useState(false);
  const { items: tables, isLoading } = useList("routeTables");
  const remove = async () => {
    for (const table of withRoutes ? tables : []) {
      for (const route of routesOver(pcx, table.routeSet)) {
        await call("DeleteRoute", {
          RouteTableId: table.routeTableId,
          DestinationCidrBlock: route.destinationCidrBlock,
          DestinationIpv6CidrBlock: route.destinationIpv6CidrBlock,
        });
      }
    }
    await call("DeleteVpcPeeringConnection", { VpcPeeringConnectionId: pcx.vpcPeeringConnectionId });
    return { type: "success", content: `You successfully deleted ${title(pcx)}.` } as const;
  };
  return (
    <ConfirmDialog
      title="Delete VPC peering connection"
      confirm="Delete"
      typed="delete"
      isReady={!isLoading}
      size="large"
      close={close}
      run={remove}
    >
      <Box>
        Will be deleted: <Box variant="strong">{title(pcx)}</Box>
      </Box>
      <Ends pcx={pcx} />
      <Checkbox
        checked={withRoutes}
        description="Without this the routes stay, and are blackholes."
        onChange={({ detail }) => setWithRoutes(detail.checked)}
      >
        Delete related route table entries
      </Checkbox>
    </ConfirmDialog>
  );
}
