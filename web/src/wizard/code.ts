/** "Preview code": the same plan as calls of the AWS CLI, as a CloudFormation template and as Terraform. Pure. */
import { assigned, commandOf } from "../api/cli";
import { hasGateway, type Plan } from "./plan";
import { type Step, steps } from "./steps";

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function command({ action, parameters, gives, until }: Step): string {
  if (until) return commandOf("wait vpc-available", parameters);
  const call = commandOf(action, parameters);
  return gives ? assigned(gives.name, call, gives.path) : call;
}

export const asCli = (plan: Plan) => [...steps(plan).map(command), ""].join("\n");

const tagsOf = (plan: Plan, name: string) => [
  ...(name ? [{ key: "Name", value: name }] : []),
  ...plan.settings.tags.filter((tag) => tag.key),
];

/** A template in JSON, which needs no quoting rules of its own. */
export function asCloudFormation(plan: Plan): string {
  const { settings } = plan;
  const logical = (key: string) => key.split("-").map(capital).join("");
  const resources: Record<string, object> = {};
  const add = (id: string, type: string, properties: object, name?: string) => {
    const Tags = name === undefined ? [] : tagsOf(plan, name).map(({ key, value }) => ({ Key: key, Value: value }));
    resources[id] = { Type: `AWS::EC2::${type}`, Properties: { ...properties, ...(Tags.length > 0 ? { Tags } : {}) } };
  };
  const reference = (id: string) => ({ Ref: id });
  const vpc = { CidrBlock: settings.cidr, EnableDnsHostnames: settings.dnsHostnames, EnableDnsSupport: settings.dnsResolution };
  add("Vpc", "VPC", vpc, plan.vpcName);
  if (hasGateway(plan)) {
    add("Igw", "InternetGateway", {}, plan.gatewayName);
    add("IgwAttachment", "VPCGatewayAttachment", { InternetGatewayId: reference("Igw"), VpcId: reference("Vpc") });
  }
  for (const subnet of plan.subnets) {
    add(
      `Subnet${capital(subnet.key)}`,
      "Subnet",
      { VpcId: reference("Vpc"), CidrBlock: subnet.cidr, AvailabilityZone: subnet.zone },
      subnet.name,
    );
  }
  for (const table of plan.tables) {
    const id = logical(table.key);
    add(id, "RouteTable", { VpcId: reference("Vpc") }, table.name);
    if (table.isPublic) {
      add(`${id}Internet`, "Route", { RouteTableId: reference(id), DestinationCidrBlock: "0.0.0.0/0", GatewayId: reference("Igw") });
      Object.assign(resources[`${id}Internet`] ?? {}, { DependsOn: "IgwAttachment" });
    }
    for (const subnet of plan.subnets.filter((subnet) => subnet.table === table.key)) {
      const name = `Subnet${capital(subnet.key)}`;
      add(`${name}${id}`, "SubnetRouteTableAssociation", { RouteTableId: reference(id), SubnetId: reference(name) });
    }
  }
  return `${JSON.stringify({ AWSTemplateFormatVersion: "2010-09-09", Resources: resources }, undefined, 2)}\n`;
}

export function asTerraform(plan: Plan): string {
  const { settings } = plan;
  const text = (value: string) => JSON.stringify(value).replace(/[$%]\{/g, (sign) => sign.charAt(0) + sign);
  const block = (type: string, name: string, attributes: [string, string][], tags?: string) => {
    const all = tags === undefined ? [] : tagsOf(plan, tags);
    const width = Math.max(...attributes.map(([key]) => key.length));
    const lines = attributes.map(([key, value]) => `  ${key.padEnd(width)} = ${value}`);
    if (all.length > 0) lines.push("", "  tags = {", ...all.map(({ key, value }) => `    ${text(key)} = ${text(value)}`), "  }");
    return [`resource "aws_${type}" "${name.replaceAll("-", "_")}" {`, ...lines, "}"].join("\n");
  };
  const id = (type: string, name: string) => `aws_${type}.${name.replaceAll("-", "_")}.id`;
  const blocks = [
    block(
      "vpc",
      "main",
      [
        ["cidr_block", text(settings.cidr)],
        ["enable_dns_hostnames", `${settings.dnsHostnames}`],
        ["enable_dns_support", `${settings.dnsResolution}`],
      ],
      plan.vpcName,
    ),
  ];
  if (hasGateway(plan)) blocks.push(block("internet_gateway", "main", [["vpc_id", id("vpc", "main")]], plan.gatewayName));
  for (const { key, cidr, zone, name } of plan.subnets) {
    const attributes: [string, string][] = [
      ["vpc_id", id("vpc", "main")],
      ["cidr_block", text(cidr)],
      ["availability_zone", text(zone)],
    ];
    blocks.push(block("subnet", key, attributes, name));
  }
  for (const table of plan.tables) {
    blocks.push(block("route_table", table.key, [["vpc_id", id("vpc", "main")]], table.name));
    if (table.isPublic) {
      blocks.push(
        block("route", `${table.key}-internet`, [
          ["route_table_id", id("route_table", table.key)],
          ["destination_cidr_block", text("0.0.0.0/0")],
          ["gateway_id", id("internet_gateway", "main")],
        ]),
      );
    }
    for (const { key } of plan.subnets.filter((subnet) => subnet.table === table.key)) {
      blocks.push(
        block("route_table_association", key, [
          ["route_table_id", id("route_table", table.key)],
          ["subnet_id", id("subnet", key)],
        ]),
      );
    }
  }
  return `${blocks.join("\n\n")}\n`;
}
