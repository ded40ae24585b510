/** Create and analyze path: between which two, and what is to be carried. */
import FormField from "@cloudscape-design/components/form-field";
import RadioGroup from "@cloudscape-design/components/radio-group";
import { useState } from "react";
import { call, tagged } from "../api/ec2";
import type { Lists } from "../api/lists";
import { FormPage } from "../forms/FormPage";
import { ChoiceField, Section, TextField, useOptions } from "../forms/fields";
import { analyze, newToken } from "./start";

type EndKind = "instances" | "networkInterfaces" | "internetGateways" | "peeringConnections" | "address";

const KINDS: { value: EndKind; label: string }[] = [
  { value: "instances", label: "Instances" },
  { value: "internetGateways", label: "Internet gateways" },
  { value: "networkInterfaces", label: "Network interfaces" },
  { value: "peeringConnections", label: "VPC peering connections" },
];
const ADDRESS = { value: "address" as const, label: "IP addresses" };

export function CreatePath() {
  const [name, setName] = useState("");
  const [from, setFrom] = useState<EndKind>("instances");
  const [source, setSource] = useState("");
  const [sourceIp, setSourceIp] = useState("");
  const [to, setTo] = useState<EndKind>("instances");
  const [destination, setDestination] = useState("");
  const [destinationIp, setDestinationIp] = useState("");
  const [port, setPort] = useState("");
  const [protocol, setProtocol] = useState("tcp");
  const isAddress = to === "address";
  const wrongPort = port !== "" && !(/^\d{1,5}$/.test(port) && Number(port) <= 65535);

  const create = async () => {
    const answer = await call<{ networkInsightsPath: { networkInsightsPathId: string } }>("CreateNetworkInsightsPath", {
      Source: source,
      Destination: isAddress ? undefined : destination,
      SourceIp: sourceIp || undefined,
      DestinationIp: destinationIp || undefined,
      DestinationPort: port || undefined,
      Protocol: protocol,
      ClientToken: newToken(),
      TagSpecification: tagged("network-insights-path", { Name: name }),
    });
    const id = answer.networkInsightsPath.networkInsightsPathId;
    return { href: `/vpc/reachability-analyzer/${id}`, results: [await analyze(id)] };
  };
  return (
    <FormPage
      title="Create and analyze path"
      description="Reachability Analyzer finds out whether a source reaches a destination as things are configured. It sends no packets."
      path={[["/vpc/reachability-analyzer", "Reachability Analyzer"]]}
      submit="Create and analyze path"
      isReady={source !== "" && (isAddress ? destinationIp : destination) !== "" && !wrongPort}
      onSubmit={create}
    >
      <Section title="Path configuration">
        <TextField label="Name tag - optional" value={name} set={setName} placeholder="my-path-01" />
      </Section>
      <Section title="Path source">
        <ChoiceField
          label="Source type"
          value={from}
          set={(kind) => {
            setFrom(kind as EndKind);
            setSource("");
          }}
          options={KINDS}
        />
        <End label="Source" kind={from} value={source} set={setSource} />
        <TextField
          label="Source IP address - optional"
          hint="The sender's address, where there are several."
          value={sourceIp}
          set={setSourceIp}
        />
      </Section>
      <Section title="Path destination">
        <ChoiceField
          label="Destination type"
          value={to}
          set={(kind) => {
            setTo(kind as EndKind);
            setDestination("");
          }}
          options={[...KINDS, ADDRESS]}
        />
        {!isAddress && <End label="Destination" kind={to} value={destination} set={setDestination} />}
        <TextField
          label={isAddress ? "Destination IP address" : "Destination IP address - optional"}
          value={destinationIp}
          set={setDestinationIp}
          placeholder="203.0.113.80"
        />
        <TextField
          label="Destination port - optional"
          hint="Without it any port will do."
          error={wrongPort ? "0 to 65535" : undefined}
          value={port}
          set={setPort}
          placeholder="22"
        />
      </Section>
      <Section title="Protocol" description="Reachability Analyzer knows no ICMP.">
        <FormField label="Protocol">
          <RadioGroup
            value={protocol}
            onChange={({ detail }) => setProtocol(detail.value)}
            items={[
              { value: "tcp", label: "TCP" },
              { value: "udp", label: "UDP" },
            ]}
          />
        </FormField>
      </Section>
    </FormPage>
  );
}

interface EndProps {
  label: string;
  kind: EndKind;
  value: string;
  set(id: string): void;
}

function End({ label, kind, value, set }: EndProps) {
  const options: Record<string, ReturnType<typeof useOptions>> = {
    instances: useOptions("instances", (instance) => instance.instanceId, {
      only: (instance) => instance.instanceState.name !== "terminated",
      about: (instance) => `${instance.instanceState.name}  ${instance.privateIpAddress ?? ""}`,
    }),
    networkInterfaces: useOptions("networkInterfaces", (eni) => eni.networkInterfaceId, { about: (eni) => eni.privateIpAddress }),
    internetGateways: useOptions("internetGateways", (gateway) => gateway.internetGatewayId, { about: vpcOf }),
    peeringConnections: useOptions("peeringConnections", (pcx) => pcx.vpcPeeringConnectionId, { about: (pcx) => pcx.status.code }),
  };
  return (
    <ChoiceField
      label={label}
      value={value}
      set={set}
      options={options[kind] ?? []}
      placeholder={`Select a ${label.toLowerCase()}`}
      filter
    />
  );
}

const vpcOf = (gateway: Lists["internetGateways"]) => gateway.attachmentSet[0]?.vpcId ?? "detached";
