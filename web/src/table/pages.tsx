/** Finds the definition that a path names. */
import { useParams } from "react-router";
import { Missing } from "../frame/Mishap";
import { resources } from "../resources";
import { DetailPage } from "./DetailPage";
import { ListPage } from "./ListPage";
import type { Resource } from "./resource";

function useResource(): Resource | undefined {
  const { service, kind } = useParams();
  return resources.find((resource) => resource.path === `/${service}/${kind}`);
}

export function List() {
  const resource = useResource();
  return resource ? <ListPage key={resource.path} resource={resource} /> : <Missing />;
}

export function Detail() {
  const resource = useResource();
  return resource ? <DetailPage key={resource.path} resource={resource} /> : <Missing />;
}
