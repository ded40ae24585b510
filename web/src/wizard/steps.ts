/** The calls that make a plan, in AWS's order; what one gives, later ones name as `$vpc`. Pure. */
import { tagged } from "../api/ec2";
import type { Parameter, Parameters } from "../api/form";
import { hasGateway, type Plan } from "./plan";

export interface Step {
  /** The line of the workflow page; the id that it gives comes behind it. */
  title: string;
  action: string;
  parameters: Parameters;
  /** What it gives: a name for later steps, and where the answer has it. */
  gives?: { name: string; path: [string, string] };
  /** Asked again until the answer holds this. */
  until?: string;
}

export function steps(plan: Plan): Step[] {
  const { settings } = plan;
  const tags = (type: string, name: string) =>
    tagged(type, {
      ...(name ? { Name: name } : {}),
      ...Object.fromEntries(settings.tags.filter((tag) => tag.key).map((tag) => [tag.key, tag.value])),
    });
  const result: Step[] = [
    {
      title: "Create VPC",
      action: "CreateVpc",
      parameters: { CidrBlock: settings.cidr, TagSpecification: tags("vpc", plan.vpcName) },
      gives: { name: "vpc", path: ["vpc", "vpcId"] },
    },
  ];
  const attribute = (title: string, name: string, Value: boolean) =>
    result.push({ title, action: "ModifyVpcAttribute", parameters: { VpcId: "$vpc", [name]: { Value } } });
  // A new VPC resolves names and gives none: only what differs is said, but for the lines that AWS's page always has.
  if (settings.dnsHostnames) attribute("Enable DNS hostnames", "EnableDnsHostnames", true);
  attribute(`${settings.dnsResolution ? "Enable" : "Disable"} DNS resolution`, "EnableDnsSupport", settings.dnsResolution);
  result.push({ title: "Verifying VPC creation", action: "DescribeVpcs", parameters: { VpcId: ["$vpc"] }, until: "available" });

  for (const subnet of plan.subnets) {
    result.push({
      title: "Create subnet",
      action: "CreateSubnet",
      parameters: {
        VpcId: "$vpc",
        CidrBlock: subnet.cidr,
        AvailabilityZone: subnet.zone,
        TagSpecification: tags("subnet", subnet.name),
      },
      gives: { name: subnet.key, path: ["subnet", "subnetId"] },
    });
  }
  if (hasGateway(plan)) {
    result.push(
      {
        title: "Create internet gateway",
        action: "CreateInternetGateway",
        parameters: { TagSpecification: tags("internet-gateway", plan.gatewayName) },
        gives: { name: "igw", path: ["internetGateway", "internetGatewayId"] },
      },
      {
        title: "Attach internet gateway to the VPC",
        action: "AttachInternetGateway",
        parameters: { InternetGatewayId: "$igw", VpcId: "$vpc" },
      },
    );
  }
  for (const table of plan.tables) {
    const id = `$${table.key}`;
    result.push({
      title: "Create route table",
      action: "CreateRouteTable",
      parameters: { VpcId: "$vpc", TagSpecification: tags("route-table", table.name) },
      gives: { name: table.key, path: ["routeTable", "routeTableId"] },
    });
    if (table.isPublic) {
      const parameters = { RouteTableId: id, DestinationCidrBlock: "0.0.0.0/0", GatewayId: "$igw" };
      result.push({ title: "Create route", action: "CreateRoute", parameters });
    }
    for (const subnet of plan.subnets.filter((subnet) => subnet.table === table.key)) {
      result.push({
        title: "Associate route table",
        action: "AssociateRouteTable",
        parameters: { RouteTableId: id, SubnetId: `$${subnet.key}` },
      });
    }
  }
  if (plan.tables.length > 0) {
    const RouteTableId = plan.tables.map((table) => `$${table.key}`);
    result.push({ title: "Verifying route table creation", action: "DescribeRouteTables", parameters: { RouteTableId } });
  }
  return result;
}

/** The parameters with what earlier steps gave. */
export function resolve(parameter: Parameters, given: Record<string, string>): Parameters {
  const inside = (value: Parameter): Parameter => {
    if (typeof value === "string" && value.startsWith("$")) return given[value.slice(1)] ?? value;
    if (Array.isArray(value)) return value.map(inside);
    return typeof value === "object" ? resolve(value, given) : value;
  };
  return Object.fromEntries(Object.entries(parameter).map(([name, value]) => [name, inside(value)]));
}
