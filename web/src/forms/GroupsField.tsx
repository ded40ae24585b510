/** The security groups of something in a VPC: only that VPC's are offered. */
import FormField from "@cloudscape-design/components/form-field";
import Multiselect from "@cloudscape-design/components/multiselect";
import { useList } from "../api/lists";

export function GroupsField({ vpcId, value, set }: { vpcId: string | undefined; value: string[]; set(groups: string[]): void }) {
  const options = useList("securityGroups")
    .items.filter((group) => group.vpcId === vpcId)
    .map((group) => ({ value: group.groupId, label: group.groupName, description: group.groupId, tags: [group.groupDescription] }));
  return (
    <FormField label="Common security groups">
      <Multiselect
        options={options}
        selectedOptions={options.filter((option) => value.includes(option.value))}
        onChange={({ detail }) => set(detail.selectedOptions.flatMap((option) => option.value ?? []))}
        placeholder="Select security groups"
        filteringType="auto"
        empty="No security groups"
      />
    </FormField>
  );
}
