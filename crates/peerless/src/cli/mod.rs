//! The command line. AWS's things are done with `aws`; this does what AWS cannot.
//!
//! Data goes to standard output and talk to standard error. Exit status: 0 yes or done, 1 no, 2 a wrong or unclear
//! question, 3 not running or not permitted, 4 what is computed and what packets meet disagree: a bug.

mod capture;
mod completions;
mod connect;
mod doctor;
mod down;
mod env;
mod explain;
mod flows;
mod image;
mod map;
mod ping;
mod probe;
mod run;
mod status;
mod test;
mod up;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::control::{self, Request, Response};
use crate::runtime::{Name, Runtime};

/// Amazon VPC on your own machine, with real packets.
#[derive(Debug, Parser)]
#[command(name = "peerless", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Start the daemon: the EC2 API and the packets behind it
    Up(up::Up),
    /// Stop it, and leave nothing behind on the host; the state is kept
    Down(down::Down),
    /// What is running
    Status(status::Status),
    /// Print what points the AWS CLI, SDKs and Terraform at Peerless, for the shell's `eval`
    Env(env::Env),
    /// Root file systems of one's own, for instances to boot
    Image(image::Image),
    /// Run a command in an instance
    Run(run::Run),
    /// Log in to an instance as AWS's console does, by EC2 Instance Connect; if that fails, say why
    #[command(visible_alias = "ssh")]
    Connect(connect::Connect),
    /// Ping one instance from another; on silence, say why
    Ping(ping::Ping),
    /// Knock at an instance's public address from the simulated internet; on silence, say why
    Probe(probe::Probe),
    /// Play scenarios: networks and what is expected of them, as text; for CI, without root or daemon
    Test(test::Test),
    /// Look at this machine: what carrying packets needs, and what is left of daemons that were killed
    Doctor(doctor::Doctor),
    /// Say whether one thing reaches another; if not, all that is in the way, and what helps
    Explain(explain::Explain),
    /// Copy the packets of an instance's network card into a pcapng file, each that is dropped with a comment that says by what
    Capture(capture::Capture),
    /// Show the flows that the kernel knows: who, to whom, how much, and what drops them
    Flows(flows::Flows),
    /// Draw what is in a VPC and what leads where, as the console's resource map does
    Map(map::Map),
    /// Print completions for a shell: `source <(peerless completions bash)`
    Completions(completions::Completions),
}

/// Which daemon is meant.
#[derive(Clone, Debug, Args)]
struct Daemon {
    /// The daemon's name
    #[arg(long, env = "PEERLESS_NAME", default_value = "default", global = true)]
    name: Name,
    /// Where daemons keep what lives as long as they run
    #[arg(long, env = "PEERLESS_RUNTIME_DIR", default_value = "/run/peerless", global = true, value_name = "DIR")]
    runtime_dir: PathBuf,
}

/// Where the state is kept.
#[derive(Clone, Debug, Args)]
struct State {
    /// Folder of the state; by default /var/lib/peerless/NAME
    #[arg(long = "state", env = "PEERLESS_STATE", value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Where instances get their ssh server from.
#[derive(Clone, Debug, Args)]
struct Sshd {
    /// Folder with OpenSSH's sshd for instances; by default the host's, or peerless-sshd beside this program
    #[arg(long, env = "PEERLESS_SSHD", value_name = "DIR")]
    sshd: Option<PathBuf>,
}

impl Daemon {
    fn runtime(&self) -> Runtime {
        Runtime::new(&self.runtime_dir, self.name.clone())
    }

    /// Asks the daemon; complains if there is none.
    fn ask(&self, request: &Request) -> Result<Response, Trouble> {
        let response = control::ask(&self.runtime().control_socket(), request).map_err(|error| self.complain(&error))?;
        checked(response)
    }

    fn complain(&self, error: &std::io::Error) -> Trouble {
        Trouble::unavailable(match error.kind() {
            std::io::ErrorKind::PermissionDenied => "only root may speak to the daemon (try sudo)".to_owned(),
            std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused => {
                format!("no daemon named '{}' is running (start it with: sudo peerless up)", self.name)
            }
            _ => format!("the daemon named '{}' does not answer: {error}", self.name),
        })
    }
}

impl State {
    fn of(&self, name: &Name) -> PathBuf {
        self.folder.clone().unwrap_or_else(|| PathBuf::from("/var/lib/peerless").join(name.to_string()))
    }
}

/// Why a command did not do what was asked.
#[derive(Debug)]
struct Trouble {
    status: u8,
    message: String,
}

impl Trouble {
    fn unavailable(message: String) -> Self {
        Self { status: 3, message }
    }
}

/// Does what the arguments say.
pub fn main() -> ExitCode {
    let done = match Cli::parse().verb {
        Verb::Up(up) => up.go(),
        Verb::Down(down) => down.go(),
        Verb::Status(status) => status.go(),
        Verb::Env(env) => env.go(),
        Verb::Image(image) => image.go(),
        Verb::Run(run) => run.go(),
        Verb::Connect(connect) => connect.go(),
        Verb::Test(test) => test.go(),
        Verb::Ping(ping) => ping.go(),
        Verb::Probe(probe) => probe.go(),
        Verb::Doctor(doctor) => doctor.go(),
        Verb::Explain(explain) => explain.go(),
        Verb::Capture(capture) => capture.go(),
        Verb::Flows(flows) => flows.go(),
        Verb::Map(map) => map.go(),
        Verb::Completions(completions) => completions.go(),
    };
    done.unwrap_or_else(|trouble| {
        eprintln!("peerless: {}", trouble.message);
        ExitCode::from(trouble.status)
    })
}

/// An answer that is one.
fn checked(response: Response) -> Result<Response, Trouble> {
    match response {
        Response::Unclear { message } => Err(Trouble { status: 2, message }),
        Response::Failed { message } => Err(Trouble { status: 3, message }),
        response => Ok(response),
    }
}

/// An answer that belongs to another question: the two ends are of different versions.
fn unexpected(response: &Response) -> Trouble {
    Trouble::unavailable(format!("the daemon is of another version: it answered {response:?}"))
}
