//! A guest's first process.
//!
//! It reaps orphans, waits to be told that the network is there, and ends the guest when told to. It owes nothing to whoever started it: no
//! terminal, no descriptor, no signal on the parent's death; a daemon finds it again by its record. Signals are its only interface: they need
//! no path and no descriptor, and a later daemon can send them as well as the first one.
//!
//! It is forked, never executed inside the guest, and closed to tracing: root inside cannot read its memory, nor reach the host's file of
//! this program through `/proc/1/exe`.
#![expect(unsafe_code, reason = "closing inherited descriptors")]

use std::{
    fs::File,
    io::{self, Write},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::{
        prctl,
        signal::{SigSet, Signal, kill},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{Pid, chdir, dup2_stderr, dup2_stdin, dup2_stdout, sethostname, setsid},
};

use crate::{
    error::{Doing, Error},
    furnish, network,
    process::{self, SingleThreaded},
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

/// How long the guest's processes may take to end by themselves at power-off.
const GRACE: Duration = Duration::from_secs(5);

/// Runs the guest; called in the first process of its pid namespace.
pub(crate) fn run(alone: SingleThreaded, spec: &Spec, console: File, mut report: File) -> u8 {
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
    // SAFETY: the owners of these descriptors are in stack frames of the builder, to which this process never returns.
    if unsafe { syscall::close_from(3) }.is_err() {
        return 1;
    }
    serve(&spec.hostname)
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
    sethostname(&spec.hostname).doing("setting the host name")?;
    network::prepare(spec.ttl)
}

fn serve(hostname: &str) -> u8 {
    let begin = Instant::now();
    // A full disk is no reason to stop.
    let say = |words: &str| drop(writeln!(io::stdout(), "[{:12.6}] peerless: {words}", begin.elapsed().as_secs_f64()));
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGCHLD, BOOT, POWER_OFF, Signal::SIGPWR] {
        signals.add(signal);
    }
    let mut booted = false;
    say(&format!("{hostname} waits for its network"));
    loop {
        match signals.wait() {
            Ok(Signal::SIGCHLD) => reap(),
            Ok(BOOT) if !booted => {
                booted = true;
                say(&format!("{hostname} is up"));
            }
            Ok(POWER_OFF | Signal::SIGPWR) => {
                say("powering off");
                power_off();
                say("powered off");
                return 0;
            }
            _ => {}
        }
    }
}

/// Collects every child that has ended: orphans of the whole guest become this process's children.
fn reap() {
    while let Ok(status) = waitpid(Pid::from_raw(-1), Some(WaitPidFlag::WNOHANG)) {
        if status == WaitStatus::StillAlive {
            return;
        }
    }
}

/// Ends all other processes, gently first. What is still there when the init exits, the kernel kills.
fn power_off() {
    let everyone = Pid::from_raw(-1);
    let deadline = Instant::now() + GRACE;
    let mut left = kill(everyone, Signal::SIGTERM).and_then(|()| kill(everyone, Signal::SIGCONT));
    while left.is_ok() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(10));
        reap();
        left = kill(everyone, None);
    }
}
