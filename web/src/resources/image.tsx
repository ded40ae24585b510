/** Images (AMIs): what instances are launched from. */
import type { Image } from "../api/types";
import { Details } from "../table/Details";
import { define } from "../table/resource";
import { State } from "../table/State";

export const image = define<Image>({
  kind: "images",
  path: "/ec2/images",
  one: "image",
  many: "Amazon Machine Images (AMIs)",
  idHeader: "AMI ID",
  id: (image) => image.imageId,
  named: false,
  columns: [
    { id: "name", header: "AMI name", text: (image) => image.name, width: 420 },
    { id: "owner", header: "Owner", text: (image) => image.imageOwnerAlias ?? image.imageOwnerId, width: 140 },
    { id: "visibility", header: "Visibility", text: (image) => (image.isPublic === "true" ? "Public" : "Private"), width: 110 },
    { id: "state", header: "Status", text: (image) => image.imageState, cell: (image) => <State of={image.imageState} />, width: 140 },
    { id: "created", header: "Creation date", text: (image) => image.creationDate, width: 200 },
    { id: "platform", header: "Platform", text: (image) => image.platformDetails ?? "" },
  ],
  tabs: [
    {
      id: "details",
      label: "Details",
      Content: ({ item }) => (
        <Details
          facts={[
            ["AMI ID", item.imageId],
            ["AMI name", item.name],
            ["Description", item.description],
            ["Architecture", item.architecture],
            ["Owner account ID", item.imageOwnerId],
            ["Creation date", item.creationDate],
          ]}
        />
      ),
    },
  ],
  actions: [],
});
