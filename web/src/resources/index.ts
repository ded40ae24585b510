/** Every kind of resource that has pages. */
import type { Resource } from "../table/resource";
import { elasticIp } from "./elastic-ip";
import { image } from "./image";
import { instance } from "./instance";
import { internetGateway } from "./internet-gateway";
import { keyPair } from "./key-pair";
import { networkAcl } from "./network-acl";
import { networkInsightsAnalysis } from "./network-insights-analysis";
import { networkInsightsPath } from "./network-insights-path";
import { networkInterface } from "./network-interface";
import { peeringConnection } from "./peering-connection";
import { routeTable } from "./route-table";
import { securityGroup } from "./security-group";
import { subnet } from "./subnet";
import { vpc } from "./vpc";

export const resources: Resource[] = [
  vpc,
  subnet,
  routeTable,
  internetGateway,
  elasticIp,
  peeringConnection,
  networkAcl,
  securityGroup,
  networkInsightsPath,
  networkInsightsAnalysis,
  instance,
  networkInterface,
  keyPair,
  image,
];
