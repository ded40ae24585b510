/** Network interfaces. */
import Box from "@cloudscape-design/components/box";
import Checkbox from "@cloudscape-design/components/checkbox";
import { type ReactNode, useState } from "react";
import { call } from "../api/ec2";
import { nameOf, titled } from "../api/lists";
import type { NetworkInterface } from "../api/types";
import { useCapture } from "../flows/CaptureLink";
import { GroupsField } from "../forms/GroupsField";
import { ConfirmDialog } from "../table/ConfirmDialog";
import { Details } from "../table/Details";
import { Ref } from "../table/Ref";
import { type DialogProps, define } from "../table/resource";
import { State, yesNo } from "../table/State";

type Eni = NetworkInterface;

export const networkInterface = define<Eni>({
  kind: "networkInterfaces",
  path: "/ec2/network-interfaces",
  one: "network interface",
  many: "Network interfaces",
  idHeader: "Network interface ID",
  id: (eni) => eni.networkInterfaceId,
  columns: [
    { id: "subnet", header: "Subnet ID", text: (eni) => eni.subnetId, cell: (eni) => <Ref id={eni.subnetId} />, width: 330 },
    { id: "vpc", header: "VPC ID", text: (eni) => eni.vpcId, cell: (eni) => <Ref id={eni.vpcId} />, width: 330 },
    { id: "zone", header: "Availability Zone", text: (eni) => eni.availabilityZone },
    { id: "groups", header: "Security group names", text: (eni) => eni.groupSet.map((group) => group.groupName).join(", ") },
    {
      id: "instance",
      header: "Instance ID",
      text: (eni) => eni.attachment?.instanceId ?? "",
      cell: (eni) => <Ref id={eni.attachment?.instanceId} />,
      width: 230,
    },
    { id: "status", header: "Status", text: (eni) => eni.status, cell: (eni) => <State of={eni.status} />, width: 140 },
    { id: "public", header: "Public IPv4 address", text: (eni) => eni.association?.publicIp ?? "" },
    { id: "private", header: "Primary private IPv4 address", text: (eni) => eni.privateIpAddress },
    { id: "description", header: "Description", text: (eni) => eni.description ?? "" },
  ],
  tabs: [{ id: "details", label: "Details", Content: InterfaceDetails }],
  actions: [
    { id: "groups", text: "Change security groups", Dialog: GroupsDialog },
    { id: "check", text: "Change source/dest. check", Dialog: CheckDialog },
  ],
});

const title = (eni: Eni) => titled(eni.networkInterfaceId, nameOf(eni));

function InterfaceDetails({ item: eni }: { item: Eni }) {
  const capture = useCapture(eni.networkInterfaceId);
  return (
    <Details
      facts={[
        ["Network interface ID", eni.networkInterfaceId],
        ["Status", <State key="" of={eni.status} />],
        ["Interface type", eni.interfaceType],
        ["Description", eni.description],
        ["Private IPv4 address", eni.privateIpAddress],
        ["Public IPv4 address", eni.association?.publicIp],
        ["MAC address", eni.macAddress],
        ["Source/dest. check", eni.sourceDestCheck === "true" ? "Enabled" : "Disabled"],
        ["Subnet ID", <Ref key="" id={eni.subnetId} />],
        ["VPC ID", <Ref key="" id={eni.vpcId} />],
        ["Availability Zone", eni.availabilityZone],
        ["Instance ID", <Ref key="" id={eni.attachment?.instanceId} />],
        ["Security groups", eni.groupSet.map((group) => <div key={group.groupId}>{<Ref id={group.groupId} />}</div>)],
        ["Elastic IP", yesNo(eni.association?.allocationId ? "true" : "false")],
        ...(capture ? [["Packets", capture] as [string, ReactNode]] : []),
      ]}
    />
  );
}

function GroupsDialog({ items, close }: DialogProps<Eni>) {
  const eni = items[0]!;
  const [groups, setGroups] = useState(eni.groupSet.map((group) => group.groupId));
  const save = async () => {
    await call("ModifyNetworkInterfaceAttribute", { NetworkInterfaceId: eni.networkInterfaceId, SecurityGroupId: groups });
    return { type: "success", content: `You have successfully changed the security groups of ${title(eni)}.` } as const;
  };
  return (
    <ConfirmDialog title="Change security groups" confirm="Save" close={close} run={save} isReady={groups.length > 0}>
      <GroupsField vpcId={eni.vpcId} value={groups} set={setGroups} />
    </ConfirmDialog>
  );
}

function CheckDialog({ items, close }: DialogProps<Eni>) {
  const eni = items[0]!;
  const [isOn, setOn] = useState(eni.sourceDestCheck === "true");
  const save = async () => {
    await call("ModifyNetworkInterfaceAttribute", { NetworkInterfaceId: eni.networkInterfaceId, SourceDestCheck: { Value: isOn } });
    return { type: "success", content: `You have successfully changed the source/destination check of ${title(eni)}.` } as const;
  };
  return (
    <ConfirmDialog title="Change source/destination check" confirm="Save" close={close} run={save}>
      <Box>With the check on, the interface sends and takes only what is from or for its own addresses.</Box>
      <Checkbox checked={isOn} onChange={({ detail }) => setOn(detail.checked)}>
        Enable source/destination check
      </Checkbox>
    </ConfirmDialog>
  );
}
