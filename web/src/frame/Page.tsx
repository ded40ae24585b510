/** What is around every page's content: navigation, path, results, and a panel at the bottom where the page has one. */
import AppLayout, { type AppLayoutProps } from "@cloudscape-design/components/app-layout";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import { type ReactNode, useEffect, useState } from "react";
import { useHref, useNavigate } from "react-router";
import { Navigation } from "./Navigation";
import { usePreference } from "./preferences";
import { ResultBars } from "./results";

/** So wide a page must be to show a form beside the navigation. */
export const CRAMPED = 1200;

export interface PageProps {
  title: string;
  /** What is above this page: path and text. */
  path?: [href: string, text: string][];
  contentType?: AppLayoutProps.ContentType;
  splitPanel?: ReactNode;
  splitPanelOpen?: boolean;
  onSplitPanelToggle?: (open: boolean) => void;
  children: ReactNode;
}

export function Page({ title, path = [], contentType, splitPanel, splitPanelOpen, onSplitPanelToggle, children }: PageProps) {
  const [isNavigationOpen, setNavigationOpen] = usePreference("navigation", true);
  // A form needs the room of a narrow page for itself.
  const [isCramped] = useState(() => contentType === "form" && innerWidth < CRAMPED);
  const [isOpenHere, setOpenHere] = useState(false);
  const [splitSize, setSplitSize] = usePreference("panel", 320);
  const navigate = useNavigate();
  const base = useHref("/").replace(/\/$/, "");
  useEffect(() => {
    document.title = `${title} | Peerless`;
  }, [title]);
  const items = [...path, ["", title] as const].map(([href, text]) => ({ href: href && base + href, text }));
  return (
    <AppLayout
      headerSelector="#top"
      footerSelector="#bottom"
      toolsHide
      contentType={contentType}
      navigation={<Navigation />}
      navigationOpen={isCramped ? isOpenHere : isNavigationOpen}
      onNavigationChange={({ detail }) => (isCramped ? setOpenHere : setNavigationOpen)(detail.open)}
      notifications={<ResultBars />}
      stickyNotifications
      breadcrumbs={
        <BreadcrumbGroup
          items={items}
          onFollow={(event) => {
            event.preventDefault();
            if (event.detail.href) navigate(event.detail.href.slice(base.length));
          }}
        />
      }
      splitPanel={splitPanel}
      splitPanelOpen={splitPanelOpen}
      splitPanelSize={splitSize}
      onSplitPanelResize={({ detail }) => setSplitSize(detail.size)}
      onSplitPanelToggle={({ detail }) => onSplitPanelToggle?.(detail.open)}
      splitPanelPreferences={{ position: "bottom" }}
      content={children}
    />
  );
}
