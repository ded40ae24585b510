/** What helps: in sentences with a button that does it, as commands, as Terraform. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { refreshAll } from "../api/lists";
import type { Fix } from "../api/peerless";
import { sentence, useResults } from "../frame/results";
import { isMakeable, make } from "./fixing";

export function FixPanel({ fixes }: { fixes: readonly Fix[] }) {
  const [isRunning, setRunning] = useState(false);
  const [error, setError] = useState<unknown>();
  const results = useResults();
  const client = useQueryClient();
  const apply = async () => {
    setRunning(true);
    setError(undefined);
    try {
      await make(fixes);
      results.show({
        type: "success",
        content: fixes.length === 1 ? "The fix was made." : `All ${fixes.length} parts of the fix were made.`,
      });
    } catch (error) {
      setError(error);
    }
    setRunning(false);
    refreshAll(client);
  };
  const steps = (
    <SpaceBetween size="s">
      <ol className="explain-fixes">
        {fixes.map((fix) => (
          <li key={fix.says}>{fix.says}</li>
        ))}
      </ol>
      {isMakeable(fixes) && (
        <Button variant="primary" loading={isRunning} onClick={apply}>
          {fixes.length === 1 ? "Make this change" : `Make these ${fixes.length} changes`}
        </Button>
      )}
      {error !== undefined && (
        <Alert type="error" statusIconAriaLabel="Error" header="The fix was refused">
          {sentence(error)} What was done before it stays.
        </Alert>
      )}
    </SpaceBetween>
  );
  return (
    <Container
      header={
        <Header variant="h2" description="The smallest changes after which packets and replies arrive.">
          The fix
        </Header>
      }
    >
      <Tabs
        ariaLabel="Forms of the fix"
        tabs={[
          { id: "changes", label: "Changes", content: steps },
          { id: "cli", label: "AWS CLI", content: <CodeText text={fixes.map((fix) => fix.cli).join("\n")} name="commands" /> },
          {
            id: "terraform",
            label: "Terraform",
            content: <CodeText text={fixes.map((fix) => fix.terraform).join("\n\n")} name="Terraform" />,
          },
        ]}
      />
    </Container>
  );
}

function CodeText({ text, name }: { text: string; name: string }) {
  return (
    <SpaceBetween size="s">
      <pre className="explain-text">{text}</pre>
      <Box>
        <CopyToClipboard
          textToCopy={text}
          copyButtonText="Copy"
          copyButtonAriaLabel={`Copy the ${name}`}
          copySuccessText="Copied"
          copyErrorText="Could not be copied"
        />
      </Box>
    </SpaceBetween>
  );
}
