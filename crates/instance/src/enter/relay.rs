//! Standing between the caller and the command: signals and keys go in, output and the exit status come out.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigSet, Signal, kill, killpg},
        signalfd::{SfdFlags, SignalFd},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{Pid, read, write},
};

use super::terminal::{Outside, Terminal, copy_size};
use crate::error::{Doing, Error};

/// Signals that go on to the command.
const FORWARDED: [Signal; 4] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT];

/// More than enough to empty the kernel's buffer of a terminal.
const MOST_READS: usize = 64;

/// Signals that would stop this process: but the guest could not end before this process had noticed the end of the command.
const SWALLOWED: [Signal; 3] = [Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU];

/// The signals that [`until_end`] reads from a descriptor; they must be blocked before the child exists.
pub(crate) fn signals() -> SigSet {
    let mut set = SigSet::empty();
    for signal in FORWARDED.into_iter().chain(SWALLOWED).chain([Signal::SIGCHLD, Signal::SIGWINCH]) {
        set.add(signal);
    }
    set
}

/// Serves the command until it has ended, and returns its exit status.
pub(crate) fn until_end(child: Pid, terminal: Option<Terminal>) -> Result<i32, Error> {
    let signals = SignalFd::with_flags(&signals(), SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC).doing("listening for signals")?;
    let mut relay = terminal.map(Terminal::into_outside).transpose()?.map(Relay::new);
    loop {
        wait_for_any(&signals, relay.as_ref()).doing("waiting for the command")?;
        if let Some(relay) = &mut relay {
            relay.take_keys();
            relay.show_output();
        }
        while let Some(information) = signals.read_signal().doing("reading a signal")? {
            let signal = i32::try_from(information.ssi_signo).ok().and_then(|number| Signal::try_from(number).ok());
            match (signal, &mut relay) {
                (Some(Signal::SIGCHLD), relay) => {
                    if let Some(status) = status_of(child)? {
                        relay.iter_mut().for_each(Relay::show_output);
                        return Ok(status);
                    }
                }
                (Some(Signal::SIGWINCH), Some(relay)) => copy_size(&relay.outside.master),
                (Some(signal), _) if FORWARDED.contains(&signal) => forward(child, signal),
                _ => {}
            }
        }
    }
}

/// As from a terminal, to the command and the processes it has started; to the command alone before it has a group of its own.
fn forward(child: Pid, signal: Signal) {
    let _ = killpg(child, signal).or_else(|_| kill(child, signal));
}

fn status_of(child: Pid) -> Result<Option<i32>, Error> {
    match waitpid(child, Some(WaitPidFlag::WNOHANG)).doing("waiting for the command")? {
        WaitStatus::Exited(_, code) => Ok(Some(code)),
        WaitStatus::Signaled(_, signal, _) => Ok(Some(128 + signal as i32)),
        _ => Ok(None),
    }
}

/// Keys to the guest's terminal and its output to the screen. Keys wait while the guest does not take them, output never waits for keys: a
/// command that writes while much is typed would otherwise stop for good.
struct Relay {
    outside: Outside,
    keys: Vec<u8>,
    open: bool,
}

impl Relay {
    fn new(outside: Outside) -> Relay {
        Relay { outside, keys: Vec::new(), open: true }
    }

    fn take_keys(&mut self) {
        if self.keys.is_empty() && self.outside.keyboard.is_some() && readable(&io::stdin()) {
            let mut buffer = [0; 4096];
            match read(io::stdin(), &mut buffer) {
                Ok(0) => self.outside.keyboard = None,
                Ok(count) => self.keys.extend(buffer.iter().take(count)),
                Err(Errno::EINTR | Errno::EAGAIN) => {}
                Err(_) => self.outside.keyboard = None,
            }
        }
        match write(&self.outside.master, &self.keys) {
            Ok(count) => drop(self.keys.drain(..count)),
            Err(Errno::EINTR | Errno::EAGAIN) => {}
            Err(_) => self.keys.clear(),
        }
    }

    /// Shows what there is at the moment; not all that a tireless command writes meanwhile, for signals wait, too.
    fn show_output(&mut self) {
        let mut buffer = [0; 16_384];
        for _ in 0..MOST_READS {
            match read(&self.outside.master, &mut buffer) {
                Ok(count) if count > 0 => write_all(&self.outside.screen, buffer.get(..count).unwrap_or_default()),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return,
                // EIO: no process inside has the terminal open any more.
                _ => {
                    self.open = false;
                    return;
                }
            }
        }
    }
}

fn wait_for_any(signals: &SignalFd, relay: Option<&Relay>) -> nix::Result<()> {
    let stdin = io::stdin();
    let mut sources = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
    if let Some(Relay { outside, keys, open }) = relay {
        if *open {
            let typing = if keys.is_empty() { PollFlags::empty() } else { PollFlags::POLLOUT };
            sources.push(PollFd::new(outside.master.as_fd(), PollFlags::POLLIN | typing));
        }
        if outside.keyboard.is_some() && keys.is_empty() {
            sources.push(PollFd::new(stdin.as_fd(), PollFlags::POLLIN));
        }
    }
    match poll(&mut sources, PollTimeout::NONE) {
        Err(Errno::EINTR) => Ok(()),
        result => result.map(drop),
    }
}

fn readable(stream: &impl AsFd) -> bool {
    let mut source = [PollFd::new(stream.as_fd(), PollFlags::POLLIN)];
    poll(&mut source, PollTimeout::ZERO).is_ok_and(|count| count > 0)
}

/// The screen may have been made non-blocking by whoever shares it. One that is gone shows nothing.
fn write_all(screen: &OwnedFd, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match write(screen, bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => drop(poll(&mut [PollFd::new(screen.as_fd(), PollFlags::POLLOUT)], PollTimeout::NONE)),
            Err(_) => return,
        }
    }
}
