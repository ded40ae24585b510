/** A page with a form. A refusal is shown in red above the buttons, and what was typed stays. */
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Form from "@cloudscape-design/components/form";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useState } from "react";
import { useNavigate } from "react-router";
import type { Call } from "../api/cli";
import { call } from "../api/ec2";
import { Page } from "../frame/Page";
import { type Result, sentence, useResults } from "../frame/results";
import { PreviewChanges } from "./PreviewChanges";

export interface Done {
  /** Where to go, and what to show there. */
  href: string;
  results: Result[];
}

/** Makes the calls, one after the other. */
export async function perform(calls: Call[]) {
  for (const [action, parameters] of calls) await call(action, parameters);
}

interface Props {
  title: string;
  description?: ReactNode;
  path: [href: string, text: string][];
  submit: string;
  /** Why it cannot be submitted as it is. */
  isReady?: boolean;
  /** The calls that it would make, where one may look at them first. */
  changes?(): Promise<Call[]>;
  /** More buttons, between Cancel and the primary one. */
  buttons?: ReactNode;
  cancel?: string;
  /** Does it; nothing is answered where the page goes on by itself. */
  onSubmit(): Promise<Done | undefined>;
  children: ReactNode;
}

export function FormPage({ title, description, path, submit, isReady = true, buttons, cancel, changes, onSubmit, children }: Props) {
  const [error, setError] = useState<unknown>();
  const [isRunning, setRunning] = useState(false);
  const navigate = useNavigate();
  const results = useResults();
  const go = async () => {
    setRunning(true);
    setError(undefined);
    try {
      const done = await onSubmit();
      if (!done) return;
      results.show(...done.results);
      navigate(done.href);
    } catch (error) {
      setError(error);
      setRunning(false);
    }
  };
  return (
    <Page title={title} path={path} contentType="form">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady && !isRunning) go();
        }}
      >
        <Form
          header={
            <Header variant="h1" description={description}>
              {title}
            </Header>
          }
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button formAction="none" variant="link" onClick={() => navigate(cancel ?? path[path.length - 1]?.[0] ?? "/")}>
                Cancel
              </Button>
              {buttons}
              {changes && <PreviewChanges changes={changes} isReady={isReady} />}
              <Button variant="primary" loading={isRunning} disabled={!isReady}>
                {submit}
              </Button>
            </SpaceBetween>
          }
        >
          <SpaceBetween size="l">
            {children}
            {error !== undefined && (
              <Alert type="error" statusIconAriaLabel="Error">
                {sentence(error)}
              </Alert>
            )}
          </SpaceBetween>
        </Form>
      </form>
    </Page>
  );
}
