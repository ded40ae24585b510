/** The maps that the console shows: of a VPC, and of the Region. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Spinner from "@cloudscape-design/components/spinner";
import Toggle from "@cloudscape-design/components/toggle";
import { useNavigate } from "react-router";
import { nameOf, useList } from "../api/lists";
import { here } from "../api/place";
import type { Vpc } from "../api/types";
import { useFlows, usePackets } from "../flows/stream";
import { useOurs } from "../frame/exam";
import { Page } from "../frame/Page";
import { usePreference } from "../frame/preferences";
import { pageOf } from "../table/Ref";
import { graphOf, regionOf, type World } from "./graph";
import { ResourceMap } from "./ResourceMap";

/** Everything that a map shows; undefined until all of it is there, for half a map would be a wrong one. */
function useWorld(): World | undefined {
  const vpcs = useList("vpcs");
  const subnets = useList("subnets");
  const routeTables = useList("routeTables");
  const internetGateways = useList("internetGateways");
  const peeringConnections = useList("peeringConnections");
  const instances = useList("instances");
  const lists = [vpcs, subnets, routeTables, internetGateways, peeringConnections, instances];
  if (lists.some((list) => list.isLoading)) return undefined;
  return {
    vpcs: vpcs.items,
    subnets: subnets.items,
    routeTables: routeTables.items,
    internetGateways: internetGateways.items,
    peeringConnections: peeringConnections.items,
    instances: instances.items,
  };
}

/** Opens what a card stands for; the VPC beyond a peering connection is behind the slash. */
function useOpen() {
  const navigate = useNavigate();
  return (id: string) => {
    const page = pageOf(id.split("/").pop() ?? "");
    if (page) navigate(page.startsWith("/vpc/vpcs/") ? `${page}?tab=resource-map` : page);
  };
}

/** What goes on, while somebody looks at the map and wants to see it. */
function useTraffic() {
  const [isOn, setOn] = usePreference("mapTraffic", true);
  const packets = usePackets();
  const ours = useOurs();
  const isWatched = ours(isOn) ?? false;
  const flows = useFlows({}, !isWatched);
  const toggle = packets && (
    <Toggle checked={isOn} onChange={({ detail }) => setOn(detail.checked)}>
      Live packets
    </Toggle>
  );
  return { toggle: ours(toggle), flows: isWatched ? flows?.flows : undefined };
}

/** The tab of a VPC. */
export default function VpcMap({ item: vpc }: { item: Vpc }) {
  const world = useWorld();
  const open = useOpen();
  const traffic = useTraffic();
  if (!world) return <Spinner />;
  return (
    <Container header={<Header variant="h2">Resource map</Header>}>
      <ResourceMap graph={graphOf(vpc.vpcId, world)} name={nameOf(vpc) || vpc.vpcId} open={open} {...traffic} />
    </Container>
  );
}

/** The page of the whole Region. */
export function RegionMap() {
  const world = useWorld();
  const open = useOpen();
  const traffic = useTraffic();
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
        {world ? (
          <ResourceMap
            graph={regionOf(world)}
            name={here.region}
            isRegion
            open={open}
            {...traffic}
            empty={
              <Box>
                No VPCs in this Region. <Button onClick={() => navigate("/vpc/vpcs/create")}>Create VPC</Button>
              </Box>
            }
          />
        ) : (
          <Spinner />
        )}
      </Container>
    </Page>
  );
}
