//! A guest as others see it: its record, and what can be asked of its init.

use std::{
    fs,
    fs::File,
    os::{
        fd::OwnedFd,
        unix::fs::{MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Doing, Error},
    init, process,
    pulse::{self, Pulse},
    syscall,
};

/// A guest that was built, perhaps by another process and perhaps long ago. Whether it still runs, only the kernel knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    /// The instance's id.
    pub id: String,
    /// Its init, as the host numbers processes.
    pub pid: i32,
    /// When the init started, in clock ticks since the host did: numbers are used again, but never with the same start.
    pub start_time: u64,
    /// The inode of its network namespace.
    pub network_namespace_id: u64,
    /// The directories of its cgroups.
    pub groups: Vec<PathBuf>,
    /// The console log.
    pub console: PathBuf,
    /// Where the init says how it is.
    #[serde(default)]
    pub pulse: PathBuf,
}

impl Guest {
    /// Reads the record that [`Host::build`](crate::Host::build) wrote.
    pub fn read(record: &Path) -> Result<Guest, Error> {
        let text = fs::read(record).doing_with(|| format!("reading {}", record.display()))?;
        serde_json::from_slice(&text).map_err(|source| Error::Record { path: record.to_owned(), source })
    }

    /// Writes the record in one step, for none but root to read.
    pub(crate) fn write(&self, record: &Path) -> Result<(), Error> {
        let text = serde_json::to_vec_pretty(self).map_err(|source| Error::Record { path: record.to_owned(), source })?;
        let new = record.with_extension("new");
        let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new);
        let written = file.and_then(|mut file| std::io::Write::write_all(&mut file, &text)).and_then(|()| fs::rename(&new, record));
        written.doing_with(|| format!("writing {}", record.display()))
    }

    /// Whether the init runs.
    pub fn is_alive(&self) -> bool {
        process::status(self.pid).is_some_and(|status| status.start_time == self.start_time && !status.ended)
    }

    /// A descriptor for the init, which becomes readable when the guest ends.
    pub fn pidfd(&self) -> Result<OwnedFd, Error> {
        let gone = || Error::Gone { id: self.id.clone() };
        let pidfd = match syscall::pidfd_open(self.pid) {
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => return Err(gone()),
            result => result.doing_with(|| format!("opening the init of {}", self.id))?,
        };
        // The number may have passed on before the descriptor was opened, never after.
        if self.is_alive() { Ok(pidfd) } else { Err(gone()) }
    }

    /// A descriptor for the network namespace, into which `eth0` is to be put.
    pub fn network_namespace(&self) -> Result<OwnedFd, Error> {
        let doing = || format!("opening the network namespace of {}", self.id);
        let namespace = match File::open(format!("/proc/{}/ns/net", self.pid)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(Error::Gone { id: self.id.clone() }),
            result => result.doing_with(doing)?,
        };
        let inode = namespace.metadata().doing_with(doing)?.ino();
        if inode == self.network_namespace_id && self.is_alive() { Ok(namespace.into()) } else { Err(Error::Gone { id: self.id.clone() }) }
    }

    /// Tells the waiting init that `eth0` is configured. Once is enough; again does no harm.
    pub fn boot(&self) -> Result<(), Error> {
        self.signal(init::BOOT as i32)
    }

    /// Asks the init how it is; [`Guest::pulse`] has the answer soon.
    pub fn ask_pulse(&self) -> Result<(), Error> {
        self.signal(init::PULSE as i32)
    }

    /// What the init has answered last.
    pub fn pulse(&self) -> Result<Pulse, Error> {
        Pulse::read(&self.pulse).doing_with(|| format!("reading {}", self.pulse.display()))
    }

    /// Whether this guest, which has ended, did so to be started again: it was rebooted from inside.
    pub fn asks_to_restart(&self) -> bool {
        pulse::asks_to_restart(&self.pulse)
    }

    /// Has the guest end in order, and does not wait for that.
    pub fn begin_power_off(&self) -> Result<(), Error> {
        self.signal(init::POWER_OFF as i32)
    }

    /// Ends the guest in order and waits for that; false if it outlives the patience.
    pub fn power_off(&self, patience: Duration) -> Result<bool, Error> {
        self.end(init::POWER_OFF as i32, patience)
    }

    /// Kills the init, and with it every process inside, and waits for that; false if it outlives the patience.
    pub(crate) fn kill(&self, patience: Duration) -> Result<bool, Error> {
        self.end(libc::SIGKILL, patience)
    }

    /// The file with what the guest's console has shown over all its boots, of which the last 64 KiB are kept.
    pub fn console_log(&self) -> &Path {
        &self.console
    }

    fn signal(&self, signal: i32) -> Result<(), Error> {
        syscall::pidfd_send_signal(&self.pidfd()?, signal).doing_with(|| format!("signalling {}", self.id))
    }

    fn end(&self, signal: i32, patience: Duration) -> Result<bool, Error> {
        let pidfd = match self.pidfd() {
            Err(Error::Gone { .. }) => return Ok(true),
            result => result?,
        };
        syscall::pidfd_send_signal(&pidfd, signal).doing_with(|| format!("signalling {}", self.id))?;
        process::ended_within(&pidfd, patience).doing_with(|| format!("waiting for {} to end", self.id))
    }
}
