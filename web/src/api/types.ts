/** What Describe calls answer: AWS's names, and of each resource what the console shows. Everything is a string on the wire. */
type Flag = "true" | "false";

export interface Tag {
  key: string;
  value: string;
}

interface Tagged {
  tagSet: Tag[];
}

export interface Vpc extends Tagged {
  vpcId: string;
  ownerId: string;
  state: string;
  cidrBlock: string;
  cidrBlockAssociationSet: { associationId: string; cidrBlock: string; cidrBlockState: { state: string } }[];
  dhcpOptionsId: string;
  instanceTenancy: string;
  isDefault: Flag;
}

export interface Subnet extends Tagged {
  subnetId: string;
  subnetArn: string;
  vpcId: string;
  ownerId: string;
  state: string;
  cidrBlock: string;
  availableIpAddressCount: string;
  availabilityZone: string;
  availabilityZoneId: string;
  defaultForAz: Flag;
  mapPublicIpOnLaunch: Flag;
}

export interface Route {
  destinationCidrBlock?: string;
  destinationIpv6CidrBlock?: string;
  destinationPrefixListId?: string;
  gatewayId?: string;
  natGatewayId?: string;
  networkInterfaceId?: string;
  instanceId?: string;
  vpcPeeringConnectionId?: string;
  state: string;
  origin: string;
}

export interface RouteTableAssociation {
  routeTableAssociationId: string;
  routeTableId: string;
  subnetId?: string;
  gatewayId?: string;
  main: Flag;
}

export interface RouteTable extends Tagged {
  routeTableId: string;
  vpcId: string;
  ownerId: string;
  routeSet: Route[];
  associationSet: RouteTableAssociation[];
}

export interface InternetGateway extends Tagged {
  internetGatewayId: string;
  ownerId: string;
  attachmentSet: { vpcId: string; state: string }[];
}

export interface Address extends Tagged {
  publicIp: string;
  allocationId: string;
  associationId?: string;
  instanceId?: string;
  networkInterfaceId?: string;
  privateIpAddress?: string;
  networkBorderGroup?: string;
}

interface PeeringEnd {
  vpcId: string;
  ownerId: string;
  region?: string;
  cidrBlock?: string;
  peeringOptions?: { allowDnsResolutionFromRemoteVpc: Flag };
}

export interface PeeringConnection extends Tagged {
  vpcPeeringConnectionId: string;
  requesterVpcInfo: PeeringEnd;
  accepterVpcInfo: PeeringEnd;
  status: { code: string; message: string };
  expirationTime?: string;
}

export interface AclEntry {
  ruleNumber: string;
  protocol: string;
  ruleAction: "allow" | "deny";
  egress: Flag;
  cidrBlock?: string;
  ipv6CidrBlock?: string;
  icmpTypeCode?: { code: string; type: string };
  portRange?: { from: string; to: string };
}

export interface NetworkAcl extends Tagged {
  networkAclId: string;
  vpcId: string;
  ownerId: string;
  default: Flag;
  entrySet: AclEntry[];
  associationSet: { networkAclAssociationId: string; networkAclId: string; subnetId: string }[];
}

export interface SecurityGroup extends Tagged {
  groupId: string;
  groupName: string;
  groupDescription: string;
  vpcId: string;
  ownerId: string;
}

export interface SecurityGroupRule extends Tagged {
  securityGroupRuleId: string;
  groupId: string;
  isEgress: Flag;
  ipProtocol: string;
  fromPort?: string;
  toPort?: string;
  cidrIpv4?: string;
  cidrIpv6?: string;
  prefixListId?: string;
  referencedGroupInfo?: { groupId: string; userId?: string; vpcId?: string };
  description?: string;
}

interface GroupName {
  groupId: string;
  groupName: string;
}

export interface Instance extends Tagged {
  instanceId: string;
  imageId: string;
  instanceState: { code: string; name: string };
  instanceType: string;
  keyName?: string;
  launchTime: string;
  placement: { availabilityZone: string };
  privateIpAddress?: string;
  privateDnsName?: string;
  ipAddress?: string;
  dnsName?: string;
  subnetId?: string;
  vpcId?: string;
  sourceDestCheck?: Flag;
  groupSet: GroupName[];
  networkInterfaceSet: { networkInterfaceId: string; privateIpAddress: string }[];
}

export interface InstanceType {
  instanceType: string;
  vCpuInfo: { defaultVCpus: string };
  memoryInfo: { sizeInMiB: string };
  freeTierEligible: Flag;
}

