/** The page of a terminal: black, with the instance's ids below it, as AWS's is; a document of its own, in a tab of its own. */
import "./terminal.css";
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useHref, useParams, useSearchParams } from "react-router";
import { nameOf, titled, useList } from "../api/lists";
import { type Dropped, type Refused, Terminal, type Way } from "../api/terminal";
import type { Instance } from "../api/types";
import { Explained } from "../connect/Explained";
import { useOurs } from "../frame/exam";
import { usePreference } from "../frame/preferences";
import { DropLine } from "./DropLine";
import { type Hands, Screen } from "./Screen";

type Phase = { is: "connecting" } | { is: "open" } | { is: "ended"; why: string } | { is: "refused"; why: Refused };

interface Drops {
  flows: readonly Dropped[];
  others: number;
}

const NONE: Drops = { flows: [], others: 0 };

const HELP = "terminal-help";
const WAYS: readonly Way[] = ["eic", "eice", "serial"];

export function TerminalPage() {
  const { id = "" } = useParams();
  const [query] = useSearchParams();
  const via = WAYS.find((way) => way === query.get("via")) ?? "eic";
  const user = query.get("user") ?? "";
  const instance = useList("instances").items.find((instance) => instance.instanceId === id);
  const title = titled(id, nameOf(instance));
  useEffect(() => {
    document.title = `${title} | ${via === "serial" ? "EC2 serial console" : "EC2 Instance Connect"}`;
  }, [title, via]);
  // Another order is another terminal.
  return <Conversation key={`${id} ${via} ${user}`} id={id} via={via} user={user} instance={instance} title={title} />;
}

interface Props {
  id: string;
  via: Way;
  user: string;
  instance: Instance | undefined;
  title: string;
}

function Conversation({ id, via, user, instance, title }: Props) {
  const [attempt, setAttempt] = useState(1);
  const [phase, setPhase] = useState<Phase>({ is: "connecting" });
  const [drops, setDrops] = useState<Drops>(NONE);
  const [isRead, setRead] = usePreference("terminal.screen-reader", false);
  const hands = useRef<Hands>(null);
  const terminal = useRef<Terminal>(undefined);
  const leave = useRef<HTMLDivElement>(null);
  const top = useTop();
  const ours = useOurs();

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt is another conversation
  useEffect(() => {
    const screen = hands.current!;
    setPhase({ is: "connecting" });
    setDrops(NONE);
    const conversation = new Terminal({ instance: id, via, ...(user && { user }) }, screen.size(), {
      connected: () => {
        setPhase({ is: "open" });
        // The window may have changed while the instance was called.
        conversation.resize(screen.size());
        screen.focus();
      },
      shown: (bytes, seen) => screen.show(bytes, seen),
      dropped: (flows, others) => setDrops({ flows, others }),
      refused: (why) => setPhase({ is: "refused", why }),
      ended: (status, why) => setPhase({ is: "ended", why: farewell(status, why) }),
    });
    terminal.current = conversation;
    return () => conversation.close();
  }, [attempt]);

  const reconnect = () => {
    hands.current?.clear();
    setAttempt(attempt + 1);
  };
  const leaveScreen = () => leave.current?.querySelector("input")?.focus();
  const paste = async () => {
    hands.current?.paste(await navigator.clipboard.readText());
    hands.current?.focus();
  };
  const isRefused = phase.is === "refused";

  return (
    <main className={isRefused ? "terminal-page refused" : "terminal-page"} style={{ top }}>
      <h1 className="terminal-unseen">Terminal of {title}</h1>
      <p id={HELP} className="terminal-unseen">
        All keys go to the instance. Control, Shift and Escape, or Control and F6, leave the terminal. Control, Shift and V paste; Control
        and C copy what is selected.
      </p>
      <div className={isRefused ? "terminal-hidden" : "terminal-black"}>
        <Screen
          hands={hands}
          label={`Terminal of ${title}`}
          describedBy={HELP}
          isRead={isRead}
          onType={(bytes) => terminal.current?.type(bytes)}
          onResize={(size) => terminal.current?.resize(size)}
          onLeave={leaveScreen}
        />
      </div>
      {isRefused && <Failure why={phase.why} retry={reconnect} />}
      {phase.is === "connecting" && (
        <Bar>
          Connecting to {via === "serial" ? "the serial port of " : ""}
          {id}. This gives up after 15 seconds.
        </Bar>
      )}
      {phase.is === "ended" && (
        <Bar
          action={
            <button type="button" onClick={reconnect}>
              Reconnect
            </button>
          }
        >
          <span role="alert">{phase.why}</span>
        </Bar>
      )}
      {!isRefused && ours(<DropLine instance={id} {...drops} />)}
      <div className="terminal-facts">
        <dl>
          <Fact name="Instance ID">{id}</Fact>
          <Fact name="Name">{nameOf(instance) || "–"}</Fact>
          {via === "serial" ? (
            <Fact name="Serial port">ttyS0</Fact>
          ) : (
            <>
              <Fact name="Public IP">{instance?.ipAddress ?? "–"}</Fact>
              <Fact name="Private IP">{instance?.privateIpAddress ?? "–"}</Fact>
            </>
          )}
        </dl>
        <div className={isRefused ? "terminal-hidden" : "terminal-hands"} ref={leave}>
          <label>
            <input type="checkbox" checked={isRead} onChange={({ target }) => setRead(target.checked)} /> Screen reader mode
          </label>
          <button type="button" onClick={() => navigator.clipboard.writeText(hands.current?.selection() ?? "")}>
            Copy selection
          </button>
          <button type="button" onClick={paste} disabled={phase.is !== "open"}>
            Paste
          </button>
        </div>
      </div>
    </main>
  );
}

/** AWS's words, and under them what they do not say. */
function Failure({ why: { said, cause, explanation }, retry }: { why: Refused; retry: () => void }) {
  const [header, ...text] = said;
  const ours = useOurs();
  const back = useHref("..", { relative: "path" });
  return (
    <div className="terminal-failed">
      <SpaceBetween size="l">
        <Alert
          type="error"
          statusIconAriaLabel="Error"
          header={header ?? "There is no terminal"}
          action={
            <SpaceBetween direction="horizontal" size="xs">
              <Button href={`${back}/connect`}>Back to Connect</Button>
              <Button variant="primary" onClick={retry}>
                Retry
              </Button>
            </SpaceBetween>
          }
        >
          {text.map((line) => (
            <div key={line}>{line}</div>
          ))}
          {(said.length === 0 ? cause : ours(cause)) && (
            <Box variant="p" margin={{ top: "xs" }}>
              {capital(cause)}.
            </Box>
          )}
        </Alert>
        {explanation && ours(<Explained explanation={explanation} title="What is in the way" />)}
      </SpaceBetween>
    </div>
  );
}

function Bar({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className="terminal-bar" role="status">
      {children}
      {action}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function farewell(status: number | null, why: string): string {
  if (status === 0) return "The session has ended.";
  if (status !== null) return `The session has ended with status ${status}.`;
  return why ? `The connection was closed: ${why}.` : "The connection was lost.";
}

const capital = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1);

/** Where the bars at the top end. */
function useTop(): number {
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const bars = document.getElementById("top");
    if (!bars) return;
    const watch = new ResizeObserver(() => setTop(bars.offsetHeight));
    watch.observe(bars);
    setTop(bars.offsetHeight);
    return () => watch.disconnect();
  }, []);
  return top;
}
