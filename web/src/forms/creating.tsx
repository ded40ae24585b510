/** Forms of few fields: what is made in a VPC, or beside one. */

import FormField from "@cloudscape-design/components/form-field";
import RadioGroup from "@cloudscape-design/components/radio-group";
import { useState } from "react";
import { call, tagged } from "../api/ec2";
import type { Parameters } from "../api/form";
import { titled } from "../api/lists";
import { here } from "../api/place";
import { FormPage } from "./FormPage";
import { ChoiceField, Section, TextField, useVpcOptions } from "./fields";

const NAME_HINT = "Creates a tag with the key Name and the value that you enter.";

interface InVpcProps {
  /** "route table", as it stands in titles, and what its tags and its pages are called. */
  what: string;
  tags: string;
  list: [href: string, text: string];
  description: string;
  /** Makes it, and says its id. */
  create(parameters: Parameters): Promise<string>;
  /** Where to go then, and what to say there. */
  done(id: string, title: string): { href: string; content: string };
}

/** What needs a VPC and may have a name. */
function CreateInVpc({ what, tags, list, description, create, done }: InVpcProps) {
  const [name, setName] = useState("");
  const [vpc, setVpc] = useState("");
  const options = useVpcOptions();
  const submit = async () => {
    const id = await create({ VpcId: vpc, TagSpecification: tagged(tags, { Name: name }) });
    const { href, content } = done(id, titled(id, name));
    return { href, results: [{ type: "success" as const, content }] };
  };
  return (
    <FormPage
      title={`Create ${what}`}
      description={description}
      path={[list]}
      submit={`Create ${what}`}
      isReady={vpc !== ""}
      onSubmit={submit}
    >
      <Section title={`${what.charAt(0).toUpperCase()}${what.slice(1)} settings`}>
        <TextField label="Name - optional" description={NAME_HINT} value={name} set={setName} placeholder={`my-${tags}-01`} />
        <ChoiceField
          label="VPC"
          description={`The VPC to use for this ${what}.`}
          value={vpc}
          set={setVpc}
          options={options}
          placeholder="Select a VPC"
          filter
        />
      </Section>
    </FormPage>
  );
}

export const CreateRouteTable = () => (
  <CreateInVpc
    what="route table"
    tags="route-table"
    list={["/vpc/route-tables", "Route tables"]}
    description="A route table specifies how packets are forwarded between the subnets within your VPC, the internet, and peered VPCs."
    create={async (parameters) =>
      (await call<{ routeTable: { routeTableId: string } }>("CreateRouteTable", parameters)).routeTable.routeTableId
    }
    done={(id, title) => ({
      href: `/vpc/route-tables/${id}?tab=routes`,
      content: `Route table ${title} was created successfully. It is used by no subnet until you associate it.`,
    })}
  />
);

export const CreateNetworkAcl = () => (
  <CreateInVpc
    what="network ACL"
    tags="network-acl"
    list={["/vpc/network-acls", "Network ACLs"]}
    description="A network ACL is an optional layer of security that acts as a firewall for controlling traffic in and out of a subnet."
    create={async (parameters) =>
      (await call<{ networkAcl: { networkAclId: string } }>("CreateNetworkAcl", parameters)).networkAcl.networkAclId
    }
    done={(id, title) => ({
      href: `/vpc/network-acls?selected=${id}`,
      content: `You successfully created ${title}. It denies everything until you add rules.`,
    })}
  />
);

export function CreateInternetGateway() {
  const [name, setName] = useState("");
  const create = async () => {
    const parameters = { TagSpecification: tagged("internet-gateway", { Name: name }) };
    const answer = await call<{ internetGateway: { internetGatewayId: string } }>("CreateInternetGateway", parameters);
    const id = answer.internetGateway.internetGatewayId;
    const content = `The following internet gateway was created: ${name ? `${id} - ${name}` : id}. You can now attach to a VPC to enable the VPC to communicate with the internet.`;
    return { href: `/vpc/internet-gateways?selected=${id}`, results: [{ type: "success" as const, content }] };
  };
  return (
    <FormPage
      title="Create internet gateway"
      description="An internet gateway connects a VPC to the internet. To have one, create it here and attach it to a VPC."
      path={[["/vpc/internet-gateways", "Internet gateways"]]}
      submit="Create internet gateway"
      onSubmit={create}
    >
      <Section title="Internet gateway settings">
        <TextField label="Name tag" description={NAME_HINT} value={name} set={setName} placeholder="my-internet-gateway-01" />
      </Section>
    </FormPage>
  );
}

export function AllocateAddress() {
  const [name, setName] = useState("");
  const allocate = async () => {
    const parameters = { Domain: "vpc", TagSpecification: tagged("elastic-ip", { Name: name }) };
    const { allocationId, publicIp } = await call<{ allocationId: string; publicIp: string }>("AllocateAddress", parameters);
    const result = {
      type: "success" as const,
      header: "Elastic IP address allocated successfully.",
      content: `Elastic IP address ${publicIp}`,
      next: { text: "Associate this Elastic IP address", href: `/vpc/elastic-ips/${allocationId}/associate` },
    };
    return { href: `/vpc/elastic-ips?selected=${allocationId}`, results: [result] };
  };
  return (
    <FormPage
      title="Allocate Elastic IP address"
      path={[["/vpc/elastic-ips", "Elastic IP addresses"]]}
      submit="Allocate"
      onSubmit={allocate}
    >
      <Section title="Elastic IP address settings">
        <FormField label="Public IPv4 address pool">
          <RadioGroup
            value="amazon"
            items={[
              {
                value: "amazon",
                label: "Amazon's pool of IPv4 addresses",
                description: "Here: addresses of 198.18.0.0/20, which belong to nobody on the internet.",
              },
              { value: "own", label: "Public IPv4 address that you bring to your AWS account with BYOIP", disabled: true },
              { value: "outpost", label: "Customer-owned pool of IPv4 addresses created from your on-premises network", disabled: true },
            ]}
          />
        </FormField>
        <FormField label="Network border group">{here.region}</FormField>
        <TextField label="Name tag - optional" description={NAME_HINT} value={name} set={setName} />
      </Section>
    </FormPage>
  );
}
