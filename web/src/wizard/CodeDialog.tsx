/** "Preview code": what the button is about to do, in three languages. */
import Box from "@cloudscape-design/components/box";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Modal from "@cloudscape-design/components/modal";
import Tabs from "@cloudscape-design/components/tabs";
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
          content: (
            <>
              <Box float="right">
                <CopyToClipboard
                  copyButtonText="Copy"
                  copyButtonAriaLabel={`Copy the ${label} code`}
                  copySuccessText="Copied"
                  copyErrorText="Could not be copied"
                  textToCopy={code}
                />
              </Box>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard */}
              <section aria-label={`${label} code`} tabIndex={0} style={{ overflowX: "auto", maxHeight: "60vh" }}>
                <Box variant="pre">{code}</Box>
              </section>
            </>
          ),
        }))}
      />
    </Modal>
  );
}
