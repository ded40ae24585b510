//! The users, groups and keys that user data asks for, made by the guest's own programs.

use std::{
    fs::{self, DirBuilder, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown},
    path::Path,
    process::{Command, Stdio},
};

use super::PATH;
use crate::{
    cloud_init::{Group, Password, User},
    furnish::ssh,
    spec::Spec,
};

/// Makes a group, if it is missing, with these members.
pub(super) fn make_group(group: &Group) -> io::Result<()> {
    make_missing_group(&group.name)?;
    group.members.iter().try_for_each(|member| tool("usermod", &["-a", "-G", &group.name, member]))
}

/// Makes a user, or gives to one who is there already what is asked for.
pub(super) fn make_user(user: &User) -> io::Result<()> {
    user.groups.iter().chain(&user.primary_group).try_for_each(|group| make_missing_group(group))?;
    if find("/etc/passwd", &user.name).is_none() {
        add(user)?;
    } else if !user.groups.is_empty() {
        tool("usermod", &["-a", "-G", &user.groups.join(","), &user.name])?;
    }
    if !user.sudo.is_empty() {
        allow(user)?;
    }
    if user.keys.is_empty() { Ok(()) } else { authorize(&user.name, &lines(&user.keys)) }
}

/// Gives a user who is there a password.
pub(super) fn set_password(user: &str, password: &Password) -> io::Result<()> {
    let encrypted: &[&str] = if password.is_hashed { &["-e"] } else { &[] };
    tell("chpasswd", encrypted, &format!("{user}:{}\n", password.text))?;
    if password.expires { tool("passwd", &["--expire", user]) } else { Ok(()) }
}

/// More keys for the login user, and for root, whom they tell who else to be.
pub(super) fn add_keys(spec: &Spec, keys: &[String]) -> io::Result<()> {
    let keys = keys.iter().filter(|key| !key.contains(char::is_control)).cloned().collect();
    let spec = Spec { authorized_keys: keys, ..spec.clone() };
    authorize(&spec.login, &ssh::keys_of_login(&spec))?;
    authorize("root", &ssh::keys_of_root(&spec))
}

/// The ids of `user` or `user:group`.
pub(super) fn owner(text: &str) -> io::Result<(u32, Option<u32>)> {
    let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
    let id = |file: &str, name: &str| {
        let found = find(file, name).and_then(|line| line.split(':').nth(2).and_then(|id| id.parse().ok()));
        found.or_else(|| name.parse().ok()).ok_or_else(|| io::Error::other(format!("{name} is in no line of {file}")))
    };
    Ok((id("/etc/passwd", user)?, group.map(|group| id("/etc/group", group)).transpose()?))
}

fn add(user: &User) -> io::Result<()> {
    let id = user.id.map(|id| id.to_string());
    let groups = Some(user.groups.join(",")).filter(|groups| !groups.is_empty());
    let options = [("-c", &user.comment), ("-g", &user.primary_group), ("-G", &groups), ("-s", &user.shell), ("-d", &user.home), ("-u", &id)];
    // No password opens the account. useradd's own mark, `!`, sshd would take for an account that is locked even to keys.
    let mut arguments = vec!["-p", "*"];
    arguments.extend(options.iter().filter_map(|(option, value)| Some([*option, value.as_deref()?])).flatten());
    if user.system {
        arguments.push("-r");
    }
    arguments.push(if user.homeless || user.system { "-M" } else { "-m" });
    arguments.push(&user.name);
    tool("useradd", &arguments)
}

fn make_missing_group(name: &str) -> io::Result<()> {
    if find("/etc/group", name).is_some() { Ok(()) } else { tool("groupadd", &[name]) }
}

fn allow(user: &User) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o750).create("/etc/sudoers.d")?;
    let rules = user.sudo.iter().fold(format!("# User rules for {}\n", user.name), |rules, rule| rules + &user.name + " " + rule + "\n");
    let mut file = OpenOptions::new().append(true).create(true).mode(0o440).open("/etc/sudoers.d/90-cloud-init-users")?;
    file.write_all(rules.as_bytes())
}

/// Adds lines to the keys that open an account.
fn authorize(user: &str, lines: &str) -> io::Result<()> {
    let line = find("/etc/passwd", user).ok_or_else(|| io::Error::other("there is no such user"))?;
    let fields: Vec<&str> = line.split(':').collect();
    let [_, _, id, group, _, home, ..] = fields[..] else { return Err(io::Error::other("its line in /etc/passwd is broken")) };
    let (id, group) = (id.parse().ok(), group.parse().ok());
    let folder = Path::new(home).join(".ssh");
    if !folder.exists() {
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        chown(&folder, id, group)?;
    }
    let path = folder.join("authorized_keys");
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
    file.write_all(lines.as_bytes())?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    chown(&path, id, group)
}

fn lines(keys: &[String]) -> String {
    keys.iter().fold(String::new(), |lines, key| lines + key + "\n")
}

/// The line of an account file that begins with the name.
fn find(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find(|line| line.split(':').next() == Some(name)).map(str::to_owned)
}

/// Runs a program of the guest's; what it says is why it failed.
fn tool(program: &str, arguments: &[&str]) -> io::Result<()> {
    tell(program, arguments, "")
}

/// The same for one that reads something.
fn tell(program: &str, arguments: &[&str], text: &str) -> io::Result<()> {
    let begin = || {
        let (input, mut writer) = io::pipe()?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("PATH", PATH).stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn()?;
        drop(command);
        // It is less than a pipe holds, and one that reads nothing has its reasons.
        let _ = writer.write_all(text.as_bytes());
        drop(writer);
        child.wait_with_output()
    };
    let output = begin().map_err(|error| io::Error::new(error.kind(), format!("{program}: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}
