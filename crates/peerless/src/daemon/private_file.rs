//! Files of the state folder that hold secrets: for their owner alone, and there whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::world::random;

/// What is in the file, if it is there.
pub fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

/// Writes it. Who returns from this has it on disk.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let new = path.with_added_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// The 256 bits of the file, which is made, its folder too, if it is not there, and filled with random ones.
pub fn key(path: &Path) -> io::Result<[u8; 32]> {
    if let Some(bytes) = read(path)? {
        return bytes.try_into().map_err(|_| io::Error::other("this is no key: it is not 32 bytes long"));
    }
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut key = [0; 32];
    key.chunks_exact_mut(8).for_each(|chunk| chunk.copy_from_slice(&random().to_ne_bytes()));
    write(path, &key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_is_its_owners() {
        let path = std::env::temp_dir().join(format!("peerless-key-{}", std::process::id()));
        let made = key(&path).unwrap();
        assert_eq!((key(&path).unwrap(), made == [0; 32]), (made, false));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "short").unwrap();
        assert!(key(&path).unwrap_err().to_string().contains("not 32 bytes"));
        fs::remove_file(path).unwrap();
    }
}
