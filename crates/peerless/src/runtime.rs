//! Where a daemon keeps what lives as long as it runs, and what outlives it. All names derive from the daemon's own.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A daemon's name: what its namespaces, cgroups, bpffs and socket are called by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if text.is_empty() || text.len() > 32 || !text.bytes().all(legal) || text.starts_with('-') {
            return Err("a name is 1 to 32 lower-case letters, digits and dashes, and does not begin with a dash".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A daemon's folder for what lives as long as it runs: `/run/peerless/NAME`, 0700.
#[derive(Clone, Debug)]
pub struct Runtime {
    /// The daemon's name.
    pub name: Name,
    folder: PathBuf,
}

impl Runtime {
    /// The folder of that daemon below `base`.
    pub fn new(base: &Path, name: Name) -> Self {
        Self { folder: base.join(&name.0), name }
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The socket by which the command line speaks to the daemon.
    pub fn control_socket(&self) -> PathBuf {
        self.folder.join("control.sock")
    }

    /// Where a daemon in the background writes what it has to say.
    pub fn log(&self) -> PathBuf {
        self.folder.join("daemon.log")
    }

    /// Makes the folder, closed to others.
    pub fn create(&self) -> std::io::Result<()> {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)
    }

    /// Removes what a daemon puts into the folder, the folder, and its parent if no other daemon has one there. It is
    /// done by root in a folder that the user named, so what is not ours stays, and the folder with it.
    pub fn remove(&self) -> std::io::Result<()> {
        for file in [self.control_socket(), self.log()] {
            unless_absent(std::fs::remove_file(file))?;
        }
        for folder in [self.fabric(), self.folder.join("instances")] {
            unless_absent(std::fs::remove_dir(folder))?;
        }
        for folder in [Some(self.folder.as_path()), self.folder.parent()].into_iter().flatten() {
            match std::fs::remove_dir(folder) {
                // The parent is that of other daemons, too, and may be no folder of ours at all.
                Err(error) if folder == self.folder && error.kind() != ErrorKind::DirectoryNotEmpty => unless_absent(Err(error))?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Where the data plane is.
    pub fn fabric(&self) -> PathBuf {
        self.folder.join("fabric")
    }

    /// The guests of this daemon; their disks are in its state folder.
    pub fn guests(&self, state: &Path) -> instance::Host {
        instance::Host { name: self.name.to_string(), runtime_dir: self.folder.clone(), state_dir: state.to_owned(), sshd: None, settings: None }
    }
}

fn unless_absent(result: std::io::Result<()>) -> std::io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_safe_in_a_path() {
        assert!("lab-2".parse::<Name>().is_ok());
        for text in ["", "..", "a/b", "-a", "A", "a b", "a\n", &"x".repeat(33)] {
            assert!(text.parse::<Name>().is_err(), "{text:?}");
        }
    }
}
