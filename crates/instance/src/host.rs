//! Where a daemon keeps its guests, and all that is done to them from outside.
//!
//! A guest leaves traces in three places: a record and its pulse in the runtime directory, groups in the cgroup hierarchies and a directory on disk. A build
//! that was interrupted may lack the record, so leftovers are looked for in the cgroups as well. Mounts and network are bound to its
//! namespaces and end with them.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use crate::{
    builder::{Built, Order},
    cgroup::{Hierarchies, Limits},
    console::{self, ConsoleOutput},
    disk,
    error::{Doing, Error},
    guest::Guest,
    process,
    spec::{Spec, check_name},
    volume,
};

/// How long the kernel may take to end all processes of a guest.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where a daemon keeps its guests: all names derive from it, so that two daemons never meet.
#[derive(Clone, Debug)]
pub struct Host {
    /// The daemon's name.
    pub name: String,
    /// Holds the records of running guests, and is lost when the machine restarts, as guests are.
    pub runtime_dir: PathBuf,
    /// Holds the guests' disks.
    pub state_dir: PathBuf,
    /// A folder with OpenSSH's `sshd`, with what that executes and, in `lib`, the libraries that the host lacks. Without one, guests have the
    /// host's `/usr/sbin/sshd`; without that either, none.
    pub sshd: Option<PathBuf>,
    /// A folder with settings for guests: what they have from the host's `/etc`, they have from the folder's `etc` where that has it.
    pub settings: Option<PathBuf>,
}

/// What becomes of a guest's disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// It waits for the next build: the instance is stopped.
    Keep,
    /// It goes, and the console log with it: the instance is terminated.
    Delete,
}

impl Host {
    /// Builds a guest, in a process of its own, that runs this program as `__guest build`. When this returns, all namespaces exist and
    /// the guest's init waits for its network. What an earlier guest of that id left behind is removed first, except its disk.
    pub fn build(&self, spec: &Spec) -> Result<Guest, Error> {
        spec.check()?;
        check_name("name of the daemon", &self.name, "-_.")?;
        if self.guest(&spec.id)?.is_some_and(|guest| guest.is_alive()) {
            return Err(Error::Running { id: spec.id.clone() });
        }
        self.destroy(&spec.id, Disk::Keep)?;
        let disk = if self.disk(&spec.id).exists() { Disk::Keep } else { Disk::Delete };
        self.build_fresh(spec).inspect_err(|_| drop(self.destroy(&spec.id, disk)))
    }

    /// All guests that have a record, whether they run or not, by id.
    pub fn guests(&self) -> Result<Vec<Guest>, Error> {
        self.recorded()?.iter().filter_map(|id| self.guest(id).transpose()).collect()
    }

