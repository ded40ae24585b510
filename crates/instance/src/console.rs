//! The console log as it is read from outside; the guest's init writes it.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path, time::SystemTime};

/// As much of the newest output as EC2 keeps. The file may be up to twice as long, or longer if a daemon of an earlier version wrote it.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html>
pub(crate) const KEPT_BYTES: u64 = 64 * 1024;

/// What a guest's console has shown over all its boots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleOutput {
    /// The newest 64 KiB of it, or all.
    pub bytes: Vec<u8>,
    /// When it was last written to.
    pub written: SystemTime,
}

/// Reads the newest part of a log, while the init may be writing to it, and cutting off what is old.
pub(crate) fn read(log: &Path) -> io::Result<ConsoleOutput> {
    let file = File::open(log)?;
    loop {
        let metadata = file.metadata()?;
        let from = metadata.len().saturating_sub(KEPT_BYTES);
        let mut bytes = vec![0; usize::try_from(metadata.len() - from).map_err(io::Error::other)?];
        match file.read_exact_at(&mut bytes, from) {
            // It was shortened in between.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
            result => return result.and_then(|()| Ok(ConsoleOutput { bytes, written: metadata.modified()? })),
        }
    }
}
