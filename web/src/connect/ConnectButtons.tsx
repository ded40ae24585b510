/** What is below each way to connect. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useHref } from "react-router";

/** `query` says which terminal it opens. */
export function ConnectButtons({ instance, query, isShut }: { instance: string; query: URLSearchParams; isShut: boolean }) {
  const back = useHref(`/ec2/instances/${instance}`);
  const href = useHref(`/ec2/instances/${instance}/terminal?${query}`);
  return (
    <Box float="right">
      <SpaceBetween direction="horizontal" size="xs">
        <Button variant="link" href={back}>
          Cancel
        </Button>
        <Button variant="primary" href={href} target="_blank" disabled={isShut}>
          Connect
        </Button>
      </SpaceBetween>
    </Box>
  );
}
