//! `peerless status`

use std::process::ExitCode;

use clap::Args;

use super::{Daemon, Trouble, unexpected};
use crate::control::{Request, Response};

#[derive(Debug, Args)]
pub struct Status {
    #[command(flatten)]
    daemon: Daemon,
    /// One JSON object instead of text
    #[arg(long, env = "PEERLESS_JSON")]
    json: bool,
}

impl Status {
    pub fn go(self) -> Result<ExitCode, Trouble> {
        let status = match self.daemon.ask(&Request::Status)? {
            Response::Status(status) => status,
            other => return Err(unexpected(&other)),
        };
        if self.json {
            println!("{}", crate::control::json(&status));
            return Ok(ExitCode::SUCCESS);
        }
        let instances: Vec<String> = status.instances.iter().map(|(state, count)| format!("{count} {state}")).collect();
        println!("daemon     {} (process {})", status.name, status.pid);
        println!("EC2 API    {}", status.endpoint);
        println!("packets    {}", if status.packets { "on" } else { "off (model only)" });
        if status.uplink {
            println!("uplink     on: this machine is the laptop, {}", model::internet::LAPTOP);
        }
        if status.real_internet {
            println!("internet   real: instances with a public path reach what this machine reaches at public addresses");
        }
        println!("state      {}, {} changes", status.state.display(), status.generation);
        println!("VPCs       {}", status.vpcs);
        println!("instances  {}", if instances.is_empty() { "none".to_owned() } else { instances.join(", ") });
        println!("sessions   {} by EC2 Instance Connect", status.sessions);
        Ok(ExitCode::SUCCESS)
    }
}