    /// The guest of this id, if it has a record.
    pub fn guest(&self, id: &str) -> Result<Option<Guest>, Error> {
        match Guest::read(&self.record(id)) {
            Err(Error::System { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
            result => result.map(Some),
        }
    }

    /// What the console of a guest has shown, also of one that is off; nothing if it has no disk.
    pub fn console_output(&self, id: &str) -> Result<Option<ConsoleOutput>, Error> {
        check_name("id", id, "-")?;
        match console::read(&self.console(id)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            result => result.map(Some).doing_with(|| format!("reading the console log of {id}")),
        }
    }

    /// Ends a guest at once and removes every trace of it, or all but its disk. A guest that is half there, or not at all, is no error.
    pub fn destroy(&self, id: &str, disk: Disk) -> Result<(), Error> {
        check_name("id", id, "-")?;
        // A record that cannot be read is no reason to leave the rest behind: the cgroups name the processes, too.
        if let Ok(Some(guest)) = self.guest(id)
            && !guest.kill(PATIENCE)?
        {
            return Err(Error::Survives { id: id.to_owned() });
        }
        Hierarchies::mounted()?.remove(&self.name, id)?;
        if disk == Disk::Delete {
            disk::delete(&self.disk(id)).doing_with(|| format!("deleting the disk of {id}"))?;
        }
        for file in [self.pulse(id), self.record(id)] {
            absent(fs::remove_file(&file)).doing_with(|| format!("removing {}", file.display()))?;
        }
        Ok(())
    }

    /// Ends every guest and removes what is left of any, keeping the disks.
    pub fn destroy_all(&self) -> Result<(), Error> {
        // One that resists shall not protect the others.
        let results: Vec<_> = self.leftovers()?.iter().map(|id| self.destroy(id, Disk::Keep)).collect();
        results.into_iter().collect()
    }

    /// The ids of all guests that are not entirely gone, disks aside.
    pub fn leftovers(&self) -> Result<BTreeSet<String>, Error> {
        let mut ids = Hierarchies::mounted()?.guests(&self.name);
        ids.extend(self.recorded()?);
        Ok(ids)
    }

    /// A command that runs `command` inside as `user`, or that user's login shell if it is empty: this program as `__guest enter`.
    /// Its standard streams and its exit status are the command's.
    pub fn enter_command(&self, id: &str, user: &str, command: &[OsString]) -> Command {
        let mut this = Command::new("/proc/self/exe");
        this.args(["__guest", "enter"]).arg(self.record(id)).arg(user).args(command);
        this
    }

    /// A command that serves the guest's serial port, as [`serial`](crate::serial) has it: this program as `__guest serial`.
    /// There must not be two for a guest at a time.
    pub fn serial_command(&self, id: &str) -> Command {
        let mut this = Command::new("/proc/self/exe");
        this.args(["__guest", "serial"]).arg(self.record(id)).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        this
    }

    fn build_fresh(&self, spec: &Spec) -> Result<Guest, Error> {
        let groups = Hierarchies::mounted()?.create(&self.name, &spec.id, &Limits::from(spec))?;
        let disk = self.disk(&spec.id);
        disk::make_private(&disk)?;
        let order = Order {
            spec: spec.clone(),
            groups,
            volume: spec.disk_gib.map(|gib| volume::make(&disk, gib)).transpose()?,
            disk,
            console: self.console(&spec.id),
            pulse: self.pulse(&spec.id),
            sshd: self.sshd.clone(),
            settings: self.settings.clone(),
        };
        disk::make_private(&self.records())?;
        let built = run_builder(&order)?;
        let gone = || Error::Gone { id: spec.id.clone() };
        let guest = Guest {
            id: spec.id.clone(),
            pid: built.pid,
            start_time: process::status(built.pid).ok_or_else(gone)?.start_time,
            network_namespace_id: built.network_namespace,
            groups: order.groups,
            console: order.console,
            pulse: order.pulse,
        };
        // The namespace proves that the process of that number is the guest's.
        guest.network_namespace()?;
        guest.write(&self.record(&spec.id))?;
        Ok(guest)
    }

    fn records(&self) -> PathBuf {
        self.runtime_dir.join("instances")
    }

    fn record(&self, id: &str) -> PathBuf {
        self.records().join(id).with_added_extension("json")
    }

    fn pulse(&self, id: &str) -> PathBuf {
        self.records().join(id).with_added_extension("pulse")
    }

    fn disk(&self, id: &str) -> PathBuf {
        self.state_dir.join("instances").join(id)
    }

    fn console(&self, id: &str) -> PathBuf {
        self.disk(id).join("console.log")
    }

    fn recorded(&self) -> Result<BTreeSet<String>, Error> {
        let directory = match fs::read_dir(self.records()) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
            result => result.doing_with(|| format!("reading {}", self.records().display()))?,
        };
        let names = directory.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        Ok(names.filter_map(|name| name.strip_suffix(".json").map(str::to_owned)).collect())
    }
}

fn run_builder(order: &Order) -> Result<Built, Error> {
    let failed = |reason: String| Error::Build { id: order.spec.id.clone(), reason };
    // By this path even a program that was replaced on disk runs itself, not its successor.
    let mut command = Command::new("/proc/self/exe");
    // The guest's init will be a copy of this process, and should have a name in the list of processes on either side.
    command
        .arg0(format!("init[{}]", order.spec.id))
        .args(["__guest", "build"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut builder = command.spawn().doing("starting a builder")?;
    let told = match builder.stdin.take() {
        Some(stdin) => serde_json::to_writer(stdin, order),
        None => unreachable!("standard input was asked to be a pipe"),
    };
    // A builder that ends before it has read everything says why.
    let output = builder.wait_with_output().doing("waiting for the builder")?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    told.map_err(|error| failed(error.to_string()))?;
    serde_json::from_slice(&output.stdout).map_err(|source| Error::Record { path: "the builder's answer".into(), source })
}

fn absent(result: std::io::Result<()>) -> std::io::Result<()> {
    match result {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}
