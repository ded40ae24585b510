//! The store of one machine: SQLite, a row per resource, a transaction per change.
//!
//! The records are readable JSON, so `sqlite3 state.db "SELECT * FROM resources"` shows the state of a daemon even
//! while it runs. Write-ahead logging with `synchronous=FULL` makes a commit one append and one `fsync`.
//! See <https://www.sqlite.org/pragma.html#pragma_synchronous>.

use std::path::{Path, PathBuf};
use std::{fs, io};

use model::{Change, Row, Snapshot, UnreadableRow};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::folder::Folder;
use crate::schema::{self, Migrated};
use crate::{Error, Store};

/// The database. SQLite puts two more files beside it while it is open.
const FILE: &str = "state.db";

/// The state as a file of a folder that nobody else has open.
#[derive(Debug)]
pub struct SqliteStore {
    // Declared before the folder, so that the database is closed before its lock is given back.
    connection: Connection,
    path: PathBuf,
    _folder: Folder,
}

impl SqliteStore {
    /// Opens the state folder, making it if need be, and locks it until the store is dropped.
    ///
    /// Fails if another process has it open, or if a newer version of Peerless wrote it.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let folder = Folder::open(folder)?;
        // Made by us and not by SQLite, for its permissions, which SQLite then gives to the files beside it as well.
        let path = folder.private_file(FILE)?;
        let connection = connect(&path)?;
        Ok(Self { connection, path, _folder: folder })
    }
}

impl SqliteStore {
    /// Whether the folder holds a state.
    pub fn is_in(folder: &Path) -> bool {
        folder.join(FILE).is_file()
    }

    /// Removes the state from a folder that no process has open, and the folder if that was all in it.
    pub fn remove(folder: &Path) -> io::Result<()> {
        // The database goes last: as long as it is there, the folder is known for what it is.
        for file in ["state.db-wal", "state.db-shm", "lock", FILE] {
            match fs::remove_file(folder.join(file)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        match fs::remove_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => Err(error),
            _ => Ok(()),
        }
    }
}

fn connect(path: &Path) -> Result<Connection, Error> {
    let failed = |error| failed(path, error);
    let mut connection = Connection::open(path).map_err(failed)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).map_err(failed)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    match schema::migrate(&mut connection).map_err(failed)? {
        Migrated::Current => Ok(connection),
        Migrated::Newer { found } => Err(Error::Newer { path: path.to_owned(), found, known: schema::VERSION }),
    }
}

impl Store for SqliteStore {
    fn load(&mut self) -> Result<Snapshot, Error> {
        let failed = |error| failed(&self.path, error);
        let transaction = self.connection.transaction().map_err(failed)?;
        let generation = generation(&transaction).map_err(failed)?;
        let rows = rows(&transaction).map_err(failed)?;
        let rows = rows.into_iter().map(StoredRow::read).collect::<Result<Vec<_>, _>>().map_err(Error::Row)?;
        Snapshot::from_rows(generation, rows).map_err(Error::Row)
    }

    fn commit(&mut self, change: &Change) -> Result<(), Error> {
        let failed = |error| failed(&self.path, error);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let stored = generation(&transaction).map_err(failed)?;
        if stored.checked_add(1) != Some(change.generation) {
            return Err(Error::OutOfOrder { stored, offered: change.generation });
        }
        write(&transaction, change).map_err(failed)?;
        transaction.commit().map_err(failed)
    }
}

fn failed(path: &Path, error: rusqlite::Error) -> Error {
    Error::Database { path: path.to_owned(), source: error.into() }
}

// SQLite's integers are signed; generations pass through as the same 64 bits.
fn generation(transaction: &Transaction<'_>) -> rusqlite::Result<u64> {
    let mut statement = transaction.prepare_cached("SELECT value FROM meta WHERE name = 'generation'")?;
    statement.query_row([], |row| row.get(0)).map(i64::cast_unsigned)
}

fn write(transaction: &Transaction<'_>, change: &Change) -> rusqlite::Result<()> {
    let mut put = transaction.prepare_cached("INSERT OR REPLACE INTO resources (kind, key, body) VALUES (?1, ?2, ?3)")?;
    let mut remove = transaction.prepare_cached("DELETE FROM resources WHERE kind = ?1 AND key = ?2")?;
    for row in &change.rows {
        match &row.body {
            Some(body) => put.execute(params![row.table, row.key, body])?,
            None => remove.execute(params![row.table, row.key])?,
        };
    }
    let mut advance = transaction.prepare_cached("UPDATE meta SET value = ?1 WHERE name = 'generation'")?;
    advance.execute([change.generation.cast_signed()]).map(drop)
}

/// A row as it stands in the file, where text may be anything.
struct StoredRow {
    kind: String,
    key: String,
    body: Vec<u8>,
}

fn rows(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<StoredRow>> {
    let mut statement = transaction.prepare_cached("SELECT kind, key, CAST(body AS BLOB) FROM resources ORDER BY kind, key")?;
    let rows = statement.query_map([], |row| Ok(StoredRow { kind: row.get(0)?, key: row.get(1)?, body: row.get(2)? }))?;
    rows.collect()
}

impl StoredRow {
    fn read(self) -> Result<Row, UnreadableRow> {
        let Self { kind, key, body } = self;
        match String::from_utf8(body) {
            Ok(body) => Ok(Row { table: kind, key, body: Some(body) }),
            Err(error) => Err(UnreadableRow { table: kind, key, reason: error.to_string() }),
        }
    }
}
