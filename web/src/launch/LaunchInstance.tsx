/** Launch an instance. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tiles from "@cloudscape-design/components/tiles";
import { useState } from "react";
import { call, tagged } from "../api/ec2";
import { useList } from "../api/lists";
import { FormPage } from "../forms/FormPage";
import { ChoiceField, Section, TextField } from "../forms/fields";
import { aboutType, inOrder, nextWizardName, quickStarts } from "./images";
import { KeyPairDialog } from "./KeyPairDialog";
import { type Network, NetworkSettings } from "./NetworkSettings";

const NO_KEY = "none";

export function LaunchInstance() {
  const [name, setName] = useState("");
  const [imageId, setImage] = useState("");
  const [type, setType] = useState("t3.micro");
  const [key, setKey] = useState("");
  const [count, setCount] = useState("1");
  const [chosen, setNetwork] = useState<Partial<Network>>({});
  const [isMakingKey, setMakingKey] = useState(false);
  const [madeGroup, setMadeGroup] = useState<string>();

  const vpcs = useList("vpcs").items;
  const groups = useList("securityGroups").items;
  const types = inOrder(useList("instanceTypes").items);
  const starts = quickStarts(useList("images").items);
  const keys = useList("keyPairs").items.map((pair) => ({ value: pair.keyName, label: pair.keyName, description: pair.keyType }));
  const vpc = chosen.vpc ?? (vpcs.find((vpc) => vpc.isDefault === "true") ?? vpcs[0])?.vpcId ?? "";
  const groupName = chosen.groupName ?? nextWizardName(groups.filter((group) => group.vpcId === vpc).map((group) => group.groupName));
  const subnets = useList("subnets").items.filter((subnet) => subnet.vpcId === vpc);
  const network: Network = {
    isPublic: undefined,
    makesGroup: true,
    groups: [],
    groupDescription: `${groupName} created ${new Date().toISOString()}`,
    ssh: "ssh" in chosen ? chosen.ssh : "0.0.0.0/0",
    ...chosen,
    vpc,
    subnet: chosen.subnet || (subnets.find((subnet) => subnet.defaultForAz === "true") ?? subnets[0])?.subnetId || "",
    groupName,
  };
  const start = starts.find((start) => start.image.imageId === imageId) ?? starts[0];
  const subnet = subnets.find((subnet) => subnet.subnetId === network.subnet);

  const makeGroup = async () => {
    const parameters = { GroupName: network.groupName, GroupDescription: network.groupDescription, VpcId: vpc };
    const { groupId } = await call<{ groupId: string }>("CreateSecurityGroup", parameters);
    // A launch that is refused after this finds the group made.
    setMadeGroup(groupId);
    if (network.ssh) {
      const IpPermissions = [{ IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: network.ssh }] }];
      await call("AuthorizeSecurityGroupIngress", { GroupId: groupId, IpPermissions });
    }
    return groupId;
  };
  const launch = async () => {
    const SecurityGroupId = network.makesGroup ? [madeGroup ?? (await makeGroup())] : network.groups;
    const answer = await call<{ instancesSet: { instanceId: string }[] }>("RunInstances", {
      ImageId: start?.image.imageId,
      MinCount: count,
      MaxCount: count,
      InstanceType: type,
      KeyName: key === NO_KEY ? undefined : key,
      NetworkInterface: [
        {
          DeviceIndex: 0,
          SubnetId: network.subnet,
          AssociatePublicIpAddress: network.isPublic ?? subnet?.mapPublicIpOnLaunch === "true",
          SecurityGroupId,
        },
      ],
      TagSpecification: tagged("instance", { Name: name }),
    });
    const ids = answer.instancesSet.map((instance) => instance.instanceId);
    const result = {
      type: "success" as const,
      header: "Success",
      content: `Successfully initiated launch of instance (${ids.join(", ")})`,
      next: { text: "View all instances", href: "/ec2/instances" },
    };
    return { href: `/ec2/instances?selected=${ids.join(",")}`, results: [result] };
  };
  const missing = !start
    ? "an image"
    : !key
      ? "a key pair, or none"
      : !network.subnet
        ? "a subnet"
        : !network.makesGroup && network.groups.length === 0
          ? "a security group"
          : undefined;
  return (
    <>
      <FormPage
        title="Launch an instance"
        description="Amazon EC2 allows you to create virtual machines, or instances. Here they are real Linux sandboxes on your own machine."
        path={[["/ec2/instances", "Instances"]]}
        submit="Launch instance"
        isReady={missing === undefined}
        onSubmit={launch}
      >
        <Section title="Name and tags">
          <TextField label="Name" value={name} set={setName} placeholder="e.g. My Web Server" />
        </Section>
        <Section title="Application and OS Images (Amazon Machine Image)">
          <FormField label="Quick Start" description={start?.image.description}>
            <Tiles
              value={start?.image.imageId ?? null}
              columns={3}
              items={starts.map(({ name, title, image }) => ({
                value: image.imageId,
                label: title,
                description: `${name}  ${image.imageId}`,
              }))}
              onChange={({ detail }) => setImage(detail.value)}
            />
          </FormField>
          <Box>
            Username: <Box variant="strong">{start?.user}</Box>
          </Box>
        </Section>
        <Section title="Instance type">
          <ChoiceField
            label="Instance type"
            value={type}
            set={setType}
            options={types.map((type) => ({ value: type.instanceType, label: type.instanceType, description: aboutType(type) }))}
            filter
          />
        </Section>
        <Section title="Key pair (login)">
          <SpaceBetween size="s" direction="horizontal" alignItems="end">
            <div style={{ minWidth: 380 }}>
              <ChoiceField
                label="Key pair name - required"
                value={key}
                set={setKey}
                placeholder="Select"
                options={[{ value: NO_KEY, label: "Proceed without a key pair (Not recommended)" }, ...keys]}
                filter
              />
            </div>
            <Button formAction="none" onClick={() => setMakingKey(true)}>
              Create new key pair
            </Button>
          </SpaceBetween>
        </Section>
        <NetworkSettings network={network} set={(change) => setNetwork({ ...chosen, ...change })} />
        <Section title="Configure storage">
          <Box>1x 8 GiB gp3, root volume. Here the instance's disk is a folder on this machine; its size is not enforced.</Box>
        </Section>
        <Section title="Summary">
          <FormField label="Number of instances" constraintText={missing && `Choose ${missing} first.`}>
            <Input value={count} type="number" inputMode="numeric" onChange={({ detail }) => setCount(detail.value)} />
          </FormField>
        </Section>
      </FormPage>
      {isMakingKey && <KeyPairDialog close={() => setMakingKey(false)} made={setKey} />}
    </>
  );
}
