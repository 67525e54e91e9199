//! The writer: opening, pausing while the store cannot be written, retrying, and closing.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rusqlite::{Connection, MAIN_DB, OpenFlags};

use super::ballast::Ballast;
use super::changed_pages::ChangedPages;
use super::commit_mark::{self, CommitMark, MarkFile};
use super::connect::{BUSY_TIMEOUT, READ_ONLY, configure, open_alone};
use super::error::StoreError;
use super::files::FILE;
use super::held_logins::HeldLogins;
use super::identity::{FileFault, Identity};
use super::kept::KeptSums;
use super::lent::IdleConnections;
use super::migrations::{MIGRATIONS, is_up_to_date};
use super::place::{self, LOG_CLOSED, LOG_OPEN, Lock};
use super::read::Reader;
use super::rescued_copy::Rescue;
use super::unwritable::Unwritable;
use super::{damage, gate, instance, names, passive, rescue, site_secret, upgrade_copy};
use crate::domain::instance::Instance;
use crate::identity::site_secret::SiteSecret;
use crate::tools::backoff;

/// The same while the file is known to be locked.
const BUSY_AGAIN_TIMEOUT: Duration = Duration::from_millis(50);
/// How long a start waits for a lock that prevents reading.
const BUSY_START_MAX: Duration = Duration::from_secs(30);
/// The first pause between two tries to write ...
const RECOVER_PAUSE: Duration = Duration::from_millis(500);
/// ... which is doubled up to this.
const RECOVER_PAUSE_MAX: Duration = Duration::from_secs(10);
/// Counts of the store's work since it was opened: checked by tests and shown in metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Transactions committed; each is one fsync of the write-ahead log.
    pub commits: u64,
    /// Statements executed in them, reads left out.
    pub statements: u64,
}

/// How long the store is in its present state, and when it was last written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreTimes {
    /// Time since it became writable, or unwritable.
    pub state_for: Duration,
    /// Time since the last commit of this process.
    pub committed_for: Option<Duration>,
    /// When its files were last written before it was opened.
    pub written_before: Option<SystemTime>,
}

/// The writer. There is one, in one process.
#[derive(Debug)]
pub struct Store {
    pub(super) conn: Connection,
    pub(super) path: PathBuf,
    pub(super) stats: StoreStats,
    /// When it became writable, or unwritable.
    state_since: Instant,
    committed_at: Option<Instant>,
    written_before: Option<SystemTime>,
    site_secret: SiteSecret,
    pub(super) instance: Instance,
    ballast: Ballast,
    /// Set while the store cannot be written.
    pub(super) pause: Option<Pause>,
    /// The connection cannot write, even if the disk now can.
    pub(super) is_read_only: bool,
    /// The reason why the file must not be used any more.
    broken: Option<String>,
    identity: Identity,
    /// What changed since it was taken off the card.
    pub(super) pages: ChangedPages,
    /// The last commit.
    pub(super) mark: CommitMark,
    mark_file: Option<MarkFile>,
    /// Log-ins that could not be stored yet.
    pub(super) held: HeldLogins,
    /// Sums of what it wrote, for its readers.
    pub(super) kept: Arc<KeptSums>,
    /// Their connections while they are not used.
    idle: Arc<IdleConnections>,
    /// Released when the store is closed, however the process ends.
    lock: Lock,
}

/// Since when and why the store cannot be written.
#[derive(Debug)]
pub(super) struct Pause {
    why: Unwritable,
    pub(super) next_try: Instant,
    /// Tries that failed.
    tries: u32,
}

impl Pause {
    fn new(why: Unwritable) -> Self {
        Self { why, next_try: Instant::now(), tries: 0 }
    }

    pub(super) fn why(&self) -> &Unwritable {
        &self.why
    }
}

