/** The bars at the top of every page: what an action led to. They stay until dismissed or until the next action's. */
import Button from "@cloudscape-design/components/button";
import Flashbar, { type FlashbarProps } from "@cloudscape-design/components/flashbar";
import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { useNavigate } from "react-router";
import { Refusal } from "../api/ec2";

export interface Result {
  type: "success" | "error" | "info" | "warning";
  header?: ReactNode;
  content?: ReactNode;
  /** A button in the bar that leads on. */
  next?: { text: string; href: string };
}

interface Results {
  items: readonly FlashbarProps.MessageDefinition[];
  /** Shows these, instead of those of the action before. */
  show(...results: Result[]): void;
  /** Shows what went wrong with an action. */
  fail(header: string, error: unknown): void;
}

const Context = createContext<Results | undefined>(undefined);

export function ResultsProvider({ children }: { children: ReactNode }) {
  const [items, setItems] = useState<readonly FlashbarProps.MessageDefinition[]>([]);
  const navigate = useNavigate();
  const results = useMemo(() => {
    const show = (...shown: Result[]) => {
      setItems(
        shown.map(({ next, ...result }, index) => {
          const id = `${Date.now()}-${index}`;
          const dismiss = () => setItems((items) => items.filter((item) => item.id !== id));
          const action = next && (
            <Button
              onClick={() => {
                dismiss();
                navigate(next.href);
              }}
            >
              {next.text}
            </Button>
          );
          return { ...result, id, action, dismissible: true, dismissLabel: "Dismiss message", onDismiss: dismiss };
        }),
      );
    };
    return { show, fail: (header: string, error: unknown) => show({ type: "error", header, content: sentence(error) }) };
  }, [navigate]);
  return <Context value={{ items, ...results }}>{children}</Context>;
}

export function useResults(): Results {
  const results = useContext(Context);
  if (!results) throw new Error("outside the frame");
  return results;
}

export function ResultBars() {
  return <Flashbar items={useResults().items} stackItems={false} />;
}

/** What went wrong, in AWS's words where it is AWS's refusal. */
export function sentence(error: unknown): string {
  return error instanceof Refusal || error instanceof Error ? error.message : String(error);
}
