/** Whose networks are shown: anybody may act as any account. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type FormEvent, useState } from "react";
import { here, pathOf } from "../api/place";

export function AccountDialog({ close }: { close(): void }) {
  const [account, setAccount] = useState(here.account);
  const digits = account.replaceAll("-", "").trim();
  const isValid = /^\d{12}$/.test(digits);
  const go = (event?: FormEvent) => {
    event?.preventDefault();
    if (isValid) location.assign(`${pathOf({ ...here, account: digits })}/vpc`);
  };
  return (
    <Modal
      visible
      onDismiss={close}
      header="Switch account"
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={close}>
              Cancel
            </Button>
            <Button variant="primary" disabled={!isValid} onClick={() => go()}>
              Switch account
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <form onSubmit={go}>
        <FormField
          label="Account ID"
          description="Each account has networks of its own. There is no password: any twelve digits are an account here."
          constraintText="Twelve digits."
          errorText={account && !isValid ? "An account ID has twelve digits." : undefined}
        >
          <Input value={account} onChange={({ detail }) => setAccount(detail.value)} inputMode="numeric" autoFocus />
        </FormField>
      </form>
    </Modal>
  );
}
