//! Lists the files of `web/dist`, so that they are compiled in. Without that folder (nobody ran `make web`) the list is
//! empty and the console says how to get one.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

fn main() -> io::Result<()> {
    // Reached through the crate's folder, so that a checkout without `web/dist` still has something to watch.
    // Asked for when it runs: checkouts that share a target folder share the program.
    let manifest = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let web = manifest.join("../../web");
    let dist = web.join("dist");
    println!("cargo::rerun-if-changed={}", if dist.is_dir() { &dist } else { &web }.display());
    let mut files = Vec::new();
    if dist.is_dir() {
        list(&dist, &mut files)?;
    }
    files.sort();
    let mut table = String::from("[\n");
    for file in &files {
        let path = file.strip_prefix(&dist).map_err(io::Error::other)?;
        writeln!(table, "    ({:?}, include_bytes!({:?})),", format!("/{}", path.display()), file.canonicalize()?).map_err(io::Error::other)?;
    }
    table.push(']');
    let target = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default()).join("files.rs");
    fs::write(target, table)
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
