//! The folder is private to its owner, and open in one process at a time.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use model::Snapshot;
use store::{Error, SqliteStore, Store};

use crate::history::{Scratch, next};

#[test]
fn all_that_is_made_is_private() {
    let scratch = Scratch::new();
    let folder = scratch.path().join("peerless");
    let mut store = SqliteStore::open(&folder).unwrap();
    store.commit(&next(&Snapshot::default()).1).unwrap();
    assert_eq!((mode(scratch.path()), mode(&folder)), (0o700, 0o700));
    for file in ["state.db", "state.db-wal", "state.db-shm", "lock"] {
        assert_eq!(mode(&folder.join(file)), 0o600, "{file}");
    }
}

#[test]
fn a_file_that_others_could_read_is_closed() {
    let scratch = Scratch::new();
    drop(SqliteStore::open(scratch.path()).unwrap());
    let file = scratch.path().join("state.db");
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    drop(SqliteStore::open(scratch.path()).unwrap());
    assert_eq!(mode(&file), 0o600);
}

#[test]
fn a_folder_that_others_can_write_to_is_refused_and_one_they_can_read_is_left_alone() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.path()).unwrap();
    for (bits, refused) in [(0o777, true), (0o770, true), (0o1777, true), (0o755, false)] {
        fs::set_permissions(scratch.path(), Permissions::from_mode(bits)).unwrap();
        let opened = SqliteStore::open(scratch.path());
        assert_eq!(matches!(opened, Err(Error::OpenToOthers { mode, .. }) if mode == bits), refused, "{bits:o}");
        assert_eq!(mode(scratch.path()), bits);
    }
}

#[test]
fn a_second_opening_is_refused_and_names_the_first() {
    let scratch = Scratch::new();
    let first = SqliteStore::open(scratch.path()).unwrap();
    let refused = SqliteStore::open(scratch.path()).unwrap_err();
    let Error::InUse { holder: Some(holder), .. } = &refused else { panic!("{refused:?}") };
    assert!(holder.ends_with(&format!("(process {})", std::process::id())), "{holder}");
    let folder = scratch.path().display();
    assert_eq!(refused.to_string(), format!("the state folder {folder} is in use by {holder}"));

    drop(first);
    SqliteStore::open(scratch.path()).unwrap();
}

#[test]
fn a_path_that_cannot_be_a_folder_is_refused_by_name() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.path()).unwrap();
    let file = scratch.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = SqliteStore::open(&file.join("state")).unwrap_err();
    assert!(matches!(&refused, Error::Folder { path, .. } if path.starts_with(&file)), "{refused:?}");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}
