//! `peerless map [VPC]`

mod canvas;
mod mermaid;
mod text;

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::{Daemon, Trouble, unexpected};
use crate::control::{self, Request, Response};

#[derive(Debug, Args)]
pub struct Map {
    #[command(flatten)]
    daemon: Daemon,
    /// A VPC (name or id); without one, every account's Regions in which there is one
    vpc: Option<String>,
    /// How to draw it
    #[arg(long, env = "PEERLESS_FORMAT", value_enum, default_value_t = Format::Text)]
    format: Format,
    /// One JSON object instead: nodes and lines
    #[arg(long, env = "PEERLESS_JSON", conflicts_with = "format")]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Boxes and lines
    Text,
    /// A flowchart in Mermaid's language, as README files show it
    Mermaid,
}

#[derive(serde::Serialize)]
struct Maps {
    maps: Vec<crate::map::Map>,
}

impl Map {
    pub fn go(self) -> Result<ExitCode, Trouble> {
        let maps = match self.daemon.ask(&Request::Map { vpc: self.vpc })? {
            Response::Maps(maps) => maps,
            other => return Err(unexpected(&other)),
        };
        if self.json {
            println!("{}", control::json(&Maps { maps }));
            return Ok(ExitCode::SUCCESS);
        }
        if maps.is_empty() {
            eprintln!("There is no VPC yet, but for the default ones that come into being when they are used.");
        }
        for map in &maps {
            match self.format {
                Format::Text => print!("{}", text::draw(map)),
                Format::Mermaid => print!("{}", mermaid::draw(map)),
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
