/** Edit inbound or outbound rules of a security group. */
import { useState } from "react";
import { useParams } from "react-router";
import { describe, useList } from "../api/lists";
import type { SecurityGroup, SecurityGroupRule } from "../api/types";
import { FormPage, perform } from "./FormPage";
import { Section } from "./fields";
import { isWhole, RuleRows } from "./RuleRows";
import { calls, changes, draftOf } from "./rules";

export const EditInbound = () => <Loader egress={false} />;
export const EditOutbound = () => <Loader egress />;

function Loader({ egress }: { egress: boolean }) {
  const { id = "" } = useParams();
  const group = useList("securityGroups").items.find((group) => group.groupId === id);
  const rules = useList("securityGroupRules");
  if (!group || rules.isLoading) return null;
  return <Editor key={`${id}${egress}`} group={group} rules={rules.items.filter(of(id, egress))} egress={egress} />;
}

const of = (id: string, egress: boolean) => (rule: SecurityGroupRule) => rule.groupId === id && (rule.isEgress === "true") === egress;

function Editor({ group, rules, egress }: { group: SecurityGroup; rules: SecurityGroupRule[]; egress: boolean }) {
  const [drafts, setDrafts] = useState(() => rules.map(draftOf));
  const title = `${group.groupId} | ${group.groupName}`;
  const way = egress ? "Egress" : "Ingress";
  const direction = egress ? "Outbound" : "Inbound";
  const wanted = async () => {
    const now = (await describe("securityGroupRules")).filter(of(group.groupId, egress));
    return calls(group.groupId, way, changes(now, drafts));
  };
  const save = async () => {
    await perform(await wanted());
    return {
      href: `/vpc/security-groups/${group.groupId}?tab=${direction.toLowerCase()}`,
      results: [
        { type: "success" as const, content: `${direction} security group rules successfully modified on security group (${title})` },
      ],
    };
  };
  return (
    <FormPage
      title={`Edit ${direction.toLowerCase()} rules`}
      description={
        egress
          ? "Outbound rules control the outgoing traffic that's allowed to leave the instance."
          : "Inbound rules control the incoming traffic that's allowed to reach the instance."
      }
      path={[
        ["/vpc/security-groups", "Security groups"],
        [`/vpc/security-groups/${group.groupId}`, title],
      ]}
      submit="Save rules"
      isReady={drafts.every(isWhole)}
      changes={wanted}
      onSubmit={save}
    >
      <Section title={`${direction} rules`}>
        <RuleRows egress={egress} vpcId={group.vpcId} drafts={drafts} set={setDrafts} />
      </Section>
    </FormPage>
  );
}
