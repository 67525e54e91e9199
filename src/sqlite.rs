//! Shared by both SQLite stores: applying the schema, and classifying errors of writes.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

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
    /// Classifies an error of the system: a full or read-only disk; `None` is any other.
    pub fn of_io(error: &io::Error) -> Option<Self> {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Some(Self::Full),
            ReadOnlyFilesystem => Some(Self::ReadOnly),
            _ => None,
        }
    }

    /// Classifies an error of a write into `file`, asking the file system where SQLite does not say why it failed.
    pub fn in_file(error: &rusqlite::Error, file: &Path) -> Self {
        match Self::of(error) {
            Self::Write => probe(file).unwrap_or(Self::Broken),
            other => other,
        }
    }

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

/// A file that is written and removed to probe the file system.
const PROBE_FILE: &str = ".kuota.probe";

/// Why the folder of a database takes no writes, by the file system: SQLite does not pass on the system's error. The
/// probe is a write at the offset of the next one of the file's log. `None` if it succeeds, or fails for a reason that
/// says nothing of the folder.
pub fn probe(file: &Path) -> Option<Cause> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let end = std::fs::metadata(log).map_or(0, |log| log.len());
    let probe = folder.join(PROBE_FILE);
    let opened = File::options().write(true).create(true).truncate(true).mode(0o600).open(&probe);
    let written = opened.and_then(|opened| opened.write_all_at(&[0xA5; 4096], end));
    let _ = std::fs::remove_file(&probe);
    Cause::of_io(&written.err()?)
}

/// How often a lock is asked for, and how long between.
const LOCK_TRIES: u32 = 10;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Whether a lock is had. One that is given up within a moment counts as free: a program that a process starts holds that
/// process's open files with their locks until it runs.
pub fn locked(lock: impl Fn() -> Result<(), TryLockError>) -> bool {
    for _ in 1..LOCK_TRIES {
        if lock().is_ok() {
            return true;
        }
        std::thread::sleep(LOCK_PAUSE);
    }
    lock().is_ok()
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
    fn a_failed_write_is_what_the_file_system_says_it_is() {
        use io::ErrorKind::{Other, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        for (kind, cause) in [
            (StorageFull, Some(Cause::Full)),
            (QuotaExceeded, Some(Cause::Full)),
            (ReadOnlyFilesystem, Some(Cause::ReadOnly)),
            (PermissionDenied, None),
            (Other, None),
        ] {
            assert_eq!(Cause::of_io(&kind.into()), cause, "{kind}");
        }
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x.db");
        assert_eq!(probe(&file), None);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left");
        let error = |code| rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
        assert_eq!(
            Cause::in_file(&error(778), &file),
            Cause::Broken,
            "the disk takes writes, so the card failed"
        );
        assert_eq!(Cause::in_file(&error(13), &file), Cause::Full);
        assert_eq!(Cause::in_file(&error(5), &file), Cause::Busy);
    }

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
