//! A guest's first process.
//!
//! It reaps orphans, keeps the console log, starts `sshd` and user data when it is told that the network is there, and ends the guest when told to. It owes nothing to whoever started it: no
//! terminal, no descriptor, no signal on the parent's death; a daemon finds it again by its record. Signals are its only interface to the outside: they need
//! no path and no descriptor, and a later daemon can send them as well as the first one. Those inside have `/run/initctl`, and the signals by
//! which busybox asks its init. Whether a guest that ended is to be started again, it leaves beside its pulse.
//!
//! It is forked, never executed inside the guest, and closed to tracing: root inside cannot read its memory, nor reach the host's file of
//! this program through `/proc/1/exe`.
#![expect(unsafe_code, reason = "closing inherited descriptors")]

mod initctl;
mod log;
mod ssh;
pub(crate) mod user_data;

use std::{
    fs::File,
    io::{self, Write},
    os::fd::AsFd,
    thread,
    time::{Duration, Instant},
};

use initctl::{Initctl, Request};
use log::Console;
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        prctl,
        signal::{Signal, kill},
        signalfd::{SfdFlags, SignalFd},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{Pid, chdir, dup2_stderr, dup2_stdin, dup2_stdout, sethostname, setsid},
};

use crate::{
    confinement,
    error::{Doing, Error},
    furnish, network,
    process::{self, SingleThreaded},
    pulse::{self, Pulse},
    sandbox,
    spec::Spec,
    syscall,
};

/// What the init reports when all is well; anything else is an error in words.
pub(crate) const READY: &str = "ready";

/// Tells the init that its network is configured.
pub(crate) const BOOT: Signal = Signal::SIGUSR1;

/// Tells the init to end the guest in order.
pub(crate) const POWER_OFF: Signal = Signal::SIGTERM;

/// Where services find programs.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How long a service that ended is left alone.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Asks the init how it is.
pub(crate) const PULSE: Signal = Signal::SIGUSR2;

/// How long the guest's processes may take to end by themselves at power-off.
const GRACE: Duration = Duration::from_secs(5);

/// Files of the host's that a guest's init writes, outside the guest's root directory.
pub(crate) struct Outlets {
    pub(crate) console: File,
    pub(crate) pulse: File,
}

/// Runs the guest; called in the first process of its pid namespace.
pub(crate) fn run(alone: SingleThreaded, spec: &Spec, outlets: Outlets, mut report: File) -> u8 {
    let Outlets { console, pulse } = outlets;
    let settled = settle(alone, spec, console, &report);
    let told = match &settled {
        Ok(true) => report.write_all(READY.as_bytes()),
        // The child that failed has said why.
        Ok(false) => return 1,
        Err(error) => report.write_all(error.to_string().as_bytes()),
    };
    drop(report);
    // Whoever builds a guest and cannot be told of it does not want it any more.
    if settled.is_err() || told.is_err() {
        return 1;
    }
    // SAFETY: the owners of all others are in stack frames of the builder, to which this process never returns.
    if unsafe { syscall::close_from_but(3, &pulse) }.is_err() {
        return 1;
    }
    match serve(alone, spec, pulse) {
        Ok(()) => 0,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            1
        }
    }
}

/// Makes this process an init and its surroundings a guest; false if a child failed to.
fn settle(alone: SingleThreaded, spec: &Spec, console: File, report: &File) -> Result<bool, Error> {
    prctl::set_dumpable(false).doing("closing the init to tracing")?;
    prctl::set_name(c"init").doing("naming the init")?;
    setsid().doing("leaving the builder's session")?;
    let null = File::open("/dev/null").doing("opening /dev/null")?;
    dup2_stdin(null).doing("redirecting standard input")?;
    dup2_stdout(&console).doing("redirecting standard output")?;
    dup2_stderr(&console).doing("redirecting standard error")?;
    drop(console);
    // A child does the work, so that the memory for it is not the init's for the rest of the guest's life.
    let child = alone.fork(|| match make_home(spec) {
        Ok(()) => 0,
        Err(error) => {
            let _ = (&*report).write_all(error.to_string().as_bytes());
            1
        }
    })?;
    let done = process::wait(child)? == 0;
    // pivot_root in the child moved this process's root, too.
    chdir("/").doing("entering the new root")?;
    Ok(done)
}

fn make_home(spec: &Spec) -> Result<(), Error> {
    let outside = sandbox::enter(spec.memory_mib)?;
    furnish::furnish(spec, &outside)?;
    outside.leave()?;
    // Links on the disk cannot lead outside any more.
    furnish::trust_authority(spec);
    sethostname(&spec.hostname).doing("setting the host name")?;
    network::prepare(spec.ttl)
}

/// What the init watches over.
struct Machine {
    alone: SingleThreaded,
    console: Console,
    sshd: Service,
    booted: bool,
    answers: u64,
    pulse: File,
}

/// A program that is started again when it ends: soon, and later the oftener it does.
struct Service {
    process: Option<Pid>,
    started: Instant,
    due: Option<Instant>,
    pause: Duration,
}

impl Service {
    fn ended(&mut self) {
        self.pause = if self.started.elapsed() > LONGEST_PAUSE { SHORTEST_PAUSE } else { LONGEST_PAUSE.min(self.pause * 2) };
        (self.process, self.due) = (None, Some(Instant::now() + self.pause));
    }
}

