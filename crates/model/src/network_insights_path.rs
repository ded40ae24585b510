//! Network insights path: a question that Reachability Analyzer is asked, kept to be asked again.
//!
//! <https://docs.aws.amazon.com/vpc/latest/reachability/how-reachability-analyzer-works.html>

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::text::words;
use crate::{NetworkInsightsPathId, PortRange, ResourceId, Scope, Timestamp};

/// A path. What it names may be gone since: then its analyses say so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkInsightsPath {
    /// Its id.
    pub id: NetworkInsightsPathId,
    /// Whose, and where.
    pub scope: Scope,
    /// When it was made.
    pub created: Timestamp,
    /// Who begins: an instance, an interface, an internet gateway or a peering connection.
    pub source: ResourceId,
    /// Whom it is for; without it, an address says so.
    pub destination: Option<ResourceId>,
    /// What is carried.
    pub protocol: InsightsProtocol,
    /// The sender's address.
    pub source_ip: Option<Ipv4Addr>,
    /// The receiver's address, as the sender calls it.
    pub destination_ip: Option<Ipv4Addr>,
    /// The receiver's port.
    pub destination_port: Option<u16>,
    /// What the headers must be as packets leave the source: another way to say the above.
    pub filter_at_source: Option<PathFilter>,
    /// What they must be as packets arrive.
    pub filter_at_destination: Option<PathFilter>,
}

/// What headers must be; whatever is not said may be anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathFilter {
    /// The sender's address.
    pub source_address: Option<Ipv4Addr>,
    /// The sender's port.
    pub source_port_range: Option<PortRange>,
    /// The receiver's address.
    pub destination_address: Option<Ipv4Addr>,
    /// The receiver's port.
    pub destination_port_range: Option<PortRange>,
}

words! {
    /// What a path is about: Reachability Analyzer knows no ICMP.
    InsightsProtocol {
        /// TCP.
        Tcp = "tcp",
        /// UDP.
        Udp = "udp",
    }
}
