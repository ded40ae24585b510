//! `peerless test FILE.md...`

mod report;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use scenario::{CoreEngine, Scenario, run};

use super::Trouble;
use report::{Played, annotations, junit};

#[derive(Debug, Args)]
pub struct Test {
    /// Scenarios: Markdown with `vpc`, `probe` and `explain` blocks
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write the results to this file, too, as JUnit's XML, which CI services show
    #[arg(long, env = "PEERLESS_JUNIT", value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Print what failed as annotations of GitHub Actions, which shows them beside the lines
    #[arg(long, env = "PEERLESS_GITHUB")]
    github: bool,
}

impl Test {
    /// Plays them on the core: no daemon, no root, no packets. Exit status 0 if all came true, 1 if not.
    pub fn go(self) -> Result<ExitCode, Trouble> {
        let mut played = Vec::new();
        for file in self.files {
            let wrong = |message: String| Trouble { status: 2, message: format!("{}: {message}", file.display()) };
            let text = std::fs::read_to_string(&file).map_err(|error| wrong(error.to_string()))?;
            let scenario = Scenario::parse(&text).map_err(|error| wrong(error.to_string()))?;
            let failures = run(&scenario, &mut <CoreEngine>::default());
            println!("{} {}  {}", if failures.is_empty() { '✓' } else { '✗' }, file.display(), scenario.title);
            for failure in &failures {
                println!("    {failure}");
            }
            played.push(Played { file, title: scenario.title, failures });
        }
        let failed = played.iter().filter(|played| !played.failures.is_empty()).count();
        println!("{} as expected, {failed} not", played.len() - failed);
        if self.github {
            print!("{}", annotations(&played));
        }
        if let Some(file) = self.junit {
            let unwritten = |error| Trouble::unavailable(format!("cannot write {}: {error}", file.display()));
            std::fs::write(&file, junit(&played)).map_err(unwritten)?;
        }
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
