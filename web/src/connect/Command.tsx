/** A command, to be copied, and what it is for. */
import Box from "@cloudscape-design/components/box";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";

export function Command({ text, children }: { text: string; children: ReactNode }) {
  return (
    <SpaceBetween size="s">
      <Box>{children}</Box>
      <CopyToClipboard
        variant="inline"
        textToCopy={text}
        textToDisplay={<Box variant="code">{text}</Box>}
        copyButtonAriaLabel="Copy the command"
        copySuccessText="Copied"
        copyErrorText="Could not be copied"
      />
    </SpaceBetween>
  );
}
