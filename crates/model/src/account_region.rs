//! Account in a region: whether it has been there.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html>

use serde::{Deserialize, Serialize};

use crate::{DhcpOptionsId, Scope};

/// An account that has changed something in a region. From then on its default VPC there is one of its resources, or was
/// and has been deleted: nobody gets it twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRegion {
    /// Which account, and where.
    pub scope: Scope,
    /// The DHCP option set that its VPCs there are born with: the newest that was made for this. One that has been deleted
    /// since is made anew with the next VPC; `None` is a state of before there were any.
    #[serde(default)]
    pub default_dhcp_options: Option<DhcpOptionsId>,
}
