//! The crates that decide know no world: no files, sockets, threads, clock or chance, and no order but their own.

use super::paths::paths;
use super::rust::Rust;
use super::tree::crate_of;
use super::{Finding, Tree};

/// The crates of which this holds. Their `tests/` may read files; what is in `src/` may not, tests included.
const PURE: &[&str] = &["model", "semantics", "ec2", "scenario", "services"];

/// Consecutive segments of a path, and what is wrong with them.
const REFUSED: &[(&[&str], &str)] = &[
    (&["std", "fs"], "files are read and written in peerless and store"),
    (&["std", "env"], "what depends on the environment comes in as an argument"),
    (&["std", "process"], "processes belong to instance and peerless"),
    (&["std", "thread"], "threads belong to peerless"),
    (&["TcpStream"], "sockets belong to peerless"),
    (&["TcpListener"], "sockets belong to peerless"),
    (&["UdpSocket"], "sockets belong to peerless"),
    (&["UnixStream"], "sockets belong to peerless"),
    (&["UnixListener"], "sockets belong to peerless"),
    (&["SystemTime"], "time comes in as an argument"),
    (&["Instant"], "time comes in as an argument"),
    (&["Timestamp", "now"], "time comes in as an argument"),
    (&["Zoned", "now"], "time comes in as an argument"),
    (&["rand"], "randomness comes in as an argument"),
    (&["RandomState"], "randomness comes in as an argument"),
    (&["HashMap"], "iteration must be ordered: take a BTreeMap or an imbl::OrdMap"),
    (&["HashSet"], "iteration must be ordered: take a BTreeSet or an imbl::OrdSet"),
    (&["tokio"], "what decides does not wait"),
];

/// Finds what a pure crate must not name.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts_with("rs") {
        let Some(name) = crate_of(path).filter(|name| PURE.contains(name) && path.starts_with(&format!("crates/{name}/src/"))) else { continue };
        for named in paths(&Rust::split(text).code) {
            for (segments, reason) in REFUSED.iter().filter(|(segments, _)| named.passes(segments)) {
                findings.push(Finding::new(path, named.line, format!("{name} is pure and must not use {}: {reason}", segments.join("::"))));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_is_found_in_pure_crates_only() {
        let text = "//! x\nuse std::{fs, net::IpAddr};\n// std::env\nfn f() { std::time::Instant::now(); \"std::thread\"; }\nuse std::fmt;\n";
        let tree = Tree::from([("crates/model/src/a.rs", text), ("crates/model/tests/a.rs", text), ("crates/store/src/a.rs", text)]);
        let found: Vec<_> = check(&tree).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "crates/model/src/a.rs:2: model is pure and must not use std::fs: files are read and written in peerless and store",
                "crates/model/src/a.rs:4: model is pure and must not use Instant: time comes in as an argument",
            ]
        );
    }
}
