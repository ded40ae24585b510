//! Account in a region: whether it has been there, and what it has set for all that it has there.
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
    /// Whether the EC2 serial console of its instances there may be opened.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configure-access-to-serial-console.html>
    #[serde(default)]
    pub serial_console_access: bool,
}

impl AccountRegion {
    /// One that has set nothing.
    pub fn new(scope: Scope) -> Self {
        Self { scope, default_dhcp_options: None, serial_console_access: false }
    }
}
