//! Copies of the whole store: made beside the writer, proven before they count, and put back.
//!
//! A copy is one file without a log beside it. It gets its name only after it was verified and is on the card, so a
//! file of that name is always a good one.

use std::ffi::c_int;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use rusqlite_migration::SchemaVersion;

use super::connect::READ_ONLY;
use super::error::StoreError;
use super::files::{FILE, LOCK_FILE};
use super::migrations::MIGRATIONS;
use super::place::{self, Lock};
use super::read::Reader;
use super::verify::{Broken, Verified};
use super::{commit_mark, rescue};
use crate::domain::units::Timestamp;
use crate::sqlite;

/// Pages copied in one step: 1 MiB, a fraction of a second on the slowest card.
const PAGES_PER_STEP: c_int = 256;
/// How long to wait when somebody else holds the file.
const BUSY_PAUSE: Duration = Duration::from_millis(50);
/// What every SQLite file begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Where a copy is put together before it replaces the store.
const RESTORING: &str = "kuota.db.restoring";
/// Says when the last copy was made.
const LAST_FILE: &str = "last-backup";
/// Stores replaced in one second.
const ASIDE_MAX: u32 = 100;
/// How far ahead of the clock a copy's time may be before it counts as one of the future.
const AHEAD_MAX_MS: i64 = 5 * 60_000;
/// What SQLite keeps beside a file.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Why a copy was not made or not put back. The store is as it was.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or folder cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is no whole store.
    #[error("{path} is no usable backup: {why}")]
    Unusable {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// What was copied does not add up.
    #[error("the store was copied, but the copy cannot be trusted, so it was dropped: {0}")]
    Copy(#[from] Broken),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for BackupError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// How far a copy is, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Copied.
    pub done: u64,
    /// In all.
    pub total: u64,
}

/// What was put back, and where the store from before is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What the ledger holds.
    pub verified: Verified,
    /// When its newest line was written, by the clock of then.
    pub newest: Option<Timestamp>,
    /// The file that was replaced, under the name that it has from here on.
    pub replaced: Option<PathBuf>,
    /// The copy that was put back, under the name that it has from here on, if it lay beside the store as a rescued one.
    pub rescued: Option<PathBuf>,
}

