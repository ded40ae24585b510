//! EC2 Instance Connect Endpoint: a way into a VPC for people, to instances that have no public address.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/connect-with-ec2-instance-connect-endpoint.html>

use serde::{Deserialize, Serialize};

use crate::text::words;
use crate::{InstanceConnectEndpointId, NetworkInterfaceId, Scope, SubnetId, Timestamp, VpcId};

/// An endpoint. What it opens to instances comes from its interface: the interface's address, groups and subnet decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceConnectEndpoint {
    /// Its id.
    pub id: InstanceConnectEndpointId,
    /// Whose, and where.
    pub scope: Scope,
    /// The subnet it is in.
    pub subnet: SubnetId,
    /// That subnet's VPC.
    pub vpc: VpcId,
    /// Its one interface, which is made and ends with it.
    pub interface: NetworkInterfaceId,
    /// Where it stands.
    pub state: InstanceConnectEndpointState,
    /// When it was made.
    pub created: Timestamp,
}

words! {
    /// Where an endpoint stands.
    InstanceConnectEndpointState {
        /// Just made.
        CreateInProgress = "create-in-progress",
        /// It can be used.
        CreateComplete = "create-complete",
        /// It is going.
        DeleteInProgress = "delete-in-progress",
    }
}
