//! Security Token Service, as much of it as tools ask before they begin: who am I?
//!
//! There are no users: whoever acts for an account is its root.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>

use model::AccountId;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::operations::Read;
use crate::view::View;

#[derive(Deserialize)]
pub(crate) struct GetCallerIdentity {}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetCallerIdentityAnswer {
    arn: String,
    user_id: AccountId,
    account: AccountId,
}

impl Read for GetCallerIdentity {
    type Answer = GetCallerIdentityAnswer;

    fn read(&self, view: View<'_>) -> Result<Self::Answer, Error> {
        let account = view.scope.account;
        Ok(GetCallerIdentityAnswer { arn: format!("arn:aws:iam::{account}:root"), user_id: account, account })
    }
}
