/** What a kind of resource tells its pages: one definition, from which list, panel and details page are made. */
import type { ComponentType, ReactNode } from "react";
import type { Lists } from "../api/lists";
import type { Tag } from "../api/types";

export interface Column<T> {
  id: string;
  header: string;
  /** What is searched and sorted, and shown unless there is a `cell`. */
  text(item: T): string;
  cell?(item: T): ReactNode;
  width?: number;
}

export interface Tab<T> {
  id: string;
  label: string;
  Content: ComponentType<{ item: T }>;
}

export interface DialogProps<T> {
  items: T[];
  close(): void;
}

/** What one may do with resources: it opens a page or a dialog. */
export interface Action<T> {
  id: string;
  text: string;
  /** Why it cannot be done now. */
  refusal?(items: T[]): string | undefined;
  href?(item: T): string;
  Dialog?: ComponentType<DialogProps<T>>;
  /** Whether it takes more than one. */
  several?: boolean;
  /** Whether it takes none: it is about the list. */
  none?: boolean;
  /** Another menu than "Actions"; `button` is none, but a button of its own. */
  menu?: string;
}

export interface Resource<T extends { tagSet: Tag[] } = { tagSet: Tag[] }> {
  kind: keyof Lists;
  /** Where its pages are. */
  path: string;
  /** "subnet", and "Subnets". */
  one: string;
  many: string;
  idHeader: string;
  id(item: T): string;
  columns: Column<T>[];
  tabs: Tab<T>[];
  actions: Action<T>[];
  create?: { text: string; href: string };
  /** Whether `Name` is a tag of it that one can write; key pairs and images are named by others. */
  named?: boolean;
}

/** A definition with its item type forgotten, as the pages take it: they give back to it only what its list holds. */
export const define = <T extends { tagSet: Tag[] }>(resource: Resource<T>) => resource as unknown as Resource;
