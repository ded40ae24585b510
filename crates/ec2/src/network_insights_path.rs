//! Network insights path: a question for Reachability Analyzer, kept to be asked again.
//!
//! It is about TCP or UDP over IPv4, never about ICMP. What headers must be is said either by two addresses and a port, or
//! by filters at the source and at the destination. Its ends must exist when it is made; later they may go.
//! <https://docs.aws.amazon.com/vpc/latest/reachability/how-reachability-analyzer-works.html>,
//! <https://docs.aws.amazon.com/vpc/latest/reachability/reachability-analyzer-limits.html>

use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use model::{IdKind, InsightsProtocol, NetworkInsightsAnalysis, NetworkInsightsPathId, PortRange, ResourceId};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::edit::Edit;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::moment::Moment;
use crate::operations::Change;
use crate::quota;
use crate::tag::{Tag, pairs};
use crate::view::{Arn, View};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateNetworkInsightsPath {
    source: String,
    destination: Option<String>,
    protocol: String,
    source_ip: Option<Ipv4Addr>,
    destination_ip: Option<Ipv4Addr>,
    destination_port: Option<u16>,
    filter_at_source: Option<PathRequestFilter>,
    filter_at_destination: Option<PathRequestFilter>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PathRequestFilter {
    source_address: Option<Ipv4Addr>,
    source_port_range: Option<RequestFilterPortRange>,
    destination_address: Option<Ipv4Addr>,
    destination_port_range: Option<RequestFilterPortRange>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RequestFilterPortRange {
    from_port: u16,
    to_port: u16,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateNetworkInsightsPathAnswer {
    network_insights_path: NetworkInsightsPath,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeNetworkInsightsPaths {
    #[serde(default)]
    network_insights_path_id: Vec<NetworkInsightsPathId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteNetworkInsightsPath {
    network_insights_path_id: NetworkInsightsPathId,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeleteNetworkInsightsPathAnswer {
    network_insights_path_id: NetworkInsightsPathId,
}

impl Change for CreateNetworkInsightsPath {
    type Answer = CreateNetworkInsightsPathAnswer;
    const TAGS: &'static [IdKind] = &[IdKind::NetworkInsightsPathId];
    const IDEMPOTENT: bool = true;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        if edit.client_token.is_none() {
            return Err(Error::missing("ClientToken"));
        }
        let protocol = self.protocol.to_ascii_lowercase().parse::<InsightsProtocol>();
        let protocol = protocol.map_err(|_| Error::value("protocol", &self.protocol, "Reachability Analyzer supports tcp and udp."))?;
        self.check_combination()?;
        let path = model::NetworkInsightsPath {
            id: edit.new_id(),
            scope: edit.scope,
            created: edit.now(),
            source: end("Source", &self.source, edit.view())?,
            destination: self.destination.as_deref().map(|destination| end("Destination", destination, edit.view())).transpose()?,
            protocol,
            source_ip: self.source_ip,
            destination_ip: self.destination_ip,
            destination_port: self.destination_port,
            filter_at_source: self.filter_at_source.map(PathRequestFilter::read).transpose()?,
            filter_at_destination: self.filter_at_destination.map(PathRequestFilter::read).transpose()?,
        };
        quota::NETWORK_INSIGHTS_PATHS.admit(edit.view().all::<model::NetworkInsightsPath>().count() + 1)?;
        edit.create(path.clone());
        Ok(CreateNetworkInsightsPathAnswer { network_insights_path: NetworkInsightsPath::new(&path, edit.view()) })
    }
}

impl CreateNetworkInsightsPath {
    /// Either way of saying what headers must be excludes the other.
    fn check_combination(&self) -> Result<(), Error> {
        if self.filter_at_source.is_some() && (self.source_ip.is_some() || self.destination_port.is_some()) {
            return Err(Error::combination("The parameter FilterAtSource may not be specified together with SourceIp or DestinationPort"));
        }
        if self.filter_at_destination.is_some() && self.destination_ip.is_some() {
            return Err(Error::combination("The parameter FilterAtDestination may not be specified together with DestinationIp"));
        }
        let called = self.filter_at_source.and_then(|filter| filter.destination_address);
        if called.is_some() && self.destination_ip.is_some() {
            return Err(Error::combination("The parameter FilterAtSource.DestinationAddress may not be specified together with DestinationIp"));
        }
        match called.or(self.destination_ip) {
            None if self.destination.is_none() => Err(Error::missing("Destination")),
            _ => Ok(()),
        }
    }
}

impl PathRequestFilter {
    fn read(self) -> Result<model::PathFilter, Error> {
        Ok(model::PathFilter {
            source_address: self.source_address,
            source_port_range: self.source_port_range.map(|range| range.read("sourcePortRange")).transpose()?,
            destination_address: self.destination_address,
            destination_port_range: self.destination_port_range.map(|range| range.read("destinationPortRange")).transpose()?,
        })
    }
}

impl RequestFilterPortRange {
    fn read(self, parameter: &str) -> Result<PortRange, Error> {
        match self {
            Self { from_port: from, to_port: to } if from <= to => Ok(PortRange { from, to }),
            Self { from_port: from, to_port: to } => Err(Error::value(parameter, format!("{from}-{to}"), "It ends before it begins.")),
        }
    }
}

/// What AWS's analyzer also takes for an end, and of which there is nothing here.
const ABSENT_ENDS: &[&str] = &["tgw-", "vgw-", "vpce-"];

/// The resource at an end, by its id or its ARN.
fn end(parameter: &'static str, text: &str, view: View<'_>) -> Result<ResourceId, Error> {
    let named = Arn::parse(text);
    let id = text.rsplit('/').next().unwrap_or_default();
    if ABSENT_ENDS.iter().any(|prefix| id.starts_with(prefix)) {
        return Err(Error::UnsupportedParameter { parameter: parameter.to_owned(), value: text.to_owned() });
    }
    let id = named.map(|arn| arn.id).or_else(|| text.parse::<ResourceId>().ok());
    let is_there = match id {
        Some(ResourceId::InstanceId(id)) => view.find(id).is_ok(),
        Some(ResourceId::InternetGatewayId(id)) => view.find(id).is_ok(),
        Some(ResourceId::NetworkInterfaceId(id)) => view.find(id).is_ok(),
        Some(ResourceId::VpcPeeringConnectionId(id)) => view.find(id).is_ok(),
        Some(_) | None => {
            let reason = "It must be the ID or ARN of an instance, a network interface, an internet gateway or a VPC peering connection.";
            return Err(Error::value(&parameter.to_ascii_lowercase(), text, reason));
        }
    };
    let is_own = named.is_none_or(|arn| arn.scope == view.scope);
    match (id, parameter) {
        (Some(id), _) if is_there && is_own => Ok(id),
        (_, "Source") => Err(Error::NoInsightsSource { value: text.to_owned() }),
        _ => Err(Error::NoInsightsDestination { value: text.to_owned() }),
    }
}

impl Describe for DescribeNetworkInsightsPaths {
    type Item = NetworkInsightsPath;
    const SET: &'static str = "networkInsightsPathSet";
    const FILTERS: &'static [FilterName<NetworkInsightsPath>] = FILTERS;
    const PAGES: Option<RangeInclusive<u32>> = Some(1..=100);

    fn items(&self, view: View<'_>) -> Result<Vec<NetworkInsightsPath>, Error> {
        Ok(view.named(&self.network_insights_path_id)?.into_iter().map(|path| NetworkInsightsPath::new(path, view)).collect())
    }

    fn key(path: &NetworkInsightsPath) -> String {
        path.network_insights_path_id.to_string()
    }
}

impl Change for DeleteNetworkInsightsPath {
    type Answer = DeleteNetworkInsightsPathAnswer;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        let id = edit.find(self.network_insights_path_id)?.id;
        if edit.view().all::<NetworkInsightsAnalysis>().any(|analysis| analysis.path == id) {
            return Err(Error::PathHasAnalyses { path: id });
        }
        edit.draft.remove(id);
        Ok(DeleteNetworkInsightsPathAnswer { network_insights_path_id: id })
    }
}

const FILTERS: &[FilterName<NetworkInsightsPath>] = &[
    ("destination", |path| values(path.destination)),
    ("filter-at-destination.destination-address", |path| values(path.filter_at_destination.and_then(|filter| filter.destination_address))),
    ("filter-at-destination.destination-port-range", |path| range(path.filter_at_destination.and_then(|filter| filter.destination_port_range))),
    ("filter-at-destination.source-address", |path| values(path.filter_at_destination.and_then(|filter| filter.source_address))),
    ("filter-at-destination.source-port-range", |path| range(path.filter_at_destination.and_then(|filter| filter.source_port_range))),
    ("filter-at-source.destination-address", |path| values(path.filter_at_source.and_then(|filter| filter.destination_address))),
    ("filter-at-source.destination-port-range", |path| range(path.filter_at_source.and_then(|filter| filter.destination_port_range))),
    ("filter-at-source.source-address", |path| values(path.filter_at_source.and_then(|filter| filter.source_address))),
    ("filter-at-source.source-port-range", |path| range(path.filter_at_source.and_then(|filter| filter.source_port_range))),
    ("protocol", |path| values([path.protocol])),
    ("source", |path| values([path.source])),
];

/// A range of ports as filters may write it; one port goes without the dash, too.
fn range(ports: Option<FilterPortRange>) -> Vec<String> {
    let Some(FilterPortRange { from_port: from, to_port: to }) = ports else { return Vec::new() };
    [format!("{from}-{to}")].into_iter().chain((from == to).then(|| from.to_string())).collect()
}

/// A path as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NetworkInsightsPath {
    network_insights_path_id: NetworkInsightsPathId,
    network_insights_path_arn: Arn,
    created_date: Moment,
    source: ResourceId,
    source_arn: Arn,
    destination: Option<ResourceId>,
    destination_arn: Option<Arn>,
    source_ip: Option<Ipv4Addr>,
    destination_ip: Option<Ipv4Addr>,
    protocol: InsightsProtocol,
    destination_port: Option<u16>,
    filter_at_source: Option<PathFilter>,
    filter_at_destination: Option<PathFilter>,
    tag_set: Vec<Tag>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct PathFilter {
    source_address: Option<Ipv4Addr>,
    source_port_range: Option<FilterPortRange>,
    destination_address: Option<Ipv4Addr>,
    destination_port_range: Option<FilterPortRange>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct FilterPortRange {
    from_port: u16,
    to_port: u16,
}

impl NetworkInsightsPath {
    fn new(path: &model::NetworkInsightsPath, view: View<'_>) -> Self {
        Self {
            network_insights_path_id: path.id,
            network_insights_path_arn: view.arn(path.id),
            created_date: Moment(path.created),
            source: path.source,
            source_arn: view.arn(path.source),
            destination: path.destination,
            destination_arn: path.destination.map(|destination| view.arn(destination)),
            source_ip: path.source_ip,
            destination_ip: path.destination_ip,
            protocol: path.protocol,
            destination_port: path.destination_port,
            filter_at_source: path.filter_at_source.map(PathFilter::from),
            filter_at_destination: path.filter_at_destination.map(PathFilter::from),
            tag_set: view.tags(path.id),
        }
    }
}

impl From<model::PathFilter> for PathFilter {
    fn from(filter: model::PathFilter) -> Self {
        let range = |ports: PortRange| FilterPortRange { from_port: ports.from, to_port: ports.to };
        Self {
            source_address: filter.source_address,
            source_port_range: filter.source_port_range.map(range),
            destination_address: filter.destination_address,
            destination_port_range: filter.destination_port_range.map(range),
        }
    }
}

impl Tagged for NetworkInsightsPath {
    fn tags(&self) -> Vec<(&str, &str)> {
        pairs(&self.tag_set)
    }
}
