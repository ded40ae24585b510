//! `peerless run INSTANCE -- COMMAND`

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;

use super::{Daemon, State, Trouble, unexpected};
use crate::control::{Request, Response};
use crate::daemon::guests::chain;

#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    daemon: Daemon,
    #[command(flatten)]
    state: State,
    /// The user to be; by default the image's login
    #[arg(long, env = "PEERLESS_USER")]
    user: Option<String>,
    /// Name, id, private address or vpc/name
    instance: String,
    /// The command and its arguments
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

impl Run {
    /// The exit status is the command's.
    pub fn go(self) -> Result<ExitCode, Trouble> {
        enter(&self.daemon, &self.state, &self.instance, self.user, &self.command)
    }
}

/// Runs a command in an instance, or a login shell if there is none. Enters by itself: this process has a single thread,
/// as entering user and mount namespaces demands.
pub fn enter(daemon: &Daemon, state: &State, instance: &str, user: Option<String>, command: &[OsString]) -> Result<ExitCode, Trouble> {
    let (id, login) = match daemon.ask(&Request::Instance { word: instance.to_owned() })? {
        Response::Instance { id, login, .. } => (id, login),
        other => return Err(unexpected(&other)),
    };
    let host = daemon.runtime().guests(&state.of(&daemon.name));
    let guest = host.guest(&id).map_err(|error| Trouble::unavailable(chain(&error)))?.filter(instance::Guest::is_alive);
    let guest = guest.ok_or_else(|| Trouble::unavailable(format!("{id} is not running")))?;
    let user = user.unwrap_or(login);
    let status = instance::enter(&guest, command, &user).map_err(|error| Trouble::unavailable(chain(&error)))?;
    Ok(ExitCode::from(u8::try_from(status).unwrap_or(1)))
}
