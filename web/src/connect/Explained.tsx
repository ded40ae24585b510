/** An explanation as `peerless explain` prints it: both directions, everything in the way, and the fix. */
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { Explanation } from "../api/peerless";
import { Rows } from "../table/Details";

const LOOKS = { passed: "success", blocked: "error", beyond: "pending" } as const;
const WORDS = { passed: "Passes", blocked: "Dropped here", beyond: "Not reached" } as const;
const TITLES: Record<string, string> = { forward: "The way there", reply: "The way back" };

export function Explained({ explanation, title }: { explanation: Explanation; title: string }) {
  return (
    <Container
      header={
        <Header variant="h2" description={explanation.headline}>
          {title}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <StatusIndicator type={explanation.reachable ? "success" : "error"}>
          {explanation.reachable ? "Reachable" : "Not reachable"}
        </StatusIndicator>
        {explanation.legs.map((leg) => (
          <Rows
            key={leg.title}
            label={TITLES[leg.title] ?? leg.title}
            items={leg.lines}
            columns={[
              ["At", (line) => line.stage],
              ["What", (line) => line.resource],
              [
                "Verdict",
                (line) => (
                  <StatusIndicator type={LOOKS[line.mark]} wrapText={false}>
                    {WORDS[line.mark]}
                  </StatusIndicator>
                ),
              ],
              ["Why", (line) => (line.code ? `${line.detail} (${line.code})` : line.detail)],
            ]}
            empty="Nothing"
          />
        ))}
        {explanation.fix.length > 0 && (
          <div>
            <Box variant="h3">The smallest fix</Box>
            {explanation.fix.map((command) => (
              <div key={command}>
                <CopyToClipboard
                  variant="inline"
                  textToCopy={command}
                  textToDisplay={<Box variant="code">{command}</Box>}
                  copyButtonAriaLabel="Copy the command"
                  copySuccessText="Copied"
                  copyErrorText="Could not be copied"
                />
              </div>
            ))}
          </div>
        )}
      </SpaceBetween>
    </Container>
  );
}
