/** Subnets. */
import Box from "@cloudscape-design/components/box";
import Checkbox from "@cloudscape-design/components/checkbox";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { call } from "../api/ec2";
import { nameOf, titled, useList } from "../api/lists";
import { aclOf, effectiveTable } from "../api/network";
import type { Subnet } from "../api/types";
import { ChoiceField, useOptions } from "../forms/fields";
import { ConfirmDialog } from "../table/ConfirmDialog";
import { Details } from "../table/Details";
import { Ref } from "../table/Ref";
import { type DialogProps, define } from "../table/resource";
import { State, yesNo } from "../table/State";
import { AclRules } from "./network-acl";
import { RouteRows } from "./route-table";

export const subnet = define<Subnet>({
  kind: "subnets",
  path: "/vpc/subnets",
  one: "subnet",
  many: "Subnets",
  idHeader: "Subnet ID",
  id: (subnet) => subnet.subnetId,
  create: { text: "Create subnet", href: "/vpc/subnets/create" },
  columns: [
    { id: "state", header: "State", text: (subnet) => subnet.state, cell: (subnet) => <State of={subnet.state} />, width: 140 },
    { id: "vpc", header: "VPC", text: (subnet) => subnet.vpcId, cell: (subnet) => <Ref id={subnet.vpcId} />, width: 330 },
    { id: "cidr", header: "IPv4 CIDR", text: (subnet) => subnet.cidrBlock, width: 150 },
    { id: "free", header: "Available IPv4 addresses", text: (subnet) => subnet.availableIpAddressCount, width: 150 },
    { id: "zone", header: "Availability Zone", text: (subnet) => subnet.availabilityZone, width: 150 },
    { id: "table", header: "Route table", text: () => "", cell: (subnet) => <TableOf subnet={subnet} />, width: 330 },
    { id: "acl", header: "Network ACL", text: () => "", cell: (subnet) => <AclOf subnet={subnet} />, width: 210 },
    { id: "public", header: "Auto-assign public IPv4 address", text: (subnet) => yesNo(subnet.mapPublicIpOnLaunch) },
    { id: "default", header: "Default subnet", text: (subnet) => yesNo(subnet.defaultForAz) },
    { id: "owner", header: "Owner ID", text: (subnet) => subnet.ownerId },
  ],
  tabs: [
    { id: "details", label: "Details", Content: SubnetDetails },
    { id: "route-table", label: "Route table", Content: TableTab },
    { id: "acl", label: "Network ACL", Content: AclTab },
  ],
  actions: [
    { id: "settings", text: "Edit subnet settings", Dialog: SettingsDialog },
    { id: "edit-acl", text: "Edit network ACL association", Dialog: AclDialog },
    { id: "edit-table", text: "Edit route table association", Dialog: TableDialog },
    { id: "delete", text: "Delete subnet", Dialog: DeleteDialog, several: true },
  ],
});

const useTable = (subnet: Subnet) => effectiveTable(subnet, useList("routeTables").items);
const useAcl = (subnet: Subnet) => aclOf(subnet.subnetId, useList("networkAcls").items);
const TableOf = ({ subnet }: { subnet: Subnet }) => <Ref id={useTable(subnet).table?.routeTableId} />;
const AclOf = ({ subnet }: { subnet: Subnet }) => <Ref id={useAcl(subnet)?.networkAclId} />;
const title = (subnet: Subnet) => titled(subnet.subnetId, nameOf(subnet));

function SubnetDetails({ item: subnet }: { item: Subnet }) {
  const { table, isExplicit } = useTable(subnet);
  return (
    <Details
      facts={[
        ["Subnet ID", subnet.subnetId],
        ["Subnet ARN", subnet.subnetArn],
        ["State", <State key="" of={subnet.state} />],
        ["IPv4 CIDR", subnet.cidrBlock],
        ["Available IPv4 addresses", subnet.availableIpAddressCount],
        ["Availability Zone", `${subnet.availabilityZone} (${subnet.availabilityZoneId})`],
        ["VPC", <Ref key="" id={subnet.vpcId} />],
        [isExplicit ? "Route table" : "Route table (the main one)", <Ref key="" id={table?.routeTableId} />],
        ["Network ACL", <Ref key="" id={useAcl(subnet)?.networkAclId} />],
        ["Auto-assign public IPv4 address", yesNo(subnet.mapPublicIpOnLaunch)],
        ["Default subnet", yesNo(subnet.defaultForAz)],
        ["Owner", subnet.ownerId],
      ]}
    />
  );
}

