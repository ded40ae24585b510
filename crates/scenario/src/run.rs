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
                    failures.extend(compare(*line, &probe.expected, engine.probe(probe)));
                }
            }
            Block::Explain(questions) => {
                for (line, question) in questions {
                    if let Some(seen) = engine.explain(question).transpose() {
                        failures.extend(compare(*line, &question.expected, seen));
                    }
                }
            }
        }
    }
    failures
}

fn compare(line: usize, expected: &str, seen: Result<String, String>) -> Option<Failure> {
    let complaint = match seen {
        Ok(seen) if seen == expected => return None,
        Ok(seen) => format!("expected: {expected}\n      seen: {seen}"),
        Err(complaint) => complaint,
    };
    Some(Failure { line, complaint })
}
