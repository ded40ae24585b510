//! Where this machine's cgroup hierarchies are, and which controller is in which.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use crate::error::{Doing, Error};

/// What a guest's limits need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Controller {
    Memory,
    Cpu,
    Pids,
}

/// The two interfaces that the kernel has had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
}

/// One mounted hierarchy and those of the needed controllers that it has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hierarchy {
    pub(crate) root: PathBuf,
    pub(crate) version: Version,
    pub(crate) controllers: Vec<Controller>,
}

/// The hierarchies that together have every controller.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hierarchies(Vec<Hierarchy>);

impl Controller {
    const ALL: [Controller; 3] = [Controller::Memory, Controller::Cpu, Controller::Pids];

    fn name(self) -> &'static str {
        match self {
            Controller::Memory => "memory",
            Controller::Cpu => "cpu",
            Controller::Pids => "pids",
        }
    }
}

impl fmt::Display for Controller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Hierarchies {
    /// Looks them up in the mount table.
    pub(crate) fn mounted() -> Result<Hierarchies, Error> {
        let table = fs::read_to_string("/proc/self/mountinfo").doing("reading the mount table")?;
        Hierarchies::find(&table, |root| fs::read_to_string(root.join("cgroup.controllers")).unwrap_or_default())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Hierarchy> {
        self.0.iter()
    }

    /// `unified` tells which controllers the version 2 hierarchy at a path has: those that no version 1 hierarchy has taken.
    fn find(table: &str, unified: impl Fn(&Path) -> String) -> Result<Hierarchies, Error> {
        let mounts: Vec<Mount> = table.lines().filter_map(Mount::parse).collect();
        let mut found: Vec<Hierarchy> = Vec::new();
        for controller in Controller::ALL {
            let has = |mount: &&Mount| match mount.version {
                Version::V1 => mount.options.split(',').any(|option| option == controller.name()),
                Version::V2 => unified(&mount.root).split_ascii_whitespace().any(|name| name == controller.name()),
            };
            let mount = mounts.iter().find(has).ok_or(Error::NoController { controller: controller.name() })?;
            match found.iter_mut().find(|hierarchy| hierarchy.root == mount.root) {
                Some(hierarchy) => hierarchy.controllers.push(controller),
                None => found.push(Hierarchy { root: mount.root.clone(), version: mount.version, controllers: vec![controller] }),
            }
        }
        Ok(Hierarchies(found))
    }
}

impl Hierarchy {
    /// What to write where so that groups in `directory` have the controllers. Version 2 hands them down level by level, version 1 always.
    pub(crate) fn delegations(&self, directory: &Path) -> Vec<(PathBuf, String)> {
        if self.version == Version::V1 {
            return Vec::new();
        }
        let wanted: Vec<String> = self.controllers.iter().map(|controller| format!("+{controller}")).collect();
        let mut levels: Vec<&Path> = directory.ancestors().take_while(|level| level.starts_with(&self.root)).collect();
        levels.reverse();
        levels.into_iter().map(|level| (level.join("cgroup.subtree_control"), wanted.join(" "))).collect()
    }
}

struct Mount<'a> {
    root: PathBuf,
    version: Version,
    options: &'a str,
}

impl<'a> Mount<'a> {
    /// A line of `mountinfo`: `30 24 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory`. Other file systems give nothing.
    fn parse(line: &'a str) -> Option<Mount<'a>> {
        let (mount, source) = line.split_once(" - ")?;
        let mut source = source.split(' ');
        let version = match source.next()? {
            "cgroup" => Version::V1,
            "cgroup2" => Version::V2,
            _ => return None,
        };
        let options = source.nth(1)?;
        let path = mount.split(' ').nth(4)?;
        Some(Mount { root: PathBuf::from(path.replace("\\040", " ")), version, options })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEPARATE: &str = "\
        30 24 0:26 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
        31 24 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
    const UNIFIED: &str = "40 24 0:30 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";

    fn none(_: &Path) -> String {
        String::new()
    }

    #[test]
    fn one_hierarchy_may_have_several_controllers() {
        let found = Hierarchies::find(UNIFIED, |_| "cpuset cpu io memory pids\n".to_owned()).unwrap();
        let unified = Hierarchy { root: "/sys/fs/cgroup".into(), version: Version::V2, controllers: Controller::ALL.to_vec() };
        assert_eq!(found, Hierarchies(vec![unified]));
    }

    #[test]
    fn a_missing_controller_is_named() {
        let error = Hierarchies::find(SEPARATE, none).unwrap_err();
        assert!(matches!(error, Error::NoController { controller: "pids" }), "{error}");
    }

    #[test]
    fn the_versions_may_share_the_controllers() {
        let found = Hierarchies::find(&format!("{SEPARATE}{UNIFIED}"), |_| "pids".to_owned()).unwrap();
        let versions: Vec<_> = found.iter().map(|hierarchy| (hierarchy.version, hierarchy.controllers.clone())).collect();
        let expected = [(Version::V1, Controller::Memory), (Version::V1, Controller::Cpu), (Version::V2, Controller::Pids)];
        assert_eq!(versions, expected.map(|(version, controller)| (version, vec![controller])));
    }

    #[test]
    fn version_2_hands_controllers_down_from_the_root() {
        let found = Hierarchies::find(UNIFIED, |_| "cpu memory pids".to_owned()).unwrap();
        let delegations = found.0[0].delegations(Path::new("/sys/fs/cgroup/peerless/default"));
        let expected = ["/sys/fs/cgroup", "/sys/fs/cgroup/peerless", "/sys/fs/cgroup/peerless/default"];
        assert_eq!(delegations, expected.map(|level| (Path::new(level).join("cgroup.subtree_control"), "+memory +cpu +pids".to_owned())));
    }
}
