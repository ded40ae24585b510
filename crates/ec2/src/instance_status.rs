//! Instance status: what EC2's own checks say. They look at the machine and not at the way to it: an instance that no group
//! lets anybody reach is `ok` all the same. The system that it runs on is this host, which answers; so its check passes.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-system-instance-status-check.html>

use model::{AvailabilityZone, InstanceId, InstanceState, SummaryStatus as Status};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::page::Page;
use crate::reservation::State;
use crate::view::View;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeInstanceStatus {
    #[serde(default)]
    instance_id: Vec<InstanceId>,
    #[serde(default)]
    include_all_instances: bool,
}

impl Describe for DescribeInstanceStatus {
    type Item = InstanceStatus;
    const SET: &'static str = "instanceStatusSet";
    const FILTERS: &'static [FilterName<InstanceStatus>] = FILTERS;
    const ABSENT: &'static [&'static str] = ABSENT;
    const TAGGED: bool = false;
    const INERT: &'static [&'static str] = &["IncludeManagedResources=*"];

    fn items(&self, view: View<'_>) -> Result<Vec<InstanceStatus>, Error> {
        let listed = |instance: &&model::Instance| self.include_all_instances || instance.state == InstanceState::Running;
        Ok(view.instances(&self.instance_id)?.into_iter().filter(listed).map(InstanceStatus::from).collect())
    }

    fn key(status: &InstanceStatus) -> String {
        status.instance_id.to_string()
    }

    fn check(&self, page: &Page) -> Result<(), Error> {
        match page.is_limited() && !self.instance_id.is_empty() {
            true => Err(Error::combination("The parameter instancesSet cannot be used with the parameter maxResults")),
            false => Ok(()),
        }
    }
}

const FILTERS: &[FilterName<InstanceStatus>] = &[
    ("availability-zone", |status| values([status.availability_zone])),
    ("availability-zone-id", |status| values([&status.availability_zone_id])),
    ("instance-state-code", |status| values([status.instance_state.code])),
    ("instance-state-name", |status| values([status.instance_state.name])),
    ("instance-status.reachability", |status| values(status.instance_status.details.iter().map(|detail| detail.status))),
    ("instance-status.status", |status| values([status.instance_status.status])),
    ("system-status.reachability", |status| values(status.system_status.details.iter().map(|detail| detail.status))),
    ("system-status.status", |status| values([status.system_status.status])),
];

/// Filters about what nothing here has.
const ABSENT: &[&str] = &[
    "application-status.status",
    "attached-ebs-status.status",
    "event.code",
    "event.description",
    "event.instance-event-id",
    "event.not-after",
    "event.not-before",
    "event.not-before-deadline",
    "operator.managed",
    "operator.principal",
];

/// An instance's status as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InstanceStatus {
    instance_id: InstanceId,
    availability_zone: AvailabilityZone,
    availability_zone_id: String,
    instance_state: State,
    system_status: Summary,
    instance_status: Summary,
}

/// What the checks of one kind say.
#[derive(Serialize)]
struct Summary {
    status: &'static str,
    details: Vec<Detail>,
}

#[derive(Serialize)]
struct Detail {
    name: &'static str,
    status: &'static str,
}

impl From<&model::Instance> for InstanceStatus {
    fn from(instance: &model::Instance) -> Self {
        Self {
            instance_id: instance.id,
            availability_zone: instance.zone,
            availability_zone_id: instance.zone.id(),
            instance_state: instance.state.into(),
            system_status: Summary::of(instance.state, if instance.status == Status::Impaired { Status::Ok } else { instance.status }),
            instance_status: Summary::of(instance.state, instance.status),
        }
    }
}

impl Summary {
    fn of(state: InstanceState, status: Status) -> Self {
        if state != InstanceState::Running {
            return Self { status: "not-applicable", details: Vec::new() };
        }
        let reachability = match status {
            Status::Initializing => "initializing",
            Status::Ok => "passed",
            Status::Impaired => "failed",
        };
        Self { status: status.as_str(), details: vec![Detail { name: "reachability", status: reachability }] }
    }
}

impl Tagged for InstanceStatus {
    fn tags(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }
}
