/** What AWS's Connect page says about an instance before anybody connects, and under it what it does not say. Pure. */
import { nameOf, titled } from "../api/lists";
import { leadsToInternet } from "../api/network";
import type { Instance, RouteTable, SecurityGroupRule, Subnet } from "../api/types";

export interface Note {
  type: "error" | "warning" | "info";
  header: string;
  text?: string;
  /** Ours. */
  why?: string;
  /** Whether nobody can connect as things are. */
  isShut?: boolean;
  /** Whether it is about the instance itself, whatever the way to it. */
  isState?: boolean;
}

interface Facts {
  instance: Instance;
  subnet: Subnet | undefined;
  table: RouteTable | undefined;
  isExplicit: boolean;
  /** The inbound rules of its groups. */
  rules: readonly SecurityGroupRule[];
  region: string;
}

/** Where EC2 Instance Connect comes from, as AWS publishes it; elsewhere Peerless comes from the range of us-east-1. */
const RANGES: Record<string, string> = {
  "us-east-2": "3.16.146.0/29",
  "us-west-1": "13.52.6.112/29",
  "us-west-2": "18.237.140.160/29",
};
export const rangeOf = (region: string) => RANGES[region] ?? "18.206.107.24/29";

/** Whichever way it would be. */
export function notRunning({ instanceState: { name: state } }: Instance): Note | undefined {
  if (state === "running") return undefined;
  const text = `It is ${state}. You can connect to an instance only while it runs.`;
  return { type: "warning", header: "This instance is not running", text, isShut: true, isState: true };
}

export function notes({ instance, subnet, table, isExplicit, rules, region }: Facts): Note[] {
  const note = notRunning(instance);
  if (note) return [note];
  const found: Note[] = [];
  if (!instance.ipAddress) {
    const auto =
      subnet?.mapPublicIpOnLaunch === "true" ? "its launch said so" : "its subnet does not assign one, and its launch did not ask for one";
    found.push({
      type: "warning",
      header: "No public IPv4 address assigned",
      text: "With no public IPv4 address, you can't use EC2 Instance Connect.",
      why: `It has none because ${auto}. Ways out: associate an Elastic IP address with it; launch it again with auto-assign public IP enabled; or come in from another instance of its network.`,
      isShut: true,
    });
  }
  if (!leadsToInternet(table)) {
    const name = table ? titled(table.routeTableId, nameOf(table)) : "no route table";
    found.push({
      type: "warning",
      header: "Instance is not in public subnet",
      text: "EC2 Instance Connect is unable to connect to your instance. Ensure your instance network settings are configured correctly for EC2 Instance Connect.",
      why: `Its subnet uses ${name}${isExplicit ? "" : ", the main route table, because no table is associated with it"}; no active route there leads 0.0.0.0/0 to an internet gateway.`,
    });
  }
  if (rules.some((rule) => isSsh(rule) && (rule.cidrIpv4 === "0.0.0.0/0" || rule.cidrIpv6 === "::/0"))) {
    found.push({
      type: "warning",
      header: "Port 22 (SSH) is open to all IPv4 addresses",
      text: `Port 22 (SSH) is currently open to all IPv4 addresses, indicated by 0.0.0.0/0 in the inbound rule in your security group. For increased security, consider restricting access to only the EC2 Instance Connect service IP addresses for your Region: ${rangeOf(region)}.`,
    });
  }
  return found;
}

/** Whether a rule lets SSH in, from wherever. */
function isSsh(rule: SecurityGroupRule): boolean {
  if (rule.ipProtocol === "-1") return true;
  return rule.ipProtocol === "tcp" && Number(rule.fromPort) <= 22 && 22 <= Number(rule.toPort);
}

/** Whom one logs in as, by the image's name. */
export function userOf(imageName: string): string {
  if (/ubuntu/i.test(imageName)) return "ubuntu";
  return /debian/i.test(imageName) ? "admin" : "ec2-user";
}
