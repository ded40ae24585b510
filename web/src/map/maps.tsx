/** The maps that the console shows: of a VPC, and of the Region. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import { useMemo } from "react";
import { useNavigate } from "react-router";
import { nameOf, useList } from "../api/lists";
import { here } from "../api/place";
import type { Vpc } from "../api/types";
import { Page } from "../frame/Page";
import { pageOf } from "../table/Ref";
import { graphOf, regionOf, type World } from "./graph";
import { ResourceMap } from "./ResourceMap";

function useWorld(): World {
  const vpcs = useList("vpcs").items;
  const subnets = useList("subnets").items;
  const routeTables = useList("routeTables").items;
  const internetGateways = useList("internetGateways").items;
  const peeringConnections = useList("peeringConnections").items;
  const instances = useList("instances").items;
  return useMemo(
    () => ({ vpcs, subnets, routeTables, internetGateways, peeringConnections, instances }),
    [vpcs, subnets, routeTables, internetGateways, peeringConnections, instances],
  );
}

/** Opens what a card stands for; the VPC beyond a peering connection is behind the slash. */
function useOpen() {
  const navigate = useNavigate();
  return (id: string) => {
    const page = pageOf(id.split("/").pop() ?? "");
    if (page) navigate(page.startsWith("/vpc/vpcs/") ? `${page}?tab=resource-map` : page);
  };
}

/** The tab of a VPC. */
export default function VpcMap({ item: vpc }: { item: Vpc }) {
  const world = useWorld();
  const graph = useMemo(() => graphOf(vpc.vpcId, world), [vpc.vpcId, world]);
  return (
    <Container header={<Header variant="h2">Resource map</Header>}>
      <ResourceMap graph={graph} name={nameOf(vpc) || vpc.vpcId} open={useOpen()} />
    </Container>
  );
}

/** The page of the whole Region. */
export function RegionMap() {
  const world = useWorld();
  const graph = useMemo(() => regionOf(world), [world]);
  const navigate = useNavigate();
  return (
    <Page title="Region map">
      <Container
        header={
          <Header variant="h1" description={`All VPCs of ${here.region}, the peering connections between them, and the internet.`}>
            Region map
          </Header>
        }
      >
        <ResourceMap
          graph={graph}
          name={here.region}
          isRegion
          open={useOpen()}
          empty={
            <Box>
              No VPCs in this Region. <Button onClick={() => navigate("/vpc/vpcs/create")}>Create VPC</Button>
            </Box>
          }
        />
      </Container>
    </Page>
  );
}
