//! `peerless doctor`

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Args;

use super::{Daemon, Sshd, State, Trouble};
use crate::doctor;

#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    daemon: Daemon,
    #[command(flatten)]
    state: State,
    #[command(flatten)]
    sshd: Sshd,
    /// The address that the API is to have
    #[arg(long, env = "PEERLESS_LISTEN", default_value = "127.0.0.1:4566", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// One JSON object instead of text
    #[arg(long, env = "PEERLESS_JSON")]
    json: bool,
}

impl Doctor {
    /// Exit status 0 if all is well, 1 if not.
    pub fn go(self) -> Result<ExitCode, Trouble> {
        let findings = doctor::examine(&self.daemon.runtime(), &self.state.of(&self.daemon.name), self.listen, self.sshd.sshd.as_deref());
        let well = findings.iter().all(|finding| finding.good);
        if self.json {
            println!("{}", crate::control::json(&serde_json::json!({ "well": well, "findings": findings })));
        } else {
            for finding in &findings {
                println!("{} {:<11} {}", if finding.good { '✓' } else { '✗' }, finding.subject, finding.found);
                if let Some(remedy) = finding.remedy {
                    println!("              {remedy}");
                }
            }
        }
        Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
