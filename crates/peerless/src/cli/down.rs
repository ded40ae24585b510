//! `peerless down`

use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use store::SqliteStore;

use super::{Daemon, State, Trouble};
use crate::control::{self, Request, Response};
use crate::daemon;

#[derive(Debug, Args)]
pub struct Down {
    #[command(flatten)]
    daemon: Daemon,
    #[command(flatten)]
    state: State,
    /// Remove the state as well: every VPC, every instance's disk
    #[arg(long, env = "PEERLESS_WIPE")]
    wipe: bool,
}

impl Down {
    pub fn go(self) -> Result<ExitCode, Trouble> {
        let runtime = self.daemon.runtime();
        let mut state = self.state.of(&self.daemon.name);
        if let Ok(Response::Status(status)) = control::ask(&runtime.control_socket(), &Request::Status) {
            state = status.state;
            match leave(&runtime.control_socket()) {
                Ok(Response::Down) => {}
                Ok(other) => return Err(super::unexpected(&other)),
                Err(error) => return Err(Trouble::unavailable(format!("the daemon (process {}) does not stop: {error}", status.pid))),
            }
        }
        // There may be no daemon and all that it left: it was killed.
        if runtime.folder().exists() {
            daemon::clean_up(&runtime, &state).map_err(Trouble::unavailable)?;
        }
        if self.wipe && state.exists() {
            wipe(&state)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Asks the daemon to go, and waits until its process has ended: the daemon keeps the connection until then.
fn leave(socket: &Path) -> io::Result<Response> {
    let mut daemon = control::send(socket, &Request::Down)?;
    let response = control::receive(&mut daemon)?;
    match io::copy(&mut daemon, &mut io::sink()) {
        Err(error) if error.kind() != io::ErrorKind::ConnectionReset => Err(error),
        _ => Ok(response),
    }
}

/// Removes a state folder: the disks, then the state. A folder without a state is somebody's own, and is left alone.
fn wipe(state: &Path) -> Result<(), Trouble> {
    if !SqliteStore::is_in(state) {
        return Err(Trouble { status: 2, message: format!("{} is left alone: it holds no state of Peerless", state.display()) });
    }
    let folders = ["instances", "images", daemon::INTERNET, daemon::METADATA].map(|folder| state.join(folder));
    let removed = folders.iter().filter(|folder| folder.exists()).try_for_each(std::fs::remove_dir_all);
    removed.and_then(|()| SqliteStore::remove(state)).map_err(|error| Trouble::unavailable(format!("cannot remove {}: {error}", state.display())))
}
