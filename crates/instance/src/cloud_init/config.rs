//! `#cloud-config`: the settings of it that are followed, and a remark for each that is not.
//!
//! <https://cloudinit.readthedocs.io/en/latest/reference/modules.html>

mod password;

use std::collections::BTreeMap;

use base64ct::{Base64, Encoding};

use super::{
    File, Group, Hostname, Password, Plan, Script, User, unzip,
    yaml::{self, Node},
};

/// The settings of all parts: of two by one name, the later one.
#[derive(Default)]
pub(super) struct Config(BTreeMap<String, Node>);

impl Config {
    /// Takes up a part.
    pub(super) fn read(&mut self, data: &[u8], remarks: &mut Vec<String>) {
        let Ok(text) = std::str::from_utf8(data) else { return remarks.push("cloud-config: it is not UTF-8, and left out".to_owned()) };
        match yaml::read(text) {
            Ok(Node::Map(settings)) => self.0.extend(settings),
            Ok(Node::Null) => {}
            Ok(_) => remarks.push("cloud-config: it is no mapping of names to settings, and left out".to_owned()),
            Err(why) => remarks.push(format!("cloud-config: it is left out, for it cannot be read: {why}")),
        }
    }

    /// Puts what is asked for into the plan.
    pub(super) fn add_to(self, plan: &mut Plan) {
        let mut settings = Settings::new("cloud-config", self.0, &mut plan.remarks);
        plan.boot_commands = settings.commands("bootcmd");
        plan.scripts.extend(settings.commands("runcmd"));
        plan.files = settings.items("write_files", file);
        plan.hostname = hostname(&mut settings);
        plan.groups = groups(&mut settings);
        let users = settings.items("users", user);
        let (users, passwords): (Vec<User>, Vec<Option<Password>>) = users.into_iter().unzip();
        plan.users = users;
        plan.keys = settings.words("ssh_authorized_keys");
        plan.passwords = passwords.into_iter().flatten().chain(password::all(&mut settings)).collect();
        settings.end();
    }
}

/// What is left of some settings, each of which is taken once.
struct Settings<'r> {
    whose: String,
    map: BTreeMap<String, Node>,
    remarks: &'r mut Vec<String>,
}

impl<'r> Settings<'r> {
    fn new(whose: impl Into<String>, map: BTreeMap<String, Node>, remarks: &'r mut Vec<String>) -> Self {
        Self { whose: whose.into(), map, remarks }
    }

    fn remark(&mut self, words: &str) {
        self.remarks.push(format!("{}: {words}", self.whose));
    }

    /// A setting, if there is one and it says anything.
    fn take(&mut self, name: &str) -> Option<Node> {
        self.map.remove(name).filter(|node| *node != Node::Null)
    }

    fn word(&mut self, name: &str) -> Option<String> {
        let node = self.take(name)?;
        let word = node.text().map(str::to_owned);
        if word.is_none() {
            self.remark(&format!("{name} is not text, and is left out"));
        }
        word
    }

    fn answer(&mut self, name: &str) -> Option<bool> {
        let node = self.take(name)?;
        let answer = node.is_true();
        if answer.is_none() {
            self.remark(&format!("{name} is neither true nor false, and is left out"));
        }
        answer
    }

    /// Words in a list, or one alone.
    fn words(&mut self, name: &str) -> Vec<String> {
        let nodes = match self.take(name) {
            None => return Vec::new(),
            Some(Node::List(nodes)) => nodes,
            Some(node) => vec![node],
        };
        let words: Option<Vec<String>> = nodes.iter().map(|node| node.text().map(str::to_owned)).collect();
        if words.is_none() {
            self.remark(&format!("{name} is no list of words, and is left out"));
        }
        words.unwrap_or_default()
    }

    /// Names in a list, or with commas between them.
    fn names(&mut self, name: &str) -> Vec<String> {
        let words = self.words(name);
        let (names, others) = words.iter().flat_map(|word| word.split(',')).map(|word| word.trim().to_owned()).partition(|word| is_name(word));
        let others: Vec<String> = others;
        for other in others {
            self.remark(&format!("{name}: {other:?} is no name, and is left out"));
        }
        names
    }