function TableTab({ item: subnet }: { item: Subnet }) {
  const { table, isExplicit } = useTable(subnet);
  if (!table) return null;
  return (
    <SpaceBetween size="s">
      <Box>
        Route table: <Ref id={table.routeTableId} />
        {!isExplicit && " — the VPC's main table, because no table is associated with this subnet."}
      </Box>
      <RouteRows table={table} />
    </SpaceBetween>
  );
}

function AclTab({ item: subnet }: { item: Subnet }) {
  const acl = useAcl(subnet);
  if (!acl) return null;
  return (
    <SpaceBetween size="s">
      <Box>
        Network ACL: <Ref id={acl.networkAclId} />
      </Box>
      <AclRules acl={acl} egress={false} />
      <AclRules acl={acl} egress />
    </SpaceBetween>
  );
}

function SettingsDialog({ items, close }: DialogProps<Subnet>) {
  const subnet = items[0]!;
  const [isPublic, setPublic] = useState(subnet.mapPublicIpOnLaunch === "true");
  const save = async () => {
    await call("ModifySubnetAttribute", { SubnetId: subnet.subnetId, MapPublicIpOnLaunch: { Value: isPublic } });
    return { type: "success", content: `You have successfully changed subnet settings: ${title(subnet)}` } as const;
  };
  return (
    <ConfirmDialog title="Edit subnet settings" confirm="Save" close={close} run={save}>
      <Box>
        Subnet: <Box variant="strong">{title(subnet)}</Box>
      </Box>
      <Checkbox
        checked={isPublic}
        description="New instances in this subnet get a public IPv4 address, unless their launch says otherwise."
        onChange={({ detail }) => setPublic(detail.checked)}
      >
        Enable auto-assign public IPv4 address
      </Checkbox>
    </ConfirmDialog>
  );
}

function AclDialog({ items, close }: DialogProps<Subnet>) {
  const subnet = items[0]!;
  const now = useAcl(subnet);
  const [chosen, choose] = useState(now?.networkAclId ?? "");
  const options = useOptions("networkAcls", (acl) => acl.networkAclId, { only: (acl) => acl.vpcId === subnet.vpcId });
  const save = async () => {
    const association = now?.associationSet.find((association) => association.subnetId === subnet.subnetId);
    if (chosen !== now?.networkAclId) {
      await call("ReplaceNetworkAclAssociation", { AssociationId: association?.networkAclAssociationId, NetworkAclId: chosen });
    }
    return { type: "success", content: `You have successfully updated the network ACL association of ${title(subnet)}.` } as const;
  };
  return (
    <ConfirmDialog title="Edit network ACL association" confirm="Save" close={close} run={save} isReady={chosen !== ""}>
      <ChoiceField label="Network ACL ID" value={chosen} set={choose} options={options} />
    </ConfirmDialog>
  );
}

function TableDialog({ items, close }: DialogProps<Subnet>) {
  const subnet = items[0]!;
  const { table: now, isExplicit } = useTable(subnet);
  const [chosen, choose] = useState(now?.routeTableId ?? "");
  const tables = useList("routeTables").items;
  const options = useOptions("routeTables", (table) => table.routeTableId, { only: (table) => table.vpcId === subnet.vpcId });
  const save = async () => {
    const own = isExplicit ? now?.associationSet.find((association) => association.subnetId === subnet.subnetId) : undefined;
    const isMainChosen = tables
      .find((table) => table.routeTableId === chosen)
      ?.associationSet.some((association) => association.main === "true");
    if (own && chosen !== now?.routeTableId) {
      await call("ReplaceRouteTableAssociation", { AssociationId: own.routeTableAssociationId, RouteTableId: chosen });
    } else if (!own && !isMainChosen) await call("AssociateRouteTable", { SubnetId: subnet.subnetId, RouteTableId: chosen });
    return { type: "success", content: `You have successfully updated the route table association of ${title(subnet)}.` } as const;
  };
  return (
    <ConfirmDialog title="Edit route table association" confirm="Save" close={close} run={save} isReady={chosen !== ""}>
      <ChoiceField label="Route table ID" value={chosen} set={choose} options={options} />
    </ConfirmDialog>
  );
}

function DeleteDialog({ items, close }: DialogProps<Subnet>) {
  const remove = async () => {
    for (const { subnetId } of items) await call("DeleteSubnet", { SubnetId: subnetId });
    return { type: "success", content: `You successfully deleted ${items.map(title).join(", ")}.` } as const;
  };
  return (
    <ConfirmDialog title="Delete subnet" confirm="Delete" typed="delete" close={close} run={remove}>
      <Box>
        Will be deleted permanently: <Box variant="strong">{items.map(title).join(", ")}</Box>
      </Box>
    </ConfirmDialog>
  );
}
