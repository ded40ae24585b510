/** Security groups. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import { useNavigate } from "react-router";
import { call } from "../api/ec2";
import { useList } from "../api/lists";
import type { SecurityGroup, SecurityGroupRule } from "../api/types";
import { peerOf } from "../forms/rules";
import { kindOf, portsOf, protocolName } from "../forms/traffic";
import { ConfirmDialog } from "../table/ConfirmDialog";
import { Details, Rows } from "../table/Details";
import { Ref } from "../table/Ref";
import { type DialogProps, define } from "../table/resource";

export const securityGroup = define<SecurityGroup>({
  kind: "securityGroups",
  path: "/vpc/security-groups",
  one: "security group",
  many: "Security groups",
  idHeader: "Security group ID",
  id: (group) => group.groupId,
  create: { text: "Create security group", href: "/vpc/security-groups/create" },
  columns: [
    { id: "groupName", header: "Security group name", text: (group) => group.groupName, width: 180 },
    { id: "vpc", header: "VPC ID", text: (group) => group.vpcId, cell: (group) => <Ref id={group.vpcId} />, width: 320 },
    { id: "description", header: "Description", text: (group) => group.groupDescription, width: 220 },
    { id: "owner", header: "Owner", text: (group) => group.ownerId },
    { id: "in", header: "Inbound rules count", text: () => "", cell: (group) => <Count group={group} egress={false} /> },
    { id: "out", header: "Outbound rules count", text: () => "", cell: (group) => <Count group={group} egress /> },
  ],
  tabs: [
    { id: "details", label: "Details", Content: GroupDetails },
    { id: "inbound", label: "Inbound rules", Content: ({ item }) => <GroupRules group={item} egress={false} /> },
    { id: "outbound", label: "Outbound rules", Content: ({ item }) => <GroupRules group={item} egress /> },
  ],
  actions: [
    { id: "edit-in", text: "Edit inbound rules", href: (group) => `/vpc/security-groups/${group.groupId}/inbound` },
    { id: "edit-out", text: "Edit outbound rules", href: (group) => `/vpc/security-groups/${group.groupId}/outbound` },
    {
      id: "delete",
      text: "Delete security groups",
      Dialog: DeleteDialog,
      several: true,
      refusal: (groups) => (groups.some((group) => group.groupName === "default") ? "A default group goes with its VPC." : undefined),
    },
  ],
});

/** A group as the console's sentences write it. */
export const titleOf = (group: SecurityGroup) => `${group.groupId} | ${group.groupName}`;

/** The rules of one direction. */
export function useRules(groupId: string, egress: boolean): SecurityGroupRule[] {
  return useList("securityGroupRules").items.filter((rule) => rule.groupId === groupId && (rule.isEgress === "true") === egress);
}

export const trafficOf = (rule: SecurityGroupRule) => ({ protocol: rule.ipProtocol, from: rule.fromPort, to: rule.toPort });

function Count({ group, egress }: { group: SecurityGroup; egress: boolean }) {
  const { length } = useRules(group.groupId, egress);
  return `${length} Permission entr${length === 1 ? "y" : "ies"}`;
}

function GroupDetails({ item: group }: { item: SecurityGroup }) {
  const interfaces = useList("networkInterfaces").items.filter((eni) => eni.groupSet.some((other) => other.groupId === group.groupId));
  return (
    <Details
      facts={[
        ["Security group name", group.groupName],
        ["Security group ID", group.groupId],
        ["Description", group.groupDescription],
        ["VPC ID", <Ref key="" id={group.vpcId} />],
        ["Owner", group.ownerId],
        ["Inbound rules count", <Count key="" group={group} egress={false} />],
        ["Outbound rules count", <Count key="" group={group} egress />],
        ["Network interfaces that have it", `${interfaces.length}`],
      ]}
    />
  );
}

function GroupRules({ group, egress }: { group: SecurityGroup; egress: boolean }) {
  const navigate = useNavigate();
  const direction = egress ? "outbound" : "inbound";
  return (
    <Rows
      label={egress ? "Outbound rules" : "Inbound rules"}
      items={useRules(group.groupId, egress)}
      columns={[
        ["Security group rule ID", (rule) => rule.securityGroupRuleId],
        ["IP version", (rule) => (rule.cidrIpv4 ? "IPv4" : rule.cidrIpv6 ? "IPv6" : "–")],
        ["Type", (rule) => kindOf(trafficOf(rule))],
        ["Protocol", (rule) => protocolName(rule.ipProtocol)],
        ["Port range", (rule) => portsOf(trafficOf(rule))],
        [egress ? "Destination" : "Source", (rule) => <Peer rule={rule} group={group} />],
        ["Description", (rule) => rule.description || "–"],
      ]}
      empty={egress ? "Nothing may leave" : "Nothing may come in"}
      actions={<Button onClick={() => navigate(`/vpc/security-groups/${group.groupId}/${direction}`)}>Edit {direction} rules</Button>}
    />
  );
}

function Peer({ rule, group }: { rule: SecurityGroupRule; group: SecurityGroup }) {
  const peer = peerOf(rule);
  if (!rule.referencedGroupInfo) return peer;
  return (
    <>
      <Ref id={peer} />
      {peer === group.groupId && " (members of this same group)"}
    </>
  );
}

function DeleteDialog({ items, close }: DialogProps<SecurityGroup>) {
  const remove = async () => {
    for (const { groupId } of items) await call("DeleteSecurityGroup", { GroupId: groupId });
    return { type: "success", content: `Security group (${items.map(titleOf).join(", ")}) deleted successfully.` } as const;
  };
  return (
    <ConfirmDialog title="Delete security groups" confirm="Delete" typed="delete" close={close} run={remove}>
      <Box>
        Will be deleted permanently: <Box variant="strong">{items.map(titleOf).join(", ")}</Box>
      </Box>
    </ConfirmDialog>
  );
}
