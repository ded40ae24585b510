//! `peerless ping A B`

use std::ffi::OsString;
use std::net::IpAddr;
use std::process::ExitCode;

use clap::Args;

use super::{Daemon, State, Trouble, explain, unexpected};
use crate::control::{Request, Response, Service};

#[derive(Debug, Args)]
pub struct Ping {
    #[command(flatten)]
    daemon: Daemon,
    #[command(flatten)]
    state: State,
    /// How many echo requests to send
    #[arg(long, short, env = "PEERLESS_COUNT", default_value_t = 3)]
    count: u32,
    /// The instance that pings: name, id, private address or vpc/name
    from: String,
    /// The instance, or the address, that is pinged
    to: String,
}

impl Ping {
    /// Runs `ping` in the instance; on silence, says why. Exit status 0 if it was answered, 1 if not.
    pub fn go(self) -> Result<ExitCode, Trouble> {
        let (id, login, _) = self.instance(&self.from)?;
        let address = match self.to.parse::<IpAddr>() {
            Ok(address) => address,
            Err(_) => self.instance(&self.to)?.2,
        };
        let host = self.daemon.runtime().guests(&self.state.of(&self.daemon.name));
        let command = ["ping", "-n", "-W", "1", "-c", &self.count.to_string(), &address.to_string()].map(OsString::from);
        let status = host.enter_command(&id, &login, &command).status();
        let status = status.map_err(|error| Trouble::unavailable(format!("cannot enter {id}: {error}")))?;
        if status.success() {
            return Ok(ExitCode::SUCCESS);
        }
        let question = Request::Explain { from: id, to: address.to_string(), service: Service::Icmp, flips: false };
        match self.daemon.ask(&question)? {
            Response::Explanation(explanation) if explanation.reachable => {
                println!("\nThe network carries it: the instance that was asked does not answer.");
            }
            Response::Explanation(explanation) => {
                println!();
                explain::print(&explanation);
            }
            other => return Err(unexpected(&other)),
        }
        Ok(ExitCode::FAILURE)
    }

    fn instance(&self, word: &str) -> Result<(String, String, IpAddr), Trouble> {
        match self.daemon.ask(&Request::Instance { word: word.to_owned() })? {
            Response::Instance { id, login, address, .. } => Ok((id, login, address)),
            other => Err(unexpected(&other)),
        }
    }
}
