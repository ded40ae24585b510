/** The pages, by path; what is behind `page` is loaded when it is first shown. */
import type { ComponentType } from "react";
import { Navigate, type RouteObject } from "react-router";
import { Frame } from "./frame/Frame";
import { Mishap, Missing } from "./frame/Mishap";

/** A page that comes with its own file. */
function page<M>(path: string, load: () => Promise<M>, Component: (module: M) => ComponentType): RouteObject {
  return { path, lazy: async () => ({ Component: Component(await load()) }) };
}

const creating = () => import("./forms/creating");
const associations = () => import("./forms/EditAssociations");
const groupRules = () => import("./forms/EditGroupRules");
const aclEntries = () => import("./forms/EditAclEntries");
const serialConsole = () => import("./dashboard/SerialConsoleAccess");
const tables = () => import("./table/pages");

const pages: RouteObject[] = [
  { index: true, element: <Navigate to="/vpc" replace /> },
  page(
    "/vpc/map",
    () => import("./map/maps"),
    (module) => module.RegionMap,
  ),
  page(
    "/explain",
    () => import("./explain/ExplainPage"),
    (module) => module.ExplainPage,
  ),
  page(
    "/flows",
    () => import("./flows/FlowsPage"),
    (module) => module.FlowsPage,
  ),
  { path: "/ec2", element: <Navigate to="/ec2/instances" replace /> },
  page(
    "/vpc",
    () => import("./dashboard/VpcDashboard"),
    (module) => module.VpcDashboard,
  ),
  page(
    "/vpc/vpcs/create",
    () => import("./wizard/CreateVpc"),
    (module) => module.CreateVpc,
  ),
  page(
    "/vpc/subnets/create",
    () => import("./forms/CreateSubnet"),
    (module) => module.CreateSubnet,
  ),
  page("/vpc/route-tables/create", creating, (module) => module.CreateRouteTable),
  page(
    "/vpc/route-tables/:id/routes",
    () => import("./forms/EditRoutes"),
    (module) => module.EditRoutes,
  ),
  page("/vpc/route-tables/:id/associations", associations, (module) => module.RouteTableAssociations),
  page("/vpc/internet-gateways/create", creating, (module) => module.CreateInternetGateway),
  page("/vpc/elastic-ips/allocate", creating, (module) => module.AllocateAddress),
  page(
    "/vpc/elastic-ips/:id/associate",
    () => import("./forms/AssociateAddress"),
    (module) => module.AssociateAddress,
  ),
  page(
    "/vpc/peering-connections/create",
    () => import("./forms/CreatePeering"),
    (module) => module.CreatePeering,
  ),
  page(
    "/vpc/reachability-analyzer/create",
    () => import("./reachability/CreatePath"),
    (module) => module.CreatePath,
  ),
  page("/vpc/network-acls/create", creating, (module) => module.CreateNetworkAcl),
  page("/vpc/network-acls/:id/inbound", aclEntries, (module) => module.EditInbound),
  page("/vpc/network-acls/:id/outbound", aclEntries, (module) => module.EditOutbound),
  page("/vpc/network-acls/:id/associations", associations, (module) => module.AclAssociations),
  page(
    "/vpc/security-groups/create",
    () => import("./forms/CreateGroup"),
    (module) => module.CreateGroup,
  ),
  page("/vpc/security-groups/:id/inbound", groupRules, (module) => module.EditInbound),
  page("/vpc/security-groups/:id/outbound", groupRules, (module) => module.EditOutbound),
  page(
    "/ec2/dashboard",
    () => import("./dashboard/Ec2Dashboard"),
    (module) => module.Ec2Dashboard,
  ),
  page("/ec2/settings/serial-console", serialConsole, (module) => module.SerialConsoleAccess),
  page("/ec2/settings/serial-console/manage", serialConsole, (module) => module.ManageSerialConsoleAccess),
  page(
    "/ec2/instances/:id/connect",
    () => import("./connect/ConnectPage"),
    (module) => module.ConnectPage,
  ),
  page(
    "/ec2/instances/:id/terminal",
    () => import("./terminal/TerminalPage"),
    (module) => module.TerminalPage,
  ),
  page(
    "/ec2/instances/launch",
    () => import("./launch/LaunchInstance"),
    (module) => module.LaunchInstance,
  ),
  page(
    "/ec2/key-pairs/create",
    () => import("./resources/key-pair"),
    (module) => module.CreateKeyPair,
  ),
  page("/:service/:kind", tables, (module) => module.List),
  page("/:service/:kind/:id", tables, (module) => module.Detail),
  { path: "*", element: <Missing /> },
];

export const routes: RouteObject[] = [
  {
    element: <Frame />,
    HydrateFallback: () => null,
    children: [{ errorElement: <Mishap />, children: pages }],
  },
];
