//! User data: what the guest's owner gave it to do, done as root at the first boot, while sshd may already let people in. Boothooks, `bootcmd`
//! and the host name come at every boot.
//!
//! It is read inside, with no more rights than the guest has. Files are where cloud-init has them, since people look there: the data and the
//! scripts in `/var/lib/cloud/instance`, the output on the console and in `/var/log/cloud-init-output.log`.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html>

mod accounts;

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, PipeReader, PipeWriter, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt, chown},
    path::Path,
    process::{Command, Stdio},
};

use nix::unistd::sethostname;

use super::PATH;
use crate::{
    cloud_init::{self, Hostname, Plan, Script},
    error::{Doing, Error},
    furnish,
    process::SingleThreaded,
    spec::Spec,
};

/// What was given.
pub(crate) const DATA: &str = "/var/lib/cloud/instance/user-data.txt";
/// It is there once the first boot's part was begun.
const BEGUN: &str = "/var/lib/cloud/instance/sem/config_scripts_user";
const HOOKS: &str = "/var/lib/cloud/instance/boothooks";
const SCRIPTS: &str = "/var/lib/cloud/instance/scripts";
/// It is there once all has ended: what programs wait for that use the instance.
const FINISHED: &str = "/var/lib/cloud/instance/boot-finished";
const OUTPUT: &str = "/var/log/cloud-init-output.log";

/// Does what there is to do at this boot, and stays as long as anything writes output. Standard output is the console.
pub(crate) fn run(alone: SingleThreaded, spec: &Spec) -> Result<(), Error> {
    let Ok(data) = fs::read(DATA) else { return finish() };
    let is_first = !Path::new(BEGUN).exists();
    if is_first {
        write(Path::new(BEGUN), b"", 0o644).doing_with(|| format!("writing {BEGUN}"))?;
    }
    let plan = cloud_init::read(&data);
    let (output, writer) = io::pipe().doing("making a pipe")?;
    alone.fork(|| {
        Work { plan, spec, is_first, output: writer }.go();
        u8::from(finish().is_err())
    })?;
    copy(output).doing_with(|| format!("writing {OUTPUT}"))
}

/// A boot's work.
struct Work<'s> {
    plan: Plan,
    spec: &'s Spec,
    is_first: bool,
    /// Where what is said goes, by us and by what is run.
    output: PipeWriter,
}

impl Work<'_> {
    /// What does not succeed says so, and is no reason to leave out the rest.
    fn go(&mut self) {
        let plan = std::mem::take(&mut self.plan);
        if self.is_first {
            plan.remarks.iter().for_each(|remark| self.say(remark));
        }
        plan.boothooks.iter().for_each(|script| self.run(&format!("the boothook {}", script.name), HOOKS, script));
        plan.boot_commands.iter().for_each(|script| self.run("bootcmd", HOOKS, script));
        if let Some(name) = &plan.hostname {
            self.attempt("the host name could not be set", || set_hostname(name, self.spec));
        }
        if !self.is_first {
            return;
        }
        self.write_files(&plan, false);
        plan.groups.iter().for_each(|group| self.attempt(&format!("the group {}", group.name), || accounts::make_group(group)));
        plan.users.iter().for_each(|user| self.attempt(&format!("the user {}", user.name), || accounts::make_user(user)));
        for password in &plan.passwords {
            let user = password.user.as_ref().unwrap_or(&self.spec.login);
            self.attempt(&format!("the password of {user}"), || accounts::set_password(user, password));
        }
        if !plan.keys.is_empty() {
            self.attempt("ssh_authorized_keys", || accounts::add_keys(self.spec, &plan.keys));
        }
        self.write_files(&plan, true);
        for script in &plan.scripts {
            let what = match script.name.as_str() {
                "runcmd" => "runcmd".to_owned(),
                _ if plan.scripts.len() == 1 => "the user data script".to_owned(),
                name => format!("the user data script {name}"),
            };
            self.run(&what, SCRIPTS, script);
        }
    }

    fn say(&self, words: &str) {
        // Nobody may be listening any more, which is no reason to stop.
        let _ = writeln!(&self.output, "peerless: {words}");
    }

    fn attempt(&self, what: &str, work: impl FnOnce() -> io::Result<()>) {
        if let Err(error) = work() {
            self.say(&format!("{what}: {error}"));
        }
    }

    fn write_files(&self, plan: &Plan, late: bool) {
        for file in plan.files.iter().filter(|file| file.late == late) {
            self.attempt(&format!("{} could not be written", file.path), || write_file(file));
        }
    }

    fn run(&self, what: &str, folder: &str, script: &Script) {
        let path = Path::new(folder).join(&script.name);
        let begin = || {
            write(&path, &script.text, 0o700)?;
            let mut command = Command::new(&path);
            command.env_clear().env("PATH", PATH).env("LANG", "C.UTF-8").env("INSTANCE_ID", &self.spec.id).current_dir("/").stdin(Stdio::null());
            command.stdout(self.output.try_clone()?).stderr(self.output.try_clone()?).status()
        };
        match begin() {
            Ok(status) if status.success() => self.say(&format!("{what} has ended")),
            Ok(status) => self.say(&format!("{what} failed: {status}")),
            Err(error) => self.say(&format!("{what} could not be started: {error}")),
        }
    }
}

fn write_file(file: &cloud_init::File) -> io::Result<()> {
    let path = Path::new(&file.path);
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    let mut open = OpenOptions::new();
    let mut target = open.append(file.append).write(true).truncate(!file.append).create(true).mode(file.mode).open(path)?;
    target.write_all(&file.content)?;
    let (user, group) = accounts::owner(&file.owner)?;
    chown(path, Some(user), group)?;
    // Last, for a change of owner takes set-user-id away.
    target.set_permissions(Permissions::from_mode(file.mode))
}

/// The name, and that it means this machine.
fn set_hostname(name: &Hostname, spec: &Spec) -> io::Result<()> {
    // As Amazon Linux does, and as the others do.
    let prefer_qualified = name.prefer_qualified.unwrap_or(spec.login == "ec2-user");
    let chosen = name.qualified.as_ref().filter(|_| prefer_qualified).unwrap_or(&name.short);
    sethostname(chosen)?;
    furnish::replace(Path::new("/etc/hostname"), format!("{chosen}\n").as_bytes(), 0o644).map_err(io::Error::other)?;
    let names = name.qualified.iter().chain([&name.short]).fold(String::new(), |names, name| names + " " + name);
    OpenOptions::new().append(true).open("/etc/hosts")?.write_all(format!("{}{names}\n", spec.address).as_bytes())
}

/// Passes on what is said, also by what was left running.
fn copy(mut output: PipeReader) -> io::Result<()> {
    let mut log = OpenOptions::new().append(true).create(true).mode(0o640).open(OUTPUT)?;
    let mut buffer = [0; 4096];
    loop {
        let count = output.read(&mut buffer)?;
        let bytes = buffer.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(());
        }
        log.write_all(bytes)?;
        // Not through the buffer of standard output, which waits for the end of a line.
        (&File::from(std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned()?)).write_all(bytes)?;
    }
}

fn finish() -> Result<(), Error> {
    if Path::new(FINISHED).exists() { Ok(()) } else { write(Path::new(FINISHED), b"", 0o644).doing_with(|| format!("writing {FINISHED}")) }
}

/// Writes a file anew: it is there from an earlier boot, perhaps.
fn write(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    furnish::replace(path, content, mode).map_err(io::Error::other)
}
