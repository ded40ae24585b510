/** Instances. */
import Box from "@cloudscape-design/components/box";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useState } from "react";
import { call } from "../api/ec2";
import { nameOf, titled, useList } from "../api/lists";
import type { Instance } from "../api/types";
import { GroupsField } from "../forms/GroupsField";
import { ConfirmDialog } from "../table/ConfirmDialog";
import { Details } from "../table/Details";
import { Ref } from "../table/Ref";
import { type Action, type DialogProps, define } from "../table/resource";
import { State } from "../table/State";

interface Change {
  text: string;
  operation: string;
  /** The states from which it can be done. */
  from: string[];
  confirm: string;
  /** What the success bar says was initiated. */
  initiated: string;
}

const STOP: Change = {
  text: "Stop instance",
  operation: "StopInstances",
  from: ["running", "pending"],
  confirm: "Stop",
  initiated: "stopping",
};
const START: Change = { text: "Start instance", operation: "StartInstances", from: ["stopped"], confirm: "Start", initiated: "starting" };
const TERMINATE: Change = {
  text: "Terminate (delete) instance",
  operation: "TerminateInstances",
  from: ["running", "pending", "stopped", "stopping"],
  confirm: "Terminate (delete)",
  initiated: "termination (deletion)",
};

const StopDialog = (props: DialogProps<Instance>) => <StateDialog {...props} change={STOP} />;
const StartDialog = (props: DialogProps<Instance>) => <StateDialog {...props} change={START} />;
const TerminateDialog = (props: DialogProps<Instance>) => <StateDialog {...props} change={TERMINATE} />;

const STATE_ACTIONS = [stateAction(STOP, StopDialog), stateAction(START, StartDialog), stateAction(TERMINATE, TerminateDialog)];

export const instance = define<Instance>({
  kind: "instances",
  path: "/ec2/instances",
  one: "instance",
  many: "Instances",
  idHeader: "Instance ID",
  id: (instance) => instance.instanceId,
  create: { text: "Launch instances", href: "/ec2/instances/launch" },
  columns: [
    { id: "state", header: "Instance state", text: stateOf, cell: (instance) => <State of={stateOf(instance)} />, width: 140 },
    { id: "type", header: "Instance type", text: (instance) => instance.instanceType, width: 150 },
    { id: "check", header: "Status check", text: () => "", cell: (instance) => <Check instance={instance} />, width: 180 },
    { id: "zone", header: "Availability Zone", text: (instance) => instance.placement.availabilityZone, width: 150 },
    { id: "public", header: "Public IPv4 address", text: (instance) => instance.ipAddress ?? "", width: 170 },
    { id: "elastic", header: "Elastic IP", text: () => "", cell: (instance) => <ElasticIp instance={instance} />, width: 140 },
    { id: "private", header: "Private IPv4 address", text: (instance) => instance.privateIpAddress ?? "", width: 170 },
    { id: "groups", header: "Security group name", text: (instance) => instance.groupSet.map((group) => group.groupName).join(", ") },
    { id: "key", header: "Key name", text: (instance) => instance.keyName ?? "" },
    { id: "vpc", header: "VPC ID", text: (instance) => instance.vpcId ?? "", cell: (instance) => <Ref id={instance.vpcId} />, width: 330 },
    {
      id: "subnet",
      header: "Subnet ID",
      text: (instance) => instance.subnetId ?? "",
      cell: (instance) => <Ref id={instance.subnetId} />,
      width: 330,
    },
    { id: "launched", header: "Launch time", text: (instance) => instance.launchTime, width: 220 },
  ],
  tabs: [
    { id: "details", label: "Details", Content: InstanceDetails },
    { id: "security", label: "Security", Content: Security },
    { id: "networking", label: "Networking", Content: Networking },
  ],
  actions: [
    ...STATE_ACTIONS,
    { id: "connect", text: "Connect", menu: "button", href: (instance) => `/ec2/instances/${instance.instanceId}/connect` },
    {
      id: "groups",
      text: "Change security groups",
      Dialog: GroupsDialog,
      refusal: ([instance]) => (instance?.vpcId ? undefined : "It is terminated."),
    },
  ],
});

function stateOf(instance: Instance) {
  return instance.instanceState.name;
}

const title = (instance: Instance) => titled(instance.instanceId, nameOf(instance));

