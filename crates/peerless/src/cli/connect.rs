//! `peerless connect INSTANCE [-- COMMAND]`

mod terminal;

use std::ffi::OsString;
use std::io::{BufReader, IsTerminal, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::{Daemon, State, Trouble, explain, run, unexpected};
use crate::control::{self, Connected, NotConnected, Request, Response, Via};
use crate::frame::{Frame, HEADER};
use terminal::{Outside, RawMode};

#[derive(Debug, Args)]
pub struct Connect {
    #[command(flatten)]
    daemon: Daemon,
    #[command(flatten)]
    state: State,
    /// The user to be; by default the image's login
    #[arg(long, env = "PEERLESS_USER")]
    user: Option<String>,
    /// The way in
    #[arg(long, env = "PEERLESS_VIA", default_value = "eic")]
    via: Way,
    /// How many seconds to knock
    #[arg(long, env = "PEERLESS_TIMEOUT", default_value_t = 15, value_name = "SECONDS")]
    timeout: u64,
    /// A terminal for the command, too
    #[arg(short, long, env = "PEERLESS_TTY")]
    tty: bool,
    /// Name, id, private address or vpc/name
    instance: String,
    /// A command and its arguments, for the shell inside; by default a login shell
    #[arg(last = true)]
    command: Vec<OsString>,
}

/// A way into an instance.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Way {
    /// EC2 Instance Connect: SSH from AWS's address range, through gateway, route, network ACL and security group
    Eic,
    /// The EC2 Instance Connect Endpoint of the instance's VPC: SSH from inside, to the private address
    Eice,
    /// Around the network and without a password, which is for root of this machine alone
    Console,
}

impl Connect {
    /// Exit status: the command's own; 1 if there is no way in, and then it says why.
    pub fn go(self) -> Result<ExitCode, Trouble> {
        match self.via {
            Way::Eic => self.by_ssh(Via::InstanceConnect),
            Way::Eice => self.by_ssh(Via::Endpoint),
            Way::Console => run::enter(&self.daemon, &self.state, &self.instance, self.user, &self.command),
        }
    }

    fn by_ssh(self, via: Via) -> Result<ExitCode, Trouble> {
        let command = (!self.command.is_empty()).then(|| words(&self.command)).transpose()?;
        let on_terminal = std::io::stdin().is_terminal() && (command.is_none() || self.tty);
        let request = Request::Connect {
            word: self.instance.clone(),
            via,
            user: self.user.clone(),
            command,
            terminal: on_terminal.then(terminal::this),
            patience: self.timeout,
        };
        let (answer, stream) = self.daemon.converse(&request)?;
        match answer {
            Response::Connected(connected) => {
                announce(&connected, on_terminal);
                talk(stream, on_terminal).map_err(|error| Trouble::unavailable(error.to_string()))
            }
            Response::NotConnected(failure) => {
                tell(&failure);
                Ok(ExitCode::FAILURE)
            }
            other => Err(unexpected(&other)),
        }
    }
}

/// As `ssh` does it: the words with spaces between them, for the shell inside to read.
fn words(command: &[OsString]) -> Result<String, Trouble> {
    let words: Option<Vec<&str>> = command.iter().map(|word| word.to_str()).collect();
    words.map(|words| words.join(" ")).ok_or_else(|| Trouble { status: 2, message: "the command is not UTF-8 text".to_owned() })
}

fn announce(Connected { from, to, note }: &Connected, on_terminal: bool) {
    if let Some(note) = note {
        eprintln!("{note}");
    }
    if on_terminal {
        eprintln!("Connected to {to} from {from}, EC2 Instance Connect's address");
    }
}

/// AWS's words first, ours below.
fn tell(failure: &NotConnected) {
    failure.said.iter().for_each(|line| eprintln!("{line}"));
    eprintln!();
    eprintln!("  ✗ {}", failure.cause);
    if let Some(explanation) = &failure.explanation {
        eprintln!();
        eprint!("{}", explain::text(explanation));
    }
}

/// Carries what is typed there and what is shown here, until the end.
fn talk(stream: UnixStream, on_terminal: bool) -> std::io::Result<ExitCode> {
    let raw = on_terminal.then(RawMode::begin).transpose()?;
    let outside = Outside::of(&stream)?;
    outside.watch_signals(on_terminal)?;
    outside.send_what_is_typed()?;
    let status = show(&stream);
    drop(raw);
    match status? {
        Some(status) => Ok(ExitCode::from(u8::try_from(status).unwrap_or(u8::MAX))),
        None => {
            eprintln!("peerless: the connection to the instance was lost");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Shows what comes; the exit status at the end, if the connection lasted that long.
fn show(stream: &UnixStream) -> std::io::Result<Option<u32>> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut header = [0; HEADER];
        if let Err(error) = reader.read_exact(&mut header) {
            return if error.kind() == std::io::ErrorKind::UnexpectedEof { Ok(None) } else { Err(error) };
        }
        let mut payload = vec![0; Frame::length(header)?];
        reader.read_exact(&mut payload)?;
        match Frame::decode(header, payload)? {
            Frame::Data(bytes) => put(std::io::stdout().lock(), &bytes)?,
            Frame::Error(bytes) => put(std::io::stderr().lock(), &bytes)?,
            Frame::Exit(status) => return Ok(Some(status)),
            Frame::Lost => return Ok(None),
            Frame::End | Frame::Resize { .. } => {}
        }
    }
}

fn put(mut to: impl Write, bytes: &[u8]) -> std::io::Result<()> {
    to.write_all(bytes)?;
    to.flush()
}

impl Daemon {
    /// Asks the daemon, and keeps the connection for what comes behind the answer.
    pub(super) fn converse(&self, request: &Request) -> Result<(Response, UnixStream), Trouble> {
        let asked = || -> std::io::Result<(Response, UnixStream)> {
            let stream = control::send(&self.runtime().control_socket(), request)?;
            let response = control::receive(&mut OneByteAtATime(&stream))?;
            Ok((response, stream))
        };
        let (response, stream) = asked().map_err(|error| self.complain(&error))?;
        Ok((super::checked(response)?, stream))
    }
}

/// Reads the answer and nothing of what is behind it.
struct OneByteAtATime<'a>(&'a UnixStream);

impl Read for OneByteAtATime<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match buffer.first_mut() {
            Some(first) => (&mut &*self.0).read(std::slice::from_mut(first)),
            None => Ok(0),
        }
    }
}
