//! A file as one end of a move between databases.

use std::fs::File;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Row, ToSql, params_from_iter};

use super::errors::{OpenError, QueryError};
use super::open::{
    MIGRATIONS, at, beside, check_emptied, check_moved, configure, connect, folder_of, free_moved_name,
    lock_file, missing, own_as_folder,
};
use super::rows::{all, one, run, value};
use super::verify::verify;
use crate::relay::store::encoding::{MOVED_TO, storable};
use crate::relay::store::migrate::error::MigrateError;
use crate::relay::store::migrate::tables::{
    CellForm, CellKind, ColumnForm, StoredCell, StoredRecord, TableForm,
};
use crate::sqlite;
use crate::store::backup as copies;

/// Rows that are read at a time.
const PAGE: usize = 500;

/// A store in a file that nobody else uses meanwhile.
pub struct FileSide {
    conn: Connection,
    path: PathBuf,
    /// The name of a store that is being made, until it is whole.
    part: Option<PathBuf>,
    /// The last row that was read of the table at hand.
    last: Option<StoredRecord>,
    _lock: File,
}

impl Drop for FileSide {
    fn drop(&mut self) {
        if let Some(part) = &self.part {
            copies::remove(part);
        }
    }
}

fn of_file(column: &ColumnForm) -> CellForm {
    column.file
}

impl FileSide {
    /// Opens a store that exists, and proves it.
    pub fn open(path: &Path) -> Result<Self, MigrateError> {
        if !path.exists() {
            return Err(missing(path).into());
        }
        Self::open_locked(path, lock(path)?)
    }

    fn open_locked(path: &Path, lock: File) -> Result<Self, MigrateError> {
        check_emptied(path)?;
        let mut conn = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        configure(&conn)?;
        sqlite::bring_up(&mut conn, &MIGRATIONS).map_err(OpenError::from)?;
        check_moved(&conn)?;
        verify(&conn).map_err(|broken| MigrateError::Broken { place: path.display().to_string(), broken })?;
        conn.execute_batch("BEGIN").map_err(OpenError::from)?;
        Ok(Self { conn, path: path.to_owned(), part: None, last: None, _lock: lock })
    }

