//! A long file holds a second idea.

use super::{Finding, Tree};

const LONGEST: usize = 700;
const SOURCES: &[&str] = &["rs", "c", "h", "ts", "tsx", "js", "css", "sh"];

/// Finds sources that are too long to be one idea.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let sources = SOURCES.iter().flat_map(|extension| tree.texts_with(extension));
    let long = sources.map(|(path, text)| (path, text.lines().count())).filter(|(_, lines)| *lines > LONGEST);
    long.map(|(path, lines)| Finding::new(path, LONGEST + 1, format!("{lines} lines: look for the second idea"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_source_is_found() {
        let tree = Tree::from([("a.rs", &*"\n".repeat(700)), ("b.rs", &*"\n".repeat(701)), ("c.md", &*"\n".repeat(900))]);
        assert_eq!(check(&tree), [Finding::new("b.rs", 701, "701 lines: look for the second idea")]);
    }
}
