/** The search of a list: what can be searched, and how its question stands in the address. */
import type { PropertyFilterProps } from "@cloudscape-design/components/property-filter";
import { nameOf } from "../api/lists";
import type { Tag } from "../api/types";
import type { Resource } from "./resource";

/** An item with every text by which it can be found. */
export type Row = { item: { tagSet: Tag[] }; id: string; name: string } & Record<string, unknown>;

const TAG = "tag:";

export function rowsOf(resource: Resource, items: readonly { tagSet: Tag[] }[]): Row[] {
  return items.map((item) => ({
    ...Object.fromEntries(resource.columns.map((column) => [column.id, column.text(item)])),
    ...Object.fromEntries(item.tagSet.map((tag) => [TAG + tag.key, tag.value])),
    item,
    id: resource.id(item),
    name: nameOf(item),
  }));
}

export function propertiesOf(resource: Resource, rows: readonly Row[]): PropertyFilterProps.FilteringProperty[] {
  const property = (key: string, propertyLabel: string) => ({
    key,
    propertyLabel,
    groupValuesLabel: `${propertyLabel} values`,
    operators: ["=", "!=", ":", "!:"] as const,
  });
  const tags = new Set(rows.flatMap((row) => row.item.tagSet.map((tag) => tag.key)));
  tags.delete("Name");
  return [
    ...(resource.named === false ? [] : [property("name", "Name")]),
    property("id", resource.idHeader),
    ...resource.columns.map((column) => property(column.id, column.header)),
    ...[...tags].sort().map((key) => property(TAG + key, `Tag: ${key}`)),
  ];
}

export function optionsOf(properties: readonly PropertyFilterProps.FilteringProperty[], rows: readonly Row[]) {
  return properties.flatMap(({ key }) => {
    const values = new Set(rows.flatMap((row) => (typeof row[key] === "string" && row[key] ? [row[key] as string] : [])));
    return [...values].sort().map((value) => ({ propertyKey: key, value }));
  });
}

const NOTHING: PropertyFilterProps.Query = { tokens: [], operation: "and" };

/** The question as it stands in the address; nothing when nothing is asked. */
export function write({ tokens, operation }: PropertyFilterProps.Query): string | undefined {
  if (tokens.length === 0) return undefined;
  return JSON.stringify([operation, ...tokens.map((token) => [token.propertyKey ?? "", token.operator, token.value])]);
}

export function read(text: string | null): PropertyFilterProps.Query {
  try {
    const [operation, ...tokens] = JSON.parse(text ?? "") as [string, ...[string, string, string][]];
    if (!tokens.every((token) => Array.isArray(token) && token.length === 3)) return NOTHING;
    const read = tokens.map(([key, operator, value]) => ({ propertyKey: key || undefined, operator, value }));
    return { operation: operation === "or" ? "or" : "and", tokens: read };
  } catch {
    return NOTHING;
  }
}

/** The address of a list that shows only what has this value. */
export const only = (path: string, key: string, value: string) =>
  `${path}?filter=${encodeURIComponent(write({ operation: "and", tokens: [{ propertyKey: key, operator: "=", value }] }) ?? "")}`;
