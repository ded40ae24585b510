//! What is unfinished is not committed.

use super::rust::{Rust, lines_with};
use super::{Finding, Tree};

/// Code that stands for code that is missing, or hides that some is.
const UNFINISHED: &[(&str, &str)] = &[
    ("todo!", "finish it, or leave it out"),
    ("unimplemented!", "finish it, or leave it out"),
    ("#[ignore", "a test that is not run is no test: mend it or remove it"),
];
const HIDDEN: &str = "remove what is not used";
const REMINDERS: &[&str] = &["FIXME", "XXX"];

/// Finds what was left for later.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts() {
        if !path.ends_with(".rs") {
            findings.extend(reminders(path, text));
            continue;
        }
        let Rust { code, comments } = Rust::split(text);
        findings.extend(reminders(path, &comments));
        for (pattern, advice) in UNFINISHED {
            findings.extend(lines_with(&code, pattern).map(|line| Finding::new(path, line, format!("`{pattern}`: {advice}"))));
        }
        let hidden = lines_with(&code, "dead_code").filter(|line| code.lines().nth(line - 1).is_some_and(|text| text.contains("allow(")));
        findings.extend(hidden.map(|line| Finding::new(path, line, format!("`allow(dead_code)`: {HIDDEN}"))));
    }
    findings
}

fn reminders(path: &str, text: &str) -> Vec<Finding> {
    let found = REMINDERS.iter().flat_map(|word| lines_with(text, word).map(move |line| (line, word)));
    found.map(|(line, word)| Finding::new(path, line, format!("`{word}`: do it, or say in docs/decisions why not"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unfinished_is_found() {
        let reminder = REMINDERS[0];
        let text = format!(
            "//! x\nfn f() {{ todo!() }}\n#[ignore = \"slow\"]\n#![allow(unused, dead_code)]\n// {reminder} later\nlet a = \"{reminder} todo!\"; // todo! is a word\n"
        );
        let shell = format!("mktemp -d x.XXXXXX\n# {reminder}\n");
        let found = check(&Tree::from([("a.rs", &*text), ("b.sh", &*shell)]));
        let places: Vec<_> = found.iter().map(|finding| finding.to_string().split(": ").next().unwrap().to_owned()).collect();
        assert_eq!(places, ["a.rs:5", "a.rs:2", "a.rs:3", "a.rs:4", "b.sh:2"]);
    }
}
