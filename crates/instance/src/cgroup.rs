//! The control groups of a guest: its memory, its share of the processors and the number of its processes.
//!
//! Both versions serve. Version 1 has a hierarchy per controller, version 2 one for all; some machines have both, each with a part of the
//! controllers. Where they are comes from the mount table (`hierarchy`), what is written there from the limits (`limit`).

mod hierarchy;
mod limit;

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

pub(crate) use hierarchy::Hierarchies;
pub(crate) use limit::Limits;

use crate::{error::Error, process, syscall};

/// The directory at the root of each hierarchy under which everything of Peerless's is.
const TOP: &str = "peerless";

/// How long the last process of a killed guest may take to leave its group.
const PATIENCE: Duration = Duration::from_secs(5);

/// The file to which a process writes `0` to move itself into the group.
pub(crate) const PROCESSES: &str = "cgroup.procs";

impl Hierarchies {
    /// Makes the groups of one guest and sets its limits; returns their directories.
    pub(crate) fn create(&self, daemon: &str, id: &str, limits: &Limits) -> Result<Vec<PathBuf>, Error> {
        let mut groups = Vec::new();
        for hierarchy in self.iter() {
            let group = hierarchy.root.join(TOP).join(daemon).join(id);
            make_directory(&group).map_err(refused(&group))?;
            for (path, value) in hierarchy.delegations(&hierarchy.root.join(TOP).join(daemon)) {
                fs::write(&path, value).map_err(refused(&path))?;
            }
            for setting in limits.settings(hierarchy) {
                let path = group.join(setting.file);
                match fs::write(&path, &setting.value) {
                    Err(error) if setting.optional && error.kind() == io::ErrorKind::NotFound => {}
                    result => result.map_err(refused(&path))?,
                }
            }
            groups.push(group);
        }
        Ok(groups)
    }

    /// Kills whatever still runs in a guest's groups, and removes them, and the directories above once they are empty.
    pub(crate) fn remove(&self, daemon: &str, id: &str) -> Result<(), Error> {
        for hierarchy in self.iter() {
            let above = hierarchy.root.join(TOP).join(daemon);
            remove_group(id, &above.join(id))?;
            // Another guest's group may be in them, or just about to be: then they stay.
            let _ = fs::remove_dir(&above).and_then(|()| fs::remove_dir(hierarchy.root.join(TOP)));
        }
        Ok(())
    }

    /// The ids of all guests of a daemon that have a group.
    pub(crate) fn guests(&self, daemon: &str) -> BTreeSet<String> {
        let directories = self.iter().filter_map(|hierarchy| fs::read_dir(hierarchy.root.join(TOP).join(daemon)).ok());
        let entries = directories.flatten().flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
    }
}

fn refused(path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Cgroup { path: path.to_owned(), source }
}

/// Makes a group's directory, although the removal of a neighbour may take the directories above away at any moment.
fn make_directory(group: &Path) -> io::Result<()> {
    let mut result = fs::create_dir_all(group);
    for _ in 0..10 {
        match &result {
            Err(error) if error.kind() == io::ErrorKind::NotFound => result = fs::create_dir_all(group),
            _ => break,
        }
    }
    result
}

fn remove_group(id: &str, group: &Path) -> Result<(), Error> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match fs::remove_dir(group) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => {
                if Instant::now() > deadline {
                    return Err(Error::Survives { id: id.to_owned() });
                }
                kill_members(group);
                thread::sleep(Duration::from_millis(2));
            }
            Err(source) => return Err(Error::Cgroup { path: group.to_owned(), source }),
        }
    }
}

/// Kills the processes of a group. One that has just ended is no error, and the caller looks again anyhow.
fn kill_members(group: &Path) {
    for pid in members(group) {
        let Ok(pidfd) = syscall::pidfd_open(pid) else { continue };
        // The number may have passed to a stranger before the descriptor was opened, who then is not in the group.
        if members(group).contains(&pid) {
            let _ = syscall::pidfd_send_signal(&pidfd, libc::SIGKILL);
            let _ = process::ended_within(&pidfd, Duration::from_millis(100));
        }
    }
}

fn members(group: &Path) -> Vec<i32> {
    let text = fs::read_to_string(group.join(PROCESSES)).unwrap_or_default();
    // Processes of a pid namespace that this one cannot see are listed as 0.
    text.lines().filter_map(|line| line.parse().ok()).filter(|&pid| pid > 0).collect()
}
