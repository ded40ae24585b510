//! What EC2 calls each kind of resource: in error codes, in sentences, in ARNs and in tag specifications.
//!
//! The codes' spelling is EC2's own and follows no rule (`InvalidVpcID.Malformed` beside `InvalidRouteTableId.Malformed`);
//! SDK waiters and Terraform match it to the letter.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>

use std::fmt;

use model::IdKind;

/// The words for one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    /// What sentences call it: `routeTable`.
    pub noun: &'static str,
    /// The code for one that does not exist.
    pub not_found: &'static str,
    /// The code for a text that is no such id; `None` where EC2 has none.
    pub malformed: Option<&'static str>,
    /// What ARNs and tags call it: `route-table`; `None` for what is part of something else.
    pub resource_type: Option<&'static str>,
    missing: Missing,
}

/// How the sentence about a missing one goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    Id,
    Plain,
    Image,
}

impl Words {
    /// The sentence that it does not exist.
    pub fn missing(&self, id: &dyn fmt::Display) -> String {
        let noun = self.noun;
        match self.missing {
            Missing::Id => format!("The {noun} ID '{id}' does not exist"),
            Missing::Plain => format!("The {noun} '{id}' does not exist"),
            Missing::Image => format!("The image id '[{id}]' does not exist"),
        }
    }
}

/// The kind that tag specifications and ARNs call so.
pub(crate) fn of_resource_type(resource_type: &str) -> Option<IdKind> {
    IdKind::ALL.iter().copied().find(|&kind| words(kind).resource_type == Some(resource_type))
}

/// The words for a kind.
pub(crate) fn words(kind: IdKind) -> Words {
    let (noun, not_found, malformed, resource_type) = match kind {
        IdKind::AddressAssociationId => ("association", "InvalidAssociationID.NotFound", "", ""),
        IdKind::AllocationId => ("allocation", "InvalidAllocationID.NotFound", "", "elastic-ip"),
        IdKind::AttachmentId => ("attachment", "InvalidAttachmentID.NotFound", "InvalidNetworkInterfaceAttachmentId.Malformed", ""),
        IdKind::DhcpOptionsId => ("dhcpOptions", "InvalidDhcpOptionID.NotFound", "InvalidDhcpOptionsId.Malformed", "dhcp-options"),
        IdKind::ImageId => ("image", "InvalidAMIID.NotFound", "InvalidAMIID.Malformed", "image"),
        IdKind::InstanceConnectEndpointId => (
            "instanceConnectEndpoint",
            "InvalidInstanceConnectEndpointId.NotFound",
            "InvalidInstanceConnectEndpointId.Malformed",
            "instance-connect-endpoint",
        ),
        IdKind::InstanceId => ("instance", "InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed", "instance"),
        IdKind::InternetGatewayId => {
            ("internetGateway", "InvalidInternetGatewayID.NotFound", "InvalidInternetGatewayId.Malformed", "internet-gateway")
        }
        IdKind::KeyPairId => ("key pair", "InvalidKeyPair.NotFound", "", "key-pair"),
        IdKind::NetworkAclAssociationId => ("association", "InvalidAssociationID.NotFound", "", ""),
        IdKind::NetworkAclId => ("networkAcl", "InvalidNetworkAclID.NotFound", "InvalidNetworkAclId.Malformed", "network-acl"),
        IdKind::NetworkInsightsAnalysisId => {
            ("networkInsightsAnalysis", "InvalidNetworkInsightsAnalysisId.NotFound", "", "network-insights-analysis")
        }
        IdKind::NetworkInsightsPathId => ("networkInsightsPath", "InvalidNetworkInsightsPathId.NotFound", "", "network-insights-path"),
        IdKind::NetworkInterfaceId => {
            ("networkInterface", "InvalidNetworkInterfaceID.NotFound", "InvalidNetworkInterfaceId.Malformed", "network-interface")
        }
        IdKind::ReservationId => ("reservation", "InvalidReservationID.NotFound", "InvalidReservationID.Malformed", ""),
        IdKind::RouteTableAssociationId => ("association", "InvalidAssociationID.NotFound", "", ""),
        IdKind::RouteTableId => ("routeTable", "InvalidRouteTableID.NotFound", "InvalidRouteTableId.Malformed", "route-table"),
        IdKind::SecurityGroupId => ("security group", "InvalidGroup.NotFound", "InvalidGroupId.Malformed", "security-group"),
        IdKind::SecurityGroupRuleId => {
            ("security group rule", "InvalidSecurityGroupRuleId.NotFound", "InvalidSecurityGroupRuleId.Malformed", "security-group-rule")
        }
        IdKind::SubnetId => ("subnet", "InvalidSubnetID.NotFound", "InvalidSubnetID.Malformed", "subnet"),
        IdKind::VpcCidrBlockAssociationId => ("vpcCidrBlockAssociation", "InvalidVpcCidrBlockAssociationID.NotFound", "", ""),
        IdKind::VpcId => ("vpc", "InvalidVpcID.NotFound", "InvalidVpcID.Malformed", "vpc"),
        IdKind::VpcPeeringConnectionId => {
            ("vpcPeeringConnection", "InvalidVpcPeeringConnectionID.NotFound", "InvalidVpcPeeringConnectionId.Malformed", "vpc-peering-connection")
        }
        IdKind::VolumeId => ("volume", "InvalidVolume.NotFound", "InvalidVolumeID.Malformed", "volume"),
    };
    let some = |word: &'static str| Some(word).filter(|word| !word.is_empty());
    let missing = match kind {
        IdKind::SecurityGroupId => Missing::Plain,
        IdKind::ImageId => Missing::Image,
        _ => Missing::Id,
    };
    Words { noun, not_found, malformed: some(malformed), resource_type: some(resource_type), missing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_types_are_told_apart() {
        for &kind in IdKind::ALL {
            if let Some(resource_type) = words(kind).resource_type {
                assert_eq!(of_resource_type(resource_type), Some(kind));
            }
        }
        assert_eq!(of_resource_type(""), None);
        assert_eq!(of_resource_type("bicycle"), None);
    }

    #[test]
    fn sentences_are_aws_s() {
        for (kind, sentence) in [
            (IdKind::VpcId, "The vpc ID 'x' does not exist"),
            (IdKind::SecurityGroupId, "The security group 'x' does not exist"),
            (IdKind::ImageId, "The image id '[x]' does not exist"),
            (IdKind::RouteTableAssociationId, "The association ID 'x' does not exist"),
        ] {
            assert_eq!(words(kind).missing(&"x"), sentence);
        }
    }
}
