//! Where instances get OpenSSH's server from: `--sshd FOLDER`, else this host, else the folder `peerless-sshd` beside this program.
//!
//! Such a folder holds `sshd`, what that executes, and in `lib` the libraries that the host lacks; `tools/sshd` makes one out of a package of the
//! distribution, which it need not install.

use std::path::{Path, PathBuf};

/// Where the host has it.
const HOST: &str = "/usr/sbin/sshd";

/// An sshd for instances.
#[derive(Clone, Debug)]
pub enum SshServer {
    /// The host's.
    Host,
    /// That of a folder.
    Folder(PathBuf),
}

impl SshServer {
    /// Looks for one, at first in the folder that was named. The error says what is missing.
    pub fn find(named: Option<&Path>) -> Result<SshServer, String> {
        let has_it = |folder: &Path| folder.join("sshd").is_file();
        // Links on the way are followed here, once and for all.
        let folder = |path: &Path| path.canonicalize().map(SshServer::Folder).map_err(|error| format!("{}: {error}", path.display()));
        match named {
            Some(path) if has_it(path) => return folder(path),
            Some(path) => return Err(format!("there is no sshd in {}", path.display())),
            None if Path::new(HOST).exists() => return Ok(SshServer::Host),
            None => {}
        }
        let this = std::env::current_exe().ok();
        let beside = this.and_then(|this| Some(this.parent()?.join("peerless-sshd"))).filter(|path| has_it(path));
        beside.map_or_else(|| Err(format!("there is no {HOST}")), |path| folder(&path))
    }

    /// The folder, if it is not the host's.
    pub fn folder(self) -> Option<PathBuf> {
        match self {
            SshServer::Host => None,
            SshServer::Folder(folder) => Some(folder),
        }
    }

    /// Its path.
    pub fn path(&self) -> PathBuf {
        match self {
            SshServer::Host => PathBuf::from(HOST),
            SshServer::Folder(folder) => folder.join("sshd"),
        }
    }
}
