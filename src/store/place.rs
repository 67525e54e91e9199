//! The store's folder: the writer's lock, file permissions, and whether the log is present.

use std::fs::{DirBuilder, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};

use super::commit_mark::{self, CommitMark};
use super::connect::open_alone;
use super::error::StoreError;
use super::files::{FILE, LOCK_FILE, LOG_MARK, LOG_MARK_AT};
use super::rescued_copy::{Beside, left};
use crate::sqlite;

/// Extensions of SQLite's further files.
const BESIDE: [&str; 2] = ["db-wal", "db-shm"];
/// The schema version in an SQLite file.
const VERSION_AT: std::ops::Range<usize> = 60..64;
/// Bytes of a log's index that was created but never used, as on a disk without room for the log.
const INDEX_STUB: u64 = 3;
/// The key under which the store records whether it was closed cleanly.
pub(super) const LOG_KEY: &str = "log";
/// Its value from the start of a writer on ...
pub(super) const LOG_OPEN: &str = "open";
/// ... and after it has closed the store.
pub(super) const LOG_CLOSED: &str = "closed";

/// Content of the lock file in a folder that a writer has used.
const PROCESS: &[u8] = b"kuotad\n";

/// The writer's lock on a folder, held until the files are closed.
#[derive(Debug)]
pub(super) struct Lock {
    _folder: Option<File>,
    /// The store's own file: a lock file may be deleted, and a second one be created, while the first one is locked.
    /// SQLite locks byte ranges of its files in a different way, so the two locks do not interfere. It must be opened
    /// before SQLite opens the file and closed after it: closing any handle releases SQLite's own locks.
    store: Option<File>,
}

impl Lock {
    /// Takes the lock to replace a store, which need not be valid.
    pub fn take_to_replace(data_dir: &Path) -> Result<Self, StoreError> {
        make_folder(data_dir)?;
        let folder = lock_file(data_dir)?;
        let store = File::open(data_dir.join(FILE)).ok();
        for file in [&folder, &store].into_iter().flatten() {
            if !sqlite::locked(|| file.try_lock()) {
                return Err(StoreError::InUse(data_dir.to_owned()));
            }
        }
        Ok(Self { _folder: folder, store })
    }

    /// Takes the lock. Creates the folder and the file if they are missing, the file readable by its owner only.
    pub fn take(data_dir: &Path) -> Result<Self, StoreError> {
        make_folder(data_dir)?;
        let folder = lock_file(data_dir)?;
        if let Some(file) = &folder
            && !sqlite::locked(|| file.try_lock())
        {
            return Err(StoreError::InUse(data_dir.to_owned()));
        }
        check_none_left(data_dir)?;
        check_log(data_dir)?;
        let path = data_dir.join(FILE);
        make_private(&path)?;
        let store = File::open(&path).ok();
        if let Some(file) = &store
            && !sqlite::locked(|| file.try_lock())
        {
            return Err(StoreError::InUse(data_dir.to_owned()));
        }
        if let Some(file) = &folder {
            // See `is_used`. A full disk must not prevent a start.
            let _ = file.set_len(0).and_then(|()| file.write_all_at(PROCESS, 0));
        }
        Ok(Self { _folder: folder, store })
    }

    /// The store's own file, as it was opened.
    pub fn store(&self) -> Option<&File> {
        self.store.as_ref()
    }

    /// The file's present path, if its folder no longer has the name `path`.
    pub fn moved_to(&self, path: &Path) -> Option<PathBuf> {
        let handle = format!("/proc/self/fd/{}", self.store.as_ref()?.as_raw_fd());
        let held = std::fs::read_link(handle).ok().filter(|held| held.is_file())?;
        let is_moved = std::fs::canonicalize(path).ok().as_ref() != Some(&held);
        is_moved.then_some(held)
    }
}

/// Creates the folder if it is missing. Its group may enter it, because the control socket is in it.
pub(super) fn make_folder(data_dir: &Path) -> Result<(), StoreError> {
    DirBuilder::new().recursive(true).mode(0o750).create(data_dir).map_err(at(data_dir))
}

/// The lock file, created if it is missing; `None` if the file system accepts no new file.
fn lock_file(data_dir: &Path) -> Result<Option<File>, StoreError> {
    let path = data_dir.join(LOCK_FILE);
    let opened = File::options().create(true).truncate(false).write(true).mode(0o640).open(&path);
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(error) if is_hindered(&error) => Ok(File::open(&path).ok()),
        Err(error) => Err(at(&path)(error)),
    }
}

/// Whether the file system is full or read-only.
fn is_hindered(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(error.kind(), QuotaExceeded | ReadOnlyFilesystem | StorageFull)
}

