/** The page that lists the resources of one kind: search, selection, actions, and a panel about what is selected. */
import { useCollection } from "@cloudscape-design/collection-hooks";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Pagination from "@cloudscape-design/components/pagination";
import PropertyFilter from "@cloudscape-design/components/property-filter";
import SplitPanel from "@cloudscape-design/components/split-panel";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { useMemo } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { call } from "../api/ec2";
import { titled, useList } from "../api/lists";
import { useRemember } from "../frame/address";
import { Page } from "../frame/Page";
import { sentence } from "../frame/results";
import { Actions } from "./Actions";
import { ResourceTabs } from "./DetailPage";
import { To } from "./Ref";
import type { Resource } from "./resource";
import { optionsOf, propertiesOf, type Row, read, rowsOf, write } from "./search";

const PAGE_SIZE = 50;

type Tagged = Row["item"];

export function ListPage({ resource }: { resource: Resource }) {
  const list = useList(resource.kind);
  const items = list.items as unknown as Tagged[];
  const [search] = useSearchParams();
  const remember = useRemember();
  const navigate = useNavigate();
  const rows = useMemo(() => rowsOf(resource, items), [resource, items]);
  const properties = useMemo(() => propertiesOf(resource, rows), [resource, rows]);
  const columns = useMemo(() => columnsOf(resource), [resource]);

  const nothing = (
    <Box textAlign="center" padding="m">
      <Box variant="strong">No {resource.one} in this Region</Box>
      {resource.create && (
        <Box padding={{ top: "s" }}>
          <Button onClick={() => navigate(resource.create!.href)}>{resource.create.text}</Button>
        </Box>
      )}
    </Box>
  );
  const {
    items: shown,
    collectionProps,
    propertyFilterProps,
    paginationProps,
    actions,
    filteredItemsCount,
  } = useCollection(rows, {
    propertyFiltering: {
      filteringProperties: properties,
      defaultQuery: read(search.get("filter")),
      empty: nothing,
      noMatch: <Box textAlign="center">Nothing matches the search.</Box>,
    },
    sorting: { defaultState: { sortingColumn: { sortingField: "name" } } },
    pagination: { pageSize: PAGE_SIZE },
  });

  const chosen = (search.get("selected") ?? "").split(",");
  const selected = rows.filter((row) => chosen.includes(row.id));
  const one = selected.length === 1 ? selected[0] : undefined;
  const counter = selected.length > 0 ? `(${selected.length}/${rows.length})` : `(${rows.length})`;
  return (
    <Page
      title={resource.many}
      contentType="table"
      splitPanelOpen={one !== undefined && search.get("panel") !== "closed"}
      onSplitPanelToggle={(open) => remember({ panel: open ? undefined : "closed" })}
      splitPanel={
        one && (
          <SplitPanel header={titled(one.id, one.name)} hidePreferencesButton closeBehavior="hide">
            <ResourceTabs resource={resource} item={one.item} />
          </SplitPanel>
        )
      }
    >
      <Table
        {...collectionProps}
        variant="full-page"
        stickyHeader
        resizableColumns
        enableKeyboardNavigation
        items={shown}
        trackBy="id"
        loading={list.isLoading}
        loadingText="Loading resources"
        selectionType="multi"
        selectedItems={selected}
        onSelectionChange={({ detail }) => remember({ selected: detail.selectedItems.map((row) => row.id).join(","), panel: undefined })}
        onRowClick={({ detail }) => remember({ selected: detail.item.id, panel: undefined })}
        columnDefinitions={columns}
        submitEdit={async (row, _column, name) => rename(row as Row, String(name))}
        ariaLabels={{
          tableLabel: resource.many,
          selectionGroupLabel: "Selection",
          allItemsSelectionLabel: () => `Select all ${resource.many}`,
          itemSelectionLabel: (_, row) => `Select ${titled(row.id, row.name)}`,
          activateEditLabel: (column, row) => `Edit ${column.header} of ${row.id}`,
          cancelEditLabel: () => "Cancel",
          submitEditLabel: () => "Save",
          submittingEditText: () => "Saving",
          successfulEditLabel: () => "Saved",
        }}
        header={
          <Header
            variant="awsui-h1-sticky"
            counter={counter}
            actions={<Actions resource={resource} items={selected.map((row) => row.item)} refresh={() => list.refresh()} />}
            description={list.error ? `The list could not be read: ${sentence(list.error)}` : undefined}
          >
            {resource.many}
          </Header>
        }
        filter={
          <PropertyFilter
            {...propertyFilterProps}
            filteringOptions={optionsOf(properties, rows)}
            filteringPlaceholder="Find resources by attribute or tag"
            filteringAriaLabel="Find resources by attribute or tag"
            countText={`${filteredItemsCount} ${filteredItemsCount === 1 ? "match" : "matches"}`}
            onChange={(event) => {
              actions.setPropertyFiltering(event.detail);
              remember({ filter: write(event.detail) });
            }}
          />
        }
        pagination={rows.length > PAGE_SIZE ? <Pagination {...paginationProps} /> : undefined}
      />
    </Page>
  );
}

function columnsOf(resource: Resource): TableProps.ColumnDefinition<Row>[] {
  const name: TableProps.ColumnDefinition<Row> = {
    id: "name",
    header: "Name",
    cell: (row) => row.name || "–",
    sortingField: "name",
    width: 260,
    minWidth: 120,
    editConfig: {
      ariaLabel: "Name",
      editIconAriaLabel: "editable",
      errorIconAriaLabel: "Error",
      editingCell: (row, { currentValue, setValue }) => (
        <Input autoFocus ariaLabel="Name" value={currentValue ?? row.name} onChange={({ detail }) => setValue(detail.value)} />
      ),
    },
  };
  const id: TableProps.ColumnDefinition<Row> = {
    id: "id",
    header: resource.idHeader,
    cell: (row) => <To href={`${resource.path}/${row.id}`}>{row.id}</To>,
    sortingField: "id",
    width: 250,
    minWidth: 120,
    isRowHeader: true,
  };
  const others = resource.columns.map((column): TableProps.ColumnDefinition<Row> => {
    const text = (row: Row) => column.text(row.item) || "–";
    return {
      id: column.id,
      header: column.header,
      cell: (row) => (column.cell ? column.cell(row.item) : text(row)),
      sortingComparator: (a, b) => column.text(a.item).localeCompare(column.text(b.item), "en", { numeric: true }),
      // Headers are not cut.
      width: Math.max(column.width ?? 160, 9 * column.header.length + 56),
      minWidth: 90,
    };
  });
  return [...(resource.named === false ? [] : [name]), id, ...others];
}

async function rename(row: Row, name: string) {
  const parameters = { ResourceId: [row.id] };
  if (name) await call("CreateTags", { ...parameters, Tag: [{ Key: "Name", Value: name }] });
  else await call("DeleteTags", { ...parameters, Tag: [{ Key: "Name" }] });
}
