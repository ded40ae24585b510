/** Parameters of a call: what is undefined is left out, lists are numbered from 1. */
export type Parameter = string | number | boolean | undefined | Parameter[] | { [name: string]: Parameter };
export type Parameters = { [name: string]: Parameter };

/** Parameters as names and values of a form, as the EC2 Query protocol writes them: `Filter.1.Value.2`. */
export function flatten(parameters: Parameters): [string, string][] {
  const pairs: [string, string][] = [];
  const add = (name: string, value: Parameter) => {
    if (value === undefined) return;
    if (Array.isArray(value)) {
      value.forEach((item, index) => {
        add(`${name}.${index + 1}`, item);
      });
    } else if (typeof value === "object") {
      for (const [part, inner] of Object.entries(value)) add(`${name}.${part}`, inner);
    } else pairs.push([name, String(value)]);
  };
  for (const [name, value] of Object.entries(parameters)) add(name, value);
  return pairs;
}
