/**
 * Everything that Describe calls list, as queries: asked once, kept until an event says that the state changed.
 * Components take what they need; two that need the same share the answer.
 */
import { keepPreviousData, type QueryClient, useQuery } from "@tanstack/react-query";
import { call } from "./ec2";
import { here, pathOf } from "./place";
import type * as t from "./types";

/** The items of each kind. */
export interface Lists {
  vpcs: t.Vpc;
  subnets: t.Subnet;
  routeTables: t.RouteTable;
  internetGateways: t.InternetGateway;
  addresses: t.Address;
  peeringConnections: t.PeeringConnection;
  networkAcls: t.NetworkAcl;
  securityGroups: t.SecurityGroup;
  securityGroupRules: t.SecurityGroupRule;
  instances: t.Instance;
  instanceStatuses: t.InstanceStatus;
  instanceTypes: t.InstanceType;
  networkInterfaces: t.NetworkInterface;
  networkInsightsPaths: t.NetworkInsightsPath;
  networkInsightsAnalyses: t.NetworkInsightsAnalysis;
  keyPairs: t.KeyPair;
  images: t.Image;
  zones: t.Zone;
  regions: t.Region;
}

type Kind = keyof Lists;
type Answer = Record<string, unknown[]>;

const CALLS: { [K in Kind]: [action: string, items: (answer: Answer) => Lists[K][]] } = {
  vpcs: ["DescribeVpcs", set("vpcSet")],
  subnets: ["DescribeSubnets", set("subnetSet")],
  routeTables: ["DescribeRouteTables", set("routeTableSet")],
  internetGateways: ["DescribeInternetGateways", set("internetGatewaySet")],
  addresses: ["DescribeAddresses", set("addressesSet")],
  peeringConnections: ["DescribeVpcPeeringConnections", set("vpcPeeringConnectionSet")],
  networkAcls: ["DescribeNetworkAcls", set("networkAclSet")],
  securityGroups: ["DescribeSecurityGroups", set("securityGroupInfo")],
  securityGroupRules: ["DescribeSecurityGroupRules", set("securityGroupRuleSet")],
  instances: [
    "DescribeInstances",
    (answer) => (answer.reservationSet as { instancesSet: t.Instance[] }[]).flatMap((reservation) => reservation.instancesSet),
  ],
  instanceStatuses: ["DescribeInstanceStatus", set("instanceStatusSet")],
  instanceTypes: ["DescribeInstanceTypes", set("instanceTypeSet")],
  networkInterfaces: ["DescribeNetworkInterfaces", set("networkInterfaceSet")],
  networkInsightsPaths: ["DescribeNetworkInsightsPaths", set("networkInsightsPathSet")],
  networkInsightsAnalyses: ["DescribeNetworkInsightsAnalyses", set("networkInsightsAnalysisSet")],
  keyPairs: ["DescribeKeyPairs", set("keySet")],
  images: ["DescribeImages", set("imagesSet")],
  zones: ["DescribeAvailabilityZones", set("availabilityZoneInfo")],
  regions: ["DescribeRegions", set("regionInfo")],
};

function set<T>(name: string) {
  return (answer: Answer) => (answer[name] ?? []) as T[];
}

/** Asks now; `place` where it is not the page's own. */
export async function describe<K extends Kind>(kind: K, place = here): Promise<Lists[K][]> {
  const [action, items] = CALLS[kind];
  return items(await call<Answer>(action, {}, place));
}

/** The list as it is, empty until it is there. */
export function useList<K extends Kind>(kind: K, place = here) {
  const query = useQuery({
    queryKey: ["ec2", pathOf(place), kind],
    queryFn: () => describe(kind, place),
    placeholderData: keepPreviousData,
  });
  return { items: query.data ?? (EMPTY as Lists[K][]), isLoading: query.isPending, error: query.error, refresh: query.refetch };
}

const EMPTY: never[] = [];

/** Whatever is shown is asked again. */
export const refreshAll = (client: QueryClient) => client.invalidateQueries({ queryKey: ["ec2"] });

/** A resource's `Name` tag, or nothing. */
export const nameOf = (item: { tagSet?: t.Tag[] } | undefined) => item?.tagSet?.find((tag) => tag.key === "Name")?.value ?? "";

/** `id / name` as the console writes it in sentences, or the id alone. */
export const titled = (id: string, name: string) => (name ? `${id} / ${name}` : id);
