/** Elastic IP addresses. */
import Box from "@cloudscape-design/components/box";
import { call } from "../api/ec2";
import { useList } from "../api/lists";
import type { Address } from "../api/types";
import { ConfirmDialog } from "../table/ConfirmDialog";
import { Details } from "../table/Details";
import { Ref } from "../table/Ref";
import { type DialogProps, define } from "../table/resource";

export const elasticIp = define<Address>({
  kind: "addresses",
  path: "/vpc/elastic-ips",
  one: "Elastic IP address",
  many: "Elastic IP addresses",
  idHeader: "Allocation ID",
  id: (address) => address.allocationId,
  create: { text: "Allocate Elastic IP address", href: "/vpc/elastic-ips/allocate" },
  columns: [
    { id: "address", header: "Allocated IPv4 address", text: (address) => address.publicIp, width: 190 },
    {
      id: "instance",
      header: "Associated instance ID",
      text: (address) => address.instanceId ?? "",
      cell: (address) => <Ref id={address.instanceId} />,
      width: 330,
    },
    { id: "private", header: "Private IP address", text: (address) => address.privateIpAddress ?? "" },
    { id: "association", header: "Association ID", text: (address) => address.associationId ?? "", width: 210 },
    {
      id: "interface",
      header: "Network interface ID",
      text: (address) => address.networkInterfaceId ?? "",
      cell: (address) => <Ref id={address.networkInterfaceId} />,
      width: 220,
    },
  ],
  tabs: [{ id: "details", label: "Summary", Content: AddressDetails }],
  actions: [
    { id: "associate", text: "Associate Elastic IP address", href: (address) => `/vpc/elastic-ips/${address.allocationId}/associate` },
    {
      id: "disassociate",
      text: "Disassociate Elastic IP address",
      Dialog: DisassociateDialog,
      refusal: ([address]) => (address && !address.associationId ? "It is not associated." : undefined),
    },
    {
      id: "release",
      text: "Release Elastic IP addresses",
      Dialog: ReleaseDialog,
      several: true,
      refusal: (addresses) => (addresses.some((address) => address.associationId) ? "Disassociate it first." : undefined),
    },
  ],
});

function AddressDetails({ item: address }: { item: Address }) {
  const subnet = useList("networkInterfaces").items.find((eni) => eni.networkInterfaceId === address.networkInterfaceId)?.subnetId;
  return (
    <Details
      header="Summary"
      facts={[
        ["Allocated IPv4 address", address.publicIp],
        ["Type", "Public IP"],
        ["Allocation ID", address.allocationId],
        ["Association ID", address.associationId],
        ["Associated instance ID", <Ref key="" id={address.instanceId} />],
        ["Network interface ID", <Ref key="" id={address.networkInterfaceId} />],
        ["Private IP address", address.privateIpAddress],
        ["Subnet ID", <Ref key="" id={subnet} />],
        ["Address pool", "Amazon"],
        ["Network border group", address.networkBorderGroup],
      ]}
    />
  );
}

function DisassociateDialog({ items, close }: DialogProps<Address>) {
  const address = items[0]!;
  const disassociate = async () => {
    await call("DisassociateAddress", { AssociationId: address.associationId });
    return {
      type: "success",
      header: "Elastic IP address disassociated successfully.",
      content: `Elastic IP address ${address.publicIp}`,
    } as const;
  };
  return (
    <ConfirmDialog title="Disassociate Elastic IP address" confirm="Disassociate" close={close} run={disassociate}>
      <Box>
        {address.publicIp} will no longer lead to {address.instanceId ?? address.networkInterfaceId}.
      </Box>
    </ConfirmDialog>
  );
}

function ReleaseDialog({ items, close }: DialogProps<Address>) {
  const release = async () => {
    for (const { allocationId } of items) await call("ReleaseAddress", { AllocationId: allocationId });
    return {
      type: "success",
      header: "Elastic IP addresses released.",
      content: items.map((address) => address.publicIp).join(", "),
    } as const;
  };
  return (
    <ConfirmDialog title="Release Elastic IP addresses" confirm="Release" close={close} run={release}>
      <Box>If you release the following Elastic IP addresses, they will no longer be allocated to this account.</Box>
      <ul>
        {items.map((address) => (
          <li key={address.allocationId}>{address.publicIp}</li>
        ))}
      </ul>
    </ConfirmDialog>
  );
}
