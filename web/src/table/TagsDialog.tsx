/** Manage tags: what is there is changed into what is written. */
import AttributeEditor from "@cloudscape-design/components/attribute-editor";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { call } from "../api/ec2";
import type { Tag } from "../api/types";
import { ConfirmDialog } from "./ConfirmDialog";

const MOST = 50;

export function TagsDialog({ id, tagSet, close }: { id: string; tagSet: Tag[]; close(): void }) {
  const [tags, setTags] = useState<readonly Tag[]>(tagSet);
  const set = (index: number, change: Partial<Tag>) => setTags(tags.map((tag, at) => (at === index ? { ...tag, ...change } : tag)));
  const save = async () => {
    const kept = tags.filter((tag) => tag.key);
    const gone = tagSet.filter((old) => !kept.some((tag) => tag.key === old.key));
    if (kept.length > 0) await call("CreateTags", { ResourceId: [id], Tag: kept.map((tag) => ({ Key: tag.key, Value: tag.value })) });
    if (gone.length > 0) await call("DeleteTags", { ResourceId: [id], Tag: gone.map((tag) => ({ Key: tag.key })) });
    return { type: "success", content: `You have successfully updated tags for ${id}.` } as const;
  };
  return (
    <ConfirmDialog title="Manage tags" confirm="Save" close={close} run={save} size="large">
      <AttributeEditor
        items={tags}
        empty="No tags are attached to this resource."
        addButtonText="Add new tag"
        removeButtonText="Remove"
        disableAddButton={tags.length >= MOST}
        additionalInfo={`You can add ${MOST - tags.length} more tags.`}
        onAddButtonClick={() => setTags([...tags, { key: "", value: "" }])}
        onRemoveButtonClick={({ detail }) => setTags(tags.filter((_, index) => index !== detail.itemIndex))}
        definition={[
          { label: "Key", control: (tag, index) => <Input value={tag.key} onChange={({ detail }) => set(index, { key: detail.value })} /> },
          {
            label: "Value",
            control: (tag, index) => <Input value={tag.value} onChange={({ detail }) => set(index, { value: detail.value })} />,
          },
        ]}
      />
    </ConfirmDialog>
  );
}
