//! The line: a pseudo-terminal of the guest's that is called `/dev/ttyS0` as long as it is there.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt},
    },
};

use nix::{
    errno::Errno,
    fcntl::{FcntlArg, OFlag, fcntl, open},
    mount::{MntFlags, umount2},
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::stat::{Mode, fstat},
    sys::termios::{InputFlags, SetArg, tcgetattr, tcsetattr},
};

use crate::{
    error::{Doing, Error},
    syscall,
};

/// The port's name.
pub(super) const PORT: &str = "ttyS0";

/// Where it is.
const PATH: &str = "/dev/ttyS0";

/// The most lines of processes that were killed which may lie upon each other.
const MOST_STALE: usize = 8;

/// How long the console log may take to swallow what the line has shown, before it misses something, in milliseconds.
const SWALLOWING: u16 = 1000;

/// Both ends, and the console log.
pub(super) struct Line {
    pub(super) master: OwnedFd,
    /// Kept open, so that the line is there between one session and the next.
    slave: OwnedFd,
    log: Option<File>,
}

impl Line {
    /// Lays a new line. This process must be root of the guest by now.
    pub(super) fn open() -> Result<Line, Error> {
        // The guest decides what is at this path: a pipe must not be waited for, and anything else fails as a terminal.
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let master = open("/dev/pts/ptmx", flags, Mode::empty()).doing("opening the guest's /dev/pts/ptmx")?;
        let slave = syscall::open_terminal(&master).doing("opening a terminal of the guest's")?;
        let line = Line { master, slave, log: log() };
        line.name().doing("making the instance's /dev/ttyS0")?;
        Ok(line)
    }

    /// Gives it the name of a serial port. By a mount, since programs ask a terminal for its name by its descriptor.
    fn name(&self) -> io::Result<()> {
        unname();
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(PATH) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let target = open(PATH, OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, Mode::empty())?;
        let mount = syscall::open_tree(&self.slave, c"", false)?;
        syscall::move_mount(&mount, &target)
    }

    /// In a child: opens the guest's end by its name, as it is to be when a session begins.
    pub(super) fn take(&self) -> io::Result<OwnedFd> {
        let port = open(PATH, OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC, Mode::empty())?;
        // It must not wait while it is opened, and must wait while it is read.
        fcntl(&port, FcntlArg::F_SETFL(OFlag::O_RDWR))?;
        syscall::set_controlling_terminal(&port)?;
        let mut settings = tcgetattr(&port)?;
        settings.input_flags |= InputFlags::IUTF8;
        tcsetattr(&port, SetArg::TCSANOW, &settings)?;
        Ok(port)
    }

    /// Tells the programs on it the size of the window.
    pub(super) fn resize(&self, columns: u16, rows: u16) {
        // A line that has no size is used without.
        let _ = syscall::set_window_size(&self.master, libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 });
    }

    /// Copies what it has shown to the console log. A log that takes nothing is given up.
    pub(super) fn record(&mut self, mut shown: &[u8]) {
        while let Some(log) = &mut self.log
            && !shown.is_empty()
        {
            match log.write(shown) {
                Ok(count) => shown = shown.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && swallows(log) => {}
                Err(_) => self.log = None,
            }
        }
    }

    /// Ends it, and with it the session on it.
    pub(super) fn hang_up(self) {
        let ours = fstat(&self.slave).map(|status| status.st_rdev).ok();
        // A later line has the name already, if this one was slow.
        if ours.is_some() && fs::metadata(PATH).map(|metadata| metadata.rdev()).ok() == ours {
            unname();
            let _ = fs::remove_file(PATH);
        }
    }
}

/// Takes the name away from lines of old.
fn unname() {
    for _ in 0..MOST_STALE {
        if umount2(PATH, MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW).is_err() {
            return;
        }
    }
}

/// The pipe to the guest's init, which keeps the log. Whatever else the guest has in its place gets nothing.
fn log() -> Option<File> {
    let file = OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open("/dev/console").ok()?;
    file.metadata().ok()?.file_type().is_fifo().then_some(file)
}

fn swallows(log: &File) -> bool {
    loop {
        match poll(&mut [PollFd::new(log.as_fd(), PollFlags::POLLOUT)], PollTimeout::from(SWALLOWING)) {
            Err(Errno::EINTR) => {}
            result => return result.is_ok_and(|count| count > 0),
        }
    }
}
