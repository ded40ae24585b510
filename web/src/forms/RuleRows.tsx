/** The rows of the security group editor, for one direction. */
import Alert from "@cloudscape-design/components/alert";
import Autosuggest from "@cloudscape-design/components/autosuggest";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useList } from "../api/lists";
import { type Draft, newDraft, trafficOf } from "./rules";
import { KINDS, portsOf, protocolName } from "./traffic";

/** The learner's address on the simulated internet. */
const MY_IP = "203.0.113.10/32";

const PRESETS = [
  { value: "custom", label: "Custom" },
  { value: "0.0.0.0/0", label: "Anywhere-IPv4" },
  { value: "::/0", label: "Anywhere-IPv6" },
  { value: MY_IP, label: "My IP" },
];

const KIND_OPTIONS = KINDS.map((kind) => ({ value: kind.name, label: kind.name }));

export const isWhole = (draft: Draft) => trafficOf(draft) !== undefined && draft.peer.trim() !== "";

interface Props {
  egress: boolean;
  vpcId: string;
  drafts: Draft[];
  set(drafts: Draft[]): void;
}

export function RuleRows({ egress, vpcId, drafts, set }: Props) {
  const change = (key: number, to: Partial<Draft>) => set(drafts.map((draft) => (draft.key === key ? { ...draft, ...to } : draft)));
  const peer = egress ? "Destination" : "Source";
  const isOpen = !egress && drafts.some((draft) => ["0.0.0.0/0", "::/0"].includes(draft.peer.trim()));
  return (
    <SpaceBetween size="s">
      <Table
        items={drafts}
        trackBy={(draft) => String(draft.key)}
        ariaLabels={{ tableLabel: egress ? "Outbound rules" : "Inbound rules" }}
        empty={<Box>This security group has no {egress ? "outbound" : "inbound"} rules.</Box>}
        columnDefinitions={[
          {
            id: "type",
            header: "Type",
            minWidth: 155,
            cell: (draft) => (
              <Select
                ariaLabel="Type"
                expandToViewport
                filteringType="auto"
                selectedOption={{ value: draft.kind, label: draft.kind }}
                options={KIND_OPTIONS}
                onChange={({ detail }) => {
                  const kind = KINDS.find((kind) => kind.name === detail.selectedOption.value);
                  change(draft.key, {
                    kind: kind?.name ?? draft.kind,
                    ports: kind && !kind.writes ? portsOf(kind) : "",
                    traffic: undefined,
                  });
                }}
              />
            ),
          },
          {
            id: "protocol",
            header: "Protocol",
            cell: (draft) => protocolName(trafficOf(draft)?.protocol ?? KINDS.find((kind) => kind.name === draft.kind)?.protocol ?? ""),
          },
          {
            id: "ports",
            header: "Port range",
            minWidth: 98,
            cell: (draft) => {
              const writes = KINDS.find((kind) => kind.name === draft.kind)?.writes;
              return (
                <Input
                  ariaLabel={writes === "protocol" ? "Protocol number" : "Port range"}
                  value={draft.ports}
                  disabled={!writes}
                  placeholder={writes === "protocol" ? "47" : "8080 or 8000-8080"}
                  onChange={({ detail }) => change(draft.key, { ports: detail.value, traffic: undefined })}
                />
              );
            },
          },
          {
            id: "peer",
            header: peer,
            minWidth: 228,
            cell: (draft) => (
              <div style={{ display: "grid", gap: 4 }}>
                <Select
                  ariaLabel={`${peer} type`}
                  expandToViewport
                  selectedOption={PRESETS.find((preset) => preset.value === draft.peer) ?? PRESETS[0]!}
                  options={PRESETS}
                  onChange={({ detail }) =>
                    change(draft.key, { peer: detail.selectedOption.value === "custom" ? "" : detail.selectedOption.value })
                  }
                />
                <Peer label={peer} vpcId={vpcId} value={draft.peer} set={(peer) => change(draft.key, { peer })} />
              </div>
            ),
          },
          {
            id: "description",
            header: "Description - optional",
            minWidth: 150,
            cell: (draft) => (
              <Input
                ariaLabel="Description"
                value={draft.description}
                onChange={({ detail }) => change(draft.key, { description: detail.value })}
              />
            ),
          },
          {
            id: "delete",
            header: "",
            minWidth: 60,
            cell: (draft) => (
              <Button
                formAction="none"
                variant="icon"
                iconName="remove"
                ariaLabel={`Delete the rule for ${draft.kind}`}
                onClick={() => set(drafts.filter((other) => other.key !== draft.key))}
              />
            ),
          },
        ]}
      />
      <Button formAction="none" onClick={() => set([...drafts, newDraft(Math.max(-1, ...drafts.map((draft) => draft.key)) + 1)])}>
        Add rule
      </Button>
      {isOpen && (
        <Alert type="warning" statusIconAriaLabel="Warning">
          Rules with source of 0.0.0.0/0 allow all IP addresses to access your instance. We recommend setting security group rules to allow
          access from known IP addresses only.
        </Alert>
      )}
    </SpaceBetween>
  );
}

/** Whom the rule is about: a block, or a group of the same VPC. */
function Peer({ label, vpcId, value, set }: { label: string; vpcId: string; value: string; set(value: string): void }) {
  const groups = useList("securityGroups").items.filter((group) => group.vpcId === vpcId);
  const vpcs = useList("vpcs").items;
  return (
    <Autosuggest
      ariaLabel={label}
      value={value}
      expandToViewport
      placeholder="10.0.0.0/16 or sg-…"
      enteredTextLabel={(text) => `Use: "${text}"`}
      onChange={({ detail }) => set(detail.value)}
      options={[
        { label: "Security groups", options: groups.map((group) => ({ value: group.groupId, description: group.groupName })) },
        { label: "CIDR blocks", options: [...new Set(["0.0.0.0/0", ...vpcs.map((vpc) => vpc.cidrBlock)])].map((value) => ({ value })) },
      ]}
    />
  );
}
