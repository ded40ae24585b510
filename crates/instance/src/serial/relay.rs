//! Standing between the line and whoever sits at it. Neither direction waits for the other, and neither takes more than it can pass on.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    time::Instant,
};

use nix::{
    errno::Errno,
    fcntl::{FcntlArg, OFlag, fcntl},
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigSet, Signal},
        signalfd::{SfdFlags, SignalFd},
    },
    unistd::{read, write},
};

use super::{
    getty::Getty,
    input::{Input, LONGEST_KEYS},
    line::Line,
};
use crate::error::{Doing, Error};

/// As much as is carried at a time.
const PIECE: usize = 16_384;

/// What was typed, and waits.
struct Typed {
    /// Not understood yet.
    raw: Vec<u8>,
    /// Keys that the line does not take.
    keys: Vec<u8>,
}

/// Between the two.
pub(super) struct Relay {
    signals: SignalFd,
    init: OwnedFd,
    typed: Typed,
    shown: Vec<u8>,
}

/// What is ready.
struct Ready {
    typed: bool,
    line: bool,
    init: bool,
    /// Nobody looks at the screen any more.
    left: bool,
}

impl Relay {
    /// Before the line is used.
    pub(super) fn new(init: OwnedFd) -> Result<Relay, Error> {
        let children = SigSet::from(Signal::SIGCHLD);
        children.thread_block().doing("blocking signals")?;
        let signals = SignalFd::with_flags(&children, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC).doing("listening for signals")?;
        for stream in [io::stdin().as_fd(), io::stdout().as_fd()] {
            let flags = fcntl(stream, FcntlArg::F_GETFL).doing("asking for the flags of a stream")?;
            fcntl(stream, FcntlArg::F_SETFL(OFlag::from_bits_truncate(flags) | OFlag::O_NONBLOCK)).doing("not waiting for a stream")?;
        }
        Ok(Relay { signals, init, typed: Typed { raw: Vec::new(), keys: Vec::new() }, shown: Vec::new() })
    }

    /// Until somebody leaves, or the guest ends.
    pub(super) fn serve(mut self, line: &mut Line, getty: &mut Getty) -> Result<(), Error> {
        loop {
            let ready = self.wait(line, getty.due()).doing("waiting for the line")?;
            if ready.init || ready.left || (ready.typed && !self.take_typed(line)) {
                return Ok(());
            }
            if ready.line {
                self.type_in(line);
                self.take_shown(line);
            }
            if !self.show() {
                return Ok(());
            }
            while let Ok(Some(_)) = self.signals.read_signal() {}
            if !getty.reap() {
                return Err(Error::Inside { reason: "the program that asks for a name on /dev/ttyS0 ends again and again".to_owned() });
            }
            if getty.due().is_some_and(|due| due <= Instant::now()) {
                getty.start(line)?;
            }
        }
    }

    fn wait(&self, line: &Line, due: Option<Instant>) -> nix::Result<Ready> {
        let (stdin, stdout) = (io::stdin(), io::stdout());
        let want = |is_wanted: bool, flag: PollFlags| if is_wanted { flag } else { PollFlags::empty() };
        let for_line = want(self.shown.is_empty(), PollFlags::POLLIN) | want(!self.typed.keys.is_empty(), PollFlags::POLLOUT);
        let sources = &mut [
            PollFd::new(stdin.as_fd(), want(self.typed.keys.is_empty(), PollFlags::POLLIN)),
            PollFd::new(line.master.as_fd(), for_line),
            PollFd::new(self.init.as_fd(), PollFlags::POLLIN),
            PollFd::new(stdout.as_fd(), want(!self.shown.is_empty(), PollFlags::POLLOUT)),
            PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
        ];
        let patience = due.map_or(PollTimeout::NONE, |due| {
            // Rounded up, or it would be waited for without waiting.
            let left = due.saturating_duration_since(Instant::now()) + std::time::Duration::from_millis(1);
            PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
        });
        match poll(sources, patience) {
            Err(Errno::EINTR) | Ok(_) => {}
            Err(errno) => return Err(errno),
        }
        let [typed, line, init, ..] = sources.each_ref().map(|source| source.any().unwrap_or(false));
        let left = sources[3].revents().is_some_and(|events| events.intersects(PollFlags::POLLERR | PollFlags::POLLHUP));
        Ok(Ready { typed, line, init, left })
    }

    /// What has been typed; false when nobody is there any more.
    fn take_typed(&mut self, line: &Line) -> bool {
        let mut buffer = [0; LONGEST_KEYS];
        match read(io::stdin(), &mut buffer) {
            Ok(0) => return false,
            Ok(count) => self.typed.raw.extend(buffer.iter().take(count)),
            Err(Errno::EINTR | Errno::EAGAIN) => {}
            Err(_) => return false,
        }
        loop {
            match Input::take(&mut self.typed.raw) {
                Ok(Some(Input::Keys(keys))) => self.typed.keys.extend(keys),
                Ok(Some(Input::Size { columns, rows })) => line.resize(columns, rows),
                Ok(None) => break,
                Err(_) => return false,
            }
        }
        self.type_in(line);
        true
    }

    fn type_in(&mut self, line: &Line) {
        while !self.typed.keys.is_empty() {
            match write(&line.master, &self.typed.keys) {
                Ok(count) => drop(self.typed.keys.drain(..count)),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return,
                Err(_) => self.typed.keys.clear(),
            }
        }
    }

    fn take_shown(&mut self, line: &mut Line) {
        if !self.shown.is_empty() {
            return;
        }
        let mut buffer = [0; PIECE];
        if let Ok(count) = read(&line.master, &mut buffer) {
            self.shown.extend(buffer.iter().take(count));
            line.record(&self.shown);
        }
    }

    /// Shows what the screen takes; false when there is none any more.
    fn show(&mut self) -> bool {
        while !self.shown.is_empty() {
            match write(io::stdout(), &self.shown) {
                Ok(count) => drop(self.shown.drain(..count)),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return true,
                Err(_) => return false,
            }
        }
        true
    }
}
