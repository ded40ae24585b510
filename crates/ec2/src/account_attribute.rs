//! Account attributes: what an account has by being one.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAccountAttributes.html>

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::operations::Read;
use crate::quota;
use crate::view::View;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeAccountAttributes {
    #[serde(default)]
    attribute_name: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeAccountAttributesAnswer {
    account_attribute_set: Vec<AccountAttribute>,
}

impl Read for DescribeAccountAttributes {
    type Answer = DescribeAccountAttributesAnswer;

    fn read(&self, view: View<'_>) -> Result<Self::Answer, Error> {
        let all = AccountAttribute::all(view);
        if let Some(unknown) = self.attribute_name.iter().find(|name| !all.iter().any(|attribute| attribute.attribute_name == **name)) {
            return Err(Error::value("attributeName", unknown, "Unknown account attribute."));
        }
        let wanted =
            |attribute: &AccountAttribute| self.attribute_name.is_empty() || self.attribute_name.iter().any(|name| attribute.attribute_name == *name);
        Ok(DescribeAccountAttributesAnswer { account_attribute_set: all.into_iter().filter(wanted).collect() })
    }
}

/// An attribute with its values.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountAttribute {
    attribute_name: &'static str,
    attribute_value_set: Vec<AttributeValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AttributeValue {
    attribute_value: String,
}

impl AccountAttribute {
    /// The attributes of the caller's account in its region.
    fn all(view: View<'_>) -> Vec<Self> {
        let attribute = |attribute_name, attribute_value| Self { attribute_name, attribute_value_set: vec![AttributeValue { attribute_value }] };
        vec![
            attribute("supported-platforms", "VPC".to_owned()),
            attribute("default-vpc", view.default_vpc().map_or_else(|| "none".to_owned(), |vpc| vpc.id.to_string())),
            attribute("max-elastic-ips", quota::ELASTIC_IPS.limit.to_string()),
            attribute("vpc-max-elastic-ips", quota::ELASTIC_IPS.limit.to_string()),
            attribute("vpc-max-security-groups-per-interface", quota::GROUPS_PER_INTERFACE.limit.to_string()),
        ]
    }
}
