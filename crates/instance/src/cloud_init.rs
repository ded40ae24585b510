//! What user data asks for, read as cloud-init reads it: a script, a cloud-config, a MIME archive of these, compressed or not.
//!
//! Bytes in, a [`Plan`] out. What is not understood or not supported is a remark in the plan, and the rest is done all the same; so nothing
//! that somebody wrote is passed over in silence. This module does no I/O. <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html>,
//! <https://cloudinit.readthedocs.io/en/latest/explanation/format.html>

mod config;
mod mime;
mod yaml;

use std::io::Read;

use flate2::read::MultiGzDecoder;

/// The most that compressed data, or what is in a file of it, may become: 16 KiB could become 16 MiB.
const MOST_BYTES: u64 = 1 << 20;

/// How often parts may be in parts.
const DEEPEST: usize = 4;

/// The most parts; each of them costs a file.
const MOST_PARTS: usize = 256;

/// What is to be done, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// What is to be told: what is not understood, or not supported.
    pub remarks: Vec<String>,
    /// `#cloud-boothook`: at every boot, before all else.
    pub boothooks: Vec<Script>,
    /// `bootcmd`: at every boot.
    pub boot_commands: Option<Script>,
    /// `write_files`
    pub files: Vec<File>,
    /// `hostname` and `fqdn`: at every boot.
    pub hostname: Option<Hostname>,
    /// `groups`
    pub groups: Vec<Group>,
    /// `users`
    pub users: Vec<User>,
    /// `ssh_authorized_keys`: of the user whom one logs in as.
    pub keys: Vec<String>,
    /// `password`, `chpasswd`, and those of `users`: they open the serial console.
    pub passwords: Vec<Password>,
    /// Scripts, and `runcmd` as one of them, in the order of their names.
    pub scripts: Vec<Script>,
}

/// A program that names its interpreter in the first line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// `part-001`, or what the archive calls it: a file's name.
    pub name: String,
    /// All of it.
    pub text: Vec<u8>,
}

/// A file of `write_files`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where, from the root on.
    pub path: String,
    /// What is in it.
    pub content: Vec<u8>,
    /// `root:root`
    pub owner: String,
    /// The permissions.
    pub mode: u32,
    /// Behind what is there already, not in its place.
    pub append: bool,
    /// `defer`: once the users are there.
    pub late: bool,
}

/// What the guest is to call itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hostname {
    /// Without a domain.
    pub short: String,
    /// With one, if it was given.
    pub qualified: Option<String>,
    /// Which of the two it is; `None` leaves that to the distribution.
    pub prefer_qualified: Option<bool>,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Users that are in it.
    pub members: Vec<String>,
}

/// A user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// Of whom it is the account.
    pub comment: Option<String>,
    /// The user's first group, if it is not one of its own.
    pub primary_group: Option<String>,
    /// Further groups, made if they are missing.
    pub groups: Vec<String>,
    /// The login shell.
    pub shell: Option<String>,
    /// The home directory, if it is not the usual one.
    pub home: Option<String>,
    /// There is to be none.
    pub homeless: bool,
    /// One of the system's.
    pub system: bool,
    /// The number.
    pub id: Option<u32>,
    /// What is allowed, as sudoers(5) has it behind the name.
    pub sudo: Vec<String>,
    /// Public keys that open the account.
    pub keys: Vec<String>,
}

/// A password that opens an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Password {
    /// Whose; without a name that of the user whom one logs in as.
    pub user: Option<String>,
    /// As it is typed, or as crypt(5) has it.
    pub text: String,
    /// Which of the two it is.
    pub is_hashed: bool,
    /// `expire`: the first login asks for another one.
    pub expires: bool,
}

/// Reads user data.
pub fn read(data: &[u8]) -> Plan {
    let mut reader = Reader::default();
    if mime::is_archive(data) {
        reader.archive(data, 0);
    } else {
        reader.part(None, None, data, 0);
    }
    let Reader { mut plan, config, .. } = reader;
    config.add_to(&mut plan);
    plan.scripts.sort_by(|one, other| one.name.cmp(&other.name));
    plan
}

#[derive(Default)]
struct Reader {
    plan: Plan,
    config: config::Config,
    parts: usize,
}

impl Reader {
    fn remark(&mut self, words: impl Into<String>) {
        self.plan.remarks.push(words.into());
    }

    fn archive(&mut self, data: &[u8], depth: usize) {
        if depth == DEEPEST {
            return self.remark("user data is a MIME archive that is nested too deeply; that part is left out");
        }
        match mime::parts(data) {
            Err(why) => self.remark(format!("user data is a MIME archive that is not understood: {why}")),
            Ok(parts) => parts.iter().for_each(|part| match part.kind.as_str() {
                mime::ARCHIVE => self.archive(&part.body, depth + 1),
                kind => self.part(Some(kind), part.name.as_deref(), &part.body, depth),
            }),
        }
    }