function Check({ instance }: { instance: Instance }) {
  const statuses = useList("instanceStatuses").items;
  const status = statuses.find((status) => status.instanceId === instance.instanceId);
  if (!status) return "–";
  const isOk = status.instanceStatus.status === "ok" && status.systemStatus.status === "ok";
  return isOk ? <StatusIndicator>3/3 checks passed</StatusIndicator> : <StatusIndicator type="in-progress">Initializing</StatusIndicator>;
}

function ElasticIp({ instance }: { instance: Instance }) {
  return useList("addresses").items.find((address) => address.instanceId === instance.instanceId)?.publicIp ?? "–";
}

function InstanceDetails({ item: instance }: { item: Instance }) {
  const image = useList("images").items.find((image) => image.imageId === instance.imageId);
  return (
    <Details
      header="Instance summary"
      facts={[
        ["Instance ID", instance.instanceId],
        ["Public IPv4 address", instance.ipAddress],
        ["Private IPv4 addresses", instance.privateIpAddress],
        ["Instance state", <State key="" of={stateOf(instance)} />],
        ["Private IP DNS name (IPv4 only)", instance.privateDnsName],
        ["Public DNS", instance.dnsName],
        ["Elastic IP addresses", <ElasticIp key="" instance={instance} />],
        ["Instance type", instance.instanceType],
        ["VPC ID", <Ref key="" id={instance.vpcId} />],
        ["Subnet ID", <Ref key="" id={instance.subnetId} />],
        ["AMI ID", <Ref key="" id={instance.imageId} />],
        ["AMI name", image?.name],
        ["Key pair assigned at launch", instance.keyName],
        ["Launch time", instance.launchTime],
        ["Availability Zone", instance.placement.availabilityZone],
      ]}
    />
  );
}

function Security({ item: instance }: { item: Instance }) {
  return (
    <Details
      header="Security details"
      facts={[["Security groups", instance.groupSet.map((group) => <div key={group.groupId}>{<Ref id={group.groupId} />}</div>)]]}
    />
  );
}

function Networking({ item: instance }: { item: Instance }) {
  return (
    <Details
      header="Networking details"
      facts={[
        ["Public IPv4 address", instance.ipAddress],
        ["Private IPv4 addresses", instance.privateIpAddress],
        ["VPC ID", <Ref key="" id={instance.vpcId} />],
        ["Subnet ID", <Ref key="" id={instance.subnetId} />],
        ["Availability Zone", instance.placement.availabilityZone],
        ["Source / destination check", instance.sourceDestCheck === "true" ? "Enabled" : "Disabled"],
        ["Network interfaces", instance.networkInterfaceSet.map((eni) => <Ref key={eni.networkInterfaceId} id={eni.networkInterfaceId} />)],
      ]}
    />
  );
}

function StateDialog({ items, close, change }: DialogProps<Instance> & { change: Change }) {
  const run = async () => {
    await call(change.operation, { InstanceId: items.map((instance) => instance.instanceId) });
    const ids = items.map((instance) => instance.instanceId).join(", ");
    return { type: "success", content: `Successfully initiated ${change.initiated} of ${ids}` } as const;
  };
  return (
    <ConfirmDialog title={`${change.text}?`} confirm={change.confirm} close={close} run={run}>
      <Box>
        {change === TERMINATE && "The instance and its disk will be deleted permanently: "}
        <Box variant="strong">{items.map(title).join(", ")}</Box>
      </Box>
    </ConfirmDialog>
  );
}

/** An action of the menu "Instance state". */
function stateAction(change: Change, Dialog: Action<Instance>["Dialog"]): Action<Instance> {
  return {
    id: change.confirm,
    text: change.text,
    menu: "Instance state",
    several: true,
    Dialog,
    refusal: (instances) => {
      const other = instances.find((instance) => !change.from.includes(stateOf(instance)));
      return other && `${other.instanceId} is ${stateOf(other)}.`;
    },
  };
}

function GroupsDialog({ items, close }: DialogProps<Instance>) {
  const instance = items[0]!;
  const [groups, setGroups] = useState(instance.groupSet.map((group) => group.groupId));
  const save = async () => {
    await call("ModifyInstanceAttribute", { InstanceId: instance.instanceId, GroupId: groups });
    return { type: "success", content: `You have successfully changed the security groups of ${title(instance)}.` } as const;
  };
  return (
    <ConfirmDialog title="Change security groups" confirm="Save" close={close} run={save} isReady={groups.length > 0}>
      <GroupsField vpcId={instance.vpcId} value={groups} set={setGroups} />
    </ConfirmDialog>
  );
}
