/** EC2's first page: how much there is of what EC2 has, and what the account has set. */
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useNavigate } from "react-router";
import { useList } from "../api/lists";
import { useSerialConsoleAccess } from "../api/serial";
import { Page } from "../frame/Page";
import { To } from "../table/Ref";
import { Resources } from "./Resources";

const KINDS = ["instances", "addresses", "keyPairs", "networkInterfaces", "securityGroups", "images"];

export function Ec2Dashboard() {
  const navigate = useNavigate();
  const vpc = useList("vpcs").items.find((vpc) => vpc.isDefault === "true");
  const isAllowed = useSerialConsoleAccess();
  return (
    <Page title="EC2 Dashboard">
      <SpaceBetween size="l">
        <Header
          variant="h1"
          actions={
            <Button variant="primary" onClick={() => navigate("/ec2/instances/launch")}>
              Launch instance
            </Button>
          }
        >
          EC2 Dashboard
        </Header>
        <Resources title="Resources" of={(kind) => KINDS.includes(kind)} />
        <Container header={<Header variant="h2">Account attributes</Header>}>
          <KeyValuePairs
            columns={2}
            items={[
              { label: "Default VPC", value: vpc ? <To href={`/vpc/vpcs/${vpc.vpcId}`}>{vpc.vpcId}</To> : "–" },
              {
                label: <To href="/ec2/settings/serial-console">EC2 Serial Console</To>,
                value: isAllowed === undefined ? "–" : isAllowed ? "Allowed" : "Prevented",
              },
            ]}
          />
        </Container>
      </SpaceBetween>
    </Page>
  );
}
