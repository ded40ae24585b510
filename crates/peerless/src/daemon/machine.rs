//! This machine, as calls ask about it.

use std::sync::OnceLock;
use std::time::UNIX_EPOCH;

use ec2::{ConsoleOutput, Machine};
use instance::{Host, images, volume};
use model::{InstanceId, Timestamp};

use super::guests::chain;

/// Where this host's guests are.
pub struct HostMachine {
    host: Host,
    /// It was seen that imported images can be booted. What is amiss may be mended.
    boots_images: OnceLock<()>,
    /// The same of disks that have a size.
    sizes_disks: OnceLock<()>,
}

impl HostMachine {
    /// That of these guests.
    pub fn new(host: Host) -> Self {
        Self { host, boots_images: OnceLock::new(), sizes_disks: OnceLock::new() }
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
        once(&self.boots_images, || images::check_machine(&self.host.state_dir))
    }

    fn volume_trouble(&self) -> Option<String> {
        once(&self.sizes_disks, || volume::check_machine(&self.host.state_dir))
    }
}

/// What a trial says, unless one succeeded before.
fn once(succeeded: &OnceLock<()>, attempt: impl Fn() -> Result<(), instance::Error>) -> Option<String> {
    if succeeded.get().is_some() {
        return None;
    }
    let outcome = attempt();
    if outcome.is_ok() {
        let _ = succeeded.set(());
    }
    outcome.err().map(|error| chain(&error))
}
