//! `__guest`: what this crate does in processes of its own, which are the same program executed again.

use std::{
    ffi::{OsStr, OsString},
    io,
    path::Path,
    process::ExitCode,
};

use crate::{
    builder,
    enter::enter,
    error::{Doing, Error},
    guest::Guest,
    images::trial,
    serial, volume,
};

/// What a program does that was called with `__guest` and these further arguments. To be called before any thread is started.
pub fn guest_main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let result = match arguments.as_slice() {
        [verb] if verb == "build" => build(),
        [verb, folder] if verb == "try-image" => trial::perform(Path::new(folder)).map(|()| ExitCode::SUCCESS),
        [verb, folder] if verb == "try-volume" => volume::perform(Path::new(folder)).map(|()| ExitCode::SUCCESS),
        [verb, record, user, command @ ..] if verb == "enter" => enter_recorded(record, user, command),
        [verb, record] if verb == "serial" => serve_recorded(record),
        _ => Err(Error::Usage),
    };
    result.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(COULD_NOT_BEGIN)
    })
}

/// The exit status by which a shell says that a command could not be executed.
pub(crate) const COULD_NOT_BEGIN: u8 = 126;

fn build() -> Result<ExitCode, Error> {
    let malformed = |source| Error::Record { path: "the builder's order".into(), source };
    let order = serde_json::from_reader(io::stdin().lock()).map_err(malformed)?;
    let built = builder::build(&order)?;
    let answer = serde_json::to_string(&built).map_err(malformed)?;
    io::Write::write_all(&mut io::stdout(), answer.as_bytes()).doing("answering the daemon").inspect_err(|_| {
        // Nobody will ever know of this guest.
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(built.pid), nix::sys::signal::Signal::SIGKILL);
    })?;
    Ok(ExitCode::SUCCESS)
}

fn serve_recorded(record: &OsStr) -> Result<ExitCode, Error> {
    serial::serve(&Guest::read(Path::new(record))?).map(|()| ExitCode::SUCCESS)
}

fn enter_recorded(record: &OsStr, user: &OsStr, command: &[OsString]) -> Result<ExitCode, Error> {
    let guest = Guest::read(Path::new(record))?;
    let code = enter(&guest, command, &user.to_string_lossy())?;
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)))
}