    /// Makes a store where there is none, under another name until it is whole; or opens the one that is there, which is
    /// said.
    pub fn create(path: &Path) -> Result<(Self, bool), MigrateError> {
        let folder = folder_of(path);
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(folder).map_err(at(folder))?;
        let lock = lock(path)?;
        if path.exists() {
            return Ok((Self::open_locked(path, lock)?, true));
        }
        check_emptied(path)?;
        let part = beside(path, ".moving");
        drop(copies::create(&part)?);
        own_as_folder(&part).map_err(at(&part))?;
        let mut conn = connect(&part, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // A file that is not whole is thrown away, and one that is whole is synced before it gets its name.
        let quick = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF";
        conn.execute_batch(quick).map_err(OpenError::from)?;
        sqlite::bring_up(&mut conn, &MIGRATIONS).map_err(OpenError::from)?;
        conn.execute_batch("BEGIN").map_err(OpenError::from)?;
        Ok((Self { conn, path: path.to_owned(), part: Some(part), last: None, _lock: lock }, false))
    }

    /// The next rows of a table in the order of its key; none at its end, after which another table may follow.
    pub fn page(&mut self, table: &TableForm) -> Result<Vec<StoredRecord>, QueryError> {
        let key: Vec<&str> = table.columns[..table.key].iter().map(|column| column.file.column).collect();
        let places: Vec<String> = (1..=table.key).map(|no| format!("?{no}")).collect();
        let (key, places) = (key.join(", "), places.join(", "));
        let later = self.last.as_ref().map_or(String::new(), |_| format!("WHERE ({key}) > ({places})"));
        let sql =
            format!("SELECT {} FROM {} {later} ORDER BY {key} LIMIT {PAGE}", table.read(of_file), table.name);
        let after = self.last.take().unwrap_or_default();
        let after = after.get(..table.key).unwrap_or_default();
        let page = all(&self.conn, &sql, params_from_iter(after), |row| record(row, table))?;
        self.last = page.last().cloned();
        Ok(page)
    }

    /// Adds rows to a table.
    pub fn write(&self, table: &TableForm, records: &[StoredRecord]) -> Result<(), QueryError> {
        let (columns, values) = table.written(of_file, |no| format!("?{no}"));
        let insert =
            format!("INSERT INTO {} ({}) VALUES ({})", table.name, columns.join(", "), values.join(", "));
        for sql in std::iter::once(insert.as_str()).chain(table.file_also) {
            let mut statement = self.conn.prepare_cached(sql)?;
            let count = statement.parameter_count();
            for record in records {
                statement.execute(params_from_iter(&record[..count]))?;
            }
        }
        Ok(())
    }

    /// How many rows a table has, and the sum of their amounts.
    pub fn totals(&self, table: &TableForm) -> Result<(i64, i64), QueryError> {
        let totals = one(&self.conn, &table.totals(), [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        totals.ok_or_else(|| QueryError::Nonsense(format!("{} cannot be counted", table.name)))
    }

    /// The last number that a notification got.
    pub fn last_inbox_no(&self) -> Result<i64, QueryError> {
        let sql = "SELECT max(ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'inbox'), 0),
                     ifnull((SELECT max(inbox_no) FROM inbox), 0))";
        Ok(one(&self.conn, sql, [], |row| Ok(row.get(0)?))?.unwrap_or_default())
    }

    /// Proves the store that was made and gives it its name, durably.
    pub fn finish(&mut self, last_inbox_no: i64) -> Result<(), MigrateError> {
        let Some(part) = &self.part else { return Ok(()) };
        let place = || self.path.display().to_string();
        let numbered = if last_inbox_no == 0 {
            Ok(())
        } else {
            let end = "DELETE FROM sqlite_sequence WHERE name = 'inbox'";
            let begin = "INSERT INTO sqlite_sequence (name, seq) VALUES ('inbox', ?1)";
            run(&self.conn, end, []).and_then(|_| run(&self.conn, begin, [last_inbox_no])).map(drop)
        };
        let committed = numbered.and_then(|()| Ok(self.conn.execute_batch("COMMIT")?));
        committed.map_err(|error| MigrateError::Failed { place: place(), error: error.into() })?;
        verify(&self.conn).map_err(|broken| MigrateError::Broken { place: place(), broken })?;
        copies::publish(part, &self.path)?;
        self.part = None;
        Ok(())
    }

    /// Marks the store as moved and renames it; answers its name from here on.
    pub fn put_away(self, to: &str) -> Result<PathBuf, String> {
        let marked = self.conn.execute_batch("COMMIT").map_err(QueryError::from).and_then(|()| {
            let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2)";
            run(&self.conn, sql, [MOVED_TO, to])?;
            // What is kept is one file.
            let mode = "PRAGMA journal_mode = DELETE";
            let mode = one(&self.conn, mode, [], |row| Ok(row.get::<_, String>(0)?))?;
            let is_one_file = mode.is_some_and(|mode| mode == "delete");
            is_one_file
                .then_some(())
                .ok_or_else(|| QueryError::Nonsense("another program has it open".to_owned()))
        });
        marked.map_err(|error| error.explain())?;
        let name = free_moved_name(&self.path);
        copies::publish(&self.path, &name).map_err(|error| error.to_string())?;
        Ok(name)
    }

    /// The store's name for agents.
    pub fn epoch(&self) -> Result<String, QueryError> {
        let epoch = value(&self.conn, super::open::EPOCH)?;
        epoch.ok_or_else(|| QueryError::Nonsense("it has no name".to_owned()))
    }
}

/// The right to replace the store, which nobody has while anybody has it open.
fn lock(path: &Path) -> Result<File, OpenError> {
    let lock = lock_file(&beside(path, ".open"))?;
    lock.try_lock().map_err(|_| OpenError::InUse(path.to_owned()))?;
    Ok(lock)
}

fn record(row: &Row, table: &TableForm) -> Result<StoredRecord, QueryError> {
    let cells = table.columns.iter().enumerate().map(|(i, column)| {
        let cell = match column.kind {
            CellKind::Int | CellKind::Amount => row.get::<_, Option<i64>>(i)?.map(StoredCell::Int),
            CellKind::Text => row.get::<_, Option<String>>(i)?.map(StoredCell::Text),
            CellKind::Name => row.get::<_, Option<String>>(i)?.map(|name| StoredCell::Text(storable(&name))),
            CellKind::Bytes => row.get::<_, Option<Vec<u8>>>(i)?.map(StoredCell::Bytes),
        };
        // What is looked up in another table is there, or the row belongs to nothing.
        if cell.is_none() && column.file.read.starts_with('(') {
            let key: String = row.get_ref(table.key - 1)?.as_str().unwrap_or_default().to_owned();
            return Err(QueryError::Nonsense(format!("a row of {} belongs to nothing: {key}", table.name)));
        }
        Ok(cell.unwrap_or(StoredCell::Null))
    });
    cells.collect()
}

impl ToSql for StoredCell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}
