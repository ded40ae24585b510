//! Every Rust file says first what it is.

use super::{Finding, Tree};

/// Finds files that do not begin with module documentation.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let silent =
        tree.texts_with("rs").filter(|(_, text)| !text.strip_prefix("//! ").is_some_and(|doc| doc.starts_with(|c: char| !c.is_whitespace())));
    silent.map(|(path, _)| Finding::new(path, 1, "begin with `//!` and a sentence that says what this is")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_first_sentence_is_found() {
        let tree = Tree::from([("a.rs", "//! Good.\n"), ("b.rs", "use std::fmt;\n"), ("c.rs", ""), ("d.rs", "//! \n"), ("e.md", "# Title\n")]);
        let sentence = "begin with `//!` and a sentence that says what this is";
        assert_eq!(check(&tree), ["b.rs", "c.rs", "d.rs"].map(|path| Finding::new(path, 1, sentence)));
    }
}
