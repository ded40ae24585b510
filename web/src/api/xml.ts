/**
 * Replies of the EC2 API as plain objects.
 *
 * EC2's XML is elements and text only. An element of `<item>`s is a list; an empty one is a list if its name is that of a
 * list, else an empty string. Everything else stays a string, as the wire has it: a tag's value `true` is no boolean.
 */
export type Value = string | Value[] | { [name: string]: Value };

/** Elements that hold a list, which an empty element does not show. */
const LISTS =
  /(Set|Sets)$|^(regionInfo|availabilityZoneInfo|securityGroupInfo|ipPermissions|ipPermissionsEgress|groups|ipRanges|ipv6Ranges|prefixListIds|blockDeviceMapping)$/;

const TOKEN = /<\?[^>]*\?>|<!--[\s\S]*?-->|<(\/?)([\w:.-]+)[^>]*?(\/?)>|([^<]+)/g;

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

interface Element {
  name: string;
  text: string;
  children: [string, Value][];
}

/** The document element's contents. */
export function parse(xml: string): Value {
  const root: Element = { name: "", text: "", children: [] };
  const open = [root];
  for (const [, closing, name, empty, text] of xml.matchAll(TOKEN)) {
    const top = open[open.length - 1]!;
    if (text !== undefined) {
      top.text += text;
    } else if (name !== undefined && closing) {
      if (top.name !== name || open.length === 1) throw new Error(`</${name}> closes nothing`);
      open.pop();
      open[open.length - 1]!.children.push([name, value(top)]);
    } else if (name !== undefined && empty) {
      top.children.push([name, value({ name, text: "", children: [] })]);
    } else if (name !== undefined) {
      open.push({ name, text: "", children: [] });
    }
  }
  const document = root.children[0];
  if (open.length > 1 || !document) throw new Error("the reply is not whole");
  return document[1];
}

function value({ name, text, children }: Element): Value {
  if (children.length === 0) return text === "" && LISTS.test(name) ? [] : decode(text);
  if (children.every(([child]) => child === "item")) return children.map(([, item]) => item);
  return Object.fromEntries(children);
}

function decode(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal) return String.fromCodePoint(Number(decimal));
    return ENTITIES[name] ?? whole;
  });
}
