/** EC2 Dashboard, Account attributes, EC2 Serial Console: whether the account allows it in the Region, and changing that. */
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useNavigate } from "react-router";
import { setSerialConsoleAccess, useSerialConsoleAccess } from "../api/serial";
import { FormPage } from "../forms/FormPage";
import { Section } from "../forms/fields";
import { Page } from "../frame/Page";

const HOME = "/ec2/settings/serial-console";
const DASHBOARD: [href: string, text: string] = ["/ec2/dashboard", "EC2 Dashboard"];

export function SerialConsoleAccess() {
  const navigate = useNavigate();
  const isAllowed = useSerialConsoleAccess();
  return (
    <Page title="EC2 Serial Console" path={[DASHBOARD]}>
      <SpaceBetween size="l">
        <Header variant="h1">Account attributes</Header>
        <Container
          header={
            <Header
              variant="h2"
              description="Access to the EC2 serial console of all instances of this account in this Region."
              actions={<Button onClick={() => navigate(`${HOME}/manage`)}>Manage</Button>}
            >
              EC2 Serial Console
            </Header>
          }
        >
          <KeyValuePairs
            items={[{ label: "EC2 serial console access", value: isAllowed === undefined ? "–" : isAllowed ? "Allowed" : "Prevented" }]}
          />
        </Container>
      </SpaceBetween>
    </Page>
  );
}

export function ManageSerialConsoleAccess() {
  const is = useSerialConsoleAccess();
  const [chosen, choose] = useState<boolean>();
  const isAllowed = chosen ?? is ?? false;
  const update = async () => {
    await setSerialConsoleAccess(isAllowed);
    const header = `EC2 serial console access is ${isAllowed ? "allowed" : "prevented"} for this account in this Region.`;
    return { href: HOME, results: [{ type: "success" as const, header }] };
  };
  return (
    <FormPage
      title="Manage EC2 Serial Console"
      description="By default, there is no access to the EC2 serial console."
      path={[DASHBOARD, [HOME, "EC2 Serial Console"]]}
      submit="Update"
      isReady={is !== undefined}
      onSubmit={update}
    >
      <Section title="EC2 serial console access">
        <FormField description="Grants access to the EC2 serial console of all instances of the account in this Region. Each of them asks for a user and a password.">
          <Checkbox checked={isAllowed} onChange={({ detail }) => choose(detail.checked)}>
            Allow
          </Checkbox>
        </FormField>
      </Section>
    </FormPage>
  );
}
