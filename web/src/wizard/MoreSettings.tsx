/** The settings of "VPC and more", and the map of what they make beside them. */
import AttributeEditor from "@cloudscape-design/components/attribute-editor";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMemo } from "react";
import { countOf } from "../forms/cidr";
import { Section, TextField } from "../forms/fields";
import { ResourceMap } from "../map/ResourceMap";
import { nameable, type Plan, preview, privateChoices, problems, publicChoices, type Settings } from "./plan";

interface Props {
  plan: Plan;
  /** All zones of the Region. */
  zones: string[];
  set(change: Partial<Settings>): void;
}

export function MoreSettings({ plan, zones, set }: Props) {
  const { settings } = plan;
  const wrong = problems(plan);
  const graph = useMemo(() => preview(plan), [plan]);
  const setZones = (count: number) => {
    const chosen = [...settings.zones, ...zones.filter((zone) => !settings.zones.includes(zone))].slice(0, count);
    // As many subnets a zone as before.
    const each = (subnets: number) => Math.round(subnets / settings.zones.length) * count;
    set({ zones: chosen, publicSubnets: each(settings.publicSubnets), privateSubnets: each(settings.privateSubnets), cidrs: {} });
  };
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Preview</Header>}>
        <ResourceMap graph={graph} name="the VPC to create" />
      </Container>
      <Section title="Names and address range">
        <FormField
          label="Name tag auto-generation"
          description="Enter a value for the Name tag. This value will be used to auto-generate Name tags for all resources in the VPC."
        >
          <SpaceBetween size="xs">
            <Checkbox checked={settings.isAutomatic} onChange={({ detail }) => set({ isAutomatic: detail.checked })}>
              Auto-generate
            </Checkbox>
            {settings.isAutomatic && (
              <Input
                ariaLabel="Name tag auto-generation"
                value={settings.prefix}
                onChange={({ detail }) => set({ prefix: detail.value })}
              />
            )}
          </SpaceBetween>
        </FormField>
        {!settings.isAutomatic && (
          <ExpandableSection headerText="Names" defaultExpanded>
            <SpaceBetween size="s">
              {nameable(plan).map(([key, what]) => (
                <TextField
                  key={key}
                  label={what}
                  value={settings.names[key] ?? ""}
                  set={(name) => set({ names: { ...settings.names, [key]: name } })}
                />
              ))}
            </SpaceBetween>
          </ExpandableSection>
        )}
        <TextField
          label="IPv4 CIDR block"
          description="Determine the starting IP and the size of your VPC using CIDR notation."
          value={settings.cidr}
          set={(cidr) => set({ cidr, cidrs: {} })}
          hint={`CIDR block size must be between /16 and /28.${countOf(settings.cidr) ? ` ${countOf(settings.cidr)} IPs` : ""}`}
          error={wrong.vpc}
        />
        <One label="IPv6 CIDR block" value="No IPv6 CIDR block" others={["Amazon-provided IPv6 CIDR block"]} />
        <One label="Tenancy" value="Default" others={["Dedicated"]} />
      </Section>
      <Section title="Zones and subnets">
        <Count
          label="Number of Availability Zones (AZs)"
          value={settings.zones.length}
          choices={[1, 2, 3].filter((count) => count <= zones.length)}
          set={setZones}
        />
        <ExpandableSection headerText="Customize AZs">
          <SpaceBetween size="s">
            {settings.zones.map((zone, at) => (
              <FormField key={zone} label={`${["First", "Second", "Third"][at]} availability zone`}>
                <Select
                  selectedOption={{ value: zone, label: zone }}
                  options={zones
                    .filter((other) => other === zone || !settings.zones.includes(other))
                    .map((value) => ({ value, label: value }))}
                  onChange={({ detail }) =>
                    set({ zones: settings.zones.map((old, index) => (index === at ? (detail.selectedOption.value ?? old) : old)) })
                  }
                />
              </FormField>
            ))}
          </SpaceBetween>
        </ExpandableSection>
        <Count
          label="Number of public subnets"
          description="The number of public subnets to add to your VPC. Use public subnets for web applications that need to be publicly accessible over the internet."
          value={settings.publicSubnets}
          choices={publicChoices(settings.zones.length)}
          set={(publicSubnets) => set({ publicSubnets })}
        />
        <Count
          label="Number of private subnets"
          description="The number of private subnets to add to your VPC. Use private subnets to secure backend resources that don't need public access."
          value={settings.privateSubnets}
          choices={privateChoices(settings.zones.length)}
          set={(privateSubnets) => set({ privateSubnets })}
        />
        <ExpandableSection headerText="Customize subnets CIDR blocks">
          <SpaceBetween size="s">
            {plan.subnets.map((subnet) => (
              <TextField
                key={subnet.key}
                label={`${subnet.isPublic ? "Public" : "Private"} subnet CIDR block in ${subnet.zone} (${subnet.key})`}
                value={subnet.cidr}
                set={(cidr) => set({ cidrs: { ...settings.cidrs, [subnet.key]: cidr } })}
                hint={countOf(subnet.cidr) && `${countOf(subnet.cidr)} IPs`}
                error={wrong[subnet.key]}
              />
            ))}
          </SpaceBetween>
        </ExpandableSection>
        {plan.subnets.some((subnet) => wrong[subnet.key]) && (
          <FormField errorText="The subnets do not fit: choose a larger VPC, fewer subnets, or other blocks." />
        )}
      </Section>
      <Section title="Beyond the subnets">
        <One label="NAT gateways ($)" value="None" others={["In 1 AZ", "1 per AZ"]} />
        <One label="VPC endpoints" value="None" others={["S3 Gateway"]} />
        <FormField label="DNS options">
          <Checkbox checked={settings.dnsHostnames} onChange={({ detail }) => set({ dnsHostnames: detail.checked })}>
            Enable DNS hostnames
          </Checkbox>
          <Checkbox checked={settings.dnsResolution} onChange={({ detail }) => set({ dnsResolution: detail.checked })}>
            Enable DNS resolution
          </Checkbox>
        </FormField>
        <ExpandableSection headerText="Additional tags">
          <AttributeEditor
            items={settings.tags}
            empty="No additional tags."
            addButtonText="Add new tag"
            removeButtonText="Remove"
            onAddButtonClick={() => set({ tags: [...settings.tags, { key: "", value: "" }] })}
            onRemoveButtonClick={({ detail }) => set({ tags: settings.tags.filter((_, at) => at !== detail.itemIndex) })}
            definition={(["key", "value"] as const).map((part) => ({
              label: part === "key" ? "Key" : "Value",
              control: (tag: Settings["tags"][number], index: number) => (
                <Input
                  value={tag[part]}
                  onChange={({ detail }) =>
                    set({ tags: settings.tags.map((old, at) => (at === index ? { ...old, [part]: detail.value } : old)) })
                  }
                />
              ),
            }))}
          />
        </ExpandableSection>
      </Section>
    </SpaceBetween>
  );
}

interface CountProps {
  label: string;
  description?: string;
  value: number;
  choices: number[];
  set(count: number): void;
}

function Count({ label, description, value, choices, set }: CountProps) {
  return (
    <FormField label={label} description={description}>
      <SegmentedControl
        label={label}
        selectedId={String(value)}
        options={choices.map((count) => ({ id: String(count), text: String(count) }))}
        onChange={({ detail }) => set(Number(detail.selectedId))}
      />
    </FormField>
  );
}

/** A choice of AWS's of which Peerless has one. */
function One({ label, value, others }: { label: string; value: string; others: string[] }) {
  const reason = "Not supported by Peerless yet.";
  return (
    <FormField label={label}>
      <SegmentedControl
        label={label}
        selectedId={value}
        options={[
          { id: value, text: value },
          ...others.map((other) => ({ id: other, text: other, disabled: true, disabledReason: reason })),
        ]}
      />
    </FormField>
  );
}
