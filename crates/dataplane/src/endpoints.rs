//! Where the interfaces of EC2 Instance Connect Endpoints are: each in a network namespace of its own, with no guest in it.
//!
//! Who makes a socket there connects as the endpoint does, through its groups, network ACL and routes. The connections are
//! the daemon's and end with it, so the next one makes each interface anew, in the namespace that it finds.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::{InstanceConnectEndpoint, NetworkInterfaceId, Snapshot};

use crate::data_plane::DataPlane;
use crate::error::{Doing, Result};
use crate::namespace::{self, Namespace};

/// The namespaces that there are.
pub(crate) struct Endpoints {
    folder: PathBuf,
    /// Those with the interface in them.
    complete: Mutex<BTreeMap<NetworkInterfaceId, Namespace>>,
}

impl Endpoints {
    /// Those of the data plane in that folder. None has its interface yet.
    pub fn of(runtime_dir: &Path) -> Self {
        Self { folder: folder(runtime_dir), complete: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<NetworkInterfaceId, Namespace>> {
        self.complete.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, id: NetworkInterfaceId) -> PathBuf {
        self.folder.join(id.to_string())
    }

    /// The namespace of that interface: the one that an earlier daemon left, or a new one.
    fn namespace(&self, id: NetworkInterfaceId) -> Result<Namespace> {
        fs::create_dir_all(&self.folder).doing(|| format!("create {}", self.folder.display()))?;
        let path = self.path(id);
        let namespace = match Namespace::kept_at(&path)? {
            Some(left) => left,
            None => Namespace::create(&path)?,
        };
        namespace.make_host()?;
        Ok(namespace)
    }
}

impl DataPlane {
    /// Gives the interface of every endpoint in the latest snapshot its place, and removes those that no endpoint has any
    /// more. One that fails does not keep the others from theirs; the first failure is reported.
    pub fn place_endpoints(&self) -> Result<()> {
        let snapshot = self.latest.load_full();
        let wanted = interfaces(&snapshot);
        let mut complete = self.endpoints.lock();
        let there: BTreeSet<_> = complete.keys().copied().collect();
        let gone = there.difference(&wanted).map(|&id| {
            self.detach(id)?;
            namespace::forget(&self.endpoints.path(id))?;
            complete.remove(&id);
            Ok(())
        });
        let gone = first_failure(gone.collect());
        let new = wanted.difference(&there).map(|&id| {
            let namespace = self.endpoints.namespace(id)?;
            self.attach(id, duplicate(&namespace)?)?;
            complete.insert(id, namespace);
            Ok(())
        });
        let new = first_failure(new.collect());
        gone.and(new)
    }

    /// The network namespace of an endpoint's interface, if it is there.
    pub fn endpoint_namespace(&self, id: NetworkInterfaceId) -> Result<Option<OwnedFd>> {
        self.endpoints.lock().get(&id).map(duplicate).transpose()
    }
}

fn interfaces(snapshot: &Snapshot) -> BTreeSet<NetworkInterfaceId> {
    snapshot.all::<InstanceConnectEndpoint>().map(|endpoint| endpoint.interface).collect()
}

fn first_failure(results: Vec<Result<()>>) -> Result<()> {
    results.into_iter().collect()
}

fn duplicate(namespace: &Namespace) -> Result<OwnedFd> {
    namespace.as_fd().try_clone_to_owned().doing(|| "duplicate a descriptor".to_owned())
}

/// Removes the namespaces of interfaces that the snapshot does not have: an earlier daemon left them.
pub(crate) fn remove_strays(runtime_dir: &Path, snapshot: &Snapshot) -> Result<()> {
    let wanted = interfaces(snapshot);
    remove_all_but(runtime_dir, |name| name.parse().is_ok_and(|id| wanted.contains(&id)))
}

/// Removes them all, whoever made them.
pub(crate) fn remove(runtime_dir: &Path) -> Result<()> {
    remove_all_but(runtime_dir, |_| false)?;
    match fs::remove_dir(folder(runtime_dir)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).doing(|| format!("remove {}", folder(runtime_dir).display())),
        _ => Ok(()),
    }
}

fn remove_all_but(runtime_dir: &Path, stays: impl Fn(&str) -> bool) -> Result<()> {
    let folder = folder(runtime_dir);
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.doing(|| format!("read {}", folder.display()))?,
    };
    for entry in entries {
        let entry = entry.doing(|| format!("read {}", folder.display()))?;
        if !entry.file_name().to_str().is_some_and(&stays) {
            namespace::forget(&entry.path())?;
        }
    }
    Ok(())
}

fn folder(runtime_dir: &Path) -> PathBuf {
    runtime_dir.join("endpoints")
}
