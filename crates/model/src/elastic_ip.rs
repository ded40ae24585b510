//! Elastic IP: a public address that an account keeps until it gives it back.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/elastic-ip-addresses-eip.html>

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::{AllocationId, Scope};

/// An Elastic IP. Which interface has it, the interface says: [`Association`](crate::Association).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElasticIp {
    /// Its id.
    pub id: AllocationId,
    /// Whose, and where.
    pub scope: Scope,
    /// The address.
    pub public_ip: Ipv4Addr,
}
