/** Facts about a resource, in columns. */
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Table from "@cloudscape-design/components/table";
import type { ReactNode } from "react";
import type { Tag } from "../api/types";

export function Details({ facts, header = "Details" }: { facts: [label: string, value: ReactNode][]; header?: string }) {
  return (
    <Container header={<Header variant="h2">{header}</Header>}>
      <KeyValuePairs
        columns={4}
        items={facts.map(([label, value]) => ({ label, value: value === undefined || value === "" ? "–" : value }))}
      />
    </Container>
  );
}

export function Tags({ item }: { item: { tagSet: Tag[] } }) {
  return (
    <Rows
      label="Tags"
      items={item.tagSet}
      columns={[
        ["Key", (tag) => tag.key],
        ["Value", (tag) => tag.value || "–"],
      ]}
      empty="No tags"
    />
  );
}

interface RowsProps<R> {
  label: string;
  items: readonly R[];
  columns: [header: string, cell: (row: R) => ReactNode][];
  empty: string;
  /** Buttons beside the title. */
  actions?: ReactNode;
  description?: string;
}

/** A small table inside a tab. */
export function Rows<R>({ label, items, columns, empty, actions, description }: RowsProps<R>) {
  return (
    <Table
      variant="container"
      items={items}
      ariaLabels={{ tableLabel: label }}
      header={
        <Header variant="h2" counter={`(${items.length})`} actions={actions} description={description}>
          {label}
        </Header>
      }
      columnDefinitions={columns.map(([header, cell], index) => ({ id: header, header, cell, isRowHeader: index === 0 }))}
      empty={empty}
      wrapLines
    />
  );
}
