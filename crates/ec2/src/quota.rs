//! How much of everything there may be: AWS's defaults, so that lessons about limits work.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>,
//! <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-connection-quotas.html>,
//! <https://docs.aws.amazon.com/vpc/latest/reachability/reachability-analyzer-limits.html>

use std::fmt;

use crate::error::Error;

/// A limit, and the code that a call over it gets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Quota {
    /// What is limited, in words.
    pub of: &'static str,
    /// How many there may be.
    pub limit: usize,
    /// AWS's code.
    pub code: &'static str,
}

macro_rules! quotas {
    ($($name:ident = $limit:literal, $code:literal, $of:literal;)*) => {
        $(pub(crate) const $name: &Quota = &Quota { of: $of, limit: $limit, code: $code };)*
    };
}

quotas! {
    ACTIVE_PEERINGS_PER_VPC = 50, "ActiveVpcPeeringConnectionPerVpcLimitExceeded", "active VPC peering connections per VPC";
    OUTSTANDING_PEERING_REQUESTS = 25, "OutstandingVpcPeeringConnectionLimitExceeded", "outstanding VPC peering connection requests";
    DHCP_OPTIONS = 100, "DhcpOptionsLimitExceeded", "DHCP option sets";
    INSTANCE_CONNECT_ENDPOINTS = 5, "ResourceLimitExceeded", "EC2 Instance Connect Endpoints";
    INSTANCE_CONNECT_ENDPOINTS_PER_VPC = 1, "ResourceLimitExceeded", "EC2 Instance Connect Endpoints per VPC";
    INTERNET_GATEWAYS = 5, "InternetGatewayLimitExceeded", "internet gateways";
    ELASTIC_IPS = 5, "AddressLimitExceeded", "addresses";
    ENTRIES_PER_NETWORK_ACL = 20, "NetworkAclEntryLimitExceeded", "entries per network ACL";
    KEY_PAIRS = 5000, "KeyPairLimitExceeded", "key pairs";
    CONCURRENT_NETWORK_INSIGHTS_ANALYSES = 100, "NetworkInsightsAnalysis.LimitExceeded", "concurrent network insights analyses";
    NETWORK_INSIGHTS_ANALYSES = 10_000, "NetworkInsightsAnalysis.LimitExceeded", "network insights analyses";
    NETWORK_INSIGHTS_PATHS = 1000, "NetworkInsightsPath.LimitExceeded", "network insights paths";
    NETWORK_ACLS_PER_VPC = 200, "NetworkAclLimitExceeded", "network ACLs per VPC";
    NETWORK_INTERFACES = 5000, "NetworkInterfaceLimitExceeded", "network interfaces";
    ROUTES_PER_TABLE = 50, "RouteLimitExceeded", "routes per route table";
    ROUTE_TABLES_PER_VPC = 200, "RouteTableLimitExceeded", "route tables per VPC";
    RULES_PER_GROUP = 60, "RulesPerSecurityGroupLimitExceeded", "rules per security group";
    SECURITY_GROUPS = 2500, "SecurityGroupLimitExceeded", "security groups";
    GROUPS_PER_INTERFACE = 5, "SecurityGroupsPerInterfaceLimitExceeded", "security groups per interface";
    SUBNETS_PER_VPC = 200, "SubnetLimitExceeded", "subnets per VPC";
    TAGS_PER_RESOURCE = 50, "TagLimitExceeded", "tags per resource";
    FILTER_VALUES = 200, "FilterLimitExceeded", "filter values per request";
    VPCS = 5, "VpcLimitExceeded", "VPCs";
}

impl Quota {
    /// Refuses that many if it is too many.
    pub fn admit(&'static self, wanted: usize) -> Result<(), Error> {
        if wanted > self.limit { Err(Error::QuotaExceeded { quota: self }) } else { Ok(()) }
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The maximum number of {} has been reached.", self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_itself_is_admitted() {
        assert_eq!(VPCS.admit(5), Ok(()));
        let refused = VPCS.admit(6).unwrap_err();
        assert_eq!((refused.code(), refused.to_string().as_str()), ("VpcLimitExceeded", "The maximum number of VPCs has been reached."));
    }
}