impl Store {
    /// Opens the store in `data_dir`, creating folder and file if they are missing and upgrading the schema. On a
    /// full or read-only disk an existing store can still be read: see [`Self::unwritable`].
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let ballast = Ballast::of(data_dir);
        let lock = match Lock::take(data_dir) {
            Err(StoreError::Folder { source, .. })
                if source.kind() == std::io::ErrorKind::StorageFull && ballast.free() =>
            {
                Lock::take(data_dir)?
            }
            other => other?,
        };
        let path = data_dir.join(FILE);
        let written_before = last_written(&path);
        let (opened, pause) =
            open_as_can_be(&path, &ballast).map_err(|error| damage::found_at_start(error, &path))?;
        let OpenedFile { conn, site_secret, is_read_only } = opened;
        let mut store = Self {
            instance: instance::kept(&conn)?,
            identity: Identity::default(),
            pages: ChangedPages::default(),
            mark: CommitMark::begin()?,
            mark_file: None,
            conn,
            path,
            stats: StoreStats::default(),
            state_since: Instant::now(),
            committed_at: None,
            written_before,
            site_secret,
            ballast,
            pause: None,
            is_read_only,
            broken: None,
            held: HeldLogins::default(),
            kept: Arc::default(),
            idle: Arc::default(),
            lock,
        };
        match pause {
            Some(why) => store.pause(why),
            None => match passive::reason(data_dir) {
                Some(why) => {
                    store.identity.look(&store.path);
                    store.identity.keep_index(&store.path);
                    store.pause(why);
                }
                None => store.start_log()?,
            },
        }
        if store.pause.is_none() && gate::is_closed(data_dir) {
            store.pause(Unwritable::Updating);
        }
        Ok(store)
    }

    /// A second, read-only connection.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        if self.is_read_only {
            return Ok(Reader::new(open_alone(&self.path, READ_ONLY)?));
        }
        Reader::shared(&self.path, &self.idle, &self.kept)
    }

    /// The site's signing secret.
    pub fn site_secret(&self) -> &SiteSecret {
        &self.site_secret
    }

    /// Counts of the work since the store was opened.
    pub fn stats(&self) -> StoreStats {
        self.stats
    }

    /// When the store's present state began, and when it was last written.
    pub fn times(&self) -> StoreTimes {
        StoreTimes {
            state_for: self.state_since.elapsed(),
            committed_for: self.committed_at.map(|at| at.elapsed()),
            written_before: self.written_before,
        }
    }

    /// The reason why the store cannot be written, while it cannot.
    pub fn unwritable(&self) -> Option<&Unwritable> {
        self.pause.as_ref().map(|pause| &pause.why)
    }

    /// The reason why the file must not be used any more, if any.
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// Whether readers use a file without a writer: they must be closed before [`Self::recover`] and opened again
    /// after it.
    pub fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    /// Retries writing if the store could not be written. Does nothing until a pause has passed.
    pub fn recover(&mut self) -> Result<(), StoreError> {
        let Some(pause) = &mut self.pause else { return Ok(()) };
        let now = Instant::now();
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let stays = match pause.why {
            Unwritable::Damaged(_) => true,
            Unwritable::Updating => is_kept_closed(&self.path, self.state_since),
            Unwritable::Passive | Unwritable::Fenced(_) => passive::is_passive(folder),
            Unwritable::Full(_) | Unwritable::ReadOnly(_) | Unwritable::Busy(_) => now < pause.next_try,
        };
        if stays {
            return Err(pause.why.clone().into());
        }
        pause.next_try = now + backoff::doubled(RECOVER_PAUSE, pause.tries, RECOVER_PAUSE_MAX);
        pause.tries = pause.tries.saturating_add(1);
        let tried = self.try_to_write();
        self.judged(tried)?;
        if let Some(why) = passive::reason(self.folder()) {
            // The disk was full or could only be read before.
            self.pause(why.clone());
            return Err(why.into());
        }
        self.resume()
    }

    /// Ends a pause.
    pub(super) fn resume(&mut self) -> Result<(), StoreError> {
        self.pause = None;
        self.state_since = Instant::now();
        self.conn.busy_timeout(BUSY_TIMEOUT)?;
        tracing::info!("the store can be written again");
        Ok(())
    }

    pub(super) fn try_to_write(&mut self) -> Result<(), StoreError> {
        self.check_in_place()?;
        if let Some(why) = Unwritable::probed(self.folder()) {
            return Err(why.into());
        }
        if self.is_read_only {
            // Closed before another one is opened: closing it would release the other's locks.
            self.conn = Connection::open_in_memory()?;
            match open_to_write(&self.path) {
                Ok(opened) => self.conn = opened.conn,
                Err(error) => {
                    self.conn = open_alone(&self.path, READ_ONLY)?;
                    return Err(error);
                }
            }
            self.is_read_only = false;
        }
        // The log is opened before the ballast takes its space.
        self.open_log()?;
        self.ballast.restore().map_err(|source| StoreError::Folder { path: self.path.clone(), source })
    }

    /// Marks the file as having an open log, and creates the ballast.
    fn start_log(&mut self) -> Result<(), StoreError> {
        let loaded = self.open_log().and_then(|()| {
            self.ballast.ensure().map_err(|source| StoreError::Folder { path: self.path.clone(), source })
        });
        match self.judged(loaded) {
            Err(StoreError::Unwritable(_)) => Ok(()),
            other => other,
        }
    }

    /// Marks the file as having an open log, and stores the new run's commit mark in it and in the mark file.
    fn open_log(&mut self) -> Result<(), StoreError> {
        let opened = place::mark(&self.conn, LOG_OPEN, Some(&self.mark));
        self.identity.look(&self.path);
        self.identity.keep_index(&self.path);
        opened?;
        if self.mark_file.is_none() {
            self.mark_file = MarkFile::open(self.folder())
                .inspect_err(
                    |error| tracing::warn!(%error, "a lost log would go unnoticed at the next start"),
                )
                .ok();
        }
        if let Some(file) = &self.mark_file {
            file.write(&self.mark);
        }
        Ok(())
    }

    /// Records a commit that is on the card.
    pub(super) fn committed(&mut self, mark: CommitMark) {
        self.mark = mark;
        self.committed_at = Some(Instant::now());
        if let Some(file) = &self.mark_file {
            file.write(&self.mark);
        }
        self.identity.grown(self.lock.store());
        self.note_pages();
    }

    /// The store's own file. Another handle of it would end SQLite's locks when it is closed.
    pub(super) fn store_file(&self) -> Option<&File> {
        self.lock.store()
    }

    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// Applies a result to the store's state: a temporary obstacle pauses it, any other error ends its use.
    pub(super) fn judged<T>(&mut self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        let error = match outcome {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if let Some(why) = error.hindrance(self.folder()) {
            self.pause(why.clone());
            return Err(why.into());
        }
        if error.is_fatal() && self.broken.is_none() {
            self.broken = Some(self.explain_failure(&error.to_string()));
        }
        Err(error)
    }

    pub(super) fn pause(&mut self, why: Unwritable) {
        if matches!(why, Unwritable::Full(_)) {
            self.ballast.free();
        }
        // All callers wait for the engine, so a known lock is not waited for again.
        if let Err(error) = self.conn.busy_timeout(BUSY_AGAIN_TIMEOUT) {
            tracing::debug!(%error, "the time to wait stays as it is");
        }
        match &mut self.pause {
            Some(pause) if std::mem::discriminant(&pause.why) == std::mem::discriminant(&why) => {
                pause.why = why;
            }
            _ => {
                tracing::error!("{why}");
                if self.pause.is_none() {
                    self.state_since = Instant::now();
                }
                self.pause = Some(Pause::new(why));
            }
        }
    }

    /// Fails early if writing cannot succeed. The error of a read-only connection would look like a broken store as
    /// soon as the disk has room again.
    pub(super) fn check_writable(&mut self) -> Result<(), StoreError> {
        match self.unwritable() {
            Some(why)
                if self.is_read_only
                    || why.is_passive()
                    || matches!(why, Unwritable::Damaged(_) | Unwritable::Updating) =>
            {
                Err(why.clone().into())
            }
            _ => self.check_in_place(),
        }
    }

    /// Refuses to write into a file that was replaced or cut, and rescues its content.
    fn check_in_place(&mut self) -> Result<(), StoreError> {
        if self.is_read_only {
            return Ok(());
        }
        let Some(fault) = self.identity.fault(&self.path, self.lock.store()) else { return Ok(()) };
        // Closing must neither touch the file that has the name now, nor copy a log that was cut into the file.
        let keep = rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        let _ = self.conn.set_db_config(keep, true);
        let moved = self.lock.moved_to(&self.path);
        let rescue = rescue::rescue(&self.conn, self.folder(), &self.mark);
        if fault == FileFault::Replaced {
            let to = match &rescue {
                Rescue::Whole(copy) | Rescue::Partial(copy) => copy,
                Rescue::Failed => &self.path,
            };
            self.identity.move_log(&self.path, to);
        }
        let error = StoreError::Replaced { path: self.path.clone(), fault, moved, rescue };
        self.broken = Some(error.to_string());
        Err(error)
    }
}

