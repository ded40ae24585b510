//! `sshd`, which the init starts when the network is there, and again whenever it ends.
//!
//! It is the host's, or that of the folder that guests are given where the host has none. Its host keys are made at the first boot, and shown
//! on the console then, as EC2 does it: who connects can compare.

use std::{
    convert::Infallible,
    fs, io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::PATH;
use crate::{
    error::{Doing, Error},
    furnish::ssh::KEYS_COMMAND,
    image,
    spec::Spec,
};

/// The kinds of host keys that Amazon Linux 2023 has. RSA is left out: making such a key takes a second of processor time.
const KEYS: [&str; 2] = ["ecdsa", "ed25519"];

/// Where sshd is, if anywhere.
pub(crate) fn program() -> Option<PathBuf> {
    [folder().join("sshd"), PathBuf::from("/usr/sbin/sshd")].into_iter().find(|program| program.exists())
}

/// Becomes sshd; returns only if that fails. Standard output and error are the console.
pub(crate) fn run(spec: &Spec) -> Result<Infallible, Error> {
    let program = program().ok_or_else(|| Error::Inside { reason: "there is no sshd any more".to_owned() })?;
    let folder = folder();
    make_keys()?;
    let mut command = Command::new(&program);
    // Not in the background, and with a log of its own, since there is no syslog.
    command.args(["-D", "-E", "/var/log/sshd.log"]).env_clear().env("PATH", PATH);
    if spec.image.is_some() {
        // The image's own settings do not ask for them.
        command.arg("-o").arg(format!("AuthorizedKeysCommand={KEYS_COMMAND} %u")).args(["-o", "AuthorizedKeysCommandUser=nobody"]);
    }
    if program.starts_with(&folder) {
        command.env("LD_LIBRARY_PATH", folder.join("lib"));
        // Since OpenSSH 9.8 and 10.0 it is several programs, the paths of which are compiled in.
        for (option, part) in [("SshdSessionPath", "sshd-session"), ("SshdAuthPath", "sshd-auth")] {
            if folder.join(part).exists() {
                command.arg("-o").arg(format!("{option}={}", folder.join(part).display()));
            }
        }
    }
    Err(command.exec()).doing_with(|| format!("starting {}", program.display()))
}

fn folder() -> PathBuf {
    Path::new("/").join(image::SSHD)
}

fn make_keys() -> Result<(), Error> {
    let mut made = false;
    for kind in KEYS {
        let path = key(kind);
        if path.exists() {
            continue;
        }
        // Only a key that is complete gets its name: this may be killed at any moment.
        let new = path.with_extension("new");
        let _ = fs::remove_file(&new);
        keygen(&["-q", "-N", "", "-t", kind, "-f", &new.to_string_lossy()])?;
        let rename = |from: &Path, to: &Path| fs::rename(from, to).doing_with(|| format!("making {}", to.display()));
        rename(&new.with_extension("new.pub"), &path.with_added_extension("pub"))?;
        rename(&new, &path)?;
        made = true;
    }
    if made { show_keys() } else { Ok(()) }
}

/// In the words of cloud-init, which people's programs look for.
fn show_keys() -> Result<(), Error> {
    let mut text = "ec2: -----BEGIN SSH HOST KEY FINGERPRINTS-----\n".to_owned();
    for kind in KEYS {
        text += &format!("ec2: {}", keygen(&["-l", "-f", &key(kind).with_added_extension("pub").to_string_lossy()])?);
    }
    text += "ec2: -----END SSH HOST KEY FINGERPRINTS-----\n-----BEGIN SSH HOST KEY KEYS-----\n";
    for kind in KEYS {
        let path = key(kind).with_added_extension("pub");
        text += &fs::read_to_string(&path).doing_with(|| format!("reading {}", path.display()))?;
    }
    text += "-----END SSH HOST KEY KEYS-----\n";
    io::Write::write_all(&mut io::stdout(), text.as_bytes()).doing("showing the host keys")
}

fn key(kind: &str) -> PathBuf {
    format!("/etc/ssh/ssh_host_{kind}_key").into()
}

fn keygen(arguments: &[&str]) -> Result<String, Error> {
    let mut command = Command::new("/usr/bin/ssh-keygen");
    let output = command.args(arguments).env_clear().env("PATH", PATH).stdin(Stdio::null()).output().doing("starting ssh-keygen")?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Error::Inside { reason: format!("ssh-keygen: {}", String::from_utf8_lossy(&output.stderr).trim()) })
}
