//! Chores of the repository: `cargo xtask tidy` says where it does not keep its own rules, `cargo xtask operations` writes
//! the page of operations.

mod operations;
mod tidy;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["tidy"] => run_tidy(),
        ["operations"] => write_operations(),
        ["operations", "--names"] => {
            print!("{}", operations::names());
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("usage: cargo xtask tidy | operations [--names]");
            ExitCode::from(2)
        }
    }
}

fn run_tidy() -> ExitCode {
    match tidy::check(root()) {
        Ok(findings) if findings.is_empty() => ExitCode::SUCCESS,
        Ok(findings) => {
            for finding in &findings {
                println!("{finding}");
            }
            eprintln!("tidy: {} to mend", findings.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("tidy: {error}");
            ExitCode::from(2)
        }
    }
}

fn write_operations() -> ExitCode {
    let parameters = std::fs::read_to_string(root().join(operations::PARAMETERS)).unwrap_or_default();
    let outcome = operations::page(&parameters).and_then(|page| {
        let path = root().join(operations::PAGE);
        std::fs::write(&path, page).map_err(|error| vec![format!("{}: {error}", path.display())])
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            for what in wrong {
                eprintln!("operations: {what}");
            }
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

#[cfg(test)]
mod tests {
    /// The rules hold for the repository as it is.
    #[test]
    fn the_repository_is_tidy() {
        let findings = super::tidy::check(super::root()).unwrap();
        let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "{} to mend:\n{}", lines.len(), lines.join("\n"));
    }
}
