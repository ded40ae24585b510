//! The child that becomes the command.

use std::{
    convert::Infallible,
    ffi::{CString, OsString},
    fs::{File, OpenOptions},
    io::{Read, Write},
    os::unix::{ffi::OsStrExt, fs::OpenOptionsExt},
};

use nix::{
    errno::Errno,
    sys::prctl,
    unistd::{Gid, Uid, chdir, execve, setgroups, setresgid, setresuid, setsid},
};

use super::terminal::Terminal;
use crate::{
    command::COULD_NOT_BEGIN,
    confinement,
    error::{Doing, Error},
    process, syscall,
};

/// The exit status by which a shell says that there is no such command.
const NOT_FOUND: u8 = 127;

/// Account files larger than this are not read: the guest decides what is in them.
const LARGEST_FILE: u64 = 1 << 20;

/// Why the command did not begin.
pub(crate) struct Failure {
    status: u8,
    words: String,
}

/// A user of the guest's.
struct User {
    name: String,
    id: u32,
    group: u32,
    groups: Vec<u32>,
    home: String,
    shell: String,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure { status: COULD_NOT_BEGIN, words: error.to_string() }
    }
}

impl Failure {
    /// Says it on standard error and returns the exit status that stands for it.
    pub(crate) fn report(&self) -> u8 {
        let _ = writeln!(std::io::stderr(), "{}", self.words);
        self.status
    }
}

/// Becomes the command; returns only if that fails.
pub(crate) fn run(groups: Vec<File>, terminal: Option<&Terminal>, user: &str, command: &[OsString]) -> Result<Infallible, Failure> {
    for mut group in groups {
        group.write_all(b"0").doing("joining the guest's cgroups")?;
    }
    // A session of its own has no controlling terminal: whatever terminal comes in as a stream cannot be typed into from inside.
    setsid().doing("making a session")?;
    if let Some(terminal) = terminal {
        terminal.take_over()?;
    }
    let found = User::find(user, &read("/etc/passwd"), &read("/etc/group"));
    // Root is there even if its line is not: this is also the way in to mend it.
    let found = found.or_else(|| (user == "root").then(User::root));
    let user = found.ok_or_else(|| Error::NoUser { user: user.to_owned() })?;
    confinement::confine()?;
    user.become_it()?;
    process::restore_signals()?;
    syscall::close_on_exec_from(3).doing("closing descriptors")?;
    execute(&user, command)
}

impl User {
    /// Looks a user up in account files; not by the C library, which would load the guest's plug-ins into this process.
    fn find(name: &str, passwd: &str, group: &str) -> Option<User> {
        let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
        let [name, _, id, group_id, _, home, shell] = line.split(':').collect::<Vec<_>>().try_into().ok()?;
        let member = |line: &str| {
            let [_, _, id, members] = line.split(':').collect::<Vec<_>>().try_into().ok()?;
            if members.split(',').any(|member| member == name) { id.parse().ok() } else { None }
        };
        Some(User {
            name: name.to_owned(),
            id: id.parse().ok()?,
            group: group_id.parse().ok()?,
            groups: group.lines().filter_map(member).collect(),
            home: home.to_owned(),
            shell: if shell.is_empty() { "/bin/sh" } else { shell }.to_owned(),
        })
    }

    fn root() -> User {
        let [home, shell] = ["/root", "/bin/sh"].map(str::to_owned);
        User { name: "root".to_owned(), id: 0, group: 0, groups: Vec::new(), home, shell }
    }

    fn become_it(&self) -> Result<(), Error> {
        let (id, group) = (Uid::from_raw(self.id), Gid::from_raw(self.group));
        let groups: Vec<Gid> = std::iter::once(self.group).chain(self.groups.iter().copied()).map(Gid::from_raw).collect();
        setgroups(&groups).doing("taking the user's groups")?;
        setresgid(group, group, group).doing("taking the user's group")?;
        setresuid(id, id, id).doing("becoming the user")?;
        // The change of ids resets this to a setting of the host's.
        prctl::set_dumpable(false).doing("closing this process to tracing")?;
        // A user may have lost their home, and still wants to see why.
        chdir(self.home.as_str()).or_else(|_| chdir("/")).doing("going home")
    }

    fn environment(&self) -> Vec<String> {
        let mut environment = vec![
            format!("PATH={}", SEARCHED.join(":")),
            format!("HOME={}", self.home),
            format!("USER={}", self.name),
            format!("LOGNAME={}", self.name),
            format!("SHELL={}", self.shell),
            "LANG=C.UTF-8".to_owned(),
        ];
        environment.extend(std::env::var("TERM").ok().map(|term| format!("TERM={term}")));
        environment
    }
}

const SEARCHED: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

fn execute(user: &User, command: &[OsString]) -> Result<Infallible, Failure> {
    let name = command.first().map_or(user.shell.as_bytes(), |name| name.as_bytes());
    let mut arguments = command.iter().map(|argument| terminated(argument.as_bytes())).collect::<Result<Vec<_>, _>>()?;
    if arguments.is_empty() {
        // The dash asks for a login shell.
        let shell = user.shell.rsplit('/').next().unwrap_or_default();
        arguments.push(terminated(format!("-{shell}").as_bytes())?);
    }
    let environment = user.environment().iter().map(|variable| terminated(variable.as_bytes())).collect::<Result<Vec<_>, _>>()?;

    let candidates = if name.contains(&b'/') {
        vec![name.to_vec()]
    } else {
        SEARCHED.iter().map(|directory| [directory.as_bytes(), b"/", name].concat()).collect()
    };
    let mut reason = Errno::ENOENT;
    for candidate in candidates {
        let Err(errno) = execve(&terminated(&candidate)?, &arguments, &environment);
        if errno != Errno::ENOENT {
            reason = errno;
        }
    }
    let status = if reason == Errno::ENOENT { NOT_FOUND } else { COULD_NOT_BEGIN };
    Err(Failure { status, words: format!("{}: {}", String::from_utf8_lossy(name), reason.desc()) })
}

fn terminated(bytes: &[u8]) -> Result<CString, Failure> {
    CString::new(bytes).map_err(|error| Failure { status: COULD_NOT_BEGIN, words: error.to_string() })
}

/// An account file, which the guest may have replaced by anything: a pipe must not be waited for, nor a giant be read.
fn read(path: &str) -> String {
    let mut text = String::new();
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC).open(path);
    let _ = file.and_then(|file| file.take(LARGEST_FILE).read_to_string(&mut text));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nec2-user:x:1000:1000::/home/ec2-user:\nbroken:x:y:0::/:/bin/sh\n";
    const GROUP: &str = "root:x:0:\nwheel:x:10:other,ec2-user\nadm:x:4:other\n";

    #[test]
    fn a_user_has_all_groups_that_name_it() {
        let user = User::find("ec2-user", PASSWD, GROUP).unwrap();
        assert_eq!((user.id, user.group, user.groups), (1000, 1000, vec![10]));
        assert_eq!(user.shell, "/bin/sh");
    }

    #[test]
    fn a_broken_line_is_no_user() {
        assert!(User::find("broken", PASSWD, GROUP).is_none());
        assert!(User::find("nobody", PASSWD, GROUP).is_none());
    }
}
