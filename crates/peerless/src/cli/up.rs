//! `peerless up`

use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use clap::Args;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::{Daemon, Sshd, State, Trouble};
use crate::daemon::{self, Internet, Options};
use crate::ssh_server::SshServer;

#[derive(Debug, Args)]
pub struct Up {
    #[command(flatten)]
    daemon: Daemon,
    #[command(flatten)]
    state: State,
    /// Address and port of the API; loopback only
    #[arg(long, env = "PEERLESS_LISTEN", default_value = "127.0.0.1:4566", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Go on in the background, and return when the API answers
    #[arg(long, env = "PEERLESS_DETACH")]
    detach: bool,
    /// Answer the API and explain, without root and without packets
    #[arg(long, env = "PEERLESS_MODEL_ONLY")]
    model_only: bool,
    /// Be the laptop on the simulated internet: this machine reaches Elastic IPs, by a link and a route of their own
    #[arg(long, env = "PEERLESS_UPLINK", conflicts_with = "model_only")]
    uplink: bool,
    /// What is behind internet gateways
    #[arg(long, env = "PEERLESS_INTERNET", value_enum, default_value = "simulated", value_name = "WHICH")]
    internet: Internet,
    #[command(flatten)]
    sshd: Sshd,
}

impl Up {
    pub fn go(self) -> Result<ExitCode, Trouble> {
        if !self.listen.ip().is_loopback() {
            let message = format!("{} is not loopback: the API has no authentication yet, so nothing outside this machine may call it", self.listen);
            return Err(Trouble { status: 2, message });
        }
        if self.model_only && self.internet == Internet::Host {
            let message = "without packets nothing gets to the internet: --internet host and --model-only exclude each other".to_owned();
            return Err(Trouble { status: 2, message });
        }
        if !self.model_only && !nix::unistd::geteuid().is_root() {
            let message = "namespaces, veth and eBPF need root: use sudo, or --model-only for API and explanations without packets";
            return Err(Trouble::unavailable(message.to_owned()));
        }
        if self.detach { self.in_background() } else { self.in_foreground() }
    }

    /// A folder that was named must do; without any, instances boot all the same.
    fn sshd(&self) -> Result<Option<PathBuf>, Trouble> {
        match SshServer::find(self.sshd.sshd.as_deref()) {
            Ok(found) => Ok(found.folder()),
            Err(message) if self.sshd.sshd.is_some() => Err(Trouble { status: 2, message }),
            Err(missing) => {
                if !self.model_only {
                    tracing::warn!("instances refuse ssh: {missing} (peerless doctor says what helps)");
                }
                Ok(None)
            }
        }
    }

    fn in_foreground(self) -> Result<ExitCode, Trouble> {
        let filter = tracing_subscriber::EnvFilter::try_from_env("PEERLESS_LOG").unwrap_or_else(|_| "info".into());
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
        let name = self.daemon.name.clone();
        let options = Options {
            runtime: self.daemon.runtime(),
            listen: self.listen,
            state: self.state.of(&self.daemon.name),
            model_only: self.model_only,
            uplink: self.uplink,
            internet: self.internet,
            sshd: self.sshd()?,
        };
        if self.internet == Internet::Host {
            tracing::warn!("instances with a public path reach the real internet, as this machine: --internet host");
            make_room_for_connections();
        }
        let packets = if self.model_only { "no packets: questions are answered, nothing boots" } else { "packets: on" };
        daemon::run(&options, |address| {
            println!("EC2 API  http://{address}\n{packets}\n\nNext:  eval \"$(peerless env --name {name})\" && aws ec2 describe-vpcs");
            finish_standard_output();
        })
        .map(|()| ExitCode::SUCCESS)
        .map_err(Trouble::unavailable)
    }

    /// Starts this program again without `--detach`, in a session of its own, and passes on what it says until it is
    /// ready: it closes its standard output then.
    fn in_background(self) -> Result<ExitCode, Trouble> {
        let trouble = |error: std::io::Error| Trouble::unavailable(format!("cannot go into the background: {error}"));
        let runtime = self.daemon.runtime();
        let existed = runtime.folder().exists();
        runtime.create().map_err(trouble)?;
        let log = File::create(runtime.log()).map_err(trouble)?;
        let program = std::env::current_exe().map_err(trouble)?;
        let arguments = std::env::args_os().skip(1).filter(|argument| argument != "--detach");
        let mut command = Command::new(program);
        command.args(arguments).env_remove("PEERLESS_DETACH").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).current_dir("/");
        // A process group of its own: the terminal's Ctrl-C is not for it.
        let mut child = command.process_group(0).spawn().map_err(trouble)?;
        let mut said = String::new();
        if let Some(output) = &mut child.stdout {
            output.read_to_string(&mut said).map_err(trouble)?;
        }
        if said.is_empty() {
            let status = child.wait().map_err(trouble)?;
            let why = std::fs::read_to_string(runtime.log()).unwrap_or_default();
            if !existed {
                runtime.remove().map_err(trouble)?;
            }
            let why = why.trim_end().trim_start_matches("peerless: ");
            return Err(Trouble { status: u8::try_from(status.code().unwrap_or(3)).unwrap_or(3), message: why.to_owned() });
        }
        print!("{said}");
        Ok(ExitCode::SUCCESS)
    }
}

/// Each connection of a guest to the internet is two descriptors, of which a process may have few unless it asks for more.
fn make_room_for_connections() {
    const ENOUGH: u64 = 16_384;
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| setrlimit(Resource::RLIMIT_NOFILE, soft.max(ENOUGH.min(hard)), hard));
    if let Err(error) = raised {
        tracing::warn!(%error, "there may be too few descriptors for the guests' connections");
    }
}

/// Whoever waits for our output to end knows by it that we are ready.
fn finish_standard_output() {
    use std::io::{IsTerminal, Write};
    let mut output = std::io::stdout();
    // Nobody may be listening any more.
    let _ = output.flush();
    if !output.is_terminal()
        && let Ok(null) = File::options().write(true).open("/dev/null")
    {
        let _ = nix::unistd::dup2_stdout(null);
    }
}