/// Creates the file if it is missing, so that SQLite and its logs inherit its permissions, and makes it readable by
/// its owner only.
fn make_private(path: &Path) -> Result<(), StoreError> {
    if !path.exists() {
        match File::options().create_new(true).write(true).mode(0o600).open(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(at(path)(error)),
            _ => {}
        }
    }
    let files = BESIDE.map(|end| path.with_extension(end));
    for file in std::iter::once(path).chain(files.iter().map(PathBuf::as_path)) {
        let Ok(held) = std::fs::metadata(file) else { continue };
        if held.mode() & 0o077 != 0 && std::fs::set_permissions(file, Permissions::from_mode(0o600)).is_err()
        {
            tracing::warn!(file = %file.display(), "others may read this file, and that cannot be changed");
        }
    }
    Ok(())
}

fn at(path: &Path) -> impl Fn(io::Error) -> StoreError {
    move |source| StoreError::Folder { path: path.to_owned(), source }
}

/// Refuses a folder with a copy that awaits the operator's decision.
fn check_none_left(data_dir: &Path) -> Result<(), StoreError> {
    let Some(copy) = left(data_dir) else { return Ok(()) };
    let path = data_dir.join(FILE);
    let beside = match std::fs::metadata(&path) {
        Ok(file) if file.len() > 0 => match check_log(data_dir) {
            Ok(()) => Beside::Store,
            Err(_) => Beside::WithoutLog,
        },
        _ => Beside::Nothing,
    };
    Err(StoreError::Rescued { path, copy, beside })
}

/// Refuses to read a store that is missing while there is such a copy.
fn check_not_missing(data_dir: &Path) -> Result<(), StoreError> {
    match left(data_dir) {
        Some(copy) => {
            let path = data_dir.join(FILE);
            Err(StoreError::Rescued { path, copy, beside: Beside::Nothing })
        }
        None => Ok(()),
    }
}

/// Refuses a store whose log is lost. SQLite would treat an empty file as a new store and delete its log, and a file
/// without its log as one that never had one.
pub(super) fn check_log(data_dir: &Path) -> Result<(), StoreError> {
    let path = data_dir.join(FILE);
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    let (log, index) = (path.with_extension("db-wal"), path.with_extension("db-shm"));
    if length(&path) == 0 {
        if length(&log) > 0 {
            return Err(StoreError::Emptied(path));
        }
        check_not_missing(data_dir)?;
        return match commit_mark::written(data_dir) {
            Some(mark) => Err(StoreError::Vanished { path, commits: mark.commits }),
            None => Ok(()),
        };
    }
    if log.exists() {
        return Ok(());
    }
    let Some(head) = head(&path).filter(|head| head[LOG_MARK_AT] == LOG_MARK) else {
        return Ok(());
    };
    let has_no_schema = head[VERSION_AT].iter().all(|byte| *byte == 0);
    // The last process that closes a store copies everything into the file, then deletes the log and its index
    // together.
    if length(&index) > INDEX_STUB || has_no_schema {
        return Err(StoreError::LogLost(path));
    }
    match unclosed(&path) {
        None => Ok(()),
        Some(_) if !is_used(data_dir) => Err(StoreError::LogLost(path)),
        Some(Unclosed { mark }) => commit_mark::check(data_dir, mark.as_ref()),
    }
}

/// Whether a writer has worked in the folder before: a store without its log may then have been closed by another
/// program. This is not possible for a file that was copied here alone.
fn is_used(data_dir: &Path) -> bool {
    std::fs::metadata(data_dir.join(LOCK_FILE)).is_ok_and(|file| file.len() > 0)
}

fn head(path: &Path) -> Option<[u8; 100]> {
    use std::io::Read;
    let mut head = [0; 100];
    File::open(path).ok()?.read_exact(&mut head).ok()?;
    Some(head)
}

/// The last commit recorded in a file that a writer has not closed.
struct Unclosed {
    mark: Option<CommitMark>,
}

/// Reads from the file whether a writer has not closed it.
fn unclosed(path: &Path) -> Option<Unclosed> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = open_alone(path, flags).ok()?;
    is_open(&conn).ok()?.then(|| Unclosed { mark: CommitMark::of(&conn).ok().flatten() })
}

/// Whether a writer has not closed the store.
pub(super) fn is_open(conn: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT value FROM meta WHERE key = ?1";
    let mark: Option<String> = conn.query_row(sql, [LOG_KEY], |row| row.get(0)).optional()?;
    Ok(mark.as_deref() == Some(LOG_OPEN))
}

/// Records in the store whether its log may be ahead of the file, and the mark of a new run, and copies the log into
/// the file.
pub(super) fn mark(conn: &Connection, mark: &str, run: Option<&CommitMark>) -> rusqlite::Result<()> {
    let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2)
               ON CONFLICT (key) DO UPDATE SET value = ?2 WHERE value IS NOT ?2";
    let tx = conn.unchecked_transaction()?;
    tx.execute(sql, [LOG_KEY, mark])?;
    if let Some(run) = run {
        tx.execute(sql, [commit_mark::KEY, &run.text()])?;
    }
    tx.commit()?;
    // A reader may prevent the truncation of the log; its pages then stay in the log.
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}
