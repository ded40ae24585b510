/** A note of AWS's page, with what it does not say. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import { useOurs } from "../frame/exam";
import type { Note } from "./notes";

export function NoteAlert({ note }: { note: Note }) {
  const ours = useOurs();
  return (
    <Alert type={note.type} header={note.header} statusIconAriaLabel={note.type}>
      {note.text}
      {note.why &&
        ours(
          <Box margin={{ top: "xs" }} variant="p">
            {note.why}
          </Box>,
        )}
    </Alert>
  );
}
