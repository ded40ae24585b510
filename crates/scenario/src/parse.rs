//! From Markdown to blocks.

use std::fmt;

use crate::probe::{Probe, Question};
use crate::statement::Statement;

/// A scenario: what stands in the file's `vpc`, `probe` and `explain` blocks, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// The first heading.
    pub title: String,
    /// The blocks.
    pub blocks: Vec<Block>,
}

/// A block, each line with its number in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Changes of the world.
    Vpc(Vec<(usize, Statement)>),
    /// Packets, and what must become of them.
    Probe(Vec<(usize, Probe)>),
    /// Questions, and what must be named.
    Explain(Vec<(usize, Question)>),
}

/// A line that says nothing that a scenario can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Its number.
    pub line: usize,
    /// What is wrong.
    pub complaint: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.complaint)
    }
}

impl std::error::Error for SyntaxError {}

impl Scenario {
    /// Reads a scenario. Other code blocks, and all prose, are for people.
    pub fn parse(markdown: &str) -> Result<Self, SyntaxError> {
        let mut title = String::new();
        let mut blocks = Vec::new();
        let mut lines = markdown.lines().enumerate().map(|(index, line)| (index + 1, line));
        while let Some((opened_at, line)) = lines.next() {
            if let Some(heading) = line.strip_prefix("# ").filter(|_| title.is_empty()) {
                heading.trim().clone_into(&mut title);
            }
            let Some(language) = line.strip_prefix("```") else { continue };
            let mut body = Vec::new();
            loop {
                match lines.next() {
                    Some((_, "```")) => break,
                    Some((number, line)) => body.push((number, line)),
                    None => return Err(SyntaxError { line: opened_at, complaint: "the block is never closed".to_owned() }),
                }
            }
            match language.trim() {
                "vpc" => blocks.push(Block::Vpc(parse_lines(&body)?)),
                "probe" => blocks.push(Block::Probe(parse_lines(&body)?)),
                "explain" => blocks.push(Block::Explain(parse_lines(&body)?)),
                _ => {}
            }
        }
        if blocks.iter().any(|block| matches!(block, Block::Probe(probes) if !probes.is_empty())) {
            Ok(Self { title, blocks })
        } else {
            Err(SyntaxError { line: 1, complaint: "nothing is probed".to_owned() })
        }
    }
}

/// A block's lines; what follows a `#` is a comment, empty lines are skipped.
fn parse_lines<T: std::str::FromStr<Err = String>>(body: &[(usize, &str)]) -> Result<Vec<(usize, T)>, SyntaxError> {
    body.iter()
        .map(|&(line, text)| (line, text.split('#').next().unwrap_or_default().trim()))
        .filter(|(_, text)| !text.is_empty())
        .map(|(line, text)| text.parse().map(|parsed| (line, parsed)).map_err(|complaint| SyntaxError { line, complaint }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_for_people() {
        let text = "# Title\nprose\n```sh\nvpc\n```\n```vpc\nvpc blue 10.1.0.0/16 # a comment\n\n```\n```probe\na -> b icmp answered\n```\n";
        let scenario = Scenario::parse(text).unwrap();
        assert_eq!((scenario.title.as_str(), scenario.blocks.len()), ("Title", 2));
        assert!(matches!(&scenario.blocks[0], Block::Vpc(lines) if lines.len() == 1 && lines[0].0 == 7));
    }

    #[test]
    fn complaints_name_the_line() {
        let complaint = |text| Scenario::parse(text).unwrap_err().to_string();
        assert_eq!(complaint("\n```vpc\nvpd\n```"), "line 3: 'vpd' is no statement");
        assert_eq!(
            complaint("```probe\na -> b icmp lost\n```"),
            "line 2: 'lost' is neither 'answered' nor 'request dropped at …' nor 'reply dropped at …'"
        );
        assert_eq!(complaint("```vpc\n"), "line 1: the block is never closed");
        assert_eq!(complaint("# Only prose"), "line 1: nothing is probed");
    }
}
