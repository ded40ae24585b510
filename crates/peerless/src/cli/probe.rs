//! `peerless probe FROM INSTANCE --tcp PORT`

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::{Daemon, Trouble, explain, unexpected};
use crate::control::{Request, Response, Service};
use crate::flow::FlowQuestion;

#[derive(Debug, Args)]
pub struct Probe {
    #[command(flatten)]
    daemon: Daemon,
    /// Who knocks, from the simulated internet
    from: Stranger,
    /// The instance: name, id, private address or vpc/name
    instance: String,
    /// The TCP port
    #[arg(long, env = "PEERLESS_TCP", value_name = "PORT")]
    tcp: u16,
}

/// Somebody on the simulated internet.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Stranger {
    /// The learner's laptop, 203.0.113.10: "My IP"
    Laptop,
    /// EC2 Instance Connect, from its range in the instance's region
    InstanceConnect,
}

impl Stranger {
    /// As questions name it.
    fn word(self) -> String {
        match self {
            Stranger::Laptop => "laptop",
            Stranger::InstanceConnect => "instance-connect",
        }
        .to_owned()
    }
}

impl Probe {
    /// Has the daemon send real packets. Exit status 0 if they were answered, 1 if not, and then it says why; 4 if they met something else
    /// than what is computed.
    pub fn go(self) -> Result<ExitCode, Trouble> {
        let id = match self.daemon.ask(&Request::Instance { word: self.instance.clone() })? {
            Response::Instance { id, public: Some(_), .. } => id,
            Response::Instance { .. } => {
                println!("✗ {} has no public IPv4 address, so nobody on the internet can call it", self.instance);
                return self.explain();
            }
            other => return Err(unexpected(&other)),
        };
        let question = FlowQuestion { from: self.from.word(), to: id, protocol: "tcp".to_owned(), port: Some(self.tcp) };
        let probed = match self.daemon.ask(&Request::Probe(question))? {
            Response::Probed(probed) => probed,
            other => return Err(unexpected(&other)),
        };
        println!("{} {}: {}", if probed.answered { '✓' } else { '✗' }, probed.sent, probed.outcome);
        if !probed.answered {
            explain::print(&probed.computed);
        }
        explain::check(&probed)?;
        Ok(if probed.answered { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn explain(&self) -> Result<ExitCode, Trouble> {
        let question = Request::Explain { from: self.from.word(), to: self.instance.clone(), service: Service::Tcp(self.tcp), flips: false };
        match self.daemon.ask(&question)? {
            Response::Explanation(explanation) => explain::print(&explanation),
            other => return Err(unexpected(&other)),
        }
        Ok(ExitCode::FAILURE)
    }
}
