/** Every kind of resource that has pages. */
import type { Resource } from "../table/resource";
import { vpc } from "./vpc";

export const resources: Resource[] = [vpc];
