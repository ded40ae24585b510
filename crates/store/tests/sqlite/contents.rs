//! What comes back is what was committed, or an error that says what is wrong with it.

use std::error::Error as _;
use std::path::Path;

use model::{Change, Row, Snapshot};
use rusqlite::Connection;
use store::{Error, SqliteStore, Store};

use crate::history::{Scratch, contents, gateway, next, state_of};

#[test]
fn a_new_store_is_empty() {
    let scratch = Scratch::new();
    let snapshot = SqliteStore::open(scratch.path()).unwrap().load().unwrap();
    assert_eq!(contents(&snapshot), contents(&Snapshot::default()));
}

#[test]
fn what_was_committed_is_there_after_reopening() {
    let scratch = Scratch::new();
    for generation in 1..=12 {
        let mut store = SqliteStore::open(scratch.path()).unwrap();
        let (after, change) = next(&store.load().unwrap());
        store.commit(&change).unwrap();
        assert_eq!(contents(&store.load().unwrap()), contents(&after));
        assert_eq!(contents(&after), contents(&state_of(generation)));
    }
}

#[test]
fn a_change_that_does_not_follow_is_refused_whole() {
    let scratch = Scratch::new();
    let mut store = SqliteStore::open(scratch.path()).unwrap();
    let (first, change) = next(&Snapshot::default());
    store.commit(&change).unwrap();
    let (second, _) = next(&first);
    let (_, after_next) = next(&second);
    for (offered, change) in [(1, change), (3, after_next)] {
        let refused = store.commit(&change).unwrap_err();
        assert!(matches!(refused, Error::OutOfOrder { stored: 1, offered: o } if o == offered), "{refused:?}");
        assert_eq!(contents(&store.load().unwrap()), contents(&first));
    }
}

/// A trigger plays the disk that fills up between two rows of one change.
#[test]
fn a_change_that_fails_halfway_leaves_nothing() {
    let scratch = Scratch::new();
    let mut store = SqliteStore::open(scratch.path()).unwrap();
    edit(scratch.path(), "CREATE TRIGGER full BEFORE INSERT ON resources WHEN new.kind = 'tag_sets' BEGIN SELECT RAISE(ABORT, 'no space'); END");
    let (first, change) = next(&Snapshot::default());
    let failure = store.commit(&change).unwrap_err();
    assert_eq!(failure.source().unwrap().to_string(), "no space");
    assert_eq!(contents(&store.load().unwrap()), contents(&Snapshot::default()));

    edit(scratch.path(), "DROP TRIGGER full");
    store.commit(&change).unwrap();
    assert_eq!(contents(&store.load().unwrap()), contents(&first));
}

#[test]
fn an_unreadable_row_is_named() {
    let id = gateway(1);
    for (body, reason) in [
        ("'{\"id\":'", "EOF while parsing"),
        ("'{\"id\":\"vpc-12345678\"}'", "Invalid id"),
        ("CAST(x'7bff7d' AS TEXT)", "invalid utf-8"),
        ("''", "EOF while parsing"),
    ] {
        let message = load_after(&format!("UPDATE resources SET body = {body} WHERE kind = 'internet_gateways'"));
        assert!(message.starts_with(&format!("row {id} of table internet_gateways cannot be read: {reason}")), "{message}");
    }
    let message = load_after("INSERT INTO resources VALUES ('things', 'thing-1', '{}')");
    assert_eq!(message, "row thing-1 of table things cannot be read: there is no such table");
}

#[test]
fn a_state_of_a_newer_version_is_refused_and_left_alone() {
    let scratch = Scratch::new();
    let mut store = SqliteStore::open(scratch.path()).unwrap();
    store.commit(&next(&Snapshot::default()).1).unwrap();
    drop(store);
    edit(scratch.path(), "UPDATE meta SET value = 99 WHERE name = 'schema'");
    let refused = SqliteStore::open(scratch.path()).unwrap_err();
    assert!(matches!(refused, Error::Newer { found: 99, known: 1, .. }), "{refused:?}");
    assert!(refused.to_string().contains("was written by a newer version of Peerless (schema 99; this one knows up to 1)"), "{refused}");

    edit(scratch.path(), "UPDATE meta SET value = 1 WHERE name = 'schema'");
    assert_eq!(contents(&SqliteStore::open(scratch.path()).unwrap().load().unwrap()), contents(&state_of(1)));
}

#[test]
fn a_file_that_is_no_database_is_refused_by_name() {
    let scratch = Scratch::new();
    std::fs::create_dir_all(scratch.path()).unwrap();
    std::fs::write(scratch.path().join("state.db"), "resources of another kind\n".repeat(100)).unwrap();
    let refused = SqliteStore::open(scratch.path()).unwrap_err();
    assert!(refused.to_string().contains("state.db"), "{refused}");
    assert_eq!(refused.source().unwrap().to_string(), "file is not a database");
}

/// Generations pass through a signed column.
#[test]
fn generations_use_all_their_bits() {
    let scratch = Scratch::new();
    let mut store = SqliteStore::open(scratch.path()).unwrap();
    edit(scratch.path(), &format!("UPDATE meta SET value = {} WHERE name = 'generation'", i64::MAX));
    let generation = i64::MAX as u64 + 1;
    let row = Row { table: "counters".to_owned(), key: "counters".to_owned(), body: Some(r#"{"last_interface_serial":7}"#.to_owned()) };
    store.commit(&Change { generation, rows: vec![row] }).unwrap();
    assert_eq!(store.load().unwrap().generation(), generation);
}

/// What loading says after one commit and this statement.
fn load_after(statement: &str) -> String {
    let scratch = Scratch::new();
    let mut store = SqliteStore::open(scratch.path()).unwrap();
    store.commit(&next(&Snapshot::default()).1).unwrap();
    edit(scratch.path(), statement);
    store.load().unwrap_err().to_string()
}

/// Does to the database what the store would never do.
fn edit(folder: &Path, statement: &str) {
    Connection::open(folder.join("state.db")).unwrap().execute_batch(statement).unwrap();
}
