//! Internet gateway: a VPC's connection to the internet.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>

use serde::{Deserialize, Serialize};

use crate::{InternetGatewayId, Scope, VpcId};

/// An internet gateway: attached to one VPC or to none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InternetGateway {
    /// Its id.
    pub id: InternetGatewayId,
    /// Whose, and where.
    pub scope: Scope,
    /// The VPC it is attached to.
    pub attachment: Option<VpcId>,
}
