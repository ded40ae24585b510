/** Network settings of a launch: a summary, which "Edit" opens. */
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { nameOf, titled, useList } from "../api/lists";
import { ChoiceField, TextField, useOptions, useVpcOptions } from "../forms/fields";
import { GroupsField } from "../forms/GroupsField";

export interface Network {
  vpc: string;
  subnet: string;
  /** What was chosen; undefined is what the subnet says. */
  isPublic: boolean | undefined;
  makesGroup: boolean;
  groups: string[];
  groupName: string;
  groupDescription: string;
  /** Who may come in by SSH, when a group is made; undefined is nobody. */
  ssh: string | undefined;
}

const SOURCES = [
  { value: "0.0.0.0/0", label: "Anywhere", description: "0.0.0.0/0" },
  { value: "203.0.113.10/32", label: "My IP", description: "203.0.113.10/32" },
];

export function NetworkSettings({ network, set }: { network: Network; set(change: Partial<Network>): void }) {
  const [isEditing, setEditing] = useState(false);
  const vpcs = useVpcOptions();
  const vpc = useList("vpcs").items.find((vpc) => vpc.vpcId === network.vpc);
  const subnets = useOptions("subnets", (subnet) => subnet.subnetId, {
    only: (subnet) => subnet.vpcId === network.vpc,
    about: (subnet) => `${subnet.availabilityZone}  ${subnet.cidrBlock}`,
  });
  const subnet = useList("subnets").items.find((subnet) => subnet.subnetId === network.subnet);
  const isPublic = network.isPublic ?? subnet?.mapPublicIpOnLaunch === "true";
  const sources =
    SOURCES.some((source) => source.value === network.ssh) || !network.ssh
      ? SOURCES
      : [...SOURCES, { value: network.ssh, label: network.ssh }];
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            !isEditing && (
              <Button formAction="none" ariaLabel="Edit network settings" onClick={() => setEditing(true)}>
                Edit
              </Button>
            )
          }
        >
          Network settings
        </Header>
      }
    >
      <SpaceBetween size="l">
        {isEditing ? (
          <>
            <ChoiceField
              label="VPC"
              value={network.vpc}
              set={(vpc) => set({ vpc, subnet: "", groups: [], isPublic: undefined })}
              options={vpcs}
              placeholder="Select a VPC"
              filter
            />
            <ChoiceField
              label="Subnet"
              value={network.subnet}
              set={(subnet) => set({ subnet, isPublic: undefined })}
              options={subnets}
              placeholder="Select a subnet"
              empty="This VPC has no subnets"
              filter
            />
            <ChoiceField
              label="Auto-assign public IP"
              value={isPublic ? "enable" : "disable"}
              set={(value) => set({ isPublic: value === "enable" })}
              options={[
                { value: "enable", label: "Enable" },
                { value: "disable", label: "Disable" },
              ]}
            />
          </>
        ) : (
          <KeyValuePairs
            columns={3}
            items={[
              { label: "Network", value: vpc ? titled(vpc.vpcId, nameOf(vpc)) : "No VPC" },
              {
                label: "Subnet",
                value: subnet ? titled(subnet.subnetId, nameOf(subnet)) : "No preference (Default subnet in any availability zone)",
              },
              { label: "Auto-assign public IP", value: isPublic ? "Enable" : "Disable" },
            ]}
          />
        )}
        <FormField
          label="Firewall (security groups)"
          description="A security group is a set of firewall rules that control the traffic for your instance. Add rules to allow specific traffic to reach your instance."
        >
          <RadioGroup
            value={network.makesGroup ? "new" : "existing"}
            onChange={({ detail }) => set({ makesGroup: detail.value === "new" })}
            items={[
              { value: "new", label: "Create security group" },
              { value: "existing", label: "Select existing security group" },
            ]}
          />
        </FormField>
        {network.makesGroup ? (
          <>
            {isEditing && (
              <>
                <TextField label="Security group name" value={network.groupName} set={(groupName) => set({ groupName })} />
                <TextField label="Description" value={network.groupDescription} set={(groupDescription) => set({ groupDescription })} />
              </>
            )}
            {!isEditing && <span>We'll create a new security group called '{network.groupName}' with the following rules:</span>}
            <div style={{ display: "flex", gap: 16, alignItems: "center", flexWrap: "wrap" }}>
              <Checkbox
                checked={network.ssh !== undefined}
                onChange={({ detail }) => set({ ssh: detail.checked ? "0.0.0.0/0" : undefined })}
              >
                Allow SSH traffic from
              </Checkbox>
              <div style={{ minWidth: 240 }}>
                <Select
                  ariaLabel="Source of SSH traffic"
                  disabled={network.ssh === undefined}
                  selectedOption={sources.find((source) => source.value === network.ssh) ?? SOURCES[0]!}
                  options={sources}
                  filteringType="none"
                  onChange={({ detail }) => set({ ssh: detail.selectedOption.value })}
                />
              </div>
            </div>
            {network.ssh === "0.0.0.0/0" && (
              <Alert type="warning" statusIconAriaLabel="Warning">
                Rules with source of 0.0.0.0/0 allow all IP addresses to access your instance. We recommend setting security group rules to
                allow access from known IP addresses only.
              </Alert>
            )}
          </>
        ) : (
          <GroupsField vpcId={network.vpc} value={network.groups} set={(groups) => set({ groups })} />
        )}
      </SpaceBetween>
    </Container>
  );
}
