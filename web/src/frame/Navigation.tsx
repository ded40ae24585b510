/** The left navigation of each service; what has no page is not in it. */
import SideNavigation, { type SideNavigationProps } from "@cloudscape-design/components/side-navigation";
import { useHref, useLocation, useNavigate } from "react-router";

const VPC: Section[] = [
  [
    "",
    [
      ["/vpc", "VPC dashboard"],
      ["/vpc/map", "Region map"],
      ["/explain", "Explain"],
      ["/flows", "Flows"],
    ],
  ],
  [
    "Virtual private cloud",
    [
      ["/vpc/vpcs", "Your VPCs"],
      ["/vpc/subnets", "Subnets"],
      ["/vpc/route-tables", "Route tables"],
      ["/vpc/internet-gateways", "Internet gateways"],
      ["/vpc/elastic-ips", "Elastic IPs"],
      ["/vpc/peering-connections", "Peering connections"],
    ],
  ],
  [
    "Security",
    [
      ["/vpc/network-acls", "Network ACLs"],
      ["/vpc/security-groups", "Security groups"],
    ],
  ],
  ["Network Analysis", [["/vpc/reachability-analyzer", "Reachability Analyzer"]]],
];

const EC2: Section[] = [
  ["", [["/ec2/dashboard", "EC2 Dashboard"]]],
  [
    "Instances",
    [
      ["/ec2/instances", "Instances"],
      ["/explain", "Explain"],
      ["/flows", "Flows"],
    ],
  ],
  ["Images", [["/ec2/images", "AMIs"]]],
  [
    "Network & Security",
    [
      ["/vpc/security-groups", "Security Groups"],
      ["/vpc/elastic-ips", "Elastic IPs"],
      ["/ec2/key-pairs", "Key Pairs"],
      ["/ec2/network-interfaces", "Network Interfaces"],
    ],
  ],
];

type Section = [title: string, links: [path: string, text: string][]];

export function Navigation() {
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const base = useHref("/").replace(/\/$/, "");
  const isEc2 = pathname.startsWith("/ec2");
  const sections = isEc2 ? EC2 : VPC;
  const links = sections.flatMap(([, links]) => links.map(([path]) => path));
  const active = links.filter((path) => pathname === path || pathname.startsWith(`${path}/`)).sort((a, b) => b.length - a.length)[0];
  const items = sections.flatMap(([title, links]): SideNavigationProps.Item[] => {
    const entries = links.map(([path, text]): SideNavigationProps.Link => ({ type: "link", text, href: base + path }));
    return title ? [{ type: "section", text: title, items: entries }] : [...entries, { type: "divider" }];
  });
  return (
    <SideNavigation
      header={{ text: isEc2 ? "EC2" : "VPC", href: `${base}${isEc2 ? "/ec2/instances" : "/vpc"}` }}
      activeHref={base + (active ?? "")}
      items={items}
      onFollow={(event) => {
        event.preventDefault();
        navigate(event.detail.href.slice(base.length));
      }}
    />
  );
}