impl Reader {
    /// Copies the store as it is at this moment into a new file, in steps, and proves the copy. The writer goes on
    /// meanwhile. The file is on the card when this returns; after an error there is none.
    pub fn copy_to(
        &self,
        target: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Verified, BackupError> {
        let made = copy_pages(&self.conn, target, progress).and_then(|()| {
            sync(target)?;
            // What is damaged beside the ledger is no reason to have no copy of the ledger.
            Ok(Self::new(Connection::open_with_flags(target, READ_ONLY)?).verify_money()?.0)
        });
        if made.is_err() {
            remove(target);
        }
        made
    }
}

/// Copies a database as it is at this moment into a new file without a log beside it, in steps. Whoever writes goes on
/// meanwhile. Nothing is proven, and it is not on the card yet.
pub fn copy_pages(
    from: &Connection,
    target: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), BackupError> {
    create(target)?;
    // One snapshot for all steps: without it every commit beside us would begin the copy anew.
    let snapshot = from.unchecked_transaction()?;
    let page_bytes: u32 = from.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    from.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let mut copy = Connection::open(target)?;
    // It is synced once, when it is whole.
    copy.pragma_update(None, "synchronous", "OFF")?;
    {
        let backup = Backup::new(from, &mut copy)?;
        loop {
            let step = backup.step(PAGES_PER_STEP)?;
            let pages = backup.progress();
            let bytes = |pages: c_int| u64::try_from(pages).unwrap_or_default() * u64::from(page_bytes);
            progress(Progress {
                done: bytes(pages.pagecount - pages.remaining),
                total: bytes(pages.pagecount),
            });
            match step {
                StepResult::Done => break,
                StepResult::More => {}
                _ => std::thread::sleep(BUSY_PAUSE),
            }
        }
    }
    drop(snapshot);
    // A copy is one file: it must not come to need a log beside it.
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    copy.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// Proves that a file is a whole copy of a store which this version can use.
pub fn prove(path: &Path) -> Result<Verified, BackupError> {
    let reader = open_copy(path)?;
    reader.verify().map_err(|broken| unusable(path, broken))
}

/// Gives a proven copy its name, replacing a file of that name, so that it holds after a power cut.
pub fn publish(part: &Path, target: &Path) -> Result<(), BackupError> {
    sync(part)?;
    std::fs::rename(part, target).map_err(at(target))?;
    sync_folder(target)
}

/// Replaces the store of `data_dir` by a copy. Refused while anybody else has the store, and unless the copy is
/// whole, adds up, and has a schema this version knows. The store from before is kept beside as
/// `kuota.db.replaced-STAMP`. At every moment there is a whole store under its name.
pub fn restore(
    data_dir: &Path,
    from: &Path,
    stamp: &str,
    progress: &mut dyn FnMut(Progress),
) -> Result<Restored, BackupError> {
    let source = open_copy(from)?;
    let _lock = Lock::take_to_replace(data_dir)?;
    let (path, temp) = (data_dir.join(FILE), data_dir.join(RESTORING));
    if is_same(from, &path) {
        return Err(unusable(from, "it is the store itself"));
    }
    remove(&temp);
    let drawn = draw(&source, from, &temp, progress).and_then(|verified| {
        hand_over(data_dir, &temp)?;
        // Removed first: after a power cut in between, the old store is only compared with nothing.
        commit_mark::remove(data_dir);
        Ok((verified, newest(&temp)?, set_aside(&path, stamp)?))
    });
    match drawn {
        Ok((verified, newest, replaced)) => {
            publish(&temp, &path)?;
            let rescued = rescue::settle(data_dir, from);
            Ok(Restored { verified, newest, replaced, rescued })
        }
        Err(error) => {
            remove(&temp);
            Err(error)
        }
    }
}

/// When the newest line of a copy was written.
fn newest(copy: &Path) -> Result<Option<Timestamp>, BackupError> {
    let at: Option<i64> = Connection::open_with_flags(copy, READ_ONLY)?.query_row(
        "SELECT max(at) FROM entries",
        [],
        |row| row.get(0),
    )?;
    Ok(at.map(Timestamp))
}

/// Remembers when a copy was made, as well as that goes.
pub fn note_last(data_dir: &Path, at: &str) {
    let path = data_dir.join(LAST_FILE);
    let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&path);
    let noted = file.and_then(|mut file| {
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        file.write_all(at.as_bytes())
    });
    if let Err(error) = noted {
        tracing::warn!(%error, "the time of this backup could not be noted");
    }
}

/// When the last copy was made, as it was noted.
pub fn last(data_dir: &Path) -> Option<String> {
    std::fs::read_to_string(data_dir.join(LAST_FILE)).ok().map(|text| text.trim().to_owned())
}

/// Whether a copy made `at` lies ahead of `now`: one of the two was told by a wrong clock.
pub fn is_ahead(at: Timestamp, now: Timestamp) -> bool {
    at.0.saturating_sub(now.0) > AHEAD_MAX_MS
}

/// Whether two names are one file.
pub fn is_same(a: &Path, b: &Path) -> bool {
    let id = |path: &Path| std::fs::metadata(path).map(|file| (file.dev(), file.ino())).ok();
    id(a).is_some_and(|a| Some(a) == id(b))
}

/// Removes a copy that is not whole, with whatever is beside it.
pub fn remove(path: &Path) {
    for end in [""].iter().chain(&BESIDE) {
        let _ = std::fs::remove_file(beside(path, end));
    }
}

/// An empty file that only its owner can read: a store holds hashes of passwords.
pub fn create(path: &Path) -> Result<File, BackupError> {
    remove(path);
    File::options().write(true).create_new(true).mode(0o600).open(path).map_err(at(path))
}

#[allow(clippy::needless_pass_by_value, reason = "it stands in map_err, which hands errors over")]
fn unusable(path: &Path, why: impl ToString) -> BackupError {
    BackupError::Unusable { path: path.to_owned(), why: why.to_string() }
}

fn at(path: &Path) -> impl Fn(io::Error) -> BackupError {
    move |source| BackupError::File { path: path.to_owned(), source }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn sync(path: &Path) -> Result<(), BackupError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(at(path))
}

fn sync_folder(of: &Path) -> Result<(), BackupError> {
    let folder = of.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sync(folder)
}

fn head(path: &Path) -> io::Result<[u8; MAGIC.len()]> {
    let mut head = [0; MAGIC.len()];
    let mut file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    file.read_exact(&mut head)?;
    Ok(head)
}

/// Opens a file that should be a copy of some store, as far as its head and length tell.
pub fn open_whole(path: &Path) -> Result<Connection, BackupError> {
    let head = match head(path) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Err(unusable(path, "it is empty or cut off"));
        }
        other => other.map_err(at(path))?,
    };
    if head != *MAGIC {
        return Err(unusable(path, "it is no SQLite file"));
    }
    let conn = Connection::open_with_flags(path, READ_ONLY).map_err(|error| unusable(path, error))?;
    let pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let whole: i64 = conn.query_row(pages, [], |row| row.get(0)).map_err(|error| unusable(path, error))?;
    let length = std::fs::metadata(path).map_err(at(path))?.len();
    // A store with its log beside it may be shorter than it says.
    if u64::try_from(whole) != Ok(length) && !beside(path, "-wal").exists() {
        return Err(unusable(path, format!("it has {length} of {whole} bytes")));
    }
    Ok(conn)
}

