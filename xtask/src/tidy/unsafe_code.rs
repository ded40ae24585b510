//! `unsafe` stands where the kernel is spoken to, and nowhere else.

use super::rust::{Rust, lines_with};
use super::tree::crate_of;
use super::{Finding, Tree};

const ALLOWED: &[&str] = &["dataplane", "instance"];

/// Finds `unsafe` in the other crates.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let elsewhere = tree.texts_with("rs").filter(|(path, _)| !crate_of(path).is_some_and(|name| ALLOWED.contains(&name)));
    let findings = elsewhere.flat_map(|(path, text)| {
        let code = Rust::split(text).code;
        let lines: Vec<_> = lines_with(&code, "unsafe").collect();
        lines.into_iter().map(move |line| Finding::new(path, line, "unsafe belongs to dataplane and instance only"))
    });
    findings.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_is_found_outside_its_place() {
        let text = "//! unsafe\n#![deny(unsafe_code)]\nfn f() { unsafe { g() } }\n";
        let tree = Tree::from([("crates/instance/src/a.rs", text), ("crates/peerless/src/a.rs", text)]);
        assert_eq!(check(&tree), [Finding::new("crates/peerless/src/a.rs", 3, "unsafe belongs to dataplane and instance only")]);
    }
}
