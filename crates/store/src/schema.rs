//! The tables on disk, and how those of older versions become today's.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

/// What leads from each version to the next, from the empty file on. Never edited once released: a change of the
/// tables is a new entry.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO meta VALUES ('schema', 0), ('generation', 0);
    CREATE TABLE resources (kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID;
"];

/// The version that this program reads and writes.
pub const VERSION: i64 = MIGRATIONS.len() as i64;

/// What became of the tables.
#[derive(Debug, PartialEq, Eq)]
pub enum Migrated {
    /// They are of today's version.
    Current,
    /// They are of a newer version, and untouched.
    Newer {
        /// Which.
        found: i64,
    },
}

/// Brings the tables to today's version, in one transaction.
pub fn migrate(connection: &mut Connection) -> rusqlite::Result<Migrated> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    if found > VERSION {
        return Ok(Migrated::Newer { found });
    }
    let done = usize::try_from(found).unwrap_or(0);
    for migration in &MIGRATIONS[done..] {
        transaction.execute_batch(migration)?;
    }
    if found < VERSION {
        transaction.execute("UPDATE meta SET value = ?1 WHERE name = 'schema'", [VERSION])?;
    }
    transaction.commit()?;
    Ok(Migrated::Current)
}

/// The version of the tables; 0 if there are none.
fn version(connection: &Connection) -> rusqlite::Result<i64> {
    if !connection.table_exists(None, "meta")? {
        return Ok(0);
    }
    let version = connection.query_row("SELECT value FROM meta WHERE name = 'schema'", [], |row| row.get(0)).optional()?;
    Ok(version.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrating_again_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert_eq!(version(&connection), Ok(0));
        for _ in 0..2 {
            assert_eq!(migrate(&mut connection), Ok(Migrated::Current));
            assert_eq!(version(&connection), Ok(VERSION));
        }
    }
}
