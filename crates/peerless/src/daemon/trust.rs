//! What guests trust: the certificates of authorities that the host trusts, and that of the simulated internet.
//!
//! Programs find them in files and folders of `/etc`, which differ from distribution to distribution. Each is copied once for all guests, with
//! one certificate more, and mounted in their `/etc` instead of the host's.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use instance::trust::{FILE as OURS, HASH};

/// Where certificates are: on Debian and Ubuntu, on Fedora and Amazon Linux.
const FOLDERS: [&str; 3] = ["etc/ssl/certs", "etc/pki/tls/certs", "etc/pki/ca-trust/extracted"];

/// All of them in one file.
const BUNDLES: [&str; 3] =
    ["etc/ssl/certs/ca-certificates.crt", "etc/pki/tls/certs/ca-bundle.crt", "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"];

/// Where OpenSSL looks for ours by its hash.
const HASHED: [&str; 2] = ["etc/ssl/certs", "etc/pki/tls/certs"];

/// The most that a host's folders may hold together: there is no end to what may be in a folder.
const MOST_BYTES: u64 = 64 << 20;
const MOST_ENTRIES: usize = 20_000;
const DEEPEST: usize = 8;

/// Brings a folder up to date, in which there is then, below `etc`, what guests shall have there; `host` is the host's root.
///
/// Guests that run look at the same files: each of them changes at once, or not at all.
pub fn furnish(folder: &Path, host: &Path, certificate: &str) -> io::Result<()> {
    let mut wanted = Wanted::default();
    for part in FOLDERS {
        // Where it is a link, it leads to another one of these.
        if fs::symlink_metadata(host.join(part)).is_ok_and(|metadata| metadata.is_dir()) {
            wanted.copy(host, Path::new(part), 0)?;
        }
    }
    for bundle in BUNDLES {
        if let Some(Entry::File(content)) = wanted.entries.get_mut(Path::new(bundle)) {
            // The last line may lack its end.
            content.extend([b"\n", certificate.as_bytes()].concat());
        }
    }
    // A host that trusts nobody: its guests trust one.
    if wanted.entries.is_empty() {
        wanted.entries.insert(FOLDERS[0].into(), Entry::Folder);
        wanted.entries.insert(BUNDLES[0].into(), Entry::File(certificate.into()));
    }
    for part in HASHED.map(Path::new).into_iter().filter(|part| wanted.entries.contains_key(*part)).collect::<Vec<_>>() {
        wanted.entries.insert(part.join(OURS), Entry::File(certificate.into()));
        wanted.entries.insert(part.join(HASH), Entry::Link(OURS.into()));
    }
    wanted.entries.extend(wanted.folders());
    wanted.write(folder)
}

enum Entry {
    Folder,
    File(Vec<u8>),
    Link(PathBuf),
}

/// What shall be there, above before below.
#[derive(Default)]
struct Wanted {
    entries: BTreeMap<PathBuf, Entry>,
    bytes: u64,
}

impl Wanted {
    /// What everybody may read. Links stay links: what they lead to is in guests, too, or is not theirs.
    fn copy(&mut self, host: &Path, path: &Path, depth: usize) -> io::Result<()> {
        let metadata = fs::symlink_metadata(host.join(path))?;
        let is_open = metadata.permissions().mode() & 0o004 != 0;
        let entry = if metadata.is_symlink() {
            Entry::Link(fs::read_link(host.join(path))?)
        } else if metadata.is_dir() && is_open && depth < DEEPEST {
            for entry in fs::read_dir(host.join(path))? {
                self.copy(host, &path.join(entry?.file_name()), depth + 1)?;
            }
            Entry::Folder
        } else if metadata.is_file() && is_open {
            self.bytes += metadata.len();
            if self.bytes > MOST_BYTES {
                return Err(io::Error::other(format!("/{} and its like are larger than {MOST_BYTES} bytes", path.display())));
            }
            Entry::File(fs::read(host.join(path))?)
        } else {
            return Ok(());
        };
        if self.entries.len() == MOST_ENTRIES {
            return Err(io::Error::other(format!("/{} and its like are more than {MOST_ENTRIES} files", path.display())));
        }
        self.entries.insert(path.to_owned(), entry);
        Ok(())
    }

    /// Those above what there is.
    fn folders(&self) -> Vec<(PathBuf, Entry)> {
        let above = self.entries.keys().flat_map(|path| path.ancestors().skip(1)).filter(|path| !path.as_os_str().is_empty());
        above.map(|path| (path.to_owned(), Entry::Folder)).collect()
    }

    fn write(&self, folder: &Path) -> io::Result<()> {
        make_folder(folder)?;
        for (path, entry) in &self.entries {
            write(&folder.join(path), entry)?;
        }
        self.remove_others(folder, Path::new(""))
    }

