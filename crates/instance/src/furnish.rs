//! The files of a guest's own: what a fresh image has in `/etc`, the homes, and the skeleton of `/var`.
//!
//! A disk that was kept belongs to its user: only what follows the host's programs or the guest's name is written again.
//! What comes from the host is read with the rights of nobody, so nothing can come that its users may not all read.

mod accounts;
mod etc;
pub(crate) mod ssh;
pub mod trust;

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, lchown, symlink},
    path::Path,
};

use accounts::Accounts;
use nix::mount::{MsFlags, mount};

use crate::{
    error::{Doing, Error},
    image,
    init::user_data,
    sandbox::Outside,
    spec::Spec,
};

/// Settings of the host's that its programs need and people change. What is only read is part of the image.
const COPIED: [&str; 6] = ["services", "protocols", "login.defs", "inputrc", "os-release", "ssl/openssl.cnf"];

/// Directories that programs expect, with their permissions. Each costs an inode for every guest, so there are no more.
const DIRECTORIES: [(&str, u32); 18] = [
    ("/etc/profile.d", 0o755),
    ("/etc/ssh", 0o755),
    ("/home", 0o755),
    ("/mnt", 0o755),
    ("/opt", 0o755),
    ("/root", 0o700),
    ("/run/ec2-instance-connect", 0o755),
    ("/run/lock", 0o1777),
    ("/run/sshd", 0o755),
    ("/run/user", 0o755),
    ("/srv", 0o755),
    ("/var", 0o755),
    ("/var/cache", 0o755),
    ("/var/lib", 0o755),
    ("/var/log", 0o755),
    ("/var/mail", 0o1777),
    ("/var/spool", 0o755),
    ("/var/tmp", 0o1777),
];

/// Writes what the guest's disk lacks.
pub(crate) fn furnish(spec: &Spec, outside: &Outside) -> Result<(), Error> {
    for (path, mode) in DIRECTORIES {
        make_directory(Path::new(path), mode)?;
    }
    if spec.image.is_some() {
        return complete(spec);
    }
    for part in image::PROGRAMS {
        // Where it is a directory, the image has mounted it.
        if let Ok(target) = fs::read_link(outside.path(part)) {
            link(&target, &Path::new("/").join(part))?;
        }
    }
    for part in COPIED {
        copy(&outside.path("etc").join(part), &Path::new("/etc").join(part))?;
    }
    trust_administrators(outside)?;

    let shell = if Path::new("/bin/bash").exists() { "/bin/bash" } else { "/bin/sh" };
    let host = |file: &str| fs::read_to_string(outside.path("etc").join(file)).unwrap_or_default();
    let accounts = Accounts::new(&spec.login, shell, &host("passwd"), &host("group"));
    for file in etc::first_boot(spec, shell, &accounts).into_iter().chain(ssh::first_boot(spec)) {
        write_new(Path::new(file.path), file.text.as_bytes(), file.mode)?;
        if let Some(group) = file.group {
            lchown(file.path, Some(0), Some(group)).doing_with(|| format!("giving {} to its group", file.path))?;
        }
    }
    if let Some(data) = &spec.user_data {
        make_directory(Path::new("/var/lib/cloud/instance"), 0o755)?;
        write_new(Path::new(user_data::DATA), data, 0o600)?;
    }
    for file in etc::every_boot(spec).into_iter().chain([ssh::keys_command()]) {
        replace(Path::new(file.path), file.text.as_bytes(), file.mode)?;
    }
    for (target, path) in [("/usr/share/zoneinfo/UTC", "/etc/localtime"), ("/proc/self/mounts", "/etc/mtab"), ("/run", "/var/run")] {
        link(Path::new(target), Path::new(path))?;
    }
    link(Path::new("/run/lock"), Path::new("/var/lock"))?;
    make_home(Path::new("/root"), 0, &ssh::keys_of_root(spec), spec)?;
    make_home(&Path::new("/home").join(&spec.login), accounts::LOGIN_ID, &ssh::keys_of_login(spec), spec)
}

/// Writes what an image lacks to be an instance: who and where it is, and the login user.
fn complete(spec: &Spec) -> Result<(), Error> {
    let shell = if Path::new("/bin/bash").exists() { "/bin/bash" } else { "/bin/sh" };
    let old = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let home = format!("/home/{}", spec.login);
    if let Some(files) = accounts::with_login(&spec.login, shell, [&old("/etc/passwd"), &old("/etc/group"), &old("/etc/shadow")]) {
        for ((path, mode), text) in [("/etc/passwd", 0o644), ("/etc/group", 0o644), ("/etc/shadow", 0o600)].into_iter().zip(files.texts) {
            replace(Path::new(path), text.as_bytes(), mode)?;
        }
        let rule = format!("{} ALL=(ALL:ALL) NOPASSWD:ALL\n", spec.login);
        make_directory(Path::new("/etc/sudoers.d"), 0o750)?;
        write_new(Path::new("/etc/sudoers.d/90-login"), rule.as_bytes(), 0o440)?;
        own_keys(Path::new(&home), files.id, &ssh::keys_of_login(spec))?;
        own_keys(Path::new("/root"), 0, &ssh::keys_of_root(spec))?;
    }
    if let Some(data) = &spec.user_data {
        make_directory(Path::new("/var/lib/cloud/instance"), 0o755)?;
        write_new(Path::new(user_data::DATA), data, 0o600)?;
    }
    etc::every_boot(spec).into_iter().chain([ssh::keys_command()]).try_for_each(|file| replace(Path::new(file.path), file.text.as_bytes(), file.mode))
}

