/** Network ACLs. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useNavigate } from "react-router";
import { call } from "../api/ec2";
import { nameOf, titled, useList } from "../api/lists";
import { entriesOf, LAST_RULE } from "../api/network";
import type { NetworkAcl } from "../api/types";
import { trafficOf } from "../forms/entries";
import { kindOf, portsOf, protocolName, protocolOf } from "../forms/traffic";
import { ConfirmDialog } from "../table/ConfirmDialog";
import { Details, Rows } from "../table/Details";
import { Ref } from "../table/Ref";
import { type DialogProps, define } from "../table/resource";
import { yesNo } from "../table/State";

export const networkAcl = define<NetworkAcl>({
  kind: "networkAcls",
  path: "/vpc/network-acls",
  one: "network ACL",
  many: "Network ACLs",
  idHeader: "Network ACL ID",
  id: (acl) => acl.networkAclId,
  create: { text: "Create network ACL", href: "/vpc/network-acls/create" },
  columns: [
    { id: "subnets", header: "Associated with", text: associatedWith, cell: (acl) => <Associated acl={acl} />, width: 330 },
    { id: "default", header: "Default", text: (acl) => yesNo(acl.default), width: 100 },
    { id: "vpc", header: "VPC ID", text: (acl) => acl.vpcId, cell: (acl) => <Ref id={acl.vpcId} />, width: 320 },
    { id: "in", header: "Inbound rules count", text: (acl) => count(acl, false) },
    { id: "out", header: "Outbound rules count", text: (acl) => count(acl, true) },
    { id: "owner", header: "Owner", text: (acl) => acl.ownerId },
  ],
  tabs: [
    { id: "details", label: "Details", Content: AclDetails },
    { id: "inbound", label: "Inbound rules", Content: ({ item }) => <AclRules acl={item} egress={false} editable /> },
    { id: "outbound", label: "Outbound rules", Content: ({ item }) => <AclRules acl={item} egress editable /> },
    { id: "associations", label: "Subnet associations", Content: Associations },
  ],
  actions: [
    { id: "edit-in", text: "Edit inbound rules", href: (acl) => `/vpc/network-acls/${acl.networkAclId}/inbound` },
    { id: "edit-out", text: "Edit outbound rules", href: (acl) => `/vpc/network-acls/${acl.networkAclId}/outbound` },
    { id: "edit-associations", text: "Edit subnet associations", href: (acl) => `/vpc/network-acls/${acl.networkAclId}/associations` },
    {
      id: "delete",
      text: "Delete network ACLs",
      Dialog: DeleteDialog,
      refusal: ([acl]) => (acl?.default === "true" ? "The default network ACL goes with its VPC." : undefined),
    },
  ],
});

const title = (acl: NetworkAcl) => titled(acl.networkAclId, nameOf(acl));

function count(acl: NetworkAcl, egress: boolean) {
  const rules = entriesOf(acl, egress).length;
  return `${rules} ${egress ? "Outbound" : "Inbound"} rule${rules === 1 ? "" : "s"}`;
}

function associatedWith(acl: NetworkAcl): string {
  const [first, ...more] = acl.associationSet.map((association) => association.subnetId);
  return more.length > 0 ? `${acl.associationSet.length} Subnets` : (first ?? "");
}

function Associated({ acl }: { acl: NetworkAcl }) {
  return acl.associationSet.length === 1 ? <Ref id={acl.associationSet[0]?.subnetId} /> : associatedWith(acl) || "–";
}

function AclDetails({ item: acl }: { item: NetworkAcl }) {
  return (
    <Details
      facts={[
        ["Network ACL ID", acl.networkAclId],
        ["Associated with", <Associated key="" acl={acl} />],
        ["Default", yesNo(acl.default)],
        ["VPC ID", <Ref key="" id={acl.vpcId} />],
        ["Owner", acl.ownerId],
      ]}
    />
  );
}

export function AclRules({ acl, egress, editable }: { acl: NetworkAcl; egress: boolean; editable?: boolean }) {
  const navigate = useNavigate();
  const direction = egress ? "outbound" : "inbound";
  return (
    <Rows
      label={egress ? "Outbound rules" : "Inbound rules"}
      items={entriesOf(acl, egress)}
      columns={[
        ["Rule number", (entry) => (entry.ruleNumber === LAST_RULE ? "*" : entry.ruleNumber)],
        ["Type", (entry) => kindOf(trafficOf(entry))],
        ["Protocol", (entry) => protocolName(protocolOf(entry.protocol))],
        ["Port range", (entry) => portsOf(trafficOf(entry))],
        [egress ? "Destination" : "Source", (entry) => entry.cidrBlock ?? entry.ipv6CidrBlock],
        [
          "Allow/Deny",
          (entry) =>
            entry.ruleAction === "allow" ? <StatusIndicator>Allow</StatusIndicator> : <StatusIndicator type="error">Deny</StatusIndicator>,
        ],
      ]}
      empty="No rules"
      actions={
        editable && <Button onClick={() => navigate(`/vpc/network-acls/${acl.networkAclId}/${direction}`)}>Edit {direction} rules</Button>
      }
    />
  );
}

function Associations({ item: acl }: { item: NetworkAcl }) {
  const navigate = useNavigate();
  const mine = acl.associationSet.map((association) => association.subnetId);
  const subnets = useList("subnets").items.filter((subnet) => mine.includes(subnet.subnetId));
  return (
    <Rows
      label="Subnet associations"
      items={subnets}
      columns={[
        ["Name", (subnet) => nameOf(subnet) || "–"],
        ["Subnet ID", (subnet) => <Ref id={subnet.subnetId} name="" />],
        ["Availability Zone", (subnet) => subnet.availabilityZone],
        ["IPv4 CIDR", (subnet) => subnet.cidrBlock],
      ]}
      empty="No subnet uses this network ACL"
      actions={<Button onClick={() => navigate(`/vpc/network-acls/${acl.networkAclId}/associations`)}>Edit subnet associations</Button>}
    />
  );
}

function DeleteDialog({ items, close }: DialogProps<NetworkAcl>) {
  const acl = items[0]!;
  const remove = async () => {
    await call("DeleteNetworkAcl", { NetworkAclId: acl.networkAclId });
    return { type: "success", content: `You successfully deleted ${title(acl)}.` } as const;
  };
  return (
    <ConfirmDialog title="Delete network ACLs" confirm="Delete" typed="delete" close={close} run={remove}>
      <Box>
        Will be deleted permanently: <Box variant="strong">{title(acl)}</Box>
      </Box>
    </ConfirmDialog>
  );
}
