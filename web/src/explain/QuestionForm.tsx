/** Who, to whom, and what: each change is another address of the page. */
import Autosuggest, { type AutosuggestProps } from "@cloudscape-design/components/autosuggest";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import { useEffect, useRef, useState } from "react";
import { nameOf, useList } from "../api/lists";
import { type Protocol, type Question, serviceOf, swapped } from "./question";

const PROTOCOLS: { value: Protocol; label: string }[] = [
  { value: "icmp", label: "Ping (ICMP)" },
  { value: "tcp", label: "TCP" },
  { value: "udp", label: "UDP" },
];

interface Props {
  question: Question;
  /** Asks the same but for these parts. */
  ask(part: Partial<Question>): void;
}

export function QuestionForm({ question, ask }: Props) {
  const isPort = question.protocol !== "icmp";
  return (
    <div className="explain-form">
      <div className="explain-end">
        <End label="From" value={question.from} set={(from) => ask({ from })} isSender />
      </div>
      <div className="explain-swap">
        <Button ariaLabel="Swap the two ends" onClick={() => ask(swapped(question))}>
          ⇄
        </Button>
      </div>
      <div className="explain-end">
        <End label="To" value={question.to} set={(to) => ask({ to })} />
      </div>
      <FormField label="Protocol">
        <Select
          selectedOption={PROTOCOLS.find((protocol) => protocol.value === question.protocol)!}
          options={PROTOCOLS}
          onChange={({ detail }) => {
            const protocol = detail.selectedOption.value as Protocol;
            ask({ protocol, port: question.port || (protocol === "udp" ? "53" : "22") });
          }}
        />
      </FormField>
      <Port question={question} ask={ask} disabled={!isPort} />
    </div>
  );
}

function Port({ question, ask, disabled }: Props & { disabled: boolean }) {
  const [typed, setTyped] = useState(question.port);
  useEffect(() => setTyped(question.port), [question.port]);
  const isWrong = !disabled && typed !== "" && serviceOf({ ...question, port: typed }) === undefined;
  return (
    <FormField label="Port" errorText={isWrong ? "0 to 65535" : undefined}>
      <Input
        value={disabled ? "" : typed}
        disabled={disabled}
        inputMode="numeric"
        placeholder={disabled ? "–" : "22"}
        onChange={({ detail }) => setTyped(detail.value)}
        onBlur={() => ask({ port: typed.trim() })}
        onKeyDown={({ detail }) => detail.key === "Enter" && ask({ port: typed.trim() })}
      />
    </FormField>
  );
}

interface EndProps {
  label: string;
  value: string;
  set(value: string): void;
  /** Nobody is called by a service of the VPC. */
  isSender?: boolean;
}

function End({ label, value, set, isSender = false }: EndProps) {
  const [typed, setTyped] = useState(value);
  // The key that chooses an option is pressed in the field, too, where it means what was typed so far.
  const isChosen = useRef(false);
  useEffect(() => setTyped(value), [value]);
  const options = useEnds(isSender);
  const known = options.flatMap((group) => group.options).find((option) => option.value === value);
  return (
    <FormField
      label={label}
      constraintText={known ? [known.label, known.description].filter(Boolean).join(", ") : "An instance, a subnet, or an address"}
    >
      <Autosuggest
        value={typed}
        options={options}
        enteredTextLabel={(text) => `Use "${text}"`}
        ariaLabel={label}
        placeholder="Name, ID or address"
        empty="Nothing of that name"
        onChange={({ detail }) => {
          isChosen.current = false;
          setTyped(detail.value);
        }}
        onSelect={({ detail }) => {
          isChosen.current = true;
          setTyped(detail.value);
          set(detail.value);
        }}
        onBlur={() => set(typed.trim())}
        onKeyDown={({ detail }) => detail.key === "Enter" && !isChosen.current && set(typed.trim())}
      />
    </FormField>
  );
}

interface Group extends AutosuggestProps.OptionGroup {
  options: AutosuggestProps.Option[];
}

/** All that a question can be about in this Region. */
function useEnds(isSender: boolean): Group[] {
  const instances = useList("instances").items.filter((instance) => instance.instanceState.name !== "terminated");
  const subnets = useList("subnets").items;
  const internet = [
    { value: "laptop", label: "My laptop", description: "203.0.113.10, on the simulated internet" },
    { value: "instance-connect", label: "EC2 Instance Connect", description: "from its own address range" },
  ];
  const services = [
    { value: "dns", label: "The VPC's DNS server", description: "169.254.169.253" },
    { value: "metadata", label: "Instance metadata", description: "169.254.169.254" },
    { value: "time", label: "Amazon Time Sync", description: "169.254.169.123" },
  ];
  return [
    {
      label: "Instances",
      options: instances.map((instance) => ({
        value: instance.instanceId,
        label: nameOf(instance) || instance.instanceId,
        description: [instance.privateIpAddress, instance.ipAddress].filter(Boolean).join(", "),
        filteringTags: [nameOf(instance), instance.privateIpAddress ?? "", instance.ipAddress ?? ""],
      })),
    },
    {
      label: "A new instance in a subnet",
      options: subnets.map((subnet) => ({
        value: subnet.subnetId,
        label: nameOf(subnet) || subnet.subnetId,
        description: subnet.cidrBlock,
        filteringTags: [nameOf(subnet), subnet.cidrBlock],
      })),
    },
    ...(isSender ? [] : [{ label: "Services of the VPC", options: services }]),
    { label: "The internet", options: internet },
  ];
}
