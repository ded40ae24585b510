//! `peerless env`

use std::process::ExitCode;

use clap::Args;

use super::{Daemon, Trouble};
use crate::control::{self, Request, Response};

#[derive(Debug, Args)]
pub struct Env {
    #[command(flatten)]
    daemon: Daemon,
    /// The API's address, where the daemon cannot be asked for it
    #[arg(long, env = "PEERLESS_LISTEN", default_value = "127.0.0.1:4566", value_name = "ADDRESS:PORT")]
    listen: std::net::SocketAddr,
    /// The account to act as: twelve digits
    #[arg(long, env = "PEERLESS_ACCOUNT", default_value = "000000000000")]
    account: String,
    /// The region to act in
    #[arg(long, env = "PEERLESS_REGION", default_value = "us-east-1")]
    region: String,
}

impl Env {
    pub fn go(self) -> Result<ExitCode, Trouble> {
        let account: model::AccountId =
            self.account.parse().map_err(|_| Trouble { status: 2, message: format!("'{}' is not an account: twelve digits", self.account) })?;
        let region: model::Region = self.region.parse().map_err(|_| Trouble { status: 2, message: format!("'{}' is not a region", self.region) })?;
        // The socket is root's; anybody else gets the address that `up` uses if it is told nothing else.
        let endpoint = match control::ask(&self.daemon.runtime().control_socket(), &Request::Status) {
            Ok(Response::Status(status)) => status.endpoint,
            _ => format!("http://{}", self.listen),
        };
        println!("export AWS_ENDPOINT_URL={endpoint}");
        println!("export AWS_ACCESS_KEY_ID={account}");
        println!("export AWS_SECRET_ACCESS_KEY=peerless");
        println!("export AWS_DEFAULT_REGION={region}");
        println!("export AWS_PAGER=");
        Ok(ExitCode::SUCCESS)
    }
}
