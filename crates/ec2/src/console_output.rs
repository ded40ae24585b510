//! Console output: what an instance's serial port has shown, the newest 64 KiB of it.
//!
//! It is no part of the state, for a machine writes it and no call does; so it is asked for where instances run.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html>

use base64ct::{Base64, Encoding};
use model::{InstanceId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::call::Ctx;
use crate::error::Error;
use crate::moment::Moment;
use crate::operations::Look;
use crate::view::View;

/// What a console has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleOutput {
    /// The newest part of it, 64 KiB at most.
    pub bytes: Vec<u8>,
    /// When it last changed.
    pub at: Timestamp,
}

/// With `Latest` or without, the answer is what the console shows at this moment.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetConsoleOutput {
    instance_id: InstanceId,
    #[serde(rename = "Latest")]
    _latest: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetConsoleOutputAnswer {
    instance_id: InstanceId,
    timestamp: Moment,
    output: String,
}

impl Look for GetConsoleOutput {
    type Answer = GetConsoleOutputAnswer;

    fn look(&self, view: View<'_>, ctx: &Ctx<'_>) -> Result<Self::Answer, Error> {
        let instance = view.find(self.instance_id)?;
        let ConsoleOutput { bytes, at } = ctx.machine.console(instance.id).unwrap_or(ConsoleOutput { bytes: Vec::new(), at: ctx.now });
        Ok(GetConsoleOutputAnswer { instance_id: instance.id, timestamp: Moment(at), output: Base64::encode_string(&bytes) })
    }
}
