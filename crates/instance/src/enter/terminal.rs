//! A terminal of the guest's own for a command whose streams are a terminal of the host's.
//!
//! A host's terminal must not go inside: who has it can type into it what a shell outside then executes. So each standard stream that is a
//! terminal is replaced by one end of a pseudo-terminal of the guest's, and this process stands between the two.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
};

use nix::{
    fcntl::{OFlag, open},
    sys::{
        stat::Mode,
        termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr},
    },
    unistd::{dup2_stderr, dup2_stdin, dup2_stdout, isatty},
};

use crate::{
    error::{Doing, Error},
    syscall,
};

/// Both ends of the guest's terminal, and which streams of the host's it stands for.
pub(crate) struct Terminal {
    master: OwnedFd,
    slave: OwnedFd,
    input: bool,
    output: bool,
    error: bool,
}

/// What stays outside: this end of the guest's terminal, and the host's keyboard and screen.
pub(crate) struct Outside {
    pub(crate) master: OwnedFd,
    pub(crate) keyboard: Option<Keyboard>,
    pub(crate) screen: OwnedFd,
}

/// The host's terminal in raw mode, every key for the guest to interpret; restored when dropped.
pub(crate) struct Keyboard(Termios);

impl Terminal {
    /// A terminal from the guest's devpts, if any standard stream is a terminal. This process must be root of the guest by now.
    pub(crate) fn open() -> Result<Option<Terminal>, Error> {
        let input = isatty(io::stdin()).unwrap_or(false);
        let output = isatty(io::stdout()).unwrap_or(false);
        let error = isatty(io::stderr()).unwrap_or(false);
        if !(input || output || error) {
            return Ok(None);
        }
        // The guest decides what is at this path: a pipe must not be waited for, and anything else fails as a terminal.
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let master = open("/dev/pts/ptmx", flags, Mode::empty()).doing("opening the guest's /dev/pts/ptmx")?;
        let slave = syscall::open_terminal(&master).doing("opening a terminal of the guest's")?;
        copy_size(&master);
        Ok(Some(Terminal { master, slave, input, output, error }))
    }

    /// In the child: makes the guest's terminal its controlling one and its streams.
    pub(crate) fn take_over(&self) -> Result<(), Error> {
        syscall::set_controlling_terminal(&self.slave).doing("taking the terminal")?;
        let streams = || {
            if self.input {
                dup2_stdin(&self.slave)?;
            }
            if self.output {
                dup2_stdout(&self.slave)?;
            }
            if self.error {
                dup2_stderr(&self.slave)?;
            }
            Ok::<(), nix::Error>(())
        };
        streams().doing("redirecting the streams to the terminal")
    }

    /// In the parent: closes the guest's end, so that this end is told when the last process inside has done the same.
    pub(crate) fn into_outside(self) -> Result<Outside, Error> {
        let screen = match (self.output, self.error) {
            (true, _) => io::stdout().as_fd().try_clone_to_owned(),
            (false, true) => io::stderr().as_fd().try_clone_to_owned(),
            // Echo belongs on the terminal that is typed on.
            (false, false) => io::stdin().as_fd().try_clone_to_owned(),
        };
        let screen = screen.doing("duplicating the terminal")?;
        let keyboard = if self.input { Some(Keyboard::raw().doing("taking the terminal's keys")?) } else { None };
        Ok(Outside { master: self.master, keyboard, screen })
    }
}

impl Keyboard {
    fn raw() -> nix::Result<Keyboard> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        cfmakeraw(&mut raw);
        tcsetattr(io::stdin(), SetArg::TCSADRAIN, &raw)?;
        Ok(Keyboard(before))
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, &self.0);
    }
}

/// Gives the guest's terminal the size of the host's.
pub(crate) fn copy_size(master: &OwnedFd) {
    for stream in [io::stdin().as_fd(), io::stdout().as_fd(), io::stderr().as_fd()] {
        if let Ok(size) = syscall::window_size(&stream) {
            let _ = syscall::set_window_size(master, size);
            return;
        }
    }
}
