/** Key pairs. */
import Box from "@cloudscape-design/components/box";
import { useNavigate } from "react-router";
import { call } from "../api/ec2";
import type { KeyPair } from "../api/types";
import { KeyPairDialog } from "../launch/KeyPairDialog";
import { ConfirmDialog } from "../table/ConfirmDialog";
import { Details } from "../table/Details";
import { ListPage } from "../table/ListPage";
import { type DialogProps, define } from "../table/resource";

export const keyPair = define<KeyPair>({
  kind: "keyPairs",
  path: "/ec2/key-pairs",
  one: "key pair",
  many: "Key pairs",
  idHeader: "ID",
  id: (pair) => pair.keyPairId,
  named: false,
  create: { text: "Create key pair", href: "/ec2/key-pairs/create" },
  columns: [
    { id: "name", header: "Name", text: (pair) => pair.keyName, width: 220 },
    { id: "type", header: "Type", text: (pair) => pair.keyType ?? "", width: 110 },
    { id: "created", header: "Created", text: (pair) => pair.createTime ?? "", width: 220 },
    { id: "fingerprint", header: "Fingerprint", text: (pair) => pair.keyFingerprint, width: 420 },
  ],
  tabs: [
    {
      id: "details",
      label: "Details",
      Content: ({ item }) => (
        <Details
          facts={[
            ["Name", item.keyName],
            ["ID", item.keyPairId],
            ["Type", item.keyType],
            ["Created", item.createTime],
            ["Fingerprint", item.keyFingerprint],
          ]}
        />
      ),
    },
  ],
  actions: [{ id: "delete", text: "Delete", Dialog: DeleteDialog, several: true }],
});

/** The list, with the dialog over it: it has an address of its own, as AWS's page has. */
export function CreateKeyPair() {
  const navigate = useNavigate();
  return (
    <>
      <ListPage resource={keyPair} />
      <KeyPairDialog close={() => navigate("/ec2/key-pairs")} />
    </>
  );
}

function DeleteDialog({ items, close }: DialogProps<KeyPair>) {
  const remove = async () => {
    for (const { keyPairId } of items) await call("DeleteKeyPair", { KeyPairId: keyPairId });
    return { type: "success", content: `Successfully deleted ${items.map((pair) => pair.keyName).join(", ")}.` } as const;
  };
  return (
    <ConfirmDialog title="Delete key pair" confirm="Delete" typed="Delete" close={close} run={remove}>
      <Box>
        Will be deleted: <Box variant="strong">{items.map((pair) => pair.keyName).join(", ")}</Box>. Instances that were launched with it
        keep its public half.
      </Box>
    </ConfirmDialog>
  );
}
