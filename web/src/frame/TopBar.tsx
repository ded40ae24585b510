/** The bar above every page: services, account and region. */
import TopNavigation from "@cloudscape-design/components/top-navigation";
import { useState } from "react";
import { useHref, useNavigate } from "react-router";
import { useList } from "../api/lists";
import { here, pathOf } from "../api/place";
import { AccountDialog } from "./AccountDialog";
import { setExam, useExam } from "./exam";

export function TopBar() {
  const regions = useList("regions").items.map((region) => region.regionName);
  const isExam = useExam();
  const [isChoosing, setChoosing] = useState(false);
  const navigate = useNavigate();
  const home = useHref("/vpc");
  return (
    <>
      <TopNavigation
        identity={{ href: home, logo: { src: "/wordmark.svg", alt: "Peerless" }, onFollow: follow(navigate, "/vpc") }}
        utilities={[
          {
            type: "menu-dropdown",
            text: "Services",
            items: [
              { id: "/vpc", text: "VPC", description: "Isolated networks, and what connects them" },
              { id: "/ec2/instances", text: "EC2", description: "Instances in these networks" },
            ],
            onItemClick: ({ detail }) => navigate(detail.id),
          },
          {
            type: "button",
            text: isExam ? "Exam mode: on" : "Exam mode: off",
            title: "In exam mode, the console says what AWS's says, and no more",
            onClick: () => setExam(!isExam),
          },
          {
            type: "menu-dropdown",
            text: here.region,
            ariaLabel: `Region: ${here.region}`,
            items: regions.map((region) => ({ id: region, text: region })),
            // Another region is another page: nothing of this one is kept.
            onItemClick: ({ detail }) => location.assign(`${pathOf({ ...here, region: detail.id })}/vpc`),
          },
          {
            type: "button",
            text: `Account ${dashed(here.account)}`,
            onClick: () => setChoosing(true),
          },
        ]}
      />
      {isChoosing && <AccountDialog close={() => setChoosing(false)} />}
    </>
  );
}

function follow(navigate: (path: string) => void, path: string) {
  return (event: Event | CustomEvent) => {
    event.preventDefault();
    navigate(path);
  };
}

const dashed = (account: string) => account.replace(/(\d{4})(\d{4})(\d{4})/, "$1-$2-$3");
