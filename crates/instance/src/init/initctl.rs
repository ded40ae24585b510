//! `/run/initctl`: how `poweroff`, `shutdown` and `halt` ask an init that is not systemd, theirs included.
//!
//! Requests are of a fixed length (initctl(5) of sysvinit). Root alone may write there; what is none is passed over.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

const PATH: &str = "/run/initctl";

const MAGIC: i32 = 0x0309_1969;
const CHANGE_RUNLEVEL: i32 = 1;
const REQUEST: usize = 384;

/// Requests before something else gets its turn.
const MOST_READS: usize = 16;

/// What is asked of an init.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    PowerOff,
    Reboot,
}

/// The pipe.
pub(super) struct Initctl(File);

impl Initctl {
    /// A new one.
    pub fn open() -> io::Result<Self> {
        mkfifo(PATH, Mode::S_IRUSR | Mode::S_IWUSR)?;
        // As its reader and its writer: it never ends.
        OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(PATH).map(Self)
    }

    /// The first request that waits to be followed.
    pub fn next(&mut self) -> Option<Request> {
        let mut buffer = [0; REQUEST];
        for _ in 0..MOST_READS {
            let length = self.0.read(&mut buffer).ok()?;
            if let Some(request) = buffer.get(..length).and_then(read) {
                return Some(request);
            }
        }
        None
    }
}

impl AsFd for Initctl {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn read(request: &[u8]) -> Option<Request> {
    let request: &[u8; REQUEST] = request.try_into().ok()?;
    let number = |at: usize| request.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(i32::from_ne_bytes);
    if (number(0)?, number(4)?) != (MAGIC, CHANGE_RUNLEVEL) {
        return None;
    }
    match u8::try_from(number(8)?).ok()? {
        b'0' => Some(Request::PowerOff),
        b'6' => Some(Request::Reboot),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(magic: i32, command: i32, runlevel: u8) -> [u8; REQUEST] {
        let mut request = [0; REQUEST];
        for (at, number) in [(0, magic), (4, command), (8, i32::from(runlevel))] {
            request[at..at + 4].copy_from_slice(&number.to_ne_bytes());
        }
        request
    }

    #[test]
    fn run_levels_0_and_6_are_requests() {
        assert_eq!(read(&request(MAGIC, 1, b'0')), Some(Request::PowerOff));
        assert_eq!(read(&request(MAGIC, 1, b'6')), Some(Request::Reboot));
        for other in [request(MAGIC, 1, b'5'), request(MAGIC, 2, b'0'), request(MAGIC + 1, 1, b'0')] {
            assert_eq!(read(&other), None);
        }
        assert_eq!(read(&request(MAGIC, 1, b'0')[..383]), None);
    }
}
