/** Create VPC: the VPC only, or a whole network with it. */
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Tiles from "@cloudscape-design/components/tiles";
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { call, tagged } from "../api/ec2";
import { titled, useList } from "../api/lists";
import { countOf } from "../forms/cidr";
import { FormPage } from "../forms/FormPage";
import { Section, TextField } from "../forms/fields";
import { Page } from "../frame/Page";
import { CodeDialog } from "./CodeDialog";
import { MoreSettings } from "./MoreSettings";
import { FIRST, type Plan, plan, problems, type Settings } from "./plan";
import { Workflow } from "./Workflow";

/** A VPC alone is a plan with nothing in it. */
const alone = (name: string, cidr: string): Plan =>
  plan({ ...FIRST, zones: [], publicSubnets: 0, privateSubnets: 0, isAutomatic: false, names: { vpc: name }, cidr, dnsHostnames: false });

export function CreateVpc() {
  const [search, setSearch] = useSearchParams();
  const isMore = search.get("resources") === "more";
  const zones = useList("zones").items.map((zone) => zone.zoneName);
  const [changed, setChanged] = useState<Partial<Settings>>({});
  const [name, setName] = useState("");
  const [cidr, setCidr] = useState("");
  const [isShowingCode, setShowingCode] = useState(false);
  const [running, setRunning] = useState<Plan>();
  const navigate = useNavigate();

  const settings: Settings = { ...FIRST, zones: zones.slice(0, 2), ...changed };
  const planned = isMore ? plan(settings) : alone(name, cidr);
  const isReady = isMore ? Object.keys(problems(planned)).length === 0 && settings.zones.length > 0 : cidr.trim() !== "";
  const create = async () => {
    if (isMore) {
      setRunning(planned);
      return undefined;
    }
    const { vpc } = await call<{ vpc: { vpcId: string } }>("CreateVpc", {
      CidrBlock: cidr.trim(),
      TagSpecification: tagged("vpc", { Name: name }),
    });
    const content = `You successfully created ${titled(vpc.vpcId, name)}`;
    return { href: `/vpc/vpcs/${vpc.vpcId}`, results: [{ type: "success" as const, content }] };
  };

  if (running) {
    return (
      <Page title="Create VPC workflow" path={[["/vpc/vpcs", "Your VPCs"]]}>
        <Workflow plan={running} back={() => setRunning(undefined)} view={(vpcId) => navigate(`/vpc/vpcs/${vpcId}?tab=resource-map`)} />
      </Page>
    );
  }
  return (
    <>
      <FormPage
        title="Create VPC"
        description="A VPC is an isolated portion of the AWS Cloud populated by AWS objects, such as Amazon EC2 instances. Here it is on your own machine."
        path={[["/vpc/vpcs", "Your VPCs"]]}
        submit="Create VPC"
        isReady={isReady}
        onSubmit={create}
        buttons={
          <Button formAction="none" disabled={!isReady} onClick={() => setShowingCode(true)}>
            Preview code
          </Button>
        }
      >
        <Section title="VPC settings">
          <FormField
            label="Resources to create"
            description="Create only the VPC resource or the VPC and other networking resources."
            stretch
          >
            <Tiles
              value={isMore ? "more" : "only"}
              items={[
                { value: "only", label: "VPC only" },
                { value: "more", label: "VPC and more" },
              ]}
              onChange={({ detail }) => setSearch(detail.value === "more" ? { resources: "more" } : {}, { replace: true })}
            />
          </FormField>
          {!isMore && (
            <>
              <TextField
                label="Name tag - optional"
                description="Creates a tag with a key of 'Name' and a value that you specify."
                value={name}
                set={setName}
                placeholder="my-vpc-01"
              />
              <FormField label="IPv4 CIDR block">
                <RadioGroup
                  value="manual"
                  items={[
                    { value: "manual", label: "IPv4 CIDR manual input" },
                    { value: "ipam", label: "IPAM-allocated IPv4 CIDR block", disabled: true, description: "Peerless has no IPAM." },
                  ]}
                />
              </FormField>
              <TextField
                label="IPv4 CIDR"
                value={cidr}
                set={setCidr}
                placeholder="10.0.0.0/24"
                hint={`CIDR block size must be between /16 and /28.${countOf(cidr) ? ` ${countOf(cidr)} IPs` : ""}`}
              />
            </>
          )}
        </Section>
        {isMore && <MoreSettings plan={planned} zones={zones} set={(change) => setChanged({ ...changed, ...change })} />}
      </FormPage>
      {isShowingCode && <CodeDialog plan={planned} close={() => setShowingCode(false)} />}
    </>
  );
}
