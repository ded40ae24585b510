//! Nothing depends on the machine it was written on.

use super::tree::crate_of;
use super::{Finding, Tree};

/// Folders in which people and their tools live.
const PERSONAL: &[&str] = &["work", "root", "home"];

/// The users of the images we offer: their homes are inside a guest.
const GUEST_USERS: &[&str] = &["ec2-user", "ubuntu", "admin"];

/// Finds absolute paths into somebody's machine.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| *path != "Cargo.lock") {
        // This crate sets up a guest's own file system.
        let knows_guests = crate_of(path) == Some("instance");
        for (at, line) in text.lines().enumerate() {
            let found = PERSONAL.iter().filter(|folder| !(knows_guests && **folder != "work"));
            for folder in found.filter(|folder| names(line, folder)) {
                findings.push(Finding::new(path, at + 1, format!("`/{folder}/` is a folder of one machine: say it relative to the repository")));
            }
        }
    }
    findings
}

fn names(line: &str, folder: &str) -> bool {
    let pattern = format!("/{folder}/");
    line.match_indices(&pattern).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + pattern.len()..]);
        // Behind a word, a dot or a brace it is the middle of a longer path.
        let is_absolute = !before.ends_with(|c: char| c.is_alphanumeric() || "._-~*})>".contains(c));
        let in_a_guest = folder == "home" && (GUEST_USERS.iter().any(|user| after.starts_with(user)) || after.starts_with(['{', '$', '<']));
        is_absolute && !in_a_guest
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_one_machine_are_found() {
        let [work, root, home] = ["work", "root", "home"].map(|folder| format!("/{folder}/"));
        let good = format!("see ../work/x\nhttps://example.com{home}x\nssh {home}ec2-user/.ssh\n${{DIR}}{root}x\n{home}{{user}}\n");
        let bad = format!("cd {work}main\n\"{root}.cargo\"\n{home}someone/x\n");
        let guest = format!("{root}.ssh and {home}x\n{work}x\n");
        let tree = Tree::from([("a.md", &*good), ("b.md", &*bad), ("crates/instance/src/a.rs", &*guest), ("Cargo.lock", &*bad)]);
        let places: Vec<_> = check(&tree).iter().map(|finding| finding.to_string().split(": ").next().unwrap().to_owned()).collect();
        assert_eq!(places, ["b.md:1", "b.md:2", "b.md:3", "crates/instance/src/a.rs:2"]);
    }
}
