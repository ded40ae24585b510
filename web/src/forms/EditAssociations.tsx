/** Edit subnet associations: of a route table, or of a network ACL. */

import Header from "@cloudscape-design/components/header";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import { useParams } from "react-router";
import type { Call } from "../api/cli";
import { nameOf, titled, useList } from "../api/lists";
import { aclOf, effectiveTable, explicitSubnets } from "../api/network";
import type { NetworkAcl, RouteTable, Subnet } from "../api/types";
import { FormPage, perform } from "./FormPage";

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
  const wanted = async () => {
    const associations = tables.flatMap((other) => other.associationSet);
    const RouteTableId = table.routeTableId;
    const added = chosen
      .filter((id) => !before.includes(id))
      .map((SubnetId): Call => {
        const AssociationId = associations.find((association) => association.subnetId === SubnetId)?.routeTableAssociationId;
        return AssociationId
          ? ["ReplaceRouteTableAssociation", { AssociationId, RouteTableId }]
          : ["AssociateRouteTable", { SubnetId, RouteTableId }];
      });
    const gone = table.associationSet.filter(({ subnetId }) => subnetId && !chosen.includes(subnetId));
    return [...added, ...gone.map((old): Call => ["DisassociateRouteTable", { AssociationId: old.routeTableAssociationId }])];
  };
  const save = async () => {
    await perform(await wanted());
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
      changes={wanted}
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
  const wanted = async () => {
    const move = (subnetId: string, NetworkAclId: string | undefined): Call => {
      const association = aclOf(subnetId, acls)?.associationSet.find((association) => association.subnetId === subnetId);
      return ["ReplaceNetworkAclAssociation", { AssociationId: association?.networkAclAssociationId, NetworkAclId }];
    };
    return [
      ...chosen.filter((id) => !before.includes(id)).map((subnet) => move(subnet, acl.networkAclId)),
      // A subnet always has an ACL: what is let go falls back to the VPC's default one.
      ...before.filter((id) => !chosen.includes(id)).map((subnet) => move(subnet, fallback?.networkAclId)),
    ];
  };
  const save = async () => {
    await perform(await wanted());
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
      changes={wanted}
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
  changes(): Promise<Call[]>;
  save(): ReturnType<Parameters<typeof FormPage>[0]["onSubmit"]>;
}

function Associations({ title, path: [href, text, id], description, vpcId, chosen, set, now, header, changes, save }: Props) {
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
      changes={changes}
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
