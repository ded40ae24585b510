//! `peerless image`: root file systems of one's own.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use instance::images::{Images, Imported, check_machine, pack};

use super::{Daemon, Trouble, unexpected};
use crate::control::{Registration, Request, Response};

#[derive(Debug, Args)]
pub struct Image {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make an image of a root file system, for instances to boot; prints its id
    Import(Import),
}

#[derive(Debug, Args)]
struct Import {
    #[command(flatten)]
    daemon: Daemon,
    /// What the image is to be called
    #[arg(value_name = "NAME")]
    called: String,
    /// A folder, or a tar archive, compressed by gzip or not
    #[arg(value_name = "DIR|TAR")]
    source: PathBuf,
    /// The user that people log in as; added where the image has none of that name
    #[arg(long, default_value = "ec2-user", value_name = "NAME")]
    user: String,
    /// What to say about it
    #[arg(long, default_value = "", value_name = "TEXT")]
    description: String,
    /// Whose it is to be: twelve digits
    #[arg(long, env = "PEERLESS_ACCOUNT", default_value = "000000000000")]
    account: String,
    /// The region where it is to be
    #[arg(long, env = "PEERLESS_REGION", default_value = "us-east-1")]
    region: String,
}

impl Image {
    pub fn go(self) -> Result<ExitCode, Trouble> {
        match self.verb {
            Verb::Import(import) => import.go(),
        }
    }
}

impl Import {
    fn go(self) -> Result<ExitCode, Trouble> {
        let status = match self.daemon.ask(&Request::Status)? {
            Response::Status(status) => status,
            other => return Err(unexpected(&other)),
        };
        if status.packets {
            check_machine(&status.state).map_err(|error| Trouble::unavailable(error.to_string()))?;
        }
        let images = Images::of(&status.state);
        let imported = import(&images, &self.source)?;
        let Imported { name: folder, files, bytes, left_out } = imported.clone();
        let Import { called: name, user: login, description, account, region, .. } = self;
        let registration = Registration { folder, name, description, login, account, region };
        match self.daemon.ask(&Request::RegisterImage(registration)) {
            Ok(Response::Registered { id }) => {
                let left_out = if left_out == 0 { String::new() } else { format!("; {left_out} devices, pipes and sockets are left out") };
                eprintln!("{files} files, {} MiB{left_out}", bytes.div_ceil(1 << 20));
                println!("{id}");
                Ok(ExitCode::SUCCESS)
            }
            other => {
                // Whatever else is to be said, nothing is left of it.
                let _ = images.discard(&imported.name);
                Err(other.map_or_else(|trouble| trouble, |other| unexpected(&other)))
            }
        }
    }
}

fn import(images: &Images, source: &Path) -> Result<Imported, Trouble> {
    let failed =
        |error: &dyn std::error::Error| Trouble { status: 2, message: format!("{}: {}", source.display(), crate::daemon::guests::chain(error)) };
    if !source.is_dir() {
        let archive = File::open(source).map_err(|error| failed(&error))?;
        return images.import(archive).map_err(|error| failed(&error));
    }
    let (reader, writer) = std::io::pipe().map_err(|error| failed(&error))?;
    std::thread::scope(|scope| {
        let packing = scope.spawn(|| pack(source, std::io::BufWriter::new(writer)));
        let imported = images.import(reader);
        let packed = packing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        match (imported, packed) {
            (Ok(imported), Ok(())) => Ok(imported),
            // Whoever cannot read the folder breaks off the archive; whoever refuses the archive breaks off the reading.
            (Ok(imported), Err(error)) => {
                let _ = images.discard(&imported.name);
                Err(failed(&error))
            }
            (Err(_), Err(error)) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(failed(&error)),
            (Err(error), _) => Err(failed(&error)),
        }
    })
}
