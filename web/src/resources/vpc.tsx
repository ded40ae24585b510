/** VPCs. */
import Box from "@cloudscape-design/components/box";
import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import { useQuery } from "@tanstack/react-query";
import { lazy, useState } from "react";
import { call } from "../api/ec2";
import { nameOf, titled, useList } from "../api/lists";
import { isMain } from "../api/network";
import type { Vpc } from "../api/types";
import { ConfirmDialog } from "../table/ConfirmDialog";
import { Details, Rows } from "../table/Details";
import { Ref } from "../table/Ref";
import { type DialogProps, define } from "../table/resource";
import { State, yesNo } from "../table/State";

const VpcMap = lazy(() => import("../map/maps"));

export const vpc = define<Vpc>({
  kind: "vpcs",
  path: "/vpc/vpcs",
  one: "VPC",
  many: "Your VPCs",
  idHeader: "VPC ID",
  id: (vpc) => vpc.vpcId,
  create: { text: "Create VPC", href: "/vpc/vpcs/create" },
  columns: [
    { id: "state", header: "State", text: (vpc) => vpc.state, cell: (vpc) => <State of={vpc.state} /> },
    { id: "cidr", header: "IPv4 CIDR", text: (vpc) => vpc.cidrBlockAssociationSet.map((block) => block.cidrBlock).join(", ") },
    { id: "routeTable", header: "Main route table", text: () => "", cell: (vpc) => <MainRouteTable of={vpc.vpcId} />, width: 220 },
    { id: "acl", header: "Main network ACL", text: () => "", cell: (vpc) => <DefaultAcl of={vpc.vpcId} />, width: 220 },
    { id: "tenancy", header: "Tenancy", text: (vpc) => capital(vpc.instanceTenancy), width: 110 },
    { id: "default", header: "Default VPC", text: (vpc) => yesNo(vpc.isDefault), width: 140 },
    { id: "owner", header: "Owner ID", text: (vpc) => vpc.ownerId },
  ],
  tabs: [
    { id: "details", label: "Details", Content: VpcDetails },
    { id: "resource-map", label: "Resource map", Content: VpcMap },
    { id: "cidrs", label: "CIDRs", Content: Cidrs },
  ],
  actions: [
    { id: "default", text: "Create default VPC", Dialog: DefaultDialog, none: true },
    { id: "settings", text: "Edit VPC settings", Dialog: SettingsDialog },
    { id: "delete", text: "Delete VPC", Dialog: DeleteDialog },
  ],
});

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

function MainRouteTable({ of: vpcId }: { of: string }) {
  const tables = useList("routeTables").items.filter((table) => table.vpcId === vpcId);
  return <Ref id={tables.find(isMain)?.routeTableId} />;
}

function DefaultAcl({ of: vpcId }: { of: string }) {
  return <Ref id={useList("networkAcls").items.find((acl) => acl.vpcId === vpcId && acl.default === "true")?.networkAclId} />;
}

/** Whether an attribute of the VPC is on; undefined until it is known. */
function useAttribute(vpcId: string, attribute: "enableDnsSupport" | "enableDnsHostnames") {
  return useQuery({
    queryKey: ["ec2", "vpcAttribute", vpcId, attribute],
    queryFn: async () => {
      const answer = await call<Record<string, { value: string }>>("DescribeVpcAttribute", { VpcId: vpcId, Attribute: attribute });
      return answer[attribute]?.value === "true";
    },
  }).data;
}

const enabled = (flag: boolean | undefined) => (flag === undefined ? "–" : flag ? "Enabled" : "Disabled");

function VpcDetails({ item: vpc }: { item: Vpc }) {
  return (
    <Details
      facts={[
        ["VPC ID", vpc.vpcId],
        ["State", <State key="" of={vpc.state} />],
        ["DNS hostnames", enabled(useAttribute(vpc.vpcId, "enableDnsHostnames"))],
        ["DNS resolution", enabled(useAttribute(vpc.vpcId, "enableDnsSupport"))],
        ["Tenancy", capital(vpc.instanceTenancy)],
        ["DHCP option set", vpc.dhcpOptionsId],
        ["Main route table", <MainRouteTable key="" of={vpc.vpcId} />],
        ["Main network ACL", <DefaultAcl key="" of={vpc.vpcId} />],
        ["Default VPC", yesNo(vpc.isDefault)],
        ["IPv4 CIDR", vpc.cidrBlock],
        ["IPv6", "No IPv6 CIDR block"],
        ["Owner ID", vpc.ownerId],
      ]}
    />
  );
}

function Cidrs({ item: vpc }: { item: Vpc }) {
  return (
    <Rows
      label="IPv4 CIDRs"
      items={vpc.cidrBlockAssociationSet}
      columns={[
        ["CIDR", (block) => block.cidrBlock],
        ["Association ID", (block) => block.associationId],
        ["Status", (block) => <State of={block.cidrBlockState.state} />],
      ]}
      empty="No CIDR blocks"
    />
  );
}

