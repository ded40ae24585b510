/** Edit subnet associations: of a route table, or of a network ACL. */

import Header from "@cloudscape-design/components/header";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import { useParams } from "react-router";
import { call } from "../api/ec2";
import { nameOf, titled, useList } from "../api/lists";
import { aclOf, effectiveTable, explicitSubnets } from "../api/network";
import type { NetworkAcl, RouteTable, Subnet } from "../api/types";
import { FormPage } from "./FormPage";

export function RouteTableAssociations() {
  const { id = "" } = useParams();
  const table = useList("routeTables").items.find((table) => table.routeTableId === id);
  return table ? <OfTable key={id} table={table} /> : null;
}

export function AclAssociations() {
  const { id = "" } = useParams();
  const acl = useList("networkAcls").items.find((acl) => acl.networkAclId === id);
  return acl ? <OfAcl key={id} acl={acl} /> : null;
}

function OfTable({ table }: { table: RouteTable }) {
  const tables = useList("routeTables").items;
  const before = explicitSubnets(table);
  const [chosen, setChosen] = useState(before);
  const title = titled(table.routeTableId, nameOf(table));
  const save = async () => {
    const associations = tables.flatMap((other) => other.associationSet);
    for (const SubnetId of chosen.filter((id) => !before.includes(id))) {
      const AssociationId = associations.find((association) => association.subnetId === SubnetId)?.routeTableAssociationId;
      if (AssociationId) await call("ReplaceRouteTableAssociation", { AssociationId, RouteTableId: table.routeTableId });
      else await call("AssociateRouteTable", { SubnetId, RouteTableId: table.routeTableId });
    }
    for (const association of table.associationSet.filter(({ subnetId }) => subnetId && !chosen.includes(subnetId))) {
      await call("DisassociateRouteTable", { AssociationId: association.routeTableAssociationId });
    }
    return done("/vpc/route-tables", table.routeTableId, title);
  };
  return (
    <Associations
      title={title}
      path={["/vpc/route-tables", "Route tables", table.routeTableId]}
      description="Change which subnets are associated with this route table."
      vpcId={table.vpcId}
      chosen={chosen}
      set={setChosen}
      header="Route table ID"
      now={(subnet) => {
        const { table: now, isExplicit } = effectiveTable(subnet, tables);
        return now && (isExplicit ? titled(now.routeTableId, nameOf(now)) : `Main (${titled(now.routeTableId, nameOf(now))})`);
      }}
      save={save}
    />
  );
}

function OfAcl({ acl }: { acl: NetworkAcl }) {
  const acls = useList("networkAcls").items;
  const before = acl.associationSet.map((association) => association.subnetId);
  const [chosen, setChosen] = useState(before);
  const title = titled(acl.networkAclId, nameOf(acl));
  const fallback = acls.find((other) => other.vpcId === acl.vpcId && other.default === "true");
  const save = async () => {
    const move = (subnetId: string, NetworkAclId: string | undefined) => {
      const association = aclOf(subnetId, acls)?.associationSet.find((association) => association.subnetId === subnetId);
      return call("ReplaceNetworkAclAssociation", { AssociationId: association?.networkAclAssociationId, NetworkAclId });
    };
    for (const subnet of chosen.filter((id) => !before.includes(id))) await move(subnet, acl.networkAclId);
    // A subnet always has an ACL: what is let go falls back to the VPC's default one.
    for (const subnet of before.filter((id) => !chosen.includes(id))) await move(subnet, fallback?.networkAclId);
    return done("/vpc/network-acls", acl.networkAclId, title);
  };
  return (
    <Associations
      title={title}
      path={["/vpc/network-acls", "Network ACLs", acl.networkAclId]}
      description="Change which subnets are associated with this network ACL. What you let go uses the default network ACL of the VPC."
      vpcId={acl.vpcId}
      chosen={chosen}
      set={setChosen}
      header="Network ACL ID"
      now={(subnet) => {
        const now = aclOf(subnet.subnetId, acls);
        return now && titled(now.networkAclId, nameOf(now));
      }}
      save={save}
    />
  );
}

const done = (path: string, id: string, title: string) => ({
  href: `${path}/${id}?tab=associations`,
  results: [{ type: "success" as const, content: `You have successfully updated subnet associations for ${title}.` }],
});

interface Props {
  title: string;
  path: [href: string, text: string, id: string];
  description: string;
  vpcId: string;
  chosen: string[];
  set(chosen: string[]): void;
  /** What a subnet has now, and the column's header. */
  now(subnet: Subnet): string | undefined;
  header: string;
  save(): ReturnType<Parameters<typeof FormPage>[0]["onSubmit"]>;
}

function Associations({ title, path: [href, text, id], description, vpcId, chosen, set, now, header, save }: Props) {
  const subnets = useList("subnets").items.filter((subnet) => subnet.vpcId === vpcId);
  return (
    <FormPage
      title="Edit subnet associations"
      description={description}
      path={[
        [href, text],
        [`${href}/${id}?tab=associations`, title],
      ]}
      submit="Save associations"
      onSubmit={save}
    >
      <Table
        items={subnets}
        trackBy="subnetId"
        selectionType="multi"
        selectedItems={subnets.filter((subnet) => chosen.includes(subnet.subnetId))}
        onSelectionChange={({ detail }) => set(detail.selectedItems.map((subnet) => subnet.subnetId))}
        onRowClick={({ detail: { item } }) =>
          set(chosen.includes(item.subnetId) ? chosen.filter((id) => id !== item.subnetId) : [...chosen, item.subnetId])
        }
        ariaLabels={{
          tableLabel: "Available subnets",
          selectionGroupLabel: "Selection",
          allItemsSelectionLabel: () => "Select all subnets",
          itemSelectionLabel: (_, subnet) => `Select ${titled(subnet.subnetId, nameOf(subnet))}`,
        }}
        header={
          <Header variant="h2" counter={`(${chosen.length}/${subnets.length})`}>
            Available subnets
          </Header>
        }
        columnDefinitions={[
          { id: "name", header: "Name", cell: (subnet) => nameOf(subnet) || "–" },
          { id: "id", header: "Subnet ID", cell: (subnet) => subnet.subnetId },
          { id: "cidr", header: "IPv4 CIDR", cell: (subnet) => subnet.cidrBlock },
          { id: "now", header, cell: (subnet) => now(subnet) ?? "–" },
        ]}
        empty="This VPC has no subnets."
      />
    </FormPage>
  );
}
