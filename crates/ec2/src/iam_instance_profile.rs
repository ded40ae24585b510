//! IAM instance profile: the role of an instance. None can have one here, for there is no IAM.
//!
//! Clients ask for the associations of every instance that they have made, and take an empty list for an answer.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeIamInstanceProfileAssociations.html>

use serde::{Deserialize, Serialize};

use crate::describe::Describe;
use crate::error::Error;
use crate::filter::{FilterName, Tagged};
use crate::view::View;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeIamInstanceProfileAssociations {
    #[serde(default)]
    association_id: Vec<String>,
}

impl Describe for DescribeIamInstanceProfileAssociations {
    type Item = IamInstanceProfileAssociation;
    const SET: &'static str = "iamInstanceProfileAssociationSet";
    const FILTERS: &'static [FilterName<IamInstanceProfileAssociation>] = &[];
    const ABSENT: &'static [&'static str] = &["instance-id", "state"];
    const TAGGED: bool = false;

    fn items(&self, _view: View<'_>) -> Result<Vec<IamInstanceProfileAssociation>, Error> {
        match self.association_id.first() {
            Some(id) => Err(Error::NoSuchProfileAssociation { id: id.clone() }),
            None => Ok(Vec::new()),
        }
    }

    fn key(_: &IamInstanceProfileAssociation) -> String {
        String::new()
    }
}

/// An association with an instance, of which there is none.
#[derive(Serialize)]
pub(crate) struct IamInstanceProfileAssociation {}

impl Tagged for IamInstanceProfileAssociation {
    fn tags(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }
}
