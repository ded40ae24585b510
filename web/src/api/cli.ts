/** Calls as commands of the AWS CLI. Pure. */
import type { Parameter, Parameters } from "./form";

export type Call = [action: string, parameters: Parameters];

const kebab = (name: string) => name.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();
const variable = (name: string) => name.toUpperCase().replaceAll("-", "_");
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
const word = (text: string) => (text.startsWith("$") ? `"$${variable(text.slice(1))}"` : /^[\w./:-]+$/.test(text) ? text : quoted(text));

/** What the CLI calls otherwise than the API. */
const OTHERWISE: Record<string, string> = { Icmp: "IcmpTypeCode", Groups: "UserIdGroupPairs" };
const NUMBERS = new Set(["FromPort", "ToPort", "From", "To", "Type", "Code"]);

interface TagSpecification {
  ResourceType: string;
  Tag: { Key: string; Value: string }[];
}

/** In the shorthand syntax, a value with any of its signs stands in double quotes. */
const shorthand = (text: string) => (/[\s,=[\]{}"'<>]/.test(text) ? `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"` : text);

/** A structure as the CLI takes it in JSON: with its own names, and numbers as numbers. */
function structure(value: Parameter, name = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => structure(item));
  if (typeof value !== "object") return NUMBERS.has(name) && value !== undefined ? Number(value) : value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [OTHERWISE[name] ?? name, structure(inner, name)]));
}

function flag(name: string, value: Parameter): string {
  const option = `--${kebab(OTHERWISE[name] ?? name)}`;
  if (name === "TagSpecification") {
    const [{ ResourceType, Tag }] = value as unknown as [TagSpecification];
    const tags = Tag.map(({ Key, Value }) => `{Key=${shorthand(Key)},Value=${shorthand(Value)}}`).join(",");
    return `--tag-specifications ${quoted(`ResourceType=${ResourceType},Tags=[${tags}]`)}`;
  }
  if (name === "Egress") return value ? "--egress" : "--ingress";
  if (Array.isArray(value)) {
    if (value.some((item) => typeof item === "object")) return `${option} ${quoted(JSON.stringify(structure(value)))}`;
    return `${option}s ${value.map((item) => word(String(item))).join(" ")}`;
  }
  if (typeof value === "object" && "Value" in value) return value.Value ? option : `--no-${kebab(name)}`;
  if (typeof value === "object") return `${option} ${quoted(JSON.stringify(structure(value)))}`;
  return `${option} ${word(String(value))}`;
}

const flags = (parameters: Parameters) =>
  Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : [flag(name, value)]));

/** A command; parameters that begin with `$` are variables of the shell. */
export const commandOf = (command: string, parameters: Parameters) => [`aws ec2 ${kebab(command)}`, ...flags(parameters)].join(" ");

/** Its answer, or what stands there in it, kept in a variable. */
export const assigned = (name: string, command: string, path: string[]) =>
  `${variable(name)}=$(${command} --query ${path.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join(".")} --output text)`;
