//! `peerless capture INSTANCE`

use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{Daemon, Trouble, unexpected};
use crate::control::{Request, Response};

/// The longest block that a capture has: the longest packet, with all that is said of it.
const LONGEST_BLOCK: usize = 1 << 20;

#[derive(Debug, Args)]
pub struct Capture {
    #[command(flatten)]
    daemon: Daemon,
    /// The instance (name, id, private address or vpc/name) or the network interface
    of: String,
    /// The file to write; `-`, or nothing, is standard output
    #[arg(long, short, env = "PEERLESS_WRITE", value_name = "FILE")]
    write: Option<PathBuf>,
    /// End after so many packets
    #[arg(long, short, env = "PEERLESS_COUNT", value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after so many seconds
    #[arg(long, env = "PEERLESS_SECONDS", value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    seconds: Option<u64>,
    /// Keep so many bytes of each packet
    #[arg(long, env = "PEERLESS_SNAPLEN", default_value_t = 65549, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(14..))]
    snaplen: u32,
}

impl Capture {
    /// Writes pcapng until it is interrupted, or until there are so many packets.
    pub fn go(self) -> Result<ExitCode, Trouble> {
        let file = self.write.as_ref().filter(|file| file.as_os_str() != "-");
        if file.is_none() && std::io::stdout().is_terminal() {
            let message = "pcapng is no text: name a file with --write, or pipe it, as in: peerless capture … | wireshark -k -i -".to_owned();
            return Err(Trouble { status: 2, message });
        }
        let request = Request::Capture {
            word: self.of.clone(),
            packets: self.count,
            seconds: self.seconds,
            snapshot_length: usize::try_from(self.snaplen).unwrap_or(usize::MAX),
        };
        let (response, mut from) = self.daemon.converse(&request)?;
        match response {
            Response::Capturing { interface } => eprintln!("capturing at {interface}; Ctrl-C ends it"),
            other => return Err(unexpected(&other)),
        }
        let mut to: Box<dyn Write> = match file {
            Some(path) => Box::new(File::create(path).map_err(|error| Trouble::unavailable(format!("cannot write {}: {error}", path.display())))?),
            None => Box::new(std::io::stdout()),
        };
        match copy(&mut from, &mut to) {
            // Who read has seen enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
            Err(error) => Err(Trouble::unavailable(format!("the capture broke off: {error}"))),
            Ok(()) => Ok(ExitCode::SUCCESS),
        }
    }
}

/// Block by block, so that the file is whole whenever one interrupts.
fn copy(from: &mut impl Read, to: &mut impl Write) -> std::io::Result<()> {
    loop {
        let mut head = [0; 8];
        match from.read_exact(&mut head) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        let length = head.last_chunk::<4>().map_or(0, |length| u32::from_le_bytes(*length) as usize);
        if !(12..=LONGEST_BLOCK).contains(&length) {
            return Err(std::io::Error::new(ErrorKind::InvalidData, "the daemon sent no pcapng"));
        }
        let mut block = head.to_vec();
        block.resize(length, 0);
        from.read_exact(block.get_mut(head.len()..).unwrap_or_default())?;
        to.write_all(&block)?;
        to.flush()?;
    }
}
