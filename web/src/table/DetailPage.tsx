/** The page of one resource, and its tabs, which are also in the panel below its list. */
import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import Tabs from "@cloudscape-design/components/tabs";
import { Suspense } from "react";
import { useParams, useSearchParams } from "react-router";
import { nameOf, titled, useList } from "../api/lists";
import type { Tag } from "../api/types";
import { useRemember } from "../frame/address";
import { Page } from "../frame/Page";
import { Actions } from "./Actions";
import { Tags } from "./Details";
import type { Resource } from "./resource";

export function DetailPage({ resource }: { resource: Resource }) {
  const { id = "" } = useParams();
  const list = useList(resource.kind);
  const item = (list.items as { tagSet: Tag[] }[]).find((item) => resource.id(item) === id);
  const title = titled(id, nameOf(item));
  return (
    <Page title={title} path={[[resource.path, resource.many]]}>
      {item ? (
        <SpaceBetween size="l">
          <Header variant="h1" actions={<Actions resource={resource} items={[item]} />}>
            {title}
          </Header>
          <ResourceTabs resource={resource} item={item} />
        </SpaceBetween>
      ) : list.isLoading ? (
        <Spinner />
      ) : (
        <Box padding="l">
          <Box variant="h1">There is no {id}</Box>
          <Box variant="p">This account has no such {resource.one} in this Region; it may have been deleted.</Box>
        </Box>
      )}
    </Page>
  );
}

export function ResourceTabs({ resource, item }: { resource: Resource; item: { tagSet: Tag[] } }) {
  const [search] = useSearchParams();
  const remember = useRemember();
  const tabs = [...resource.tabs, { id: "tags", label: "Tags", Content: Tags }];
  const active = tabs.find((tab) => tab.id === search.get("tab")) ?? tabs[0]!;
  return (
    <Tabs
      ariaLabel={`About the ${resource.one}`}
      activeTabId={active.id}
      onChange={({ detail }) => remember({ tab: detail.activeTabId })}
      tabs={tabs.map(({ id, label, Content }) => ({
        id,
        label,
        content: (
          <Suspense fallback={<Spinner />}>
            <Content item={item} />
          </Suspense>
        ),
      }))}
    />
  );
}
