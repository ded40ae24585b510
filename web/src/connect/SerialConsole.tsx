/** The EC2 serial console: around the network, once the account allows it; the instance asks for a user and a password. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useNavigate } from "react-router";
import { nameOf, titled } from "../api/lists";
import { useSerialConsoleAccess } from "../api/serial";
import type { Instance } from "../api/types";
import { useOurs } from "../frame/exam";
import { Command } from "./Command";
import { ConnectButtons } from "./ConnectButtons";
import { NoteAlert } from "./NoteAlert";
import { notRunning } from "./notes";

const SERIAL = new URLSearchParams({ via: "serial" });

export function SerialConsole({ instance, user }: { instance: Instance; user: string }) {
  const isAllowed = useSerialConsoleAccess();
  const ours = useOurs();
  const navigate = useNavigate();
  const note = notRunning(instance);
  return (
    <SpaceBetween size="l">
      {isAllowed === false && (
        <Alert
          type="error"
          statusIconAriaLabel="error"
          header="This account is not authorized to use the EC2 serial console"
          action={<Button onClick={() => navigate("/ec2/settings/serial-console/manage")}>Manage access</Button>}
        >
          Access to the EC2 serial console is not enabled for your account. To authorize your account, choose EC2 Dashboard, Account
          attributes, EC2 Serial Console, Manage.
        </Alert>
      )}
      {note && <NoteAlert note={note} />}
      <Container
        header={<Header variant="h2">EC2 serial console</Header>}
        footer={<ConnectButtons instance={instance.instanceId} query={SERIAL} isShut={!isAllowed || note !== undefined} />}
      >
        <SpaceBetween size="l">
          <KeyValuePairs
            columns={2}
            items={[
              { label: "Instance ID", value: titled(instance.instanceId, nameOf(instance)) },
              { label: "Serial port", value: "ttyS0" },
            ]}
          />
          {ours(
            <Box>
              It needs no network: no route, no rule and no address keeps it out. The instance asks for a user and a password, and the users
              of its image have no password: set one as root inside, with <code>passwd {user}</code>, or by user data, before you need it.
              One session is open at a time; when its tab is closed, the session ends.
            </Box>,
          )}
          {ours(
            <Command text={`sudo peerless connect --via console ${instance.instanceId}`}>
              Who is root on this machine gets in without a password:
            </Command>,
          )}
        </SpaceBetween>
      </Container>
    </SpaceBetween>
  );
}
