/** Route tables. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useNavigate } from "react-router";
import { call } from "../api/ec2";
import { nameOf, titled, useList } from "../api/lists";
import { destinationOf, explicitSubnets, isMain, targetOf } from "../api/network";
import type { RouteTable } from "../api/types";
import { ConfirmDialog } from "../table/ConfirmDialog";
import { Details, Rows } from "../table/Details";
import { Ref } from "../table/Ref";
import { type DialogProps, define } from "../table/resource";
import { State } from "../table/State";

export const routeTable = define<RouteTable>({
  kind: "routeTables",
  path: "/vpc/route-tables",
  one: "route table",
  many: "Route tables",
  idHeader: "Route table ID",
  id: (table) => table.routeTableId,
  create: { text: "Create route table", href: "/vpc/route-tables/create" },
  columns: [
    {
      id: "subnets",
      header: "Explicit subnet associations",
      text: (table) => subnetsText(table),
      width: 330,
      cell: (table) => <SubnetsCell table={table} />,
    },
    { id: "edge", header: "Edge associations", text: () => "", width: 150 },
    { id: "main", header: "Main", text: (table) => (isMain(table) ? "Yes" : "No"), width: 90 },
    { id: "vpc", header: "VPC", text: (table) => table.vpcId, cell: (table) => <Ref id={table.vpcId} />, width: 320 },
    { id: "owner", header: "Owner ID", text: (table) => table.ownerId },
  ],
  tabs: [
    { id: "details", label: "Details", Content: TableDetails },
    { id: "routes", label: "Routes", Content: ({ item }) => <RouteRows table={item} editable /> },
    { id: "associations", label: "Subnet associations", Content: Associations },
  ],
  actions: [
    {
      id: "main",
      text: "Set main route table",
      Dialog: MainDialog,
      refusal: ([table]) => (table && isMain(table) ? "It is the main route table already." : undefined),
    },
    { id: "edit-associations", text: "Edit subnet associations", href: (table) => `/vpc/route-tables/${table.routeTableId}/associations` },
    { id: "edit-routes", text: "Edit routes", href: (table) => `/vpc/route-tables/${table.routeTableId}/routes` },
    {
      id: "delete",
      text: "Delete route table",
      Dialog: DeleteDialog,
      refusal: ([table]) => (table && isMain(table) ? "The main route table goes with its VPC." : undefined),
    },
  ],
});

const title = (table: RouteTable) => titled(table.routeTableId, nameOf(table));

function subnetsText(table: RouteTable): string {
  const subnets = explicitSubnets(table);
  return subnets.length > 1 ? `${subnets.length} subnets` : (subnets[0] ?? "");
}

function SubnetsCell({ table }: { table: RouteTable }) {
  const subnets = explicitSubnets(table);
  return subnets.length === 1 ? <Ref id={subnets[0]} /> : subnetsText(table) || "–";
}

function TableDetails({ item: table }: { item: RouteTable }) {
  return (
    <Details
      facts={[
        ["Route table ID", table.routeTableId],
        ["Main", isMain(table) ? "Yes" : "No"],
        ["VPC", <Ref key="" id={table.vpcId} />],
        ["Owner ID", table.ownerId],
        ["Explicit subnet associations", <SubnetsCell key="" table={table} />],
        ["Edge associations", "–"],
      ]}
    />
  );
}

/** The routes of a table, the local one first, as AWS lists them. */
export function RouteRows({ table, editable }: { table: RouteTable; editable?: boolean }) {
  const navigate = useNavigate();
  return (
    <Rows
      label="Routes"
      items={table.routeSet}
      columns={[
        ["Destination", destinationOf],
        ["Target", (route) => <Ref id={targetOf(route)} />],
        ["Status", (route) => <State of={route.state} />],
        ["Propagated", () => "No"],
        ["Route Origin", (route) => route.origin],
      ]}
      empty="No routes"
      actions={editable && <Button onClick={() => navigate(`/vpc/route-tables/${table.routeTableId}/routes`)}>Edit routes</Button>}
    />
  );
}

function Associations({ item: table }: { item: RouteTable }) {
  const navigate = useNavigate();
  const tables = useList("routeTables").items;
  const subnets = useList("subnets").items.filter((subnet) => subnet.vpcId === table.vpcId);
  const explicit = explicitSubnets(table);
  const taken = tables.flatMap(explicitSubnets);
  const columns = [
    ["Name", (subnet) => nameOf(subnet) || "–"],
    ["Subnet ID", (subnet) => <Ref id={subnet.subnetId} name="" />],
    ["IPv4 CIDR", (subnet) => subnet.cidrBlock],
  ] as [string, (subnet: (typeof subnets)[number]) => React.ReactNode][];
  return (
    <SpaceBetween size="l">
      <Rows
        label="Explicit subnet associations"
        items={subnets.filter((subnet) => explicit.includes(subnet.subnetId))}
        columns={columns}
        empty="You do not have any subnet associations."
        actions={<Button onClick={() => navigate(`/vpc/route-tables/${table.routeTableId}/associations`)}>Edit subnet associations</Button>}
      />
      <Rows
        label="Subnets without explicit associations"
        description="These subnets have no route table of their own and use the main route table of the VPC."
        items={subnets.filter((subnet) => !taken.includes(subnet.subnetId))}
        columns={columns}
        empty="All subnets are associated with a route table."
      />
    </SpaceBetween>
  );
}

function MainDialog({ items, close }: DialogProps<RouteTable>) {
  const table = items[0]!;
  const tables = useList("routeTables").items;
  const save = async () => {
    const main = tables.filter((other) => other.vpcId === table.vpcId).flatMap((other) => other.associationSet);
    const association = main.find((association) => association.main === "true");
    await call("ReplaceRouteTableAssociation", { AssociationId: association?.routeTableAssociationId, RouteTableId: table.routeTableId });
    return { type: "success", content: `You have successfully set ${title(table)} as the main route table.` } as const;
  };
  return (
    <ConfirmDialog title="Set main route table" confirm="Set main route table" close={close} run={save}>
      <Box>
        Subnets of the VPC without a route table of their own will use <Box variant="strong">{title(table)}</Box>.
      </Box>
    </ConfirmDialog>
  );
}

function DeleteDialog({ items, close }: DialogProps<RouteTable>) {
  const table = items[0]!;
  const remove = async () => {
    await call("DeleteRouteTable", { RouteTableId: table.routeTableId });
    return { type: "success", content: `You successfully deleted ${title(table)}.` } as const;
  };
  return (
    <ConfirmDialog title="Delete route table" confirm="Delete" typed="delete" close={close} run={remove}>
      <Box>
        Will be deleted permanently: <Box variant="strong">{title(table)}</Box>
      </Box>
    </ConfirmDialog>
  );
}