impl Drop for Store {
    /// Leaves one file with all data.
    fn drop(&mut self) {
        self.idle.close();
        let can_write = !self.is_read_only && !matches!(self.unwritable(), Some(Unwritable::Damaged(_)));
        if self.broken.is_some() || !can_write {
            return;
        }
        // A reader may have met the fault first, with an error that does not name it.
        if let Err(error) = self.check_in_place() {
            tracing::error!("{error}");
        } else if let Err(error) = place::mark(&self.conn, LOG_CLOSED, None) {
            tracing::warn!(%error, "the log stays beside the store");
        }
    }
}

/// Whether the gate of an update is still closed. One that nobody opens or takes is opened here after a while.
fn is_kept_closed(store: &Path, since: Instant) -> bool {
    let folder = store.parent().unwrap_or(Path::new("."));
    if since.elapsed() > gate::CLOSED_MAX
        && let Err(error) = gate::expire(folder)
    {
        tracing::error!(%error, "the gate of an update that was left could not be opened");
    }
    gate::is_closed(folder)
}

/// A connection that was opened for writing or, if that is impossible, for reading.
struct OpenedFile {
    conn: Connection,
    site_secret: SiteSecret,
    is_read_only: bool,
}

/// Opens the file for writing, or for reading if the disk does not accept writes, and returns the reason.
fn open_as_can_be(path: &Path, ballast: &Ballast) -> Result<(OpenedFile, Option<Unwritable>), StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let until = Instant::now() + BUSY_START_MAX;
    loop {
        let error = match open_to_write(path) {
            Ok(opened) => return Ok((opened, None)),
            Err(error) => error,
        };
        match error.hindrance(folder) {
            None => return Err(error),
            // A file that cannot be read cannot be shown.
            Some(why @ Unwritable::Busy(_)) if Instant::now() > until => return Err(why.into()),
            Some(why @ Unwritable::Busy(_)) => tracing::warn!("{why}; waiting for it"),
            Some(Unwritable::Full(_)) if ballast.free() => {}
            Some(why) => {
                let conn = open_alone(path, READ_ONLY)?;
                if !is_up_to_date(&conn)? {
                    return Err(why.into());
                }
                let site_secret = site_secret::kept(&conn)?.ok_or_else(|| StoreError::from(why.clone()))?;
                return Ok((OpenedFile { conn, site_secret, is_read_only: true }, Some(why)));
            }
        }
    }
}

