/** The menus above a list: what one may do with what is selected. */
import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import { type ReactNode, useState } from "react";
import { useNavigate } from "react-router";
import type { Tag } from "../api/types";
import type { Action, Resource } from "./resource";
import { TagsDialog } from "./TagsDialog";

type Item = { tagSet: Tag[] };

/** What every resource has that can be named. */
const TAGGING: Action<Item> = { id: "tags", text: "Manage tags" };

export function Actions({ resource, items, refresh }: { resource: Resource; items: Item[]; refresh?: () => void }) {
  const [dialog, setDialog] = useState<ReactNode>();
  const navigate = useNavigate();
  const close = () => setDialog(undefined);
  // Deleting comes last, as in AWS's menus.
  const plain = resource.actions.filter((action) => !action.menu);
  const at = plain.findIndex((action) => /^(Delete|Release)/.test(action.text));
  const sorted =
    resource.kind === "images"
      ? plain
      : [...plain.slice(0, at < 0 ? plain.length : at), TAGGING, ...plain.slice(at < 0 ? plain.length : at)];
  const menus = new Map<string, Action<Item>[]>();
  for (const action of resource.actions) {
    if (action.menu && action.menu !== "button") menus.set(action.menu, [...(menus.get(action.menu) ?? []), action]);
  }
  menus.set("Actions", sorted);
  const run = (action: Action<Item>) => {
    const { Dialog, href } = action;
    if (action === TAGGING) setDialog(<TagsDialog id={resource.id(items[0]!)} tagSet={items[0]!.tagSet} close={close} />);
    else if (href) navigate(href(items[0]!));
    else if (Dialog) setDialog(<Dialog items={items} close={close} />);
  };
  const refusal = (action: Action<Item>) => {
    if (action.none) return undefined;
    if (items.length === 0) return `Choose ${/^[aeiou]/i.test(resource.one) ? "an" : "a"} ${resource.one} first.`;
    if (items.length > 1 && !action.several) return "Choose only one for this.";
    return action.refusal?.(items);
  };
  return (
    <>
      <div style={{ display: "flex", gap: 8, flexWrap: "wrap" }}>
        {refresh && <Button iconName="refresh" ariaLabel="Refresh" onClick={refresh} />}
        {resource.actions
          .filter((action) => action.menu === "button")
          .map((action) => (
            <Button key={action.id} disabled={refusal(action) !== undefined} disabledReason={refusal(action)} onClick={() => run(action)}>
              {action.text}
            </Button>
          ))}
        {[...menus].map(([menu, actions]) => (
          <ButtonDropdown
            key={menu}
            disabled={actions.length === 0}
            items={actions.map((action) => {
              const reason = refusal(action);
              return { id: action.id, text: action.text, disabled: reason !== undefined, disabledReason: reason };
            })}
            onItemClick={({ detail }) => {
              const action = actions.find((action) => action.id === detail.id);
              if (action) run(action);
            }}
          >
            {menu}
          </ButtonDropdown>
        ))}
        {resource.create && refresh && (
          <Button variant="primary" onClick={() => navigate(resource.create!.href)}>
            {resource.create.text}
          </Button>
        )}
      </div>
      {dialog}
    </>
  );
}
