/** Create subnet: several at once, in one VPC. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { call, tagged } from "../api/ec2";
import { useList } from "../api/lists";
import { countOf, firstFree, formatCidr, parseCidr } from "./cidr";
import { FormPage } from "./FormPage";
import { ChoiceField, Section, TextField, useVpcOptions } from "./fields";

interface Wanted {
  key: number;
  name: string;
  zone: string;
  cidr: string;
}

const NO_PREFERENCE = "any";

export function CreateSubnet() {
  const [search] = useSearchParams();
  const [vpcId, setVpcId] = useState(search.get("vpc") ?? "");
  const [wanted, setWanted] = useState<Wanted[]>([{ key: 0, name: "", zone: NO_PREFERENCE, cidr: "" }]);
  const vpc = useList("vpcs").items.find((vpc) => vpc.vpcId === vpcId);
  const subnets = useList("subnets").items.filter((subnet) => subnet.vpcId === vpcId);
  const zones = useList("zones").items.map((zone) => ({ value: zone.zoneName, label: `${zone.zoneName} (${zone.zoneId})` }));
  const options = useVpcOptions();
  const set = (key: number, change: Partial<Wanted>) => setWanted(wanted.map((one) => (one.key === key ? { ...one, ...change } : one)));
  const block = parseCidr(vpc?.cidrBlock ?? "");
  const taken = [...subnets.map((subnet) => subnet.cidrBlock), ...wanted.map((one) => one.cidr)].flatMap((text) => parseCidr(text) ?? []);
  const proposed = block && firstFree(block, Math.max(24, block.length), taken);

  const create = async () => {
    const made: string[] = [];
    for (const one of wanted) {
      const answer = await call<{ subnet: { subnetId: string } }>("CreateSubnet", {
        VpcId: vpcId,
        CidrBlock: one.cidr,
        AvailabilityZone: one.zone === NO_PREFERENCE ? undefined : one.zone,
        TagSpecification: tagged("subnet", { Name: one.name }),
      });
      made.push(answer.subnet.subnetId);
      // What is made is made: a second try goes on with the rest.
      setWanted((rest) => (rest.length > 1 ? rest.filter((other) => other.key !== one.key) : rest));
    }
    const content = `You have successfully created ${made.length} subnet${made.length === 1 ? "" : "s"}: ${made.join(", ")}`;
    return { href: `/vpc/subnets?selected=${made.join(",")}`, results: [{ type: "success" as const, content }] };
  };
  return (
    <FormPage
      title="Create subnet"
      path={[["/vpc/subnets", "Subnets"]]}
      submit="Create subnet"
      isReady={vpcId !== "" && wanted.every((one) => one.cidr !== "")}
      onSubmit={create}
    >
      <Section title="VPC">
        <ChoiceField
          label="VPC ID"
          description="Create subnets in this VPC."
          value={vpcId}
          set={setVpcId}
          options={options}
          placeholder="Select a VPC"
          filter
        />
        {vpc && (
          <div>
            <Box variant="awsui-key-label">Associated VPC CIDRs</Box>
            <Box>IPv4 CIDRs: {vpc.cidrBlockAssociationSet.map((block) => block.cidrBlock).join(", ")}</Box>
          </div>
        )}
      </Section>
      {vpc &&
        wanted.map((one, index) => (
          <Section key={one.key} title={`Subnet ${index + 1} of ${wanted.length}`}>
            <TextField label="Subnet name" value={one.name} set={(name) => set(one.key, { name })} placeholder="my-subnet-01" />
            <ChoiceField
              label="Availability Zone"
              description="Choose the zone in which your subnet will reside, or let Amazon choose one for you."
              value={one.zone}
              set={(zone) => set(one.key, { zone })}
              options={[{ value: NO_PREFERENCE, label: "No preference" }, ...zones]}
            />
            <TextField
              label="IPv4 subnet CIDR block"
              description={`Within the IPv4 VPC CIDR block ${vpc.cidrBlock}`}
              value={one.cidr}
              set={(cidr) => set(one.key, { cidr })}
              placeholder={proposed ? formatCidr(proposed) : undefined}
              hint={countOf(one.cidr) && `${countOf(one.cidr)} IPs`}
            />
            {wanted.length > 1 && (
              <Button formAction="none" onClick={() => setWanted(wanted.filter((other) => other.key !== one.key))}>
                Remove
              </Button>
            )}
          </Section>
        ))}
      {vpc && (
        <Button
          formAction="none"
          onClick={() =>
            setWanted([...wanted, { key: Math.max(...wanted.map((one) => one.key)) + 1, name: "", zone: NO_PREFERENCE, cidr: "" }])
          }
        >
          Add new subnet
        </Button>
      )}
    </FormPage>
  );
}
