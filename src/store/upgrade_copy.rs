//! A copy of a store as it was before its schema is upgraded: the way back to the version before.
//!
//! The copy lies next to the store as `NAME.schema-N`, N being its own schema. There is one: that of the last upgrade.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite_migration::{Migrations, SchemaVersion};

use super::backup::{self, BackupError};
use super::connect::READ_ONLY;
use super::error::StoreError;
use crate::sqlite;

/// What the name of a copy adds to that of the store, before the number.
const MARK: &str = ".schema-";
/// The file in which a copy is prepared.
const COPYING: &str = ".schema-copying";

impl From<BackupError> for StoreError {
    /// Of a copy before an upgrade.
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::File { path, source } => Self::Folder { path, source },
            BackupError::Store(error) => error,
            error @ (BackupError::Unusable { .. }
            | BackupError::WrongKey { .. }
            | BackupError::Later { .. }
            | BackupError::Copy(_)) => Self::NotCopied(error.to_string()),
        }
    }
}

/// Upgrades the schema of the store at `path`. One that has data is copied before and the copy is compared with it; without
/// a good copy nothing is changed. Returns the copy's path.
pub fn bring_up(
    conn: &mut Connection,
    path: &Path,
    steps: &Migrations,
) -> Result<Option<PathBuf>, BackupError> {
    let copy = match steps.current_version(conn).map_err(StoreError::from)? {
        SchemaVersion::Inside(version) if steps.pending_migrations(conn).map_err(StoreError::from)? > 0 => {
            Some(keep(conn, path, version.get())?)
        }
        _ => None,
    };
    sqlite::bring_up(conn, steps).map_err(StoreError::from)?;
    if let Some(copy) = &copy {
        tracing::info!(copy = %copy.display(), "the schema was upgraded; the store from before is kept");
        drop_others(path, copy);
    }
    Ok(copy)
}

fn keep(conn: &Connection, path: &Path, version: usize) -> Result<PathBuf, BackupError> {
    let (temp, target) = (backup::beside(path, COPYING), backup::beside(path, &format!("{MARK}{version}")));
    let made = backup::copy_pages(conn, &temp, &mut |_| {})
        .and_then(|()| compare(conn, &temp))
        .and_then(|()| backup::publish(&temp, &target));
    if made.is_err() {
        backup::remove(&temp);
    }
    made.map(|()| target)
}

/// Refuses a copy that cannot be read as well as the store itself.
fn compare(conn: &Connection, copy: &Path) -> Result<(), BackupError> {
    let copied = Connection::open_with_flags(copy, READ_ONLY)?;
    let faults = faults(&copied)?;
    if !faults.is_empty() && faults != self::faults(conn)? {
        return Err(unlike(copy, faults.join("; ")));
    }
    for table in tables(conn)? {
        // A table that is damaged in the store is for the start to judge.
        let Ok(rows) = count(conn, &table) else { continue };
        let found = count(&copied, &table)?;
        if found != rows {
            return Err(unlike(copy, format!("{table} has {found} rows, not {rows}")));
        }
    }
    Ok(())
}

fn unlike(copy: &Path, why: String) -> BackupError {
    BackupError::Unusable { path: copy.to_owned(), why }
}

fn faults(conn: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    let mut statement = conn.prepare("PRAGMA quick_check")?;
    let lines = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

fn tables(conn: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'";
    conn.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

fn count(conn: &Connection, table: &str) -> Result<i64, rusqlite::Error> {
    conn.query_row(&format!("SELECT count(*) FROM \"{table}\""), [], |row| row.get(0))
}

/// Removes the copies of earlier upgrades.
fn drop_others(path: &Path, kept: &Path) {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return;
    };
    let start = format!("{name}{MARK}");
    let Ok(files) = std::fs::read_dir(folder) else { return };
    for file in files.flatten().map(|file| file.path()).filter(|file| file != kept) {
        let number =
            file.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix(&start));
        if number.is_some_and(|number| number.parse::<u32>().is_ok()) {
            backup::remove(&file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::migrations::{MIGRATIONS, steps};
    use super::*;
    use crate::store::{FILE, Store};

    fn earlier(dir: &Path, version: usize) {
        let mut conn = Connection::open(dir.join(FILE)).unwrap();
        conn.pragma_update(None, "journal_mode", "WAL").unwrap();
        Migrations::new(steps()).to_version(&mut conn, version).unwrap();
        conn.execute("INSERT INTO meta (key, value) VALUES ('kept', 'yes')", []).unwrap();
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(dir)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains("schema"))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn an_upgrade_leaves_one_copy_of_the_store_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        earlier(dir.path(), 8);
        std::fs::write(dir.path().join("kuota.db.schema-3"), "of an earlier upgrade").unwrap();
        std::fs::write(dir.path().join("kuota.db.schema-notes"), "the owner's").unwrap();
        drop(Store::open(dir.path()).unwrap());
        assert_eq!(names(dir.path()), ["kuota.db.schema-8", "kuota.db.schema-notes"]);
        let copy = Connection::open_with_flags(dir.path().join("kuota.db.schema-8"), READ_ONLY).unwrap();
        assert_eq!(MIGRATIONS.current_version(&copy).unwrap(), SchemaVersion::Inside(8.try_into().unwrap()));
        let kept: String =
            copy.query_row("SELECT value FROM meta WHERE key = 'kept'", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, "yes");
        // What is up to date is not copied, nor is a store that begins.
        drop(Store::open(dir.path()).unwrap());
        assert_eq!(names(dir.path()).len(), 2);
        let fresh = tempfile::tempdir().unwrap();
        drop(Store::open(fresh.path()).unwrap());
        assert!(names(fresh.path()).is_empty());
    }

    #[test]
    fn the_copy_is_restored_by_the_version_that_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        earlier(dir.path(), 8);
        drop(Store::open(dir.path()).unwrap());
        let to = tempfile::tempdir().unwrap();
        let copy = dir.path().join("kuota.db.schema-8");
        backup::restore(to.path(), &copy, "now", &mut |_| {}).unwrap();
        drop(Store::open(to.path()).unwrap());
    }

    #[test]
    fn without_a_copy_nothing_is_upgraded() {
        let dir = tempfile::tempdir().unwrap();
        earlier(dir.path(), 8);
        // A folder has the name that the copy needs.
        std::fs::create_dir_all(dir.path().join("kuota.db.schema-8").join("full")).unwrap();
        let refused = Store::open(dir.path()).unwrap_err();
        assert!(refused.to_string().contains("schema-8"), "{refused}");
        let conn = Connection::open(dir.path().join(FILE)).unwrap();
        assert_eq!(MIGRATIONS.current_version(&conn).unwrap(), SchemaVersion::Inside(8.try_into().unwrap()));
    }

    #[test]
    fn a_copy_that_lacks_a_row_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        earlier(dir.path(), 8);
        let conn = Connection::open(dir.path().join(FILE)).unwrap();
        let copy = dir.path().join("copy");
        backup::copy_pages(&conn, &copy, &mut |_| {}).unwrap();
        compare(&conn, &copy).unwrap();
        Connection::open(&copy).unwrap().execute("DELETE FROM meta WHERE key = 'kept'", []).unwrap();
        let why = compare(&conn, &copy).unwrap_err().to_string();
        assert!(why.contains("meta has"), "{why}");
    }
}
