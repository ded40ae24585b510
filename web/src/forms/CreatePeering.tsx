/** Create peering connection: a VPC here asks another one, here or elsewhere. */
import FormField from "@cloudscape-design/components/form-field";
import RadioGroup from "@cloudscape-design/components/radio-group";
import { useState } from "react";
import { call, tagged } from "../api/ec2";
import { useList } from "../api/lists";
import { here } from "../api/place";
import type { Vpc } from "../api/types";
import { Rows } from "../table/Details";
import { State } from "../table/State";
import { FormPage } from "./FormPage";
import { ChoiceField, Section, TextField } from "./fields";

const optionsOf = (vpcs: readonly Vpc[]) =>
  vpcs.map((vpc) => {
    const name = vpc.tagSet.find((tag) => tag.key === "Name")?.value;
    return { value: vpc.vpcId, label: name ? `${vpc.vpcId} (${name})` : vpc.vpcId, description: vpc.cidrBlock };
  });

export function CreatePeering() {
  const [name, setName] = useState("");
  const [requester, setRequester] = useState("");
  const [isMine, setMine] = useState(true);
  const [account, setAccount] = useState("");
  const [isHere, setIsHere] = useState(true);
  const [region, setRegion] = useState("");
  const [accepter, setAccepter] = useState("");
  const place = { account: isMine ? here.account : account, region: isHere ? here.region : region };
  const isPlace = /^\d{12}$/.test(place.account) && place.region !== "";
  const mine = useList("vpcs").items;
  // Another account's VPCs are not ours to list: their ids are typed, as on AWS.
  const theirs = useList("vpcs", isMine && isPlace ? place : here).items;
  const regions = useList("regions").items.filter(({ regionName }) => regionName !== here.region);

  const create = async () => {
    const answer = await call<{ vpcPeeringConnection: { vpcPeeringConnectionId: string; status: { code: string; message: string } } }>(
      "CreateVpcPeeringConnection",
      {
        VpcId: requester,
        PeerVpcId: accepter,
        PeerOwnerId: isMine ? undefined : account,
        PeerRegion: isHere ? undefined : region,
        TagSpecification: tagged("vpc-peering-connection", { Name: name }),
      },
    );
    const { vpcPeeringConnectionId: id, status } = answer.vpcPeeringConnection;
    const title = name ? `${id} / ${name}` : id;
    const result =
      status.code === "failed"
        ? { type: "error" as const, header: `The VPC peering connection ${title} failed.`, content: status.message }
        : { type: "success" as const, content: `A VPC peering connection ${title} has been requested.` };
    return { href: `/vpc/peering-connections/${id}`, results: [result] };
  };
  return (
    <FormPage
      title="Create peering connection"
      description="A VPC peering connection is a networking connection between two VPCs that enables you to route traffic between them privately."
      path={[["/vpc/peering-connections", "Peering connections"]]}
      submit="Create peering connection"
      isReady={requester !== "" && accepter !== "" && isPlace}
      onSubmit={create}
    >
      <Section title="Peering connection settings">
        <TextField
          label="Name - optional"
          description="Create a tag with a key of 'Name' and a value that you specify."
          value={name}
          set={setName}
          placeholder="my-pc-01"
        />
      </Section>
      <Section title="Select a local VPC to peer with">
        <ChoiceField
          label="VPC ID (Requester)"
          value={requester}
          set={setRequester}
          options={optionsOf(mine)}
          placeholder="Select a VPC"
          filter
        />
        <Cidrs of={mine.find((vpc) => vpc.vpcId === requester)} />
      </Section>
      <Section title="Select another VPC to peer with">
        <FormField label="Account">
          <RadioGroup
            value={isMine ? "mine" : "other"}
            onChange={({ detail }) => {
              setMine(detail.value === "mine");
              setAccepter("");
            }}
            items={[
              { value: "mine", label: "My account" },
              { value: "other", label: "Another account" },
            ]}
          />
        </FormField>
        {!isMine && <TextField label="Account ID" value={account} set={setAccount} placeholder="444455556666" hint="Twelve digits." />}
        <FormField label="Region">
          <RadioGroup
            value={isHere ? "here" : "other"}
            onChange={({ detail }) => {
              setIsHere(detail.value === "here");
              setAccepter("");
            }}
            items={[
              { value: "here", label: `This Region (${here.region})` },
              { value: "other", label: "Another Region" },
            ]}
          />
        </FormField>
        {!isHere && (
          <ChoiceField
            label="Region of the accepter"
            value={region}
            set={setRegion}
            options={regions.map(({ regionName }) => ({ value: regionName, label: regionName }))}
            placeholder="Select a Region"
            filter
          />
        )}
        {isMine ? (
          <ChoiceField
            label="VPC ID (Accepter)"
            value={accepter}
            set={setAccepter}
            options={optionsOf(theirs)}
            placeholder="Select a VPC"
            filter
          />
        ) : (
          <TextField label="VPC ID (Accepter)" value={accepter} set={setAccepter} placeholder="vpc-…" />
        )}
        {isMine && <Cidrs of={theirs.find((vpc) => vpc.vpcId === accepter)} />}
      </Section>
    </FormPage>
  );
}

function Cidrs({ of: vpc }: { of: Vpc | undefined }) {
  if (!vpc) return null;
  return (
    <Rows
      label={`VPC CIDRs for ${vpc.vpcId}`}
      items={vpc.cidrBlockAssociationSet}
      columns={[
        ["CIDR", (block) => block.cidrBlock],
        ["Status", (block) => <State of={block.cidrBlockState.state} />],
        ["Status reason", () => "–"],
      ]}
      empty="No CIDR blocks"
    />
  );
}
