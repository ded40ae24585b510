//! `peerless completions SHELL`

use std::io;
use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Trouble};

#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Prints what the shell is to source.
    pub fn go(self) -> Result<ExitCode, Trouble> {
        clap_complete::generate(self.shell, &mut Cli::command(), "peerless", &mut io::stdout());
        Ok(ExitCode::SUCCESS)
    }
}
