//! EC2 serial console: whether an account lets its instances' serial ports be opened in a region. It does not at first.
//!
//! Who opens one is asked for a name and a password by the instance itself; this is the switch before that.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configure-access-to-serial-console.html>

use serde::{Deserialize, Serialize};

use crate::edit::Edit;
use crate::error::Error;
use crate::operations::{Change, Read};
use crate::view::View;

#[derive(Deserialize)]
pub(crate) struct EnableSerialConsoleAccess {}

#[derive(Deserialize)]
pub(crate) struct DisableSerialConsoleAccess {}

/// What both answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SerialConsoleAccess {
    serial_console_access_enabled: bool,
}

#[derive(Deserialize)]
pub(crate) struct GetSerialConsoleAccessStatus {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetSerialConsoleAccessStatusAnswer {
    serial_console_access_enabled: bool,
    managed_by: &'static str,
}

impl Change for EnableSerialConsoleAccess {
    type Answer = SerialConsoleAccess;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        Ok(set(true, edit))
    }
}

impl Change for DisableSerialConsoleAccess {
    type Answer = SerialConsoleAccess;

    fn apply(&self, edit: &mut Edit<'_, '_>) -> Result<Self::Answer, Error> {
        Ok(set(false, edit))
    }
}

impl Read for GetSerialConsoleAccessStatus {
    type Answer = GetSerialConsoleAccessStatusAnswer;

    fn read(&self, view: View<'_>) -> Result<Self::Answer, Error> {
        let enabled = view.snapshot.get(view.scope).is_some_and(|region| region.serial_console_access);
        // There are no organizations here, whose declarative policies could manage it instead.
        Ok(GetSerialConsoleAccessStatusAnswer { serial_console_access_enabled: enabled, managed_by: "account" })
    }
}

fn set(enabled: bool, edit: &mut Edit<'_, '_>) -> SerialConsoleAccess {
    edit.draft.update(edit.scope, |region| region.serial_console_access = enabled);
    SerialConsoleAccess { serial_console_access_enabled: enabled }
}
