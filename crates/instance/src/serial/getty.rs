//! Who asks for name and password on the line: the guest's own `agetty`, which executes its `login`.

use std::{
    convert::Infallible,
    ffi::{CStr, CString},
    fs::File,
    io::{self, Write},
    path::Path,
    time::{Duration, Instant},
};

use nix::{
    sys::{
        signal::{Signal, kill},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{Pid, dup2_stderr, dup2_stdin, dup2_stdout, execve, setsid},
};

use super::line::{Line, PORT};
use crate::{
    command::COULD_NOT_BEGIN,
    confinement,
    error::{Doing, Error},
    process::{self, SingleThreaded},
    syscall,
};

/// Where they are: `login` without the other asks for the name itself, and shows no greeting.
const GETTIES: [&str; 2] = ["/sbin/agetty", "/usr/sbin/agetty"];
const LOGINS: [&str; 2] = ["/bin/login", "/usr/bin/login"];

/// What the other end of the line is, to programs that draw on it.
const TERMINAL: &str = "xterm-256color";

const PATH: &CStr = c"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How long one lives at least that did its work; others are not started again at once, and not for ever.
const SHORT_LIFE: Duration = Duration::from_secs(1);
const MOST_SHORT_LIVES: u32 = 5;

/// How long a session may take to end when the line has been hung up.
const GRACE: Duration = Duration::from_secs(2);

/// The one on the line, and when the next is due.
pub(super) struct Getty {
    alone: SingleThreaded,
    groups: Vec<File>,
    program: CString,
    arguments: Vec<CString>,
    process: Option<Pid>,
    started: Instant,
    short_lives: u32,
    due: Option<Instant>,
}

impl Getty {
    /// Finds the guest's programs.
    pub(super) fn find(alone: SingleThreaded, groups: Vec<File>) -> Result<Getty, Error> {
        let there = |paths: [&'static str; 2]| paths.into_iter().find(|path| Path::new(path).is_file());
        let login = there(LOGINS).ok_or(Error::NoLogin)?;
        let words = match there(GETTIES) {
            Some(getty) => vec![getty, "--login-program", login, PORT, TERMINAL],
            None => vec![login],
        };
        let arguments = words.iter().map(|word| CString::new(*word)).collect::<Result<Vec<_>, _>>().map_err(|_| Error::NoLogin)?;
        let program = arguments.first().cloned().ok_or(Error::NoLogin)?;
        Ok(Getty { alone, groups, program, arguments, process: None, started: Instant::now(), short_lives: 0, due: None })
    }

    /// Starts it on the line.
    pub(super) fn start(&mut self, line: &Line) -> Result<(), Error> {
        (self.started, self.due) = (Instant::now(), None);
        let child = self.alone.fork(|| match self.run(line) {
            Ok(never) => match never {},
            Err(error) => {
                let _ = writeln!(io::stderr(), "{error}\r");
                COULD_NOT_BEGIN
            }
        })?;
        self.process = Some(child);
        Ok(())
    }

    /// When it is to be started again.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Collects what has ended; false if it does not get anywhere.
    pub(super) fn reap(&mut self) -> bool {
        while let Ok(status) = waitpid(Pid::from_raw(-1), Some(WaitPidFlag::WNOHANG)) {
            let Some(pid) = status.pid() else { break };
            if self.process == Some(pid) && matches!(status, WaitStatus::Exited(..) | WaitStatus::Signaled(..)) {
                let was_short = self.started.elapsed() < SHORT_LIFE;
                self.short_lives = if was_short { self.short_lives + 1 } else { 0 };
                let pause = if was_short { SHORT_LIFE } else { Duration::ZERO };
                (self.process, self.due) = (None, Some(Instant::now() + pause));
            }
        }
        self.short_lives < MOST_SHORT_LIVES
    }

    /// Sees it off once the line has been hung up, by force if it does not hear that.
    pub(super) fn end(&mut self) {
        let Some(process) = self.process.take() else { return };
        let deadline = Instant::now() + GRACE;
        while waitpid(process, Some(WaitPidFlag::WNOHANG)) == Ok(WaitStatus::StillAlive) {
            if Instant::now() > deadline {
                let _ = kill(process, Signal::SIGKILL);
                let _ = waitpid(process, None);
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// In the child: becomes it; returns only if that fails.
    fn run(&self, line: &Line) -> Result<Infallible, Error> {
        for mut group in &self.groups {
            group.write_all(b"0").doing("joining the guest's cgroups")?;
        }
        setsid().doing("making a session")?;
        confinement::confine()?;
        let port = line.take().doing("taking /dev/ttyS0")?;
        let streams = || dup2_stdin(&port).and_then(|()| dup2_stdout(&port)).and_then(|()| dup2_stderr(&port));
        streams().doing("redirecting the streams to the line")?;
        process::restore_signals()?;
        syscall::close_on_exec_from(3).doing("closing descriptors")?;
        let terminal = CString::new(format!("TERM={TERMINAL}")).unwrap_or_default();
        let environment = [PATH.to_owned(), terminal];
        let Err(errno) = execve(&self.program, &self.arguments, &environment);
        Err(errno).doing_with(|| format!("starting {}", self.program.to_string_lossy()))
    }
}
