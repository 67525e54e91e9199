//! Copies of the whole store: made while the writer works, proven, and restored.
//!
//! A copy is one file without a log. It gets its final name only after it was verified and is on the card, so a file
//! of that name is always good.

use std::ffi::c_int;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::SchemaVersion;

use super::connect::{READ_ONLY, open_alone};
use super::error::StoreError;
use super::files::{FILE, LOCK_FILE, is_passive};
use super::migrations::MIGRATIONS;
use super::place::{self, Lock};
use super::read::Reader;
use super::suspicion::Check;
use super::tables::{TableClass, aside_sql, class_of};
use super::verify::{Broken, Verified};
use super::{commit_mark, instance, rescue};
use crate::domain::rfc3339::rfc3339;
use crate::domain::role::Role;
use crate::domain::units::Timestamp;
use crate::sqlite;

/// Pages copied in one step: 1 MiB, a fraction of a second on the slowest card.
const PAGES_PER_STEP: c_int = 256;
/// Pause before the next try when another program has locked the file.
const BUSY_PAUSE: Duration = Duration::from_millis(50);
/// The first bytes of every SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// The file in which a copy is prepared before it replaces the store.
const RESTORING: &str = "kuota.db.restoring";
/// The file with the time of the last copy.
const LAST_FILE: &str = "last-backup";
/// The most stores replaced in one second.
const ASIDE_MAX: u32 = 100;
/// How far ahead of the clock a copy's time may be before it counts as in the future.
const AHEAD_MAX_MS: i64 = 5 * 60_000;
/// Suffixes of SQLite's further files.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// The reason why a copy was not made or not restored. The store is unchanged.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or folder cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The path.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file is not a complete store.
    #[error("{path} is no usable backup: {why}")]
    Unusable {
        /// The path.
        path: PathBuf,
        /// The error found in it.
        why: String,
    },
    /// The file is encrypted for another key.
    #[error("{path} is no usable backup: it was not encrypted for this key")]
    WrongKey {
        /// The path.
        path: PathBuf,
    },
    /// The file is of a later version.
    #[error("{path} is no usable backup: it comes from a later version; install that version first")]
    Later {
        /// The path.
        path: PathBuf,
    },
    /// The copy failed verification.
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

/// The progress of a copy, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Copied.
    pub done: u64,
    /// The total.
    pub total: u64,
}

/// The result of a restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The verified content of the ledger.
    pub verified: Verified,
    /// The time of its newest entry, by the clock at that time.
    pub newest: Option<Timestamp>,
    /// The replaced store, under its new name.
    pub replaced: Option<PathBuf>,
    /// The restored copy under its new name, if it was a rescued copy in the data folder.
    pub rescued: Option<PathBuf>,
}

