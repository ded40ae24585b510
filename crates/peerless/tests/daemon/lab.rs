//! A daemon of its own, in folders of its own.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::api;

/// A daemon's name, folders and address. Its end is the end of the daemon.
pub struct Lab {
    name: String,
    folder: PathBuf,
    pub address: SocketAddr,
    pub daemon: Option<Child>,
}

impl Lab {
    pub fn new(name: &str) -> Self {
        let name = unique(name);
        let folder = std::env::temp_dir().join(format!("peerless-test-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self { name, folder, address, daemon: None }
    }

    /// The process that is an instance's init, if the instance has one.
    pub fn init_of(&self, instance: &str) -> Option<i32> {
        let record = self.runtime().join(&self.name).join("instances").join(format!("{instance}.json"));
        let record: serde_json::Value = serde_json::from_slice(&std::fs::read(record).ok()?).ok()?;
        i32::try_from(record["pid"].as_i64()?).ok()
    }

    pub fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    pub fn runtime(&self) -> PathBuf {
        self.folder.join("run")
    }

    /// `peerless` with this lab's names.
    pub fn peerless(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_peerless"));
        command.args(arguments).env("PEERLESS_NAME", &self.name);
        command.env("PEERLESS_STATE", self.state()).env("PEERLESS_RUNTIME_DIR", self.runtime()).env("PEERLESS_LISTEN", self.address.to_string());
        command
    }

    /// Runs `peerless` to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.peerless(arguments).stdin(Stdio::null()).output().unwrap()
    }

    /// Its standard output, where anything but success is a failure of the test.
    pub fn must(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts the daemon as a child, and waits until it answers.
    pub fn up(&mut self, options: &[&str]) {
        let mut arguments = vec!["up"];
        arguments.extend(options);
        let child = self.peerless(&arguments).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        self.daemon = Some(child);
        eventually("the API answers", || {
            std::net::TcpStream::connect(self.address).is_ok() && api::call(self.address, "DescribeRegions", "").status == 200
        });
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let mut daemon = self.daemon.take().unwrap();
        daemon.kill().unwrap();
        daemon.wait().unwrap();
    }

    /// `peerless down`, and the end of the child.
    pub fn down(&mut self, options: &[&str]) {
        let mut arguments = vec!["down"];
        arguments.extend(options);
        self.must(&arguments);
        if let Some(mut daemon) = self.daemon.take() {
            assert!(daemon.wait().unwrap().success());
        }
    }

    pub fn must_call(&self, action: &str, parameters: &str) -> api::Reply {
        api::must(self.address, action, parameters)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if self.daemon.is_some() {
            let _ = self.run(&["down"]);
        }
        if let Some(mut daemon) = self.daemon.take() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A daemon's name that no daemon of another sandbox has: the cgroups are the host's.
pub fn unique(name: &str) -> String {
    let sandbox = std::os::unix::fs::MetadataExt::ino(&std::fs::metadata("/proc/self/ns/pid").unwrap());
    format!("{name}-{sandbox}")
}

/// Waits, for at most a minute, until it is so.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
