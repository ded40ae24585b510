//! The files of the repository, read once.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::{fmt, fs, io};

/// The files that git tracks or would track, by their path from the root.
#[derive(Debug, Default)]
pub struct Tree {
    files: BTreeMap<String, Option<String>>,
}

/// Why the rules could not be checked.
#[derive(Debug)]
pub enum Error {
    /// A program that is needed cannot be started, or a file not be read.
    Io {
        /// The program or the file.
        what: String,
        /// Why not.
        source: io::Error,
    },
    /// A program gave no answer.
    Failed {
        /// The program.
        program: &'static str,
        /// What it said.
        message: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io { what, source } => write!(f, "{what}: {source}"),
            Error::Failed { program, message } => write!(f, "{program} failed: {}", message.trim()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            Error::Failed { .. } => None,
        }
    }
}

impl Tree {
    /// The files below this folder that are tracked, or new and not ignored.
    pub fn read(root: &Path) -> Result<Self, Error> {
        let listing = run("git", Command::new("git").current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
        let mut files = BTreeMap::new();
        for path in String::from_utf8_lossy(&listing).split_terminator('\0') {
            match fs::read(root.join(path)) {
                Ok(bytes) => files.insert(path.to_owned(), String::from_utf8(bytes).ok()),
                // Removed and not yet committed.
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                // A link to a folder.
                Err(error) if error.kind() == io::ErrorKind::IsADirectory => None,
                Err(source) => return Err(Error::Io { what: path.to_owned(), source }),
            };
        }
        Ok(Self { files })
    }

    /// Whether there is such a file.
    pub fn has_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Whether there is a file in such a folder; the root is the empty path.
    pub fn has_folder(&self, path: &str) -> bool {
        path.is_empty() || self.files.keys().any(|file| file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
    }

    /// The text of one file.
    pub fn text_of(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Path and text of every file that is text.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// Path and text of every file with this ending.
    pub fn texts_with(&self, extension: &str) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(move |(path, _)| path.rsplit_once('.').is_some_and(|(_, ending)| ending == extension))
    }
}

/// What a program prints.
pub fn run(program: &'static str, command: &mut Command) -> Result<Vec<u8>, Error> {
    let output = command.output().map_err(|source| Error::Io { what: program.to_owned(), source })?;
    if !output.status.success() {
        return Err(Error::Failed { program, message: String::from_utf8_lossy(&output.stderr).into_owned() });
    }
    Ok(output.stdout)
}

/// The crate that a file belongs to: the folder below `crates/`.
pub fn crate_of(path: &str) -> Option<&str> {
    path.strip_prefix("crates/")?.split_once('/').map(|(name, _)| name)
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Tree {
    /// A made-up repository.
    fn from(files: [(&str, &str); N]) -> Self {
        Self { files: files.map(|(path, text)| (path.to_owned(), Some(text.to_owned()))).into() }
    }
}
