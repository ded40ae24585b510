//! A module is named for what it is.

use super::{Finding, Tree};

/// Names that only say that the idea is not yet found.
const EMPTY: &[&str] = &["util", "utils", "helper", "helpers", "common", "manager", "misc"];

/// Finds files and folders that are named for nothing.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let named = tree.texts().filter_map(|(path, _)| Some((path, empty_name(path)?)));
    named.map(|(path, name)| Finding::new(path, 1, format!("`{name}` says nothing: name it for the idea in it"))).collect()
}

fn empty_name(path: &str) -> Option<&str> {
    path.split('/').map(|part| part.split_once('.').map_or(part, |(stem, _)| stem)).find(|stem| EMPTY.contains(stem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_name_is_found_in_files_and_folders() {
        let tree = Tree::from([("crates/a/src/utils.rs", ""), ("web/common/x.ts", ""), ("crates/a/src/uncommon.rs", "")]);
        let found: Vec<_> = check(&tree).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "crates/a/src/utils.rs:1: `utils` says nothing: name it for the idea in it",
                "web/common/x.ts:1: `common` says nothing: name it for the idea in it",
            ]
        );
    }
}
