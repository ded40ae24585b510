/** Fields that many forms have. */
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input, { type InputProps } from "@cloudscape-design/components/input";
import Select, { type SelectProps } from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import { type Lists, nameOf, useList } from "../api/lists";

export function Section({ title, description, children }: { title: string; description?: ReactNode; children: ReactNode }) {
  return (
    <Container
      header={
        <Header variant="h2" description={description}>
          {title}
        </Header>
      }
    >
      <SpaceBetween size="l">{children}</SpaceBetween>
    </Container>
  );
}

interface FieldProps {
  label: string;
  description?: ReactNode;
  hint?: ReactNode;
  error?: string;
}

interface TextProps extends FieldProps {
  value: string;
  set(value: string): void;
  placeholder?: string;
  type?: InputProps.Type;
  disabled?: boolean;
}

export function TextField({ label, description, hint, error, value, set, placeholder, type, disabled }: TextProps) {
  return (
    <FormField label={label} description={description} constraintText={hint} errorText={error}>
      <Input value={value} placeholder={placeholder} type={type} disabled={disabled} onChange={({ detail }) => set(detail.value)} />
    </FormField>
  );
}

interface ChoiceProps extends FieldProps {
  value: string;
  set(value: string): void;
  options: SelectProps.Option[];
  placeholder?: string;
  filter?: boolean;
  empty?: string;
  loading?: boolean;
}

export function ChoiceField({ label, description, hint, error, value, set, options, placeholder, filter, empty, loading }: ChoiceProps) {
  return (
    <FormField label={label} description={description} constraintText={hint} errorText={error}>
      <Select
        selectedOption={options.find((option) => option.value === value) ?? null}
        options={options}
        placeholder={placeholder ?? "Choose an option"}
        filteringType={filter ? "auto" : "none"}
        empty={empty ?? "Nothing to choose from"}
        statusType={loading ? "loading" : "finished"}
        loadingText="Loading"
        onChange={({ detail }) => set(detail.selectedOption.value ?? "")}
      />
    </FormField>
  );
}

/** Resources of a kind as options: id, name, and a line about each. */
export function useOptions<K extends keyof Lists>(
  kind: K,
  id: (item: Lists[K]) => string,
  { only = () => true, about }: { only?: (item: Lists[K]) => boolean; about?: (item: Lists[K]) => string } = {},
): SelectProps.Option[] {
  return useList(kind)
    .items.filter(only)
    .map((item) => {
      const name = nameOf(item as never);
      return { value: id(item), label: name ? `${id(item)} (${name})` : id(item), description: about?.(item) };
    });
}

/** The VPCs to choose from. */
export const useVpcOptions = () => useOptions("vpcs", (vpc) => vpc.vpcId, { about: (vpc) => vpc.cidrBlock });
