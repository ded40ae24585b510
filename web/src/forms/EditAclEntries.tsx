/** Edit inbound or outbound rules of a network ACL. */
import Button from "@cloudscape-design/components/button";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import { useParams } from "react-router";
import { describe, nameOf, titled, useList } from "../api/lists";
import { entriesOf, LAST_RULE } from "../api/network";
import type { NetworkAcl } from "../api/types";
import { changes, type Draft, draftOf, draftTraffic, isWhole, newDraft } from "./entries";
import { FormPage, perform } from "./FormPage";
import { Section } from "./fields";
import { KINDS, portsOf, protocolName } from "./traffic";

export const EditInbound = () => <Loader egress={false} />;
export const EditOutbound = () => <Loader egress />;

function Loader({ egress }: { egress: boolean }) {
  const { id = "" } = useParams();
  const acl = useList("networkAcls").items.find((acl) => acl.networkAclId === id);
  return acl ? <Editor key={`${id}${egress}`} acl={acl} egress={egress} /> : null;
}

const KIND_OPTIONS = KINDS.map((kind) => ({ value: kind.name, label: kind.name }));
const ACTIONS = [
  { value: "allow", label: "Allow" },
  { value: "deny", label: "Deny" },
];

function Editor({ acl, egress }: { acl: NetworkAcl; egress: boolean }) {
  const [drafts, setDrafts] = useState(() =>
    entriesOf(acl, egress)
      .filter((entry) => entry.ruleNumber !== LAST_RULE)
      .map(draftOf),
  );
  const set = (key: number, change: Partial<Draft>) =>
    setDrafts(drafts.map((draft) => (draft.key === key ? { ...draft, ...change } : draft)));
  const title = titled(acl.networkAclId, nameOf(acl));
  const direction = egress ? "outbound" : "inbound";
  const numbers = drafts.map((draft) => draft.number);
  const wanted = async () => {
    const now = (await describe("networkAcls")).find((other) => other.networkAclId === acl.networkAclId);
    return changes(acl.networkAclId, egress, now ? entriesOf(now, egress) : [], drafts);
  };
  const save = async () => {
    await perform(await wanted());
    return {
      href: `/vpc/network-acls/${acl.networkAclId}?tab=${direction}`,
      results: [{ type: "success" as const, content: `You have successfully updated ${direction} rules for ${title}` }],
    };
  };
  return (
    <FormPage
      title={`Edit ${direction} rules`}
      description={`${egress ? "Outbound" : "Inbound"} rules control the ${egress ? "outgoing" : "incoming"} traffic of the subnets. The rule with the lowest number that matches decides.`}
      path={[
        ["/vpc/network-acls", "Network ACLs"],
        [`/vpc/network-acls/${acl.networkAclId}`, title],
      ]}
      submit="Save changes"
      isReady={drafts.every(isWhole) && new Set(numbers).size === numbers.length}
      changes={wanted}
      onSubmit={save}
      buttons={
        <Button formAction="none" onClick={() => setDrafts([...drafts].sort((a, b) => Number(a.number) - Number(b.number)))}>
          Sort by rule number
        </Button>
      }
    >
      <Section title={`${egress ? "Outbound" : "Inbound"} rules`}>
        <SpaceBetween size="s">
          <Table
            items={[...drafts, undefined]}
            trackBy={(draft) => String(draft?.key ?? "last")}
            ariaLabels={{ tableLabel: "Rules" }}
            columnDefinitions={[
              {
                id: "number",
                header: "Rule number",
                minWidth: 90,
                cell: (draft) =>
                  draft ? (
                    <Input
                      ariaLabel="Rule number"
                      inputMode="numeric"
                      value={draft.number}
                      invalid={numbers.filter((number) => number === draft.number).length > 1}
                      onChange={({ detail }) => set(draft.key, { number: detail.value })}
                    />
                  ) : (
                    "*"
                  ),
              },
              {
                id: "type",
                header: "Type",
                minWidth: 170,
                cell: (draft) =>
                  draft ? (
                    <Select
                      ariaLabel="Type"
                      expandToViewport
                      filteringType="auto"
                      selectedOption={{ value: draft.kind, label: draft.kind }}
                      options={KIND_OPTIONS}
                      onChange={({ detail }) => {
                        const kind = KINDS.find((kind) => kind.name === detail.selectedOption.value);
                        if (kind) set(draft.key, { kind: kind.name, ports: kind.writes ? "" : portsOf(kind), traffic: undefined });
                      }}
                    />
                  ) : (
                    "All traffic"
                  ),
              },
              {
                id: "protocol",
                header: "Protocol",
                cell: (draft) =>
                  draft
                    ? protocolName(draftTraffic(draft)?.protocol ?? KINDS.find((kind) => kind.name === draft.kind)?.protocol ?? "")
                    : "All",
              },
              {
                id: "ports",
                header: "Port range",
                minWidth: 110,
                cell: (draft) => {
                  if (!draft) return "All";
                  const writes = KINDS.find((kind) => kind.name === draft.kind)?.writes;
                  return (
                    <Input
                      ariaLabel={writes === "protocol" ? "Protocol number" : "Port range"}
                      value={draft.ports}
                      disabled={!writes}
                      onChange={({ detail }) => set(draft.key, { ports: detail.value, traffic: undefined })}
                    />
                  );
                },
              },
              {
                id: "cidr",
                header: egress ? "Destination" : "Source",
                minWidth: 170,
                cell: (draft) =>
                  draft ? (
                    <Input
                      ariaLabel={egress ? "Destination" : "Source"}
                      value={draft.cidr}
                      onChange={({ detail }) => set(draft.key, { cidr: detail.value })}
                    />
                  ) : (
                    "0.0.0.0/0"
                  ),
              },
              {
                id: "action",
                header: "Allow/Deny",
                minWidth: 120,
                cell: (draft) =>
                  draft ? (
                    <Select
                      ariaLabel="Allow/Deny"
                      expandToViewport
                      selectedOption={ACTIONS.find((action) => action.value === draft.action) ?? null}
                      options={ACTIONS}
                      onChange={({ detail }) => set(draft.key, { action: detail.selectedOption.value === "deny" ? "deny" : "allow" })}
                    />
                  ) : (
                    "Deny"
                  ),
              },
              {
                id: "remove",
                header: "",
                minWidth: 60,
                cell: (draft) =>
                  draft && (
                    <Button
                      formAction="none"
                      variant="icon"
                      iconName="remove"
                      ariaLabel={`Remove rule ${draft.number || "without number"}`}
                      onClick={() => setDrafts(drafts.filter((other) => other.key !== draft.key))}
                    />
                  ),
              },
            ]}
          />
          <Button formAction="none" onClick={() => setDrafts([...drafts, newDraft(Math.max(-1, ...drafts.map((draft) => draft.key)) + 1)])}>
            Add new rule
          </Button>
        </SpaceBetween>
      </Section>
    </FormPage>
  );
}
