/** Computed and counted, side by side: real packets on demand. If the two ever disagree, that is said aloud. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useEffect, useState } from "react";
import { type Counted, type Explanation, type Probed, probe } from "../api/peerless";
import { usePackets } from "../flows/stream";
import { sentence } from "../frame/results";
import type { Question } from "./question";

export function ProbePanel({ question }: { question: Question }) {
  const packets = usePackets();
  const [probed, setProbed] = useState<Probed>();
  const [error, setError] = useState<unknown>();
  const [isRunning, setRunning] = useState(false);
  const asked = JSON.stringify(question);
  // What was counted for another question is no answer to this one.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the question is what it is about
  useEffect(() => {
    setProbed(undefined);
    setError(undefined);
  }, [asked]);
  const send = async () => {
    setRunning(true);
    setError(undefined);
    try {
      const { from, to, protocol, port } = question;
      setProbed(await probe({ from, to, protocol, port: protocol === "icmp" ? undefined : Number(port) }));
    } catch (error) {
      setProbed(undefined);
      setError(error);
    }
    setRunning(false);
  };
  return (
    <Container
      header={
        <Header
          variant="h2"
          description="Real packets, sent now: what the kernel did with them, beside what is computed for the very same packets."
          actions={
            <Button onClick={send} loading={isRunning} disabled={!packets} loadingText="Waiting for an answer">
              Send a probe
            </Button>
          }
        >
          Computed and counted
        </Header>
      }
    >
      <div aria-live="polite">
        <SpaceBetween size="m">
          {packets === false && <Box>This daemon runs with --model-only: it computes, and there are no packets to count.</Box>}
          {packets && !probed && error === undefined && <Box color="text-body-secondary">Nothing was sent yet.</Box>}
          {error !== undefined && (
            <Alert type="info" statusIconAriaLabel="Info" header="No packet was sent">
              {sentence(error)}
            </Alert>
          )}
          {probed?.disagreement && <Disagreement probed={probed} />}
          {probed?.incomparable && (
            <Alert type="info" statusIconAriaLabel="Info">
              {probed.incomparable}
            </Alert>
          )}
          {probed && <Both probed={probed} />}
        </SpaceBetween>
      </div>
    </Container>
  );
}

function Both({ probed }: { probed: Probed }) {
  return (
    <>
      <Box>
        {probed.sent}: <b>{probed.outcome}</b>
      </Box>
      <table className="explain-rows">
        <thead>
          <tr>
            <th scope="col">Direction</th>
            <th scope="col">Computed</th>
            <th scope="col">Counted</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">The way there</th>
            <td>{computed(probed.computed, "forward")}</td>
            <td>{counted(probed.request)}</td>
          </tr>
          <tr>
            <th scope="row">The way back</th>
            <td>{computed(probed.computed, "reply")}</td>
            <td>{counted(probed.reply)}</td>
          </tr>
        </tbody>
      </table>
      {!probed.disagreement && !probed.incomparable && (
        <StatusIndicator>
          {probed.computed.reachable && !probed.answered ? "They agree: the network carries it, and nobody there answers" : "They agree"}
        </StatusIndicator>
      )}
    </>
  );
}

function computed(explanation: Explanation, title: string) {
  const lines = explanation.legs.find((leg) => leg.title === title)?.lines ?? [];
  const blocked = lines.find((line) => line.mark === "blocked");
  if (blocked) return <StatusIndicator type="error">{`dropped by ${blocked.stage} ${blocked.resource}`}</StatusIndicator>;
  if (lines.some((line) => line.mark === "beyond")) return "not reached";
  return <StatusIndicator>passes</StatusIndicator>;
}

function counted(direction: Counted | undefined) {
  if (!direction) return "no packet";
  const packets = `${direction.packets} packet${direction.packets === 1 ? "" : "s"}`;
  if (!direction.dropped) return <StatusIndicator>{`${packets} passed`}</StatusIndicator>;
  return <StatusIndicator type="error">{`${packets} dropped by ${direction.dropped.stage} ${direction.dropped.resource}`}</StatusIndicator>;
}

/** The one thing that must never be seen. */
function Disagreement({ probed }: { probed: Probed }) {
  return (
    <Alert
      type="error"
      statusIconAriaLabel="Error"
      header="Computed and counted disagree: this is a bug in Peerless"
      action={
        <CopyToClipboard
          textToCopy={JSON.stringify(probed, undefined, 2)}
          copyButtonText="Copy the report"
          copySuccessText="Copied"
          copyErrorText="Could not be copied"
        />
      }
    >
      {probed.sent}: {probed.disagreement}. Trust the packets, and please report it, with this report and the state folder.
    </Alert>
  );
}
