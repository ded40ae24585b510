/** Code to read and to copy. */
import Box from "@cloudscape-design/components/box";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";

export function Code({ label, code }: { label: string; code: string }) {
  return (
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
  );
}
