/**
 * Whether one thing reaches another, and what is in the way: computed by the author of the packets' verdicts, never
 * here. The whole question is in the page's address, and so is the form in which the fix is read.
 */
import "./explain.css";
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import type { Explanation } from "../api/peerless";
import { explain } from "../api/peerless";
import { usePackets } from "../flows/stream";
import { address } from "../frame/address";
import { useOurs } from "../frame/exam";
import { Page } from "../frame/Page";
import { sentence } from "../frame/results";
import { To } from "../table/Ref";
import { asAnalyzer } from "./analyzer";
import { summed } from "./counts";
import { FixPanel } from "./FixPanel";
import { HopStrip } from "./HopStrip";
import { ProbePanel } from "./ProbePanel";
import { QuestionForm } from "./QuestionForm";
import { isWhole, type Question, questionOf, searchOf, serviceOf } from "./question";
import { CODES, Code, Way } from "./Way";

const TITLES: Record<string, string> = { forward: "The way there", reply: "The way back" };

/** How often the kernel's counters are read while somebody looks, in milliseconds. */
const COUNT = 1000;

export function ExplainPage() {
  const [search, setSearch] = useSearchParams();
  const packets = usePackets();
  const ours = useOurs();
  const question = questionOf(search);
  const ask = (part: Partial<Question>) => {
    const next = searchOf({ ...questionOf(address()), ...part }, address());
    // Leaving a field that was not changed is no other question.
    if (next.toString() !== searchOf(questionOf(address()), address()).toString()) setSearch(next);
  };
  const answer = useQuery({
    queryKey: ["ec2", "explain", question],
    queryFn: () => explain(question.from, question.to, serviceOf(question)!),
    enabled: isWhole(question),
    refetchInterval: packets && COUNT,
    placeholderData: keepPreviousData,
  });
  return (
    <Page title="Explain">
      <SpaceBetween size="l">
        <Container
          header={
            <Header
              variant="h1"
              description={
                ours("Does it arrive? If not: everything that is in the way, there and back, and what helps.") ?? "Does it arrive?"
              }
            >
              Explain
            </Header>
          }
        >
          <QuestionForm question={question} ask={ask} />
        </Container>
        {!isWhole(question) && (
          <Box color="text-body-secondary">{question.from && question.to ? "Say which port." : "Say who is to reach whom."}</Box>
        )}
        {isWhole(question) && answer.error && (
          <Alert type="info" statusIconAriaLabel="Info" header="This cannot be answered yet">
            {sentence(answer.error)}
          </Alert>
        )}
        {isWhole(question) && !answer.error && answer.data && <Answer explanation={answer.data} question={question} />}
      </SpaceBetween>
    </Page>
  );
}

function Answer({ explanation, question }: { explanation: Explanation; question: Question }) {
  const ours = useOurs();
  return (
    ours(<Whole explanation={explanation} question={question} />) ?? (
      <Container
        header={
          <Header variant="h2">
            <Verdict isReachable={explanation.reachable} />
          </Header>
        }
      >
        <Analysis explanation={explanation} />
      </Container>
    )
  );
}

function Whole({ explanation, question }: { explanation: Explanation; question: Question }) {
  const blockers = explanation.legs.flatMap((leg) => leg.lines).filter((line) => line.mark === "blocked");
  const counted = summed(explanation);
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header
            variant="h2"
            description={explanation.headline}
            info={
              counted && (
                <Box display="inline-block" variant="small">
                  {counted}
                </Box>
              )
            }
          >
            <Verdict isReachable={explanation.reachable} />
          </Header>
        }
      >
        <Ways explanation={explanation} question={question} count={blockers.length} />
      </Container>
      {(explanation.live?.length ?? 0) > 0 && (
        <Alert type="info" statusIconAriaLabel="Info" header="It goes on, for it is tracked">
          {explanation.live!.map((flow) => (
            <div key={`${flow.source} ${flow.source_port} ${flow.protocol}`}>
              {flow.protocol} {flow.source} → {flow.destination}: {flow.packets} packets, the last one {flow.idle_seconds} s ago. A new one
              would not be let in.
            </div>
          ))}
        </Alert>
      )}
      <ProbePanel question={question} />
      {explanation.legs.map((leg) => (
        <Container key={leg.title} header={<Header variant="h2">{TITLES[leg.title] ?? leg.title}</Header>}>
          <Way lines={leg.lines} anchor={anchorOf(leg.title)} />
        </Container>
      ))}
    </SpaceBetween>
  );
}

const anchorOf = (leg: string) => (index: number) => `${leg}-${index + 1}`;

function Verdict({ isReachable }: { isReachable: boolean }) {
  return <StatusIndicator type={isReachable ? "success" : "error"}>{isReachable ? "Reachable" : "Not reachable"}</StatusIndicator>;
}

/** What AWS's Reachability Analyzer would say, and no more. */
function Analysis({ explanation }: { explanation: Explanation }) {
  const found = asAnalyzer(explanation);
  if (!found) return <Box>There is a path.</Box>;
  return (
    <SpaceBetween size="s">
      <Box>
        Explanation code, as Reachability Analyzer has it (
        <To href={CODES} external>
          what it means
        </To>
        ):
      </Box>
      <div>
        <Code code={found.code} /> {found.component}
      </div>
      <Box>There might be additional components that block the path.</Box>
    </SpaceBetween>
  );
}

function Ways({ explanation, question, count }: { explanation: Explanation; question: Question; count: number }) {
  const fixes = explanation.fixes ?? [];
  return (
    <SpaceBetween size="m">
      {count > 0 && (
        <Box>
          {count === 1 ? "One thing is" : `${count} things are`} in the way
          {count > 1 && ", in the order in which one meets them"}. The codes are those of{" "}
          <To href={CODES} external>
            AWS's Reachability Analyzer
          </To>
          .
        </Box>
      )}
      {explanation.legs.map((leg) => (
        <div key={leg.title}>
          <Box variant="h3">{TITLES[leg.title] ?? leg.title}</Box>
          <HopStrip title={TITLES[leg.title] ?? leg.title} lines={leg.lines} anchor={anchorOf(leg.title)} />
        </div>
      ))}
      {!explanation.reachable && fixes.length === 0 && <Box>No change of the network helps.</Box>}
      {fixes.length > 0 && <FixPanel fixes={fixes} question={question} />}
    </SpaceBetween>
  );
}
