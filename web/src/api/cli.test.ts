import { expect, test } from "vitest";
import { commandOf } from "./cli";

test("rules of a security group are JSON with the CLI's names and numbers", () => {
  const IpPermissions = [
    { IpProtocol: "tcp", FromPort: "22", ToPort: "22", IpRanges: [{ CidrIp: "0.0.0.0/0", Description: "it's mine" }] },
    { IpProtocol: "-1", FromPort: undefined, Groups: [{ GroupId: "sg-1" }] },
  ];
  expect(commandOf("AuthorizeSecurityGroupIngress", { GroupId: "sg-1", IpPermissions })).toBe(
    `aws ec2 authorize-security-group-ingress --group-id sg-1 --ip-permissions '[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"0.0.0.0/0","Description":"it'\\''s mine"}]},{"IpProtocol":"-1","UserIdGroupPairs":[{"GroupId":"sg-1"}]}]'`,
  );
  expect(commandOf("RevokeSecurityGroupIngress", { GroupId: "sg-1", SecurityGroupRuleId: ["sgr-1", "sgr-2"] })).toBe(
    "aws ec2 revoke-security-group-ingress --group-id sg-1 --security-group-rule-ids sgr-1 sgr-2",
  );
});

test("entries of a network ACL say their direction", () => {
  const entry = { NetworkAclId: "acl-1", RuleNumber: "90", RuleAction: "deny", Protocol: "1", CidrBlock: "10.0.0.0/8" };
  expect(commandOf("CreateNetworkAclEntry", { ...entry, Egress: false, Icmp: { Type: "8", Code: "-1" } })).toBe(
    `aws ec2 create-network-acl-entry --network-acl-id acl-1 --rule-number 90 --rule-action deny --protocol 1 --cidr-block 10.0.0.0/8 --ingress --icmp-type-code '{"Type":8,"Code":-1}'`,
  );
  expect(commandOf("DeleteNetworkAclEntry", { NetworkAclId: "acl-1", Egress: true, RuleNumber: "90" })).toBe(
    "aws ec2 delete-network-acl-entry --network-acl-id acl-1 --egress --rule-number 90",
  );
});

test("what the shell would read otherwise is quoted", () => {
  expect(commandOf("CreateRoute", { DestinationIpv6CidrBlock: "::/0", RouteTableId: "$main-table", Odd: "a b; c" })).toBe(
    `aws ec2 create-route --destination-ipv6-cidr-block ::/0 --route-table-id "$MAIN_TABLE" --odd 'a b; c'`,
  );
});
