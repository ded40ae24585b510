//! Regions and availability zones.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-regions-availability-zones.html>

use model::Region;
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::view::View;
use crate::wire::xml::Empty;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeAvailabilityZones {
    #[serde(default)]
    zone_name: Vec<String>,
    #[serde(default)]
    zone_id: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeRegions {
    #[serde(default)]
    region_name: Vec<String>,
}

impl Describe for DescribeAvailabilityZones {
    type Item = AvailabilityZone;
    const SET: &'static str = "availabilityZoneInfo";
    const FILTERS: &'static [FilterName<AvailabilityZone>] = ZONE_FILTERS;
    const ABSENT: &'static [&'static str] = ABSENT_FROM_ZONES;
    const TAGGED: bool = false;
    const PAGES: Option<std::ops::RangeInclusive<u32>> = None;
    const INERT: &'static [&'static str] = &["AllAvailabilityZones=*"];

    fn items(&self, view: View<'_>) -> Result<Vec<AvailabilityZone>, Error> {
        let zones: Vec<AvailabilityZone> = view.scope.region.zones().map(AvailabilityZone::from).collect();
        let unknown_name = self.zone_name.iter().find(|name| !zones.iter().any(|zone| zone.zone_name == **name));
        let unknown_id = self.zone_id.iter().find(|id| !zones.iter().any(|zone| zone.zone_id == **id));
        if let Some(value) = unknown_name.or(unknown_id) {
            return Err(Error::InvalidZone { value: value.clone() });
        }
        let named = |zone: &AvailabilityZone| self.zone_name.contains(&zone.zone_name) || self.zone_id.contains(&zone.zone_id);
        let none_named = self.zone_name.is_empty() && self.zone_id.is_empty();
        Ok(zones.into_iter().filter(|zone| none_named || named(zone)).collect())
    }

    fn key(zone: &AvailabilityZone) -> String {
        zone.zone_name.clone()
    }
}

impl Describe for DescribeRegions {
    type Item = RegionView;
    const SET: &'static str = "regionInfo";
    const FILTERS: &'static [FilterName<RegionView>] = REGION_FILTERS;
    const TAGGED: bool = false;
    const PAGES: Option<std::ops::RangeInclusive<u32>> = None;
    const INERT: &'static [&'static str] = &["AllRegions=*"];

    fn items(&self, _view: View<'_>) -> Result<Vec<RegionView>, Error> {
        if let Some(unknown) = self.region_name.iter().find(|name| name.parse::<Region>().is_err()) {
            return Err(Error::InvalidRegionName { value: unknown.clone() });
        }
        let named = |region: &Region| self.region_name.is_empty() || self.region_name.iter().any(|name| name == region.name());
        Ok(Region::all().filter(named).map(RegionView::from).collect())
    }

    fn key(region: &RegionView) -> String {
        region.region_name.to_string()
    }
}

const ZONE_FILTERS: &[FilterName<AvailabilityZone>] = &[
    ("group-name", |zone| values([&zone.group_name])),
    ("opt-in-status", |zone| values([zone.opt_in_status])),
    ("region-name", |zone| values([zone.region_name])),
    ("state", |zone| values([zone.zone_state])),
    ("zone-id", |zone| values([&zone.zone_id])),
    ("zone-name", |zone| values([&zone.zone_name])),
    ("zone-type", |zone| values([zone.zone_type])),
];

/// Filters about what nothing here has.
const ABSENT_FROM_ZONES: &[&str] = &["group-long-name", "message", "parent-zone-id", "parent-zone-name"];

const REGION_FILTERS: &[FilterName<RegionView>] = &[
    ("endpoint", |region| values([&region.region_endpoint])),
    ("opt-in-status", |region| values([region.opt_in_status])),
    ("region-name", |region| values([region.region_name])),
];

/// An availability zone as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AvailabilityZone {
    zone_name: String,
    zone_id: String,
    zone_state: &'static str,
    zone_type: &'static str,
    region_name: Region,
    group_name: String,
    network_border_group: Region,
    opt_in_status: &'static str,
    message_set: Empty,
}

/// A region as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegionView {
    region_name: Region,
    region_endpoint: String,
    opt_in_status: &'static str,
}

impl From<model::AvailabilityZone> for AvailabilityZone {
    fn from(zone: model::AvailabilityZone) -> Self {
        Self {
            zone_name: zone.to_string(),
            zone_id: zone.id(),
            zone_state: "available",
            zone_type: "availability-zone",
            region_name: zone.region(),
            group_name: format!("{}-zg-1", zone.region()),
            network_border_group: zone.region(),
            opt_in_status: "opt-in-not-required",
            message_set: Empty,
        }
    }
}

impl From<Region> for RegionView {
    fn from(region: Region) -> Self {
        Self { region_name: region, region_endpoint: format!("ec2.{region}.amazonaws.com"), opt_in_status: "opt-in-not-required" }
    }
}

impl Tagged for AvailabilityZone {
    fn tags(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }
}

impl Tagged for RegionView {
    fn tags(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }
}