    /// The items of a list that can be made something of.
    fn items<T>(&mut self, name: &str, read: impl Fn(Node, &mut Settings<'_>) -> Option<T>) -> Vec<T> {
        let nodes = match self.take(name) {
            None => return Vec::new(),
            Some(Node::List(nodes)) => nodes,
            Some(node @ (Node::Plain(_) | Node::Text(_))) if name == "users" => vec![node],
            Some(_) => {
                self.remark(&format!("{name} is no list, and is left out"));
                return Vec::new();
            }
        };
        let whose = format!("{}: {name}", self.whose);
        let items = nodes.into_iter().enumerate().filter_map(|(at, node)| {
            let whose = format!("{whose}, item {}", at + 1);
            let (map, node) = match node {
                Node::Map(map) => (map, Node::Null),
                other => (BTreeMap::new(), other),
            };
            let mut settings = Settings::new(whose, map, self.remarks);
            let item = read(node, &mut settings);
            if item.is_some() {
                settings.end();
            }
            item
        });
        items.collect()
    }

    /// Commands as a shell script: a line as it is, a list as a command and its arguments.
    fn commands(&mut self, name: &str) -> Option<Script> {
        let nodes = match self.take(name)? {
            Node::List(nodes) => nodes,
            _ => {
                self.remark(&format!("{name} is no list, and is left out"));
                return None;
            }
        };
        let mut text = "#!/bin/sh\n".to_owned();
        for (at, node) in nodes.iter().enumerate() {
            let line = match node {
                Node::List(words) => words.iter().map(|word| word.text().map(quote)).collect::<Option<Vec<_>>>().map(|words| words.join(" ")),
                other => other.text().map(str::to_owned),
            };
            match line {
                Some(line) => text += &(line + "\n"),
                None => self.remark(&format!("{name}, item {}, is no command, and is left out", at + 1)),
            }
        }
        Some(Script { name: name.to_owned(), text: text.into_bytes() })
    }

    /// Whatever nobody has asked about is not followed.
    fn end(mut self) {
        for name in std::mem::take(&mut self.map).into_keys() {
            self.remark(&format!("{name} is not supported, and is left out"));
        }
    }
}

fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// What useradd(8) and groupadd(8) take for a name.
fn is_name(word: &str) -> bool {
    let first = word.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    first && word.len() <= 32 && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

/// An item of `write_files`.
fn file(_: Node, settings: &mut Settings<'_>) -> Option<File> {
    let Some(path) = settings.word("path").filter(|path| path.starts_with('/') && !path.contains('\0')) else {
        settings.remark("there is no path that begins with /, and no file is written");
        return None;
    };
    settings.whose = path.clone();
    let encoding = settings.word("encoding").unwrap_or_else(|| "text/plain".to_owned());
    let content = match settings.take("content") {
        None => Vec::new(),
        Some(Node::Plain(text) | Node::Text(text)) => text.into_bytes(),
        Some(Node::Bytes(bytes)) => bytes,
        Some(_) => {
            settings.remark("content is not text, and no file is written");
            return None;
        }
    };
    let content = match decode(&encoding, content) {
        Ok(content) => content,
        Err(why) => {
            settings.remark(&format!("{why}, and no file is written"));
            return None;
        }
    };
    let mode = settings.take("permissions").map_or(Some(0o644), |node| mode(&node));
    if mode.is_none() {
        settings.remark("permissions are no octal number; they are 0644");
    }
    Some(File {
        path,
        content,
        owner: settings.word("owner").unwrap_or_else(|| "root:root".to_owned()),
        mode: mode.unwrap_or(0o644),
        append: settings.answer("append").unwrap_or(false),
        late: settings.answer("defer").unwrap_or(false),
    })
}

fn decode(encoding: &str, content: Vec<u8>) -> Result<Vec<u8>, String> {
    let base64 = |content: Vec<u8>| {
        let text: String = String::from_utf8_lossy(&content).chars().filter(|char| !char.is_ascii_whitespace()).collect();
        Base64::decode_vec(&text).map_err(|_| "content is not base64".to_owned())
    };
    let gzip = |content: Vec<u8>| unzip(&content).map_err(|why| format!("content is compressed and {why}"));
    match encoding.to_ascii_lowercase().as_str() {
        "text/plain" => Ok(content),
        "b64" | "base64" => base64(content),
        "gz" | "gzip" => gzip(content),
        "gz+b64" | "gz+base64" | "gzip+b64" | "gzip+base64" => base64(content).and_then(gzip),
        other => Err(format!("the encoding {other:?} is not known")),
    }
}

/// Text is octal. A number is what YAML 1.1 takes it for: octal with a zero before it, else decimal.
fn mode(node: &Node) -> Option<u32> {
    let octal = |digits: &str| u32::from_str_radix(digits, 8).ok();
    let mode = match node {
        Node::Plain(word) if !word.starts_with('0') => word.parse().ok(),
        other => other.text().and_then(|text| octal(text.strip_prefix("0o").unwrap_or(text))),
    };
    mode.filter(|mode| *mode <= 0o7777)
}

fn hostname(settings: &mut Settings<'_>) -> Option<Hostname> {
    let (name, qualified) = (settings.word("hostname"), settings.word("fqdn"));
    let prefer_qualified = settings.answer("prefer_fqdn_over_hostname");
    if settings.answer("preserve_hostname") == Some(true) {
        return None;
    }
    let (name, qualified) = match (name, qualified) {
        (None, None) => return None,
        (Some(name), None) if name.contains('.') => (name.clone(), Some(name)),
        (None, Some(qualified)) => (qualified.clone(), Some(qualified)),
        (Some(name), qualified) => (name, qualified),
    };
    let short = if qualified.as_deref() == Some(&name) { name.split('.').next().unwrap_or_default().to_owned() } else { name };
    // RFC 1123, section 2.1, and the kernel's limit.
    let label = |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') && !label.starts_with('-');
    let good = |name: &str| name.len() <= 64 && name.split('.').all(label);
    if !good(&short) || qualified.as_deref().is_some_and(|name| !good(name)) {
        settings.remark("hostname or fqdn is no host name, and is left out");
        return None;
    }
    Some(Hostname { short, qualified, prefer_qualified })
}

/// Names, or names with members.
fn groups(settings: &mut Settings<'_>) -> Vec<Group> {
    let items = match settings.take("groups") {
        None => return Vec::new(),
        Some(Node::List(items)) => items,
        Some(Node::Plain(text) | Node::Text(text)) => text.split(',').map(|name| Node::Text(name.trim().to_owned())).collect(),
        Some(map) => vec![map],
    };
    let mut groups = Vec::new();
    for item in items {
        let of_item: Vec<(String, Vec<String>)> = match item {
            Node::Map(map) => {
                let mut members = Settings::new("cloud-config: groups", map, settings.remarks);
                let names: Vec<String> = members.map.keys().cloned().collect();
                names.into_iter().map(|name| (name.clone(), members.names(&name))).collect()
            }
            other => other.text().map(|name| (name.to_owned(), Vec::new())).into_iter().collect(),
        };
        for (name, members) in of_item {
            if is_name(&name) {
                groups.push(Group { name, members });
            } else {
                settings.remark(&format!("groups: {name:?} is no name, and is left out"));
            }
        }
    }
    groups
}

/// An item of `users`: a name, or all about one. The default user is there anyhow.
fn user(node: Node, settings: &mut Settings<'_>) -> Option<(User, Option<Password>)> {
    let name = node.text().map(str::to_owned).or_else(|| settings.word("name"))?;
    if name == "default" {
        return None;
    }
    if !is_name(&name) {
        settings.remark(&format!("{name:?} is no name, and no user is made"));
        return None;
    }
    settings.whose = format!("cloud-config: the user {name}");
    let password = password::of_user(&name, settings);
    let sudo = match settings.take("sudo") {
        Some(node) if node.is_true() == Some(false) => Vec::new(),
        Some(node) => {
            settings.map.insert("sudo".to_owned(), node);
            settings.words("sudo").into_iter().filter(|rule| !rule.contains(char::is_control)).collect()
        }
        None => Vec::new(),
    };
    let primary_group = settings.word("primary_group").filter(|name| is_name(name));
    let plain = |text: &String| !text.contains([':', '\n', '\0']);
    let user = User {
        comment: settings.word("gecos").filter(plain),
        primary_group,
        groups: settings.names("groups"),
        shell: settings.word("shell").filter(plain),
        home: settings.word("homedir").filter(plain).filter(|home| home.starts_with('/')),
        homeless: settings.answer("no_create_home").unwrap_or(false),
        system: settings.answer("system").unwrap_or(false),
        id: settings.word("uid").and_then(|id| id.parse().ok()),
        sudo,
        keys: settings.words("ssh_authorized_keys").into_iter().filter(|key| !key.contains(char::is_control)).collect(),
        name,
    };
    Some((user, password))
}
