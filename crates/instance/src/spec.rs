//! What a guest shall be like.

use std::{net::IpAddr, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The number of user and group ids that a guest has to itself: as many as fit 16 bits, which is what distributions count on.
pub const IDS_PER_GUEST: u32 = 65_536;

/// The largest user data: EC2's limit. <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html>
pub const USER_DATA_BYTES: usize = 16 * 1024;

/// What a guest shall be like.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// `i-0123456789abcdef0`: names the record, the disk and the cgroup.
    pub id: String,
    /// The root file system that the guest boots: a folder of [`images`](crate::images). Without one, the host's programs.
    #[serde(default)]
    pub image: Option<PathBuf>,
    /// `ip-10-1-4-7`
    pub hostname: String,
    /// What the guest's own name means, as long as nobody asks the resolver: its primary private address.
    pub address: IpAddr,
    /// `ec2.internal`: the domain of its own name, which is what `hostname -f` says.
    pub domain: String,
    /// `ec2-user`: the user whom one logs in as, who may become root.
    pub login: String,
    /// The time to live with which packets leave: 127 on Amazon Linux, 64 on Debian and Ubuntu.
    pub ttl: u8,
    /// The instance type's memory.
    pub memory_mib: u32,
    /// The instance type's processors.
    pub vcpus: u32,
    /// How much its disk holds. Without it, that is as much as the host's file system does. It must stay the same as long as the disk is kept.
    #[serde(default)]
    pub disk_gib: Option<u32>,
    /// The first of [`IDS_PER_GUEST`] user and group ids that no other guest and no user of the host has. It must stay the same as long as
    /// the disk is kept, for files on the disk belong to these ids.
    pub first_id: u32,
    /// What the resolver appends to short names.
    pub search: Vec<String>,
    /// The name servers, in the order in which they are asked.
    pub nameservers: Vec<IpAddr>,
    /// What a login by ssh is greeted with, a line or several.
    pub motd: String,
    /// Public keys, as lines of `authorized_keys` (sshd(8)), that open the login user's account. They are written at the first boot alone, as
    /// EC2's images do it: afterwards the file is the user's.
    pub authorized_keys: Vec<String>,
    /// The certificate, in PEM, of an authority that an image's programs shall trust besides their own. The host's programs trust those of
    /// [`Host::settings`](crate::Host::settings).
    #[serde(default)]
    pub authority: Option<String>,
    /// What the guest is given to do at its first boot, as [`cloud_init`](crate::cloud_init) reads it. [`USER_DATA_BYTES`] at most.
    pub user_data: Option<Vec<u8>>,
}

impl Spec {
    /// Refuses what would make a path, a file in `/etc` or a limit into something else.
    pub(crate) fn check(&self) -> Result<(), Error> {
        check_name("id", &self.id, "-")?;
        check_name("hostname", &self.hostname, "-.")?;
        for (field, domain) in [("domain", &self.domain)].into_iter().chain(self.search.iter().map(|domain| ("search", domain))) {
            check_name(field, domain.trim_start_matches('_'), "-._")?;
        }
        check_login(&self.login)?;
        if self.authorized_keys.iter().any(|key| key.contains(char::is_control)) {
            return Err(Error::Spec { field: "authorized_keys", reason: "a key is one line".to_owned() });
        }
        if self.user_data.as_ref().is_some_and(|data| data.len() > USER_DATA_BYTES) {
            return Err(Error::Spec { field: "user_data", reason: format!("it is longer than {USER_DATA_BYTES} bytes") });
        }
        if self.hostname.len() > 64 {
            // The kernel's limit for a host name.
            return Err(Error::Spec { field: "hostname", reason: format!("{} is longer than 64 bytes", self.hostname) });
        }
        let disk_gib = self.disk_gib.unwrap_or(1);
        for (field, value) in [("memory_mib", self.memory_mib), ("vcpus", self.vcpus), ("ttl", self.ttl.into()), ("disk_gib", disk_gib)] {
            if value == 0 {
                return Err(Error::Spec { field, reason: "it is zero".to_owned() });
            }
        }
        // A range that began lower would hold ids of the host's own users.
        if self.first_id < IDS_PER_GUEST || self.first_id.checked_add(IDS_PER_GUEST).is_none() {
            return Err(Error::Spec { field: "first_id", reason: format!("{} leaves no room of {IDS_PER_GUEST} ids", self.first_id) });
        }
        Ok(())
    }
}

/// Refuses a login user that no guest can have.
pub fn check_login(login: &str) -> Result<(), Error> {
    check_name("login", login, "-_")?;
    if login == "root" {
        return Err(Error::Spec { field: "login", reason: "root is there already".to_owned() });
    }
    Ok(())
}

/// Refuses a name that is not letters, digits and the given marks, beginning with a letter or digit.
pub(crate) fn check_name(field: &'static str, name: &str, marks: &str) -> Result<(), Error> {
    let good = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.len() <= 255
        && name.chars().all(|c| c.is_ascii_alphanumeric() || marks.contains(c));
    if good { Ok(()) } else { Err(Error::Spec { field, reason: format!("{name:?} is not a name") }) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn spec() -> Spec {
        Spec {
            id: "i-0123456789abcdef0".into(),
            image: None,
            hostname: "ip-10-1-4-7".into(),
            address: [10, 1, 4, 7].into(),
            domain: "ec2.internal".into(),
            login: "ec2-user".into(),
            ttl: 127,
            memory_mib: 1024,
            vcpus: 2,
            disk_gib: None,
            first_id: 10 * IDS_PER_GUEST,
            search: vec!["ec2.internal".into()],
            nameservers: Vec::new(),
            motd: "Welcome".into(),
            authorized_keys: vec!["ssh-ed25519 AAAA alice".into()],
            authority: None,
            user_data: None,
        }
    }

    #[test]
    fn an_ordinary_spec_passes() {
        spec().check().unwrap();
    }

    #[test]
    fn names_cannot_leave_their_directory_or_line() {
        for id in ["", ".", "..", "a/b", "a\nb", "-a"] {
            assert!(Spec { id: id.into(), ..spec() }.check().is_err(), "{id:?}");
        }
        assert!(Spec { login: "a:b".into(), ..spec() }.check().is_err());
        assert!(Spec { authorized_keys: vec!["ssh-ed25519 AAAA\nssh-rsa BBBB".into()], ..spec() }.check().is_err());
    }

    #[test]
    fn ids_never_reach_the_hosts_own() {
        for first_id in [0, 1000, u32::MAX] {
            assert!(Spec { first_id, ..spec() }.check().is_err(), "{first_id}");
        }
    }
}