/// Has an image trust the simulated internet; the host's programs have settings for that.
pub(crate) fn trust_authority(spec: &Spec) {
    if let (Some(_), Some(certificate)) = (&spec.image, &spec.authority) {
        trust::trust(certificate);
    }
}

/// A home with keys that open the account, if there are any.
fn own_keys(home: &Path, owner: u32, keys: &str) -> Result<(), Error> {
    let folder = home.join(".ssh");
    let file = folder.join("authorized_keys");
    make_directory(home, 0o700)?;
    make_directory(&folder, 0o700)?;
    write_new(&file, keys.as_bytes(), 0o600)?;
    [home, &folder, &file].iter().try_for_each(|path| lchown(path, Some(owner), Some(owner)).doing_with(|| format!("giving {} away", path.display())))
}

/// Lets administrators become root by `su` without a password, as EC2's images do by `sudo`, which not every host has.
///
/// The rules are the host's, mounted read-only; so one more rule takes one more mount.
fn trust_administrators(outside: &Outside) -> Result<(), Error> {
    let Ok(rules) = fs::read_to_string(outside.path("etc/pam.d/su")) else { return Ok(()) };
    let (ours, theirs) = (Path::new("/run/pam.d-su"), Path::new("/etc/pam.d/su"));
    if !theirs.exists() {
        return Ok(());
    }
    write_new(ours, format!("{}{rules}", etc::TRUST).as_bytes(), 0o644)?;
    mount(Some(ours), theirs, None::<&str>, MsFlags::MS_BIND, None::<&str>).doing("mounting /etc/pam.d/su")
}

fn make_home(home: &Path, owner: u32, keys: &str, spec: &Spec) -> Result<(), Error> {
    if home.join(".bashrc").exists() {
        return Ok(());
    }
    make_directory(home, 0o700)?;
    make_directory(&home.join(".ssh"), 0o700)?;
    let mut made = vec![home.to_owned(), home.join(".ssh")];
    for (name, text) in etc::home(spec) {
        write_new(&home.join(name), text.as_bytes(), 0o644)?;
        made.push(home.join(name));
    }
    if !keys.is_empty() {
        let file = home.join(".ssh/authorized_keys");
        write_new(&file, keys.as_bytes(), 0o600)?;
        made.push(file);
    }
    made.iter().try_for_each(|path| lchown(path, Some(owner), Some(owner)).doing_with(|| format!("giving {} away", path.display())))
}

fn make_directory(path: &Path, mode: u32) -> Result<(), Error> {
    // Whatever the guest has put there instead is its own affair.
    if fs::symlink_metadata(path).is_ok() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o755).create(path).doing_with(|| format!("making {}", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).doing_with(|| format!("opening {} to its users", path.display()))
}

/// Copies a file, a link or a directory, unless the guest has one already. What is missing, or not for everyone's eyes, is left out.
fn copy(source: &Path, target: &Path) -> Result<(), Error> {
    let Ok(metadata) = fs::symlink_metadata(source) else { return Ok(()) };
    let mode = metadata.permissions().mode() & 0o777;
    if metadata.is_dir() {
        let Ok(entries) = fs::read_dir(source) else { return Ok(()) };
        make_directory(target, mode)?;
        for entry in entries.flatten() {
            copy(&entry.path(), &target.join(entry.file_name()))?;
        }
        return Ok(());
    }
    if let Some(directory) = target.parent() {
        make_directory(directory, 0o755)?;
    }
    if metadata.is_symlink() {
        return fs::read_link(source).map_or(Ok(()), |destination| link(&destination, target));
    }
    fs::read(source).map_or(Ok(()), |content| write_new(target, &content, mode))
}

fn link(destination: &Path, path: &Path) -> Result<(), Error> {
    already(symlink(destination, path)).doing_with(|| format!("linking {}", path.display()))
}

fn write_new(path: &Path, content: &[u8], mode: u32) -> Result<(), Error> {
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    already(file.and_then(|mut file| io::Write::write_all(&mut file, content))).doing_with(|| format!("writing {}", path.display()))
}

/// Writes a file whatever is in its place: opening that could follow a link or wait for ever.
pub(crate) fn replace(path: &Path, content: &[u8], mode: u32) -> Result<(), Error> {
    let is_file = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    if is_file && fs::read(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        result => result.doing_with(|| format!("replacing {}", path.display()))?,
    }
    write_new(path, content, mode)
}

fn already(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    }
}