impl Reader {
    /// Copies the present state of the store into a new file, in steps, and proves the copy. The writer can go on
    /// meanwhile. The file is on the card when this returns; after an error there is none.
    pub fn copy_to(
        &self,
        target: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Verified, BackupError> {
        let made = copy_pages(&self.conn, target, progress).and_then(|()| {
            sync(target)?;
            // Damage outside the ledger must not prevent a copy of the ledger.
            Ok(Self::new(Connection::open_with_flags(target, READ_ONLY)?).verify_money(Check::Quick)?.0)
        });
        if made.is_err() {
            remove(target);
        }
        made
    }
}

/// Copies the present state of a database into a new file without a log, in steps. Writers can go on meanwhile. The
/// copy is neither proven nor synced to the card.
pub fn copy_pages(
    from: &Connection,
    target: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), BackupError> {
    create(target)?;
    // One snapshot for all steps: without it every commit by the writer would restart the copy.
    let snapshot = from.unchecked_transaction()?;
    let page_bytes: u32 = from.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    from.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let mut copy = Connection::open(target)?;
    // It is synced once, when it is complete.
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
    // A copy is one file, so it must not use a log.
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    copy.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// Proves that a file is a complete copy of a store that this version can use.
pub fn prove(path: &Path) -> Result<Verified, BackupError> {
    let reader = open_copy(path)?;
    reader.verify().map_err(|broken| unusable(path, broken))
}

/// Gives a proven copy its final name, replacing a file of that name, durably.
pub fn publish(part: &Path, target: &Path) -> Result<(), BackupError> {
    sync(part)?;
    std::fs::rename(part, target).map_err(at(target))?;
    sync_folder(target)
}

/// Replaces the store of `data_dir` by a copy. Refused while another process uses the store, and unless the copy is
/// complete, verified, and has a schema that this version supports. The old store is kept as
/// `kuota.db.replaced-STAMP`. At every moment a complete store has the store's name.
pub fn restore(
    data_dir: &Path,
    from: &Path,
    stamp: &str,
    progress: &mut dyn FnMut(Progress),
) -> Result<Restored, BackupError> {
    restore_after(data_dir, from, stamp, &mut || Ok(()), progress)
}

/// The same, with something that has to be in place before the copy has the store's name. It is called when nothing but that
/// name is left to be done; after its error the store is unchanged.
pub fn restore_after(
    data_dir: &Path,
    from: &Path,
    stamp: &str,
    prepare: &mut dyn FnMut() -> Result<(), BackupError>,
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
        keep_instance(&path, &temp)?;
        if is_passive(data_dir) {
            expect_orphans(&temp)?;
        }
        hand_over(data_dir, &temp)?;
        // Removed first: after a power cut in between, the old store is merely not compared.
        let newest = newest(&temp)?;
        prepare()?;
        commit_mark::remove(data_dir);
        Ok((verified, newest, set_aside(&path, stamp)?))
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

/// What a copy has, of a store that could be restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyContent {
    /// The verified content of the ledger.
    pub verified: Verified,
    /// When something was last entered or done in it, by the clock at that time.
    pub last_at: Option<Timestamp>,
    /// Whether somebody can log in as an owner.
    pub has_owner: bool,
}

/// Reads and proves a copy as a restore would, into the new file `temp`, which is removed again.
pub fn inspect(
    from: &Path,
    temp: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<CopyContent, BackupError> {
    let source = open_copy(from)?;
    let read = draw(&source, from, temp, progress).and_then(|verified| {
        let admins = open_copy(temp)?.admins()?;
        let has_owner = admins.iter().any(|admin| admin.role == Role::Owner);
        Ok(CopyContent { verified, last_at: last_at(temp)?, has_owner })
    });
    remove(temp);
    read
}

/// The ending of the name under which a store that is replaced at `now` is kept.
pub fn stamp(now: Timestamp) -> String {
    rfc3339(now).chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The machine stays what it is: the copy may be from before it took the site over, and would find itself fenced.
fn keep_instance(store: &Path, copy: &Path) -> Result<(), BackupError> {
    // A store that cannot be read is why another one is restored. One that is no database must not even be opened: SQLite
    // would remove its log, which is put aside with it.
    let kept = is_sqlite(store).then(|| open_alone(store, READ_ONLY).ok()).flatten();
    let kept = kept.and_then(|conn| instance::kept(&conn).ok());
    let Some(kept) = kept else { return Ok(()) };
    let conn = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    if instance::kept(&conn).is_ok_and(|own| own.number() < kept.number()) {
        instance::write(&conn, instance::KEY, &kept.to_string())?;
    }
    conn.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// A store that waits to be taken over: what was bound since on the router must be found before its rows are surplus, however
/// the waiting ends.
fn expect_orphans(copy: &Path) -> Result<(), BackupError> {
    let conn = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    instance::write(&conn, instance::ORPHANS_DUE, "1")?;
    conn.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// Puts a copy back as the store of `data_dir`, with its own schema, for the version that made it. The copy is checked by
/// SQLite, not proven. The store that it replaces is kept as `kuota.db.replaced-STAMP` and returned.
pub fn put_back(data_dir: &Path, from: &Path, stamp: &str) -> Result<Option<PathBuf>, BackupError> {
    let source = open_whole(from)?;
    let _lock = Lock::take_to_replace(data_dir)?;
    let (path, temp) = (data_dir.join(FILE), data_dir.join(RESTORING));
    let made = copy_pages(&source, &temp, &mut |_| {}).and_then(|()| {
        let copy = Connection::open_with_flags(&temp, READ_ONLY)?;
        let said: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if said != "ok" {
            return Err(unusable(from, said));
        }
        drop(copy);
        hand_over(data_dir, &temp)?;
        commit_mark::remove(data_dir);
        set_aside(&path, stamp)
    });
    let replaced = made.inspect_err(|_| remove(&temp))?;
    publish(&temp, &path)?;
    Ok(replaced)
}

/// The time of a copy's newest entry or line of the audit.
fn last_at(copy: &Path) -> Result<Option<Timestamp>, BackupError> {
    let sql = "SELECT max(at) FROM (SELECT at FROM entries UNION ALL SELECT at FROM audit)";
    let conn = Connection::open_with_flags(copy, READ_ONLY)?;
    let at: Option<i64> = conn.query_row(sql, [], |row| row.get(0))?;
    Ok(at.map(Timestamp))
}

/// The time of a copy's newest entry.
fn newest(copy: &Path) -> Result<Option<Timestamp>, BackupError> {
    let at: Option<i64> = Connection::open_with_flags(copy, READ_ONLY)?.query_row(
        "SELECT max(at) FROM entries",
        [],
        |row| row.get(0),
    )?;
    Ok(at.map(Timestamp))
}

/// Stores the time of a copy; errors are ignored.
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

/// The stored time of the last copy.
pub fn last(data_dir: &Path) -> Option<String> {
    std::fs::read_to_string(data_dir.join(LAST_FILE)).ok().map(|text| text.trim().to_owned())
}

/// Whether the time `at` of a copy is ahead of `now`: one of the two comes from a wrong clock.
pub fn is_ahead(at: Timestamp, now: Timestamp) -> bool {
    at.0.saturating_sub(now.0) > AHEAD_MAX_MS
}

/// Whether two paths are the same file.
pub fn is_same(a: &Path, b: &Path) -> bool {
    let id = |path: &Path| std::fs::metadata(path).map(|file| (file.dev(), file.ino())).ok();
    id(a).is_some_and(|a| Some(a) == id(b))
}

/// Removes an incomplete copy with its further files.
pub fn remove(path: &Path) {
    for end in [""].iter().chain(&BESIDE) {
        let _ = std::fs::remove_file(beside(path, end));
    }
}

/// An empty file that only its owner can read, because a store has hashes of passwords.
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

/// The file whose name is that of `path` with `end` added.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

pub(super) fn sync(path: &Path) -> Result<(), BackupError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(at(path))
}

pub(super) fn sync_folder(of: &Path) -> Result<(), BackupError> {
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

/// Whether a file begins as SQLite's do.
fn is_sqlite(path: &Path) -> bool {
    head(path).is_ok_and(|head| head == *MAGIC)
}

/// Opens a file that should be a copy of some store, after checking its head and length.
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
    // A store with a log may be shorter than its head says.
    if u64::try_from(whole) != Ok(length) && !beside(path, "-wal").exists() {
        return Err(unusable(path, format!("it has {length} of {whole} bytes")));
    }
    Ok(conn)
}

/// Opens a file that should be a copy, after checking its head, length and schema.
fn open_copy(path: &Path) -> Result<Reader, BackupError> {
    let conn = open_whole(path)?;
    match MIGRATIONS.current_version(&conn) {
        Ok(SchemaVersion::Inside(_)) => Ok(Reader::new(conn)),
        Ok(SchemaVersion::NoneSet) => Err(unusable(path, "it is a database of something else")),
        Ok(SchemaVersion::Outside(_)) => Err(BackupError::Later { path: path.to_owned() }),
        Err(error) => Err(unusable(path, error)),
    }
}

/// Copies into `temp`, applies the schema there, and proves the result.
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
    let named = |error: BackupError| match error {
        BackupError::Unusable { why, .. } => unusable(from, why),
        other => other,
    };
    begin_statistics_again(temp).map_err(named)?;
    prove(temp).map_err(named)
}

/// A copy that was rescued from a damaged store may have lost statistics: they begin again empty, as at a start. Other
/// damage is left to be found.
fn begin_statistics_again(copy: &Path) -> Result<(), BackupError> {
    let (_, damaged) =
        open_copy(copy)?.verify_money(Check::Quick).map_err(|broken| unusable(copy, broken))?;
    if damaged.is_empty() || damaged.iter().any(|table| class_of(table) != TableClass::Statistics) {
        return Ok(());
    }
    let conn = Connection::open(copy)?;
    for table in &damaged {
        conn.execute_batch(&aside_sql(&conn, table)?)?;
    }
    conn.close().map_err(|(_, error)| error)?;
    tracing::warn!(tables = damaged.join(", "), "the copy lost these statistics, so they begin again empty");
    Ok(())
}

/// Gives the file to the owner of the data folder, who must be able to use it when another user restores.
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

/// Renames the present store and moves its log away: SQLite would otherwise replay the log of one store into another.
pub fn set_aside(path: &Path, stamp: &str) -> Result<Option<PathBuf>, BackupError> {
    // The log's pages belong in the file. A store too damaged for that keeps its log under its new name; SQLite would
    // delete the log of a file that it does not recognize.
    if is_sqlite(path)
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
