/** What is shown where the page itself fails: that it did, why, and the way out. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import { isRouteErrorResponse, useRouteError } from "react-router";
import { Page } from "./Page";
import { sentence } from "./results";

export function Mishap() {
  const error = useRouteError();
  if (isRouteErrorResponse(error) && error.status === 404) return <Missing />;
  return (
    <Page title="Something went wrong">
      <Alert type="error" header="The console stumbled" action={<Button onClick={() => location.reload()}>Reload</Button>}>
        Nothing of your network has changed by this. {sentence(error)}
      </Alert>
    </Page>
  );
}

export function Missing() {
  return (
    <Page title="Page not found">
      <Box padding="l">
        <Box variant="h1">There is no such page</Box>
        <Box variant="p">The console has no page at this address. The EC2 API may still have the call.</Box>
      </Box>
    </Page>
  );
}
