//! Instances' consoles on this host.

use std::time::UNIX_EPOCH;

use ec2::{ConsoleOutput, Consoles};
use instance::Host;
use model::{InstanceId, Timestamp};

use super::guests::chain;

/// The consoles of this host's guests.
pub struct HostConsoles(pub Host);

impl Consoles for HostConsoles {
    fn output(&self, instance: InstanceId) -> Option<ConsoleOutput> {
        let output = self.0.console_output(&instance.to_string()).unwrap_or_else(|error| {
            tracing::warn!(%instance, error = chain(&error), "the console log cannot be read");
            None
        })?;
        let since = output.written.duration_since(UNIX_EPOCH).unwrap_or_default();
        Some(ConsoleOutput { bytes: output.bytes, at: Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)) })
    }
}