export interface InstanceStatus {
  instanceId: string;
  instanceStatus: { status: string };
  systemStatus: { status: string };
}

export interface NetworkInterface extends Tagged {
  networkInterfaceId: string;
  subnetId: string;
  vpcId: string;
  availabilityZone: string;
  description?: string;
  status: string;
  macAddress: string;
  privateIpAddress: string;
  sourceDestCheck: Flag;
  interfaceType?: string;
  groupSet: GroupName[];
  attachment?: { attachmentId: string; instanceId?: string; deviceIndex?: string; status: string };
  association?: { publicIp: string; ipOwnerId?: string; allocationId?: string };
}

export interface KeyPair extends Tagged {
  keyPairId: string;
  keyName: string;
  keyType?: string;
  keyFingerprint: string;
  createTime?: string;
}

export interface Image extends Tagged {
  imageId: string;
  name: string;
  description?: string;
  imageState: string;
  imageOwnerId: string;
  imageOwnerAlias?: string;
  isPublic: Flag;
  architecture: string;
  creationDate: string;
  platformDetails?: string;
}

export interface Zone {
  zoneName: string;
  zoneId: string;
  regionName: string;
}

export interface Region {
  regionName: string;
}

interface PortRangeFilter {
  fromPort: string;
  toPort: string;
}

export interface PathFilter {
  sourceAddress?: string;
  sourcePortRange?: PortRangeFilter;
  destinationAddress?: string;
  destinationPortRange?: PortRangeFilter;
}

export interface NetworkInsightsPath extends Tagged {
  networkInsightsPathId: string;
  networkInsightsPathArn: string;
  createdDate: string;
  source: string;
  destination?: string;
  sourceIp?: string;
  destinationIp?: string;
  protocol: "tcp" | "udp";
  destinationPort?: string;
  filterAtSource?: PathFilter;
  filterAtDestination?: PathFilter;
}

export interface AnalysisComponent {
  id: string;
  arn: string;
  name?: string;
}

interface Ports {
  from: string;
  to: string;
}

export interface PacketHeader {
  protocol?: string;
  sourceAddressSet?: string[];
  sourcePortRangeSet?: Ports[];
  destinationAddressSet?: string[];
  destinationPortRangeSet?: Ports[];
}

export interface AnalysisAclRule {
  cidr: string;
  egress: Flag;
  portRange?: Ports;
  protocol: string;
  ruleAction: string;
  ruleNumber: string;
}

export interface AnalysisGroupRule {
  cidr?: string;
  securityGroupId?: string;
  direction: string;
  portRange?: Ports;
  protocol: string;
}

export interface AnalysisRoute {
  destinationCidr: string;
  gatewayId?: string;
  vpcPeeringConnectionId?: string;
  origin: string;
  state: string;
}

export interface PathComponent {
  sequenceNumber: string;
  component: AnalysisComponent;
  attachedTo?: AnalysisComponent;
  subnet?: AnalysisComponent;
  vpc?: AnalysisComponent;
  sourceVpc?: AnalysisComponent;
  destinationVpc?: AnalysisComponent;
  aclRule?: AnalysisAclRule;
  securityGroupRule?: AnalysisGroupRule;
  routeTableRoute?: AnalysisRoute;
  inboundHeader?: PacketHeader;
  outboundHeader?: PacketHeader;
}

export interface PathExplanation {
  explanationCode: string;
  direction?: string;
  component?: AnalysisComponent;
  vpc?: AnalysisComponent;
  sourceVpc?: AnalysisComponent;
  destinationVpc?: AnalysisComponent;
  securityGroupSet?: AnalysisComponent[];
  aclRule?: AnalysisAclRule;
  routeTableRoute?: AnalysisRoute;
  address?: string;
  cidrSet?: string[];
  state?: string;
}

export interface NetworkInsightsAnalysis extends Tagged {
  networkInsightsAnalysisId: string;
  networkInsightsAnalysisArn: string;
  networkInsightsPathId: string;
  startDate: string;
  status: string;
  networkPathFound?: Flag;
  additionalAccountSet: string[];
  filterInArnSet: string[];
  filterOutArnSet: string[];
  forwardPathComponentSet?: PathComponent[];
  returnPathComponentSet?: PathComponent[];
  explanationSet?: PathExplanation[];
  suggestedAccountSet?: string[];
}
