//! What a reviewer would say twice.
//!
//! Each check is a function from the [`Tree`] of files to findings, in a module of its own; none of them edits
//! anything. Rust is read as text in which comments and strings are told apart from code ([`rust`]): enough to find
//! words and paths, and far from a parser.

mod arrows;
mod finding;
mod leftovers;
mod length;
mod links;
mod machine_paths;
mod module_docs;
mod names;
mod orphans;
mod paths;
mod purity;
mod reference;
mod rust;
mod tree;
mod unsafe_code;

use std::path::Path;

pub use finding::Finding;
pub use tree::{Error, Tree};

/// Everything in the repository that breaks one of its rules, by file and line.
pub fn check(root: &Path) -> Result<Vec<Finding>, Error> {
    let tree = Tree::read(root)?;
    let metadata = arrows::metadata(root)?;
    let mut findings = arrows::check(&tree, &metadata);
    for check in [
        purity::check,
        unsafe_code::check,
        module_docs::check,
        names::check,
        length::check,
        orphans::check,
        leftovers::check,
        machine_paths::check,
        links::check,
        reference::check,
    ] {
        findings.extend(check(&tree));
    }
    findings.sort();
    Ok(findings)
}
