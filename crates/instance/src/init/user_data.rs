//! User data: a script that the guest's owner gave it, run as root once, at the first boot, while sshd may already let people in.
//!
//! Files are where cloud-init has them, since people look there: the data and the script in `/var/lib/cloud/instance`, the output on the
//! console and in `/var/log/cloud-init-output.log`. <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html>

use std::{
    fs::{self, File, OpenOptions},
    io::{self, PipeReader, PipeWriter, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::{Command, Stdio},
};

use super::PATH;
use crate::{
    error::{Doing, Error},
    process::SingleThreaded,
};

/// What was given.
pub(crate) const DATA: &str = "/var/lib/cloud/instance/user-data.txt";
/// It is there once the script was begun.
const BEGUN: &str = "/var/lib/cloud/instance/sem/config_scripts_user";
const SCRIPT: &str = "/var/lib/cloud/instance/scripts/part-001";
/// It is there once the script has ended: what programs wait for that use the instance.
const FINISHED: &str = "/var/lib/cloud/instance/boot-finished";
const OUTPUT: &str = "/var/log/cloud-init-output.log";

/// Runs it, unless an earlier boot has, and stays as long as anything writes output. Standard output is the console.
pub(crate) fn run(alone: SingleThreaded) -> Result<(), Error> {
    let Ok(data) = fs::read(DATA) else { return finish() };
    if Path::new(BEGUN).exists() {
        return finish();
    }
    write(BEGUN, b"", 0o644)?;
    if !data.starts_with(b"#!") {
        let kind = kind(&data);
        return finish()
            .and(Err(Error::Inside { reason: format!("user data is {kind}, which is not supported: only scripts, from #! on, are run") }));
    }
    write(SCRIPT, &data, 0o700)?;
    let (output, writer) = io::pipe().doing("making a pipe")?;
    alone.fork(move || match supervise(writer) {
        Ok(()) => 0,
        Err(_) => 1,
    })?;
    copy(output).doing_with(|| format!("writing {OUTPUT}"))
}

/// Runs the script and says how it ended, where its output goes.
fn supervise(mut output: PipeWriter) -> io::Result<()> {
    let mut command = Command::new(SCRIPT);
    command.env_clear().env("PATH", PATH).env("LANG", "C.UTF-8").current_dir("/").stdin(Stdio::null());
    let status = command.stdout(output.try_clone()?).stderr(output.try_clone()?).status();
    match status {
        Ok(status) if status.success() => writeln!(output, "peerless: the user data script has ended"),
        Ok(status) => writeln!(output, "peerless: the user data script failed: {status}"),
        Err(error) => writeln!(output, "peerless: the user data script could not be started: {error}"),
    }?;
    finish().map_err(io::Error::other)
}

/// Passes on what the script, and what it has left running, writes.
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
    if Path::new(FINISHED).exists() { Ok(()) } else { write(FINISHED, b"", 0o644) }
}

fn write(path: &str, content: &[u8], mode: u32) -> Result<(), Error> {
    let path = Path::new(path);
    let above = path.parent().map_or(Ok(()), fs::create_dir_all);
    let written = above.and_then(|()| OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?.write_all(content));
    written.doing_with(|| format!("writing {}", path.display()))
}

/// What it is, by its beginning, as cloud-init tells it.
fn kind(data: &[u8]) -> &'static str {
    let kinds: [(&[u8], &str); 6] = [
        (b"#cloud-config", "a cloud-config"),
        (b"#cloud-boothook", "a boothook"),
        (b"#include", "a list of things to include"),
        (b"## template", "a template"),
        (b"\x1f\x8b", "compressed"),
        (b"Content-Type:", "a MIME archive"),
    ];
    let known = kinds.iter().find(|(beginning, _)| data.starts_with(beginning));
    known.map_or_else(|| if data.starts_with(b"MIME-Version:") { "a MIME archive" } else { "of an unknown kind" }, |(_, kind)| kind)
}
