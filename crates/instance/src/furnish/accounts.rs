//! The users and groups of a guest.
//!
//! The host's programs belong to its system accounts: some run as a user of their own, some have a group's rights. The numbers below 1000 are
//! therefore called inside what they are called outside; nobody can log in as them. The host's people do not come along.

use std::fmt::Write;

/// The login user's id, and its group's.
pub(crate) const LOGIN_ID: u32 = 1000;

/// The first id that a distribution gives to people.
const FIRST_PERSON: u32 = 1000;

const NOBODY_ID: u32 = 65_534;

/// Groups through which the login user administers the guest, by the names that distributions have for them.
const ADMINISTRATORS: [&str; 3] = ["wheel", "sudo", "adm"];

/// The account files' contents.
pub(crate) struct Accounts {
    pub(crate) passwd: String,
    pub(crate) group: String,
    pub(crate) shadow: String,
    /// The id of the group that may read the shadow file, where there is such a group.
    pub(crate) shadow_group: Option<u32>,
}

struct Entry<'a> {
    name: &'a str,
    id: u32,
    group: u32,
}

impl Accounts {
    /// From the host's account files.
    pub(crate) fn new(login: &str, shell: &str, host_passwd: &str, host_group: &str) -> Accounts {
        let own = ["root", "nobody", "nogroup", "sshd", login];
        let system = |entry: &Entry<'_>| (1..FIRST_PERSON).contains(&entry.id) && !own.contains(&entry.name);
        let mut users: Vec<Entry<'_>> = entries(host_passwd).filter(system).collect();
        let mut groups: Vec<Entry<'_>> = entries(host_group).filter(system).collect();
        let sshd = entries(host_passwd).find(|entry| entry.name == "sshd" && entry.id < FIRST_PERSON).map(|entry| entry.id);
        let sshd = sshd.unwrap_or_else(|| free_id(74, &users));
        users.push(Entry { name: "sshd", id: sshd, group: NOBODY_ID });
        if !groups.iter().any(|group| group.name == "wheel") {
            groups.push(Entry { name: "wheel", id: free_id(10, &groups), group: 0 });
        }
        Accounts {
            passwd: passwd(login, shell, &users),
            group: group(login, &groups),
            shadow: shadow(login, &users),
            shadow_group: groups.iter().find(|group| group.name == "shadow").map(|group| group.id),
        }
    }
}

/// The account files of an image with its login user.
pub(crate) struct WithLogin {
    /// `passwd`, `group` and `shadow`.
    pub(crate) texts: [String; 3],
    /// The login user's id.
    pub(crate) id: u32,
}

/// Adds the login user to an image's account files, and root if there is not even that; nothing if the user is there.
pub(crate) fn with_login(login: &str, shell: &str, [passwd, group, shadow]: [&str; 3]) -> Option<WithLogin> {
    if entries(passwd).any(|entry| entry.name == login) {
        return None;
    }
    let taken: Vec<u32> = entries(passwd).chain(entries(group)).map(|entry| entry.id).collect();
    let id = (LOGIN_ID..NOBODY_ID).find(|id| !taken.contains(id))?;
    let whole = |text: &str, root: &str| match text {
        "" => root.to_owned(),
        text if text.ends_with('\n') => text.to_owned(),
        text => format!("{text}\n"),
    };
    let passwd = whole(passwd, &format!("root:x:0:0:root:/root:{shell}\n")) + &format!("{login}:x:{id}:{id}::/home/{login}:{shell}\n");
    let group = whole(group, "root:x:0:\n") + &format!("{login}:x:{id}:\n");
    let shadow = whole(shadow, "root:*:20000:0:99999:7:::\n") + &format!("{login}:*:20000:0:99999:7:::\n");
    Some(WithLogin { texts: [passwd, group, shadow], id })
}

/// The lines of a `passwd` or `group` file: name, a password that is no longer there, one number or two.
fn entries(text: &str) -> impl Iterator<Item = Entry<'_>> {
    text.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty() && !name.starts_with(['+', '-', '#']))?;
        let id = fields.nth(1)?.parse().ok()?;
        let group = fields.next().and_then(|group| group.parse().ok()).unwrap_or(NOBODY_ID);
        Some(Entry { name, id, group })
    })
}