/// When the store's files were last written.
fn last_written(path: &Path) -> Option<SystemTime> {
    let files = [path.to_owned(), path.with_extension("db-wal")];
    let written = |file: &PathBuf| {
        let held = std::fs::metadata(file).ok().filter(|held| held.len() > 0)?;
        held.modified().ok()
    };
    files.iter().filter_map(written).max()
}

fn open_to_write(path: &Path) -> Result<OpenedFile, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut conn = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    if conn.is_readonly(MAIN_DB)? {
        // SQLite falls back to reading, and only the first payment would fail.
        let source = std::io::Error::new(std::io::ErrorKind::PermissionDenied, "it can only be read");
        let refused = StoreError::Folder { path: path.to_owned(), source };
        let folder = path.parent().unwrap_or(Path::new("."));
        return Err(Unwritable::probed(folder).map_or(refused, StoreError::from));
    }
    configure(&conn)?;
    check_not_behind(path, &conn)?;
    // A new store gets its schema before its log: a file without tables never needs one.
    upgrade_copy::bring_up(&mut conn, path, &MIGRATIONS).map_err(StoreError::from)?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    names::fill(&mut conn)?;
    let site_secret = site_secret::ensured(&conn)?;
    Ok(OpenedFile { conn, site_secret, is_read_only: false })
}

/// Refuses a store whose log was cut or removed, and leaves the log unchanged.
fn check_not_behind(path: &Path, conn: &Connection) -> Result<(), StoreError> {
    // A file without tables has no mark, and a file that is not in log mode is a copy that was put here.
    let mode: String = conn.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    let has_mark = mode == "wal" && conn.table_exists(None, "meta")? && place::is_open(conn)?;
    if !has_mark {
        return Ok(());
    }
    let found = CommitMark::of(conn)?;
    commit_mark::check(path.parent().unwrap_or(Path::new(".")), found.as_ref()).inspect_err(|_| {
        let keep = rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        let _ = conn.set_db_config(keep, true);
    })
}
