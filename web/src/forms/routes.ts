/** What an edited list of routes asks of the API. Pure. */
import type { Call } from "../api/cli";
import { destinationOf, targetOf } from "../api/network";
import type { Route } from "../api/types";

export interface Draft {
  key: number;
  destination: string;
  target: string;
}

const destination = (text: string): Record<string, string> =>
  text.includes(":") ? { DestinationIpv6CidrBlock: text } : { DestinationCidrBlock: text };

/** The parameter that names a target of this kind. */
function target(id: string): Record<string, string> {
  if (id.startsWith("pcx-")) return { VpcPeeringConnectionId: id };
  if (id.startsWith("nat-")) return { NatGatewayId: id };
  if (id.startsWith("eni-")) return { NetworkInterfaceId: id };
  if (id.startsWith("i-")) return { InstanceId: id };
  return { GatewayId: id };
}

/** The routes that one may change: not the local ones. */
export const editable = (routes: readonly Route[]) => routes.filter((route) => targetOf(route) !== "local");

/** The calls that lead from the routes as they are to those that are wanted: what is new first, what goes last. */
export function changes(table: string, routes: readonly Route[], wanted: readonly Draft[]): Call[] {
  const before = new Map(editable(routes).map((route) => [destinationOf(route), targetOf(route)]));
  const after = new Map(wanted.map((draft) => [draft.destination.trim(), draft.target.trim()]));
  const calls: Call[] = [];
  for (const [to, over] of after) {
    if (!before.has(to)) calls.push(["CreateRoute", { RouteTableId: table, ...destination(to), ...target(over) }]);
    else if (before.get(to) !== over) calls.push(["ReplaceRoute", { RouteTableId: table, ...destination(to), ...target(over) }]);
  }
  for (const to of before.keys()) if (!after.has(to)) calls.push(["DeleteRoute", { RouteTableId: table, ...destination(to) }]);
  return calls;
}
