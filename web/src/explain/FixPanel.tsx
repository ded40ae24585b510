/** What helps: in sentences with a button that does it, as commands, as Terraform, as CloudFormation; and what else it opens. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { refreshAll } from "../api/lists";
import { explain, type Fix, type Flips } from "../api/peerless";
import { useRemember } from "../frame/address";
import { sentence, useResults } from "../frame/results";
import { isMakeable, make, templateOf } from "./fixing";
import { type Question, serviceOf } from "./question";

const FORMS = ["changes", "cli", "terraform", "cloudformation"];

export function FixPanel({ fixes, question }: { fixes: readonly Fix[]; question: Question }) {
  const [search] = useSearchParams();
  const remember = useRemember();
  const form = FORMS.find((form) => form === search.get("fix")) ?? "changes";
  return (
    <Container
      header={
        <Header variant="h2" description="The smallest changes after which packets and replies arrive.">
          The fix
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Tabs
          ariaLabel="Forms of the fix"
          activeTabId={form}
          onChange={({ detail }) => remember({ fix: detail.activeTabId })}
          tabs={[
            { id: "changes", label: "Changes", content: <Steps fixes={fixes} /> },
            { id: "cli", label: "AWS CLI", content: <CodeText text={fixes.map((fix) => fix.cli).join("\n")} name="commands" /> },
            {
              id: "terraform",
              label: "Terraform",
              content: <CodeText text={fixes.map((fix) => fix.terraform).join("\n\n")} name="Terraform" />,
            },
            { id: "cloudformation", label: "CloudFormation", content: <CodeText text={templateOf(fixes)} name="CloudFormation" /> },
          ]}
        />
        <Opens question={question} />
      </SpaceBetween>
    </Container>
  );
}

function Steps({ fixes }: { fixes: readonly Fix[] }) {
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
  return (
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
}

/** Who else would reach whom: each with each is asked, in the network with the fix and without. */
function Opens({ question }: { question: Question }) {
  const answer = useQuery({
    queryKey: ["ec2", "explain", "flips", question],
    queryFn: () => explain(question.from, question.to, serviceOf(question)!, { flips: true }),
    placeholderData: keepPreviousData,
  });
  return (
    <div>
      <Box variant="h3">What else would this open?</Box>
      <div aria-live="polite">
        {answer.data?.flips ? (
          <Pairs flips={answer.data.flips} />
        ) : (
          <Box color="text-body-secondary">{answer.error ? sentence(answer.error) : "Asking …"}</Box>
        )}
      </div>
    </div>
  );
}

function Pairs({ flips: { pairs, more, asked, of } }: { flips: Flips }) {
  const who = asked === of ? `all ${of} interfaces` : `the ${asked} nearest of ${of} interfaces`;
  return (
    <SpaceBetween size="xs">
      {pairs.length === 0 && <Box>Nothing.</Box>}
      {pairs.length > 0 && (
        <ul className="explain-pairs">
          {pairs.map(({ from, to, services }) => (
            <li key={`${from} ${to}`}>
              {from} → {to}: {services.join(", ")}
            </li>
          ))}
        </ul>
      )}
      {more > 0 && <Box>And {more.toLocaleString("en")} pairs more.</Box>}
      <Box color="text-body-secondary">
        Of {who} here, each was asked about each and about the internet: this service, ping, TCP 22, 80 and 443, and what its own rules
        name.
      </Box>
    </SpaceBetween>
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
