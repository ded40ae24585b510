/** Internet gateways. */
import Box from "@cloudscape-design/components/box";
import { useState } from "react";
import { call } from "../api/ec2";
import { nameOf, titled, useList } from "../api/lists";
import type { InternetGateway } from "../api/types";
import { ChoiceField, useVpcOptions } from "../forms/fields";
import { ConfirmDialog } from "../table/ConfirmDialog";
import { Details } from "../table/Details";
import { Ref } from "../table/Ref";
import { type DialogProps, define } from "../table/resource";
import { State } from "../table/State";

export const internetGateway = define<InternetGateway>({
  kind: "internetGateways",
  path: "/vpc/internet-gateways",
  one: "internet gateway",
  many: "Internet gateways",
  idHeader: "Internet gateway ID",
  id: (gateway) => gateway.internetGatewayId,
  create: { text: "Create internet gateway", href: "/vpc/internet-gateways/create" },
  columns: [
    { id: "state", header: "State", text: stateOf, cell: (gateway) => <State of={stateOf(gateway)} /> },
    { id: "vpc", header: "VPC ID", text: (gateway) => vpcOf(gateway) ?? "", cell: (gateway) => <Ref id={vpcOf(gateway)} />, width: 330 },
    { id: "owner", header: "Owner", text: (gateway) => gateway.ownerId },
  ],
  tabs: [{ id: "details", label: "Details", Content: GatewayDetails }],
  actions: [
    {
      id: "attach",
      text: "Attach to VPC",
      Dialog: AttachDialog,
      refusal: ([gateway]) => (gateway && vpcOf(gateway) ? "It is attached already." : undefined),
    },
    {
      id: "detach",
      text: "Detach from VPC",
      Dialog: DetachDialog,
      refusal: ([gateway]) => (gateway && !vpcOf(gateway) ? "It is not attached." : undefined),
    },
    { id: "delete", text: "Delete internet gateway", Dialog: DeleteDialog },
  ],
});

const title = (gateway: InternetGateway) => titled(gateway.internetGatewayId, nameOf(gateway));

function vpcOf(gateway: InternetGateway) {
  return gateway.attachmentSet[0]?.vpcId;
}

function stateOf(gateway: InternetGateway) {
  return vpcOf(gateway) ? "attached" : "detached";
}

function GatewayDetails({ item: gateway }: { item: InternetGateway }) {
  return (
    <Details
      facts={[
        ["Internet gateway ID", gateway.internetGatewayId],
        ["State", <State key="" of={stateOf(gateway)} />],
        ["VPC ID", <Ref key="" id={vpcOf(gateway)} />],
        ["Owner", gateway.ownerId],
      ]}
    />
  );
}

function AttachDialog({ items, close }: DialogProps<InternetGateway>) {
  const gateway = items[0]!;
  const [vpc, setVpc] = useState("");
  const taken = useList("internetGateways").items.map(vpcOf);
  const options = useVpcOptions().filter((option) => !taken.includes(option.value));
  const attach = async () => {
    await call("AttachInternetGateway", { InternetGatewayId: gateway.internetGatewayId, VpcId: vpc });
    return { type: "success", content: `Internet gateway ${gateway.internetGatewayId} successfully attached to ${vpc}` } as const;
  };
  return (
    <ConfirmDialog title="Attach to VPC" confirm="Attach internet gateway" close={close} run={attach} isReady={vpc !== ""}>
      <ChoiceField
        label="Available VPCs"
        description="A VPC has at most one internet gateway."
        value={vpc}
        set={setVpc}
        options={options}
        placeholder="Select a VPC"
        empty="No VPC without an internet gateway"
        filter
      />
    </ConfirmDialog>
  );
}

function DetachDialog({ items, close }: DialogProps<InternetGateway>) {
  const gateway = items[0]!;
  const vpc = vpcOf(gateway);
  const detach = async () => {
    await call("DetachInternetGateway", { InternetGatewayId: gateway.internetGatewayId, VpcId: vpc });
    return { type: "success", content: `Internet gateway ${gateway.internetGatewayId} successfully detached from ${vpc}` } as const;
  };
  return (
    <ConfirmDialog title="Detach from VPC" confirm="Detach internet gateway" close={close} run={detach}>
      <Box>
        Detach <Box variant="strong">{title(gateway)}</Box> from {vpc}? Routes to it become blackholes.
      </Box>
    </ConfirmDialog>
  );
}

function DeleteDialog({ items, close }: DialogProps<InternetGateway>) {
  const gateway = items[0]!;
  const remove = async () => {
    await call("DeleteInternetGateway", { InternetGatewayId: gateway.internetGatewayId });
    return { type: "success", content: `You successfully deleted ${title(gateway)}.` } as const;
  };
  return (
    <ConfirmDialog title="Delete internet gateway" confirm="Delete internet gateway" typed="delete" close={close} run={remove}>
      <Box>
        Will be deleted permanently: <Box variant="strong">{title(gateway)}</Box>
      </Box>
    </ConfirmDialog>
  );
}
