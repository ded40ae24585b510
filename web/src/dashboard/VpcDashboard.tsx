/** The first page: how much there is of everything in this Region. */
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useNavigate } from "react-router";
import { Page } from "../frame/Page";
import { resources } from "../resources";
import { Resources } from "./Resources";

export function VpcDashboard() {
  const navigate = useNavigate();
  const hasPage = (path: string) => resources.some((resource) => resource.path === path);
  return (
    <Page title="VPC dashboard">
      <SpaceBetween size="l">
        <Header
          variant="h1"
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              {hasPage("/ec2/instances") && <Button onClick={() => navigate("/ec2/instances/launch")}>Launch EC2 Instances</Button>}
              <Button variant="primary" onClick={() => navigate("/vpc/vpcs/create")}>
                Create VPC
              </Button>
            </SpaceBetween>
          }
        >
          VPC dashboard
        </Header>
        <Resources
          title="Resources by Region"
          of={(kind) => !["images", "keyPairs", "networkInsightsPaths", "networkInsightsAnalyses"].includes(kind)}
        />
      </SpaceBetween>
    </Page>
  );
}
