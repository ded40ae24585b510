/** The workflow page: a line a call, each turning to done. A line that fails stays red and can be tried again. */
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { call } from "../api/ec2";
import { sentence } from "../frame/results";
import { pageOf, To } from "../table/Ref";
import type { Plan } from "./plan";
import { resolve, type Step, steps } from "./steps";

/** How often, and how many times, a verification asks. */
const PAUSE = 250;
const PATIENCE = 40;

interface Props {
  plan: Plan;
  /** Back to the form, while nothing is made. */
  back(): void;
  view(vpcId: string): void;
}

export function Workflow({ plan, back, view }: Props) {
  const all = useMemo(() => steps(plan), [plan]);
  const given = useRef<Record<string, string>>({});
  const next = useRef(0);
  const isRunning = useRef(false);
  const [done, setDone] = useState(0);
  const [error, setError] = useState<unknown>();

  const run = useCallback(async () => {
    if (isRunning.current) return;
    isRunning.current = true;
    setError(undefined);
    try {
      while (next.current < all.length) {
        const step = all[next.current]!;
        const id = await perform(step, given.current);
        if (step.gives && id) given.current[step.gives.name] = id;
        next.current += 1;
        setDone(next.current);
      }
    } catch (error) {
      setError(error);
    } finally {
      isRunning.current = false;
    }
  }, [all]);
  useEffect(() => {
    run();
  }, [run]);

  const vpcId = given.current.vpc;
  const isOver = done === all.length;
  return (
    <Container
      header={
        <Header variant="h1" description={error ? "What was made stays." : undefined}>
          Create VPC workflow
        </Header>
      }
    >
      <SpaceBetween size="m">
        <ProgressBar
          value={Math.round((100 * done) / all.length)}
          label={isOver ? "Success" : error ? "Stopped" : "Creating VPC resources"}
          status={error ? "error" : isOver ? "success" : "in-progress"}
          resultText={isOver ? `${all.length} of ${all.length} steps` : "A step failed"}
        />
        <ol aria-label="Details" style={{ listStyle: "none", margin: 0, padding: 0 }}>
          {all.map((step, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place in the plan
            <li key={at} style={{ padding: "3px 0" }}>
              <Line step={step} state={at < done ? "done" : at > done ? "waiting" : error ? "failed" : "running"} given={given.current} />
            </li>
          ))}
        </ol>
        {error !== undefined && (
          <Alert type="error" statusIconAriaLabel="Error" action={<Button onClick={run}>Retry</Button>}>
            {sentence(error)}
          </Alert>
        )}
        <SpaceBetween direction="horizontal" size="xs">
          {error !== undefined && done === 0 && <Button onClick={back}>Back to the form</Button>}
          {vpcId && (
            <Button variant="primary" disabled={!isOver && !error} onClick={() => view(vpcId)}>
              View VPC
            </Button>
          )}
        </SpaceBetween>
      </SpaceBetween>
    </Container>
  );
}

/** Does a step; answers with the id that it gives. */
async function perform(step: Step, given: Record<string, string>): Promise<string | undefined> {
  for (let tries = 0; ; tries++) {
    const answer = await call<Record<string, Record<string, string>>>(step.action, resolve(step.parameters, given));
    if (step.gives) return answer[step.gives.path[0]]?.[step.gives.path[1]];
    if (!step.until || JSON.stringify(answer).includes(`"${step.until}"`)) return undefined;
    if (tries >= PATIENCE) throw new Error(`It is still not ${step.until}.`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

const LOOKS = { done: "success", running: "loading", waiting: "pending", failed: "error" } as const;

function Line({ step, state, given }: { step: Step; state: keyof typeof LOOKS; given: Record<string, string> }) {
  // A verification names what it verified.
  const id = step.gives ? given[step.gives.name] : step.until ? given.vpc : undefined;
  const page = state === "done" && id ? pageOf(id) : undefined;
  return (
    <StatusIndicator type={LOOKS[state]}>
      {step.title}
      {page && id && (
        <>
          : <To href={page}>{id}</To>
        </>
      )}
    </StatusIndicator>
  );
}
