//! Launch template: parameters for `RunInstances` under a name. None can be made here.
//!
//! Consoles and clients look for them before they launch something.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplates.html>

use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::error::Error;
use crate::filter::{FilterName, Tagged};
use crate::view::View;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeLaunchTemplates {
    #[serde(default)]
    launch_template_id: Vec<String>,
    #[serde(default)]
    launch_template_name: Vec<String>,
}

impl Describe for DescribeLaunchTemplates {
    type Item = LaunchTemplate;
    const SET: &'static str = "launchTemplates";
    const FILTERS: &'static [FilterName<LaunchTemplate>] = &[];
    const ABSENT: &'static [&'static str] = &["create-time", "launch-template-name"];
    const PAGES: Option<std::ops::RangeInclusive<u32>> = Some(1..=200);
    const INERT: &'static [&'static str] = &["IncludeManagedResources=*"];

    fn items(&self, _view: View<'_>) -> Result<Vec<LaunchTemplate>, Error> {
        match (self.launch_template_id.first(), self.launch_template_name.first()) {
            (Some(id), _) => Err(Error::NoSuchLaunchTemplate { id: id.clone() }),
            (None, Some(_)) => Err(Error::NoSuchLaunchTemplateName),
            (None, None) => Ok(Vec::new()),
        }
    }

    fn key(_: &LaunchTemplate) -> String {
        String::new()
    }
}

/// A launch template, of which there is none.
#[derive(Serialize)]
pub(crate) struct LaunchTemplate {}

impl Tagged for LaunchTemplate {
    fn tags(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }
}
