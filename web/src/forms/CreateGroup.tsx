/** Create security group, with its rules. */
import { useState } from "react";
import { call } from "../api/ec2";
import { FormPage } from "./FormPage";
import { ChoiceField, Section, TextField, useVpcOptions } from "./fields";
import { isWhole, RuleRows } from "./RuleRows";
import { type Draft, permission } from "./rules";

const ALL_OUT: Draft = { key: 0, kind: "All traffic", ports: "All", peer: "0.0.0.0/0", description: "" };

export function CreateGroup() {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [vpc, setVpc] = useState("");
  const [inbound, setInbound] = useState<Draft[]>([]);
  const [outbound, setOutbound] = useState<Draft[]>([ALL_OUT]);
  const [made, setMade] = useState<string>();
  const options = useVpcOptions();
  const create = async () => {
    const GroupId = made ?? (await make());
    // A new group lets everything out: that rule is there already.
    const isAllOut = (draft: Draft) => draft.kind === ALL_OUT.kind && draft.peer === ALL_OUT.peer;
    if (inbound.length > 0) await call("AuthorizeSecurityGroupIngress", { GroupId, IpPermissions: inbound.map(permission) });
    const more = outbound.filter((draft) => !isAllOut(draft));
    if (more.length > 0) await call("AuthorizeSecurityGroupEgress", { GroupId, IpPermissions: more.map(permission) });
    if (!outbound.some(isAllOut)) await call("RevokeSecurityGroupEgress", { GroupId, IpPermissions: [permission(ALL_OUT)] });
    const content = `Security group (${GroupId} | ${name}) was created successfully`;
    return { href: `/vpc/security-groups/${GroupId}`, results: [{ type: "success" as const, content }] };
  };
  const make = async () => {
    const parameters = { GroupName: name, GroupDescription: description, VpcId: vpc };
    const { groupId } = await call<{ groupId: string }>("CreateSecurityGroup", parameters);
    setMade(groupId);
    return groupId;
  };
  return (
    <FormPage
      title="Create security group"
      description="A security group acts as a virtual firewall for your instance to control inbound and outbound traffic."
      path={[["/vpc/security-groups", "Security groups"]]}
      submit="Create security group"
      isReady={name !== "" && description !== "" && vpc !== "" && [...inbound, ...outbound].every(isWhole)}
      onSubmit={create}
    >
      <Section title="Basic details">
        <TextField
          label="Security group name"
          value={name}
          set={setName}
          placeholder="MyWebServerGroup"
          hint="Name cannot be edited after creation."
        />
        <TextField label="Description" value={description} set={setDescription} placeholder="Allows SSH access to developers" />
        <ChoiceField label="VPC" value={vpc} set={setVpc} options={options} placeholder="Select a VPC" filter />
      </Section>
      <Section title="Inbound rules">
        <RuleRows egress={false} vpcId={vpc} drafts={inbound} set={setInbound} />
      </Section>
      <Section title="Outbound rules">
        <RuleRows egress vpcId={vpc} drafts={outbound} set={setOutbound} />
      </Section>
    </FormPage>
  );
}
