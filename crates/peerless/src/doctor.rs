//! What this machine has and lacks for carrying packets, each lack with its remedy.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use instance::images::check_machine;
use instance::{Error, volume};
use serde::Serialize;

use crate::control::{self, Request, Response};
use crate::runtime::Runtime;
use crate::ssh_server::SshServer;

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What it is.
    pub subject: &'static str,
    /// Whether it is as it should be.
    pub good: bool,
    /// What was found.
    pub found: String,
    /// What helps, if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<&'static str>,
}

impl Finding {
    fn new(subject: &'static str, outcome: Result<String, String>, remedy: &'static str) -> Self {
        match outcome {
            Ok(found) => Self { subject, good: true, found, remedy: None },
            Err(found) => Self { subject, good: false, found, remedy: Some(remedy) },
        }
    }
}

/// Looks at everything.
pub fn examine(runtime: &Runtime, state: &Path, listen: SocketAddr, sshd: Option<&Path>) -> Vec<Finding> {
    vec![
        Finding::new("privileges", privileges(), "use sudo; `peerless up --model-only` needs none, and carries no packets"),
        Finding::new("kernel", kernel(), "instances need ID-mapped mounts and the fabric needs tc eBPF: Linux 5.15 has both"),
        Finding::new("tun device", exists("/dev/net/tun"), "modprobe tun; in a container, pass the device in"),
        Finding::new("cgroups", cgroups(), "mount the cgroup file systems; in a container, mount them writable"),
        Finding::new("proc", unmasked_proc(), "a container that hides parts of /proc keeps instances from mounting theirs: run it with --privileged"),
        Finding::new("ping", program("ping"), "install iputils-ping"),
        Finding::new(
            "sshd",
            SshServer::find(sshd).map(|found| found.path().display().to_string()),
            "`make tools` unpacks one, `make build` puts it beside the program; or install OpenSSH's server. Without it instances refuse port 22",
        ),
        Finding::new("login", program("login"), "install login, or util-linux: the EC2 serial console asks by it. All else works without"),
        Finding::new(
            "images",
            images(runtime, state),
            "imported images need Linux 5.19 and a state folder on ext4, XFS or btrfs: --state can name another. All else works without",
        ),
        Finding::new(
            "volumes",
            volumes(runtime, state),
            "a disk of a size needs loop devices and mkfs.ext4 of e2fsprogs; in a container, pass /dev/loop-control and loop devices in. All else works without",
        ),
        Finding::new("port", port(runtime, listen), "stop what listens there, or choose another with --listen"),
        Finding::new("leftovers", leftovers(runtime), "peerless down --name NAME removes them"),
    ]
}

fn privileges() -> Result<String, String> {
    if nix::unistd::geteuid().is_root() { Ok("root".to_owned()) } else { Err("not root".to_owned()) }
}

fn kernel() -> Result<String, String> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").map_err(|error| error.to_string())?;
    let release = release.trim().to_owned();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map_while(|part| part.parse::<u32>().ok());
    let version = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    if version >= (5, 15) { Ok(release) } else { Err(format!("Linux {release}")) }
}

fn exists(path: &str) -> Result<String, String> {
    if Path::new(path).exists() { Ok(path.to_owned()) } else { Err(format!("there is no {path}")) }
}

fn cgroups() -> Result<String, String> {
    let mounts = fs::read_to_string("/proc/self/mounts").map_err(|error| error.to_string())?;
    let mounted =
        |kind: &str| mounts.lines().any(|line| line.split(' ').nth(2) == Some(kind) && !line.split(' ').nth(3).unwrap_or_default().starts_with("ro"));
    match (mounted("cgroup2"), mounted("cgroup")) {
        (_, true) => Ok("version 1".to_owned()),
        (true, false) => Ok("version 2".to_owned()),
        (false, false) => Err("no writable hierarchy is mounted".to_owned()),
    }
}

fn unmasked_proc() -> Result<String, String> {
    let mounts = fs::read_to_string("/proc/self/mounts").map_err(|error| error.to_string())?;
    match mounts.lines().filter_map(|line| line.split(' ').nth(1)).find(|path| path.starts_with("/proc/") && *path != "/proc/sys/fs/binfmt_misc") {
        Some(mask) => Err(format!("{mask} is mounted over")),
        None => Ok("whole".to_owned()),
    }
}

fn program(name: &str) -> Result<String, String> {
    let folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];
    let found = folders.iter().map(|folder| format!("{folder}/{name}")).find(|path| Path::new(path).exists());
    found.ok_or_else(|| format!("there is no {name}"))
}

/// Whether imported images boot: that is tried, in the folder of the daemon that runs.
fn images(runtime: &Runtime, state: &Path) -> Result<String, String> {
    privileges().map_err(|why| format!("nobody knows whether imported ones boot: {why}"))?;
    match check_machine(&state_folder(runtime, state)) {
        Ok(()) => Ok("imported ones boot".to_owned()),
        Err(Error::NoImages { reason }) => Err(reason),
        Err(error) => Err(error.to_string()),
    }
}

/// Whether a disk can have a size: that is tried, too.
fn volumes(runtime: &Runtime, state: &Path) -> Result<String, String> {
    privileges().map_err(|why| format!("nobody knows whether disks can have a size: {why}"))?;
    volume::check_machine(&state_folder(runtime, state)).map(|()| "disks can have a size".to_owned()).map_err(|error| error.to_string())
}

/// That of the daemon that runs, if one does.
fn state_folder(runtime: &Runtime, state: &Path) -> PathBuf {
    match control::ask(&runtime.control_socket(), &Request::Status) {
        Ok(Response::Status(status)) => status.state,
        _ => state.to_owned(),
    }
}

fn port(runtime: &Runtime, listen: SocketAddr) -> Result<String, String> {
    if let Ok(Response::Status(status)) = control::ask(&runtime.control_socket(), &Request::Status) {
        return Ok(format!("{} is this daemon's own", status.endpoint));
    }
    TcpListener::bind(listen).map(|_| format!("{listen} is free")).map_err(|error| format!("{listen}: {error}"))
}

/// Folders of daemons that do not answer.
fn leftovers(runtime: &Runtime) -> Result<String, String> {
    let base = runtime.folder().parent().unwrap_or(Path::new("/"));
    let Ok(folders) = fs::read_dir(base) else { return Ok("none".to_owned()) };
    let dead: Vec<String> = folders
        .flatten()
        .filter(|folder| control::ask(&folder.path().join("control.sock"), &Request::Status).is_err())
        .map(|folder| folder.file_name().to_string_lossy().into_owned())
        .collect();
    if dead.is_empty() { Ok("none".to_owned()) } else { Err(format!("of daemons that are gone: {}", dead.join(", "))) }
}
