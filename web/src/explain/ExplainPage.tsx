/**
 * Whether one thing reaches another, and what is in the way: computed by the author of the packets' verdicts, never
 * here. The whole question is in the page's address.
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
import { useExam } from "../frame/exam";
import { Page } from "../frame/Page";
import { sentence } from "../frame/results";
import { To } from "../table/Ref";
import { FixPanel } from "./FixPanel";
import { HopStrip } from "./HopStrip";
import { ProbePanel } from "./ProbePanel";
import { QuestionForm } from "./QuestionForm";
import { isWhole, type Question, questionOf, searchOf, serviceOf } from "./question";
import { CODES, Code, Way } from "./Way";

const TITLES: Record<string, string> = { forward: "The way there", reply: "The way back" };

export function ExplainPage() {
  const [search, setSearch] = useSearchParams();
  const question = questionOf(search);
  // Leaving a field that was not changed is no other question.
  const ask = (next: Question) => searchOf(next).toString() !== searchOf(question).toString() && setSearch(searchOf(next));
  const answer = useQuery({
    queryKey: ["ec2", "explain", question],
    queryFn: () => explain(question.from, question.to, serviceOf(question)!),
    enabled: isWhole(question),
    placeholderData: keepPreviousData,
  });
  return (
    <Page title="Explain">
      <SpaceBetween size="l">
        <Container
          header={
            <Header variant="h1" description="Does it arrive? If not: everything that is in the way, there and back, and what helps.">
              Explain
            </Header>
          }
        >
          <QuestionForm question={question} set={ask} />
        </Container>
        {!isWhole(question) && <Box color="text-body-secondary">Say who is to reach whom.</Box>}
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
  const isExam = useExam();
  const blockers = explanation.legs.flatMap((leg) => leg.lines).filter((line) => line.mark === "blocked");
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header variant="h2" description={isExam ? undefined : explanation.headline}>
            <Verdict isReachable={explanation.reachable} />
          </Header>
        }
      >
        {isExam ? (
          <Codes codes={blockers.flatMap((line) => line.code ?? [])} />
        ) : (
          <Ways explanation={explanation} count={blockers.length} />
        )}
      </Container>
      {!isExam && (explanation.live?.length ?? 0) > 0 && (
        <Alert type="info" statusIconAriaLabel="Info" header="It goes on, for it is tracked">
          {explanation.live!.map((flow) => (
            <div key={`${flow.source} ${flow.source_port} ${flow.protocol}`}>
              {flow.protocol} {flow.source} → {flow.destination}: {flow.packets} packets, the last one {flow.idle_seconds} s ago. A new one
              would not be let in.
            </div>
          ))}
        </Alert>
      )}
      {!isExam && <ProbePanel question={question} />}
      {!isExam &&
        explanation.legs.map((leg) => (
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
function Codes({ codes }: { codes: readonly string[] }) {
  return (
    <SpaceBetween size="s">
      <Box>
        Explanation codes, as Reachability Analyzer has them (
        <To href={CODES} external>
          what they mean
        </To>
        ):
      </Box>
      {codes.length === 0 ? <Box>None.</Box> : codes.map((code) => <Code key={code} code={code} />)}
    </SpaceBetween>
  );
}

function Ways({ explanation, count }: { explanation: Explanation; count: number }) {
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
      {!explanation.reachable && (explanation.fixes?.length ?? 0) === 0 && <Box>No change of the network helps.</Box>}
      {(explanation.fixes?.length ?? 0) > 0 && <FixPanel fixes={explanation.fixes!} />}
    </SpaceBetween>
  );
}