function SettingsDialog({ items, close }: DialogProps<Vpc>) {
  const vpc = items[0]!;
  const before = { support: useAttribute(vpc.vpcId, "enableDnsSupport"), hostnames: useAttribute(vpc.vpcId, "enableDnsHostnames") };
  const [support, setSupport] = useState<boolean>();
  const [hostnames, setHostnames] = useState<boolean>();
  const save = async () => {
    // Host names need resolution: the order is the one in which AWS takes both ways.
    const changes = [
      support !== undefined && support !== before.support && { EnableDnsSupport: { Value: support } },
      hostnames !== undefined && hostnames !== before.hostnames && { EnableDnsHostnames: { Value: hostnames } },
    ].flatMap((change) => (change ? [change] : []));
    if (support === false) changes.reverse();
    for (const change of changes) await call("ModifyVpcAttribute", { VpcId: vpc.vpcId, ...change });
    return { type: "success", content: `You have successfully modified the settings for ${titled(vpc.vpcId, nameOf(vpc))}.` } as const;
  };
  return (
    <ConfirmDialog title="Edit VPC settings" confirm="Save" close={close} run={save}>
      <FormField label="DNS settings">
        <Checkbox checked={support ?? before.support ?? false} onChange={({ detail }) => setSupport(detail.checked)}>
          Enable DNS resolution
        </Checkbox>
        <Checkbox checked={hostnames ?? before.hostnames ?? false} onChange={({ detail }) => setHostnames(detail.checked)}>
          Enable DNS hostnames
        </Checkbox>
      </FormField>
    </ConfirmDialog>
  );
}

function DefaultDialog({ close }: DialogProps<Vpc>) {
  const create = async () => {
    const { vpc } = await call<{ vpc: { vpcId: string } }>("CreateDefaultVpc");
    return { type: "success", content: `You successfully created a default VPC: ${vpc.vpcId}` } as const;
  };
  return (
    <ConfirmDialog title="Create default VPC" confirm="Create default VPC" close={close} run={create}>
      <Box>
        A default VPC is ready to use: 172.31.0.0/16, with a public subnet in each Availability Zone and an internet gateway. An account has
        at most one in a Region.
      </Box>
    </ConfirmDialog>
  );
}

function DeleteDialog({ items, close }: DialogProps<Vpc>) {
  const vpc = items[0]!;
  const inside = useContents(vpc.vpcId);
  const remove = async () => {
    for (const [action, parameters] of inside.calls) await call(action, parameters);
    await call("DeleteVpc", { VpcId: vpc.vpcId });
    return {
      type: "success",
      content: `You successfully deleted ${titled(vpc.vpcId, nameOf(vpc))} and ${inside.calls.length > 0 ? `${inside.names.length} other resources` : "nothing else"}.`,
    } as const;
  };
  return (
    <ConfirmDialog title="Delete VPC" confirm="Delete" typed="delete" isReady={inside.isKnown} close={close} run={remove}>
      <Box>
        Will be deleted permanently: <Box variant="strong">{titled(vpc.vpcId, nameOf(vpc))}</Box>
      </Box>
      {inside.names.length > 0 && (
        <Box>
          The following will also be deleted:
          <ul>
            {inside.names.map((name) => (
              <li key={name}>{name}</li>
            ))}
          </ul>
        </Box>
      )}
      {inside.interfaces > 0 && (
        <Box color="text-status-error">
          There are {inside.interfaces} network interfaces in this VPC. Terminate their instances first: AWS refuses until then.
        </Box>
      )}
    </ConfirmDialog>
  );
}

type Call = [action: string, parameters: Record<string, string>];

/** What AWS's console deletes with a VPC, in the order in which the API takes it. */
function useContents(vpcId: string) {
  const lists = {
    subnets: useList("subnets"),
    tables: useList("routeTables"),
    acls: useList("networkAcls"),
    groups: useList("securityGroups"),
    gateways: useList("internetGateways"),
    interfaces: useList("networkInterfaces"),
  };
  // What is not known yet would not be deleted.
  const isKnown = Object.values(lists).every((list) => !list.isLoading);
  const inVpc = <T extends { vpcId?: string }>({ items }: { items: T[] }) => items.filter((item) => item.vpcId === vpcId);
  const subnets = inVpc(lists.subnets);
  const tables = inVpc(lists.tables).filter((table) => !isMain(table));
  const acls = inVpc(lists.acls).filter((acl) => acl.default !== "true");
  const groups = inVpc(lists.groups).filter((group) => group.groupName !== "default");
  const gateways = lists.gateways.items.filter((gateway) => gateway.attachmentSet.some((attachment) => attachment.vpcId === vpcId));
  const interfaces = inVpc(lists.interfaces).length;
  const names = [
    ...subnets.map((subnet) => titled(subnet.subnetId, nameOf(subnet))),
    ...tables.map((table) => titled(table.routeTableId, nameOf(table))),
    ...gateways.map((gateway) => titled(gateway.internetGatewayId, nameOf(gateway))),
    ...acls.map((acl) => titled(acl.networkAclId, nameOf(acl))),
    ...groups.map((group) => titled(group.groupId, group.groupName)),
  ];
  const calls: Call[] = [
    ...subnets.map(({ subnetId }): Call => ["DeleteSubnet", { SubnetId: subnetId }]),
    ...tables.map(({ routeTableId }): Call => ["DeleteRouteTable", { RouteTableId: routeTableId }]),
    ...gateways.flatMap(({ internetGatewayId }): Call[] => [
      ["DetachInternetGateway", { InternetGatewayId: internetGatewayId, VpcId: vpcId }],
      ["DeleteInternetGateway", { InternetGatewayId: internetGatewayId }],
    ]),
    ...acls.map(({ networkAclId }): Call => ["DeleteNetworkAcl", { NetworkAclId: networkAclId }]),
    ...groups.map(({ groupId }): Call => ["DeleteSecurityGroup", { GroupId: groupId }]),
  ];
  return { names, calls, interfaces, isKnown };
}
