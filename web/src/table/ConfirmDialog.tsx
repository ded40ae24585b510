/** Asks before something is done; what is dangerous has to be typed. A refusal is shown here, and the dialog stays. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useState } from "react";
import { type Result, sentence, useResults } from "../frame/results";

interface Props {
  title: string;
  children: ReactNode;
  confirm: string;
  /** The word to type. */
  typed?: string;
  /** Whether it can be confirmed as it is. */
  isReady?: boolean;
  size?: "small" | "medium" | "large";
  close(): void;
  /** Does it, and says what to show. */
  run(): Promise<Result | Result[] | undefined>;
}

export function ConfirmDialog({ title, children, confirm, typed, isReady = true, size, close, run }: Props) {
  const [word, setWord] = useState("");
  const [error, setError] = useState<unknown>();
  const [isRunning, setRunning] = useState(false);
  const results = useResults();
  const go = async () => {
    setRunning(true);
    setError(undefined);
    try {
      const result = await run();
      close();
      if (result) results.show(...[result].flat());
    } catch (error) {
      setError(error);
      setRunning(false);
    }
  };
  const isAllowed = isReady && (!typed || word.trim() === typed);
  return (
    <Modal
      visible
      size={size}
      header={title}
      onDismiss={close}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={close}>
              Cancel
            </Button>
            <Button variant="primary" disabled={!isAllowed} loading={isRunning} onClick={go}>
              {confirm}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isAllowed) go();
        }}
      >
        <SpaceBetween size="m">
          {children}
          {typed && (
            <FormField label={`To confirm deletion, type ${typed} in the field`}>
              <Input value={word} placeholder={typed} onChange={({ detail }) => setWord(detail.value)} autoComplete={false} />
            </FormField>
          )}
          {error !== undefined && (
            <Alert type="error" statusIconAriaLabel="Error">
              {sentence(error)}
            </Alert>
          )}
        </SpaceBetween>
      </form>
    </Modal>
  );
}