/// Opens a file that should be a copy, as far as its head, length and schema tell.
fn open_copy(path: &Path) -> Result<Reader, BackupError> {
    let conn = open_whole(path)?;
    match MIGRATIONS.current_version(&conn) {
        Ok(SchemaVersion::Inside(_)) => Ok(Reader::new(conn)),
        Ok(SchemaVersion::NoneSet) => Err(unusable(path, "it is a database of something else")),
        Ok(SchemaVersion::Outside(_)) => {
            Err(unusable(path, "it comes from a later version; install that version first"))
        }
        Err(error) => Err(unusable(path, error)),
    }
}

/// Copies into `temp`, brings the schema up there, and proves what came out.
fn draw(
    source: &Reader,
    from: &Path,
    temp: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Verified, BackupError> {
    let bad = |error: BackupError| match error {
        BackupError::Copy(broken) => unusable(from, broken),
        BackupError::Store(StoreError::Sqlite(error)) => unusable(from, error),
        other => other,
    };
    copy_pages(&source.conn, temp, progress).map_err(bad)?;
    let mut copy = Connection::open(temp)?;
    sqlite::bring_up(&mut copy, &MIGRATIONS).map_err(|error| unusable(from, error))?;
    place::mark(&copy, place::LOG_CLOSED, None)?;
    copy.close().map_err(|(_, error)| error)?;
    prove(temp).map_err(|error| match error {
        BackupError::Unusable { why, .. } => unusable(from, why),
        other => other,
    })
}

/// Whoever owns the data folder must be able to use what is put into it, also when somebody else restores.
fn hand_over(data_dir: &Path, temp: &Path) -> Result<(), BackupError> {
    let folder = std::fs::metadata(data_dir).map_err(at(data_dir))?;
    for file in [temp, &data_dir.join(LOCK_FILE)] {
        let own = std::fs::metadata(file).map_err(at(file))?;
        if (own.uid(), own.gid()) != (folder.uid(), folder.gid()) {
            chown(file, Some(folder.uid()), Some(folder.gid())).map_err(at(file))?;
        }
    }
    std::fs::set_permissions(temp, std::fs::Permissions::from_mode(0o600)).map_err(at(temp))
}

/// Gives the present store a second name and takes away what lies beside it: the log of one store would be
/// played into another.
pub fn set_aside(path: &Path, stamp: &str) -> Result<Option<PathBuf>, BackupError> {
    // The log's lines belong into the file. A store too damaged for that keeps them beside its other name; SQLite
    // would drop the log of a file that it does not know.
    let is_sqlite = head(path).is_ok_and(|head| head == *MAGIC);
    if is_sqlite
        && let Ok(old) = Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE)
    {
        let _ = old.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }
    let name = |n: u32| {
        beside(path, &format!(".replaced-{stamp}{}", if n == 0 { String::new() } else { format!("-{n}") }))
    };
    let free = (0..ASIDE_MAX).map(name).find(|name| !name.exists());
    let aside = free.ok_or_else(|| unusable(path, "too many replaced stores are kept beside it"))?;
    let has_old = path.exists();
    if has_old {
        let link = std::fs::hard_link(path, &aside);
        link.or_else(|_| std::fs::copy(path, &aside).map(drop)).map_err(at(&aside))?;
        sync(&aside)?;
    }
    for end in BESIDE {
        let side = beside(path, end);
        if side.exists() {
            std::fs::rename(&side, beside(&aside, end)).map_err(at(&side))?;
        }
    }
    sync_folder(path)?;
    Ok(has_old.then_some(aside))
}

#[cfg(test)]
#[path = "backup_tests.rs"]
mod tests;
