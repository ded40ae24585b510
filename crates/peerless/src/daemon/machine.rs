//! This machine, as calls ask about it.

use std::sync::OnceLock;
use std::time::UNIX_EPOCH;

use ec2::{ConsoleOutput, Machine};
use instance::{Host, images};
use model::{InstanceId, Timestamp};

use super::guests::chain;

/// Where this host's guests are.
pub struct HostMachine {
    host: Host,
    /// It was seen that imported images can be booted. What is amiss may be mended.
    boots_images: OnceLock<()>,
}

impl HostMachine {
    /// That of these guests.
    pub fn new(host: Host) -> Self {
        Self { host, boots_images: OnceLock::new() }
    }
}

impl Machine for HostMachine {
    fn console(&self, instance: InstanceId) -> Option<ConsoleOutput> {
        let output = self.host.console_output(&instance.to_string()).unwrap_or_else(|error| {
            tracing::warn!(%instance, error = chain(&error), "the console log cannot be read");
            None
        })?;
        let since = output.written.duration_since(UNIX_EPOCH).unwrap_or_default();
        Some(ConsoleOutput { bytes: output.bytes, at: Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)) })
    }

    fn image_trouble(&self) -> Option<String> {
        if self.boots_images.get().is_some() {
            return None;
        }
        match images::check_machine(&self.host.state_dir) {
            Ok(()) => {
                let _ = self.boots_images.set(());
                None
            }
            Err(error) => Some(chain(&error)),
        }
    }
}
