/** What all pages share: the bars above and below, results, and the stream of changes. */
import "./frame.css";
import Flashbar from "@cloudscape-design/components/flashbar";
import { I18nProvider } from "@cloudscape-design/components/i18n";
import messages from "@cloudscape-design/components/i18n/messages/all.en";
import { Suspense } from "react";
import { Outlet } from "react-router";
import { useLive } from "../api/live";
import { useKeys } from "./keys";
import { ResultsProvider } from "./results";
import { TopBar } from "./TopBar";

export function Frame() {
  const isThere = useLive();
  useKeys();
  return (
    <I18nProvider locale="en" messages={[messages]}>
      <ResultsProvider>
        <div id="top">
          <TopBar />
          {!isThere && (
            <Flashbar items={[{ id: "gone", type: "warning", content: "Peerless does not answer. What you see may be out of date." }]} />
          )}
        </div>
        <Suspense>
          <Outlet />
        </Suspense>
        <footer id="bottom">
          <span>Peerless, on this machine</span>
          <span>Not affiliated with Amazon Web Services</span>
        </footer>
      </ResultsProvider>
    </I18nProvider>
  );
}
