/** Associate Elastic IP address: with an instance, or with a network interface. */
import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import RadioGroup from "@cloudscape-design/components/radio-group";
import { useState } from "react";
import { useParams } from "react-router";
import { call } from "../api/ec2";
import { useList } from "../api/lists";
import { FormPage } from "./FormPage";
import { ChoiceField, Section, useOptions } from "./fields";

export function AssociateAddress() {
  const { id = "" } = useParams();
  const address = useList("addresses").items.find((address) => address.allocationId === id);
  const [type, setType] = useState("instance");
  const [instanceId, setInstance] = useState("");
  const [interfaceId, setInterface] = useState("");
  const [isReassociated, setReassociated] = useState(false);
  const isInstance = type === "instance";
  const instances = useOptions("instances", (instance) => instance.instanceId, {
    only: (instance) => instance.instanceState.name !== "terminated",
    about: (instance) => `${instance.instanceState.name}  ${instance.privateIpAddress ?? ""}`,
  });
  const interfaces = useOptions("networkInterfaces", (eni) => eni.networkInterfaceId, { about: (eni) => eni.privateIpAddress });
  const associate = async () => {
    await call("AssociateAddress", {
      AllocationId: id,
      InstanceId: isInstance ? instanceId : undefined,
      NetworkInterfaceId: isInstance ? undefined : interfaceId,
      AllowReassociation: isReassociated,
    });
    const result = {
      type: "success" as const,
      header: "Elastic IP address associated successfully.",
      content: `Elastic IP address ${address?.publicIp} has been associated with ${isInstance ? `instance ${instanceId}` : `network interface ${interfaceId}`}`,
    };
    return { href: `/vpc/elastic-ips?selected=${id}`, results: [result] };
  };
  return (
    <FormPage
      title="Associate Elastic IP address"
      description="Choose the instance or network interface to associate to this Elastic IP address."
      path={[["/vpc/elastic-ips", "Elastic IP addresses"]]}
      submit="Associate"
      isReady={(isInstance ? instanceId : interfaceId) !== ""}
      onSubmit={associate}
    >
      <Section title={`Elastic IP address: ${address?.publicIp ?? id}`}>
        <FormField label="Resource type" description="Choose the type of resource with which to associate the Elastic IP address.">
          <RadioGroup
            value={type}
            onChange={({ detail }) => setType(detail.value)}
            items={[
              { value: "instance", label: "Instance" },
              { value: "interface", label: "Network interface" },
            ]}
          />
        </FormField>
        {isInstance ? (
          <ChoiceField
            label="Instance"
            value={instanceId}
            set={setInstance}
            options={instances}
            placeholder="Choose an instance"
            empty="No instances"
            filter
          />
        ) : (
          <ChoiceField
            label="Network interface"
            value={interfaceId}
            set={setInterface}
            options={interfaces}
            placeholder="Choose a network interface"
            empty="No network interfaces"
            filter
          />
        )}
        <FormField label="Reassociation" description="Whether the address may be taken from the resource that has it.">
          <Checkbox checked={isReassociated} onChange={({ detail }) => setReassociated(detail.checked)}>
            Allow this Elastic IP address to be reassociated
          </Checkbox>
        </FormField>
      </Section>
    </FormPage>
  );
}