    fn remove_others(&self, folder: &Path, path: &Path) -> io::Result<()> {
        for entry in fs::read_dir(folder.join(path))? {
            let entry = entry?;
            let below = path.join(entry.file_name());
            match (self.entries.get(&below), entry.file_type()?.is_dir()) {
                (Some(Entry::Folder), _) => self.remove_others(folder, &below)?,
                (Some(_), _) => {}
                (None, true) => fs::remove_dir_all(entry.path())?,
                (None, false) => fs::remove_file(entry.path())?,
            }
        }
        Ok(())
    }
}

/// Whoever runs the daemon may have a mask; guests' users are strangers to the files.
fn make_folder(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    fs::set_permissions(path, Permissions::from_mode(0o755))
}

fn write(path: &Path, entry: &Entry) -> io::Result<()> {
    let there = fs::symlink_metadata(path).ok();
    let is_so = there.as_ref().is_some_and(|there| match entry {
        Entry::Folder => there.is_dir(),
        Entry::File(content) => there.is_file() && fs::read(path).is_ok_and(|old| old == *content),
        Entry::Link(target) => there.is_symlink() && fs::read_link(path).is_ok_and(|old| old == *target),
    });
    if is_so {
        return Ok(());
    }
    if there.is_some_and(|there| there.is_dir()) {
        fs::remove_dir_all(path)?;
    }
    let mut hidden = OsString::from(".new-");
    hidden.push(path.file_name().unwrap_or(OsStr::new("file")));
    let new = path.with_file_name(hidden);
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    match entry {
        Entry::Folder => return make_folder(path),
        Entry::File(content) => {
            fs::write(&new, content)?;
            fs::set_permissions(&new, Permissions::from_mode(0o644))?;
        }
        Entry::Link(target) => symlink(target, &new)?,
    }
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folders(PathBuf);

    impl Folders {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("peerless-trust-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(folder.join("host")).unwrap();
            Self(folder)
        }

        fn host(&self, path: &str, content: &str) {
            let path = self.0.join("host").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }

        fn furnish(&self) {
            furnish(&self.0.join("guests"), &self.0.join("host"), "OURS\n").unwrap();
        }

        fn read(&self, path: &str) -> Option<String> {
            fs::read_to_string(self.0.join("guests").join(path)).ok()
        }
    }

    impl Drop for Folders {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn debians_folder_gets_one_certificate_more() {
        let folders = Folders::new("debian");
        folders.host("etc/ssl/certs/ca-certificates.crt", "THEIRS\n");
        folders.host("etc/ssl/certs/secret", "x");
        fs::set_permissions(folders.0.join("host/etc/ssl/certs/secret"), Permissions::from_mode(0o600)).unwrap();
        symlink("/usr/share/ca-certificates/a.crt", folders.0.join("host/etc/ssl/certs/a.pem")).unwrap();
        folders.furnish();
        assert_eq!(folders.read("etc/ssl/certs/ca-certificates.crt").as_deref(), Some("THEIRS\n\nOURS\n"));
        assert_eq!(folders.read(&format!("etc/ssl/certs/{HASH}")).as_deref(), Some("OURS\n"));
        assert_eq!(fs::read_link(folders.0.join("guests/etc/ssl/certs/a.pem")).unwrap(), Path::new("/usr/share/ca-certificates/a.crt"));
        assert_eq!(folders.read("etc/ssl/certs/secret"), None);

        fs::remove_file(folders.0.join("host/etc/ssl/certs/a.pem")).unwrap();
        folders.host("etc/ssl/certs/ca-certificates.crt", "FEWER");
        folders.furnish();
        assert_eq!(folders.read("etc/ssl/certs/ca-certificates.crt").as_deref(), Some("FEWER\nOURS\n"));
        assert!(fs::symlink_metadata(folders.0.join("guests/etc/ssl/certs/a.pem")).is_err());
    }

    #[test]
    fn fedoras_folders_do_too() {
        let folders = Folders::new("fedora");
        folders.host("etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "THEIRS\n");
        fs::create_dir_all(folders.0.join("host/etc/pki/tls/certs")).unwrap();
        symlink("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", folders.0.join("host/etc/pki/tls/certs/ca-bundle.crt")).unwrap();
        fs::create_dir_all(folders.0.join("host/etc/ssl")).unwrap();
        symlink("../pki/tls/certs", folders.0.join("host/etc/ssl/certs")).unwrap();
        folders.furnish();
        assert_eq!(folders.read("etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem").as_deref(), Some("THEIRS\n\nOURS\n"));
        assert_eq!(folders.read(&format!("etc/pki/tls/certs/{HASH}")).as_deref(), Some("OURS\n"));
        assert_eq!(folders.read("etc/ssl/certs"), None);
    }

    #[test]
    fn guests_of_a_host_that_trusts_nobody_trust_one() {
        let folders = Folders::new("nobody");
        folders.furnish();
        assert_eq!(folders.read("etc/ssl/certs/ca-certificates.crt").as_deref(), Some("OURS\n"));
        assert_eq!(folders.read(&format!("etc/ssl/certs/{HASH}")).as_deref(), Some("OURS\n"));
    }
}
