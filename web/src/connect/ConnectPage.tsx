/** Connect to instance: AWS's notes, our reason under them, and the way in that there is. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import RadioGroup from "@cloudscape-design/components/radio-group";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import Tabs from "@cloudscape-design/components/tabs";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useParams } from "react-router";
import { nameOf, titled, useList } from "../api/lists";
import { effectiveTable } from "../api/network";
import { explain } from "../api/peerless";
import { here } from "../api/place";
import type { Way } from "../api/terminal";
import type { Instance } from "../api/types";
import { useOurs } from "../frame/exam";
import { Page } from "../frame/Page";
import { sentence } from "../frame/results";
import { Command } from "./Command";
import { ConnectButtons } from "./ConnectButtons";
import { Explained } from "./Explained";
import { NoteAlert } from "./NoteAlert";
import { notes, userOf } from "./notes";
import { SerialConsole } from "./SerialConsole";

export function ConnectPage() {
  const { id = "" } = useParams();
  const { items, isLoading } = useList("instances");
  const instance = items.find((instance) => instance.instanceId === id);
  const title = titled(id, nameOf(instance));
  return (
    <Page
      title="Connect to instance"
      path={[
        ["/ec2/instances", "Instances"],
        [`/ec2/instances/${id}`, title],
      ]}
    >
      <SpaceBetween size="l">
        <Header variant="h1" description={title}>
          Connect to instance
        </Header>
        {instance ? <Ways instance={instance} /> : isLoading ? <Spinner /> : <Box>There is no {id} in this account and Region.</Box>}
      </SpaceBetween>
    </Page>
  );
}

function Ways({ instance }: { instance: Instance }) {
  const image = useList("images").items.find((image) => image.imageId === instance.imageId);
  const user = userOf(image?.name ?? "");
  return (
    <Tabs
      ariaLabel="Ways to connect"
      tabs={[
        { id: "eic", label: "EC2 Instance Connect", content: <InstanceConnect instance={instance} user={user} /> },
        {
          id: "ssh",
          label: "SSH client",
          content: (
            <OtherWay
              title="SSH client"
              command={`ssh -i "${instance.keyName ?? "KEY"}.pem" ${user}@${instance.ipAddress ?? "PUBLIC-ADDRESS"}`}
            >
              Your own SSH client reaches Elastic IP addresses when Peerless runs with <code>--uplink</code>: this machine is the laptop on
              the simulated internet then, and comes from 203.0.113.10. The key is the pair that the launch named
              {instance.keyName ? ` (${instance.keyName})` : ": this instance has none"}.
            </OtherWay>
          ),
        },
        {
          id: "serial",
          label: "EC2 serial console",
          content: <SerialConsole instance={instance} user={user} />,
        },
      ]}
    />
  );
}

function InstanceConnect({ instance, user: usual }: { instance: Instance; user: string }) {
  const subnet = useList("subnets").items.find((subnet) => subnet.subnetId === instance.subnetId);
  const tables = useList("routeTables").items;
  const groups = instance.groupSet.map((group) => group.groupId);
  const rules = useList("securityGroupRules").items.filter((rule) => rule.isEgress !== "true" && groups.includes(rule.groupId));
  const { table, isExplicit } = subnet ? effectiveTable(subnet, tables) : { table: undefined, isExplicit: false };
  const [via, setVia] = useState<Way>("eic");
  const [typed, setUser] = useState<string>();
  const user = typed ?? usual;
  const found = notes({ instance, subnet, table, isExplicit, rules, region: here.region }).filter((note) => via === "eic" || note.isState);
  const isPublic = via === "eic";
  const ours = useOurs();
  const answer = useQuery({
    queryKey: ["ec2", "explain", instance.instanceId],
    queryFn: () => explain("instance-connect", instance.instanceId, { tcp: 22 }),
    enabled: isPublic && ours(true) && instance.instanceState.name === "running",
  });
  return (
    <SpaceBetween size="l">
      {found.map((note) => (
        <NoteAlert key={note.header} note={note} />
      ))}
      <Container
        header={<Header variant="h2">EC2 Instance Connect</Header>}
        footer={
          <ConnectButtons
            instance={instance.instanceId}
            query={new URLSearchParams({ via, user })}
            isShut={user === "" || found.some((note) => note.isShut)}
          />
        }
      >
        <SpaceBetween size="l">
          <KeyValuePairs items={[{ label: "Instance ID", value: titled(instance.instanceId, nameOf(instance)) }]} />
          <FormField label="Connection type">
            <RadioGroup
              value={via}
              onChange={({ detail }) => setVia(detail.value as Way)}
              items={[
                {
                  value: "eic",
                  label: "Connect using a Public IP",
                  description: "EC2 Instance Connect calls the public IPv4 address, from AWS's address range.",
                },
                {
                  value: "eice",
                  label: "Connect using a Private IP",
                  description: "An EC2 Instance Connect Endpoint in its VPC calls the private address.",
                },
              ]}
            />
          </FormField>
          <KeyValuePairs
            items={[
              isPublic
                ? { label: "Public IPv4 address", value: instance.ipAddress ?? "–" }
                : { label: "Private IPv4 address", value: instance.privateIpAddress ?? "–" },
            ]}
          />
          <FormField label="Username" description={`People log in to its image as ${usual}.`}>
            <Input value={user} onChange={({ detail }) => setUser(detail.value)} />
          </FormField>
          <Command text={`sudo peerless connect ${isPublic ? "" : "--via eice "}${instance.instanceId}`}>
            In a shell on this machine, the same connection:
          </Command>
        </SpaceBetween>
      </Container>
      {isPublic && answer.data && ours(<Explained explanation={answer.data} title="Would it get in now?" />)}
      {isPublic && answer.error && ours(<Alert type="info">{sentence(answer.error)}</Alert>)}
    </SpaceBetween>
  );
}

function OtherWay({ title, command, children }: { title: string; command: string; children: React.ReactNode }) {
  return (
    <Container header={<Header variant="h2">{title}</Header>}>
      <Command text={command}>{children}</Command>
    </Container>
  );
}
