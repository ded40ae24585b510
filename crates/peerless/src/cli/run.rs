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
    /// Enters by itself: this process has a single thread, as entering user and mount namespaces demands.
    pub fn go(self) -> Result<ExitCode, Trouble> {
        let (id, login) = match self.daemon.ask(&Request::Instance { word: self.instance.clone() })? {
            Response::Instance { id, login } => (id, login),
            other => return Err(unexpected(&other)),
        };
        let host = self.daemon.runtime().guests(&self.state.of(&self.daemon.name));
        let guest = host.guest(&id).map_err(|error| Trouble::unavailable(chain(&error)))?.filter(instance::Guest::is_alive);
        let guest = guest.ok_or_else(|| Trouble::unavailable(format!("{id} is not running")))?;
        let user = self.user.unwrap_or(login);
        let status = instance::enter(&guest, &self.command, &user).map_err(|error| Trouble::unavailable(chain(&error)))?;
        Ok(ExitCode::from(u8::try_from(status).unwrap_or(1)))
    }
}
