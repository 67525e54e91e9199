//! Where the store lies: who may write there, who may read its files, and whether its log is there.

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

/// What SQLite keeps beside the file.
const BESIDE: [&str; 2] = ["db-wal", "db-shm"];
/// Which schema an SQLite file has, as its own number.
const VERSION_AT: std::ops::Range<usize> = 60..64;
/// Bytes of a log's index that was made and never used, as on a disk that had no room for the log.
const INDEX_STUB: u64 = 3;
/// The key under which the store says whether it was closed cleanly.
pub(super) const LOG_KEY: &str = "log";
/// What stands there from the start of a writer on ...
pub(super) const LOG_OPEN: &str = "open";
/// ... and after it has closed the store.
pub(super) const LOG_CLOSED: &str = "closed";

/// What stands in the lock file of a folder that a writer has used.
const PROCESS: &[u8] = b"kuotad\n";

/// The right to write in a folder, held as long as the files are.
#[derive(Debug)]
pub(super) struct Lock {
    _folder: Option<File>,
    /// The store's own file: a lock file may be deleted, and a second one be made, while the first one is held. SQLite
    /// locks ranges of its files in another way, which this does not touch. It must be opened before SQLite opens the
    /// file and closed after it: closing any handle ends SQLite's own locks.
    store: Option<File>,
}

impl Lock {
    /// Takes it to put another store in the place of one that need not be good.
    pub fn take_to_replace(data_dir: &Path) -> Result<Self, StoreError> {
        make_folder(data_dir)?;
        let folder = lock_file(data_dir)?;
        let store = File::open(data_dir.join(FILE)).ok();
        for file in [&folder, &store].into_iter().flatten() {
            file.try_lock().map_err(|_| StoreError::InUse(data_dir.to_owned()))?;
        }
        Ok(Self { _folder: folder, store })
    }

    /// Takes it. The folder is created where it is missing, and so is the file, readable by its owner only.
    pub fn take(data_dir: &Path) -> Result<Self, StoreError> {
        make_folder(data_dir)?;
        let folder = lock_file(data_dir)?;
        if let Some(file) = &folder {
            file.try_lock().map_err(|_| StoreError::InUse(data_dir.to_owned()))?;
        }
        check_none_left(data_dir)?;
        check_log(data_dir)?;
        let path = data_dir.join(FILE);
        make_private(&path)?;
        let store = File::open(&path).ok();
        if let Some(file) = &store {
            file.try_lock().map_err(|_| StoreError::InUse(data_dir.to_owned()))?;
        }
        if let Some(file) = &folder {
            // See `is_used`. A full disk is no reason not to start.
            let _ = file.set_len(0).and_then(|()| file.write_all_at(PROCESS, 0));
        }
        Ok(Self { _folder: folder, store })
    }

    /// The store's own file, as it was opened.
    pub fn store(&self) -> Option<&File> {
        self.store.as_ref()
    }

    /// Where that file is, if its folder has another name than `path` says.
    pub fn moved_to(&self, path: &Path) -> Option<PathBuf> {
        let handle = format!("/proc/self/fd/{}", self.store.as_ref()?.as_raw_fd());
        let held = std::fs::read_link(handle).ok().filter(|held| held.is_file())?;
        let is_moved = std::fs::canonicalize(path).ok().as_ref() != Some(&held);
        is_moved.then_some(held)
    }
}

/// Makes the folder where it is missing. Its group may look into it: the control socket lies there.
pub(super) fn make_folder(data_dir: &Path) -> Result<(), StoreError> {
    DirBuilder::new().recursive(true).mode(0o750).create(data_dir).map_err(at(data_dir))
}

/// The lock file, made where it is missing; none where the file system takes no new file.
fn lock_file(data_dir: &Path) -> Result<Option<File>, StoreError> {
    let path = data_dir.join(LOCK_FILE);
    let opened = File::options().create(true).truncate(false).write(true).mode(0o640).open(&path);
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(error) if is_hindered(&error) => Ok(File::open(&path).ok()),
        Err(error) => Err(at(&path)(error)),
    }
}

/// Whether the file system is full or can only be read.
fn is_hindered(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(error.kind(), QuotaExceeded | ReadOnlyFilesystem | StorageFull)
}

/// Makes the file where it is missing, so that SQLite and its logs inherit who may read it, and takes the right to read
/// it from everybody but its owner.
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

/// Refuses a folder with a copy that nobody has dealt with.
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

/// Refuses to read a store that is missing while such a copy is there.
fn check_not_missing(data_dir: &Path) -> Result<(), StoreError> {
    match left(data_dir) {
        Some(copy) => {
            let path = data_dir.join(FILE);
            Err(StoreError::Rescued { path, copy, beside: Beside::Nothing })
        }
        None => Ok(()),
    }
}

/// Refuses a store whose log is lost. SQLite would take an empty file for a new store and delete the log beside it, and a
/// file without its log for one that never had one.
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
    // Whoever closes a store last takes its log and the log's index away together, after bringing all into the file.
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
/// program. A file that was brought here alone was not.
fn is_used(data_dir: &Path) -> bool {
    std::fs::metadata(data_dir.join(LOCK_FILE)).is_ok_and(|file| file.len() > 0)
}

fn head(path: &Path) -> Option<[u8; 100]> {
    use std::io::Read;
    let mut head = [0; 100];
    File::open(path).ok()?.read_exact(&mut head).ok()?;
    Some(head)
}

/// What a file says of its last commit that a writer has not closed.
struct Unclosed {
    mark: Option<CommitMark>,
}

/// That a writer has not closed the file, as far as the file itself says so.
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

/// Says in the store whether its log may be ahead of the file and which run begins, and brings that into the file.
pub(super) fn mark(conn: &Connection, mark: &str, run: Option<&CommitMark>) -> rusqlite::Result<()> {
    let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2)
               ON CONFLICT (key) DO UPDATE SET value = ?2 WHERE value IS NOT ?2";
    let tx = conn.unchecked_transaction()?;
    tx.execute(sql, [LOG_KEY, mark])?;
    if let Some(run) = run {
        tx.execute(sql, [commit_mark::KEY, &run.text()])?;
    }
    tx.commit()?;
    // A reader beside us may hold the log up; it is there then, and so are its lines.
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}
