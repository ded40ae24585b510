//! Links in documents lead somewhere, and every document is led to.

use std::collections::BTreeSet;

use super::{Finding, Tree};

/// Finds links to files that do not exist, and pages of `docs/` that nobody links to.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut linked = BTreeSet::new();
    for (path, text) in tree.texts_with("md") {
        for (line, target) in links(text) {
            match resolve(path, target) {
                Some(file) if tree.has_file(&file) && file == path => {}
                Some(file) if tree.has_file(&file) => drop(linked.insert(file)),
                Some(folder) if tree.has_folder(&folder) => linked.extend(pages_of(tree, &folder)),
                _ => findings.push(Finding::new(path, line, format!("the link to `{target}` leads nowhere"))),
            }
        }
    }
    let pages = tree.texts_with("md").map(|(path, _)| path).filter(|path| path.starts_with("docs/"));
    findings.extend(pages.filter(|path| !linked.contains(*path)).map(|path| Finding::new(path, 1, "no other document links to this page")));
    findings
}

/// What a reader sees who follows a link to a folder: its README, else the list of its pages.
fn pages_of(tree: &Tree, folder: &str) -> Vec<String> {
    let readme = format!("{folder}/README.md");
    if tree.has_file(&readme) {
        return vec![readme];
    }
    let inside = |path: &str| path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).is_some_and(|rest| !rest.contains('/'));
    tree.texts_with("md").map(|(path, _)| path).filter(|path| inside(path)).map(str::to_owned).collect()
}

/// The targets of a text's links to files, with their lines; code is skipped.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut fence: Option<&str> = None;
    for (line, text) in (1..).zip(text.lines()) {
        let trimmed = text.trim_start();
        let marks = fence_of(trimmed);
        match (fence, marks) {
            (Some(open), Some(marks)) if marks.starts_with(open) => fence = None,
            (Some(_), _) => {}
            (None, Some(marks)) => fence = Some(marks),
            (None, None) => found.extend(targets(trimmed).into_iter().filter(|target| is_file(target)).map(|target| (line, target))),
        }
    }
    found
}

/// The three or more marks that open or close a block of code.
fn fence_of(line: &str) -> Option<&str> {
    let mark = line.chars().next().filter(|c| "`~".contains(*c))?;
    let marks = &line[..line.len() - line.trim_start_matches(mark).len()];
    (marks.len() >= 3).then_some(marks)
}

/// `[text](target "title")`, and `[name]: target` at the beginning.
fn targets(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    if let Some((name, target)) = line.strip_prefix('[').and_then(|line| line.split_once("]: "))
        && !name.contains(']')
    {
        found.push(target);
    }
    for (at, _) in line.match_indices("](") {
        let in_code = line[..at].matches('`').count() % 2 == 1;
        if let Some((target, _)) = line[at + 2..].split_once(')')
            && !in_code
        {
            found.push(target);
        }
    }
    found.into_iter().map(|target| target.split(' ').next().unwrap_or(target).trim_matches(['<', '>'])).collect()
}

fn is_file(target: &str) -> bool {
    !target.starts_with('#') && !target.contains("://") && !target.starts_with("mailto:")
}

/// The path from the root; `None` if the link leads out of the repository.
fn resolve(from: &str, target: &str) -> Option<String> {
    let target = target.split(['#', '?']).next().unwrap_or(target);
    let (folder, target) = match target.strip_prefix('/') {
        Some(from_root) => ("", from_root),
        None => (from.rsplit_once('/').map_or("", |(folder, _)| folder), target),
    };
    let mut path: Vec<_> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/').filter(|part| !part.is_empty() && *part != ".") {
        match part {
            ".." => drop(path.pop()?),
            _ => path.push(part),
        }
    }
    Some(path.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let text = "[a](docs/a.md#top) and [b](docs/gone.md) ![c](<c.png>)\n````\n```\n[x](x.md)\n```\n````\n`[y](y.md)` [z](https://example.com)\n\n[r]: ../out.md\n[here](#here)\n";
        let tree = Tree::from([("README.md", text), ("docs/a.md", "[root](/README.md) [up](..) [d](decisions/)"), ("docs/decisions/1.md", "")]);
        let found: Vec<_> = check(&tree).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "README.md:1: the link to `docs/gone.md` leads nowhere",
                "README.md:1: the link to `c.png` leads nowhere",
                "README.md:9: the link to `../out.md` leads nowhere",
            ]
        );
    }

    #[test]
    fn pages_that_nobody_links_to_are_found() {
        let tree = Tree::from([
            ("README.md", "[guide](docs/guide/) [self](README.md)"),
            ("docs/guide/README.md", "[one](one.md)"),
            ("docs/guide/one.md", ""),
            ("docs/guide/two.md", "[two](two.md)"),
        ]);
        assert_eq!(check(&tree), [Finding::new("docs/guide/two.md", 1, "no other document links to this page")]);
    }
}
