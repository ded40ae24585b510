/** Create key pair: its private half is downloaded once, and is nowhere else. */
import Box from "@cloudscape-design/components/box";
import FormField from "@cloudscape-design/components/form-field";
import RadioGroup from "@cloudscape-design/components/radio-group";
import { useState } from "react";
import { call } from "../api/ec2";
import { TextField } from "../forms/fields";
import { ConfirmDialog } from "../table/ConfirmDialog";

export function KeyPairDialog({ close, made }: { close(): void; made?(name: string): void }) {
  const [name, setName] = useState("");
  const [type, setType] = useState("rsa");
  const create = async () => {
    const { keyMaterial } = await call<{ keyMaterial: string }>("CreateKeyPair", { KeyName: name, KeyType: type });
    save(`${name}.pem`, keyMaterial);
    made?.(name);
    return {
      type: "success",
      content: `Successfully created key pair ${name}. Its private key is ${name}.pem in your downloads.`,
    } as const;
  };
  return (
    <ConfirmDialog title="Create key pair" confirm="Create key pair" close={close} run={create} isReady={name.trim() !== ""}>
      <TextField
        label="Key pair name"
        value={name}
        set={setName}
        placeholder="Enter key pair name"
        hint="The name can include up to 255 ASCII characters. It can't include leading or trailing spaces."
      />
      <FormField label="Key pair type">
        <RadioGroup
          value={type}
          onChange={({ detail }) => setType(detail.value)}
          items={[
            { value: "rsa", label: "RSA", description: "RSA encrypted private and public key pair" },
            { value: "ed25519", label: "ED25519", description: "ED25519 encrypted private and public key pair" },
          ]}
        />
      </FormField>
      <FormField label="Private key file format">
        <RadioGroup value="pem" items={[{ value: "pem", label: ".pem", description: "For use with OpenSSH" }]} />
      </FormField>
      <Box>
        When prompted, store the private key in a secure and accessible location on your computer. You will need it later to connect to your
        instance.
      </Box>
    </ConfirmDialog>
  );
}

function save(name: string, text: string) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/x-pem-file" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
