//! Processes: forking safely, and recognising one again that is not a child.
//!
//! A process id alone says nothing, for the kernel uses numbers again; with the time at which the process started it is a name for good.
#![expect(unsafe_code, reason = "fork and _exit")]

use std::{
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigHandler, SigSet, Signal, signal},
        wait::{WaitStatus, waitpid},
    },
    unistd::{ForkResult, Pid},
};

use crate::error::{Doing, Error};

/// What `/proc/PID/stat` says of a process.
pub(crate) struct Status {
    /// When it started, in clock ticks since the machine did.
    pub(crate) start_time: u64,
    /// It has ended, and only waits for its parent to notice.
    pub(crate) ended: bool,
}

/// What the kernel knows of a process, or nothing if there is none of that number.
pub(crate) fn status(pid: i32) -> Option<Status> {
    parse_status(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_status(stat: &str) -> Option<Status> {
    // The second field is the program's name in parentheses, and may itself hold spaces and parentheses.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    let start_time = fields.nth(18)?.parse().ok()?;
    Some(Status { start_time, ended: matches!(state, "Z" | "X") })
}

/// The knowledge that this process has one thread, without which it can neither fork safely nor enter namespaces. Nothing in this crate starts
/// a thread, so what was once checked stays true.
#[derive(Clone, Copy)]
pub(crate) struct SingleThreaded(());

impl SingleThreaded {
    /// Refuses to go on in a process whose other threads would be left behind.
    pub(crate) fn check() -> Result<SingleThreaded, Error> {
        let threads = fs::read_dir("/proc/self/task").doing("counting this process's threads")?.count();
        if threads == 1 { Ok(SingleThreaded(())) } else { Err(Error::Threaded) }
    }

    /// Runs `work` in a child process; what it returns is the child's exit status.
    ///
    /// What `work` owns belongs to the child alone: the parent has dropped it when this returns.
    pub(crate) fn fork(self, work: impl FnOnce() -> u8) -> Result<Pid, Error> {
        // SAFETY: this process has one thread, so the child finds no lock held by a thread that it lacks.
        match unsafe { nix::unistd::fork() }.doing("forking")? {
            ForkResult::Parent { child } => Ok(child),
            ForkResult::Child => {
                // A panic must not unwind into the parent's stack frames, of which the child has copies.
                let status = catch_unwind(AssertUnwindSafe(work)).unwrap_or(101);
                // SAFETY: ends the process without running what the parent registered for its own end.
                unsafe { libc::_exit(status.into()) }
            }
        }
    }
}

/// Undoes what a Rust program and this crate did to signals, as a program about to be executed expects it.
pub(crate) fn restore_signals() -> Result<(), Error> {
    // SAFETY: the default disposition is no handler, so nothing can run at a bad moment.
    unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) }.doing("restoring SIGPIPE")?;
    SigSet::empty().thread_set_mask().doing("unblocking signals")
}

/// Waits for a child to end and returns its exit status as a shell would: 128 and the signal's number if one ended it.
pub(crate) fn wait(child: Pid) -> Result<i32, Error> {
    loop {
        match waitpid(child, None) {
            Ok(WaitStatus::Exited(_, code)) => return Ok(code),
            Ok(WaitStatus::Signaled(_, signal, _)) => return Ok(128 + signal as i32),
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error).doing("waiting for a child process"),
        }
    }
}

/// Waits until the process behind a pidfd has ended, child or not; false if it outlives the patience.
pub(crate) fn ended_within(pidfd: &impl std::os::fd::AsFd, patience: Duration) -> io::Result<bool> {
    let deadline = Instant::now() + patience;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)], timeout) {
            Ok(0) => return Ok(false),
            Ok(_) => return Ok(true),
            Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_may_hold_anything() {
        let stat = "7 (a) b) Z 1 7 7 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";
        let status = parse_status(stat).unwrap();
        assert_eq!(status.start_time, 4711);
        assert!(status.ended);
    }

    #[test]
    fn this_process_runs() {
        assert!(status(std::process::id().cast_signed()).is_some_and(|status| !status.ended));
    }
}