fn serve(alone: SingleThreaded, spec: &Spec, pulse: File) -> Result<(), Error> {
    confinement::confine()?;
    let log = io::stdout().as_fd().try_clone_to_owned().doing("duplicating the console")?;
    let mut machine = Machine {
        alone,
        console: Console::open(File::from(log)).doing("opening the console")?,
        sshd: Service { process: None, started: Instant::now(), due: None, pause: SHORTEST_PAUSE },
        booted: false,
        answers: 0,
        pulse,
    };
    let signals = [Signal::SIGCHLD, BOOT, PULSE, POWER_OFF, Signal::SIGPWR, Signal::SIGINT].into_iter().collect();
    let signals = SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC).doing("listening for signals")?;
    let mut initctl = Initctl::open().doing("making /run/initctl")?;
    machine.console.say(&format!("{} waits for its network", spec.hostname));
    loop {
        let sources = &mut [signals.as_fd(), machine.console.as_fd(), initctl.as_fd()].map(|source| PollFd::new(source, PollFlags::POLLIN));
        let _ = poll(sources, machine.patience());
        machine.console.collect();
        if let Some(request) = initctl.next() {
            return machine.end(request);
        }
        while let Ok(Some(information)) = signals.read_signal() {
            let Ok(Ok(signal)) = i32::try_from(information.ssi_signo).map(Signal::try_from) else { continue };
            // Whoever is outside has no number inside.
            let is_from_outside = information.ssi_pid == 0;
            match signal {
                BOOT if is_from_outside && !machine.booted => machine.boot(spec),
                PULSE if is_from_outside => machine.answer(),
                POWER_OFF if is_from_outside => return machine.end(Request::PowerOff),
                _ if is_from_outside => {}
                _ => {
                    if let Some(request) = asked(signal) {
                        return machine.end(request);
                    }
                }
            }
        }
        machine.reap();
        machine.start_what_is_due(spec);
    }
}

/// What root inside asks by a signal. Busybox's `reboot`, `poweroff` and `halt` do (`init/halt.c` there), others may press the three keys.
fn asked(signal: Signal) -> Option<Request> {
    match signal {
        Signal::SIGTERM | Signal::SIGINT => Some(Request::Reboot),
        Signal::SIGUSR1 | Signal::SIGUSR2 | Signal::SIGPWR => Some(Request::PowerOff),
        _ => None,
    }
}

impl Machine {
    fn boot(&mut self, spec: &Spec) {
        self.booted = true;
        self.console.say(&format!("{} is up", spec.hostname));
        if let Err(error) = self.start(|| user_data::run(self.alone, spec)) {
            self.console.say(&error.to_string());
        }
        match ssh::program() {
            Some(_) => self.sshd.due = Some(Instant::now()),
            None => self.console.say("there is no sshd for it on this host: connections to port 22 are refused"),
        }
    }

    /// Says how it is: whether the network is there, as the answer to an ARP request would say it.
    fn answer(&mut self) {
        self.answers += 1;
        let trouble = if self.booted { network::trouble() } else { Some("it waits for its network") };
        // Whoever asked takes silence for an answer, too.
        let _ = Pulse { count: self.answers, trouble: trouble.map(str::to_owned) }.write(&self.pulse);
    }

    /// How long there is nothing to do.
    fn patience(&self) -> PollTimeout {
        let left = |due: Instant| PollTimeout::try_from(due.saturating_duration_since(Instant::now())).unwrap_or(PollTimeout::MAX);
        self.sshd.due.map_or(PollTimeout::NONE, left)
    }

    /// Collects every child that has ended: orphans of the whole guest become this process's children.
    fn reap(&mut self) {
        while let Ok(status) = waitpid(Pid::from_raw(-1), Some(WaitPidFlag::WNOHANG)) {
            let Some(pid) = status.pid() else { return };
            if self.sshd.process == Some(pid) {
                self.sshd.ended();
                self.console.say(&format!("sshd ended ({status:?}), and is started again in {} s", self.sshd.pause.as_secs()));
            }
        }
    }

    fn start_what_is_due(&mut self, spec: &Spec) {
        if self.sshd.due.is_none_or(|due| due > Instant::now()) {
            return;
        }
        (self.sshd.started, self.sshd.due) = (Instant::now(), None);
        match self.start(|| ssh::run(spec).map(|never| match never {})) {
            Ok(process) => self.sshd.process = Some(process),
            Err(error) => {
                self.sshd.ended();
                self.console.say(&error.to_string());
            }
        }
    }

    /// Starts a process of the guest's, which writes to the console.
    fn start(&self, work: impl FnOnce() -> Result<(), Error>) -> Result<Pid, Error> {
        self.alone.fork(|| {
            let surroundings = || {
                setsid().doing("making a session")?;
                dup2_stdout(self.console.writer()).and_then(|()| dup2_stderr(self.console.writer())).doing("redirecting to the console")?;
                process::restore_signals()
            };
            match surroundings().and_then(|()| work()) {
                Ok(()) => 0,
                Err(error) => {
                    let _ = writeln!(io::stderr(), "{error}");
                    1
                }
            }
        })
    }

    /// Ends the guest in order.
    fn end(&mut self, request: Request) -> Result<(), Error> {
        let (ending, ended) = match request {
            Request::PowerOff => ("powering off", "powered off"),
            Request::Reboot => ("rebooting", "restarting"),
        };
        self.console.say(ending);
        end_everything();
        self.console.collect();
        self.console.say(ended);
        match request {
            Request::PowerOff => Ok(()),
            Request::Reboot => pulse::ask_to_restart(&self.pulse).doing("asking for a restart"),
        }
    }
}

/// Ends all other processes, gently first. What is still there when the init exits, the kernel kills.
fn end_everything() {
    let everyone = Pid::from_raw(-1);
    let deadline = Instant::now() + GRACE;
    let mut left = kill(everyone, Signal::SIGTERM).and_then(|()| kill(everyone, Signal::SIGCONT));
    while left.is_ok() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(10));
        while waitpid(everyone, Some(WaitPidFlag::WNOHANG)).is_ok_and(|status| status != WaitStatus::StillAlive) {}
        left = kill(everyone, None);
    }
}
