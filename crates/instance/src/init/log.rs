//! The console log: what a machine's serial port would have shown, of bounded length.
//!
//! One process writes it, the init; whatever else has something to say writes to `/dev/console`, a pipe that the init reads. The file is outside
//! the guest's root directory.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::{FileExt, OpenOptionsExt},
    },
    time::Instant,
};

use crate::console::KEPT_BYTES;

/// Reads from the pipe before something else gets its turn.
const MOST_READS: usize = 16;

/// The file, and the pipe to it.
pub(crate) struct Console {
    file: File,
    end: u64,
    pipe: File,
    writer: File,
    begin: Instant,
}

impl Console {
    /// Goes on where the file ends. `/dev/console` must not have been in the guest's hands yet.
    pub(crate) fn open(file: File) -> io::Result<Console> {
        let end = file.metadata()?.len();
        // As its reader and its writer: it never ends, and writing to it never fails for lack of a reader.
        let pipe = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open("/dev/console")?;
        let writer = OpenOptions::new().write(true).open("/dev/console")?;
        Ok(Console { file, end, pipe, writer, begin: Instant::now() })
    }

    /// What other processes write to: it waits when there is much, while the reader's end must not.
    pub(crate) fn writer(&self) -> &File {
        &self.writer
    }

    /// A line in the manner of a kernel's.
    pub(crate) fn say(&mut self, words: &str) {
        self.append(format!("[{:12.6}] peerless: {words}\n", self.begin.elapsed().as_secs_f64()).as_bytes());
    }

    /// Takes over what has been written to `/dev/console`.
    pub(crate) fn collect(&mut self) {
        let mut buffer = [0; 4096];
        for _ in 0..MOST_READS {
            match self.pipe.read(&mut buffer) {
                Ok(count) if count > 0 => self.append(buffer.get(..count).unwrap_or_default()),
                _ => return,
            }
        }
    }

    /// A full disk is no reason to stop.
    fn append(&mut self, bytes: &[u8]) {
        if self.file.write_all_at(bytes, self.end).is_ok() {
            self.end += bytes.len() as u64;
        }
        if self.end >= 2 * KEPT_BYTES {
            let _ = self.shorten();
        }
    }

    /// Copies the newest part to the front and cuts off the rest. At every moment the file ends with what is newest.
    fn shorten(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        let from = self.end - KEPT_BYTES;
        let mut done = 0;
        while done < KEPT_BYTES {
            let count = self.file.read_at(&mut buffer, from + done)?;
            if count == 0 {
                break;
            }
            self.file.write_all_at(buffer.get(..count).unwrap_or_default(), done)?;
            done += count as u64;
        }
        self.file.set_len(done)?;
        self.end = done;
        Ok(())
    }
}

impl AsFd for Console {
    /// Becomes readable when something was written to `/dev/console`.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}