/// The id that is wished for, or else the highest that is free.
fn free_id(wish: u32, taken: &[Entry<'_>]) -> u32 {
    let free = |id: &u32| taken.iter().all(|entry| entry.id != *id);
    std::iter::once(wish).chain((1..FIRST_PERSON).rev()).find(free).unwrap_or(NOBODY_ID)
}

fn passwd(login: &str, shell: &str, users: &[Entry<'_>]) -> String {
    let mut text = format!("root:x:0:0:root:/root:{shell}\n");
    for Entry { name, id, group } in users {
        let _ = writeln!(text, "{name}:x:{id}:{group}::/:/usr/sbin/nologin");
    }
    let _ = writeln!(text, "nobody:x:{NOBODY_ID}:{NOBODY_ID}:nobody:/:/usr/sbin/nologin");
    let _ = writeln!(text, "{login}:x:{LOGIN_ID}:{LOGIN_ID}::/home/{login}:{shell}");
    text
}

fn group(login: &str, groups: &[Entry<'_>]) -> String {
    let mut text = "root:x:0:\n".to_owned();
    for Entry { name, id, .. } in groups {
        let member = if ADMINISTRATORS.contains(name) { login } else { "" };
        let _ = writeln!(text, "{name}:x:{id}:{member}");
    }
    let _ = writeln!(text, "nogroup:x:{NOBODY_ID}:");
    let _ = writeln!(text, "{login}:x:{LOGIN_ID}:");
    text
}

/// No password opens any account. The mark is `*`, since sshd takes `!` for an account that is locked even to keys.
fn shadow(login: &str, users: &[Entry<'_>]) -> String {
    let names = ["root", "nobody", login].into_iter().chain(users.iter().map(|user| user.name));
    names.fold(String::new(), |text, name| text + name + ":*:20000:0:99999:7:::\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/zsh\nmail:x:8:8:mail:/var/mail:/bin/sh\nalice:x:1000:1000:Alice:/home/alice:/bin/sh\n";
    const GROUP: &str = "root:x:0:\nshadow:x:42:alice\nsudo:x:27:alice\nalice:x:1000:\n+nis\n";

    fn accounts() -> Accounts {
        Accounts::new("ec2-user", "/bin/bash", PASSWD, GROUP)
    }

    #[test]
    fn system_accounts_come_along_without_a_way_in() {
        assert!(accounts().passwd.contains("mail:x:8:8::/:/usr/sbin/nologin\n"));
        assert_eq!(accounts().shadow_group, Some(42));
    }

    #[test]
    fn people_and_memberships_do_not() {
        let Accounts { passwd, group, shadow, .. } = accounts();
        assert!(!format!("{passwd}{group}{shadow}").to_lowercase().contains("alice"));
    }

    #[test]
    fn an_image_gets_a_login_user_and_keeps_its_own() {
        let made = with_login("ec2-user", "/bin/sh", [PASSWD, "root:x:0:\nalice:x:1000:\n", "root:!:1::::::"]).unwrap();
        assert_eq!(made.id, 1001);
        assert_eq!(made.texts[0], format!("{PASSWD}ec2-user:x:1001:1001::/home/ec2-user:/bin/sh\n"));
        assert_eq!(made.texts[2], "root:!:1::::::\nec2-user:*:20000:0:99999:7:::\n");
        let empty = with_login("admin", "/bin/sh", [""; 3]).unwrap();
        assert_eq!(empty.texts[0], "root:x:0:0:root:/root:/bin/sh\nadmin:x:1000:1000::/home/admin:/bin/sh\n");
        assert!(with_login("alice", "/bin/sh", [PASSWD, "", ""]).is_none());
    }

    #[test]
    fn the_login_user_administers() {
        let group = accounts().group;
        assert!(group.contains("wheel:x:10:ec2-user\n") && group.contains("sudo:x:27:ec2-user\n"), "{group}");
        assert!(accounts().passwd.ends_with("ec2-user:x:1000:1000::/home/ec2-user:/bin/bash\n"));
    }

    #[test]
    fn every_user_has_a_shadow_and_an_id_of_its_own() {
        let Accounts { passwd, shadow, .. } = accounts();
        assert_eq!(passwd.lines().count(), shadow.lines().count());
        let mut ids: Vec<u32> = entries(&passwd).map(|entry| entry.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), passwd.lines().count());
    }
}
