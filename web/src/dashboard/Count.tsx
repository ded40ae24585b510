/** How many there are of a kind in this Region. */
import { useList } from "../api/lists";
import { here } from "../api/place";
import { To } from "../table/Ref";
import type { Resource } from "../table/resource";

export function Count({ resource }: { resource: Resource }) {
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
