//! Shared by both SQLite stores: applying the schema, and classifying errors of writes.

use rusqlite::{Connection, ErrorCode};
use rusqlite_migration::Migrations;

/// SQLite's extended codes of I/O errors of a write, which rusqlite does not name.
const WRITE_ERRORS: [i32; 5] = [778, 1546, 4618, 4874, 5386];

/// The meaning of an SQLite error for a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The disk is full. Nothing was written.
    Full,
    /// The file is read-only. Nothing was written.
    ReadOnly,
    /// Another program has locked the file. Nothing was written.
    Busy,
    /// A write failed; only the file system knows why. A full disk can look like this as well.
    Write,
    /// The content of the disk is unknown until the file is opened again.
    Broken,
    /// The statement or its values are wrong; the file is intact.
    Statement,
}

impl Cause {
    /// Classifies an error.
    pub fn of(error: &rusqlite::Error) -> Self {
        use ErrorCode::{
            CannotOpen, DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, FileLockingProtocolFailed,
            NotADatabase, ReadOnly, SystemIoFailure,
        };
        let Some(error) = error.sqlite_error() else { return Self::Statement };
        match error.code {
            DiskFull => Self::Full,
            ReadOnly | CannotOpen => Self::ReadOnly,
            DatabaseBusy | DatabaseLocked => Self::Busy,
            SystemIoFailure if WRITE_ERRORS.contains(&error.extended_code) => Self::Write,
            DatabaseCorrupt | FileLockingProtocolFailed | NotADatabase | SystemIoFailure => Self::Broken,
            _ => Self::Statement,
        }
    }
}

/// Applies the schema. Steps that rebuild a table must not count its rows as deleted.
pub fn bring_up(conn: &mut Connection, steps: &Migrations) -> Result<(), rusqlite_migration::Error> {
    conn.pragma_update(None, "foreign_keys", "OFF")?;
    steps.to_latest(conn)?;
    conn.pragma_update(None, "foreign_keys", "ON")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_sqlite_are_told_apart() {
        for (code, cause) in [
            (13, Cause::Full),
            (8, Cause::ReadOnly),
            (14, Cause::ReadOnly),
            (5, Cause::Busy),
            (6, Cause::Busy),
            (778, Cause::Write),
            (1546, Cause::Write),
            (1034, Cause::Broken),
            (266, Cause::Broken),
            (11, Cause::Broken),
            (26, Cause::Broken),
            (19, Cause::Statement),
        ] {
            let error = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
            assert_eq!(Cause::of(&error), cause, "{code}");
        }
        assert_eq!(Cause::of(&rusqlite::Error::QueryReturnedNoRows), Cause::Statement);
    }
}
