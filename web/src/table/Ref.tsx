/** A link to a resource: its id, and its name where it has one. */
import Link from "@cloudscape-design/components/link";
import type { ReactNode } from "react";
import { useHref, useNavigate } from "react-router";
import { type Lists, nameOf, useList } from "../api/lists";
import type { Tag } from "../api/types";

const PAGES: Record<string, [kind: keyof Lists, path: string, id: string]> = {
  vpc: ["vpcs", "/vpc/vpcs", "vpcId"],
  subnet: ["subnets", "/vpc/subnets", "subnetId"],
  rtb: ["routeTables", "/vpc/route-tables", "routeTableId"],
  igw: ["internetGateways", "/vpc/internet-gateways", "internetGatewayId"],
  eipalloc: ["addresses", "/vpc/elastic-ips", "allocationId"],
  pcx: ["peeringConnections", "/vpc/peering-connections", "vpcPeeringConnectionId"],
  acl: ["networkAcls", "/vpc/network-acls", "networkAclId"],
  sg: ["securityGroups", "/vpc/security-groups", "groupId"],
  i: ["instances", "/ec2/instances", "instanceId"],
  eni: ["networkInterfaces", "/ec2/network-interfaces", "networkInterfaceId"],
  nip: ["networkInsightsPaths", "/vpc/reachability-analyzer", "networkInsightsPathId"],
  nia: ["networkInsightsAnalyses", "/vpc/network-insights-analyses", "networkInsightsAnalysisId"],
  ami: ["images", "/ec2/images", "imageId"],
  key: ["keyPairs", "/ec2/key-pairs", "keyPairId"],
};

/** The page of a resource, by its id. */
export function pageOf(id: string): string | undefined {
  const page = PAGES[id.split("-")[0] ?? ""];
  return page && `${page[1]}/${id}`;
}

/** Shows `id | name`; an absent id is a dash. A resource that is not in this account and region is shown without link. */
export function Ref({ id, name }: { id: string | undefined; name?: string }) {
  const page = PAGES[id?.split("-")[0] ?? ""];
  if (!id || !page) return id || "–";
  return <Known id={id} kind={page[0]} idName={page[2]} to={`${page[1]}/${id}`} name={name} />;
}

function Known({ id, kind, idName, to, name }: { id: string; kind: keyof Lists; idName: string; to: string; name?: string }) {
  const { items } = useList(kind);
  const item = (items as unknown[]).find((item) => (item as Record<string, unknown>)[idName] === id) as
    | { tagSet: Tag[]; groupName?: string }
    | undefined;
  if (!item) return id;
  const title = name ?? (nameOf(item) || item.groupName || "");
  return <To href={to}>{title ? `${id} | ${title}` : id}</To>;
}

/** A link inside the console. */
export function To({ href, children, external }: { href: string; children: ReactNode; external?: boolean }) {
  const navigate = useNavigate();
  const full = useHref(href);
  return (
    <Link
      href={full}
      external={external}
      onFollow={(event) => {
        if (external) return;
        event.preventDefault();
        navigate(href);
      }}
    >
      {children}
    </Link>
  );
}
