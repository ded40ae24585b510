//! A Rust file that no module names is compiled by nobody.

use super::rust::Rust;
use super::{Finding, Tree};

/// Finds files below `src/`, and below folders of `tests/`, whose parent module does not declare them.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let files = tree.texts_with("rs").filter_map(|(path, _)| Some((path, Module::of(path)?)));
    let orphans = files.filter(|(_, module)| !module.is_declared(tree));
    orphans.map(|(path, module)| Finding::new(path, 1, format!("no module says `mod {};`", module.name))).collect()
}

/// A file's name as a module, and the folder in which its parent's children are.
struct Module<'a> {
    folder: &'a str,
    name: &'a str,
}

impl<'a> Module<'a> {
    /// `None` for files that cargo finds by itself.
    fn of(path: &'a str) -> Option<Self> {
        let (folder, file) = path.rsplit_once('/')?;
        let name = file.strip_suffix(".rs")?;
        let is_root = match folder.rsplit_once('/').map_or(folder, |(_, last)| last) {
            "src" => matches!(name, "lib" | "main"),
            "bin" | "tests" | "examples" | "benches" => true,
            _ => name == "main" || !folder.split('/').any(|part| matches!(part, "src" | "tests")),
        };
        match name {
            _ if is_root => None,
            "build" if !folder.contains("src") => None,
            "mod" => folder.rsplit_once('/').map(|(folder, name)| Self { folder, name }),
            _ => Some(Self { folder, name }),
        }
    }

    fn is_declared(&self, tree: &Tree) -> bool {
        let Self { folder, name } = self;
        let parents = [format!("{folder}/lib.rs"), format!("{folder}/main.rs"), format!("{folder}/mod.rs"), format!("{folder}.rs")];
        parents.iter().filter_map(|parent| tree.text_of(parent)).any(|text| declares(&Rust::split(text).code, name))
    }
}

fn declares(code: &str, name: &str) -> bool {
    let words: Vec<_> = code.split_whitespace().collect();
    words.windows(2).any(|pair| pair[0] == "mod" && pair[1].strip_suffix(';') == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_no_module_names_is_found() {
        let tree = Tree::from([
            ("crates/a/src/lib.rs", "mod b;\n// mod lost;\n"),
            ("crates/a/src/b.rs", "pub(crate) mod\n c;"),
            ("crates/a/src/b/c.rs", ""),
            ("crates/a/src/b/lost.rs", ""),
            ("crates/a/src/lost.rs", ""),
            ("crates/a/src/bin/tool.rs", ""),
            ("crates/a/build.rs", ""),
            ("crates/a/tests/one.rs", ""),
            ("crates/a/tests/two/main.rs", "mod d;"),
            ("crates/a/tests/two/d/mod.rs", ""),
            ("crates/a/tests/two/lost.rs", ""),
        ]);
        let lost = ["crates/a/src/b/lost.rs", "crates/a/src/lost.rs", "crates/a/tests/two/lost.rs"];
        assert_eq!(check(&tree), lost.map(|path| Finding::new(path, 1, "no module says `mod lost;`")));
    }
}
