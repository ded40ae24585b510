/** Create VPC: the VPC alone. */
import { useState } from "react";
import { call, tagged } from "../api/ec2";
import { titled } from "../api/lists";
import { countOf } from "../forms/cidr";
import { FormPage } from "../forms/FormPage";
import { Section, TextField } from "../forms/fields";

export function CreateVpc() {
  const [name, setName] = useState("");
  const [cidr, setCidr] = useState("");
  const create = async () => {
    const answer = await call<{ vpc: { vpcId: string } }>("CreateVpc", {
      CidrBlock: cidr,
      TagSpecification: tagged("vpc", { Name: name }),
    });
    const { vpcId } = answer.vpc;
    return {
      href: `/vpc/vpcs/${vpcId}`,
      results: [{ type: "success" as const, content: `You successfully created ${titled(vpcId, name)}` }],
    };
  };
  return (
    <FormPage title="Create VPC" path={[["/vpc/vpcs", "Your VPCs"]]} submit="Create VPC" isReady={cidr !== ""} onSubmit={create}>
      <Section title="VPC settings">
        <TextField
          label="Name tag - optional"
          description="Creates a tag with the key Name and this value."
          value={name}
          set={setName}
          placeholder="my-vpc-01"
        />
        <TextField
          label="IPv4 CIDR"
          value={cidr}
          set={setCidr}
          placeholder="10.0.0.0/24"
          hint={`CIDR block size must be between /16 and /28.${countOf(cidr) ? ` ${countOf(cidr)} IPs` : ""}`}
        />
      </Section>
    </FormPage>
  );
}