    /// One part, of the kind that it says, or else of that which it begins as.
    fn part(&mut self, said: Option<&str>, name: Option<&str>, data: &[u8], depth: usize) {
        if data.starts_with(b"\x1f\x8b") {
            return match unzip(data) {
                Err(why) => self.remark(format!("user data is compressed and {why}")),
                Ok(_) if depth == DEEPEST => self.remark("user data is compressed again and again, and left out"),
                Ok(data) if mime::is_archive(&data) => self.archive(&data, depth + 1),
                Ok(data) => self.part(said.filter(|kind| kind.starts_with("text/x-")), name, &data, depth + 1),
            };
        }
        if data.trim_ascii().is_empty() {
            return;
        }
        self.parts += 1;
        if self.parts == MOST_PARTS + 1 {
            self.remark(format!("user data has more than {MOST_PARTS} parts; the rest is left out"));
        }
        if self.parts > MOST_PARTS {
            return;
        }
        let named = name.map(clean).filter(|name| !name.is_empty());
        let name = named.unwrap_or_else(|| format!("part-{:03}", self.parts));
        let kind = said.filter(|said| !["text/plain", "text/x-not-multipart", "application/octet-stream"].contains(said)).or_else(|| kind(data));
        match kind {
            Some("text/x-shellscript") => self.plan.scripts.push(Script { name, text: unix_lines(data) }),
            Some("text/cloud-boothook") => {
                let text = unix_lines(data);
                let text = text.strip_prefix(b"#cloud-boothook\n").map(<[u8]>::to_vec).unwrap_or(text);
                self.plan.boothooks.push(Script { name, text });
            }
            Some("text/cloud-config") => self.config.read(data, &mut self.plan.remarks),
            Some(kind) => self.remark(format!("user data is {}, which is not supported and left out", words(kind))),
            None => self.remark("user data is of an unknown kind: it begins with neither #! nor #cloud-config, and is left out"),
        }
    }
}

/// What it is, by its beginning.
fn kind(data: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 8] = [
        (b"#!", "text/x-shellscript"),
        (b"#cloud-config-archive", "text/cloud-config-archive"),
        (b"#cloud-config-jsonp", "text/cloud-config-jsonp"),
        (b"#cloud-config", "text/cloud-config"),
        (b"#cloud-boothook", "text/cloud-boothook"),
        (b"#include", "text/x-include-url"),
        (b"#part-handler", "text/part-handler"),
        (b"## template", "text/jinja2"),
    ];
    kinds.iter().find(|(beginning, _)| data.starts_with(beginning)).map(|(_, kind)| *kind)
}

fn words(kind: &str) -> String {
    match kind {
        "text/x-include-url" | "text/x-include-once-url" => "a list of things to include".to_owned(),
        "text/part-handler" => "a part handler".to_owned(),
        "text/jinja2" => "a template".to_owned(),
        other => format!("of the kind {other}"),
    }
}

/// A file's name, as cloud-init makes one of what an archive calls a part.
fn clean(name: &str) -> String {
    let kept = |char: &char| char.is_ascii_alphanumeric() || "-_.()".contains(*char);
    let name: String = name.replace('/', "_").chars().filter(kept).take(100).collect();
    if name.bytes().all(|byte| byte == b'.') { String::new() } else { name }
}

/// Whoever wrote it on Windows did not mean the carriage returns.
fn unix_lines(data: &[u8]) -> Vec<u8> {
    let first_line = data.split_inclusive(|&byte| byte == b'\n').next().unwrap_or_default();
    if !first_line.ends_with(b"\r\n") {
        return data.to_vec();
    }
    let lines = data.split_inclusive(|&byte| byte == b'\n');
    lines.fold(Vec::with_capacity(data.len()), |mut all, line| {
        match line.strip_suffix(b"\r\n") {
            Some(line) => all.extend([line, b"\n"].concat()),
            None => all.extend(line),
        }
        all
    })
}

fn unzip(data: &[u8]) -> Result<Vec<u8>, String> {
    let mut whole = Vec::new();
    match MultiGzDecoder::new(data).take(MOST_BYTES + 1).read_to_end(&mut whole) {
        Ok(_) if whole.len() as u64 > MOST_BYTES => Err(format!("is more than {MOST_BYTES} bytes")),
        Ok(_) => Ok(whole),
        Err(error) => Err(format!("cannot be read: {error}")),
    }
}

#[cfg(test)]
mod tests;
