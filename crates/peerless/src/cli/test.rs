//! `peerless test FILE.md...`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use scenario::{CoreEngine, Scenario, run};

use super::Trouble;

#[derive(Debug, Args)]
pub struct Test {
    /// Scenarios: Markdown with `vpc`, `probe` and `explain` blocks
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Test {
    /// Plays them on the core: no daemon, no root, no packets. Exit status 0 if all came true, 1 if not.
    pub fn go(self) -> Result<ExitCode, Trouble> {
        let mut failed = 0;
        for file in &self.files {
            let wrong = |message: String| Trouble { status: 2, message: format!("{}: {message}", file.display()) };
            let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
            let scenario = Scenario::parse(&text).map_err(|error| wrong(error.to_string()))?;
            let failures = run(&scenario, &mut <CoreEngine>::default());
            println!("{} {}  {}", if failures.is_empty() { '✓' } else { '✗' }, file.display(), scenario.title);
            for failure in &failures {
                println!("    {failure}");
            }
            failed += usize::from(!failures.is_empty());
        }
        println!("{} as expected, {failed} not", self.files.len() - failed);
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
