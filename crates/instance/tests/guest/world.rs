//! A host of the test's own, and one guest that most checks share.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use instance::{Disk, Guest, Host, IDS_PER_GUEST, Spec};
use nix::{
    sys::wait::{WaitPidFlag, waitpid},
    unistd::Pid,
};

pub struct World {
    pub host: Host,
    pub guest: Guest,
    directory: PathBuf,
}

impl World {
    pub fn new() -> World {
        // In a sandbox every test is the same process, and the cgroups are the host's.
        let sandbox = std::os::unix::fs::MetadataExt::ino(&fs::metadata("/proc/self/ns/pid").unwrap());
        let name = format!("test-{sandbox}-{}", std::process::id());
        let directory = std::env::temp_dir().join(format!("peerless-instance-{name}"));
        // As the product's: closed to everyone else, so that a guest's root must not depend on its path.
        fs::create_dir_all(&directory).unwrap();
        fs::set_permissions(&directory, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let host = Host { name, runtime_dir: directory.join("run"), state_dir: directory.join("state"), sshd: sshd(), settings: None };
        let begin = Instant::now();
        let guest = host.build(&spec(1)).unwrap_or_else(|error| panic!("{error}"));
        guest.boot().unwrap();
        println!("       built and booted in {:.1?}", begin.elapsed());
        World { host, guest, directory }
    }

    /// Runs a shell script inside; returns what it said and whether it succeeded.
    pub fn shell(&self, user: &str, script: &str) -> (bool, String) {
        let output = self.run(user, &["sh", "-c", script]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text.trim().to_owned())
    }

    pub fn run(&self, user: &str, command: &[&str]) -> Output {
        self.run_in(&self.guest, user, command)
    }

    pub fn run_in(&self, guest: &Guest, user: &str, command: &[&str]) -> Output {
        let command: Vec<OsString> = command.iter().map(OsString::from).collect();
        self.host.enter_command(&guest.id, user, &command).stdin(Stdio::null()).output().unwrap()
    }

    /// A folder for what a check needs outside.
    pub fn folder(&self, name: &str) -> PathBuf {
        let folder = self.directory.join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    pub fn remove(self) {
        for id in self.host.leftovers().unwrap() {
            self.host.destroy(&id, Disk::Delete).unwrap();
        }
        fs::remove_dir_all(&self.directory).unwrap();
    }
}

pub fn spec(number: u32) -> Spec {
    Spec {
        id: format!("i-{number:017x}"),
        image: None,
        hostname: "ip-10-1-4-7".into(),
        address: [10, 1, 4, 7].into(),
        domain: "ec2.internal".into(),
        login: "ec2-user".into(),
        ttl: 127,
        memory_mib: 512,
        vcpus: 1,
        disk_gib: None,
        first_id: 0x4000_0000 + number * IDS_PER_GUEST,
        search: vec!["ec2.internal".into()],
        nameservers: vec![[10, 1, 0, 2].into()],
        motd: "Welcome to the test".into(),
        authorized_keys: Vec::new(),
        authority: None,
        user_data: None,
    }
}

/// The folder that `make tools` has unpacked, unless this host has a server of its own.
pub fn sshd() -> Option<PathBuf> {
    let unpacked = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/sshd");
    let folder = std::env::var_os("PEERLESS_SSHD").map_or_else(unpacked, PathBuf::from);
    folder.join("sshd").exists().then_some(folder)
}

/// Waits for what the kernel does in its own time.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "still not so: {what}");
        reap();
        thread::sleep(Duration::from_millis(5));
    }
}

/// Collects adopted orphans that have ended.
pub fn reap() {
    while waitpid(Pid::from_raw(-1), Some(WaitPidFlag::WNOHANG)).is_ok_and(|status| status.pid().is_some()) {}
}
