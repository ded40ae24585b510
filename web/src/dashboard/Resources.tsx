/** How much there is of everything in this Region. */
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import { useList } from "../api/lists";
import { here } from "../api/place";
import { resources } from "../resources";
import { To } from "../table/Ref";
import type { Resource } from "../table/resource";

export function Resources({ title, of }: { title: string; of: (kind: Resource["kind"]) => boolean }) {
  return (
    <Container
      header={
        <Header variant="h2" description="In the account and Region that are chosen above.">
          {title}
        </Header>
      }
    >
      <ColumnLayout columns={3} variant="text-grid">
        {resources
          .filter((resource) => of(resource.kind))
          .map((resource) => (
            <Count key={resource.path} resource={resource} />
          ))}
      </ColumnLayout>
    </Container>
  );
}

function Count({ resource }: { resource: Resource }) {
  const { items, isLoading } = useList(resource.kind);
  const name = resource.many === "Your VPCs" ? "VPCs" : resource.many;
  return (
    <div>
      <To href={resource.path}>{name}</To>
      <div style={{ display: "flex", justifyContent: "space-between" }}>
        <span>{here.region}</span>
        <strong>{isLoading ? "–" : items.length}</strong>
      </div>
    </div>
  );
}
