//! Which crate may use which.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::tree::{self, Error};
use super::{Finding, Tree};

/// The arrows of ARCHITECTURE.md: a crate, and what it may use; every crate stands below those.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("semantics", &["model"]),
    ("ec2", &["model", "semantics"]),
    ("store", &["model"]),
    ("dataplane", &["model", "semantics"]),
    ("instance", &["model"]),
    ("services", &["model"]),
    ("scenario", &["model", "semantics"]),
    ("console", &["model", "semantics"]),
    ("peerless", &["model", "semantics", "ec2", "store", "dataplane", "instance", "services", "scenario", "console"]),
    ("xtask", &["ec2"]),
];

/// What the tests of every crate may use as well.
const TESTS: &[&str] = &["scenario"];

/// The manifests of the workspace, as cargo reads them.
pub fn metadata(root: &Path) -> Result<Value, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = tree::run("cargo metadata", Command::new(cargo).current_dir(root).args(["metadata", "--no-deps", "--format-version", "1"]))?;
    serde_json::from_slice(&output).map_err(|error| Error::Failed { program: "cargo metadata", message: error.to_string() })
}

/// Finds arrows that the table does not have.
pub fn check(tree: &Tree, metadata: &Value) -> Vec<Finding> {
    let root = metadata["workspace_root"].as_str().unwrap_or_default();
    let packages: Vec<_> = list(metadata, "packages").collect();
    let names: Vec<_> = packages.iter().map(|package| text(package, "name")).collect();
    let mut findings = Vec::new();
    for package in packages {
        let path = text(package, "manifest_path");
        let path = path.strip_prefix(root).unwrap_or(path).trim_start_matches('/');
        let from = idea(text(package, "name"));
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == from) else {
            findings.push(Finding::new(path, 1, format!("the crate {from} is not in the table of arrows, xtask/src/tidy/arrows.rs")));
            continue;
        };
        for dependency in list(package, "dependencies").filter(|dependency| names.contains(&text(dependency, "name"))) {
            let to = idea(text(dependency, "name"));
            let tests_only = text(dependency, "kind") == "dev";
            let is_allowed = allowed.contains(&to) || (tests_only && TESTS.contains(&to));
            if !is_allowed {
                let subject = if tests_only { format!("the tests of {from}") } else { from.to_owned() };
                findings.push(Finding::new(path, line_of(tree, path, to), format!("{subject} must not use {to}")));
            }
        }
    }
    findings
}

/// A crate is spoken of by the name of its folder.
fn idea(package: &str) -> &str {
    package.strip_prefix("peerless-").unwrap_or(package)
}

fn line_of(tree: &Tree, manifest: &str, dependency: &str) -> usize {
    let text = tree.text_of(manifest).unwrap_or_default();
    text.lines().position(|line| line.strip_prefix(dependency).is_some_and(|rest| rest.starts_with(['.', ' ', '=']))).map_or(1, |at| at + 1)
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_arrow_against_the_grain_is_found() {
        let manifest = "[dependencies]\nec2.workspace = true\n[dev-dependencies]\nscenario.workspace = true\nstore.workspace = true\n";
        let tree = Tree::from([("crates/model/Cargo.toml", manifest)]);
        let package = |name: &str, dependencies: Value| json!({"name": name, "manifest_path": format!("/r/crates/{}/Cargo.toml", idea(name)), "dependencies": dependencies});
        let model = json!([
            {"name": "peerless-ec2", "kind": null},
            {"name": "peerless-scenario", "kind": "dev"},
            {"name": "peerless-store", "kind": "dev"},
            {"name": "serde", "kind": null},
        ]);
        let metadata = json!({"workspace_root": "/r", "packages": [
            package("peerless-model", model),
            package("peerless-ec2", json!([{"name": "peerless-model", "kind": null}])),
            package("peerless-scenario", json!([])),
            package("peerless-store", json!([])),
            package("peerless-novelty", json!([])),
        ]});
        let found: Vec<_> = check(&tree, &metadata).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "crates/model/Cargo.toml:2: model must not use ec2",
                "crates/model/Cargo.toml:5: the tests of model must not use store",
                "crates/novelty/Cargo.toml:1: the crate novelty is not in the table of arrows, xtask/src/tidy/arrows.rs",
            ]
        );
    }

    /// Every crate uses only crates above it; so there is no circle.
    #[test]
    fn all_arrows_of_the_table_point_upwards() {
        for (at, (from, uses)) in ARROWS.iter().enumerate() {
            for to in *uses {
                assert!(ARROWS[..at].iter().any(|(above, _)| above == to), "{from} uses {to}");
            }
        }
    }
}
