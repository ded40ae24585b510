/** "Preview code": what the button is about to do, in three languages. */
import Modal from "@cloudscape-design/components/modal";
import Tabs from "@cloudscape-design/components/tabs";
import { Code } from "../frame/Code";
import { asCli, asCloudFormation, asTerraform } from "./code";
import type { Plan } from "./plan";

export function CodeDialog({ plan, close }: { plan: Plan; close(): void }) {
  const languages: [id: string, label: string, code: string][] = [
    ["cli", "AWS CLI", asCli(plan)],
    ["cloudformation", "CloudFormation", asCloudFormation(plan)],
    ["terraform", "Terraform", asTerraform(plan)],
  ];
  return (
    <Modal visible onDismiss={close} header="Preview code" size="max">
      <Tabs
        ariaLabel="Language"
        tabs={languages.map(([id, label, code]) => ({
          id,
          label,
          content: <Code label={label} code={code} />,
        }))}
      />
    </Modal>
  );
}
