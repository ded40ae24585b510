/** "Preview changes": the calls that saving would make, as commands. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import { useState } from "react";
import { type Call, commandOf } from "../api/cli";
import { Code } from "../frame/Code";
import { sentence } from "../frame/results";

export function PreviewChanges({ changes, isReady }: { changes(): Promise<Call[]>; isReady: boolean }) {
  const [calls, setCalls] = useState<Call[]>();
  const [error, setError] = useState<unknown>();
  const show = async () => {
    setError(undefined);
    setCalls(
      await changes().catch((error) => {
        setError(error);
        return [];
      }),
    );
  };
  const close = () => setCalls(undefined);
  return (
    <>
      <Button formAction="none" disabled={!isReady} onClick={show}>
        Preview changes
      </Button>
      {calls && (
        <Modal visible onDismiss={close} header="Preview changes" size="large">
          {error !== undefined && <Alert type="error">{sentence(error)}</Alert>}
          {error === undefined && calls.length === 0 && <Box>Nothing would change.</Box>}
          {calls.length > 0 && (
            <Code label="AWS CLI" code={calls.map(([action, parameters]) => `${commandOf(action, parameters)}\n`).join("")} />
          )}
        </Modal>
      )}
    </>
  );
}
