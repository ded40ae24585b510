//! Credit specification: whether a burstable instance may go on when its processor credits are spent.
//!
//! Nothing here runs out of credits. Who does not say tells AWS's defaults, `standard` for T2 and `unlimited` for the later ones;
//! `unlimited` can be asked for, and what would have to be slowed down cannot.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-performance-instances.html>

use model::{InstanceId, InstanceType};
use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::error::Error;
use crate::filter::{FilterName, Tagged, values};
use crate::operations::Read;
use crate::view::View;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeInstanceCreditSpecifications {
    #[serde(default)]
    instance_id: Vec<InstanceId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetDefaultCreditSpecification {
    instance_family: String,
}

/// What is said about it at launch.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreditSpecificationRequest {
    cpu_credits: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetDefaultCreditSpecificationAnswer {
    instance_family_credit_specification: InstanceFamilyCreditSpecification,
}

impl Describe for DescribeInstanceCreditSpecifications {
    type Item = InstanceCreditSpecification;
    const SET: &'static str = "instanceCreditSpecificationSet";
    const FILTERS: &'static [FilterName<InstanceCreditSpecification>] = FILTERS;
    const TAGGED: bool = false;

    /// Who names no instance is told of those that are unlimited, as AWS has it.
    fn items(&self, view: View<'_>) -> Result<Vec<InstanceCreditSpecification>, Error> {
        let instances = view.instances(&self.instance_id)?;
        let fixed = |instance: &&&model::Instance| !instance.instance_type.is_burstable();
        if let Some(instance) = instances.iter().find(fixed).filter(|_| !self.instance_id.is_empty()) {
            return Err(Error::NoCredits { instance: instance.id });
        }
        let all = instances.into_iter().filter(|instance| instance.instance_type.is_burstable()).map(InstanceCreditSpecification::from);
        Ok(all.filter(|credits| !self.instance_id.is_empty() || credits.cpu_credits == UNLIMITED).collect())
    }

    fn key(credits: &InstanceCreditSpecification) -> String {
        credits.instance_id.to_string()
    }
}

impl Read for GetDefaultCreditSpecification {
    type Answer = GetDefaultCreditSpecificationAnswer;

    fn read(&self, _view: View<'_>) -> Result<Self::Answer, Error> {
        let family =
            InstanceType::all().filter(|known| known.is_burstable()).map(InstanceType::family).find(|family| *family == self.instance_family);
        let family = family.ok_or_else(|| Error::value("instanceFamily", &self.instance_family, "Unknown burstable instance family."))?;
        let instance_family_credit_specification = InstanceFamilyCreditSpecification { instance_family: family, cpu_credits: cpu_credits(family) };
        Ok(GetDefaultCreditSpecificationAnswer { instance_family_credit_specification })
    }
}

impl CreditSpecificationRequest {
    /// Whether instances of that type are to be unlimited; refuses what none is here.
    pub fn unlimited(&self, instance_type: InstanceType) -> Result<bool, Error> {
        let unlimited = self.cpu_credits == UNLIMITED;
        let as_it_is = unlimited || self.cpu_credits == cpu_credits(instance_type.family());
        if instance_type.is_burstable() && as_it_is {
            return Ok(unlimited);
        }
        let parameter = "CreditSpecification.CpuCredits".to_owned();
        Err(Error::UnsupportedParameter { parameter, value: self.cpu_credits.clone() })
    }
}

const FILTERS: &[FilterName<InstanceCreditSpecification>] = &[("instance-id", |credits| values([credits.instance_id]))];

const UNLIMITED: &str = "unlimited";

/// The credit specification of an instance as answers have it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InstanceCreditSpecification {
    instance_id: InstanceId,
    cpu_credits: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InstanceFamilyCreditSpecification {
    instance_family: &'static str,
    cpu_credits: &'static str,
}

impl From<&model::Instance> for InstanceCreditSpecification {
    fn from(instance: &model::Instance) -> Self {
        let cpu_credits = if instance.unlimited_credits { UNLIMITED } else { cpu_credits(instance.instance_type.family()) };
        Self { instance_id: instance.id, cpu_credits }
    }
}

impl Tagged for InstanceCreditSpecification {
    fn tags(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }
}

fn cpu_credits(family: &str) -> &'static str {
    if family == "t2" { "standard" } else { UNLIMITED }
}
