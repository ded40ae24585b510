//! Plays a scenario on an engine.

use std::fmt;

use crate::engine::Engine;
use crate::parse::{Block, Scenario};

/// A line that did not come true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The line.
    pub line: usize,
    /// What was expected and what was seen, or why the line could not be played.
    pub complaint: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.complaint)
    }
}

/// Plays the blocks in order. All probes are sent, so that one failure does not hide the next; a change that cannot
/// be made ends the play.
pub fn run(scenario: &Scenario, engine: &mut impl Engine) -> Vec<Failure> {
    let mut failures = Vec::new();
    for block in &scenario.blocks {
        match block {
            Block::Vpc(statements) => {
                for (line, statement) in statements {
                    if let Err(complaint) = engine.change(statement) {
                        failures.push(Failure { line: *line, complaint });
                        return failures;
                    }
                }
                if let Err(complaint) = engine.settle() {
                    let line = statements.last().map_or(0, |(line, _)| *line);
                    failures.push(Failure { line, complaint });
                    return failures;
                }
            }
            Block::Probe(probes) => {
                for (line, probe) in probes {
                    let complaint = match engine.probe(probe) {
                        Ok(seen) if seen == probe.expected => continue,
                        Ok(seen) => format!("expected: {}\n      seen: {seen}", probe.expected),
                        Err(complaint) => complaint,
                    };
                    failures.push(Failure { line: *line, complaint });
                }
            }
        }
    }
    failures
}
