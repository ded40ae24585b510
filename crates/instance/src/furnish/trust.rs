//! The authority of the simulated internet among those that the programs of an imported image trust.
//!
//! Where distributions keep them differs. Programs read files that have all certificates; these are made anew from others whenever a package
//! says so, and so the certificate is put among those others as well. Nothing here keeps a guest from booting: what cannot be done is said on
//! its console.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::symlink,
    path::Path,
};

use super::{already, replace};
use crate::error::{Doing, Error};

/// All certificates in one file: on Debian, Ubuntu, Alpine and Arch; on Fedora and Amazon Linux; on openSUSE; for LibreSSL.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Where administrators put further ones, from which those files are made. On Debian, Ubuntu and Alpine it may be missing until the package comes.
const ANCHORS: [&str; 3] = ["/etc/pki/ca-trust/source/anchors", "/etc/pki/trust/anchors", "/etc/ca-certificates/trust-source/anchors"];
const DEBIANS_ANCHORS: &str = "/usr/local/share/ca-certificates";

/// Where OpenSSL looks for one by its name.
const FOLDER: &str = "/etc/ssl/certs";

/// The authority's file among those of others.
pub const FILE: &str = "peerless-simulated-internet.pem";
/// The name by which OpenSSL looks for it in a folder: a hash of what the authority is called.
pub const HASH: &str = "ce08b913.0";

/// The largest file that is added to.
const MOST_BYTES: u64 = 16 << 20;

/// Adds the certificate wherever it is missing.
pub(super) fn trust(certificate: &str) {
    let added: Vec<Result<bool, Error>> = BUNDLES.iter().map(|bundle| add(Path::new(bundle), certificate)).collect();
    let has_bundle = added.iter().any(|added| !matches!(added, Ok(false)));
    let mut results: Vec<Result<(), Error>> = added.into_iter().map(|added| added.map(drop)).collect();
    results.push(place(Path::new(FOLDER), FILE, certificate).and_then(|()| link(Path::new(FOLDER))));
    // An image that trusts nobody trusts one.
    if !has_bundle {
        results.push(replace(Path::new(BUNDLES[0]), certificate.as_bytes(), 0o644));
    }
    // Debian's tool takes what ends so, and says nothing of the rest.
    let name = Path::new(FILE).with_extension("crt");
    let name = name.to_string_lossy();
    results.push(place(Path::new(DEBIANS_ANCHORS), &name, certificate));
    results.extend(ANCHORS.iter().map(Path::new).filter(|folder| folder.is_dir()).map(|folder| place(folder, &name, certificate)));
    for error in results.into_iter().filter_map(Result::err) {
        // Nobody may be listening, and there is nothing else to be done.
        let _ = writeln!(io::stderr(), "the simulated internet may not be trusted: {error}");
    }
}

/// Adds it to a file that has others; false if there is none.
fn add(bundle: &Path, certificate: &str) -> Result<bool, Error> {
    // Links are followed: they stay in the image. A pipe would wait for ever.
    let there = fs::metadata(bundle).is_ok_and(|there| there.is_file() && there.len() < MOST_BYTES);
    if !there {
        return Ok(false);
    }
    let append = || {
        let old = fs::read(bundle)?;
        if old.windows(certificate.len()).any(|part| part == certificate.as_bytes()) {
            return Ok(());
        }
        // The last line may lack its end.
        fs::OpenOptions::new().append(true).open(bundle)?.write_all(format!("\n{certificate}").as_bytes())
    };
    append().doing_with(|| format!("adding to {}", bundle.display())).map(|()| true)
}

fn place(folder: &Path, name: &str, certificate: &str) -> Result<(), Error> {
    fs::create_dir_all(folder).doing_with(|| format!("making {}", folder.display()))?;
    replace(&folder.join(name), certificate.as_bytes(), 0o644)
}

fn link(folder: &Path) -> Result<(), Error> {
    already(symlink(FILE, folder.join(HASH))).doing_with(|| format!("linking {}", folder.join(HASH).display()))
}
